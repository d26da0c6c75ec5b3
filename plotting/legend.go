package plotting

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is one line of a legend: a line, a marker, or both, and a label.
type entry struct {
	label  string
	line   draw.LineStyle
	marker draw.GlyphStyle
	bar    bool // with the bar of a standard error
	fill   color.Color
	kind   bool // of a kind of curves, such as all lines, and not of one curve
}

// merged returns the entries of several panels as one legend. ok is false if a label has two
// styles, or two labels have one.
func merged(panels []*panel) (out []entry, ok bool) {
	for _, p := range panels {
		for _, e := range p.entries {
			i := slices.IndexFunc(out, func(o entry) bool { return o.label == e.label && o.kind == e.kind })
			if i < 0 {
				for _, o := range out {
					if !e.kind && !o.kind && (e.line.Color != nil && e.line.Color == o.line.Color || e.marker.Shape != nil && e.marker == o.marker) {
						return nil, false
					}
				}
				out = append(out, e)
				continue
			}
			o := &out[i]
			if o.line.Color != nil && e.line.Color != nil && o.line.Color != e.line.Color ||
				o.marker.Shape != nil && e.marker.Shape != nil && o.marker != e.marker {
				return nil, false
			}
			if o.line.Color == nil {
				o.line = e.line
			}
			if o.marker.Shape == nil {
				o.marker = e.marker
			}
			o.bar = o.bar || e.bar
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { // kinds come last
		switch {
		case a.kind == b.kind:
			return 0
		case b.kind:
			return -1
		}
		return 1
	})
	return out, true
}

// kinds returns the entries of kinds of curves, or the others.
func kinds(all []entry, kind bool) (out []entry) {
	for _, e := range all {
		if e.kind == kind {
			out = append(out, e)
		}
	}
	return out
}

const (
	legendLine  vg.Length = 14 // height of a row
	legendThumb vg.Length = 20
)

// legendOf places the entries in rows of the given width. It returns the left end of each
// entry, relative to the top left, and the width and the height of the legend.
func legendOf(entries []entry, width vg.Length) (at []vg.Point, wide, high vg.Length) {
	sty := textStyle(legendSize)
	var x vg.Length
	rows := 0
	for _, e := range entries {
		w := legendThumb + 5 + sty.Width(e.label) + 12
		if x > 0 && x+w-12 > width {
			x, rows = 0, rows+1
		}
		at = append(at, vg.Point{X: x, Y: -legendLine * (vg.Length(rows) + 0.5)})
		x += w
		wide = max(wide, x-12)
	}
	if len(entries) == 0 {
		return nil, 0, 0
	}
	return at, wide, legendLine*vg.Length(rows+1) + 3
}

func drawLegend(c draw.Canvas, entries []entry, topLeft vg.Point, at []vg.Point) {
	sty := textStyle(legendSize)
	sty.YAlign = draw.YCenter
	for i, e := range entries {
		p := topLeft.Add(at[i])
		if e.fill != nil {
			c.SetColor(e.fill)
			c.Fill(vg.Rectangle{Min: p.Add(vg.Point{Y: -4}), Max: p.Add(vg.Point{X: legendThumb, Y: 4})}.Path())
		}
		if e.line.Color != nil {
			c.StrokeLine2(e.line, p.X, p.Y, p.X+legendThumb, p.Y)
		}
		middle := vg.Point{X: p.X + legendThumb/2, Y: p.Y}
		if e.bar {
			c.StrokeLine2(draw.LineStyle{Color: e.marker.Color, Width: barWidth}, middle.X, middle.Y-5.5, middle.X, middle.Y+5.5)
		}
		if e.marker.Shape != nil {
			c.DrawGlyphNoClip(e.marker, middle)
		}
		c.FillText(sty, vg.Point{X: p.X + legendThumb + 5, Y: p.Y}, e.label)
	}
}

// end is the right end of a curve, with the label that can stand there in place of an entry
// of the legend.
type end struct {
	label string
	color color.Color
	y, at vg.Length // of the curve and of the label, from the lower edge of the area
}

// direct places the labels of curves at their right ends, or returns nil if they have no
// room.
func direct(ends []end, height vg.Length) []end {
	const gap, most = 11, 9 // between two labels, and from a label to its curve
	out := slices.Clone(ends)
	slices.SortStableFunc(out, func(a, b end) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	for i := range out {
		out[i].at = out[i].y
	}
	for range 60 { // push neighbours apart, half each
		for i := 1; i < len(out); i++ {
			if d := gap - (out[i].at - out[i-1].at); d > 0 {
				out[i-1].at -= d / 2
				out[i].at += d / 2
			}
		}
	}
	for i, e := range out {
		if math.Abs(float64(e.at-e.y)) > most || e.at < -3 || e.at > height+3 || i > 0 && e.at-out[i-1].at < gap-1 {
			return nil
		}
	}
	return out
}

const leader vg.Length = 10 // from the area to a label of a curve

// besides returns the space that direct labels take.
func besides(ends []end) (w vg.Length) {
	for _, e := range ends {
		w = max(w, textStyle(legendSize).Width(e.label))
	}
	return w + leader + 3
}

func drawEnds(area draw.Canvas, ends []end) {
	sty := textStyle(legendSize)
	sty.YAlign = draw.YCenter
	for _, e := range ends {
		from := vg.Point{X: area.Max.X + 1, Y: area.Min.Y + e.y}
		to := vg.Point{X: area.Max.X + leader - 1.5, Y: area.Min.Y + e.at}
		area.StrokeLines(draw.LineStyle{Color: e.color, Width: 1.1}, []vg.Point{from, to})
		area.FillText(sty, vg.Point{X: area.Max.X + leader + 1, Y: to.Y}, e.label)
	}
}

// legends decides where the curves of each panel are named: in one legend of the figure if
// several panels have the same curves, else at their right ends, or else below the panel.
func (f *Figure) legends() {
	named := 0
	for _, p := range f.panels {
		if len(kinds(p.entries, false)) > 0 {
			named++
		}
	}
	f.nameLines()
	all, ok := merged(f.panels)
	if f.common = all; named > 1 && ok {
		return
	}
	var rest []*panel // the kinds alone, of which all have the same style
	for _, p := range f.panels {
		rest = append(rest, &panel{entries: kinds(p.entries, true)})
	}
	f.common, _ = merged(rest)
	for _, p := range f.panels {
		if p.ends = p.endsOf(); p.ends == nil {
			p.own = kinds(p.entries, false)
		}
	}
}

// nameLines leaves out the usual name of lines where a panel gives them its own.
func (f *Figure) nameLines() {
	usual := func(e entry) bool { return e.kind && e.label == theoryLabel }
	own := func(e entry) bool { return e.kind && e.line.Color != nil && e.line.Dashes == nil && !usual(e) }
	if slices.ContainsFunc(f.panels, func(p *panel) bool { return slices.ContainsFunc(p.entries, own) }) {
		for _, p := range f.panels {
			p.entries = slices.DeleteFunc(p.entries, usual)
		}
	}
}
