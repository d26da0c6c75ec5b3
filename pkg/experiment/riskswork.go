package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// risks are the quantities of one trial.
var risks = [...]theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.ScaleC, theory.RiskTuned, theory.FeatureResidual}

// drawn is the number of them in a draw of the law.
const drawn = 4

func values(r theory.Risks) []float64 {
	return []float64{r.Scratch, r.Linear, r.FineTune, r.Scale, r.Tuned, r.Residual}
}

// block is the number of draws of the law in a unit: a single draw is too cheap to
// schedule.
const block = 1024

func (e Experiment) defaults() Experiment {
	if e.Alpha == 0 {
		e.Alpha = DefaultAlpha
	}
	return e
}

func (e Experiment) plan() (*plan, error) {
	settings, err := e.Settings()
	if err != nil {
		return nil, err
	}
	e = e.defaults()
	p := &plan{name: "risks by " + string(e.Method), quantities: risks[:], trials: e.Trials, origin: origin{e.Method, e.Seed}, workers: e.Workers, partial: true}
	for _, s := range settings {
		p.cells = append(p.cells, Cell{Setting: s})
	}
	switch {
	case e.Independent:
		e.independent(p, settings)
	case e.Method == Law:
		e.draws(p, settings)
	case e.Method == Train:
		e.trainings(p, settings)
	default:
		e.solutions(p, settings)
	}
	e.estimate(p, settings)
	return p, nil
}

// draws makes units of consecutive draws of the law in one cell.
func (e Experiment) draws(p *plan, settings []theory.Setting) {
	p.quantities = risks[:drawn]
	blocks := (e.Trials + block - 1) / block
	place := func(unit int) (cell, first, last int) {
		cell, first = unit/blocks, unit%blocks*block
		return cell, first, min(first+block, e.Trials)
	}
	p.folds = len(settings) > unfoldedCells && len(settings)*e.Trials > unfoldedTrials
	var mu sync.Mutex // units of a cell are filled in parallel
	p.fill = func(t *Table, unit, _ int, v []float64) {
		cell, first, _ := place(unit)
		c, trials := &t.Cells[cell], len(v)/drawn
		if p.folds {
			mu.Lock()
			c.open(e.Trials)
			mu.Unlock()
		}
		for i := range trials {
			c.set(first+i, v[i*drawn:(i+1)*drawn])
		}
		if !p.folds {
			return
		}
		mu.Lock()
		c.left -= trials
		complete := c.left == 0
		mu.Unlock()
		if complete {
			c.fold(func() map[theory.Quantity][]float64 { return e.again(settings[cell]) })
		}
	}
	p.work = trial.Work{Kind: "law", Cheap: true, Units: len(settings) * blocks, Parts: onePart,
		Trials: func(unit int) int { _, first, last := place(unit); return last - first },
		Title: func(unit int) string {
			cell, first, last := place(unit)
			return fmt.Sprintf("trials %d to %d at %v", first, last-1, settings[cell])
		},
		Key: func(unit, _ int) any {
			cell, first, last := place(unit)
			return struct {
				Setting     theory.Setting
				First, Last int
				Seed        uint64
			}{settings[cell], first, last, e.Seed}
		},
		Measure: func(ctx context.Context, unit int, _ []int, done func(int, []float64)) error {
			cell, first, last := place(unit)
			law, err := theory.NewLaw(settings[cell])
			if err != nil {
				return err
			}
			out := make([]float64, 0, (last-first)*drawn)
			for trial := first; trial < last && ctx.Err() == nil; trial++ {
				out = append(out, e.draw(law, settings[cell], trial)...)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			done(0, out)
			return nil
		}}
}

// draw returns one trial of the law.
func (e Experiment) draw(law theory.Law, s theory.Setting, trial int) []float64 {
	return values(law.Draw(ownStream(e.Seed, s, trial, streamLaw)))[:drawn]
}

// again draws the trials of a cell of the law again.
func (e Experiment) again(s theory.Setting) map[theory.Quantity][]float64 {
	law, err := theory.NewLaw(s)
	if err != nil {
		panic(err) // it was drawn from before
	}
	out := map[theory.Quantity][]float64{}
	for trial := range e.Trials {
		for i, x := range e.draw(law, s, trial) {
			out[risks[i]] = append(out[risks[i]], x)
		}
	}
	return out
}

// trainings makes a unit of each trial of a cell.
func (e Experiment) trainings(p *plan, settings []theory.Setting) {
	eachTrial{kind: "trial",
		title: func(cell, trial int) string { return fmt.Sprintf("trial %d: %v", trial, settings[cell]) },
		key:   func(cell, trial int) any { return e.key(settings[cell], trial) },
		measure: func(ctx context.Context, cell, trial int) ([]float64, error) {
			r, err := e.train(ctx, settings[cell], trial)
			return values(r), err
		}}.work(p)
}

// solutions makes a unit of each trial, in which all cells share the data.
func (e Experiment) solutions(p *plan, settings []theory.Setting) {
	order := inOrder(settings)
	p.fill = func(t *Table, unit, part int, v []float64) { t.Cells[order[part]].set(unit, v) }
	p.work = trial.Work{Kind: "trial", Units: e.Trials, Parts: func(int) int { return len(settings) },
		Title: func(unit int) string { return fmt.Sprintf("trial %d", unit) },
		Key:   func(unit, part int) any { return e.key(settings[order[part]], unit) },
		Measure: func(ctx context.Context, unit int, missing []int, done func(int, []float64)) error {
			shared := newDataSets(e.Seed, unit, settings)
			for _, part := range missing {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				s := settings[order[part]]
				r, err := e.solve(s, shared)
				if err != nil {
					return fmt.Errorf("%v: %w", s, err)
				}
				done(part, values(r))
			}
			return nil
		}}
}

// key holds everything that determines the risks of one trial.
func (e Experiment) key(s theory.Setting, trial int) any {
	key := struct {
		Setting    theory.Setting
		Trial      int
		Seed       uint64
		Method     Method
		Procedures []bool
		Alpha      float64
		ExactFit   bool
		Balanced   bool
	}{Setting: s, Trial: trial, Seed: e.Seed, Method: e.Method}
	for _, p := range []Procedure{Scratch, Transfer, FineTune, Tuned} {
		key.Procedures = append(key.Procedures, e.runs(p))
	}
	if e.Method == Train {
		key.Alpha, key.ExactFit, key.Balanced = e.Alpha, e.ExactFit, e.Balanced
	}
	return key
}

// meaned are the quantities of which an independent cell keeps the mean.
var meaned = [...]theory.Quantity{theory.RiskScratch, theory.RiskTuned, theory.RiskLinear, theory.RiskFineTune,
	theory.TLinear, theory.TFineTune, theory.TLinearTuned, theory.ScaleC, theory.FeatureResidual}

// independent makes a unit of each cell, whose trials use all cores.
func (e Experiment) independent(p *plan, settings []theory.Setting) {
	p.quantities = nil
	p.fill = func(t *Table, unit, _ int, v []float64) {
		m := &means{trials: e.Trials, values: map[theory.Quantity]theory.Value{}}
		for i, q := range meaned {
			if !math.IsNaN(v[2*i]) {
				m.values[q] = theory.Value{Value: v[2*i], StdErr: v[2*i+1]}
			}
		}
		t.Cells[unit].means = m
	}
	p.work = trial.Work{Kind: "means", Inner: true, Units: len(settings), Parts: onePart,
		Trials: func(int) int { return e.Trials },
		Title:  func(unit int) string { return settings[unit].String() },
		Key: func(unit, _ int) any {
			return struct {
				Trial  any
				Trials int
			}{e.key(settings[unit], 0), e.Trials}
		},
		Measure: func(ctx context.Context, unit int, _ []int, done func(int, []float64)) error {
			cell, err := e.alone(settings[unit])
			if err != nil {
				return err
			}
			t, report := cell.run(ctx, e, trial.InnerOptions(ctx))
			if t.err != nil {
				return t.err
			}
			if report.Interrupted {
				return context.Canceled
			}
			var v []float64
			for _, q := range meaned {
				m, err := t.Cells[0].Mean(q)
				if err != nil { // its procedure was not run
					m = theory.Value{Value: math.NaN(), StdErr: math.NaN()}
				}
				v = append(v, m.Value, m.StdErr)
			}
			done(0, v)
			return nil
		}}
}

// alone returns the plan of one independent cell.
func (e Experiment) alone(s theory.Setting) (*plan, error) {
	b, err := json.Marshal(struct {
		Linear theory.Setting `json:"linear"`
	}{s})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "fate sweep %d %s", e.Seed, b))
	e.Seed, e.Independent = binary.LittleEndian.Uint64(sum[:]), false
	p := &plan{quantities: risks[:], trials: e.Trials, cells: []Cell{{Setting: s}}}
	settings := []theory.Setting{s}
	switch e.Method {
	case Law:
		e.draws(p, settings)
	case Train:
		e.trainings(p, settings)
	default:
		e.solutions(p, settings)
	}
	return p, nil
}

func (e Experiment) about(t *Table) string {
	at := fmt.Sprintf("d = %d", e.Grid.D)
	if len(e.Grid.Dimension) > 0 {
		lo, hi := slices.Min(e.Grid.Dimension), slices.Max(e.Grid.Dimension)
		if at = fmt.Sprintf("d = %d", lo); lo < hi {
			at = fmt.Sprintf("d from %d to %d", lo, hi)
		}
	}
	out := fmt.Sprintf("%s: %s × %d trials at %s, seed %d", e.Method, cells(len(t.Cells)), e.Trials, at, e.Seed)
	if e.Method == Train {
		out += fmt.Sprintf(", α = %g", e.defaults().Alpha)
	}
	if t.Interrupted {
		trials := 0
		for _, c := range t.Cells {
			trials += c.Trials()
		}
		out += fmt.Sprintf(" (interrupted: %d of %d trials)", trials, len(t.Cells)*e.Trials)
	}
	return out
}
