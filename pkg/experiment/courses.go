package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Course returns the courses of quantities in the first trial, one line for each cell and
// quantity. A course is against the time of gradient flow unless the doc comment of the
// quantity names another variable.
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

// solved is the name of the value of q that a solver finds, kept beside the trained one.
func solved(q theory.Quantity) theory.Quantity { return q + " by solving" }

// last returns the value of q in the first trial.
func (c Cell) last(q theory.Quantity) float64 { return c.values[q][0] }

// Constant returns a prediction that is x in every cell, for [Table.Against].
func Constant(x float64) func(c Cell) (theory.Value, error) {
	return func(Cell) (theory.Value, error) { return theory.Value{Value: x}, nil }
}

// Coordinate returns the prediction that a quantity equals the coordinate of its cell on an
// axis, for [Table.Against].
func Coordinate(axis theory.Axis) func(c Cell) (theory.Value, error) {
	return func(c Cell) (theory.Value, error) { return theory.Value{Value: c.At(axis)}, nil }
}
