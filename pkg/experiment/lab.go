package experiment

import (
	"github.com/features-are-fate/fate/pkg/theory"
)

// Lab is what the experiments of a notebook have in common. Its methods describe and run
// them:
//
//	lab := experiment.Lab{Pace: pace, Seed: 4, D: lab.At(100, 500), Sigma: sigma}
//	run := lab.Solve(20, experiment.Grid{Gamma: gammas, Theta: thetas}, experiment.Scratch, experiment.Transfer)
type Lab struct {
	Pace  string // "quick" or "paper"; empty means quick
	Seed  uint64
	D     int     // of grids without a dimension
	Sigma float64 // of grids without noise levels
}

// At returns paper at the pace "paper" and quick otherwise. A study that is given an
// unknown Pace refuses it.
func (l Lab) At(quick, paper int) int { return AtPace(l.Pace, quick, paper) }

// Describe returns the experiment of a grid; change its fields for what is special about it.
func (l Lab) Describe(method Method, trials int, grid Grid, procedures ...Procedure) Experiment {
	if grid.D == 0 && len(grid.Dimension) == 0 {
		grid.D = l.D
	}
	if len(grid.Sigma) == 0 && l.Sigma != 0 {
		grid.Sigma = []float64{l.Sigma}
	}
	return Experiment{Pace: l.Pace, Method: method, Trials: trials, Seed: l.Seed, Procedures: procedures, Grid: grid}
}

// Law draws the exact joint law of the risks.
func (l Lab) Law(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Law, trials, grid, procedures...).Run()
}

// Solve draws data and solves for the end points of training; without procedures, of all
// three.
func (l Lab) Solve(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Solve, trials, grid, procedures...).Run()
}

// Train runs gradient descent on every weight; without procedures, by all three.
func (l Lab) Train(trials int, grid Grid, procedures ...Procedure) *Table {
	return l.Describe(Train, trials, grid, procedures...).Run()
}

// Setting returns one setting of the lab: n = γd points at an angle of θ radians, in networks
// of depth layers.
func (l Lab) Setting(gamma, theta float64, depth int) theory.Setting {
	return theory.Setting{N: theory.Points(gamma, l.D), D: l.D, Theta: theta, Sigma: l.Sigma, Depth: depth}
}
