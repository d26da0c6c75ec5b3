package experiment

import (
	"fmt"
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
)

// measured are the numbers of a study by trial.
type measured map[int][]float64

func (m measured) add(trial int, x ...float64) { m[trial] = append(m[trial], x...) }

// ofRun takes what varies with the data alone; ρ and c can be the same on all.
func ofRun(e Experiment) (measured, error) {
	r, m := e.Run(), measured{}
	for _, c := range r.Cells {
		for trial, k := range c.Risks {
			m.add(trial, k.Scratch, k.Linear, k.FineTune, k.Tuned)
		}
	}
	return m, r.Err()
}

// studies are tiny versions of all that takes a seed.
var studies = map[string]func(seed uint64) (measured, error){
	"law": func(seed uint64) (measured, error) {
		return ofRun(Experiment{Method: Law, Trials: 20, Seed: seed, Grid: Grid{D: 8, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5, 1}, Sigma: []float64{0.3}}})
	},
	"solve": func(seed uint64) (measured, error) {
		return ofRun(Experiment{Method: Solve, Trials: 4, Seed: seed, Procedures: []Procedure{Scratch, Transfer, FineTune, Tuned},
			Grid: Grid{D: 8, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5, 1}, Sigma: []float64{0.3}, SourceGamma: []float64{0.75}}})
	},
	"train": func(seed uint64) (measured, error) {
		return ofRun(Experiment{Method: Train, Trials: 3, Seed: seed, Grid: Grid{D: 4, Gamma: []float64{0.5, 2}, Theta: []float64{0.5}, Sigma: []float64{0.3}}})
	},
	"pretraining": func(seed uint64) (measured, error) {
		r := Pretraining{D: 4, Depth: 2, Alpha: 0.05, Seed: seed}.Run()
		return measured{0: {r.End.Second, r.End.Misalignment, r.End.Drift}}, r.Err()
	},
	"pretrainings": func(seed uint64) (measured, error) {
		r, m := Pretrainings{D: 4, Depth: []int{2, 3}, Alpha: []float64{0.1, 0.2}, Trials: 3, Seed: seed}.Run(), measured{}
		for _, c := range r.Cells {
			for trial, e := range c.Ends {
				m.add(trial, e.Second, e.Misalignment, e.Drift)
			}
		}
		return m, r.Err()
	},
	"transports": func(seed uint64) (measured, error) {
		r, m := Transports{D: []int{2, 3}, N: 5, Theta: []float64{0, 1}, Sigma: 0.2, Trials: 4, Seed: seed}.Run(), measured{}
		for _, angles := range r.estimates {
			for _, trials := range angles {
				for trial, x := range trials {
					m.add(trial, x)
				}
			}
		}
		return m, r.Err()
	},
	"estimated": func(seed uint64) (measured, error) {
		v, m := &Verdict{}, measured{}
		for _, theta := range []float64{0.1, 0.2} {
			v = v.And(Estimated(divergence.KL, divergence.Tasks{D: 3, Theta: theta, Sigma: 0.4}, 5, seed))
		}
		for _, row := range v.Rows {
			m.add(0, row.Measured.Value)
		}
		return m, v.Err()
	},
	"students": func(seed uint64) (measured, error) {
		r, m := Students{D: 3, Teacher: 3, Width: 12, Mu: []float64{0.34, 0.67}, N: []int{5, 9}, Trials: 3, Seed: seed}.Run(), measured{}
		for _, e := range r.Ends {
			m.add(e.Trial, e.Square, e.Loss, e.Scratch, e.Floor, e.Residual, e.Alignment)
			m.add(e.Trial, append(append(e.Linear, e.All...), e.FineTune...)...)
		}
		return m, r.Err()
	},
	"kernels": func(seed uint64) (measured, error) {
		r, m := Kernels{D: 3, Teacher: 3, Width: 12, Mu: 0.34, Alpha: []float64{0.1, 0.3}, Trials: 3, Seed: seed}.Run(), measured{}
		for i := range r.start {
			for trial := range r.start[i] {
				m.add(trial, r.start[i][trial], r.end[i][trial])
			}
		}
		return m, r.Err()
	},
	"teachers": func(seed uint64) (measured, error) {
		r, m := Teachers{D: 3, Neurons: 4, Mu: []float64{0.25, 0.5}, Trials: 5, Seed: seed}.Run(), measured{}
		for j := range r.Rho {
			for trial := range r.Rho[j] {
				m.add(trial, r.Rho[j][trial], r.Square[j][trial])
			}
		}
		return m, r.Err()
	},
	"curves": func(seed uint64) (measured, error) {
		r := Curves{Setting: theory.Setting{N: 3, D: 5, Theta: 1, Sigma: 0.2, Depth: 2}, Seed: seed, Alpha: 0.1}.Run()
		return measured{0: {r.Final.Scratch, r.Final.Linear, r.Final.FineTune, r.Exact.Scratch}}, r.Err()
	},
	"flows": func(seed uint64) (measured, error) {
		r := Flows{Setting: theory.Setting{N: 3, D: 5, Theta: 1, Sigma: 0.2}, Depths: []int{2, 3}, Seed: seed, Step: 0.1}.Run()
		return measured{0: append(r.Trained, r.Exact...)}, r.Err()
	},
}

// No number of a study comes out twice in different trials or from different seeds, as
// it would if trial k of a seed drew what trial k + 1 of the one before draws.
func TestNeighbouringSeedsShareNothing(t *testing.T) {
	for name, study := range studies {
		t.Run(name, func(t *testing.T) {
			from := map[float64]string{}
			for seed := uint64(1); seed <= 3; seed++ {
				m, err := study(seed)
				if err != nil {
					t.Fatal(err)
				}
				if len(m) == 0 {
					t.Error("it measures nothing")
				}
				for trial, values := range m {
					place := fmt.Sprintf("seed %d trial %d", seed, trial)
					for _, v := range values {
						if v == 0 || math.IsNaN(v) { // not measured
							continue
						}
						if other, ok := from[v]; ok && other != place {
							t.Errorf("%v comes out at %s and at %s", v, other, place)
						}
						from[v] = place
					}
				}
			}
		})
	}
}

// The estimate of a cell does not depend on the grid around it.
func TestTransportsKeepTheirDataInAnotherGrid(t *testing.T) {
	all := Transports{D: []int{2, 3}, N: 5, Theta: []float64{0, 1}, Sigma: 0.2, Trials: 4, Seed: 1}.Run()
	one := Transports{D: []int{3}, N: 5, Theta: []float64{1}, Sigma: 0.2, Trials: 2, Seed: 1}.Run()
	if one.Err() != nil || all.Err() != nil {
		t.Fatal(one.Err(), all.Err())
	}
	for trial, v := range one.estimates[0][0] {
		if want := all.estimates[1][1][trial]; v != want {
			t.Errorf("trial %d: %v, in a larger grid %v", trial, v, want)
		}
	}
}
