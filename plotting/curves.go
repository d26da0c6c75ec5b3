package plotting

import (
	"cmp"
	"image/color"
	"slices"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const barWidth vg.Length = 0.8 // of an error bar

// drawCurves draws the curves of a panel: lines, then points, then guides with their labels.
func (p *panel) drawCurves(c draw.Canvas) {
	tx, ty := p.transforms(c)
	if p.y.low < 0 && p.y.high > 0 && !p.y.log {
		c.StrokeLine2(draw.LineStyle{Color: soft, Width: 0.6}, c.Min.X, ty(0), c.Max.X, ty(0))
	}
	var guides []one
	var drawn []vg.Point
	for _, o := range p.curves {
		if o.banded() {
			p.drawBand(c, o)
		}
	}
	for _, o := range p.curves {
		switch o.role {
		case "guide":
			guides = append(guides, o)
			continue
		case "points":
			continue
		case "histogram":
			p.drawSteps(c, o)
			continue
		}
		for _, line := range p.strokes(c, o) {
			c.StrokeLines(lineStyle(o), c.ClipLinesXY(line)...)
			drawn = append(drawn, dots(c, line)...)
		}
	}
	p.drawGuides(c, guides, false)
	for _, o := range p.curves {
		if o.role != "points" {
			continue
		}
		for i := range o.x {
			if !p.x.shows(o.x[i]) || !p.y.shows(o.y[i]) {
				continue
			}
			at := vg.Point{X: tx(o.x[i]), Y: ty(o.y[i])}
			drawn = append(drawn, at)
			switch {
			case at.Y > c.Max.Y:
				drawArrow(c, o.color, vg.Point{X: at.X, Y: c.Max.Y - 1.5}, -1)
				continue
			case at.Y < c.Min.Y:
				drawArrow(c, o.color, vg.Point{X: at.X, Y: c.Min.Y + 1.5}, 1)
				continue
			}
			if o.err != nil && o.err[i] > 0 {
				low := c.Min.Y
				if !p.y.log || o.y[i] > o.err[i] {
					low = ty(o.y[i] - o.err[i])
				}
				bar := []vg.Point{{X: at.X, Y: low}, {X: at.X, Y: ty(o.y[i] + o.err[i])}}
				c.StrokeLines(draw.LineStyle{Color: o.color, Width: barWidth}, c.ClipLinesXY(bar)...)
			}
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: o.shaded, Radius: markerRadius, Shape: o.glyph}, at)
		}
	}
	p.labelGuides(c, guides, drawn)
}

// banded reports whether a curve is a line whose standard errors are drawn as a band.
func (o one) banded() bool { return o.band && o.role == "line" && o.err != nil }

// bandErrors is the half width of a band in standard errors, for 95 %.
const bandErrors = 1.96

// drawBand fills the band around a line.
func (p *panel) drawBand(c draw.Canvas, o one) {
	tx, ty := p.transforms(c)
	var upper, lower []vg.Point
	for i := range o.x {
		low, high := o.y[i]-bandErrors*o.err[i], o.y[i]+bandErrors*o.err[i]
		if !p.x.shows(o.x[i]) || !p.y.shows(high) {
			continue
		}
		at := vg.Point{X: tx(o.x[i]), Y: c.Min.Y}
		if p.y.shows(low) {
			at.Y = ty(low)
		}
		lower = append(lower, at)
		upper = append(upper, vg.Point{X: at.X, Y: ty(high)})
	}
	slices.Reverse(lower)
	c.FillPolygon(filling(o.color), c.ClipPolygonXY(append(upper, lower...)))
}

// drawArrow marks a point that is off the axes by an arrow with a shaft, unlike the marker of
// any series. Its tip is at the given point; away is +1 for a shaft above it.
func drawArrow(c draw.Canvas, color color.Color, tip vg.Point, away vg.Length) {
	sty := draw.LineStyle{Color: color, Width: 1.2}
	c.StrokeLines(sty,
		[]vg.Point{tip, {X: tip.X, Y: tip.Y + 11*away}},
		[]vg.Point{{X: tip.X - 2.8, Y: tip.Y + 4*away}, tip, {X: tip.X + 2.8, Y: tip.Y + 4*away}})
}

func lineStyle(o one) draw.LineStyle {
	sty := draw.LineStyle{Color: o.color, Width: lineWidth}
	if o.role == "dashed" {
		sty.Width, sty.Dashes = 0.8*lineWidth, []vg.Length{4, 2.5}
	}
	return sty
}

// theoryLabel stands for the lines of a view.
const theoryLabel, measuredLabel = "theory", "measured, bar: one standard error"

// legendEntries returns one entry for each label, and one for each kind of curves.
func (p *panel) legendEntries(lines, dashed string) []entry {
	var out []entry
	measured, bars, theory := "", false, true
	banded := slices.ContainsFunc(p.curves, one.banded)
	for _, o := range p.curves {
		switch o.role {
		case "points":
			measured = o.method
			bars = bars || slices.ContainsFunc(o.err, func(e float64) bool { return e > 0 })
		case "line":
			theory = theory && o.method == ""
		}
		if o.label == "" || o.role == "dashed" || o.reference() {
			continue
		}
		k := slices.IndexFunc(out, func(e entry) bool { return e.label == o.label })
		if k < 0 {
			k = len(out)
			out = append(out, entry{label: o.label})
		}
		switch o.role {
		case "points":
			out[k].marker = draw.GlyphStyle{Color: o.shaded, Radius: markerRadius, Shape: o.glyph}
		case "histogram":
			out[k].fill, out[k].line = filling(o.color), draw.LineStyle{}
		default:
			out[k].line = lineStyle(o)
		}
	}
	has := func(role string) bool {
		return slices.ContainsFunc(p.curves, func(o one) bool { return o.role == role })
	}
	if lines == "" && has("line") && theory && measured != "" {
		lines = theoryLabel
	}
	if lines != "" {
		out = append(out, entry{label: lines, line: lineStyle(one{color: soft}), kind: true})
	}
	common := false
	for _, o := range p.curves {
		if o.common {
			common, dashed = true, cmp.Or(dashed, o.label)
		}
	}
	if dashed != "" {
		sty := lineStyle(one{role: "dashed", color: soft})
		if common {
			sty.Color = guideColor
		}
		out = append(out, entry{label: dashed, line: sty, kind: true})
	}
	if banded {
		out = append(out, entry{label: "band: 95 %", fill: filling(guideColor), kind: true})
	}
	if bars {
		label := measuredLabel
		if measured == "" {
			label = "bar: one standard error"
		}
		out = append(out, entry{label: label, bar: true, kind: true, marker: draw.GlyphStyle{Color: guideColor, Radius: markerRadius, Shape: draw.CircleGlyph{}}})
	}
	return out
}

// endsOf returns the right ends of the labelled curves, or nil unless all of them end at the
// right edge of the area.
func (p *panel) endsOf() []end {
	var out []end
	for _, e := range kinds(p.entries, false) {
		found := false
		for _, role := range []string{"line", "points"} {
			for _, o := range p.curves {
				if found || o.label != e.label || o.role != role {
					continue
				}
				last := -1
				for i := range o.x {
					if p.x.shows(o.x[i]) && p.y.shows(o.y[i]) && (last < 0 || o.x[i] >= o.x[last]) {
						last = i
					}
				}
				if last < 0 || p.x.at(o.x[last]) < 0.93 {
					continue
				}
				if y := p.y.at(o.y[last]); y >= 0 && y <= 1 {
					out = append(out, end{label: e.label, color: o.color, y: vg.Length(y) * areaHeight})
					found = true
				}
			}
		}
		if !found {
			return nil
		}
	}
	return direct(out, areaHeight)
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
