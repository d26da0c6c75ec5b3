package sweep

import (
	"errors"
	"fmt"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
)

// Kind is an experiment that a sweep can name.
type Kind string

// The kinds.
const (
	Linear   Kind = "linear"   // risks of linear networks, see [experiment.Experiment]
	Students Kind = "students" // two-layer ReLU networks, see [experiment.Students]
)

// Setting is what one cell measures: of linear networks all trials at one setting, of
// students one training.
type Setting struct {
	Linear  theory.Setting `json:"linear,omitzero"`
	Student Student        `json:"student,omitzero"`
}

// Student is one training of students: from scratch on N points, or, if N is 0, of the
// source at Mu with all transfers from it.
type Student struct {
	D       int     `json:"d"`
	Teacher int     `json:"teacher"`
	Width   int     `json:"width"`
	Trial   int     `json:"trial"`
	Mu      float64 `json:"mu,omitempty"`
	N       int     `json:"n,omitempty"`
}

// String names the setting in a table.
func (s Setting) String() string {
	t := s.Student
	switch {
	case t == Student{}:
		return s.Linear.String()
	case t.N > 0:
		return fmt.Sprintf("n=%d d=%d m*=%d m=%d trial=%d", t.N, t.D, t.Teacher, t.Width, t.Trial)
	}
	return fmt.Sprintf("μ=%.4g d=%d m*=%d m=%d trial=%d", t.Mu, t.D, t.Teacher, t.Width, t.Trial)
}

// settings lists the cells of a sweep in their order.
func (s Sweep) settings() ([]Setting, error) {
	g := s.Grid
	switch k := s.kind(); {
	case k != Linear && k != Students:
		return nil, fmt.Errorf("experiment = %q: it is %q or %q", k, Linear, Students)
	case len(g.D) == 0:
		return nil, errors.New("grid.d is empty: it needs at least one dimension")
	}
	for _, axis := range []struct {
		name   string
		of     Kind
		values int
	}{{"gamma", Linear, len(g.Gamma)}, {"theta", Linear, len(g.Theta)}, {"sigma", Linear, len(g.Sigma)}, {"lambda", Linear, len(g.Lambda)},
		{"depth", Linear, len(g.Depth)}, {"features", Linear, len(g.Features)}, {"source_gamma", Linear, len(g.SourceGamma)},
		{"source_sigma", Linear, len(g.SourceSigma)}, {"decay", Linear, len(g.Decay)}, {"norm", Linear, len(g.Norm)},
		{"teacher", Students, len(g.Teacher)}, {"width", Students, len(g.Width)}, {"mu", Students, len(g.Mu)}, {"n", Students, len(g.N)}} {
		if axis.values > 0 && axis.of != s.kind() {
			return nil, fmt.Errorf("grid.%s is an axis of the experiment %q, this one is %q", axis.name, axis.of, s.kind())
		}
	}
	if s.kind() == Students {
		return s.students()
	}
	return s.linear()
}

func (s Sweep) kind() Kind {
	if s.Experiment == "" {
		return Linear
	}
	return s.Experiment
}

// count refuses a product of axes that is larger than it can have been meant to be; an
// empty axis counts as one value.
func count(lengths ...int) error {
	n := 1
	for _, l := range lengths {
		if l > maxCells/n {
			return fmt.Errorf("the grid has more than %d cells", maxCells)
		}
		n *= max(1, l)
	}
	return nil
}

// linear lists the settings by dimension, then as [experiment.Grid] lists them.
func (s Sweep) linear() (out []Setting, err error) {
	g := s.Grid
	if err := count(len(g.D), len(g.Gamma), len(g.Theta), len(g.Sigma), len(g.Lambda), len(g.Depth), len(g.Features),
		len(g.SourceGamma), len(g.SourceSigma), len(g.Decay), len(g.Norm)); err != nil {
		return nil, err
	}
	for _, d := range sorted(g.D) {
		e := s.experiment(experiment.Grid{D: d, Gamma: sorted(g.Gamma), Theta: sorted(g.Theta), Sigma: sorted(g.Sigma), Lambda: sorted(g.Lambda),
			Depth: sorted(g.Depth), Features: sorted(g.Features), SourceGamma: sorted(g.SourceGamma), SourceSigma: sorted(g.SourceSigma),
			Decay: sorted(g.Decay), Norm: sorted(g.Norm)})
		settings, err := e.Settings()
		if err != nil {
			return nil, err
		}
		for _, l := range settings {
			out = append(out, Setting{Linear: l})
		}
	}
	return out, nil
}

// configurations are the students of the grid, by d, teacher and width in rising order. All
// have the seed of the sweep: the trials of a cell are those of the same students elsewhere.
func (s Sweep) configurations() (out []experiment.Students) {
	g := s.Grid
	for _, d := range sorted(g.D) {
		for _, teacher := range sorted(g.Teacher) {
			for _, width := range sorted(g.Width) {
				out = append(out, s.at(Student{D: d, Teacher: teacher, Width: width}))
			}
		}
	}
	return out
}

func (s Sweep) students() (out []Setting, err error) {
	g := s.Grid
	switch {
	case s.Method != experiment.Train:
		return nil, fmt.Errorf("method = %q: students are trained, it must be %q", s.Method, experiment.Train)
	case s.ExactFit || s.Balanced:
		return nil, fmt.Errorf("exact_fit and balanced are of the experiment %q", Linear)
	case len(g.Teacher) == 0:
		return nil, errors.New("grid.teacher is empty: it needs at least one number of neurons")
	case len(g.Width) == 0:
		return nil, errors.New("grid.width is empty: it needs at least one number of neurons")
	}
	if err := count(len(g.D), len(g.Teacher), len(g.Width), s.Trials, len(g.Mu)+len(g.N)); err != nil {
		return nil, err
	}
	for _, c := range s.configurations() {
		parts, err := c.Parts()
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			out = append(out, Setting{Student: Student{D: c.D, Teacher: c.Teacher, Width: c.Width, Trial: part.Trial, Mu: part.Mu, N: part.N}})
		}
	}
	return out, nil
}

// at returns the students that a training is of.
func (s Sweep) at(t Student) experiment.Students {
	return experiment.Students{D: t.D, Teacher: t.Teacher, Width: t.Width, Mu: sorted(s.Grid.Mu), N: sorted(s.Grid.N),
		Alpha: s.Alpha, Trials: s.Trials, Seed: s.Seed, Procedures: s.Procedures, Pace: s.Pace}
}

// of reports whether the training is one of the students c.
func (t Student) of(c experiment.Students) bool {
	return t.D == c.D && t.Teacher == c.Teacher && t.Width == c.Width
}
