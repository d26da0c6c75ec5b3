package experiment

import (
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Sizes that no machine has are refused by every study with the field and its range, at
// once and on one line.
func TestStudiesRefuseImpossibleSizes(t *testing.T) {
	const huge = math.MaxInt
	grid := Grid{D: 10, Gamma: []float64{0.5, 1.5}}
	students := Students{D: 3, Teacher: 3, Width: 12, Mu: []float64{0.34}, N: []int{5}, Trials: 2}
	width, many := students, students
	width.Width, many.Trials = huge, huge
	for _, c := range []struct {
		field string
		err   error
	}{
		{"Trials = 9223372036854775807", Experiment{Method: Law, Trials: huge, Grid: grid}.Run().Err()},
		{"in 2 cells", Experiment{Method: Law, Trials: maxTrials, Grid: grid}.Run().Err()},
		{"Workers = 9223372036854775807", Experiment{Method: Law, Trials: 2, Workers: huge, Grid: grid}.Run().Err()},
		{"Alpha = 1e+200", Experiment{Method: Train, Trials: 2, Alpha: 1e200, Grid: grid}.Run().Err()},
		{"D = 9223372036854775807", Experiment{Method: Law, Trials: 2, Grid: Grid{D: huge, Gamma: []float64{1}}}.Run().Err()},
		{"Gamma = 1e+30", Experiment{Method: Law, Trials: 2, Grid: Grid{D: 10, Gamma: []float64{1e30}}}.Run().Err()},
		{"N = 1000000000000000", Experiment{Method: Law, Trials: 2, Grid: Grid{D: 1e12, Gamma: []float64{1e9}}}.Run().Err()},
		{"× D", Experiment{Method: Solve, Trials: 2, Grid: Grid{D: 1e6, Gamma: []float64{1}}}.Run().Err()},
		{"Depth) × D", Experiment{Method: Train, Trials: 2, Grid: Grid{D: 1e5, Gamma: []float64{1e-3}}}.Run().Err()},
		{"Theta = 1e+20", Experiment{Method: Law, Trials: 2, Grid: Grid{D: 10, Gamma: []float64{1}, Theta: []float64{1e20}}}.Run().Err()},
		{"Trials = 9223372036854775807", Pretraining{D: 4, Depth: []int{2}, Alpha: []float64{0.1}, Trials: huge}.Run().Err()},
		{"D × D", Pretraining{D: huge, Depth: []int{2}, Alpha: []float64{1}, Trials: 1}.Run().Err()},
		{"Trials = 9223372036854775807", Transports{D: []int{2}, N: 5, Theta: []float64{0}, Trials: huge}.Run().Err()},
		{"N × N", Transports{D: []int{2}, N: 1e6, Theta: []float64{0}, Trials: 2}.Run().Err()},
		{"Width = 9223372036854775807", width.Run().Err()},
		{"Trials = 9223372036854775807", many.Run().Err()},
		{"Trials = 9223372036854775807", Kernels{D: 3, Teacher: 3, Width: 12, Mu: 0.34, Alpha: []float64{0.1}, Trials: huge}.Run().Err()},
		{"Trials = 9223372036854775807", Teachers{D: 3, Neurons: 4, Mu: []float64{0.25}, Trials: huge}.Run().Err()},
		{"Depth) × D", Curves{Setting: theory.Setting{N: 3, D: 1e6, Depth: 2}}.Run().Err()},
		{"Depth = 9223372036854775807", Flows{Setting: theory.Setting{N: 3, D: 5}, Depths: []int{huge}}.Run().Err()},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.field) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("want one line with %q, got %v", c.field, c.err)
		}
	}
}
