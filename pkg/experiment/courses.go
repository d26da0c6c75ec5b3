package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Course returns quantities of the first trial against time, or whatever their study
// follows, one line for each cell and quantity.
func (t *Table) Course(quantities ...theory.Quantity) Series {
	if t.err != nil {
		return Series{err: t.err}
	}
	var out Series
	for _, q := range quantities {
		before := len(out.curves)
		for _, c := range t.Cells {
			out.curves = append(out.curves, c.courses[q]...)
		}
		if len(out.curves) == before {
			return Series{err: fmt.Errorf("experiment: no course of %q was kept: the table has %s", q, t.courseNames())}
		}
	}
	return out
}

func (t *Table) courseNames() string {
	names := map[string]bool{}
	for _, c := range t.Cells {
		for q := range c.courses {
			names[fmt.Sprintf("%q", q)] = true
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

// keep adds a curve to the course of q.
func (c *Cell) keep(q theory.Quantity, o origin, label string, x, y []float64) {
	if c.courses == nil {
		c.courses = map[theory.Quantity][]curve{}
	}
	c.courses[q] = append(c.courses[q], curve{label: label, x: x, y: y, origin: o})
}

// solved names a quantity that a solver finds beside the trained one.
func solved(q theory.Quantity) theory.Quantity { return q + " by solving" }

// last returns the only trial of a cell that has one.
func (c Cell) last(q theory.Quantity) float64 { return c.values[q][0] }

// Constant is a prediction that is the same in every cell.
func Constant(x float64) func(c Cell) (theory.Value, error) {
	return func(Cell) (theory.Value, error) { return theory.Value{Value: x}, nil }
}

// Coordinate is the prediction that a quantity is the place of its cell on an axis.
func Coordinate(axis theory.Axis) func(c Cell) (theory.Value, error) {
	return func(c Cell) (theory.Value, error) { return theory.Value{Value: c.At(axis)}, nil }
}
