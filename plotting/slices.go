package plotting

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot/vg/draw"
)

// Curves is a set of curves to draw. Curve returns the label, the coordinates and the
// standard errors (or nil) of a curve, all of equal length; Err returns the error for which
// there are no curves.
type Curves interface {
	Len() int
	Curve(i int) (label string, x, y, stderr []float64)
	Err() error
}

// Slices is a panel of curves: theory as Lines, another form of it as Dashed lines, and
// measurements as Points with error bars of one standard error. A line of a set with
// Banded() true has a band of 95 %. Empty X, Y, Lines and
// Points are taken from the View. Curves with the same label share a colour. Three or more
// curves whose labels differ in one number are coloured in its order, from dark to light.
// Dashed lines that are all the same are drawn once, in grey. A line is interrupted where
// its value is not finite; a curve without any value is an error. A point outside the axes
// is marked by an arrow at the edge.
//
// Guides are lines to compare with, such as a floor or a slope, in grey, with their labels
// beside them. YLow and YHigh bound the y axis; if both are 0, it covers the points. LogX
// and LogY make an axis logarithmic. LinesLabel and DashedLabel explain solid and dashed
// lines in the legend. Curves are labelled at their right ends where there is room.
type Slices struct {
	Title, X, Y                   string
	View                          View
	Lines, Dashed, Points, Guides Curves
	LinesLabel, DashedLabel       string
	YLow, YHigh                   float64
	LogX, LogY                    bool
}

// one is a curve with its style.
type one struct {
	role, label   string
	x, y, err     []float64
	band          bool // its standard errors are drawn as a band of 95 %
	method        string
	seed          uint64
	facts         string
	common        bool // a dashed line of no series, or of all
	color, shaded color.NRGBA
	glyph         draw.GlyphDrawer
}

// reference reports whether a curve belongs to no series: it is grey.
func (o one) reference() bool { return o.role == "guide" || o.common }

// curvesOf returns the curves of a set, nil for none.
func curvesOf(role string, set Curves) (out []one, err error) {
	if set == nil {
		return nil, nil
	}
	if err := set.Err(); err != nil {
		return nil, err
	}
	for i := range set.Len() {
		c := one{role: role, color: guideColor}
		c.label, c.x, c.y, c.err = set.Curve(i)
		if m, ok := set.(interface{ Origin(i int) (string, uint64) }); ok {
			c.method, c.seed = m.Origin(i)
		}
		if m, ok := set.(interface{ Banded() bool }); ok {
			c.band = m.Banded()
		}
		if m, ok := set.(interface{ Facts(i int) string }); ok {
			c.facts = m.Facts(i)
		}
		if len(c.x) != len(c.y) || c.err != nil && len(c.err) != len(c.x) {
			return nil, fmt.Errorf("plotting: curve %q has %d x, %d y and %d error values: they must be equally many", c.label, len(c.x), len(c.y), len(c.err))
		}
		if err := checkLabels(c.label); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (s Slices) collect() ([]one, error) {
	var out []one
	for _, set := range []struct {
		role   string
		curves Curves
	}{{"line", s.Lines}, {"dashed", s.Dashed}, {"points", s.Points}, {"guide", s.Guides}} {
		curves, err := curvesOf(set.role, set.curves)
		if err != nil {
			return nil, err
		}
		// A dashed line of no series, or of all, is common to them.
		if set.role == "dashed" && len(curves) > 0 && (len(curves) > 1 || s.unknown(curves[0].label)) && !slices.ContainsFunc(curves, func(c one) bool { return !alike(c, curves[0]) }) {
			if curves[0].common = true; len(curves) > 1 {
				curves, curves[0].label = curves[:1], ""
			}
		}
		out = append(out, curves...)
	}
	if !slices.ContainsFunc(out, func(c one) bool { return c.role != "guide" }) {
		return nil, errors.New("plotting: Slices has no curve: set View, Lines or Points")
	}
	style(out)
	return out, nil
}

// unknown reports whether a label is that of no line and of no points.
func (s Slices) unknown(label string) bool {
	for _, set := range []Curves{s.Lines, s.Points} {
		if set == nil || set.Err() != nil {
			continue
		}
		for i := range set.Len() {
			if l, _, _, _ := set.Curve(i); l == label {
				return false
			}
		}
	}
	return true
}

// alike reports whether two curves have the same numbers.
func alike(a, b one) bool { return slices.Equal(a.x, b.x) && slices.Equal(a.y, b.y) }

// style gives curves their colours and markers, one for each label in all sets.
func style(sets ...[]one) {
	labels := distinct(sets...)
	colors := paint(labels)
	for _, curves := range sets {
		for i := range curves {
			c := &curves[i]
			if c.reference() {
				continue
			}
			k := slices.Index(labels, c.label)
			c.color, c.glyph = colors[k], curveGlyphs[k%len(curveGlyphs)]
			c.shaded = c.color
			c.shaded.A = 153 // points at 60 % over their line
		}
	}
}

// shareStyles gives a label one colour and one marker in all panels that have it.
func shareStyles(panels []*panel) {
	var sets [][]one
	for i, p := range panels {
		for j, q := range panels {
			if i != j && slices.ContainsFunc(distinct(p.curves), func(l string) bool { return l != "" && slices.Contains(distinct(q.curves), l) }) {
				sets = append(sets, p.curves)
				break
			}
		}
	}
	style(sets...)
	for _, p := range panels {
		if p.legend != nil {
			p.entries = p.legend()
		}
	}
}

func (s Slices) build() (*panel, error) {
	s = s.viewed()
	curves, err := s.collect()
	if err != nil {
		return nil, err
	}
	if err := checkLabels(s.Title, s.X, s.Y, s.LinesLabel, s.DashedLabel); err != nil {
		return nil, err
	}
	if s.YLow > s.YHigh || math.IsNaN(s.YLow) || math.IsNaN(s.YHigh) || math.IsInf(s.YLow, 0) || math.IsInf(s.YHigh, 0) {
		return nil, fmt.Errorf("plotting: YLow = %v, YHigh = %v: they must be finite and in rising order", s.YLow, s.YHigh)
	}
	if s.LogY && s.YHigh != 0 && s.YLow <= 0 {
		return nil, fmt.Errorf("plotting: YLow = %v: a logarithmic axis begins above 0", s.YLow)
	}
	p := &panel{title: s.Title, width: curvesWidth, x: axis{label: s.X, log: s.LogX}, y: axis{label: s.Y, log: s.LogY}, curves: curves,
		data: figure.Panel{Kind: "slices", Title: s.Title, X: s.X, Y: s.Y}}
	if err := p.visible(); err != nil {
		return nil, err
	}
	p.ranges(s.YLow, s.YHigh)
	for _, c := range curves {
		p.data.Curves = append(p.data.Curves, c.data())
		p.measured(c.method, c.seed)
	}
	p.legend = func() []entry { return p.legendEntries(s.LinesLabel, s.DashedLabel) }
	p.paint = p.drawCurves
	return p, nil
}

// visible returns an error for a curve of which nothing would be drawn.
func (p *panel) visible() error {
	for _, c := range p.curves {
		x, y := p.across(c)
		shown := c.straight() // its ends are those of the axes
		for i := range x {
			shown = shown || p.x.shows(x[i]) && p.y.shows(y[i])
		}
		if !shown {
			what := "no finite value"
			if p.x.log || p.y.log {
				what = "no finite value above 0, which a logarithmic axis needs"
			}
			return fmt.Errorf("plotting: the %s %q has %s: nothing of it can be drawn", c.role, c.label, what)
		}
	}
	return nil
}

// ranges sets the ranges of the axes: x from all curves, y from low and high, or from the
// points (from the lines if there are no points) and the guides across the axes.
func (p *panel) ranges(low, high float64) {
	measured := slices.ContainsFunc(p.curves, func(c one) bool { return c.role == "points" })
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range p.curves {
		for i, x := range c.x {
			if p.x.shows(x) && (c.role != "guide" || c.straight()) {
				x0, x1 = math.Min(x0, x), math.Max(x1, x)
			}
			y, e := c.y[i], 0.0
			if c.err != nil {
				e = c.err[i]
			}
			if c.banded() {
				e *= bandErrors
			}
			if c.role == "guide" && !c.straight() || c.role != "points" && c.role != "guide" && measured && !c.banded() ||
				!p.y.shows(y-e) || !p.y.shows(y+e) || !p.x.shows(x) && !c.straight() {
				continue
			}
			y0, y1 = math.Min(y0, y-e), math.Max(y1, y+e)
		}
	}
	p.x.low, p.x.high = widened(x0, x1, 0.02, p.x.log)
	p.y.low, p.y.high = widened(y0, y1, 0.06, p.y.log)
	if low != 0 || high != 0 {
		p.y.low, p.y.high, p.y.fixed = low, high, true
	}
}

// widened returns a range with a margin on both sides. A single value gets a range around it.
func widened(low, high, margin float64, log bool) (float64, float64) {
	switch {
	case !(low <= high): // no value: any range shows as little
		if log {
			return 1, 10
		}
		return 0, 1
	case log && high/low < 1+1e-9:
		return low / 2, high * 2
	case log:
		m := math.Pow(high/low, margin)
		return low / m, high * m
	case high-low <= 1e-9*math.Max(math.Abs(low), math.Abs(high)):
		m := math.Abs(low) / 10
		if m == 0 {
			m = 1
		}
		return low - m, high + m
	}
	return low - margin*(high-low), high + margin*(high-low)
}
