package experiment

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Plane holds a quantity over two axes and the zero contour of theory, for a phase diagram.
type Plane struct {
	X, Y     []float64
	Value    [][]float64 // len(Y) rows: Value[i][j] is at Y[i], X[j]
	x, y, z  string      // the labels of the axes and of the value
	boundary []theory.Curve
	origin   origin
	facts    string
	err      error
}

// Plane returns the measured means of a result over two axes. Cells must not differ in any
// other axis. Over Theta (or Residual) and Gamma the result must be a transferability, and
// the plane has its boundary in the proportional limit. The plane of [Lab.Theory] has the
// limit itself.
func (t *Table) Plane(result theory.Result, x, y theory.Axis) Plane {
	return t.plane(result, x, y, func(c Cell) (float64, error) {
		if t.unmeasured {
			return result.Limit(c.Setting.Limit())
		}
		v, err := c.Mean(result.Quantity)
		return v.Value, err
	})
}

// WinPlane returns the share of data sets on which transfer beats training from scratch,
// over two axes, with the boundary of the mean transferability.
func (t *Table) WinPlane(result theory.Result, x, y theory.Axis) Plane {
	p := t.plane(result, x, y, func(c Cell) (float64, error) {
		v, err := c.Wins(result.Quantity)
		return v.Value, err
	})
	p.z = `$P$`
	return p
}

func (t *Table) plane(result theory.Result, x, y theory.Axis, value func(Cell) (float64, error)) Plane {
	p := Plane{x: x.Title(), y: y.Title(), z: "$" + result.Quantity.Symbol() + "$", origin: t.origin, facts: t.facts(t.origin), err: t.err}
	if p.err != nil {
		return p
	}
	angle := func(a theory.Axis) bool { return a == Theta || a == Residual }
	phase := angle(x) && y == Gamma || x == Gamma && angle(y) && result.Boundary != nil
	if phase && result.Boundary == nil {
		p.err = fmt.Errorf("experiment: %s has no phase boundary: a plane of θ and γ needs a transferability", result.Name)
		return p
	}
	for _, axis := range []theory.Axis{x, y} {
		if _, p.err = axis.Info(); p.err != nil {
			return p
		}
	}
	if p.err = t.constant(fmt.Sprintf("a plane needs cells that differ in %q and %q alone", x, y), x, y); p.err != nil {
		return p
	}
	p.X, p.Y = t.places(x), t.places(y)
	p.Value = make([][]float64, len(p.Y))
	for i := range p.Value {
		p.Value[i] = slices.Repeat([]float64{math.NaN()}, len(p.X))
	}
	for _, c := range t.Cells {
		i, _ := slices.BinarySearch(p.Y, c.At(y))
		j, _ := slices.BinarySearch(p.X, c.At(x))
		if p.Value[i][j], p.err = value(c); p.err != nil {
			return p
		}
	}
	if !phase {
		return p
	}
	gammas := p.Y
	if x == Gamma {
		gammas = p.X
	}
	p.boundary, p.err = result.Boundary(t.Cells[0].Setting.Limit(), 2*gammas[len(gammas)-1])
	for i, c := range p.boundary { // over θ, γ
		if x == Residual || y == Residual {
			for j, theta := range c.X {
				c.X[j] = Cell{Setting: theory.Setting{Theta: theta}}.At(Residual)
			}
		}
		if x == Gamma {
			p.boundary[i].X, p.boundary[i].Y = c.Y, c.X
		}
	}
	return p
}

// places returns the distinct coordinates of the cells on an axis, in rising order.
func (t *Table) places(axis theory.Axis) []float64 {
	var out []float64
	for _, c := range t.Cells {
		out = append(out, c.At(axis))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// constant returns an error, which begins with the rule, if cells differ in anything but
// the axes vary.
func (t *Table) constant(rule string, vary ...theory.Axis) error {
	if len(t.Cells) == 0 {
		return errors.New("experiment: the table has no grid cells")
	}
	first := t.Cells[0]
	for _, c := range t.Cells {
		rest := c
		for _, axis := range vary {
			if axis == Gamma { // n alone: n/d is rounded
				rest.Setting.N = first.Setting.N
				continue
			}
			rest = rest.moved(axis, first.At(axis))
		}
		from := first
		for _, axis := range vary { // an axis such as ρ is rounded
			if axis != Gamma {
				from = from.moved(axis, first.At(axis))
			}
		}
		if rest.Setting != from.Setting || !maps.Equal(rest.at, from.at) {
			return fmt.Errorf("experiment: %s, but the table has %v and %v: select cells with Where", rule, first, c)
		}
	}
	return nil
}

// Values returns the coordinates on the axes and the values z[iy][ix], of shape len(y) ×
// len(x).
func (p Plane) Values() (x, y []float64, z [][]float64) { return p.X, p.Y, p.Value }

// Titles returns the labels of the axes and of the value.
func (p Plane) Titles() (x, y, z string) { return p.x, p.y, p.z }

// Boundary returns the pieces of the zero contour of theory.
func (p Plane) Boundary() (x, y [][]float64) {
	for _, c := range p.boundary {
		x, y = append(x, c.X), append(y, c.Y)
	}
	return x, y
}

// Origin returns the method (law, solve or train) and the seed of the values.
func (p Plane) Origin() (method string, seed uint64) { return string(p.origin.method), p.origin.seed }

// Err returns the error of the plane, or nil.
func (p Plane) Err() error { return p.err }
