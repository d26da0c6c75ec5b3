// Package experiment measures the quantities of the paper over grids of settings and
// compares them with theory.
//
// A study is a struct that describes a measurement: [Experiment] for the risks of linear
// networks, [Pretraining], [Transports], [Students], [Teachers], [Kernels], [Curves], [Flows],
// and [Measure] for quantities of your own. Its method Run does all trials in parallel and
// returns a [Table], whose methods return points and theory lines to plot, and verdicts. A
// seed gives the same numbers on any number of cores.
//
//	run := experiment.Experiment{
//		Method: experiment.Solve,
//		Trials: 200,
//		Seed:   1,
//		Grid:   experiment.Grid{D: 100, Gamma: []float64{0.5, 1.5}, Theta: []float64{math.Pi / 4}, Sigma: []float64{0.2}},
//	}.Run()
//	run.Verdict(theory.LinearTransferability)
package experiment

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/stat"
)

// Table is the result of a study: values by quantity, cell and trial. It is never nil. If
// the study failed, Err returns the error, and so do the series, planes and verdicts of the
// table.
type Table struct {
	Cells       []Cell
	Interrupted bool // the run was stopped; Cells hold the finished trials

	study   Study // nil if the table could not be read
	trials  int   // asked for in each cell
	origin  origin
	origins map[theory.Quantity]origin // of quantities with another method

	unmeasured bool // cells for theory alone
	err        error
}

// Cell is a grid cell: a setting and its trials.
type Cell struct {
	// Setting is the setting of the trials. Studies of ReLU networks and of pretraining set
	// only some of its fields; At returns the other coordinates.
	Setting theory.Setting

	name       string                  // the name in a verdict
	at         map[theory.Axis]float64 // coordinates that are not in the setting
	quantities []theory.Quantity       // measured in this cell, if not all of the study
	values     map[theory.Quantity][]float64
	means      *means                        // instead of values, if trials are not kept
	folded     *folded                       // instead of values, if trials are drawn again
	courses    map[theory.Quantity][]curve   // against time, of the first trial
	scratch    map[theory.Quantity][]float64 // risks from scratch, of other cells of the table
	done       []bool                        // which trials are done, while they run
	left       int                           // trials that are not done, where a complete cell is folded
}

// means are the means over trials with their standard errors.
type means struct {
	trials int
	values map[theory.Quantity]theory.Value
}

// failed returns the table of a study that failed.
func failed(study Study, err error) *Table { return &Table{study: study, err: err} }

// Err returns the error of the study, or nil. A cell whose study failed fails too, unless it
// asks for the error.
func (t *Table) Err() error {
	session.Heard(t.err)
	return t.err
}

// fail returns an empty table that carries the error.
func (t *Table) fail(err error) *Table {
	return &Table{study: t.study, trials: t.trials, origin: t.origin, origins: t.origins, Interrupted: t.Interrupted, unmeasured: t.unmeasured, err: err}
}

// part returns the table of the cells that satisfy keep.
func (t *Table) part(keep func(c Cell) bool) *Table {
	out := t.fail(t.err)
	for _, c := range t.Cells {
		if keep(c) {
			out.Cells = append(out.Cells, c)
		}
	}
	return out
}

// Where returns the table of the cells whose settings satisfy keep. It is an error if there
// are none.
func (t *Table) Where(keep func(s theory.Setting) bool) *Table {
	out := t.part(func(c Cell) bool { return keep(c.Setting) })
	if out.err == nil && len(out.Cells) == 0 {
		out.err = errors.New("experiment: Where keeps no grid cell")
	}
	return out
}

// At returns the table of the cells with one of the values on an axis. Cells without this
// coordinate, such as those of training from scratch on the axis Mu, are kept. A value
// without a cell is an error.
func (t *Table) At(axis theory.Axis, values ...float64) *Table {
	found := map[float64]bool{}
	out := t.part(func(c Cell) bool {
		x, ok := c.coordinate(axis)
		if ok && slices.Contains(values, x) {
			found[x] = true
			return true
		}
		return !ok
	})
	for _, x := range values {
		if out.err == nil && !found[x] {
			return t.fail(fmt.Errorf("experiment: %s = %v: the table has no grid cell there", axis, x))
		}
	}
	return out
}

// coordinate returns the coordinate of the cell on an axis, if it has one.
func (c Cell) coordinate(axis theory.Axis) (float64, bool) {
	if x, ok := c.at[axis]; ok {
		return x, true
	}
	x, err := axis.Of(c.Setting)
	return x, err == nil
}

// At returns the coordinate of the cell on an axis, NaN if it has none.
func (c Cell) At(axis theory.Axis) float64 {
	if x, ok := c.coordinate(axis); ok {
		return x
	}
	return math.NaN()
}

// moved returns the cell at another coordinate on an axis, without values.
func (c Cell) moved(axis theory.Axis, x float64) Cell {
	out := Cell{Setting: c.Setting, at: maps.Clone(c.at)}
	if _, ok := out.at[axis]; ok {
		out.at[axis] = x
	}
	_ = axis.Set(&out.Setting, &theory.Limit{}, x) // other axes are in at
	return out
}

// String returns the name of the cell.
func (c Cell) String() string {
	if c.name != "" {
		return c.name
	}
	return c.Setting.String()
}

// Trials returns the number of trials in the cell.
func (c Cell) Trials() int {
	if c.means != nil {
		return c.means.trials
	}
	if c.folded != nil {
		return c.folded.trials
	}
	for _, x := range c.values {
		return len(x)
	}
	return 0
}

// terms returns the two quantities whose difference is q.
func terms(q theory.Quantity) (a, b theory.Quantity, ok bool) {
	switch q {
	case theory.TLinear:
		return theory.RiskScratch, theory.RiskLinear, true
	case theory.TFineTune:
		return theory.RiskScratch, theory.RiskFineTune, true
	case theory.TLinearTuned:
		return theory.RiskTuned, theory.RiskLinear, true
	}
	return "", "", false
}

// column returns the trials of q, or nil.
func (c Cell) column(q theory.Quantity) []float64 {
	values := c.trialsOf()
	if x := values[q]; x != nil {
		return x
	}
	a, b, ok := terms(q)
	if !ok {
		return nil
	}
	x, y := values[a], values[b]
	if x == nil {
		x = c.scratch[a]
	}
	if x == nil || y == nil {
		return nil
	}
	out := make([]float64, len(x))
	for i := range out {
		out[i] = x[i] - y[i]
	}
	return out
}

// Values returns a copy of the trials of the quantity q. It is an error if q was not
// measured in the cell, if only means were kept, or if there are fewer than 2 trials.
func (c Cell) Values(q theory.Quantity) ([]float64, error) {
	if c.means != nil {
		return nil, fmt.Errorf("experiment: %v has no trials: only their means were kept", c)
	}
	out := slices.Clone(c.column(q))
	if out == nil || slices.ContainsFunc(out, math.IsNaN) {
		return nil, fmt.Errorf("experiment: %s was not measured at %v: its procedure was not run, or it is not defined there", q, c)
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("experiment: %d finished trials at %v: a standard error needs at least 2", len(out), c)
	}
	return out, nil
}

// has reports whether q was measured in the cell.
func (c Cell) has(q theory.Quantity) bool {
	if c.means != nil {
		_, ok := c.means.values[q]
		return ok
	}
	if c.folded != nil {
		a, b, ok := terms(q)
		return slices.Contains(c.quantities, q) || ok && slices.Contains(c.quantities, a) && slices.Contains(c.quantities, b)
	}
	return c.column(q) != nil
}

// none returns NaN, with a standard error of NaN.
func none() theory.Value { return theory.Value{Value: math.NaN(), StdErr: math.NaN()} }

// Mean returns the mean of q over trials and its standard error. With an error it is NaN,
// which no study accepts as a parameter.
func (c Cell) Mean(q theory.Quantity) (theory.Value, error) {
	if c.means != nil {
		v, ok := c.means.values[q]
		if !ok {
			return none(), fmt.Errorf("experiment: %s was not measured at %v", q, c)
		}
		return v, nil
	}
	if c.folded != nil {
		if v, ok := c.folded.means[q]; ok {
			return v, nil
		}
	}
	x, err := c.Values(q)
	if err != nil {
		return none(), err
	}
	return theory.Mean(x), nil
}

// Wins returns the share of trials in which the transferability q is positive, with its
// binomial standard error.
func (c Cell) Wins(q theory.Quantity) (theory.Value, error) {
	if c.folded != nil {
		if v, ok := c.folded.wins[q]; ok {
			return v, nil
		}
	}
	x, err := c.Values(q)
	if err != nil {
		return none(), err
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
		return math.NaN(), err
	}
	slices.Sort(x)
	return stat.Quantile(0.5, stat.LinInterp, x, nil), nil
}

// Mean returns the mean of q in the only cell of the table, with its standard error. More
// cells are an error: see [Table.Measured].
func (t *Table) Mean(q theory.Quantity) (theory.Value, error) {
	if t.err != nil {
		return none(), t.err
	}
	if len(t.Cells) != 1 {
		return none(), fmt.Errorf("experiment: the table has %d grid cells: select one with Where or At", len(t.Cells))
	}
	return t.Cells[0].Mean(q)
}

// String describes the run, or returns the text of its error.
func (t *Table) String() string {
	if t.err != nil {
		return t.err.Error()
	}
	return t.study.about(t)
}

// SimpleRender shows the description in a notebook.
func (t *Table) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": t.String()}
}
