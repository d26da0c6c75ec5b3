package plotting

import (
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// axis is one axis of a panel. gonum's axes reserve the wrong space for the label of a
// logarithmic axis and place the labels of ticks above their ticks.
type axis struct {
	label     string
	low, high float64
	log       bool
	angles    bool // ticks at fractions of π
	fixed     bool // the panel sets the range itself
}

// at returns the place of v, 0 at the low end and 1 at the high end.
func (a axis) at(v float64) float64 {
	if a.log {
		return math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return (v - a.low) / (a.high - a.low)
}

// shows reports whether v has a place on the axis or beyond its ends.
func (a axis) shows(v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && !(a.log && v <= 0)
}

func (a axis) ticks() []plot.Tick {
	switch {
	case a.angles || strings.HasPrefix(a.label, `$\theta`) && !a.log:
		return angleTicks{}.Ticks(a.low, a.high)
	case a.log:
		return logTicks{}.Ticks(a.low, a.high)
	}
	return ticks{}.Ticks(a.low, a.high)
}

// same reports whether two panels can share the axis.
func (a axis) same(b axis) bool {
	return a.label == b.label && a.log == b.log && a.low == b.low && a.high == b.high
}

// Lengths around the data of a panel, in points.
const (
	tickLength vg.Length = 3.5
	tickPad    vg.Length = 3.5 // from a tick to its label
	labelPad   vg.Length = 4   // from the tick labels to the label of the axis
)

// thinned returns the ticks without the labels that would touch another one.
func thinned(all []plot.Tick, size func(t plot.Tick) (low, high vg.Length)) []plot.Tick {
	end := vg.Length(math.Inf(-1))
	for i, t := range all {
		if t.Label == "" {
			continue
		}
		low, high := size(t)
		if low < end+3 {
			all[i].Label = ""
			continue
		}
		end = high
	}
	return all
}

func (a axis) xTicks(width vg.Length) []plot.Tick {
	sty := textStyle(tickSize)
	return thinned(a.ticks(), func(t plot.Tick) (low, high vg.Length) {
		at, half := vg.Length(a.at(t.Value))*width, sty.Width(t.Label)/2
		return at - half, at + half
	})
}

func (a axis) yTicks(height vg.Length) []plot.Tick {
	return thinned(a.ticks(), func(t plot.Tick) (low, high vg.Length) {
		at := vg.Length(a.at(t.Value)) * height
		return at - tickSize*0.33, at + tickSize*0.33
	})
}

// left returns the space that a y axis takes beside an area.
func (a axis) left(height vg.Length) vg.Length {
	var widest vg.Length
	for _, t := range a.yTicks(height) {
		widest = max(widest, textStyle(tickSize).Width(t.Label))
	}
	space := tickLength + tickPad + widest
	if a.label != "" {
		space += labelPad + textStyle(labelSize).Height(a.label)
	}
	return space
}

// below returns the space that an x axis takes below an area.
func (a axis) below(width vg.Length) vg.Length {
	var deepest vg.Length
	for _, t := range a.xTicks(width) {
		if t.Label != "" {
			deepest = max(deepest, textStyle(tickSize).Height(t.Label))
		}
	}
	space := tickLength + tickPad + deepest
	if a.label != "" {
		space += labelPad + textStyle(labelSize).Height(a.label)
	}
	return space
}

// drawX draws the axis below an area, with its frame above.
func (a axis) drawX(area draw.Canvas) {
	line := draw.LineStyle{Color: ink, Width: frameWidth}
	area.StrokeLine2(line, area.Min.X, area.Max.Y, area.Max.X, area.Max.Y)
	area.StrokeLine2(line, area.Min.X, area.Min.Y, area.Max.X, area.Min.Y)
	width := area.Max.X - area.Min.X
	sty := textStyle(tickSize)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YTop
	for _, t := range a.xTicks(width) {
		x := area.Min.X + vg.Length(a.at(t.Value))*width
		area.StrokeLine2(line, x, area.Min.Y, x, area.Min.Y-length(t))
		// From the baseline, so that a superscript does not move its base.
		area.FillText(sty, vg.Point{X: x, Y: area.Min.Y - tickLength - tickPad + 0.2*tickSize}, t.Label)
	}
	sty = fitted(a.label, labelSize, width*1.15)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YBottom
	_, down := extent(a.label, sty.Font.Size)
	area.FillText(sty, vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: area.Min.Y - a.below(width) + down - descent*sty.Font.Size}, a.label)
}

// drawY draws the axis left of an area, with its frame on the right; without labels if
// bare.
func (a axis) drawY(area draw.Canvas, bare bool) {
	line := draw.LineStyle{Color: ink, Width: frameWidth}
	area.StrokeLine2(line, area.Min.X, area.Min.Y, area.Min.X, area.Max.Y)
	area.StrokeLine2(line, area.Max.X, area.Min.Y, area.Max.X, area.Max.Y)
	height := area.Max.Y - area.Min.Y
	sty := textStyle(tickSize)
	sty.XAlign, sty.YAlign = draw.XRight, draw.YCenter
	for _, t := range a.yTicks(height) {
		y := area.Min.Y + vg.Length(a.at(t.Value))*height
		area.StrokeLine2(line, area.Min.X, y, area.Min.X-length(t), y)
		if !bare {
			area.FillText(sty, vg.Point{X: area.Min.X - tickLength - tickPad, Y: y}, t.Label)
		}
	}
	if bare {
		return
	}
	sty = fitted(a.label, labelSize, height*1.15)
	sty.Rotation = math.Pi / 2
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YTop
	up, _ := extent(a.label, sty.Font.Size)
	area.FillText(sty, vg.Point{X: area.Min.X - a.left(height) + up - ascent*sty.Font.Size, Y: (area.Min.Y + area.Max.Y) / 2}, a.label)
}

// length returns the length of a tick: a minor one of a logarithmic axis is shorter.
func length(t plot.Tick) vg.Length {
	if t.Label == "" {
		return 0.6 * tickLength
	}
	return tickLength
}
