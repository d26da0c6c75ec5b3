package experiment

import (
	"fmt"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Method is a method of measurement. The methods go from cheap to literal, and each one
// validates the one before it.
type Method string

// The three methods.
const (
	// Law samples the exact joint law of the risks, without matrices, in any dimension.
	Law Method = "law"
	// Solve draws X and y and solves for the end point of training.
	Solve Method = "solve"
	// Train runs gradient descent on every weight until the loss converges.
	Train Method = "train"
)

// Procedure is a training procedure of the paper.
type Procedure string

// The three procedures, and the tuned baseline.
const (
	Scratch  Procedure = "scratch"
	Transfer Procedure = "linear transfer"
	FineTune Procedure = "fine-tuning"
	// Tuned is training from scratch with the weight decay of the best ridge.
	Tuned Procedure = "tuned scratch"
)

// Experiment measures the risks of linear networks over a grid. Method, Trials (2 to 10⁸
// data sets, of all cells together) and a grid are required. The matrices of Solve and
// Train, max(N, SourceN)×D and D×D for each layer, may have 10⁹ entries. With Solve and
// Train all cells of a trial share one source, one plane of targets, and the first n points
// of one sample: cells are compared on the same data, and are dependent. Cells of Law are
// independent.
type Experiment struct {
	Method     Method      `json:"method"`
	Trials     int         `json:"trials"`
	Seed       uint64      `json:"seed"`
	Procedures []Procedure `json:"procedures,omitempty"` // to run; empty means all three
	Grid       Grid        `json:"grid"`
	// Alpha is the size of the random start of Train; 0 means 0.01.
	Alpha float64 `json:"alpha,omitempty"`
	// ExactFit makes linear transfer after Train use all directions of the features,
	// including the d−1 directions of size O(α) that were not learned.
	ExactFit bool `json:"exact_fit,omitempty"`
	// Balanced replaces pretraining in Train by its limit as α → 0, a balanced network. It
	// is for networks that are too deep to escape from a small start in reasonable time.
	Balanced bool `json:"balanced,omitempty"`
	// Independent gives each cell its own data, from a seed that depends on Seed and the
	// setting alone. Only the means of a cell are kept, not its trials, so their number is
	// not bounded by memory. A grid of several dimensions requires it.
	Independent bool `json:"independent,omitempty"`
	// Pace is the pace of the notebook, "quick" or "paper" (see [AtPace]). It is validated
	// and otherwise ignored. Empty means quick.
	Pace string `json:"-"`
	// Workers limits the cores used; 0 means all. It does not change numbers.
	Workers int `json:"-"`
}

// AtPace returns paper at the pace "paper" and quick otherwise. An experiment with an
// unknown Pace is an error.
func AtPace(pace string, quick, paper int) int {
	if pace == "paper" {
		return paper
	}
	return quick
}

// DefaultAlpha is the size of the random start where Experiment.Alpha is 0.
const DefaultAlpha = 0.01

// Run does all trials of all cells on the cores of the machine.
func (e Experiment) Run() *Table { return run(e) }

// Settings returns the settings of the grid cells, or the error with which Run would fail.
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
	case len(e.Grid.Dimension) > 1 && !e.Independent:
		return fmt.Errorf("experiment: Grid.Dimension = %v: cells of several dimensions share no data: set Independent", e.Grid.Dimension)
	case e.Workers < 0 || e.Workers > maxWorkers:
		return fmt.Errorf("experiment: Workers = %d: it must be 0 (all cores) or above, and at most %d", e.Workers, maxWorkers)
	}
	if err := checkPace(e.Pace); err != nil {
		return err
	}
	kept := len(settings)
	if e.Independent {
		kept = 1
	}
	if err := checkTrials(e.Trials, kept); err != nil {
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

// possible returns an error for a setting that a procedure of the experiment does not
// support.
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
