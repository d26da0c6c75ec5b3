package experiment

import (
	"fmt"
	"strings"
)

// facts returns how the values of a table were measured, for the description of a figure:
// the dimension, the number of trials in a cell, and the method. It is "" for theory.
func (t *Table) facts(o origin) string {
	if t.unmeasured || o.method == "" {
		return ""
	}
	var parts []string
	span := func(format, between string, of func(c Cell) int) {
		low, high := 0, 0
		for _, c := range t.Cells {
			if v := of(c); v > 0 {
				if low == 0 || v < low {
					low = v
				}
				high = max(high, v)
			}
		}
		switch {
		case high == 0:
		case low == high:
			parts = append(parts, fmt.Sprintf(format, fmt.Sprint(low)))
		default:
			parts = append(parts, fmt.Sprintf(format, fmt.Sprintf(between, low, high)))
		}
	}
	span("d = %s", "%d to %d", func(c Cell) int {
		if c.Setting.D == 0 {
			d, _ := c.coordinate(Dimension)
			return int(d)
		}
		return c.Setting.D
	})
	span("%s trials in each setting", "%d to %d", Cell.Trials)
	parts = append(parts, map[Method]string{Law: "by samples of the exact law", Solve: "by solving", Train: "by training"}[o.method])
	return strings.ReplaceAll(strings.Join(parts, ", "), ", 1 trials in", ", 1 trial in")
}

// noting returns the series with the facts of the table on the curves that were measured.
func (t *Table) noting(s Series) Series {
	for i, c := range s.curves {
		s.curves[i].facts = t.facts(c.origin)
	}
	return s
}

// Facts returns how curve i was measured: the dimension, the number of trials and the method;
// "" for theory.
func (s Series) Facts(i int) string { return s.curves[i].facts }

// Facts returns how curve i was measured, see [Series.Facts].
func (v View) Facts(i int) string {
	if n := len(v.lines.curves); i >= n {
		return v.points.Facts(i - n)
	}
	return v.lines.Facts(i)
}

// Facts returns how the values were measured: the dimension, the number of trials and the
// method; "" for theory.
func (p Plane) Facts() string { return p.facts }
