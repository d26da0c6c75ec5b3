package plotting

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Kernel is a panel with a kernel k(x, x′) over two equal axes, in shades of blue from
// white at 0 to the darkest at its largest entry. Z labels the colour bar. Empty X, Y and Z
// are taken from the field, if it has labels. Entries must be finite and at least 0.
type Kernel struct {
	Title, X, Y, Z string
	Field          Field
}

func (k Kernel) build() (*panel, error) {
	k.X, k.Y, k.Z = titles(k.Field, k.X, k.Y, k.Z)
	x, y, z, err := checkField("a kernel", k.Field, k.Title, k.X, k.Y, k.Z)
	if err != nil {
		return nil, err
	}
	high := 0.0
	for i, row := range z {
		for j, v := range row {
			if !(v >= 0) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("plotting: entry %d, %d of the kernel is %v: it must be finite and 0 or above", i, j, v)
			}
			high = math.Max(high, v)
		}
	}
	if high == 0 {
		return nil, errors.New("plotting: the kernel is 0 everywhere")
	}
	p := newPlot(k.Title, k.X, k.Y)
	p.X.Tick.Marker, p.Y.Tick.Marker = angleTicks{}, angleTicks{}
	xe, ye := edges(x), edges(y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = xe[0], xe[len(x)], ye[0], ye[len(y)]
	built := &panel{width: 3.5 * vg.Inch, height: 3 * vg.Inch, data: figure.Panel{Kind: "kernel", Title: k.Title, X: k.X, Y: k.Y, Z: k.Z}}
	built.grid(k.Field, x, y, z)
	built.draw = func(c draw.Canvas) {
		left := draw.Crop(c, 6, -60, 5, -6)
		fitTitle(p, left.Max.X-left.Min.X)
		area := p.DataCanvas(left)
		tx, ty := p.Transforms(&area)
		fillCells(area, tx, ty, xe, ye, z, high)
		p.BackgroundColor = nil
		p.Draw(left) // ticks over the colours
		frame(p, left)
		colorBar(area, k.Z, 0, high, func(v float64) color.Color { return transferColor(v, high) })
	}
	return built, nil
}

// checkField checks a field and returns its values.
func checkField(what string, f Field, labels ...string) (x, y []float64, z [][]float64, err error) {
	if f == nil {
		return nil, nil, nil, fmt.Errorf("plotting: Field is nil: %s needs a map of values", what)
	}
	if err := f.Err(); err != nil {
		return nil, nil, nil, err
	}
	if err := checkLabels(labels...); err != nil {
		return nil, nil, nil, err
	}
	x, y, z = f.Values()
	if len(x) < 2 || len(y) < 2 || len(z) != len(y) {
		return nil, nil, nil, fmt.Errorf("plotting: %s of %d × %d values: both axes need at least 2", what, len(x), len(y))
	}
	for i, row := range z {
		if len(row) != len(x) {
			return nil, nil, nil, fmt.Errorf("plotting: row %d of %s has %d values, the x axis %d", i, what, len(row), len(x))
		}
	}
	if !slices.IsSorted(x) || !slices.IsSorted(y) {
		return nil, nil, nil, fmt.Errorf("plotting: the axes of %s must be in rising order", what)
	}
	return x, y, z, nil
}

// grid stores the values of a field in the data of the panel.
func (p *panel) grid(f Field, x, y []float64, z [][]float64) {
	g := &figure.Grid{X: x, Y: y}
	if m, ok := f.(interface{ Origin() (string, uint64) }); ok {
		var seed uint64
		g.Method, seed = m.Origin()
		p.measured(g.Method, seed)
	}
	for _, row := range z {
		g.Z = append(g.Z, row)
	}
	p.data.Grid = g
}

// edges returns the borders of the grid cells with the given centres.
func edges(centre []float64) []float64 {
	n := len(centre)
	out := make([]float64, n+1)
	for i := 1; i < n; i++ {
		out[i] = (centre[i-1] + centre[i]) / 2
	}
	out[0] = centre[0] - (out[1] - centre[0])
	out[n] = centre[n-1] + (centre[n-1] - out[n-1])
	return out
}

// logEdges returns the same on a logarithmic axis.
func logEdges(centre []float64) []float64 {
	logs := make([]float64, len(centre))
	for i, v := range centre {
		logs[i] = math.Log(v)
	}
	out := edges(logs)
	for i, v := range out {
		out[i] = math.Exp(v)
	}
	return out
}

// overlap is the width by which a grid cell extends under its right and upper neighbours,
// so that no viewer shows a seam between them. Cells are shapes, not one image, because the
// formats disagree on the placement of images.
const overlap vg.Length = 0.4

func fillCells(c draw.Canvas, tx, ty func(float64) vg.Length, xe, ye []float64, z [][]float64, limit float64) {
	for i := range z {
		for j, v := range z[i] {
			r := vg.Rectangle{
				Min: vg.Point{X: tx(xe[j]), Y: ty(ye[i])},
				Max: vg.Point{X: min(tx(xe[j+1])+overlap, c.Max.X), Y: min(ty(ye[i+1])+overlap, c.Max.Y)},
			}
			c.SetColor(transferColor(v, limit))
			c.Fill(r.Path())
		}
	}
}

// colorBar draws the scale of colours from low to high to the right of area.
func colorBar(area draw.Canvas, label string, low, high float64, of func(v float64) color.Color) {
	bar := area
	bar.Min.X = area.Max.X + 8
	bar.Max.X = bar.Min.X + 10
	const steps = 80
	height := (bar.Max.Y - bar.Min.Y) / steps
	for i := range steps {
		r := bar.Rectangle
		r.Min.Y += vg.Length(i) * height
		r.Max.Y = min(r.Min.Y+height+overlap, bar.Max.Y)
		bar.SetColor(of(low + (high-low)*(float64(i)+0.5)/steps))
		bar.Fill(r.Path())
	}
	line := draw.LineStyle{Color: ink, Width: frameWidth}
	bar.StrokeLines(line, []vg.Point{bar.Min, {X: bar.Max.X, Y: bar.Min.Y}, bar.Max, {X: bar.Min.X, Y: bar.Max.Y}, bar.Min})
	sty := textStyle(tickSize)
	sty.YAlign = draw.YCenter
	for _, t := range (ticks{}).Ticks(low, high) {
		at := bar.Min.Y + vg.Length((t.Value-low)/(high-low))*(bar.Max.Y-bar.Min.Y)
		bar.StrokeLine2(line, bar.Max.X, at, bar.Max.X+3, at)
		bar.FillText(sty, vg.Point{X: bar.Max.X + 5, Y: at}, t.Label)
	}
	sty = textStyle(labelSize)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YBottom
	bar.FillText(sty, vg.Point{X: (bar.Min.X + bar.Max.X) / 2, Y: bar.Max.Y + 3}, label)
}
