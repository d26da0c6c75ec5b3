package experiment

import "slices"

// Series is a set of curves, or of points with error bars, for plotting.
type Series struct {
	curves []curve
	err    error
}

type curve struct {
	label     string
	x, y, bar []float64
	origin    origin
	facts     string
}

// Len returns the number of curves.
func (s Series) Len() int { return len(s.curves) }

// Curve returns the label, the points (x, y of equal length) and the standard errors (nil
// for a line) of curve i.
func (s Series) Curve(i int) (label string, x, y, bar []float64) {
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

// Join returns one series with the curves of all, and the first error among theirs.
func Join(series ...Series) Series {
	var out Series
	for _, s := range series {
		out.curves = append(out.curves, s.curves...)
		if out.err == nil {
			out.err = s.err
		}
	}
	return out
}

// origin is the method and the seed of a measurement. A theoretical value has neither.
type origin struct {
	method Method
	seed   uint64
}

// from sets the origin of all curves.
func (s Series) from(o origin) Series {
	for i := range s.curves {
		s.curves[i].origin = o
	}
	return s
}

// Origin returns the method (law, solve or train) and the seed of the measurements of curve
// i; "" and 0 for theory.
func (s Series) Origin(i int) (method string, seed uint64) {
	o := s.curves[i].origin
	return string(o.method), o.seed
}
