package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Series is a set of curves or of points with error bars, for plotting.
type Series struct {
	curves []curve
	err    error
}

type curve struct {
	label     string
	x, y, bar []float64
	origin    origin
}

// Len returns the number of curves.
func (s Series) Len() int { return len(s.curves) }

// Curve returns the label, the points and the standard errors (nil for a line)
// of curve i.
func (s Series) Curve(i int) (label string, x, y, bar []float64) {
	c := s.curves[i]
	return c.label, c.x, c.y, c.bar
}

// Err returns why there are no curves, or nil.
func (s Series) Err() error { return s.err }

// group splits the cells of r by the value of the axis by (None for one group).
func (r *Run) group(along, by Axis) (labels []string, groups [][]Cell, err error) {
	if r.err != nil {
		return nil, nil, r.err
	}
	if len(r.Cells) == 0 {
		return nil, nil, errors.New("experiment: the run holds no cell")
	}
	index := map[float64]int{}
	for _, c := range r.Cells {
		if _, err := along.of(c.Setting); err != nil {
			return nil, nil, err
		}
		key := 0.0
		if by != None {
			if key, err = by.of(c.Setting); err != nil {
				return nil, nil, err
			}
		}
		if _, ok := index[key]; !ok {
			index[key] = len(groups)
			groups = append(groups, nil)
			label := ""
			if by != None {
				label = by.Label(key)
			}
			labels = append(labels, label)
		}
		groups[index[key]] = append(groups[index[key]], c)
	}
	for g, cells := range groups {
		x := make([]float64, len(cells))
		for i, c := range cells {
			x[i], _ = along.of(c.Setting)
		}
		slices.Sort(x)
		if len(slices.Compact(x)) < len(cells) {
			return nil, nil, fmt.Errorf("experiment: curve %q has two cells at one %s: choose one with Where, or another axis to split by", labels[g], along)
		}
	}
	return labels, groups, nil
}

// Measured returns the means of q with their standard errors along one axis,
// one set of points for each value of the axis by (None for one set).
func (r *Run) Measured(q theory.Quantity, along, by Axis) Series {
	labels, groups, err := r.group(along, by)
	s := Series{err: err}
	for g, cells := range groups {
		c := curve{label: labels[g]}
		for _, cell := range cells {
			v, err := cell.Mean(q)
			if err != nil {
				return Series{err: err}
			}
			x, _ := along.of(cell.Setting)
			c.x, c.y, c.bar = append(c.x, x), append(c.y, v.Value), append(c.bar, v.StdErr)
		}
		s.curves = append(s.curves, c)
	}
	return s.from(r.origin())
}

// linePoints is the number of points on a line of the limit, exactPoints the
// most on a line of finite-size means, which can take draws of the law.
const linePoints, exactPoints = 601, 60

// Theory returns the proportional limit of a result as lines along one axis,
// over the range of the grid and one for each value of the axis by.
func (r *Run) Theory(result theory.Result, along, by Axis) Series {
	return r.lines(along, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		at := spread(along, lo, hi, linePoints)
		if along == Features {
			return c, fmt.Errorf("experiment: there is no limit along %q: take Exact", along)
		}
		if along == Depth {
			at = Range(lo, hi, int(hi-lo)+1)
		}
		if along == Gamma && lo < 1 && hi > 1 {
			// Both sides of the divergence, and the point itself.
			at = append(at, 1-1e-9, 1, 1+1e-9)
			slices.Sort(at)
		}
		l := s.Limit()
		for _, x := range at {
			along.set(&s, &l, x)
			y, err := result.Limit(l)
			if err != nil {
				return c, err
			}
			c.x, c.y = append(c.x, x), append(c.y, y)
		}
		return c, nil
	})
}

// Exact returns the exact mean of a result at the dimension of the run, as
// lines along one axis: what the points scatter around, where the limit is not
// yet reached. Along Gamma it is over all n (or some 60 of them), along an axis
// of integers or of data it joins the cells.
func (r *Run) Exact(result theory.Result, along, by Axis) Series {
	return r.lines(along, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		for _, at := range exactSettings(s, along, lo, hi) {
			y, err := result.Mean(at)
			if err != nil {
				return c, err
			}
			x, _ := along.of(at)
			c.x, c.y = append(c.x, x), append(c.y, y.Value)
		}
		return c, nil
	})
}

// exactSettings are the places of a line of exact means.
func exactSettings(s theory.Setting, along Axis, lo, hi float64) []theory.Setting {
	var out []theory.Setting
	switch along {
	case Gamma, SourceGamma:
		first, last := points(lo, s.D), points(hi, s.D)
		for n := first; n <= last; n += max(1, (last-first)/exactPoints) {
			along.set(&s, &theory.Limit{}, float64(n)/float64(s.D))
			out = append(out, s)
		}
	case Depth, Features:
		for v := lo; v <= hi; v++ {
			along.set(&s, &theory.Limit{}, v)
			out = append(out, s)
		}
	default:
		for _, x := range spread(along, lo, hi, exactPoints) {
			along.set(&s, &theory.Limit{}, x)
			out = append(out, s)
		}
	}
	return out
}

// spread returns n values from lo to hi; those of a dimension, a ridge, a weight decay or
// a norm, which are drawn on logarithmic axes, in even ratios.
func spread(a Axis, lo, hi float64, n int) []float64 {
	if (a != Dimension && a != Lambda && a != Decay && a != Norm) || lo <= 0 {
		return Range(lo, hi, n)
	}
	return Ratios(lo, hi, n)
}

// lines makes one line for each group of cells, over the range of its axis.
func (r *Run) lines(along, by Axis, line func(s theory.Setting, lo, hi float64) (curve, error)) Series {
	labels, groups, err := r.group(along, by)
	out := Series{err: err}
	for g, cells := range groups {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, cell := range cells {
			x, _ := along.of(cell.Setting)
			lo, hi = math.Min(lo, x), math.Max(hi, x)
		}
		c, err := line(cells[0].Setting, lo, hi)
		if err != nil {
			return Series{err: err}
		}
		c.label = labels[g]
		out.curves = append(out.curves, c)
	}
	return out
}
