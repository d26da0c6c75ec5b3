package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// Measure measures quantities of your own over a grid of settings. It calls Trial for every
// data set of every grid cell, on all cores; Trial returns values of the same quantities each
// time. The data sets are those of an [Experiment] with the method [Solve] and the same seed:
// all cells of a trial share one source, one plane of targets and the first n points of one
// sample.
//
//	cosine := experiment.Quantity("cosine of scratch and target")
//	run := experiment.Measure{
//		Name:   "alignment",
//		Grid:   experiment.Grid{D: 50, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.2}},
//		Trials: 200,
//		Seed:   1,
//		Trial: func(t experiment.Draw) experiment.Values {
//			beta, err := linear.NewInterpolator(t.Data.X).MinNorm(t.Data.Y)
//			t.Check(err)
//			return experiment.Values{cosine: floats.Dot(beta, t.Tasks.Target) / floats.Norm(beta, 2)}
//		},
//	}.Run()
//	run.Measured(cosine, experiment.Gamma, experiment.None)
type Measure struct {
	Name   string
	Grid   Grid
	Trials int // at least 2
	Seed   uint64
	// Trial measures one data set and returns finite numbers. Several goroutines call it at
	// the same time, so it must not write to shared variables.
	Trial func(t Draw) Values
	// Key identifies the function Trial in the cache of trials, together with Name and the
	// parameters of the notebook. Change it whenever you change Trial or a variable that
	// Trial uses, and give each measurement a key or a name of its own: two with the same
	// share their trials. Every run measures trial 0 of the first cell, and it is an error if
	// another value is stored; a change that leaves this trial as it was is not found. Without
	// a key, trials are not cached and every run measures them. A run in shards stores them
	// under the code of the notebook, after all earlier studies are complete.
	Key string
	// Pace is the pace of the notebook, see Experiment.
	Pace string
	// Workers limits the cores used; 0 means all. It does not change numbers.
	Workers int
}

// Quantity returns the quantity with a name of your own.
func Quantity(name string) theory.Quantity { return theory.Quantity(name) }

// Values are the measurements of a trial.
type Values map[theory.Quantity]float64

// Draw is the data set of one trial at one setting.
type Draw struct {
	Setting theory.Setting
	Trial   int
	Tasks   task.Pair // the source and the target
	Data    task.Data // n points of the target
	Source  task.Data // n_s points of the source, empty for unlimited source data
	Context context.Context
	seed    uint64
}

// Check ends the trial if err is not nil. The error of the table names the trial.
func (t Draw) Check(err error) {
	if err != nil {
		panic(checked{err})
	}
}

// checked is the panic of Check.
type checked struct{ err error }

// Rand returns the k-th random stream of the trial, which is independent of its data. The
// streams of two cells differ unless the cells differ only in ridge, depth or weight decay.
func (t Draw) Rand(k int) *rand.Rand {
	return rand.New(rand.NewPCG(task.Seed(t.seed, "measure", uint64(t.Setting.N), uint64(t.Setting.D), math.Float64bits(t.Setting.Theta),
		math.Float64bits(t.Setting.Sigma), uint64(t.Setting.Features), uint64(t.Setting.SourceN), math.Float64bits(t.Setting.SourceSigma),
		math.Float64bits(t.Setting.Norm), uint64(t.Trial), uint64(k)), uint64(k)))
}

// Run measures on the cores of the machine.
func (m Measure) Run() *Table { return run(m) }

func (m Measure) plan() (*plan, error) {
	settings, err := m.Grid.Settings()
	if err != nil {
		return nil, err
	}
	switch {
	case m.Name == "":
		return nil, errors.New("experiment: Name is empty: it names the measurement in messages")
	case m.Trial == nil:
		return nil, errors.New("experiment: Trial is nil: it is the function that measures one data set")
	case m.Workers < 0 || m.Workers > maxWorkers:
		return nil, fmt.Errorf("experiment: Workers = %d: it must be 0 (all cores) or above, and at most %d", m.Workers, maxWorkers)
	}
	if err := checkPace(m.Pace); err != nil {
		return nil, err
	}
	if err := checkTrials(m.Trials, len(settings)); err != nil {
		return nil, err
	}
	for _, s := range settings {
		if err := checkMatrix("max(N, SourceN, Features) × D", max(s.N, s.SourceN, s.Features), s.D); err != nil {
			return nil, err
		}
	}
	p := &plan{name: m.Name, trials: m.Trials, origin: origin{Solve, m.Seed}, workers: m.Workers, partial: true}
	for _, s := range settings {
		p.cells = append(p.cells, Cell{Setting: s})
	}
	// The first trial determines the quantities.
	var first Values
	p.prepare = func(ctx context.Context) (err error) {
		if first, err = m.measure(ctx, settings[0], 0); err == nil {
			if p.quantities = slices.Sorted(maps.Keys(first)); len(first) == 0 {
				return fmt.Errorf("%s: Trial returned no values", m.Name)
			}
			_, err = ordered(first, p.quantities)
		}
		if err != nil {
			return fmt.Errorf("%s, trial 0 at %v: %w", m.Name, settings[0], err)
		}
		return nil
	}
	code := session.Code(m.Name)
	var parameters map[string]string
	if m.Key != "" {
		code, parameters = "", session.Parameters()
	}
	eachTrial{kind: "measure",
		title: func(cell, trial int) string { return fmt.Sprintf("%s, trial %d at %v", m.Name, trial, settings[cell]) },
		key: func(cell, trial int) any {
			return struct {
				Name, Key, Code string
				Quantities      []theory.Quantity
				Setting         theory.Setting
				Trial           int
				Seed            uint64
				Parameters      map[string]string
			}{m.Name, m.Key, code, p.quantities, settings[cell], trial, m.Seed, parameters}
		},
		measure: func(ctx context.Context, cell, trial int) (out []float64, err error) {
			v := first
			if cell > 0 || trial > 0 {
				if v, err = m.measure(ctx, settings[cell], trial); err != nil {
					return nil, err
				}
			}
			return ordered(v, p.quantities)
		}}.work(p)
	if m.Key != "" {
		p.work.Check = func(unit, _ int, stored []float64) error {
			if unit > 0 {
				return nil
			}
			return m.same(stored, first, p.quantities)
		}
	}
	p.work.Cheap = m.Key == "" // a store knows the code, a cache does not
	// A key does not say what Trial takes from the results of earlier studies.
	if m.Key == "" && code == "" || session.Incomplete() {
		p.work.Key = nil
	}
	return p, nil
}

// same returns an error if the stored values of a trial are not those that Trial returns.
func (m Measure) same(stored []float64, now Values, quantities []theory.Quantity) error {
	const rounding = 1e-9 // two interpreters may round otherwise
	for i, q := range quantities {
		if math.Abs(stored[i]-now[q]) > rounding*math.Max(math.Abs(stored[i]), math.Abs(now[q])) {
			return fmt.Errorf("under Key = %q another function is stored: its %s is %v, and that of Trial is %v: take a key that no other measurement has, and change it with all that Trial uses", m.Key, q, stored[i], now[q])
		}
	}
	return nil
}

// ordered returns the values in the order of the quantities.
func ordered(v Values, quantities []theory.Quantity) ([]float64, error) {
	out := make([]float64, len(quantities))
	for i, q := range quantities {
		x, ok := v[q]
		switch {
		case !ok || len(v) != len(quantities):
			return nil, fmt.Errorf("the function Trial returned %q, in trial 0 %q: it must return the same quantities each time", slices.Sorted(maps.Keys(v)), quantities)
		case math.IsNaN(x) || math.IsInf(x, 0):
			return nil, fmt.Errorf("%s is %v: it must be a finite number", q, x)
		}
		out[i] = x
	}
	return out, nil
}

// measure draws one data set and calls Trial on it.
func (m Measure) measure(ctx context.Context, s theory.Setting, trial int) (v Values, err error) {
	set, err := dataSet(m.Seed, s, trial)
	if err != nil {
		return nil, err
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case checked:
			err = p.err
		default:
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return m.Trial(Draw{Setting: s, Trial: trial, Tasks: set.pair, Data: set.target, Source: set.source, Context: ctx, seed: m.Seed}), nil
}

func (m Measure) about(t *Table) string {
	out := fmt.Sprintf("%s: %s × %d trials, seed %d", m.Name, cells(len(t.Cells)), m.Trials, m.Seed)
	if len(t.Cells) == 1 {
		for _, q := range t.Quantities() {
			if v, err := t.Cells[0].Mean(q); err == nil {
				out += fmt.Sprintf("\n%s: %s", q, verdict.Format(v))
			}
		}
	}
	if t.Interrupted {
		out += fmt.Sprintf("\ninterrupted: %d trials in the first cell", t.Cells[0].Trials())
	}
	return out
}
