package experiment

import (
	"github.com/features-are-fate/fate/pkg/theory"
)

// Lab holds the settings that the experiments of a notebook share. Its methods describe and
// run them:
//
//	lab := experiment.Lab{Pace: pace, Seed: 4, Sigma: sigma}
//	lab.D = lab.At(100, 500)
//	run := lab.Solve(20, experiment.Grid{Gamma: gammas, Theta: thetas}, experiment.Scratch, experiment.Transfer)
type Lab struct {
	Pace  string // "quick" or "paper"; empty means quick
	Seed  uint64
	D     int     // dimension of grids that set none
	Sigma float64 // noise level of grids that set none
}

// At returns paper at the pace "paper" and quick otherwise. A study with an unknown Pace is
// an error.
func (l Lab) At(quick, paper int) int { return AtPace(l.Pace, quick, paper) }

// Describe returns the experiment on a grid without running it, so that other fields can be
// set.
func (l Lab) Describe(method Method, trials int, grid Grid, procedures ...Procedure) Experiment {
	if grid.D == 0 && len(grid.Dimension) == 0 {
		grid.D = l.D
	}
	if len(grid.Sigma) == 0 && l.Sigma != 0 {
		grid.Sigma = []float64{l.Sigma}
	}
	return Experiment{Pace: l.Pace, Method: method, Trials: trials, Seed: l.Seed, Procedures: procedures, Grid: grid}
}

// Theory returns the table of a grid in which nothing is measured. Its methods [Table.Along],
// [Table.Theory], [Table.Exact] and [Table.Predicted] draw lines, and [Table.Plane] draws the
// proportional limit, such as under a slider.
func (l Lab) Theory(grid Grid) *Table {
	settings, err := l.Describe(Law, 1, grid).Grid.Settings()
	t := &Table{unmeasured: true, err: err}
	for _, s := range settings {
		t.Cells = append(t.Cells, Cell{Setting: s})
	}
	return t
}

// Law samples the exact joint law of the risks on a grid, of all three procedures if none
// is given.
func (l Lab) Law(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Law, trials, grid, procedures...).Run()
}

// Solve draws data and solves for the end points of training, by all three procedures if
// none is given.
func (l Lab) Solve(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Solve, trials, grid, procedures...).Run()
}

// Train trains every weight by gradient descent until the loss converges, by all three
// procedures if none is given.
func (l Lab) Train(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Train, trials, grid, procedures...).Run()
}

// Setting returns a setting of the lab: n = γd points, rounded, at an angle of θ radians,
// in networks of depth layers.
func (l Lab) Setting(gamma, theta float64, depth int) theory.Setting {
	return theory.Setting{N: theory.Points(gamma, l.D), D: l.D, Theta: theta, Sigma: l.Sigma, Depth: depth}
}
