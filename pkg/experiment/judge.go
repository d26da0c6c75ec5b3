package experiment

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// heavy is the distance |n−d| up to which the risk from scratch has no fourth moment. Its
// sample variance is then unreliable, and medians are compared instead of means.
const heavy = 7

// Verdict compares the mean of every cell with the exact finite-size mean of
// each result, one row a cell. Within |n−d| ≤ 7, where scratch risks have heavy
// tails, it compares the medians with those of the exact law.
func (t *Table) Verdict(results ...theory.Result) *verdict.Verdict {
	return t.verdict(results, func(c Cell, result theory.Result) (verdict.Row, error) {
		if heavyTailed(c, result.Quantity) {
			return medianRow(c, result)
		}
		return meanRow(c, result)
	})
}

func (t *Table) verdict(results []theory.Result, row func(Cell, theory.Result) (verdict.Row, error)) *verdict.Verdict {
	if err := t.verdictError(results); err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, result := range results {
		rows := make([]verdict.Row, len(t.Cells))
		if err := overCells(t.Cells, func(i int, c Cell) (err error) {
			rows[i], err = row(c, result)
			return err
		}); err != nil {
			return verdict.Failed(err)
		}
		v.Rows = append(v.Rows, rows...)
	}
	return v
}

// overCells calls f for all cells, on all cores: exact means can require draws of the law.
func overCells(cells []Cell, f func(i int, c Cell) error) error {
	return trial.Each(len(cells), func(i int) error { return f(i, cells[i]) })
}

func (t *Table) verdictError(results []theory.Result) error {
	switch {
	case t.err != nil:
		return t.err
	case t.Interrupted:
		return errors.New("experiment: the run was interrupted: a verdict needs all trials")
	case len(results) == 0:
		return errors.New("experiment: a verdict needs at least one theory result")
	}
	return nil
}

// heavyTailed reports whether q is a least-squares risk near n = d, or depends on
// the norm of a noisy fit of the source near n_s = d.
func heavyTailed(c Cell, q theory.Quantity) bool {
	near := func(n int) bool { return n-c.Setting.D <= heavy && c.Setting.D-n <= heavy }
	switch q {
	case theory.RiskLinear, theory.RiskTuned, theory.TLinearTuned, theory.FeatureResidual:
		return false
	case theory.RiskFineTune, theory.TFineTune:
		if c.Setting.SourceSigma > 0 && near(c.Setting.SourceN) {
			return true
		}
	}
	return near(c.Setting.N) && c.Setting.Decay == 0
}

func meanRow(c Cell, result theory.Result) (verdict.Row, error) {
	predicted, err := result.Mean(c.Setting)
	if err != nil {
		return verdict.Row{}, err
	}
	measured, err := c.Mean(result.Quantity)
	if err != nil {
		return verdict.Row{}, err
	}
	return verdict.NewRow(result.Name, result.Source, c.Setting.String(), predicted, measured, c.Trials()), nil
}

// medianRow compares medians: z is the deviation of the share of trials below
// the law's median from ½, in binomial standard errors.
func medianRow(c Cell, result theory.Result) (verdict.Row, error) {
	const draws = 1 << 16
	law, err := theory.NewLaw(c.Setting)
	if err != nil {
		return verdict.Row{}, err
	}
	medians, err := law.Medians(draws, 1, result.Quantity)
	if err != nil {
		return verdict.Row{}, err
	}
	predicted := medians[0].Value
	x, err := c.Values(result.Quantity)
	if err != nil {
		return verdict.Row{}, err
	}
	measured, err := c.Median(result.Quantity)
	if err != nil {
		return verdict.Row{}, err
	}
	below, trials := 0.0, float64(len(x))
	for _, v := range x {
		if v < predicted {
			below++
		}
	}
	row := verdict.NewRow(result.Name+", median", "exact law", c.Setting.String(), theory.Value{Value: predicted}, theory.Value{Value: measured}, len(x))
	if row.Z != 0 { // NewRow found the medians to differ
		row.Z = (0.5 - below/trials) / math.Sqrt(0.25/trials+0.25/draws)
	}
	row = row.Known()
	row.Trivial = row.Trivial || trials <= verdict.Agreement*verdict.Agreement // |z| ≤ √trials
	return row, nil
}

// Pooled compares the average of a transferability over all cells where it is positive in
// theory, and over all where it is negative: two rows for a whole phase diagram. The cells
// share the data of a trial, so the standard error is that of the average over trials.
// Cells with |n−d| ≤ 7, whose means are unreliable, are left out. Cells may differ in θ and
// γ alone.
func (t *Table) Pooled(results ...theory.Result) *verdict.Verdict {
	err := t.verdictError(results)
	if err == nil {
		err = t.constant("a pooled verdict needs cells that differ in θ and γ alone", Theta, Gamma)
	}
	if err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, result := range results {
		type pool struct {
			cells             int
			theory, theoryVar float64
			data              []float64 // the sum over cells, for each trial
		}
		var pools [2]pool
		means := make([]theory.Value, len(t.Cells))
		if err := overCells(t.Cells, func(i int, c Cell) (err error) {
			if !heavyTailed(c, result.Quantity) {
				means[i], err = result.Mean(c.Setting)
			}
			return err
		}); err != nil {
			return verdict.Failed(err)
		}
		for i, c := range t.Cells {
			if heavyTailed(c, result.Quantity) {
				continue
			}
			predicted := means[i]
			x, err := c.Values(result.Quantity)
			if err != nil {
				return verdict.Failed(err)
			}
			p := &pools[0]
			if predicted.Value < 0 {
				p = &pools[1]
			}
			if p.data == nil {
				p.data = make([]float64, len(x))
			}
			p.cells++
			p.theory += predicted.Value
			p.theoryVar += predicted.StdErr * predicted.StdErr
			floats.Add(p.data, x)
		}
		s := t.Cells[0].Setting
		for i, region := range []string{"≥ 0", "< 0"} {
			p := pools[i]
			if p.cells == 0 {
				continue
			}
			n := float64(p.cells)
			floats.Scale(1/n, p.data)
			v.Rows = append(v.Rows, verdict.NewRow("mean "+result.Name, result.Source,
				fmt.Sprintf("%d cells with %s %s, %s", p.cells, result.Quantity, region, fixed(s, "n", "θ")),
				theory.Value{Value: p.theory / n, StdErr: math.Sqrt(p.theoryVar) / n}, theory.Mean(p.data), len(p.data)))
		}
	}
	return v
}

// Against compares the mean of q, in every cell in which it was measured, with a prediction
// of your own. source names the theorem or equation in the verdict.
func (t *Table) Against(q theory.Quantity, source string, predict func(c Cell) (theory.Value, error)) *verdict.Verdict {
	if err := t.verdictError(make([]theory.Result, 1)); err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, c := range t.Cells {
		if !c.has(q) {
			continue
		}
		want, err := predict(c)
		if err != nil {
			return verdict.Failed(err)
		}
		m, err := c.Mean(q)
		if err != nil {
			return verdict.Failed(err)
		}
		v.Rows = append(v.Rows, verdict.NewRow(string(q), source, c.String(), want, m, c.Trials()))
	}
	if len(v.Rows) == 0 {
		return verdict.Failed(fmt.Errorf("experiment: %s was not measured: the table has %q", q, t.Quantities()))
	}
	return v
}

// Quantities returns the quantities of the table in alphabetical order.
func (t *Table) Quantities() (out []theory.Quantity) {
	for _, c := range t.Cells {
		names := slices.Collect(maps.Keys(c.values))
		if c.folded != nil {
			names = c.quantities
		}
		if c.means != nil {
			names = slices.Collect(maps.Keys(c.means.values))
		}
		for _, q := range names {
			if !slices.Contains(out, q) {
				out = append(out, q)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Exponent fits q ∝ x^p along an axis to the mean logarithms of independent trials, and
// compares p with a predicted exponent, in one row for each value of the axis by. q must be
// above 0 in all trials, and the axis must have at least 2 values.
func (t *Table) Exponent(q theory.Quantity, along, by theory.Axis, source string, exponent func(c Cell) float64) *verdict.Verdict {
	if err := t.verdictError(make([]theory.Result, 1)); err != nil {
		return verdict.Failed(err)
	}
	_, groups, err := t.group(q, along, by)
	if err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, cells := range groups {
		if len(cells) < 2 {
			return verdict.Failed(fmt.Errorf("experiment: an exponent in %q needs at least 2 values of it", along))
		}
		var logx, logy, weights []float64
		trials := 0
		for _, c := range cells {
			y, err := c.Values(q)
			if err != nil {
				return verdict.Failed(err)
			}
			for i := range y {
				if !(y[i] > 0) {
					return verdict.Failed(fmt.Errorf("experiment: %s = %v has no logarithm", q, y[i]))
				}
				y[i] = math.Log(y[i])
			}
			m := theory.Mean(y)
			trials += len(y)
			logx, logy, weights = append(logx, math.Log(c.At(along))), append(logy, m.Value), append(weights, 1/(m.StdErr*m.StdErr))
		}
		_, slope := stat.LinearRegression(logx, logy, weights, false)
		_, variance := stat.PopMeanVariance(logx, weights)
		first := cells[0]
		place := fmt.Sprintf("d=%d L=%d, %s %.4g … %.4g", first.Setting.D, first.Setting.Depth, along, first.At(along), cells[len(cells)-1].At(along))
		v.Rows = append(v.Rows, verdict.NewRow(fmt.Sprintf("exponent of %s in %s", q, along), source, place,
			theory.Value{Value: exponent(first)}, theory.Value{Value: slope, StdErr: 1 / math.Sqrt(variance*floats.Sum(weights))}, trials))
	}
	return v
}

// fixed prints a setting without the symbols that vary, such as n and θ.
func fixed(s theory.Setting, vary ...string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(s.String()), func(f string) bool {
		symbol, _, _ := strings.Cut(f, "=")
		return slices.Contains(vary, symbol)
	}), " ")
}
