package experiment

import (
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Cells share the data of their trial, and still each is the same to the last bit
// alone as in a grid, in any order: so a figure does not depend on what else was run.
func TestACellIsTheSameInAnyGrid(t *testing.T) {
	e := Experiment{Method: Solve, Trials: 3, Seed: 4, Grid: Grid{D: 70, Gamma: []float64{0.9, 0.1, 0.5, 2, 1, 1.1}, Theta: []float64{0.3, 2}, Sigma: []float64{0.3, 0},
		SourceGamma: []float64{1.5, 0.5}, SourceSigma: []float64{0.4}}}
	for _, procedures := range [][]Procedure{{Scratch, Transfer, FineTune, Tuned}, {Scratch}} {
		e.Procedures = procedures
		if len(procedures) == 1 {
			e.Grid.Decay, e.Grid.SourceGamma, e.Grid.SourceSigma = []float64{0.1, 0}, nil, nil
		}
		for i, c := range must(t, e.Run()).Cells {
			if i%7 != 0 {
				continue
			}
			s := c.Setting
			alone := e
			alone.Trials = 2
			alone.Grid = Grid{D: s.D, Gamma: []float64{s.Gamma()}, Theta: []float64{s.Theta}, Sigma: []float64{s.Sigma}, Lambda: []float64{s.Lambda},
				SourceGamma: []float64{float64(s.SourceN) / float64(s.D)}, SourceSigma: []float64{s.SourceSigma}, Decay: []float64{s.Decay}}
			got := must(t, alone.Run()).Cells[0]
			for k := range alone.Trials {
				for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.RiskTuned, theory.ScaleC} {
					if a, b := trialOf(got, q, k), trialOf(c, q, k); math.Float64bits(a) != math.Float64bits(b) {
						t.Errorf("%v, trial %d: %s = %v alone, %v in the grid", s, k, q, a, b)
					}
				}
			}
		}
	}
}

// The errors of rows that are made of many cells allow for the data that the cells
// share: over seeds the mean square of z is 1.
func TestErrorsOverSharedData(t *testing.T) {
	const seeds = 200
	sums := map[string]float64{}
	for seed := range uint64(seeds) {
		r := must(t, Experiment{Method: Solve, Trials: 30, Seed: seed, Procedures: []Procedure{Scratch, Transfer},
			Grid: Grid{D: 60, Gamma: []float64{0.4, 0.6}, Theta: Range(0.7, 1.3, 5), Sigma: []float64{0.5}}}.Run())
		v := r.Pooled(theory.LinearTransferability).And(r.Where(func(s theory.Setting) bool { return s.N == 36 }).BreakEven(theory.LinearTransferability))
		if len(v.Rows) != 3 {
			t.Fatalf("%d rows, %v", len(v.Rows), v.Err())
		}
		for _, row := range v.Rows {
			sums[row.Result+row.Setting] += row.Z * row.Z / seeds
		}
	}
	// z is a t of 29 degrees of freedom: mean square 29/27, with kurtosis 3.24.
	for row, z2 := range sums {
		if off := (z2 - 29./27) / math.Sqrt(2.5/seeds); math.Abs(off) > 4 {
			t.Errorf("%s: the mean square of z is %.2f, %.1f standard errors off", row, z2, off)
		}
	}
}
