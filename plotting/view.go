package plotting

import "cmp"

// View is a set of curves with the titles of its axes. Measured curves are drawn as points,
// the others as lines.
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

// Origin returns the method and the seed of a curve, if the view has them.
func (r role) Origin(i int) (method string, seed uint64) {
	if m, ok := r.View.(interface{ Origin(i int) (string, uint64) }); ok {
		return m.Origin(r.indices[i])
	}
	return "", 0
}

// Facts returns how a curve was measured, if the view says so.
func (r role) Facts(i int) string {
	if m, ok := r.View.(interface{ Facts(i int) string }); ok {
		return m.Facts(r.indices[i])
	}
	return ""
}

// Banded reports whether the standard errors of lines are drawn as bands.
func (r role) Banded() bool {
	m, ok := r.View.(interface{ Banded() bool })
	return ok && m.Banded()
}

// of returns the measured curves of a view, or the others; nil if there are none.
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

// viewed returns the panel with its empty fields filled in from the view.
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
