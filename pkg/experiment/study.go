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

// Study is a description of what to measure. Those of this package are the only ones; for
// another quantity take [Measure].
type Study interface {
	// Run measures on the cores of the machine.
	Run() *Table
	// plan checks the study and says what is measured where.
	plan() (*plan, error)
	// about says in a line or a few what was run.
	about(t *Table) string
}

// plan is what a study is made of: cells, their trials, and the units of work that fill
// them in.
type plan struct {
	name       string // in messages: "the pretrainings were interrupted"
	cells      []Cell
	quantities []theory.Quantity // measured in cells that do not list their own; none if means alone are
	trials     int
	origin     origin
	origins    map[theory.Quantity]origin
	workers    int
	// prepare, if not nil, makes the plan ready when the study begins.
	prepare func(ctx context.Context) error
	work    trial.Work
	// fill takes the values of a part into the table.
	fill func(t *Table, unit, part int, values []float64)
	// inner makes the work of one unit use the cores and report; see trial.Work.Inner.
	inner func(o trial.Options)
	// partial says that a table of the trials that were done is of use.
	partial bool
	// finish makes what the whole table knows: courses, shared columns.
	finish func(t *Table) error
	cost   cost // for an estimate of the time
}

// columns gives the cells room for their quantities.
func (p *plan) columns() []Cell {
	cells := slices.Clone(p.cells)
	for i := range cells {
		c := &cells[i]
		if c.quantities == nil {
			c.quantities = p.quantities
		}
		c.values = map[theory.Quantity][]float64{}
		for _, q := range c.quantities {
			c.values[q] = slices.Repeat([]float64{math.NaN()}, p.trials)
		}
		if p.partial {
			c.done = make([]bool, p.trials)
		}
	}
	return cells
}

// set puts the values of one trial into the columns of the cell, in the order of its
// quantities.
func (c *Cell) set(trial int, values []float64) {
	for i, q := range c.quantities {
		c.values[q][trial] = values[i]
	}
	if c.done != nil {
		c.done[trial] = true
	}
}

// eachTrial makes a unit of each trial of a cell, which measures one part.
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

// run measures a study as the session of the process says.
func run(study Study) *Table {
	p, err := study.plan()
	if err != nil {
		return failed(study, err)
	}
	s := session.Begin(p.name)
	if p.work.Key == nil && s.Shard.Of > 0 { // its closure may hold what is not complete
		s.End(trial.Report{Units: p.work.Units, Owed: p.work.Units})
		return failed(study, &Owed{Study: p.name, Owed: p.work.Units, Units: p.work.Units, Waits: true})
	}
	t, report := p.run(s.Context, study, s.Trial(p.workers))
	var owed *Owed
	s.Failed = t.err != nil && !errors.As(t.err, &owed)
	s.End(report)
	return t
}

// Owed is the error of a table whose trials other shards measure.
type Owed struct {
	Study       string
	Owed, Units int
	Waits       bool // it was not begun, since a study before it is not complete
}

// Error says what is missing.
func (o *Owed) Error() string {
	if o.Waits {
		return fmt.Sprintf("experiment: %s: it waits for the trials of other shards of the studies before it; with a Key it would not", o.Study)
	}
	return fmt.Sprintf("experiment: %s: %d of %d units are those of other shards", o.Study, o.Owed, o.Units)
}

// run does the work of the plan and makes its table.
func (p *plan) run(ctx context.Context, study Study, o trial.Options) (*Table, trial.Report) {
	if p.prepare != nil {
		if err := trial.Recovered(func() error { return p.prepare(ctx) }); err != nil {
			return failed(study, fmt.Errorf("experiment: %w", err)), trial.Report{}
		}
	}
	t := &Table{study: study, trials: p.trials, origin: p.origin, origins: p.origins, Cells: p.columns()}
	if p.inner != nil {
		p.inner(o)
	}
	p.work.Name = p.name
	report, err := trial.Run(ctx, p.work, o, func(unit, part int, values []float64) { p.fill(t, unit, part, values) })
	switch {
	case err != nil:
		t.err = fmt.Errorf("experiment: %w", err)
	case report.Interrupted && !p.partial:
		t.err = fmt.Errorf("experiment: %s: interrupted with %d of %d units done", p.name, report.Done, report.Units)
	case report.Interrupted:
		t.Interrupted = true
		for i := range t.Cells {
			t.Cells[i].keepDone()
		}
	case report.Owed > 0:
		t.err = &Owed{Study: p.name, Owed: report.Owed, Units: report.Units}
	case p.finish != nil:
		t.err = p.finish(t)
	}
	return t, report
}

// keepDone leaves the trials that are done.
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

// Plan is a study that was checked, for those who run its units themselves.
type Plan struct {
	study Study
	plan  *plan
}

// PlanOf checks a study.
func PlanOf(s Study) (*Plan, error) {
	p, err := s.plan()
	if err != nil {
		return nil, err
	}
	p.work.Name = p.name
	return &Plan{s, p}, nil
}

// Work returns the units of the study.
func (p *Plan) Work() trial.Work { return p.plan.work }

// Run measures the study, or a shard of it, and returns its table: of a shard, an error of
// type [Owed] as long as units of others are missing.
func (p *Plan) Run(ctx context.Context, o trial.Options) (*Table, trial.Report) {
	if p.plan.workers > 0 && o.Workers == 0 {
		o.Workers = p.plan.workers
	}
	return p.plan.run(ctx, p.study, o)
}

// pack writes vectors one after another, each behind its length.
func pack(vectors ...[]float64) (out []float64) {
	for _, v := range vectors {
		out = append(append(out, float64(len(v))), v...)
	}
	return out
}

// unpack reads what pack wrote; it returns as many vectors as there are.
func unpack(values []float64) (out [][]float64) {
	for len(values) > 0 {
		n := int(values[0])
		out = append(out, values[1:1+n])
		values = values[1+n:]
	}
	return out
}
