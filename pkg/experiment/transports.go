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
)

// Transports estimates the Wasserstein-1 distance (ground metric ℓ₁) between the
// source and the target from N samples of each, by exact optimal transport, over
// dimensions and angles.
type Transports struct {
	D      []int     `json:"d"`
	N      int       `json:"n"`
	Theta  []float64 `json:"theta"`
	Sigma  float64   `json:"sigma,omitempty"`
	Trials int       `json:"trials"`
	Seed   uint64    `json:"seed"`
}

// W1 is the Wasserstein-1 distance between two samples, which [Transports] estimates.
const W1 theory.Quantity = "W₁ from samples"

// TransportBound returns the upper bound δ√(2/π) of the true distance (Appendix A), for
// [Table.Against]. It also holds for the ground metric ℓ₁: coupled at the same x and noise,
// the two laws differ in the label alone.
func TransportBound(c Cell) (theory.Value, error) {
	return theory.Value{Value: between(c.Setting).Delta() * math.Sqrt(2/math.Pi)}, nil
}

// Run estimates on all cores. The same seed gives the same numbers on any number
// of them.
func (t Transports) Run() *Table { return run(t) }

func (t Transports) plan() (*plan, error) {
	if len(t.D) == 0 || len(t.Theta) == 0 {
		return nil, errors.New("experiment: D and Theta need at least one value each")
	}
	if err := cmp.Or(checkTrials(t.Trials, len(t.D)*len(t.Theta)), checkMatrix("N × N", t.N, t.N)); err != nil {
		return nil, err
	}
	p := &plan{name: "transports", trials: t.Trials, quantities: []theory.Quantity{W1}, origin: origin{Solve, t.Seed}}
	var all []divergence.Tasks
	for _, d := range t.D {
		for _, theta := range t.Theta {
			tasks := divergence.Tasks{D: d, Theta: theta, Sigma: t.Sigma}
			all = append(all, tasks)
			p.cells = append(p.cells, Cell{Setting: theory.Setting{N: t.N, D: d, Theta: theta, Sigma: t.Sigma}, name: fmt.Sprintf("n=%d %v", t.N, tasks)})
		}
	}
	seed := func(cell, trial int) uint64 {
		tasks := all[cell]
		return task.Seed(t.Seed, "transports", uint64(tasks.D), math.Float64bits(tasks.Theta), math.Float64bits(tasks.Sigma), uint64(t.N), uint64(trial))
	}
	eachTrial{kind: "transport",
		title: func(cell, trial int) string { return fmt.Sprintf("transport at %v, trial %d", all[cell], trial) },
		key: func(cell, trial int) any {
			return struct {
				Tasks divergence.Tasks
				N     int
				Seed  uint64
			}{all[cell], t.N, seed(cell, trial)}
		},
		measure: func(_ context.Context, cell, trial int) ([]float64, error) {
			a, b, err := divergence.Samples(all[cell], t.N, seed(cell, trial))
			if err != nil {
				return nil, err
			}
			w, err := divergence.Transport(a, b, divergence.L1)
			return []float64{w}, err
		}}.work(p)
	t.estimate(p)
	return p, nil
}

func (t Transports) about(*Table) string {
	return fmt.Sprintf("transport: %d dimensions × %d angles × %d pairs of samples of n = %d, seed %d", len(t.D), len(t.Theta), t.Trials, t.N, t.Seed)
}
