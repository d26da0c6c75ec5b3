package experiment

import (
	"context"
	"fmt"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Teachers measures the part of a random ReLU target of Neurons neurons in D dimensions
// outside the span of the neurons that remain without a fraction Mu of them (Figure 3d):
// theory.FeatureResidual, SquareNorm and OutsideNorm. Nothing is trained. The output
// weights are ±1, or all 1 if Equal is set.
type Teachers struct {
	D       int       `json:"d"`
	Neurons int       `json:"neurons"`
	Mu      []float64 `json:"mu"`
	Equal   bool      `json:"equal,omitempty"`
	Trials  int       `json:"trials"`
	Seed    uint64    `json:"seed"`
}

// The squared norms of a ReLU target, with the factor 1/m* of the mean-field scaling in
// f_t.
const (
	SquareNorm  theory.Quantity = "‖f_t‖²"
	OutsideNorm theory.Quantity = "‖P⊥f_t‖²"
)

// Run measures all teachers on the cores of the machine.
func (t Teachers) Run() *Table { return run(t) }

func (t Teachers) plan() (*plan, error) {
	if t.Neurons < 2 {
		return nil, fmt.Errorf("experiment: Neurons = %d: a teacher that can lose neurons has at least 2", t.Neurons)
	}
	// The other checks are those of the teachers of students.
	s := Students{D: t.D, Teacher: t.Neurons, Width: t.Neurons, Mu: t.Mu, N: []int{2}, Trials: t.Trials, Seed: t.Seed}
	if err := s.check(); err != nil {
		return nil, err
	}
	p := &plan{name: "teachers", trials: t.Trials, origin: origin{Solve, t.Seed}, quantities: []theory.Quantity{theory.FeatureResidual, SquareNorm, OutsideNorm}}
	for _, mu := range t.Mu {
		p.cells = append(p.cells, Cell{Setting: theory.Setting{D: t.D}, at: map[theory.Axis]float64{Mu: mu},
			name: fmt.Sprintf("m*=d=%d c=%s μ=%.4g", t.D, t.weights(), mu)})
	}
	p.fill = func(table *Table, unit, part int, v []float64) { table.Cells[part].set(unit, v) }
	p.work = trial.Work{Kind: "teacher", Units: t.Trials, Parts: func(int) int { return len(t.Mu) },
		Title: func(unit int) string { return fmt.Sprintf("teacher %d", unit) },
		Key: func(unit, part int) any {
			return struct {
				D, Neurons int
				Mu         float64
				Equal      bool
				Trial      int
				Seed       uint64
			}{t.D, t.Neurons, t.Mu[part], t.Equal, unit, t.Seed}
		},
		Measure: func(_ context.Context, unit int, missing []int, done func(int, []float64)) error {
			target, err := s.teacher(unit)
			if err != nil {
				return err
			}
			for i := range target.C {
				if t.Equal {
					target.C[i] = 1
				}
			}
			for _, part := range missing {
				rho, square, err := floor(target, t.Mu[part])
				if err != nil {
					return err
				}
				done(part, []float64{rho, square, rho * square})
			}
			return nil
		}}
	t.estimate(p)
	return p, nil
}

func (t Teachers) about(*Table) string {
	return fmt.Sprintf("teachers: %d of m* = %d neurons at d = %d, output weights %s, seed %d", t.Trials, t.Neurons, t.D, t.weights(), t.Seed)
}

func (t Teachers) weights() string {
	if t.Equal {
		return "1"
	}
	return "±1"
}
