package plotting

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colorBar is the scale of colours of a map, from low to high. It ends in an arrow where
// values beyond it have the colour of its end.
type colorBar struct {
	label        string
	low, high    float64
	of           func(v float64) color.Color
	below, above bool // there are values beyond the scale
}

// same reports whether one bar can stand for two maps. Equal ranges have equal colours: that
// of a kernel begins at 0 and is never negative.
func (b *colorBar) same(o *colorBar) bool {
	return b != nil && o != nil && b.label == o.label && b.low == o.low && b.high == o.high
}

const (
	barGap   vg.Length = 9 // from the area
	barThick vg.Length = 10
	barTip   vg.Length = 9 // height of an arrow
)

// width returns the space that the bar takes beside the area.
func (b *colorBar) width() vg.Length {
	var widest vg.Length
	for _, t := range (ticks{}).Ticks(b.low, b.high) {
		widest = max(widest, textStyle(tickSize).Width(t.Label))
	}
	return barGap + max(barThick+5+widest, barThick/2+textStyle(labelSize).Width(b.label)/2) + 4
}

// draw draws the bar to the right of the area.
func (b *colorBar) draw(area draw.Canvas) {
	bar := area
	bar.Min.X = area.Max.X + barGap
	bar.Max.X = bar.Min.X + barThick
	middle := (bar.Min.X + bar.Max.X) / 2
	bottom, top := vg.Point{X: middle, Y: bar.Min.Y}, vg.Point{X: middle, Y: bar.Max.Y}
	if b.below {
		bar.Min.Y += barTip
	}
	if b.above {
		bar.Max.Y -= barTip
	}
	upper, lower := vg.Point{X: bar.Min.X, Y: bar.Max.Y}, vg.Point{X: bar.Max.X, Y: bar.Min.Y}
	outline := []vg.Point{bar.Min}
	if b.below {
		bar.FillPolygon(b.of(b.low), []vg.Point{bar.Min, bottom, lower})
		outline = append(outline, bottom)
	}
	outline = append(outline, lower, bar.Max)
	if b.above {
		bar.FillPolygon(b.of(b.high), []vg.Point{upper, top, bar.Max})
		outline = append(outline, top)
	}
	outline = append(outline, upper, bar.Min)
	const steps = 80
	height := (bar.Max.Y - bar.Min.Y) / steps
	for i := range steps {
		r := bar.Rectangle
		r.Min.Y += vg.Length(i) * height
		r.Max.Y = min(r.Min.Y+height+overlap, bar.Max.Y)
		bar.SetColor(b.of(b.low + (b.high-b.low)*(float64(i)+0.5)/steps))
		bar.Fill(r.Path())
	}
	line := draw.LineStyle{Color: ink, Width: frameWidth}
	bar.StrokeLines(line, outline)
	sty := textStyle(tickSize)
	sty.YAlign = draw.YCenter
	for _, t := range (ticks{}).Ticks(b.low, b.high) {
		at := bar.Min.Y + vg.Length((t.Value-b.low)/(b.high-b.low))*(bar.Max.Y-bar.Min.Y)
		bar.StrokeLine2(line, bar.Max.X, at, bar.Max.X+3, at)
		bar.FillText(sty, vg.Point{X: bar.Max.X + 5, Y: at}, t.Label)
	}
	sty = textStyle(labelSize)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YBottom
	bar.FillText(sty, vg.Point{X: middle, Y: area.Max.Y + 6 - descent*sty.Font.Size}, b.label)
}
