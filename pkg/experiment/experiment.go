// Package experiment measures risks and transferabilities over a grid of
// settings and compares them with theory.
//
// An [Experiment] is a plain description; its Run method does all trials in
// parallel and returns a [Run], which gives points and theory lines to plot
// and a [Verdict]. One seed gives the same numbers on any number of cores.
package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Method is a way to measure, from cheap to literal. Each checks the one
// before it.
type Method string

// The three methods.
const (
	// Law samples the exact joint law of the risks: no matrices, any D.
	Law Method = "law"
	// Solve draws X and y and solves for the end point of training.
	Solve Method = "solve"
	// Train runs gradient descent on every weight until the loss converges.
	Train Method = "train"
)

// Procedure is one of the three trainings of the paper.
type Procedure string

// The three procedures.
const (
	Scratch  Procedure = "scratch"
	Transfer Procedure = "linear transfer"
	FineTune Procedure = "fine-tuning"
)

// Grid is the product of its axes, at dimension D. An empty Theta, Sigma or
// Lambda is the single value 0, an empty Depth the single value 2. Theta is in
// radians. The number of target points is Gamma·D, rounded; a setting that
// comes up twice counts once.
type Grid struct {
	D                           int
	Gamma, Theta, Sigma, Lambda []float64
	Depth                       []int
}

// Settings lists the cells of the grid: Depth outermost, then Lambda, Sigma,
// Theta, and Gamma innermost.
func (g Grid) Settings() ([]theory.Setting, error) {
	if len(g.Gamma) == 0 {
		return nil, fmt.Errorf("experiment: Grid.Gamma is empty: it needs at least one value of n/d")
	}
	zero := func(x []float64) []float64 {
		if len(x) == 0 {
			return []float64{0}
		}
		return x
	}
	depth := g.Depth
	if len(depth) == 0 {
		depth = []int{2}
	}
	var out []theory.Setting
	seen := map[theory.Setting]bool{}
	for _, L := range depth {
		for _, lambda := range zero(g.Lambda) {
			for _, sigma := range zero(g.Sigma) {
				for _, theta := range zero(g.Theta) {
					for _, gamma := range g.Gamma {
						s := theory.Setting{D: g.D, Theta: theta, Sigma: sigma, Lambda: lambda, Depth: L}
						// The limit at γ checks the grid as it was written, before rounding.
						if err := (theory.Limit{Gamma: gamma, Theta: theta, Sigma: sigma, Lambda: lambda, Depth: L}).Validate(); err != nil {
							return nil, fmt.Errorf("experiment: Grid: %w", err)
						}
						s.N = int(math.Round(gamma * float64(g.D)))
						if err := s.Validate(); err != nil {
							return nil, fmt.Errorf("experiment: Grid: %w (Gamma = %v)", err, gamma)
						}
						if !seen[s] {
							out, seen[s] = append(out, s), true
						}
					}
				}
			}
		}
	}
	return out, nil
}

// Experiment describes a measurement. Method, Trials (≥ 2 data sets a cell)
// and a grid are required.
type Experiment struct {
	Grid       Grid
	Method     Method
	Trials     int
	Seed       uint64
	Procedures []Procedure // what is run; empty means all three
	// Alpha is the size of the random start of Train; 0 means 0.01.
	Alpha float64
	// ExactFit makes linear transfer after Train use every direction of the
	// features, also the d−1 of size O(α) that were not learned.
	ExactFit bool
	// Pace is the pace of the notebook, "quick" or "paper"; it is only checked
	// (see [AtPace]). Empty means quick.
	Pace string
	// Workers limits the cores used; 0 means all. It does not change numbers.
	Workers int
}

// AtPace returns paper at the pace "paper" and quick otherwise. An experiment
// that is given an unknown Pace refuses it.
func AtPace(pace string, quick, paper int) int {
	if pace == "paper" {
		return paper
	}
	return quick
}

// DefaultAlpha is the size of the random start where Experiment.Alpha is 0.
const DefaultAlpha = 0.01

func (e Experiment) validate() ([]theory.Setting, error) {
	settings, err := e.Grid.Settings()
	if err != nil {
		return nil, err
	}
	switch {
	case e.Method != Law && e.Method != Solve && e.Method != Train:
		return nil, fmt.Errorf("experiment: Method = %q: it is one of %q, %q, %q", e.Method, Law, Solve, Train)
	case e.Pace != "" && e.Pace != "quick" && e.Pace != "paper":
		return nil, fmt.Errorf("experiment: Pace = %q: it is \"quick\" or \"paper\"", e.Pace)
	case e.Trials < 2:
		return nil, fmt.Errorf("experiment: Trials = %d: a standard error needs at least 2", e.Trials)
	case e.Workers < 0:
		return nil, fmt.Errorf("experiment: Workers = %d: it must be 0 (all cores) or above", e.Workers)
	case !(e.Alpha >= 0) || math.IsInf(e.Alpha, 0):
		return nil, fmt.Errorf("experiment: Alpha = %v: the size of the start must be a finite number, 0 (for %v) or above", e.Alpha, DefaultAlpha)
	}
	for _, p := range e.Procedures {
		if p != Scratch && p != Transfer && p != FineTune {
			return nil, fmt.Errorf("experiment: Procedures has %q: it may hold %q, %q, %q", p, Scratch, Transfer, FineTune)
		}
	}
	if e.Method == Train && e.runs(Transfer) && slices.ContainsFunc(settings, func(s theory.Setting) bool { return s.Depth == 1 }) {
		return nil, fmt.Errorf("experiment: Depth = 1: a network of one layer has no features to transfer; leave %q out of Procedures", Transfer)
	}
	return settings, nil
}

func (e Experiment) runs(p Procedure) bool {
	return len(e.Procedures) == 0 || slices.Contains(e.Procedures, p)
}

// Range returns n evenly spaced values from first to last, both included.
func Range(first, last float64, n int) []float64 {
	out := make([]float64, max(0, n))
	for i := range out {
		out[i] = first
		if n > 1 {
			t := float64(i) / float64(n-1)
			out[i] = first*(1-t) + last*t
		}
	}
	return out
}
