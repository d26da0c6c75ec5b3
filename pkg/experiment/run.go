package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/features-are-fate/fate/pkg/theory"
	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"
)

// Run is the result of an experiment. It is never nil: if the experiment could
// not be done, Err says why, and so does everything that is made from it.
type Run struct {
	Experiment  Experiment
	Cells       []Cell
	Interrupted bool // stopped early; Cells hold the trials that had finished
	err         error
}

// Cell holds the trials at one setting.
type Cell struct {
	Setting theory.Setting
	Risks   []theory.Risks
	Means   *Means // instead of Risks, where they were not kept
}

// Means are the means over Trials ≥ 2 data sets at one setting with their standard
// errors: all that is kept of a cell that was measured elsewhere.
type Means struct {
	Setting theory.Setting
	Trials  int
	Values  map[theory.Quantity]theory.Value
}

// FromMeans returns the run of e, whose Grid and Workers are not read, of cells that were
// measured elsewhere; err is why there are none. Partial says that cells are missing, as
// after an interruption. What needs single trials, as a median or a share of wins, is an
// error of such a run.
func (e Experiment) FromMeans(cells []Means, partial bool, err error) *Run {
	r := &Run{Experiment: e.defaults(), Interrupted: partial, err: err}
	var settings []theory.Setting
	for _, m := range cells {
		settings = append(settings, m.Setting)
		r.Cells = append(r.Cells, Cell{Setting: m.Setting, Means: &m})
		if err := checkTrials(m.Trials, 1); err != nil && r.err == nil {
			r.err = fmt.Errorf("%w: at %v", err, m.Setting)
		}
	}
	if r.err == nil {
		r.err = e.checkAt(settings)
	}
	return r
}

// trials is the number of trials of the cell.
func (c Cell) trials() int {
	if c.Means != nil {
		return c.Means.Trials
	}
	return len(c.Risks)
}

// Err returns why the experiment failed, or nil.
func (r *Run) Err() error { return r.err }

// running holds the cancel functions of the experiments under way.
var running struct {
	sync.Mutex
	cancel map[*context.CancelFunc]bool
}

// Interrupt stops every experiment that is running in this process within a
// moment, and reports whether there was one. Each returns what it has, marked as
// interrupted.
func Interrupt() bool {
	running.Lock()
	defer running.Unlock()
	for c := range running.cancel {
		(*c)()
	}
	return len(running.cancel) > 0
}

func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	running.Lock()
	defer running.Unlock()
	if running.cancel == nil {
		running.cancel = map[*context.CancelFunc]bool{}
	}
	running.cancel[&cancel] = true
	return ctx, func() {
		running.Lock()
		defer running.Unlock()
		delete(running.cancel, &cancel)
		cancel()
	}
}

// Run does all trials of all cells on the cores of the machine and reports its
// progress (see [OnProgress]).
func (e Experiment) Run() *Run {
	settings, err := e.Settings()
	return e.run(settings, err)
}

// RunAt is Run of the given settings instead of the Grid.
func (e Experiment) RunAt(settings ...theory.Setting) *Run {
	return e.run(settings, e.checkAt(settings))
}

// checkAt is check of settings that are of no grid.
func (e Experiment) checkAt(settings []theory.Setting) error {
	for _, s := range settings {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("experiment: %w", err)
		}
	}
	return e.check(settings)
}

func (e Experiment) defaults() Experiment {
	if e.Alpha == 0 {
		e.Alpha = DefaultAlpha
	}
	return e
}

func (e Experiment) run(settings []theory.Setting, err error) *Run {
	e = e.defaults()
	r := &Run{Experiment: e, err: err}
	if err != nil {
		return r
	}
	r.Cells = make([]Cell, len(settings))
	for i, s := range settings {
		r.Cells[i] = Cell{Setting: s, Risks: make([]theory.Risks, e.Trials)}
	}
	ctx, stop := interruptible()
	defer stop()
	done := make([]atomic.Bool, len(settings)*e.Trials)
	keep := func(cell, trial int, risks theory.Risks) {
		r.Cells[cell].Risks[trial] = risks
		done[cell*e.Trials+trial].Store(true)
	}
	name := func(k int) string { return fmt.Sprintf("trial %d", k%e.Trials) }
	switch e.Method {
	case Law: // a hand-over is worth it for many draws at a time
		err = each(ctx, len(done), e.Workers, 1024, name, func(_ context.Context, k int) error {
			cell, trial := k/e.Trials, k%e.Trials
			law, err := theory.NewLaw(settings[cell])
			if err != nil {
				return fmt.Errorf("%v: %w", settings[cell], err)
			}
			keep(cell, trial, law.Draw(ownStream(e.Seed, settings[cell], trial, streamLaw)))
			return nil
		})
	case Train:
		err = each(ctx, len(done), e.Workers, 1, name, func(ctx context.Context, k int) error {
			cell := k / e.Trials
			return e.trials(ctx, settings[cell:cell+1], k%e.Trials, func(_ int, risks theory.Risks) { keep(cell, k%e.Trials, risks) })
		})
	case Solve: // all cells of a trial share its data
		order := inOrder(settings)
		sorted := make([]theory.Setting, len(order))
		for i, cell := range order {
			sorted[i] = settings[cell]
		}
		err = each(ctx, e.Trials, e.Workers, 1, name, func(ctx context.Context, trial int) error {
			return e.trials(ctx, sorted, trial, func(i int, risks theory.Risks) { keep(order[i], trial, risks) })
		})
	}
	switch {
	case errors.Is(err, context.Canceled):
		r.Interrupted = true
		for c := range r.Cells {
			kept := r.Cells[c].Risks[:0]
			for i, risks := range r.Cells[c].Risks {
				if done[c*e.Trials+i].Load() {
					kept = append(kept, risks)
				}
			}
			r.Cells[c].Risks = kept
		}
	case err != nil:
		r.err = err
	}
	return r
}

// each does the tasks 0 … total−1 in blocks on the given number of workers (0 means
// all cores), and reports progress. It returns the error of the first task that
// failed, with its name, or the context's.
func each(ctx context.Context, total, workers, block int, name func(k int) string, task func(ctx context.Context, k int) error) error {
	meter := startMeter(total)
	defer meter.stop()
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range workers {
		group.Go(func() error {
			for {
				first := int(next.Add(int64(block))) - block
				if first >= total || ctx.Err() != nil {
					return ctx.Err()
				}
				for k := first; k < min(first+block, total); k++ {
					if err := recovered(func() error { return task(ctx, k) }); err != nil {
						if ctx.Err() != nil {
							return ctx.Err()
						}
						return fmt.Errorf("experiment: %s: %w", name(k), err)
					}
				}
				meter.add(min(block, total-first))
			}
		})
	}
	return group.Wait()
}

// recovered returns a panic of f as an error: in a goroutine it would end the
// process.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// Where returns the part of the run whose settings satisfy keep.
func (r *Run) Where(keep func(s theory.Setting) bool) *Run {
	out := &Run{Experiment: r.Experiment, Interrupted: r.Interrupted, err: r.err}
	for _, c := range r.Cells {
		if keep(c.Setting) {
			out.Cells = append(out.Cells, c)
		}
	}
	if out.err == nil && len(out.Cells) == 0 {
		out.err = errors.New("experiment: Where keeps no cell of the grid")
	}
	return out
}

// Values returns the trials of the quantity q.
func (c Cell) Values(q theory.Quantity) ([]float64, error) {
	if c.Means != nil {
		return nil, fmt.Errorf("experiment: of %v the means alone were kept, not the trials", c.Setting)
	}
	out := make([]float64, len(c.Risks))
	for i, r := range c.Risks {
		if out[i] = r.Of(q); math.IsNaN(out[i]) {
			return nil, fmt.Errorf("experiment: %s was not measured at %v: its procedure was not run, or it is not defined there", q, c.Setting)
		}
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("experiment: %d finished trials at %v: a standard error needs at least 2", len(out), c.Setting)
	}
	return out, nil
}

// Mean returns the mean of q over trials and its standard error.
func (c Cell) Mean(q theory.Quantity) (theory.Value, error) {
	if c.Means != nil {
		v, ok := c.Means.Values[q]
		if !ok {
			return v, fmt.Errorf("experiment: %s was not measured at %v", q, c.Setting)
		}
		return v, nil
	}
	x, err := c.Values(q)
	if err != nil {
		return theory.Value{}, err
	}
	return theory.Mean(x), nil
}

// Wins returns the share of trials in which the transferability q is positive.
func (c Cell) Wins(q theory.Quantity) (theory.Value, error) {
	x, err := c.Values(q)
	if err != nil {
		return theory.Value{}, err
	}
	wins := 0.0
	for _, t := range x {
		if t > 0 {
			wins++
		}
	}
	n := float64(len(x))
	p := wins / n
	return theory.Value{Value: p, StdErr: math.Sqrt(p * (1 - p) / n)}, nil
}

// Median returns the median of q over trials.
func (c Cell) Median(q theory.Quantity) (float64, error) {
	x, err := c.Values(q)
	if err != nil {
		return 0, err
	}
	slices.Sort(x)
	return stat.Quantile(0.5, stat.LinInterp, x, nil), nil
}

// String says what was run.
func (r *Run) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	e := r.Experiment
	trials := 0
	for _, c := range r.Cells {
		trials += c.trials()
	}
	at := fmt.Sprintf("d = %d", e.Grid.D)
	if e.Grid.D == 0 && len(r.Cells) > 0 { // settings that are of no grid
		lo, hi := r.Cells[0].Setting.D, r.Cells[0].Setting.D
		for _, c := range r.Cells {
			lo, hi = min(lo, c.Setting.D), max(hi, c.Setting.D)
		}
		if at = fmt.Sprintf("d = %d", lo); lo < hi {
			at = fmt.Sprintf("d from %d to %d", lo, hi)
		}
	}
	out := fmt.Sprintf("%s: %d cells × %d trials at %s, seed %d", e.Method, len(r.Cells), e.Trials, at, e.Seed)
	if e.Method == Train {
		out += fmt.Sprintf(", α = %g", e.Alpha)
	}
	if r.Interrupted {
		out += fmt.Sprintf(" (interrupted: %d of %d trials)", trials, len(r.Cells)*e.Trials)
	}
	return out
}

// SimpleRender shows the run in a notebook.
func (r *Run) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
