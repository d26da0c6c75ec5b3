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
	xe, ye := edges(x), edges(y)
	built := &panel{title: k.Title, width: areaHeight, data: figure.Panel{Kind: "kernel", Title: k.Title, X: k.X, Y: k.Y, Z: k.Z},
		x:   axis{label: k.X, low: xe[0], high: xe[len(x)], angles: true, fixed: true},
		y:   axis{label: k.Y, low: ye[0], high: ye[len(y)], angles: true, fixed: true},
		bar: &colorBar{label: k.Z, high: high, of: func(v float64) color.Color { return transferColor(v, high) }},
	}
	built.grid(k.Field, x, y, z)
	built.paint = func(c draw.Canvas) { built.fillCells(c, xe, ye, z, high) }
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
	if m, ok := f.(interface{ Facts() string }); ok && m.Facts() != "" {
		p.noted = append(p.noted, m.Facts())
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

func (p *panel) fillCells(c draw.Canvas, xe, ye []float64, z [][]float64, limit float64) {
	tx, ty := p.transforms(c)
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
