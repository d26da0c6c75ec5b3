package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/stat"
)

// between returns the tasks of a setting.
func between(s theory.Setting) divergence.Tasks {
	return divergence.Tasks{D: s.D, Theta: s.Theta, Sigma: s.Sigma, Norm: s.Norm}
}

// Against returns the means of q with their standard errors against a distance
// between the tasks, one set of points for each value of the axis by.
func (r *Run) Against(d divergence.Distance, q theory.Quantity, by Axis) Series {
	s := r.Measured(q, Theta, by)
	_, groups, err := r.group(Theta, by)
	if err != nil {
		return Series{err: err}
	}
	for g, cells := range groups {
		for i, c := range cells {
			if s.curves[g].x[i], err = d.Of(between(c.Setting)); err != nil {
				return Series{err: err}
			}
		}
	}
	return s
}

// TheoryAgainst returns the proportional limit of a result against a distance
// between the tasks, as a line over the angles of the run.
func (r *Run) TheoryAgainst(d divergence.Distance, result theory.Result, by Axis) Series {
	const points = 121 // a bound can take an optimisation a point
	return r.lines(Theta, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		for _, theta := range Range(lo, hi, points) {
			s.Theta = theta
			x, err := d.Of(between(s))
			if err != nil {
				return c, err
			}
			y, err := result.Limit(s.Limit())
			if err != nil {
				return c, err
			}
			c.x, c.y = append(c.x, x), append(c.y, y)
		}
		return c, nil
	})
}

// DistanceCurve returns a distance between tasks as a line along Theta, Sigma or
// Norm, the rest as in tasks.
func DistanceCurve(label string, d divergence.Distance, tasks divergence.Tasks, along Axis, values []float64) Series {
	c := curve{label: label}
	for _, x := range values {
		switch along {
		case Theta:
			tasks.Theta = x
		case Sigma:
			tasks.Sigma = x
		case Norm:
			tasks.Norm = x
		default:
			return Series{err: fmt.Errorf("experiment: a distance is along %q, %q or %q, not %q", Theta, Sigma, Norm, along)}
		}
		y, err := d.Of(tasks)
		if err != nil {
			return Series{err: err}
		}
		c.x, c.y = append(c.x, x), append(c.y, y)
	}
	return Series{curves: []curve{c}}
}

// Estimated compares a distance between tasks with its estimate from n samples.
func Estimated(d divergence.Distance, tasks divergence.Tasks, n int, seed uint64) *Verdict {
	if d.Estimate == nil {
		return &Verdict{err: fmt.Errorf("experiment: %s has no estimator", d.Name)}
	}
	want, err := d.Of(tasks)
	if err != nil {
		return &Verdict{err: err}
	}
	m, se, err := d.Estimate(tasks, n, seed)
	if err != nil {
		return &Verdict{err: err}
	}
	return Compare(d.Name, "Appendix A", tasks.String(), theory.Value{Value: want}, theory.Value{Value: m, StdErr: se}, n)
}

// Transports estimates the Wasserstein-1 distance (ground metric ℓ₁) between the
// source and the target from N samples of each, by exact optimal transport, over
// dimensions and angles.
type Transports struct {
	D      []int
	N      int
	Theta  []float64
	Sigma  float64
	Trials int
	Seed   uint64
}

// TransportsRun holds the estimates. It is never nil: if one failed, Err says why.
type TransportsRun struct {
	Transports Transports
	estimates  [][][]float64 // by dimension, angle and trial
	err        error
}

// Err returns why the estimation failed, or nil.
func (r *TransportsRun) Err() error { return r.err }

// Run estimates on all cores. The same seed gives the same numbers on any number
// of them.
func (t Transports) Run() *TransportsRun {
	r := &TransportsRun{Transports: t}
	switch {
	case len(t.D) == 0 || len(t.Theta) == 0:
		r.err = errors.New("experiment: D and Theta need at least one value each")
	default:
		r.err = cmp.Or(checkTrials(t.Trials, len(t.D)*len(t.Theta)), checkMatrix("N × N", t.N, t.N))
	}
	if r.err != nil {
		return r
	}
	r.estimates = make([][][]float64, len(t.D))
	for i := range r.estimates {
		r.estimates[i] = make([][]float64, len(t.Theta))
		for j := range r.estimates[i] {
			r.estimates[i][j] = make([]float64, t.Trials)
		}
	}
	ctx, stop := interruptible()
	defer stop()
	place := func(k int) (i, j, trial int) {
		return k / t.Trials / len(t.Theta), k / t.Trials % len(t.Theta), k % t.Trials
	}
	at := func(i, j int) divergence.Tasks {
		return divergence.Tasks{D: t.D[i], Theta: t.Theta[j], Sigma: t.Sigma}
	}
	name := func(k int) string {
		i, j, trial := place(k)
		return fmt.Sprintf("transport at %v, trial %d", at(i, j), trial)
	}
	r.err = each(ctx, len(t.D)*len(t.Theta)*t.Trials, 0, 1, name, func(_ context.Context, k int) error {
		i, j, trial := place(k)
		tasks := at(i, j)
		key := struct {
			Tasks divergence.Tasks
			N     int
			Seed  uint64
		}{tasks, t.N, task.Seed(t.Seed, "transports", uint64(tasks.D), math.Float64bits(tasks.Theta),
			math.Float64bits(tasks.Sigma), uint64(t.N), uint64(trial))}
		var err error
		r.estimates[i][j][trial], err = cached("transport", key, func() (float64, error) {
			a, b, err := divergence.Samples(tasks, t.N, key.Seed)
			if err != nil {
				return 0, err
			}
			return divergence.Transport(a, b, divergence.L1)
		})
		return err
	})
	if errors.Is(r.err, context.Canceled) {
		r.err = errors.New("experiment: the estimation was interrupted")
	}
	return r
}

// String says what was run.
func (r *TransportsRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	t := r.Transports
	return fmt.Sprintf("transport: %d dimensions × %d angles × %d pairs of samples of n = %d, seed %d", len(t.D), len(t.Theta), t.Trials, t.N, t.Seed)
}

// SimpleRender shows the run in a notebook.
func (r *TransportsRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}

// Relative returns the mean estimate against the angle, for each dimension, as a
// multiple of the one at the first angle.
func (r *TransportsRun) Relative() Series {
	if r.err != nil {
		return Series{err: r.err}
	}
	var s Series
	for i, d := range r.Transports.D {
		c := curve{label: fmt.Sprintf("$d = %d$", d), x: r.Transports.Theta}
		first := stat.Mean(r.estimates[i][0], nil)
		for _, x := range r.estimates[i] {
			m := theory.Mean(x)
			c.y, c.bar = append(c.y, m.Value/first), append(c.bar, m.StdErr/first)
		}
		s.curves = append(s.curves, c)
	}
	return s.from(origin{Solve, r.Transports.Seed})
}

// Verdict compares each estimate with the upper bound δ√(2/π) of the true
// distance, which holds for the ground metric ℓ₁ too: coupled at the same x and
// noise, the laws differ in the label alone.
func (r *TransportsRun) Verdict() *Verdict {
	v := &Verdict{err: r.err}
	if r.err != nil {
		return v
	}
	t := r.Transports
	for i, d := range t.D {
		for j, theta := range t.Theta {
			tasks := divergence.Tasks{D: d, Theta: theta, Sigma: t.Sigma}
			bound := tasks.Delta() * math.Sqrt(2/math.Pi)
			v.Rows = append(v.Rows, newRow("W₁ from samples, against its bound", "Appendix A", fmt.Sprintf("n=%d %v", t.N, tasks),
				theory.Value{Value: bound}, theory.Mean(r.estimates[i][j]), t.Trials))
		}
	}
	return v
}
