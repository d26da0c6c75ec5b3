package experiment

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/stat"
)

// BreakEven compares the break-even angle of a transferability, in degrees, with the exact
// one at this size. Both are zeros of T = A·cosθ − B, fitted to the means over the angles
// of the run, as T is linear in cosθ near its zero. All other axes must have one value.
func (t *Table) BreakEven(result theory.Result) *verdict.Verdict {
	err := t.verdictError([]theory.Result{result})
	if err == nil {
		err = t.constant("a break-even angle needs cells that differ in θ alone", Theta)
	}
	if err != nil {
		return verdict.Failed(err)
	}
	cells := t.Cells
	cos, weights := make([]float64, len(cells)), make([]float64, len(cells))
	means, exact := make([]float64, len(cells)), make([]float64, len(cells))
	values := make([][]float64, len(cells))
	worst := 0.0 // largest standard error of the exact means, whose draws of the law the angles share
	for i, c := range cells {
		e, err := result.Mean(c.Setting)
		if err != nil {
			return verdict.Failed(err)
		}
		if values[i], err = c.Values(result.Quantity); err != nil {
			return verdict.Failed(err)
		}
		m := theory.Mean(values[i])
		cos[i], weights[i], means[i] = math.Cos(c.Setting.Theta), 1/(m.StdErr*m.StdErr), m.Value
		exact[i], worst = e.Value, math.Max(worst, e.StdErr)
	}
	fit := func(y []float64) (zero, slope float64) {
		intercept, slope := stat.LinearRegression(cos, y, weights, false)
		zero = -intercept / slope
		if !(math.Abs(zero) < 1) && err == nil {
			err = fmt.Errorf("experiment: no break-even angle: the fit T = %.4g·cosθ %+.4g has no zero", slope, intercept)
		}
		return zero, slope
	}
	zero, slope := fit(means)
	exactZero, exactSlope := fit(exact)
	if err != nil {
		return verdict.Failed(err)
	}
	// The standard error of the zero is that over trials, because the angles share the data
	// of a trial. A trial moves the zero by −(value of its fit at the zero)/slope.
	moves, line := make([]float64, len(values[0])), make([]float64, len(cells))
	for k := range moves {
		for i := range line {
			line[i] = values[i][k]
		}
		a, b := stat.LinearRegression(cos, line, weights, false)
		moves[k] = (a + b*zero) / slope
	}
	degrees := func(zero, spread float64) theory.Value {
		return theory.Value{Value: math.Acos(zero) * 180 / math.Pi, StdErr: spread / math.Sqrt(1-zero*zero) * 180 / math.Pi}
	}
	measured := degrees(zero, theory.Mean(moves).StdErr)
	predicted := degrees(exactZero, worst/math.Abs(exactSlope))
	s := t.Cells[0].Setting
	return verdict.Of(verdict.NewRow("break-even angle in degrees", result.Source,
		fmt.Sprintf("n=%d %s", s.N, fixed(s, "n", "θ")), predicted, measured, len(moves)))
}

// BreakEvens returns the break-even angle (see BreakEven), in degrees, along one axis of
// the table: fitted to the measurements as points, and exact at this size as a line.
func (t *Table) BreakEvens(result theory.Result, along theory.Axis) View {
	v := View{x: along.Title(), y: `angle in degrees`}
	fail := func(err error) View {
		v.lines, v.points = Series{err: err}, Series{err: err}
		return v
	}
	if t.err != nil {
		return fail(t.err)
	}
	if _, err := along.Info(); err != nil {
		return fail(err)
	}
	var m, p curve
	for _, x := range t.places(along) {
		verdict := t.part(func(c Cell) bool { return c.At(along) == x }).BreakEven(result)
		if err := verdict.Err(); err != nil {
			return fail(err)
		}
		row := verdict.Rows[0]
		m.x, m.y, m.bar = append(m.x, x), append(m.y, row.Measured.Value), append(m.bar, row.Measured.StdErr)
		p.x, p.y = append(p.x, x), append(p.y, row.Theory.Value)
	}
	v.points, v.lines = t.noting(Series{curves: []curve{m}}.from(t.origin)), Series{curves: []curve{p}}
	return v
}
