package experiment

import (
	"context"
	"errors"
	"fmt"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Teachers measures what a ReLU target of Neurons neurons in D dimensions keeps
// outside the ones that are left without a fraction Mu of them, over random teachers
// (Figure 3d). Nothing is trained. The output weights are ±1, or all 1 where Equal
// says so.
type Teachers struct {
	D, Neurons int
	Mu         []float64
	Equal      bool
	Trials     int
	Seed       uint64
}

// TeachersRun holds ρ = ‖P⊥f_t‖²/‖f_t‖² and ‖f_t‖² of every teacher. It is never nil:
// if it could not be measured, Err says why.
type TeachersRun struct {
	Teachers Teachers
	Rho      [][]float64 // by Mu and trial
	Square   [][]float64 // ‖f_t‖², by Mu and trial
	err      error
}

// Err returns why the measurement failed, or nil.
func (r *TeachersRun) Err() error { return r.err }

// Run measures all teachers on the cores of the machine.
func (t Teachers) Run() *TeachersRun {
	r := &TeachersRun{Teachers: t}
	if t.Neurons < 2 {
		r.err = fmt.Errorf("experiment: Neurons = %d: a teacher that can lose neurons has at least 2", t.Neurons)
		return r
	}
	// What else holds of the teachers of students holds here.
	s := Students{D: t.D, Teacher: t.Neurons, Width: t.Neurons, Mu: t.Mu, N: []int{2}, Trials: t.Trials, Seed: t.Seed}
	if r.err = s.check(); r.err != nil {
		return r
	}
	r.Rho, r.Square = make([][]float64, len(t.Mu)), make([][]float64, len(t.Mu))
	for j := range t.Mu {
		r.Rho[j], r.Square[j] = make([]float64, t.Trials), make([]float64, t.Trials)
	}
	ctx, stop := interruptible()
	defer stop()
	r.err = each(ctx, t.Trials, 0, 1, func(k int) string { return fmt.Sprintf("teacher %d", k) }, func(_ context.Context, k int) error {
		target, err := s.teacher(k)
		if err != nil {
			return err
		}
		for i := range target.C {
			if t.Equal {
				target.C[i] = 1
			}
		}
		for j, mu := range t.Mu {
			if r.Rho[j][k], r.Square[j][k], err = floor(target, mu); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(r.err, context.Canceled) {
		r.err = errors.New("experiment: the measurement of teachers was interrupted")
	}
	return r
}

// String says what was run.
func (r *TeachersRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	t := r.Teachers
	return fmt.Sprintf("teachers: %d of m* = %d neurons at d = %d, output weights %s, seed %d", t.Trials, t.Neurons, t.D, t.weights(), t.Seed)
}

func (t Teachers) weights() string {
	if t.Equal {
		return "1"
	}
	return "±1"
}

// SimpleRender shows the run in a notebook.
func (r *TeachersRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}

// Relative returns the mean of ρ = ‖P⊥f_t‖²/‖f_t‖² against μ.
func (r *TeachersRun) Relative() Series {
	return r.series(func(j, k int) float64 { return r.Rho[j][k] })
}

// Absolute returns the mean of ‖P⊥f_t‖² against μ, with the 1/m* of the mean-field
// scaling in f_t.
func (r *TeachersRun) Absolute() Series {
	return r.series(func(j, k int) float64 { return r.Rho[j][k] * r.Square[j][k] })
}

func (r *TeachersRun) series(of func(j, k int) float64) Series {
	if r.err != nil {
		return Series{err: r.err}
	}
	c := curve{label: fmt.Sprintf(`$c_i = %s$`, map[bool]string{true: "1", false: `\pm 1`}[r.Teachers.Equal]), x: r.Teachers.Mu}
	for j := range c.x {
		m := r.over(j, of)
		c.y, c.bar = append(c.y, m.Value), append(c.bar, m.StdErr)
	}
	return Series{curves: []curve{c}}.from(origin{Solve, r.Teachers.Seed})
}

func (r *TeachersRun) over(j int, of func(j, k int) float64) theory.Value {
	x := make([]float64, r.Teachers.Trials)
	for k := range x {
		x[k] = of(j, k)
	}
	return theory.Mean(x)
}

// Below states that ρ is below μ, the fraction of the neurons that is removed, at
// every Mu: those that remain span a part of them.
func (r *TeachersRun) Below() *Verdict {
	return r.verdict("ρ", func(mu float64) float64 { return mu }, func(j, k int) float64 { return r.Rho[j][k] }).Below()
}

// Absolutely compares ‖P⊥f_t‖² at one of the Mu with a value.
func (r *TeachersRun) Absolutely(mu, want float64) *Verdict {
	v := r.verdict("‖P⊥f_t‖²", func(float64) float64 { return want }, func(j, k int) float64 { return r.Rho[j][k] * r.Square[j][k] })
	if v.err != nil {
		return v
	}
	for j, at := range r.Teachers.Mu {
		if at == mu {
			return &Verdict{Rows: v.Rows[j : j+1]}
		}
	}
	return &Verdict{err: fmt.Errorf("experiment: mu = %v: it is not one of Mu, %v", mu, r.Teachers.Mu)}
}

func (r *TeachersRun) verdict(result string, want func(mu float64) float64, of func(j, k int) float64) *Verdict {
	v := &Verdict{err: r.err}
	if r.err != nil {
		return v
	}
	t := r.Teachers
	for j, mu := range t.Mu {
		v = v.And(Compare(result, "Figure 3d", fmt.Sprintf("m*=d=%d c=%s μ=%.4g", t.D, t.weights(), mu), theory.Value{Value: want(mu)}, r.over(j, of), t.Trials))
	}
	return v
}
