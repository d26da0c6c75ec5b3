package plotting

import "cmp"

// View is a set of curves that knows what they are: which are measured, and what the axes
// are called.
type View interface {
	Curves
	Measured(i int) bool
	Titles() (x, y string)
}

// role is the lines or the points of a view.
type role struct {
	View
	indices []int
}

func (r role) Len() int { return len(r.indices) }

func (r role) Curve(i int) (label string, x, y, stderr []float64) { return r.View.Curve(r.indices[i]) }

// Origin passes on how a curve was measured, if the view knows.
func (r role) Origin(i int) (method string, seed uint64) {
	if m, ok := r.View.(interface{ Origin(i int) (string, uint64) }); ok {
		return m.Origin(r.indices[i])
	}
	return "", 0
}

// of returns the measured curves of a view as points, or the others as lines; nil for none.
func of(v View, measured bool) Curves {
	r := role{View: v}
	for i := range v.Len() {
		if v.Measured(i) == measured {
			r.indices = append(r.indices, i)
		}
	}
	if r.indices == nil && v.Err() == nil {
		return nil
	}
	return r
}

// viewed fills in from the view what is not given.
func (s Slices) viewed() Slices {
	if s.View == nil {
		return s
	}
	x, y := s.View.Titles()
	s.X, s.Y = cmp.Or(s.X, x), cmp.Or(s.Y, y)
	if s.Lines == nil {
		s.Lines = of(s.View, false)
	}
	if s.Points == nil {
		s.Points = of(s.View, true)
	}
	return s
}
