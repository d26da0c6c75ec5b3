package figure

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Tolerance is the allowed difference between architectures, relative to the largest
// number of a curve or a map: a compiler may fuse a multiplication and an addition, which
// changes rounding. On the same architecture data must be equal.
const Tolerance = 1e-6

// Same returns nil if a figure redrawn on this machine has the numbers of the file.
// Otherwise the error gives the largest difference and its place.
func Same(file, again *File) error {
	if file.Recipe.Data == again.Recipe.Data {
		return nil
	}
	if file.Data == nil || again.Data == nil {
		return errors.New("it differs: the hashes of the data differ, and the data are too large for the file")
	}
	d := Compare(*file.Data, *again.Data)
	if file.Recipe.Arch != again.Recipe.Arch && d.Relative <= Tolerance {
		return nil
	}
	if math.IsInf(d.Relative, 1) {
		return fmt.Errorf("it differs: %s", d.Where)
	}
	return fmt.Errorf("it differs, at most by %.2g of the largest number there: %s", d.Relative, d.Where)
}

// Difference is the largest difference between two sets of data, relative to the largest
// number of its curve or map, and its place. Relative is +Inf if they differ in shape, in
// a label, or in which numbers are finite; Where is empty if they are equal.
type Difference struct {
	Relative float64
	Where    string
}

// Compare returns the difference between redrawn data and those of a file.
func Compare(file, again Data) Difference {
	var d Difference
	if len(file.Panels) != len(again.Panels) {
		return different("%d panels, in the file %d", len(again.Panels), len(file.Panels))
	}
	for i, p := range file.Panels {
		d.add(fmt.Sprintf("panel %d", i+1), comparePanels(p, again.Panels[i]))
	}
	return d
}

func different(format string, args ...any) Difference {
	return Difference{math.Inf(1), fmt.Sprintf(format, args...)}
}

// add keeps the larger of two differences.
func (d *Difference) add(place string, other Difference) {
	if other.Where != "" && (d.Where == "" || other.Relative > d.Relative) {
		*d = Difference{other.Relative, place + ", " + other.Where}
	}
}

func comparePanels(p, q Panel) (d Difference) {
	if p.Kind != q.Kind || p.Title != q.Title || p.X != q.X || p.Y != q.Y || p.Z != q.Z {
		return different("its labels: %s, in the file %s", labels(q), labels(p))
	}
	if len(p.Curves) != len(q.Curves) || (p.Grid == nil) != (q.Grid == nil) {
		return different("%d curves, in the file %d", len(q.Curves), len(p.Curves))
	}
	for i, c := range p.Curves {
		o := q.Curves[i]
		name := fmt.Sprintf("curve %d (%s)", i+1, strings.TrimSpace(c.Role+" "+c.Label))
		if c.Role != o.Role || c.Label != o.Label || c.Method != o.Method {
			d.add(name, different("now %s %q %s", o.Role, o.Label, o.Method))
			continue
		}
		d.add(name, compareNumbers("x", c.X, o.X))
		d.add(name, compareNumbers("y", c.Y, o.Y))
		d.add(name, compareNumbers("standard error", c.Err, o.Err))
	}
	if g := p.Grid; g != nil {
		if g.Method != q.Grid.Method {
			d.add("the map", different("now %s, in the file %s", q.Grid.Method, g.Method))
		}
		d.add("the map", compareNumbers("x", g.X, q.Grid.X))
		d.add("the map", compareNumbers("y", g.Y, q.Grid.Y))
		d.add("the map", compareNumbers("row by row,", flat(g.Z), flat(q.Grid.Z)))
	}
	return d
}

func labels(p Panel) string {
	return fmt.Sprintf("%q", []string{p.Kind, p.Title, p.X, p.Y, p.Z})
}

func flat(rows []Numbers) (out Numbers) {
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func compareNumbers(what string, a, b Numbers) (d Difference) {
	if len(a) != len(b) {
		return different("%s: %d values, in the file %d", what, len(b), len(a))
	}
	scale := 0.0
	for _, v := range a {
		if v = math.Abs(v); v > scale && !math.IsInf(v, 0) {
			scale = v
		}
	}
	for i := range a {
		if a[i] == b[i] || math.IsNaN(a[i]) && math.IsNaN(b[i]) {
			continue
		}
		// Without a finite scale or difference, the relative difference is infinite.
		rel := math.Abs(a[i]-b[i]) / scale
		if math.IsNaN(rel) {
			rel = math.Inf(1)
		}
		if d.Where == "" || rel > d.Relative {
			d = Difference{rel, fmt.Sprintf("%s of point %d: %v, in the file %v", what, i+1, b[i], a[i])}
		}
	}
	return d
}
