package plotting

import (
	"fmt"
	"math"
	"slices"
)

// Series is a set of curves from your own numbers, for the Lines, Dashed, Points and Guides
// of a panel. [Points], [Line], [Function], [Horizontal] and [Vertical] make one curve each,
// and [Join] puts several together.
type Series struct {
	curves []ownCurve
	err    error
}

type ownCurve struct {
	label     string
	x, y, bar []float64
}

// Len returns the number of curves.
func (s Series) Len() int { return len(s.curves) }

// Curve returns the label, the points (x, y of equal length) and the standard errors (nil
// for none) of curve i.
func (s Series) Curve(i int) (label string, x, y, stderr []float64) {
	c := s.curves[i]
	return c.label, c.x, c.y, c.bar
}

// Err returns the error for which there are no curves, or nil.
func (s Series) Err() error { return s.err }

// Named returns the series with the same label for all curves.
func (s Series) Named(label string) Series {
	out := Series{curves: slices.Clone(s.curves), err: s.err}
	for i := range out.curves {
		out.curves[i].label = label
	}
	return out
}

// Join returns the curves of several series as one, or the first error among theirs.
func Join(series ...Series) Series {
	var out Series
	for _, s := range series {
		if s.err != nil {
			return Series{err: s.err}
		}
		out.curves = append(out.curves, s.curves...)
	}
	return out
}

// Points returns measured points y(x) with standard errors err, or without if err is nil. All
// numbers must be finite, and errors at least 0.
func Points(x, y, err []float64) Series {
	const name = "Points"
	if e := equal(name, x, y); e != nil {
		return Series{err: e}
	}
	if err != nil && len(err) != len(x) {
		return Series{err: fmt.Errorf("plotting: Points: %d points and %d standard errors: give one for each point, or nil", len(x), len(err))}
	}
	for i := range x {
		if e := finite(name, "x", i, x[i]); e != nil {
			return Series{err: e}
		}
		if e := finite(name, "y", i, y[i]); e != nil {
			return Series{err: e}
		}
		if err != nil && !(err[i] >= 0 && err[i] <= math.MaxFloat64) {
			return Series{err: fmt.Errorf("plotting: Points: err[%d] = %v: a standard error must be finite and 0 or above", i, err[i])}
		}
	}
	return Series{curves: []ownCurve{{x: slices.Clone(x), y: slices.Clone(y), bar: slices.Clone(err)}}}
}

// Line returns the line through the points (x, y), in their order. It is interrupted where y
// is infinite. NaN is an error.
func Line(x, y []float64) Series {
	if err := equal("Line", x, y); err != nil {
		return Series{err: err}
	}
	for i := range x {
		if err := finite("Line", "x", i, x[i]); err != nil {
			return Series{err: err}
		}
		if math.IsNaN(y[i]) {
			return Series{err: fmt.Errorf("plotting: Line: y[%d] is NaN: it must be a number", i)}
		}
	}
	return Series{curves: []ownCurve{{x: slices.Clone(x), y: slices.Clone(y)}}}
}

// Function returns the line y = f(x) from one x to another, sampled more densely where it
// bends. It is interrupted where f is infinite. NaN is an error.
func Function(f func(x float64) float64, from, to float64) Series {
	switch {
	case f == nil:
		return Series{err: fmt.Errorf("plotting: Function: f is nil: it must be a function of x")}
	case !(from < to) || math.IsInf(from, 0) || math.IsInf(to, 0):
		return Series{err: fmt.Errorf("plotting: Function: from = %v, to = %v: they must be finite and in rising order", from, to)}
	}
	x := samples(from, to)
	var y []float64
	for _, v := range x {
		y = append(y, f(v))
	}
	x, y = refine(f, x, y)
	for i := range y {
		if math.IsNaN(y[i]) {
			return Series{err: fmt.Errorf("plotting: Function: f(%v) is NaN: give a range in which f is a number", x[i])}
		}
	}
	return Series{curves: []ownCurve{{x: x, y: y}}}
}

// Horizontal returns a line at y across the axes.
func Horizontal(y float64) Series {
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return Series{err: fmt.Errorf("plotting: Horizontal(%v): y must be finite", y)}
	}
	return Series{curves: []ownCurve{{x: []float64{math.Inf(-1), math.Inf(1)}, y: []float64{y, y}}}}
}

// Vertical returns a line at x across the axes.
func Vertical(x float64) Series {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Series{err: fmt.Errorf("plotting: Vertical(%v): x must be finite", x)}
	}
	return Series{curves: []ownCurve{{x: []float64{x, x}, y: []float64{math.Inf(-1), math.Inf(1)}}}}
}

func equal(name string, x, y []float64) error {
	switch {
	case len(x) != len(y):
		return fmt.Errorf("plotting: %s: %d x and %d y: they must be equally many", name, len(x), len(y))
	case len(x) == 0:
		return fmt.Errorf("plotting: %s: there is no point: x and y need at least 1 value", name)
	}
	return nil
}

func finite(name, field string, i int, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("plotting: %s: %s[%d] is %v: it must be finite", name, field, i, v)
	}
	return nil
}

// samples returns the first places at which to call a function: in equal steps, and in equal
// ratios too where the range can be that of a logarithmic axis.
func samples(from, to float64) []float64 {
	const n = 301
	var x []float64
	for i := range n {
		t := float64(i) / (n - 1)
		x = append(x, from*(1-t)+to*t)
		if from > 0 && to/from > 10 {
			x = append(x, math.Min(to, math.Max(from, from*math.Pow(to/from, t))))
		}
	}
	slices.Sort(x)
	return slices.Compact(x)
}

// refine adds places next to those where the function leaves the chord of its neighbours by
// more than a printed line shows.
func refine(f func(x float64) float64, x, y []float64) ([]float64, []float64) {
	const rounds, most, visible = 6, 3000, 1e-3
	for range rounds {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range y {
			if !math.IsInf(v, 0) && !math.IsNaN(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
		split := make([]bool, len(x)) // the interval after x[i]
		for i := 1; i+1 < len(x); i++ {
			t := (x[i] - x[i-1]) / (x[i+1] - x[i-1])
			if off := math.Abs(y[i] - y[i-1]*(1-t) - y[i+1]*t); off > visible*(high-low) && !math.IsInf(off, 0) {
				split[i-1], split[i] = true, true
			}
		}
		var px, py []float64
		for i := range x {
			px, py = append(px, x[i]), append(py, y[i])
			if split[i] {
				m := (x[i] + x[i+1]) / 2
				px, py = append(px, m), append(py, f(m))
			}
		}
		if len(px) == len(x) || len(px) > most {
			break
		}
		x, y = px, py
	}
	return x, y
}

// Map is a field of your own values, for a [PhaseDiagram] or a [Kernel].
type Map struct {
	x, y []float64
	z    [][]float64
	edge []ownCurve
	err  error
}

// Grid returns the field z[iy][ix] over the axes x and y, which must be finite and strictly
// rising; z has shape len(y) × len(x). NaN in z is a grid cell without a value.
func Grid(x, y []float64, z [][]float64) Map {
	for _, a := range []struct {
		name string
		v    []float64
	}{{"x", x}, {"y", y}} {
		for i, v := range a.v {
			if err := finite("Grid", a.name, i, v); err != nil {
				return Map{err: err}
			}
			if i > 0 && v <= a.v[i-1] {
				return Map{err: fmt.Errorf("plotting: Grid: %s[%d] = %v is not above the value before it, %v", a.name, i, v, a.v[i-1])}
			}
		}
	}
	if len(z) != len(y) {
		return Map{err: fmt.Errorf("plotting: Grid: z has %d rows and y %d values: z must have shape len(y) × len(x)", len(z), len(y))}
	}
	m := Map{x: slices.Clone(x), y: slices.Clone(y)}
	for i, row := range z {
		if len(row) != len(x) {
			return Map{err: fmt.Errorf("plotting: Grid: row %d of z has %d values and x %d: z must have shape len(y) × len(x)", i, len(row), len(x))}
		}
		m.z = append(m.z, slices.Clone(row))
	}
	return m
}

// WithBoundary returns the field with lines as the boundary of theory.
func (m Map) WithBoundary(lines Series) Map {
	if m.err == nil {
		m.err = lines.err
	}
	m.edge = append(slices.Clone(m.edge), lines.curves...)
	return m
}

// Values returns the axes and the values z[iy][ix].
func (m Map) Values() (x, y []float64, z [][]float64) { return m.x, m.y, m.z }

// Boundary returns the pieces of the boundary of theory.
func (m Map) Boundary() (x, y [][]float64) {
	for _, c := range m.edge {
		x, y = append(x, c.x), append(y, c.y)
	}
	return x, y
}

// Err returns the error of the field, or nil.
func (m Map) Err() error { return m.err }
