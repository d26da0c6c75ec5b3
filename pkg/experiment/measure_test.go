package experiment

import (
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
)

// scratchOf measures the risk from scratch by the primitives.
func scratchOf(d Draw) Values {
	beta, err := linear.NewInterpolator(d.Data.X).MinNorm(d.Data.Y)
	d.Check(err)
	return Values{theory.RiskScratch: d.Tasks.Risk(beta)}
}

func ownMeasure() Measure {
	return Measure{Name: "own", Trials: 5, Seed: 3, Trial: scratchOf,
		Grid: Grid{D: 20, Gamma: []float64{0.5, 1.6}, Theta: []float64{0.4}, Sigma: []float64{0, 0.3}, Norm: []float64{1, 2}}}
}

// The data of a trial are those of an Experiment with the same seed: a risk that is measured
// by hand is that of the solver. The two solve in another order of operations.
func TestMeasureSeesTheDataOfExperiments(t *testing.T) {
	m := ownMeasure()
	own := must(t, m.Run())
	solved := must(t, Experiment{Grid: m.Grid, Method: Solve, Trials: m.Trials, Seed: m.Seed, Procedures: []Procedure{Scratch}}.Run())
	for i, c := range own.Cells {
		for trial, got := range c.values[theory.RiskScratch] {
			if want := trialOf(solved.Cells[i], theory.RiskScratch, trial); c.Setting != solved.Cells[i].Setting || math.Abs(got-want) > 1e-9*(want+1) {
				t.Errorf("%v, trial %d: %v, by the solver %v", c, trial, got, want)
			}
		}
	}
	m.Workers = 1
	if d := diff(own, must(t, m.Run())); d != "" {
		t.Error("one core differs:", d)
	}
}

// An error names the measurement, the trial and the place; so does a panic.
func TestMeasureRefuses(t *testing.T) {
	var calls atomic.Int64
	for want, change := range map[string]func(m *Measure){
		"Name is empty":   func(m *Measure) { m.Name = "" },
		"Trial is nil":    func(m *Measure) { m.Trial = nil },
		"Trials = 1":      func(m *Measure) { m.Trials = 1 },
		"Gamma is empty":  func(m *Measure) { m.Grid.Gamma = nil },
		`Pace = "slow"`:   func(m *Measure) { m.Pace = "slow" },
		"Workers = -1":    func(m *Measure) { m.Workers = -1 },
		"max(N, SourceN,": func(m *Measure) { m.Grid.D, m.Grid.Gamma = 1_000_000, []float64{1} },
		"own, trial 0 at n=10 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: no luck":     func(m *Measure) { m.Trial = func(d Draw) Values { d.Check(errors.New("no luck")); return nil } },
		"own, trial 0 at n=10 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: panic: ouch": func(m *Measure) { m.Trial = func(Draw) Values { panic("ouch") } },
		"returned no values": func(m *Measure) { m.Trial = func(Draw) Values { return nil } },
		"own, trial 0 at n=10 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: x is NaN: it must be a finite number": func(m *Measure) { m.Trial = func(Draw) Values { return Values{"x": math.NaN()} } },
		"own, trial 2 at n=32 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: x is +Inf: it must be a finite number": func(m *Measure) {
			m.Trial = func(d Draw) Values {
				if d.Trial == 2 && d.Setting.N == 32 && d.Setting.Sigma == 0 && d.Setting.Norm == 1 {
					return Values{"x": math.Inf(1)}
				}
				return Values{"x": 1}
			}
		},
		"the same quantities each time": func(m *Measure) {
			m.Trial = func(d Draw) Values {
				if d.Trial == 3 {
					return Values{"y": 1}
				}
				return Values{"x": 1}
			}
		},
		"own, trial 4 at n=32": func(m *Measure) {
			m.Trial = func(d Draw) Values {
				calls.Add(1)
				if d.Trial == 4 && d.Setting.N == 32 {
					d.Check(errors.New("late"))
				}
				return Values{"x": 1}
			}
		},
	} {
		m := ownMeasure()
		change(&m)
		if err := m.Run().Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// Trials are kept under the key, and under nothing without one; another key, seed or
// quantity measures again.
func TestMeasureKeepsTrialsUnderItsKey(t *testing.T) {
	var calls atomic.Int64
	m := ownMeasure()
	m.Trial = func(d Draw) Values { calls.Add(1); return scratchOf(d) }
	want := must(t, m.Run())
	withCache(t, t.TempDir())
	units := len(want.Cells) * m.Trials
	for _, c := range []struct {
		what   string
		change func()
		calls  int
	}{
		{"no key", func() {}, units},
		{"no key again", func() {}, units},
		{"a key", func() { m.Key = "1" }, units},
		{"the key again", func() {}, 1}, // the first trial tells what is measured
		{"more trials", func() { m.Trials++ }, len(want.Cells) + 1},
		{"another seed", func() { m.Seed++ }, units + len(want.Cells)},
		{"another key", func() { m.Key = "2" }, units + len(want.Cells)},
	} {
		c.change()
		calls.Store(0)
		r := must(t, m.Run())
		if got := int(calls.Load()); got != c.calls {
			t.Errorf("%s: %d calls of Trial, want %d", c.what, got, c.calls)
		}
		if c.what == "the key again" {
			if d := diff(want, r); d != "" {
				t.Error(d)
			}
		}
	}
}

// Two functions under one key, a variable that changed, and another seed of the random
// numbers are found by the trial that every run measures; a value that only rounds otherwise
// is the same. Another parameter of the notebook is another key.
func TestMeasureFindsAnotherFunctionUnderItsKey(t *testing.T) {
	withCache(t, t.TempDir())
	m := ownMeasure()
	m.Key = "1"
	factor := 1.0
	m.Trial = func(d Draw) Values { return Values{"x": factor * float64(1+d.Trial), "y": 3} }
	must(t, m.Run())
	factor = 1 + 1e-12
	must(t, m.Run())
	factor = 2
	if err := m.Run().Err(); err == nil || !strings.Contains(err.Error(), `own, trial 0 at n=10 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: under Key = "1" another function is stored: its x is 1, and that of Trial is 2`) {
		t.Errorf("a changed variable: %v", err)
	}
	factor = math.NaN() // which no comparison finds
	if err := m.Run().Err(); err == nil || !strings.Contains(err.Error(), "own, trial 0 at n=10 d=20 θ=22.92° σ=0 ‖βt‖=1 L=2: x is NaN") {
		t.Errorf("a variable that is no number any more: %v", err)
	}
	factor = 2
	session.Change(func(o *session.Options) { o.Parameters = map[string]string{"factor": "2"} })
	defer session.Change(func(o *session.Options) { o.Parameters = nil })
	r := must(t, m.Run())
	for _, c := range r.Cells {
		for trial, x := range c.values["x"] {
			if want := 2 * float64(1+trial); x != want {
				t.Errorf("%v, trial %d: %v, want %v", c, trial, x, want)
			}
		}
	}
}

// The random numbers of a trial are its own, the same each time, and others for another k.
func TestMeasureRand(t *testing.T) {
	m := ownMeasure()
	m.Trial = func(d Draw) Values { return Values{"a": d.Rand(0).Float64(), "b": d.Rand(1).Float64()} }
	first := must(t, m.Run())
	if d := diff(first, must(t, m.Run())); d != "" {
		t.Error(d)
	}
	seen := map[float64]bool{}
	for _, c := range first.Cells {
		for _, x := range c.values {
			for _, v := range x {
				seen[v] = true
			}
		}
	}
	if want := 2 * len(first.Cells) * m.Trials; len(seen) != want {
		t.Errorf("%d different numbers of %d", len(seen), want)
	}
}

// An interrupt keeps the trials that are done, and only them.
func TestMeasureIsInterrupted(t *testing.T) {
	m := ownMeasure()
	m.Trials, m.Workers = 1000, 2
	m.Trial = func(d Draw) Values {
		if d.Trial > 2 {
			session.Interrupt()
			<-d.Context.Done()
			d.Check(d.Context.Err())
		}
		return Values{"trial": float64(d.Trial)}
	}
	r := must(t, m.Run())
	if kept := r.Cells[0].Trials(); !r.Interrupted || kept == 0 || kept > 3 {
		t.Errorf("interrupted = %v, %d trials are kept", r.Interrupted, kept)
	}
	for _, c := range r.Cells {
		for _, x := range c.values["trial"] {
			if !(x <= 2) {
				t.Errorf("%v is kept, which was not measured", x)
			}
		}
	}
}
