package plotting

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The size of the data area of a panel. All panels of a figure have the same height.
const (
	areaHeight  vg.Length = 172
	curvesWidth vg.Length = 258
	narrowWidth vg.Length = 186 // of curves in a row of three or more panels
	mapWidth    vg.Length = 196
)

// Space around panels.
const (
	edge        vg.Length = 6  // at the border of a figure
	band        vg.Length = 20 // above an area: letter, title, label of the colour bar
	legendPad   vg.Length = 5  // over a legend
	apart       vg.Length = 20 // between panels with their own y axes
	sharedSpace vg.Length = 22 // between panels with one y axis: half a label of each
)

// share gives the panels of a figure common ranges: those with the same quantity on the same
// kind of y axis, unless a panel sets its own.
func share(panels []*panel) {
	for _, p := range panels {
		if p.y.fixed || p.y.label == "" {
			continue
		}
		for _, q := range panels {
			if q.y.label == p.y.label && q.y.log == p.y.log && !q.y.fixed {
				p.y.low, p.y.high = min(p.y.low, q.y.low), max(p.y.high, q.y.high)
			}
		}
		for _, q := range panels {
			if q.y.label == p.y.label && q.y.log == p.y.log && !q.y.fixed {
				q.y.low, q.y.high = p.y.low, p.y.high
			}
		}
	}
}

// joinBars lets maps of one scale show the arrows of all of them.
func joinBars(panels []*panel) {
	for _, p := range panels {
		for _, q := range panels {
			if p.bar.same(q.bar) {
				p.bar.below, p.bar.above = p.bar.below || q.bar.below, p.bar.above || q.bar.above
				q.bar.below, q.bar.above = p.bar.below, p.bar.above
			}
		}
	}
}

// slot is a panel in a row: its area, and what it leaves to its neighbours.
type slot struct {
	*panel
	letter     string
	left       vg.Length // of the area, from the left of the row
	bare       bool      // no labels at the y axis: those of the left neighbour hold
	scale      bool      // with the colour bar
	rightSpace vg.Length
}

// row is a row of panels.
type row struct {
	places                []slot
	width, below, legends vg.Length
}

func (r row) height() vg.Length { return edge + r.band() + areaHeight + r.below + r.legends }

// band returns the space above the areas, for letters, titles and the labels of colour bars.
func (r row) band() vg.Length {
	for _, p := range r.places {
		if p.letter != "" || p.title != "" || p.bar != nil && p.bar.label != "" {
			return band
		}
	}
	return edge
}

// with returns the row with one more panel.
func (r row) with(p *panel, letter string) row {
	out := row{places: append([]slot{}, r.places...), below: max(r.below, p.x.below(p.width))}
	out.places = append(out.places, slot{panel: p, letter: letter})
	left := edge
	for i := range out.places {
		q := &out.places[i]
		last := i == len(out.places)-1
		q.bare = i > 0 && q.y.same(out.places[i-1].y) && q.y.label != ""
		q.scale = q.bar != nil && (last || !q.bar.same(out.places[i+1].bar))
		switch {
		case q.bare:
			left += max(0, sharedSpace-edge)
		case i > 0:
			left += apart - edge + q.y.left(areaHeight)
		default:
			left += q.y.left(areaHeight)
		}
		q.left = left
		q.rightSpace = 8 // half a label of a tick
		switch {
		case q.scale:
			q.rightSpace = q.bar.width()
		case q.ends != nil:
			q.rightSpace = besides(q.ends)
		}
		left += q.width + q.rightSpace
		out.legends = max(out.legends, q.legend(nil))
	}
	out.width = left + edge/2
	return out
}

// legend draws the own legend of a panel, if c is not nil, and returns its height.
func (p slot) legend(c *draw.Canvas) vg.Length {
	if len(p.own) == 0 {
		return 0
	}
	at, _, high := legendOf(p.own, p.width+p.rightSpace)
	if c != nil {
		drawLegend(*c, p.own, vg.Point{X: c.Min.X, Y: c.Min.Y - p.x.below(p.width) - legendPad}, at)
	}
	return high + legendPad
}

// layout is a figure with everything at its place.
type layout struct {
	rows          []row
	common        []entry // the legend of all panels
	at            []vg.Point
	legendWidth   vg.Length
	legendHeight  vg.Length
	width, height vg.Length // before scaling
	scale         float64
}

// arrange returns the layout of the figure, of at most the width of its columns.
func (f *Figure) arrange() layout {
	limit := vg.Length(math.Inf(1))
	switch f.columns {
	case 1:
		limit = oneColumn
	case 2:
		limit = twoColumns
	}
	l := layout{common: f.common, scale: 1}
	for i, p := range f.panels {
		letter := ""
		if len(f.panels) > 1 {
			letter = fmt.Sprintf("(%c)", 'a'+i%26)
		}
		n := len(l.rows)
		if n > 0 {
			if next := l.rows[n-1].with(p, letter); next.width <= limit/smallest {
				l.rows[n-1] = next
				continue
			}
		}
		l.rows = append(l.rows, row{}.with(p, letter))
	}
	for _, r := range l.rows {
		l.width, l.height = max(l.width, r.width), l.height+r.height()
	}
	l.at, l.legendWidth, l.legendHeight = legendOf(l.common, l.width-2*edge)
	if l.legendHeight > 0 {
		l.legendHeight += legendPad
	}
	l.height += l.legendHeight + edge
	if f.columns != 0 {
		l.scale = min(1, float64(limit/l.width))
		l.width = limit / vg.Length(l.scale)
		return l
	}
	const pixel = 0.75 // of a screen, in points
	l.width, l.height = pixel*vg.Length(math.Ceil(float64(l.width/pixel))), pixel*vg.Length(math.Ceil(float64(l.height/pixel)))
	return l
}

// Size returns the width and the height of the figure.
func (f *Figure) Size() (width, height vg.Length) {
	l := f.arrange()
	return l.width * vg.Length(l.scale), l.height * vg.Length(l.scale)
}

func (f *Figure) draw(c vg.CanvasSizer) {
	all := draw.New(c)
	all.SetColor(transferStops[len(transferStops)/2])
	all.Fill(all.Rectangle.Path())
	l := f.arrange()
	all.Push()
	defer all.Pop()
	all.Scale(l.scale, l.scale)
	top := l.height
	for _, r := range l.rows {
		r.draw(all.Canvas, (l.width-r.width)/2, top)
		top -= r.height()
	}
	drawLegend(all, l.common, vg.Point{X: max(edge, (l.width-l.legendWidth)/2), Y: top - legendPad}, l.at)
}

func (r row) draw(c vg.Canvas, left, top vg.Length) {
	for _, p := range r.places {
		area := draw.Canvas{Canvas: c, Rectangle: vg.Rectangle{
			Min: vg.Point{X: left + p.left, Y: top - edge - r.band() - areaHeight},
			Max: vg.Point{X: left + p.left + p.width, Y: top - edge - r.band()},
		}}
		p.paint(area)
		p.x.drawX(area)
		p.y.drawY(area, p.bare)
		p.heading(area)
		if p.scale {
			p.bar.draw(area)
		}
		drawEnds(area, p.ends)
		p.legend(&area)
	}
}

// heading writes the letter at the left edge of the area and the title over its middle.
func (p slot) heading(area draw.Canvas) {
	base := area.Max.Y + 6
	sty := textStyle(titleSize)
	sty.YAlign = draw.YBottom
	at := vg.Point{X: area.Min.X, Y: base - descent*sty.Font.Size}
	var taken vg.Length
	if p.letter != "" {
		area.FillText(sty, at, p.letter)
		taken = sty.Width(p.letter) + 6
	}
	if p.title == "" {
		return
	}
	room := p.width - taken
	if p.letter == "" {
		room += 20
	}
	sty = fitted(p.title, titleSize, room)
	sty.YAlign = draw.YBottom
	w := sty.Width(p.title)
	x := (area.Min.X + area.Max.X - w) / 2
	area.FillText(sty, vg.Point{X: max(x, area.Min.X+taken), Y: base - descent*sty.Font.Size}, p.title)
}
