package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Students trains two-layer ReLU networks in D dimensions on teachers (Section 4).
// The target is a random teacher of Teacher neurons (m*) with output weights ±1; the
// source is what is left of it without a fraction Mu of its neurons. A student of
// Width neurons (m) is pretrained on the population of the source, for each Mu, and
// then transferred to N noiseless points of the target; another is trained on them
// from scratch. Every trial has its own teacher.
//
// D, Teacher, Width and N are at most 10⁶, trainings at most 10⁸, and the matrices of N or
// Width by D or Width have at most 10⁹ entries. All risks are relative to ‖f_t‖².
type Students struct {
	D, Teacher, Width int
	Mu                []float64
	N                 []int
	// Alpha is the size of the random start; 0 means 0.1, the rich regime.
	Alpha  float64
	Trials int
	Seed   uint64
	// Procedures are what is run; empty means all three.
	Procedures []Procedure
	// Pace is the pace of the notebook, see Experiment and Recorded.
	Pace string `json:"-"`
}

// allRidge is the ridge of the transfer on all neurons, relative to ‖f_t‖².
const allRidge = 1e-4

// probes is the number of random points on which kernels are compared.
const probes = 200

// StudentEnd is the end of one training from scratch on N points, or of one
// pretraining on the source at Mu and of the transfers from it, by N.
type StudentEnd struct {
	Trial int
	N     int     `json:",omitempty"`
	Mu    float64 `json:",omitempty"`

	Square    float64 // ‖f_t‖²
	Loss      float64 // the largest training loss left, relative to that of f = 0
	Gradients int
	Settled   int `json:",omitempty"` // trainings that ended in a local minimum of the loss

	Scratch float64 `json:",omitempty"`

	Features  int       `json:",omitempty"` // k, the neurons of the source teacher
	Floor     float64   `json:",omitempty"` // ρ outside the neurons of the source teacher
	Residual  float64   `json:",omitempty"` // ρ outside the k leading directions of the student's features
	Outside   float64   `json:",omitempty"` // ρ outside all of them
	Alignment float64   `json:",omitempty"` // of the student's kernel with the source teacher's
	Linear    []float64 `json:",omitempty"` // on the k leading directions
	All       []float64 `json:",omitempty"` // on all neurons, with a small ridge
	FineTune  []float64 `json:",omitempty"`
}

// StudentsRun holds the trained students. It is never nil: if one could not be
// trained, Err says why.
type StudentsRun struct {
	Students Students
	Ends     []StudentEnd
	err      error
}

// Err returns why the run failed, or nil.
func (r *StudentsRun) Err() error { return r.err }

func (s Students) runs(p Procedure) bool {
	return len(s.Procedures) == 0 || slices.Contains(s.Procedures, p)
}

// features returns k, the number of neurons of the source at mu.
func (s Students) features(mu float64) int {
	return s.Teacher - int(math.Round(mu*float64(s.Teacher)))
}

func (s Students) check() error {
	if s.Pace != "" && s.Pace != "quick" && s.Pace != "paper" {
		return fmt.Errorf(`experiment: Pace = %q: it is "quick" or "paper"`, s.Pace)
	}
	for _, p := range s.Procedures {
		if p != Scratch && p != Transfer && p != FineTune {
			return fmt.Errorf("experiment: Procedures has %q: students know %q, %q and %q", p, Scratch, Transfer, FineTune)
		}
	}
	for _, mu := range s.Mu {
		if k := s.features(mu); !(mu > 0) || k < 1 || k >= s.Teacher {
			return fmt.Errorf("experiment: Mu has %v: of %d neurons it must remove at least one and leave at least one", mu, s.Teacher)
		}
	}
	for _, n := range s.N {
		if n < 2 {
			return fmt.Errorf("experiment: N has %d: it must be at least 2", n)
		}
	}
	for j, n := range s.N {
		if slices.Contains(s.N[:j], n) {
			return fmt.Errorf("experiment: N has %d twice", n)
		}
	}
	for j, mu := range s.Mu {
		if slices.Contains(s.Mu[:j], mu) {
			return fmt.Errorf("experiment: Mu has %v twice", mu)
		}
	}
	switch {
	case s.D < 1:
		return fmt.Errorf("experiment: D = %d: it must be at least 1", s.D)
	case s.Teacher < 2:
		return fmt.Errorf("experiment: Teacher = %d: a teacher that can lose neurons has at least 2", s.Teacher)
	case s.Width < s.Teacher:
		return fmt.Errorf("experiment: Width = %d: a student that can learn the target has at least the %d neurons of the teacher", s.Width, s.Teacher)
	case len(s.N) == 0:
		return errors.New("experiment: N is empty: students need at least one number of points")
	case len(s.Mu) == 0 && (s.runs(Transfer) || s.runs(FineTune)):
		return errors.New("experiment: Mu is empty: transfer needs at least one source")
	}
	for _, size := range []struct {
		name string
		n    int
	}{{"D", s.D}, {"Teacher", s.Teacher}, {"Width", s.Width}, {"N", slices.Max(s.N)}} {
		if size.n > maxNeurons {
			return fmt.Errorf("experiment: %s = %d: it must be at most %d", size.name, size.n, maxNeurons)
		}
	}
	return cmp.Or(checkMatrix("max(N, Width) × D", max(slices.Max(s.N), s.Width), s.D), checkMatrix("max(N, Width) × Width", max(slices.Max(s.N), s.Width), s.Width),
		checkTrials(s.Trials, len(s.Mu)+len(s.N)), checkAlpha(s.Alpha, richAlpha))
}

// richAlpha is the size of the start where Students.Alpha is 0.
const richAlpha = 0.1

func (s Students) defaults() Students {
	if s.Alpha == 0 {
		s.Alpha = richAlpha
	}
	return s
}

// parts lists what there is to train, trial by trial.
func (s Students) parts() (out []StudentEnd) {
	for i := range s.Trials {
		if s.runs(Transfer) || s.runs(FineTune) {
			for _, mu := range s.Mu {
				out = append(out, StudentEnd{Trial: i, Mu: mu})
			}
		}
		if s.runs(Scratch) {
			for _, n := range s.N {
				out = append(out, StudentEnd{Trial: i, N: n})
			}
		}
	}
	return out
}

// name is what a part is called in a message and in the file of a run.
func (e StudentEnd) name() string {
	if e.N > 0 {
		return fmt.Sprintf("scratch n=%d trial=%d", e.N, e.Trial)
	}
	return fmt.Sprintf("source mu=%g trial=%d", e.Mu, e.Trial)
}

// Run trains all students on the cores of the machine. The same seed gives the same
// numbers on any number of them.
func (s Students) Run() *StudentsRun {
	return s.complete(nil, func([]StudentEnd) error { return nil })
}

// complete trains what is not in have, and saves after every part.
func (s Students) complete(have []StudentEnd, save func([]StudentEnd) error) *StudentsRun {
	s = s.defaults()
	r := &StudentsRun{Students: s, err: s.check()}
	if r.err != nil {
		return r
	}
	parts := s.parts()
	r.Ends = slices.Clone(parts)
	at := map[string]int{}
	for k, e := range r.Ends {
		at[e.name()] = k
	}
	done := make([]bool, len(r.Ends))
	for _, e := range have {
		if k, ok := at[e.name()]; ok {
			r.Ends[k], done[k] = e, true
		}
	}
	var missing []int
	for k := range r.Ends {
		if !done[k] {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return r
	}
	ctx, stop := interruptible()
	defer stop()
	var mu sync.Mutex
	finish := func(k int, e StudentEnd) error {
		mu.Lock()
		defer mu.Unlock()
		r.Ends[k], done[k] = e, true
		have = nil // in the order of the parts
		for k, e := range r.Ends {
			if done[k] {
				have = append(have, e)
			}
		}
		return save(have)
	}
	err := each(ctx, len(missing), 0, 1, func(k int) string { return parts[missing[k]].name() }, func(ctx context.Context, k int) error {
		e, err := s.measure(ctx, parts[missing[k]])
		if err != nil {
			return err
		}
		return finish(missing[k], e)
	})
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("experiment: the training of students was interrupted: %d of %d parts are done", len(have), len(r.Ends))
	}
	r.err = err
	return r
}

// measure trains one part, or takes it from the cache.
func (s Students) measure(ctx context.Context, e StudentEnd) (StudentEnd, error) {
	// The part does not depend on the other ones, nor on the number of trials.
	key := struct {
		Students Students
		Part     string
	}{s, e.name()}
	key.Students.Trials, key.Students.Mu = 0, nil
	if e.N > 0 {
		key.Students.N, key.Students.Procedures = nil, nil
	}
	return cached("student", key, func() (StudentEnd, error) {
		err := s.train(ctx, &e)
		return e, err
	})
}

// Parts lists what Run trains, each on its own: for each trial the sources, of which Mu is
// above 0, with all transfers from them, and training from scratch on N points.
func (s Students) Parts() ([]StudentEnd, error) {
	s = s.defaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.parts(), nil
}

// Train trains one of the Parts. ok is false if it was interrupted.
func (s Students) Train(part StudentEnd) (end StudentEnd, ok bool, err error) {
	s = s.defaults()
	if err := s.check(); err != nil {
		return end, false, err
	}
	ctx, stop := interruptible()
	defer stop()
	end, err = s.measure(ctx, part)
	if errors.Is(err, context.Canceled) {
		return end, false, nil
	}
	if err != nil {
		return end, false, fmt.Errorf("experiment: %s: %w", part.name(), err)
	}
	return end, true, nil
}

// FromEnds returns the run of Parts that were trained elsewhere; err is why there are none.
// Every part must be there, in the order of Parts.
func (s Students) FromEnds(ends []StudentEnd, err error) *StudentsRun {
	r := &StudentsRun{Students: s.defaults(), Ends: ends, err: err}
	if r.err != nil {
		return r
	}
	parts, err := s.Parts()
	if r.err = err; err != nil {
		return r
	}
	for k := range parts {
		if k >= len(ends) || ends[k].name() != parts[k].name() {
			r.err = fmt.Errorf("experiment: %d of %d parts of the students were trained: %s is missing", len(ends), len(parts), parts[k].name())
			return r
		}
	}
	return r
}

// String says what was run.
func (r *StudentsRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	s := r.Students
	settled, gradients := 0, 0
	for _, e := range r.Ends {
		settled += e.Settled
		gradients += e.Gradients
	}
	out := fmt.Sprintf("students: %d starts of m = %d on teachers of m* = %d neurons at d = %d, α = %.4g, %d trials, seed %d, %d gradients",
		len(r.Ends), s.Width, s.Teacher, s.D, s.Alpha, s.Trials, s.Seed, gradients)
	if settled > 0 {
		out += fmt.Sprintf("; %d trainings ended in a local minimum", settled)
	}
	for i, mu := range s.Mu {
		var x []float64
		for _, e := range r.source(mu) {
			x = append(x, e.Alignment)
		}
		if i == 0 {
			out += "\nkernel alignment of the pretrained student with its source:"
		}
		out += fmt.Sprintf("\nμ = %.4g: %s", mu, value(theory.Mean(x)))
	}
	return out
}

// SimpleRender shows the run in a notebook.
func (r *StudentsRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
