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

// The three procedures, and the tuned baseline.
const (
	Scratch  Procedure = "scratch"
	Transfer Procedure = "linear transfer"
	FineTune Procedure = "fine-tuning"
	// Tuned is training from scratch with the weight decay of the best ridge.
	Tuned Procedure = "tuned scratch"
)

// Grid is the product of its axes, at dimension D. An empty Theta, Sigma, Lambda
// or Decay is the single value 0, an empty Depth the single value 2, an empty
// Features the single value 1, an empty SourceGamma unlimited source data. Theta
// is in radians. The numbers of target and of source points are Gamma·D and
// SourceGamma·D, rounded; a setting that comes up twice counts once.
type Grid struct {
	D                           int
	Gamma, Theta, Sigma, Lambda []float64
	Depth                       []int
	Features                    []int     // k, the number of source tasks
	SourceGamma, SourceSigma    []float64 // γ_s = n_s/d and σ_s
	Decay                       []float64 // weight decay μ of scratch
	Norm                        []float64 // ‖βt‖, 1 if empty
}

// Settings lists the cells of the grid. Gamma is innermost, around it Theta,
// Sigma, Lambda, Depth, Features, SourceGamma, SourceSigma, Decay and Norm.
func (g Grid) Settings() ([]theory.Setting, error) {
	if len(g.Gamma) == 0 {
		return nil, fmt.Errorf("experiment: Grid.Gamma is empty: it needs at least one value of n/d")
	}
	// The limit is the grid as it was written, before rounding, and is checked so.
	type cell struct {
		s theory.Setting
		l theory.Limit
	}
	cells := []cell{{theory.Setting{D: g.D, Depth: 2}, theory.Limit{Depth: 2}}}
	axis := func(a Axis, values []float64) {
		var out []cell
		for _, c := range cells {
			for _, x := range values {
				a.set(&c.s, &c.l, x)
				out = append(out, c)
			}
		}
		if len(values) > 0 {
			cells = out
		}
	}
	axis(Norm, g.Norm)
	axis(Decay, g.Decay)
	axis(SourceSigma, g.SourceSigma)
	axis(SourceGamma, g.SourceGamma)
	axis(Features, reals(g.Features))
	axis(Depth, reals(g.Depth))
	axis(Lambda, g.Lambda)
	axis(Sigma, g.Sigma)
	axis(Theta, g.Theta)
	axis(Gamma, g.Gamma)
	var out []theory.Setting
	seen := map[theory.Setting]bool{}
	for _, c := range cells {
		if err := c.l.Validate(); err != nil {
			return nil, fmt.Errorf("experiment: Grid: %w", err)
		}
		if err := c.s.Validate(); err != nil {
			return nil, fmt.Errorf("experiment: Grid: %w (Gamma = %v)", err, c.l.Gamma)
		}
		if c.l.SourceGamma > 0 && c.s.SourceN == 0 {
			return nil, fmt.Errorf("experiment: Grid: SourceGamma = %v is less than one point at D = %d (0 means unlimited source data)", c.l.SourceGamma, g.D)
		}
		if !seen[c.s] {
			out, seen[c.s] = append(out, c.s), true
		}
	}
	return out, nil
}

func reals(x []int) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Experiment describes a measurement. Method, Trials (2 to 10⁸ data sets, of all cells
// together) and a grid are required. The matrices of Solve and Train, max(N, SourceN)×D
// and D×D for each layer, may have 10⁹ entries. With Solve and Train all cells of a trial share one
// source, one plane of targets, and the first n points of one sample: cells are
// compared on the same data, and are not independent of each other. Draws of the
// Law are.
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
	// Balanced makes Train take for the pretrained network the balanced one in
	// which pretraining ends as α → 0, instead of pretraining. It is for networks
	// too deep to leave a small start in reasonable time.
	Balanced bool
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

// Settings lists the cells that Run measures, or says why it cannot.
func (e Experiment) Settings() ([]theory.Setting, error) {
	settings, err := e.Grid.Settings()
	if err != nil {
		return nil, err
	}
	return settings, e.check(settings)
}

func (e Experiment) check(settings []theory.Setting) error {
	switch {
	case e.Method != Law && e.Method != Solve && e.Method != Train:
		return fmt.Errorf("experiment: Method = %q: it is one of %q, %q, %q", e.Method, Law, Solve, Train)
	case e.Pace != "" && e.Pace != "quick" && e.Pace != "paper":
		return fmt.Errorf("experiment: Pace = %q: it is \"quick\" or \"paper\"", e.Pace)
	case e.Workers < 0 || e.Workers > maxWorkers:
		return fmt.Errorf("experiment: Workers = %d: it must be 0 (all cores) or above, and at most %d", e.Workers, maxWorkers)
	}
	if err := checkTrials(e.Trials, len(settings)); err != nil {
		return err
	}
	if err := checkAlpha(e.Alpha, DefaultAlpha); err != nil {
		return err
	}
	for _, p := range e.Procedures {
		if p != Scratch && p != Transfer && p != FineTune && p != Tuned {
			return fmt.Errorf("experiment: Procedures has %q: it may hold %q, %q, %q, %q", p, Scratch, Transfer, FineTune, Tuned)
		}
	}
	for _, s := range settings {
		if err := e.possible(s); err != nil {
			return err
		}
	}
	return nil
}

// possible refuses settings that a procedure of the experiment cannot do.
func (e Experiment) possible(s theory.Setting) error {
	if e.Method != Law {
		if err := checkMatrix("max(N, SourceN, Features) × D", max(s.N, s.SourceN, s.Features), s.D); err != nil {
			return err
		}
	}
	if e.Method == Train {
		if err := checkMatrix("(D × Depth) × D", s.D*s.Depth, s.D); err != nil {
			return err
		}
	}
	switch {
	case e.Method == Train && e.runs(Transfer) && s.Depth == 1:
		return fmt.Errorf("experiment: Depth = 1: a network of one layer has no features to transfer; leave %q out of Procedures", Transfer)
	case e.runs(FineTune) && s.Features > 1:
		return fmt.Errorf("experiment: Features = %d: fine-tuning is from one source task; leave %q out of Procedures", s.Features, FineTune)
	case s.Norm != 0 && e.runs(FineTune):
		return fmt.Errorf("experiment: Norm = %v: fine-tuning is of a target of norm 1; leave %q out of Procedures", s.Norm, FineTune)
	case s.Norm != 0 && e.Method == Train:
		return fmt.Errorf("experiment: Norm = %v: a target of any norm is for %q and %q", s.Norm, Law, Solve)
	case s.Decay > 0 && (e.runs(Transfer) || e.runs(FineTune)):
		return fmt.Errorf("experiment: Decay = %v: weight decay is of training from scratch; Procedures must hold neither %q nor %q", s.Decay, Transfer, FineTune)
	case e.runs(Tuned) && e.Method == Train && s.Depth != 2:
		return fmt.Errorf("experiment: Depth = %d: %q is trained with 2 layers", s.Depth, Tuned)
	case e.Method == Law && (s.Features > 1 || s.Decay > 0 || e.runs(Tuned)):
		return fmt.Errorf("experiment: %q draws one feature without weight decay and no tuned baseline: take %q", Law, Solve)
	}
	return nil
}

func (e Experiment) runs(p Procedure) bool {
	return len(e.Procedures) == 0 && p != Tuned || slices.Contains(e.Procedures, p)
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

// Ratios returns n values from first to last, both included and above 0, in even
// ratios, for a logarithmic axis.
func Ratios(first, last float64, n int) []float64 {
	out := Range(math.Log(first), math.Log(last), n)
	for i := range out {
		out[i] = math.Exp(out[i])
	}
	return out
}

// Angles returns the angles asin(√ρ) at which the target has the squared norms ρ
// outside the features.
func Angles(rho []float64) []float64 {
	out := make([]float64, len(rho))
	for i, r := range rho {
		out[i] = math.Asin(math.Sqrt(r))
	}
	return out
}
