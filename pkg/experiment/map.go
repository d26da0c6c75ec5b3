package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Map is a quantity over the plane of θ (or ρ = sin²θ) and γ, and the theory's
// zero contour, for a phase diagram.
type Map struct {
	X, Gamma []float64
	Value    [][]float64 // Value[i][j] at Gamma[i], X[j]
	boundary []theory.Curve
	origin   origin
	err      error
}

// Map returns the measured phase diagram of a transferability, its means over θ
// and γ, and the boundary that theory gives it. Everything else must be the same
// in all cells.
func (r *Run) Map(result theory.Result) Map {
	return r.plane(result, func(c Cell) (float64, error) {
		v, err := c.Mean(result.Quantity)
		return v.Value, err
	})
}

// ResidualMap is Map over ρ = sin²θ and γ.
func (r *Run) ResidualMap(result theory.Result) Map {
	m := r.Map(result)
	for j, theta := range m.X {
		m.X[j] = residual(theta)
	}
	for i := range m.boundary {
		for j, theta := range m.boundary[i].X {
			m.boundary[i].X[j] = residual(theta)
		}
	}
	return m
}

// WinMap returns, over θ and γ, the share of data sets on which transfer beats
// scratch, and the boundary of the mean transferability.
func (r *Run) WinMap(result theory.Result) Map {
	return r.plane(result, func(c Cell) (float64, error) {
		v, err := c.Wins(result.Quantity)
		return v.Value, err
	})
}

func (r *Run) plane(result theory.Result, value func(Cell) (float64, error)) Map {
	m := Map{origin: r.origin(), err: r.err}
	if m.err != nil {
		return m
	}
	if result.Boundary == nil {
		m.err = fmt.Errorf("experiment: %s has no phase boundary: a map needs a transferability", result.Name)
		return m
	}
	if m.err = r.constant("a map is over θ and γ alone", func(s *theory.Setting) { s.Theta, s.N = 0, 1 }); m.err != nil {
		return m
	}
	for _, c := range r.Cells {
		m.X, m.Gamma = append(m.X, c.Setting.Theta), append(m.Gamma, c.Setting.Gamma())
	}
	slices.Sort(m.X)
	slices.Sort(m.Gamma)
	m.X, m.Gamma = slices.Compact(m.X), slices.Compact(m.Gamma)
	m.Value = make([][]float64, len(m.Gamma))
	for i := range m.Value {
		m.Value[i] = slices.Repeat([]float64{math.NaN()}, len(m.X))
	}
	for _, c := range r.Cells {
		i, _ := slices.BinarySearch(m.Gamma, c.Setting.Gamma())
		j, _ := slices.BinarySearch(m.X, c.Setting.Theta)
		if m.Value[i][j], m.err = value(c); m.err != nil {
			return m
		}
	}
	m.boundary, m.err = result.Boundary(r.Cells[0].Setting.Limit(), 2*m.Gamma[len(m.Gamma)-1])
	return m
}

// constant reports an error if cells differ in more than what vary wipes out.
func (r *Run) constant(rule string, vary func(s *theory.Setting)) error {
	first := r.Cells[0].Setting
	for _, c := range r.Cells {
		a, b := first, c.Setting
		vary(&a)
		vary(&b)
		if a != b {
			return fmt.Errorf("experiment: %s, but the run holds %v and %v: choose with Where", rule, first, c.Setting)
		}
	}
	return nil
}

// Values returns the axes x = θ and y = γ and the values z[iy][ix].
func (m Map) Values() (x, y []float64, z [][]float64) { return m.X, m.Gamma, m.Value }

// Boundary returns the pieces of theory's zero contour.
func (m Map) Boundary() (x, y [][]float64) {
	for _, c := range m.boundary {
		x, y = append(x, c.X), append(y, c.Y)
	}
	return x, y
}

// Err returns why there is no map, or nil.
func (m Map) Err() error { return m.err }
