package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Study describes a measurement. Only types of this package implement it; use [Measure] for
// quantities of your own.
type Study interface {
	// Run measures on all cores and returns the table, which carries the error if there is
	// one.
	Run() *Table
	// plan validates the study and returns its plan.
	plan() (*plan, error)
	// about describes the run of a table in one or a few lines.
	about(t *Table) string
}

// plan is a validated study: its cells, the number of trials, and the units of work that
// fill the cells.
type plan struct {
	name       string // in messages: "the pretrainings were interrupted"
	cells      []Cell
	quantities []theory.Quantity // of cells that do not list their own; none if only means are kept
	trials     int
	origin     origin
	origins    map[theory.Quantity]origin
	workers    int
	// prepare, if not nil, is called when the study begins.
	prepare func(ctx context.Context) error
	work    trial.Work
	// fill stores the values of a part in the table.
	fill func(t *Table, unit, part int, values []float64)
	// partial tells that a table of the finished trials is useful.
	partial bool
	// folds tells that a complete cell keeps no trials (see folded).
	folds bool
	// finish computes what depends on the whole table: courses, shared columns.
	finish func(t *Table) error
	cost   cost // for an estimate of the time
}

// columns returns the cells with columns of NaN for their quantities.
func (p *plan) columns() []Cell {
	cells := slices.Clone(p.cells)
	for i := range cells {
		c := &cells[i]
		if c.quantities == nil {
			c.quantities = p.quantities
		}
		if p.folds {
			continue // until its first trial
		}
		c.values = map[theory.Quantity][]float64{}
		for _, q := range c.quantities {
			c.values[q] = slices.Repeat([]float64{math.NaN()}, p.trials)
		}
		if p.partial && len(c.quantities) > 0 {
			c.done = make([]bool, p.trials)
		}
	}
	return cells
}

// set stores the values of one trial in the columns of the cell, in the order of its
// quantities.
func (c *Cell) set(trial int, values []float64) {
	for i, q := range c.quantities {
		c.values[q][trial] = values[i]
	}
	if c.done != nil {
		c.done[trial] = true
	}
}

// eachTrial is work with a unit for each trial of a cell, of one part.
type eachTrial struct {
	kind    string
	order   []int // of the cells; nil for that of the table
	title   func(cell, trial int) string
	key     func(cell, trial int) any
	measure func(ctx context.Context, cell, trial int) ([]float64, error)
	fill    func(c *Cell, trial int, v []float64) // nil for Cell.set
}

func (e eachTrial) work(p *plan) {
	place := func(unit int) (cell, trial int) {
		if cell, trial = unit/p.trials, unit%p.trials; e.order != nil {
			cell = e.order[cell]
		}
		return cell, trial
	}
	if e.fill == nil {
		e.fill = (*Cell).set
	}
	p.fill = func(t *Table, unit, _ int, v []float64) {
		cell, trial := place(unit)
		e.fill(&t.Cells[cell], trial, v)
	}
	p.work = trial.Work{Kind: e.kind, Units: len(p.cells) * p.trials, Parts: onePart,
		Title: func(unit int) string { return e.title(place(unit)) },
		Key:   func(unit, _ int) any { return e.key(place(unit)) },
		Measure: func(ctx context.Context, unit int, _ []int, done func(int, []float64)) error {
			cell, trial := place(unit)
			v, err := e.measure(ctx, cell, trial)
			if err == nil {
				done(0, v)
			}
			return err
		}}
}

func onePart(int) int { return 1 }

// run measures a study with the options of the session.
func run(study Study) *Table {
	p, err := study.plan()
	if err != nil {
		session.Fail(err)
		return failed(study, err)
	}
	s := session.Begin(p.name)
	if p.work.Key == nil && s.Shard.Of > 0 { // its closure may use incomplete results
		s.End(trial.Report{Units: p.work.Units, Owed: p.work.Units})
		return failed(study, &Owed{Study: p.name, Owed: p.work.Units, Units: p.work.Units, Waits: true})
	}
	t, report := p.run(s.Context, study, s.Trial(p.workers))
	var owed *Owed
	s.Failed = t.err != nil && !errors.As(t.err, &owed)
	if s.Failed {
		session.Fail(t.err)
	}
	s.End(report)
	return t
}

// Owed is the error of a table with missing units, which other shards measure.
type Owed struct {
	Study       string
	Owed, Units int
	Waits       bool // the study did not begin, because an earlier one is incomplete
}

// Error describes the missing units.
func (o *Owed) Error() string {
	if o.Waits {
		return fmt.Sprintf("experiment: %s: it waits for the trials of other shards of the studies before it", o.Study)
	}
	return fmt.Sprintf("experiment: %s: %d of %d units are those of other shards", o.Study, o.Owed, o.Units)
}

// run does the work of the plan and returns its table.
func (p *plan) run(ctx context.Context, study Study, o trial.Options) (*Table, trial.Report) {
	if p.prepare != nil {
		if err := trial.Recovered(func() error { return p.prepare(ctx) }); err != nil {
			return failed(study, fmt.Errorf("experiment: %w", err)), trial.Report{}
		}
	}
	t := &Table{study: study, trials: p.trials, origin: p.origin, origins: p.origins, Cells: p.columns()}
	report, err := trial.Run(ctx, p.named(), o, func(unit, part int, values []float64) { p.fill(t, unit, part, values) })
	switch {
	case err != nil:
		t.err = fmt.Errorf("experiment: %w", err)
	case report.Interrupted && !p.partial:
		t.err = fmt.Errorf("experiment: %s: interrupted with %d of %d units done", p.name, report.Done, report.Units)
	case report.Interrupted:
		t.Interrupted = true
		for i := range t.Cells {
			t.Cells[i].open(p.trials)
			t.Cells[i].keepDone()
		}
	case report.Owed > 0:
		t.err = &Owed{Study: p.name, Owed: report.Owed, Units: report.Units}
	case p.finish != nil:
		t.err = p.finish(t)
	}
	return t, report
}

// named returns the work with the name of the study.
func (p *plan) named() trial.Work {
	w := p.work
	w.Name = p.name
	return w
}

// keepDone removes unfinished trials from the columns.
func (c *Cell) keepDone() {
	for q, x := range c.values {
		kept := x[:0]
		for i, done := range c.done {
			if done {
				kept = append(kept, x[i])
			}
		}
		c.values[q] = kept
	}
}

// Plan is a validated study whose units can be run one by one or in shards.
type Plan struct {
	study Study
	plan  *plan
}

// PlanOf validates a study and returns its plan.
func PlanOf(s Study) (*Plan, error) {
	p, err := s.plan()
	if err != nil {
		return nil, err
	}
	return &Plan{s, p}, nil
}

// Work returns the units of the study.
func (p *Plan) Work() trial.Work { return p.plan.named() }

// Run measures the study, or a shard of it, and returns its table. The table of a shard has
// an error of type [Owed] while units of other shards are missing.
func (p *Plan) Run(ctx context.Context, o trial.Options) (*Table, trial.Report) {
	if p.plan.workers > 0 && o.Workers == 0 {
		o.Workers = p.plan.workers
	}
	return p.plan.run(ctx, p.study, o)
}

// pack concatenates vectors, each after its length.
func pack(vectors ...[]float64) (out []float64) {
	for _, v := range vectors {
		out = append(append(out, float64(len(v))), v...)
	}
	return out
}

// unpack splits values that pack concatenated.
func unpack(values []float64) (out [][]float64) {
	for len(values) > 0 {
		n := int(values[0])
		out = append(out, values[1:1+n])
		values = values[1+n:]
	}
	return out
}

// cells writes a number of cells.
func cells(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}
