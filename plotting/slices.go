package plotting

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
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
// measurements as Points with error bars of one standard error. Empty X, Y, Lines and
// Points are taken from the View. Curves with the same label share a colour. A line is
// interrupted where its value is not finite; a point outside the axes is marked at the
// edge.
//
// YLow and YHigh bound the y axis; if both are 0, it covers the points. LogX and LogY make
// an axis logarithmic. LinesLabel and DashedLabel explain solid and dashed lines in the
// legend.
type Slices struct {
	Title, X, Y             string
	View                    View
	Lines, Dashed, Points   Curves
	LinesLabel, DashedLabel string
	YLow, YHigh             float64
	LogX, LogY              bool
}

// one is a curve with its style.
type one struct {
	role, label   string
	x, y, err     []float64
	method        string
	seed          uint64
	color, shaded color.NRGBA
	glyph         draw.GlyphDrawer
}

func (s Slices) collect() ([]one, error) {
	var out []one
	index := map[string]int{}
	for _, set := range []struct {
		role   string
		curves Curves
	}{{"line", s.Lines}, {"dashed", s.Dashed}, {"points", s.Points}} {
		if set.curves == nil {
			continue
		}
		if err := set.curves.Err(); err != nil {
			return nil, err
		}
		for i := range set.curves.Len() {
			c := one{role: set.role}
			c.label, c.x, c.y, c.err = set.curves.Curve(i)
			if m, ok := set.curves.(interface{ Origin(i int) (string, uint64) }); ok {
				c.method, c.seed = m.Origin(i)
			}
			if len(c.x) != len(c.y) || c.err != nil && len(c.err) != len(c.x) {
				return nil, fmt.Errorf("plotting: curve %q has %d x, %d y and %d error values: they must be equally many", c.label, len(c.x), len(c.y), len(c.err))
			}
			k, ok := index[c.label]
			if !ok {
				k = len(index)
				index[c.label] = k
			}
			c.color, c.glyph = curveColors[k%len(curveColors)], curveGlyphs[k%len(curveGlyphs)]
			c.shaded = c.color
			c.shaded.A = 153 // points at 60 % over their line
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("plotting: Slices has no curve: set View, Lines or Points")
	}
	return out, nil
}

func (s Slices) build() (*panel, error) {
	s = s.viewed()
	curves, err := s.collect()
	if err != nil {
		return nil, err
	}
	labels := []string{s.Title, s.X, s.Y, s.LinesLabel, s.DashedLabel}
	for _, c := range curves {
		labels = append(labels, c.label)
	}
	if err := checkLabels(labels...); err != nil {
		return nil, err
	}
	if s.YLow > s.YHigh || math.IsNaN(s.YLow) || math.IsNaN(s.YHigh) || math.IsInf(s.YLow, 0) || math.IsInf(s.YHigh, 0) {
		return nil, fmt.Errorf("plotting: YLow = %v, YHigh = %v: they must be finite and in rising order", s.YLow, s.YHigh)
	}
	if s.LogY && s.YHigh != 0 && s.YLow <= 0 {
		return nil, fmt.Errorf("plotting: YLow = %v: a logarithmic axis begins above 0", s.YLow)
	}
	x0, x1, y0, y1, err := s.limits(curves)
	if err != nil {
		return nil, err
	}
	p := newPlot(s.Title, s.X, s.Y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = x0, x1, y0, y1
	if s.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if s.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	built := &panel{data: figure.Panel{Kind: "slices", Title: s.Title, X: s.X, Y: s.Y}}
	for _, c := range curves {
		built.data.Curves = append(built.data.Curves, c.data())
		built.measured(c.method, c.seed)
	}
	const width, axes = 4.4 * vg.Inch, 3.1 * vg.Inch
	entries := s.legend(curves)
	at, rows := layout(entries, width-64)
	below := vg.Length(rows) * legendLine
	built.width, built.height = width, axes+below
	built.draw = func(c draw.Canvas) {
		c = draw.Crop(c, 6, -12, 5, -6)
		top := draw.Crop(c, 0, 0, below, 0)
		fitTitle(p, top.Max.X-top.Min.X)
		if s.LogY {
			top = logYLabel(p, top)
		}
		p.Draw(top)
		area := p.DataCanvas(top)
		s.drawCurves(p, area, curves)
		frame(p, top)
		drawLegend(c, entries, vg.Point{X: area.Min.X, Y: c.Min.Y + below - 2}, at)
	}
	return built, nil
}

// limits returns the ranges of the axes: x from all curves, y from YLow and YHigh, or
// from the points (from the lines if there are no points).
func (s Slices) limits(curves []one) (x0, x1, y0, y1 float64, err error) {
	x0, y0 = math.Inf(1), math.Inf(1)
	x1, y1 = math.Inf(-1), math.Inf(-1)
	for _, c := range curves {
		for i, x := range c.x {
			if math.IsNaN(x) || math.IsInf(x, 0) || s.LogX && x <= 0 {
				continue
			}
			x0, x1 = math.Min(x0, x), math.Max(x1, x)
			y, e := c.y[i], 0.0
			if c.err != nil {
				e = c.err[i]
			}
			if c.role != "points" && s.Points != nil || math.IsNaN(y+e) || math.IsInf(y+e, 0) || s.LogY && y-e <= 0 {
				continue
			}
			y0, y1 = math.Min(y0, y-e), math.Max(y1, y+e)
		}
	}
	if s.LogX && x0 < x1 {
		m := math.Pow(x1/x0, 0.02)
		x0, x1 = x0/m, x1*m
	} else {
		m := 0.02 * (x1 - x0)
		x0, x1 = x0-m, x1+m
	}
	switch {
	case s.YLow != 0 || s.YHigh != 0:
		y0, y1 = s.YLow, s.YHigh
	case s.LogY:
		y0, y1 = y0/1.3, y1*1.3
	default:
		m := 0.06 * (y1 - y0)
		y0, y1 = y0-m, y1+m
	}
	if !(x0 < x1) || !(y0 < y1) || math.IsInf(y1-y0, 0) || s.LogY && y0 <= 0 {
		return 0, 0, 0, 0, fmt.Errorf("plotting: the curves span no range (x from %.4g to %.4g, y from %.4g to %.4g)", x0, x1, y0, y1)
	}
	return x0, x1, y0, y1, nil
}

func (s Slices) drawCurves(p *plot.Plot, c draw.Canvas, curves []one) {
	tx, ty := p.Transforms(&c)
	usable := func(x, y float64) bool {
		return !math.IsNaN(x+y) && !math.IsInf(x+y, 0) && !(s.LogX && x <= 0) && !(s.LogY && y <= 0)
	}
	if p.Y.Min < 0 && p.Y.Max > 0 && !s.LogY {
		c.StrokeLine2(draw.LineStyle{Color: soft, Width: 0.6}, c.Min.X, ty(0), c.Max.X, ty(0))
	}
	for _, o := range curves {
		if o.role == "points" {
			continue
		}
		var part []vg.Point
		flush := func() {
			if len(part) > 1 {
				c.StrokeLines(lineStyle(o), c.ClipLinesXY(part)...)
			}
			part = nil
		}
		for i := range o.x {
			if !usable(o.x[i], o.y[i]) {
				flush()
				continue
			}
			part = append(part, vg.Point{X: tx(o.x[i]), Y: ty(o.y[i])})
		}
		flush()
	}
	for _, o := range curves {
		if o.role != "points" {
			continue
		}
		for i := range o.x {
			if !usable(o.x[i], o.y[i]) {
				continue
			}
			at := vg.Point{X: tx(o.x[i]), Y: ty(o.y[i])}
			sty := draw.GlyphStyle{Color: o.shaded, Radius: markerRadius, Shape: o.glyph}
			switch {
			case at.Y > c.Max.Y: // off the axes: an arrow head at the edge
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: o.color, Radius: 3, Shape: draw.PyramidGlyph{}}, vg.Point{X: at.X, Y: c.Max.Y - 4})
				continue
			case at.Y < c.Min.Y:
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: o.color, Radius: 3, Shape: draw.TriangleGlyph{}}, vg.Point{X: at.X, Y: c.Min.Y + 4})
				continue
			}
			if o.err != nil && o.err[i] > 0 {
				low := c.Min.Y
				if !s.LogY || o.y[i] > o.err[i] {
					low = ty(o.y[i] - o.err[i])
				}
				bar := []vg.Point{{X: at.X, Y: low}, {X: at.X, Y: ty(o.y[i] + o.err[i])}}
				c.StrokeLines(draw.LineStyle{Color: o.color, Width: 0.8}, c.ClipLinesXY(bar)...)
			}
			c.DrawGlyphNoClip(sty, at)
		}
	}
}

func lineStyle(o one) draw.LineStyle {
	sty := draw.LineStyle{Color: o.color, Width: lineWidth}
	if o.role == "dashed" {
		sty.Width, sty.Dashes = 0.8*lineWidth, []vg.Length{4, 2.5}
	}
	return sty
}

// entry is one line of the legend: a line, a marker or both, and a label.
type entry struct {
	label  string
	line   draw.LineStyle
	marker draw.GlyphStyle
}

// legend returns one entry per label, and one per labelled kind of line.
func (s Slices) legend(curves []one) []entry {
	var out []entry
	index := map[string]int{}
	for _, o := range curves {
		if o.label == "" || o.role == "dashed" {
			continue
		}
		k, ok := index[o.label]
		if !ok {
			k = len(out)
			index[o.label] = k
			out = append(out, entry{label: o.label})
		}
		if o.role == "line" {
			out[k].line = lineStyle(o)
		} else {
			out[k].marker = draw.GlyphStyle{Color: o.shaded, Radius: markerRadius, Shape: o.glyph}
		}
	}
	if s.LinesLabel != "" {
		out = append(out, entry{label: s.LinesLabel, line: lineStyle(one{color: soft})})
	}
	if s.DashedLabel != "" {
		out = append(out, entry{label: s.DashedLabel, line: lineStyle(one{role: "dashed", color: soft})})
	}
	return out
}

const (
	legendLine  vg.Length = 14 // height of a row
	legendThumb vg.Length = 20
)

// layout places the entries in rows of the given width. It returns the left end of
// each entry, relative to the top left.
func layout(entries []entry, width vg.Length) (at []vg.Point, rows int) {
	sty := textStyle(legendSize)
	var x vg.Length
	for _, e := range entries {
		w := legendThumb + 5 + sty.Width(e.label) + 12
		if x > 0 && x+w > width {
			x, rows = 0, rows+1
		}
		at = append(at, vg.Point{X: x, Y: -legendLine * (vg.Length(rows) + 0.5)})
		x += w
	}
	if len(entries) > 0 {
		rows++
	}
	return at, rows
}

func drawLegend(c draw.Canvas, entries []entry, origin vg.Point, at []vg.Point) {
	sty := textStyle(legendSize)
	sty.YAlign = draw.YCenter
	for i, e := range entries {
		p := origin.Add(at[i])
		if e.line.Color != nil {
			c.StrokeLine2(e.line, p.X, p.Y, p.X+legendThumb, p.Y)
		}
		if e.marker.Shape != nil {
			c.DrawGlyphNoClip(e.marker, vg.Point{X: p.X + legendThumb/2, Y: p.Y})
		}
		c.FillText(sty, vg.Point{X: p.X + legendThumb + 5, Y: p.Y}, e.label)
	}
}

func (o one) data() figure.Curve {
	return figure.Curve{Role: o.role, Label: o.label, Method: o.method, X: o.x, Y: o.y, Err: o.err}
}

func checkLabels(labels ...string) error {
	for _, l := range labels {
		if _, err := parseLabel(l); err != nil {
			return err
		}
	}
	return nil
}
