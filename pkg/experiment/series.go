package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Axis names an axis of a grid.
type Axis string

// The axes.
const (
	Gamma  Axis = "gamma"
	Theta  Axis = "theta"
	Sigma  Axis = "sigma"
	Lambda Axis = "lambda"
	Depth  Axis = "depth"
	None   Axis = "" // to split by: one curve
)

func (a Axis) of(l theory.Limit) (float64, error) {
	switch a {
	case Gamma:
		return l.Gamma, nil
	case Theta:
		return l.Theta, nil
	case Sigma:
		return l.Sigma, nil
	case Lambda:
		return l.Lambda, nil
	case Depth:
		return float64(l.Depth), nil
	}
	return 0, fmt.Errorf("experiment: axis %q: it is one of %q, %q, %q, %q, %q", a, Gamma, Theta, Sigma, Lambda, Depth)
}

func (a Axis) set(l *theory.Limit, x float64) {
	switch a {
	case Gamma:
		l.Gamma = x
	case Theta:
		l.Theta = x
	case Sigma:
		l.Sigma = x
	case Lambda:
		l.Lambda = x
	case Depth:
		l.Depth = int(math.Round(x))
	}
}

// Label writes a value of the axis in the math notation of the figures, as
// $\sigma = 0.2$, for a title.
func (a Axis) Label(x float64) string {
	switch a {
	case Gamma:
		return fmt.Sprintf(`$\gamma = %.4g$`, x)
	case Theta:
		return `$\theta = ` + angle(x) + `$`
	case Sigma:
		return fmt.Sprintf(`$\sigma = %.4g$`, x)
	case Lambda:
		return fmt.Sprintf(`$\lambda = %.4g$`, x)
	}
	return fmt.Sprintf(`$L = %.4g$`, x)
}

// angle writes an angle as a fraction of π where it is one.
func angle(x float64) string {
	for _, den := range []int{1, 2, 3, 4, 6, 8, 12} {
		num := x / math.Pi * float64(den)
		if r := math.Round(num); math.Abs(num-r) < 1e-9 {
			s := `\pi`
			switch {
			case r == 0:
				return "0"
			case r != 1:
				s = fmt.Sprintf(`%.0f\pi`, r)
			}
			if den > 1 {
				s += fmt.Sprintf("/%d", den)
			}
			return s
		}
	}
	return fmt.Sprintf(`%.4g°`, x*180/math.Pi)
}

// Series is a set of curves or of points with error bars, for plotting.
type Series struct {
	curves []curve
	err    error
}

type curve struct {
	label     string
	x, y, bar []float64
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
		if _, err := along.of(c.Setting.Limit()); err != nil {
			return nil, nil, err
		}
		key := 0.0
		if by != None {
			if key, err = by.of(c.Setting.Limit()); err != nil {
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
			x[i], _ = along.of(c.Setting.Limit())
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
			x, _ := along.of(cell.Setting.Limit())
			c.x, c.y, c.bar = append(c.x, x), append(c.y, v.Value), append(c.bar, v.StdErr)
		}
		s.curves = append(s.curves, c)
	}
	return s
}

// linePoints is the number of points on a line of the limit, exactPoints the
// most on a line of finite-size means, which can take draws of the law.
const linePoints, exactPoints = 601, 60

// Theory returns the proportional limit of a result as lines along one axis,
// over the range of the grid and one for each value of the axis by.
func (r *Run) Theory(result theory.Result, along, by Axis) Series {
	return r.lines(along, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		at := Range(lo, hi, linePoints)
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
			along.set(&l, x)
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
// lines along γ: what the points scatter around, where the limit is not yet
// reached.
func (r *Run) Exact(result theory.Result, by Axis) Series {
	return r.lines(Gamma, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		first, last := int(math.Round(lo*float64(s.D))), int(math.Round(hi*float64(s.D)))
		for n := first; n <= last; n += max(1, (last-first)/exactPoints) {
			s.N = n
			y, err := result.Mean(s)
			if err != nil {
				return c, err
			}
			c.x, c.y = append(c.x, s.Gamma()), append(c.y, y.Value)
		}
		return c, nil
	})
}

// lines makes one line for each group of cells, over the range of its axis.
func (r *Run) lines(along, by Axis, line func(s theory.Setting, lo, hi float64) (curve, error)) Series {
	labels, groups, err := r.group(along, by)
	out := Series{err: err}
	for g, cells := range groups {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, cell := range cells {
			x, _ := along.of(cell.Setting.Limit())
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

// Map is the mean of a quantity over the (θ, γ) plane and the theory's zero
// contour, for a phase diagram.
type Map struct {
	Theta, Gamma []float64
	Mean         [][]float64 // Mean[i][j] at Gamma[i], Theta[j]
	boundary     []theory.Curve
	err          error
}

// Map returns the measured phase diagram of a transferability and the boundary
// that theory gives it. σ, λ and depth must be the same in all cells.
func (r *Run) Map(result theory.Result) Map {
	m := Map{err: r.err}
	if m.err != nil {
		return m
	}
	if result.Boundary == nil {
		m.err = fmt.Errorf("experiment: %s has no phase boundary: a map needs a transferability", result.Name)
		return m
	}
	first := r.Cells[0].Setting
	for _, c := range r.Cells {
		s := c.Setting
		if s.Sigma != first.Sigma || s.Lambda != first.Lambda || s.Depth != first.Depth {
			m.err = fmt.Errorf("experiment: a map is over θ and γ alone, but the run holds %v and %v: choose with Where", first, s)
			return m
		}
		m.Theta, m.Gamma = append(m.Theta, s.Theta), append(m.Gamma, s.Gamma())
	}
	slices.Sort(m.Theta)
	slices.Sort(m.Gamma)
	m.Theta, m.Gamma = slices.Compact(m.Theta), slices.Compact(m.Gamma)
	m.Mean = make([][]float64, len(m.Gamma))
	for i := range m.Mean {
		m.Mean[i] = slices.Repeat([]float64{math.NaN()}, len(m.Theta))
	}
	for _, c := range r.Cells {
		i, _ := slices.BinarySearch(m.Gamma, c.Setting.Gamma())
		j, _ := slices.BinarySearch(m.Theta, c.Setting.Theta)
		v, err := c.Mean(result.Quantity)
		if err != nil {
			m.err = err
			return m
		}
		m.Mean[i][j] = v.Value
	}
	m.boundary, m.err = result.Boundary(first.Limit(), 2*m.Gamma[len(m.Gamma)-1])
	return m
}

// Values returns the axes x = θ and y = γ and the means z[iy][ix].
func (m Map) Values() (x, y []float64, z [][]float64) { return m.Theta, m.Gamma, m.Mean }

// Boundary returns the pieces of theory's zero contour.
func (m Map) Boundary() (x, y [][]float64) {
	for _, c := range m.boundary {
		x, y = append(x, c.Theta), append(y, c.Gamma)
	}
	return x, y
}

// Err returns why there is no map, or nil.
func (m Map) Err() error { return m.err }
