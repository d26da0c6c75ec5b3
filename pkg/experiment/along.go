package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// group returns the cells in which q was measured, grouped by their coordinate on the axis
// by (None: one group). An empty q selects all cells that have the coordinates.
func (t *Table) group(q theory.Quantity, along, by theory.Axis) (labels []string, groups [][]Cell, err error) {
	if t.err != nil {
		return nil, nil, t.err
	}
	if len(t.Cells) == 0 {
		return nil, nil, errors.New("experiment: the table has no grid cells")
	}
	for _, axis := range []theory.Axis{along, by} {
		if axis == None && axis == by {
			continue
		}
		if _, err := axis.Info(); err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(t.Cells, func(c Cell) bool { _, ok := c.coordinate(axis); return ok }) {
			return nil, nil, fmt.Errorf("experiment: axis %q: no grid cell of the table has this coordinate", axis)
		}
	}
	index := map[float64]int{}
	for _, c := range t.Cells {
		_, ok := c.coordinate(along)
		key := 0.0
		if ok && by != None {
			key, ok = c.coordinate(by)
		}
		if !ok || q != "" && !c.has(q) {
			continue
		}
		if _, ok := index[key]; !ok {
			index[key] = len(groups)
			groups = append(groups, nil)
			label := ""
			if by != None {
				label = by.Label(key)
			}
			labels = append(labels, label)
		}
		groups[index[key]] = append(groups[index[key]], c)
	}
	if len(groups) == 0 {
		return nil, nil, fmt.Errorf("experiment: %s was not measured along %q", q, along)
	}
	for g, cells := range groups {
		x := make([]float64, len(cells))
		for i, c := range cells {
			x[i] = c.At(along)
		}
		slices.Sort(x)
		if len(slices.Compact(x)) < len(cells) {
			return nil, nil, fmt.Errorf("experiment: curve %q has two cells at the same %s: select one with Where, or split by another axis", labels[g], along)
		}
	}
	return labels, groups, nil
}

// Measured returns the means of q with their standard errors along one axis, one set of
// points for each value of the axis by (None: one set).
func (t *Table) Measured(q theory.Quantity, along, by theory.Axis) Series {
	labels, groups, err := t.group(q, along, by)
	s := Series{err: err}
	for g, cells := range groups {
		c := curve{label: labels[g]}
		for _, cell := range cells {
			v, err := cell.Mean(q)
			if err != nil {
				return Series{err: err}
			}
			c.x, c.y, c.bar = append(c.x, cell.At(along)), append(c.y, v.Value), append(c.bar, v.StdErr)
		}
		s.curves = append(s.curves, c)
	}
	return t.noting(s.from(t.originOf(q)))
}

// Relative returns the points of Measured, each set divided by its first mean.
func (t *Table) Relative(q theory.Quantity, along, by theory.Axis) Series {
	s := t.Measured(q, along, by)
	for _, c := range s.curves {
		first := c.y[0]
		for i := range c.y {
			c.y[i], c.bar[i] = c.y[i]/first, c.bar[i]/first
		}
	}
	return s
}

// originOf returns the method and seed with which q was measured.
func (t *Table) originOf(q theory.Quantity) origin {
	if o, ok := t.origins[q]; ok {
		return o
	}
	return t.origin
}

// linePoints is the number of points on a line of the limit. exactPoints is the largest
// number on a line of finite-size means, which can require draws of the law.
const linePoints, exactPoints = 601, 60

// Theory returns the proportional limit of a result as lines along one axis, over the range
// of the grid, one line for each value of the axis by. Along Features there is no limit,
// which is an error.
func (t *Table) Theory(result theory.Result, along, by theory.Axis) Series {
	return t.lines(along, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		at := spread(along, lo, hi, linePoints)
		if along == Features {
			return c, fmt.Errorf("experiment: there is no limit along %q: use Exact", along)
		}
		if along == Depth {
			at = Range(lo, hi, int(hi-lo)+1)
		}
		if along == Gamma && lo < 1 && hi > 1 {
			// Both sides of the divergence, and the point itself.
			at = append(at, 1-1e-9, 1, 1+1e-9)
			slices.Sort(at)
		}
		l := s.Limit()
		for _, x := range at {
			if err := along.Set(&s, &l, x); err != nil {
				return c, err
			}
			y, err := result.Limit(l)
			if err != nil {
				return c, err
			}
			c.x, c.y = append(c.x, x), append(c.y, y)
		}
		return c, nil
	})
}

// Exact returns the exact mean of a result at the dimension of the run, the expected value
// of the points, as lines along one axis. Along Gamma and SourceGamma a line has a point at
// every n, or at about 60 of them; along Depth and Features at every integer; along other
// axes at 60 values.
func (t *Table) Exact(result theory.Result, along, by theory.Axis) Series {
	return t.lines(along, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		for _, at := range exactSettings(s, along, lo, hi) {
			y, err := result.Mean(at)
			if err != nil {
				return c, err
			}
			x, _ := along.Of(at)
			c.x, c.y = append(c.x, x), append(c.y, y.Value)
		}
		return c, nil
	})
}

// exactSettings returns the settings of a line of exact means.
func exactSettings(s theory.Setting, along theory.Axis, lo, hi float64) []theory.Setting {
	var out []theory.Setting
	switch along {
	case Gamma, SourceGamma:
		first, last := theory.Points(lo, s.D), theory.Points(hi, s.D)
		for n := first; n <= last; n += max(1, (last-first)/exactPoints) {
			_ = along.Set(&s, &theory.Limit{}, float64(n)/float64(s.D))
			out = append(out, s)
		}
	case Depth, Features:
		for v := lo; v <= hi; v++ {
			_ = along.Set(&s, &theory.Limit{}, v)
			out = append(out, s)
		}
	default:
		for _, x := range spread(along, lo, hi, exactPoints) {
			at := s // not the setting before, whose n may be rounded
			_ = along.Set(&at, &theory.Limit{}, x)
			out = append(out, at)
		}
	}
	return out
}

// spread returns n values from lo to hi, in equal steps, or in equal ratios on a
// logarithmic axis.
func spread(a theory.Axis, lo, hi float64, n int) []float64 {
	if !a.Log() || lo <= 0 {
		return Range(lo, hi, n)
	}
	return Ratios(lo, hi, n)
}

// lines makes one line for each group of cells, over the range of its axis.
func (t *Table) lines(along, by theory.Axis, line func(s theory.Setting, lo, hi float64) (curve, error)) Series {
	return t.curves(along, by, func(c Cell, lo, hi float64) (curve, error) { return line(c.Setting, lo, hi) })
}

// curves is lines for a function of a cell.
func (t *Table) curves(along, by theory.Axis, line func(c Cell, lo, hi float64) (curve, error)) Series {
	labels, groups, err := t.group("", along, by)
	out := Series{err: err}
	for g, cells := range groups {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, cell := range cells {
			x := cell.At(along)
			lo, hi = math.Min(lo, x), math.Max(hi, x)
		}
		c, err := line(cells[0], lo, hi)
		if err != nil {
			return Series{err: err}
		}
		c.label = labels[g]
		out.curves = append(out.curves, c)
	}
	return out
}

// Predicted returns a prediction of your own as lines along one axis, over the range of the
// table, one line for each value of the axis by. It calls predict with cells that have
// coordinates and no values.
func (t *Table) Predicted(along, by theory.Axis, predict func(c Cell) (theory.Value, error)) Series {
	return t.curves(along, by, func(c Cell, lo, hi float64) (out curve, err error) {
		for _, x := range spread(along, lo, hi, exactPoints) {
			v, err := predict(c.moved(along, x))
			if err != nil {
				return out, err
			}
			out.x, out.y = append(out.x, x), append(out.y, v.Value)
		}
		return out, nil
	})
}

// Power returns, for each set of points, the line y = A·x^p through its last point. The
// function exponent is called with the first cell of the set and returns p.
func (t *Table) Power(q theory.Quantity, along, by theory.Axis, exponent func(c Cell) float64) Series {
	s := t.Measured(q, along, by)
	_, groups, _ := t.group(q, along, by) // Measured has its error
	for i, c := range s.curves {
		last := len(c.x) - 1
		line := curve{label: c.label, x: c.x}
		for _, x := range c.x {
			line.y = append(line.y, c.y[last]*math.Pow(x/c.x[last], exponent(groups[i][0])))
		}
		s.curves[i] = line
	}
	return s
}

// View is a result along an axis, ready to be drawn: the titles of the axes, the lines of
// theory and the measured points.
type View struct {
	x, y          string
	lines, points Series
}

// Along returns the view of a result along one axis, with a set of points and a line of the
// proportional limit for each value of the axis by (None: one of each). Along Features and
// Dimension, where there is no limit, the lines are exact means. The table of [Lab.Theory] has
// no points.
func (t *Table) Along(result theory.Result, along, by theory.Axis) View {
	lines := t.Theory
	if along == Features || along == Dimension {
		lines = t.Exact
	}
	v := View{x: along.Title(), y: "$" + result.Quantity.Symbol() + "$", lines: lines(result, along, by)}
	if !t.unmeasured {
		v.points = t.Measured(result.Quantity, along, by)
	}
	return v
}

// Lines returns the lines of theory.
func (v View) Lines() Series { return v.lines }

// Points returns the measured points.
func (v View) Points() Series { return v.points }

// Titles returns the titles of the axes.
func (v View) Titles() (x, y string) { return v.x, v.y }

// Err returns the error for which there is nothing to draw, or nil.
func (v View) Err() error { return cmp.Or(v.lines.err, v.points.err) }

// Len returns the number of curves. The lines come first, then the points.
func (v View) Len() int { return len(v.lines.curves) + len(v.points.curves) }

// Curve returns curve i of the lines and points.
func (v View) Curve(i int) (label string, x, y, bar []float64) {
	if n := len(v.lines.curves); i >= n {
		return v.points.Curve(i - n)
	}
	return v.lines.Curve(i)
}

// Origin returns the method and the seed of curve i, see [Series.Origin].
func (v View) Origin(i int) (method string, seed uint64) {
	if n := len(v.lines.curves); i >= n {
		return v.points.Origin(i - n)
	}
	return v.lines.Origin(i)
}

// Measured reports whether curve i is a set of measured points.
func (v View) Measured(i int) bool { return i >= len(v.lines.curves) }
