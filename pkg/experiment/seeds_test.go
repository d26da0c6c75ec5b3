package experiment

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// studies are tiny versions of all that takes a seed.
var studies = map[string]func(seed uint64) Study{
	"law": func(seed uint64) Study {
		return Experiment{Method: Law, Trials: 20, Seed: seed, Grid: Grid{D: 8, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5, 1}, Sigma: []float64{0.3}}}
	},
	"solve": func(seed uint64) Study {
		return Experiment{Method: Solve, Trials: 4, Seed: seed, Procedures: []Procedure{Scratch, Transfer, FineTune, Tuned},
			Grid: Grid{D: 8, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5, 1}, Sigma: []float64{0.3}, SourceGamma: []float64{0.75}}}
	},
	"train": func(seed uint64) Study {
		return Experiment{Method: Train, Trials: 3, Seed: seed, Alpha: 0.02, Grid: Grid{D: 4, Gamma: []float64{0.5, 2}, Theta: []float64{0.5}, Sigma: []float64{0.3}}}
	},
	"independent": func(seed uint64) Study {
		return Experiment{Method: Solve, Trials: 4, Seed: seed, Independent: true, Grid: Grid{Dimension: []int{8, 9}, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5}, Sigma: []float64{0.3}}}
	},
	"course": func(seed uint64) Study {
		return Pretraining{D: 4, Depth: []int{2}, Alpha: []float64{0.05}, Trials: 1, Seed: seed, Course: true}
	},
	"pretraining": func(seed uint64) Study {
		return Pretraining{D: 4, Depth: []int{2, 3}, Alpha: []float64{0.1, 0.2}, Trials: 3, Seed: seed}
	},
	"transports": func(seed uint64) Study {
		return Transports{D: []int{2, 3}, N: 5, Theta: []float64{0, 1}, Sigma: 0.2, Trials: 4, Seed: seed}
	},
	"students": func(seed uint64) Study {
		return Students{D: 3, Teacher: 3, Width: 12, Mu: []float64{0.34, 0.67}, N: []int{5, 9}, Trials: 3, Seed: seed}
	},
	"kernels": func(seed uint64) Study {
		return Kernels{D: 3, Teacher: 3, Width: 12, Mu: 0.34, Alpha: []float64{0.1, 0.3}, Trials: 3, Seed: seed}
	},
	"teachers": func(seed uint64) Study {
		return Teachers{D: 3, Neurons: 4, Mu: []float64{0.25, 0.5}, Trials: 5, Seed: seed}
	},
	"curves": func(seed uint64) Study {
		return Curves{Setting: theory.Setting{N: 3, D: 5, Theta: 1, Sigma: 0.2, Depth: 2}, Seed: seed, Alpha: 0.1}
	},
	"flows": func(seed uint64) Study {
		return Flows{Setting: theory.Setting{N: 3, D: 5, Theta: 1, Sigma: 0.2}, Depths: []int{2, 3}, Seed: seed, Step: 0.1}
	},
	"measure": func(seed uint64) Study {
		return Measure{Name: "norm", Trials: 3, Seed: seed, Grid: Grid{D: 5, Gamma: []float64{0.4, 2}, Sigma: []float64{0.2}},
			Trial: func(d Draw) Values { return Values{"‖y‖²": norm2(d.Data.Y), "own": d.Rand(0).Float64()} }}
	},
}

func norm2(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// counted are quantities that can be the same on any data: steps and their times, the rank,
// ρ and c.
var counted = []theory.Quantity{EscapeTime, GradientSteps, Gradients, LocalMinima, EffectiveRank, theory.FeatureResidual, theory.ScaleC}

// No number of a study comes out twice in different trials or from different seeds, as
// it would if trial k of a seed drew what trial k + 1 of the one before draws.
func TestNeighbouringSeedsShareNothing(t *testing.T) {
	for name, study := range studies {
		t.Run(name, func(t *testing.T) {
			from := map[float64]string{}
			for seed := uint64(1); seed <= 3; seed++ {
				r := must(t, study(seed).Run())
				found := 0
				see := func(v float64, place string) {
					if v == 0 || math.IsNaN(v) { // not measured
						return
					}
					found++
					if other, ok := from[v]; ok && other != place {
						t.Errorf("%v comes out at %s and at %s", v, other, place)
					}
					from[v] = place
				}
				for i, c := range r.Cells {
					if c.means != nil {
						for q, v := range c.means.values {
							if !slices.Contains(counted, q) {
								see(v.Value, fmt.Sprintf("seed %d cell %d", seed, i))
							}
						}
					}
					for q, x := range c.values {
						for trial, v := range x {
							if !slices.Contains(counted, q) {
								see(v, fmt.Sprintf("seed %d trial %d", seed, trial))
							}
						}
					}
				}
				if found == 0 {
					t.Error("it measures nothing")
				}
			}
		})
	}
	from := map[float64]string{}
	for seed := uint64(1); seed <= 3; seed++ {
		v := verdict.Of()
		for _, theta := range []float64{0.1, 0.2} {
			v = v.And(Estimated(divergence.KL, divergence.Tasks{D: 3, Theta: theta, Sigma: 0.4}, 5, seed))
		}
		for i, row := range v.Rows {
			place := fmt.Sprintf("seed %d row %d", seed, i)
			if other, ok := from[row.Measured.Value]; ok {
				t.Errorf("%v is estimated at %s and at %s", row.Measured.Value, other, place)
			}
			from[row.Measured.Value] = place
		}
	}
}

// The estimate of a cell does not depend on the grid around it.
func TestTransportsKeepTheirDataInAnotherGrid(t *testing.T) {
	all := must(t, Transports{D: []int{2, 3}, N: 5, Theta: []float64{0, 1}, Sigma: 0.2, Trials: 4, Seed: 1}.Run())
	one := must(t, Transports{D: []int{3}, N: 5, Theta: []float64{1}, Sigma: 0.2, Trials: 2, Seed: 1}.Run())
	for trial, v := range one.Cells[0].values[W1] {
		if want := all.Cells[3].values[W1][trial]; v != want {
			t.Errorf("trial %d: %v, in a larger grid %v", trial, v, want)
		}
	}
}
