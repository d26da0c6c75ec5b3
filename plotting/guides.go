package plotting

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	guideColor = color.NRGBA{110, 110, 110, 255}
	guideText  = color.NRGBA{70, 70, 70, 255}
)

// across returns the curve, with the infinite ends of a straight guide at the ends of the
// axes.
func (p *panel) across(o one) (x, y []float64) {
	if !o.straight() {
		return o.x, o.y
	}
	ends := func(a axis, v []float64) []float64 {
		out := make([]float64, len(v))
		for i, u := range v {
			switch {
			case math.IsInf(u, 1):
				u = a.high
			case math.IsInf(u, -1):
				u = a.low
			}
			out[i] = u
		}
		return out
	}
	return ends(p.x, o.x), ends(p.y, o.y)
}

// straight reports whether a guide is a horizontal or a vertical line across the axes.
func (o one) straight() bool {
	return o.role == "guide" && len(o.x) == 2 && (math.IsInf(o.x[0], 0) || math.IsInf(o.y[0], 0))
}

// drawGuides draws the lines of guides; over a map, on a white edge.
func (p *panel) drawGuides(c draw.Canvas, guides []one, over bool) {
	for _, o := range guides {
		for _, line := range p.strokes(c, o) {
			if over {
				c.StrokeLines(draw.LineStyle{Color: color.White, Width: 2.8}, c.ClipLinesXY(line)...)
				c.StrokeLines(draw.LineStyle{Color: ink, Width: 1.1, Dashes: []vg.Length{4, 2.5}}, c.ClipLinesXY(line)...)
				continue
			}
			c.StrokeLines(draw.LineStyle{Color: guideColor, Width: 1, Dashes: []vg.Length{1.2, 2}}, c.ClipLinesXY(line)...)
		}
	}
}

// strokes returns the parts of a line between the places where it has no value.
func (p *panel) strokes(c draw.Canvas, o one) (out [][]vg.Point) {
	tx, ty := p.transforms(c)
	x, y := p.across(o)
	var part []vg.Point
	flush := func() {
		if len(part) == 1 { // a short dash is better seen than nothing
			part = []vg.Point{{X: part[0].X - 4, Y: part[0].Y}, {X: part[0].X + 4, Y: part[0].Y}}
		}
		if len(part) > 0 {
			out = append(out, part)
		}
		part = nil
	}
	for i := range x {
		if !p.x.shows(x[i]) || !p.y.shows(y[i]) {
			flush()
			continue
		}
		part = append(part, vg.Point{X: tx(x[i]), Y: ty(y[i])})
	}
	flush()
	return out
}

// labelGuides writes the labels of guides beside their lines, where they cover least of what
// is drawn.
func (p *panel) labelGuides(c draw.Canvas, guides []one, drawn []vg.Point) {
	written := map[string]bool{}
	for _, o := range guides {
		var line []vg.Point
		for _, part := range p.strokes(c, o) {
			for _, q := range part {
				if q.X >= c.Min.X-0.1 && q.X <= c.Max.X+0.1 && q.Y >= c.Min.Y-0.1 && q.Y <= c.Max.Y+0.1 {
					line = append(line, q)
				}
			}
		}
		if o.label == "" || len(line) == 0 || written[o.label] {
			continue
		}
		written[o.label] = true
		sty := textStyle(legendSize)
		sty.Color = guideText
		sty.YAlign = draw.YCenter
		w, h := sty.Width(o.label), legendSize
		best, at := math.Inf(1), vg.Point{}
		for _, t := range []float64{1, 0, 0.75, 0.5, 0.25} {
			q := line[int(t*float64(len(line)-1))]
			if len(line) == 2 {
				q = line[0].Scale(vg.Length(1 - t)).Add(line[1].Scale(vg.Length(t)))
			}
			for _, try := range []vg.Point{{X: q.X - w - 3, Y: q.Y + 7}, {X: q.X + 3, Y: q.Y + 7}, {X: q.X - w - 3, Y: q.Y - 7}, {X: q.X + 3, Y: q.Y - 7}, {X: q.X - w/2, Y: q.Y + 7}} {
				try.X = max(c.Min.X+3, min(c.Max.X-w-3, try.X))
				try.Y = max(c.Min.Y+7, min(c.Max.Y-7, try.Y))
				cost := 0.0
				for _, d := range append(drawn, line...) {
					if d.X > try.X-2 && d.X < try.X+w+2 && math.Abs(float64(d.Y-try.Y)) < float64(h)*0.6+1 {
						cost++
					}
				}
				if cost < best {
					best, at = cost, try
				}
			}
		}
		haloed(c, sty, at, o.label)
	}
}

// dots returns points along a line within an area, so close that a label cannot stand
// between two of them.
func dots(c draw.Canvas, line []vg.Point) (out []vg.Point) {
	const step = 4
	for _, part := range c.ClipLinesXY(line) {
		for i, q := range part {
			if i > 0 {
				d := q.Sub(part[i-1])
				n := math.Ceil(math.Hypot(float64(d.X), float64(d.Y)) / step)
				for k := 1.0; k < n; k++ {
					out = append(out, part[i-1].Add(d.Scale(vg.Length(k/n))))
				}
			}
			out = append(out, q)
		}
	}
	return out
}
