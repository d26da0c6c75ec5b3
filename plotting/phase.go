package plotting

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Field is the data of a phase diagram: values z of shape len(y) × len(x), z[iy][ix] over
// the axes x and y, and the zero contour of theory in pieces. NaN in z is a grid cell
// without a value.
type Field interface {
	Values() (x, y []float64, z [][]float64)
	Boundary() (x, y [][]float64)
	Err() error
}

// titles returns the labels of the axes and of the value. Empty ones are those of the
// method Titles of the field, if it has one.
func titles(f Field, x, y, z string) (string, string, string) {
	if t, ok := f.(interface{ Titles() (x, y, z string) }); ok {
		fx, fy, fz := t.Titles()
		return cmp.Or(x, fx), cmp.Or(y, fy), cmp.Or(z, fz)
	}
	return x, y, z
}

// PhaseDiagram is a panel with a measured transferability in colour (positive blue,
// negative red, zero white) and the boundary of theory in black. Colours saturate at Center
// ± Limit; if Limit is 0, a round number is chosen that contains 90 % of the grid cells.
// An arrow at the end of the colour bar says that there are values beyond it. Center is 0,
// or ½ for probabilities. Z labels the colour bar and, with a sign, the regions. Empty X, Y
// and Z are taken from the field, if it has labels. LogX and LogY make an axis logarithmic.
// Guides are lines to compare with, dashed, with their labels beside them.
type PhaseDiagram struct {
	Title, X, Y, Z string
	Field          Field
	Guides         Curves
	Limit, Center  float64
	LogX, LogY     bool
}

func (d PhaseDiagram) build() (*panel, error) {
	d.X, d.Y, d.Z = titles(d.Field, d.X, d.Y, d.Z)
	x, y, z, err := checkField("a phase diagram", d.Field, d.Title, d.X, d.Y, d.Z)
	if err != nil {
		return nil, err
	}
	for _, a := range []struct {
		name  string
		log   bool
		first float64
	}{{"x", d.LogX, x[0]}, {"y", d.LogY, y[0]}} {
		if a.log && !(a.first > 0) {
			return nil, fmt.Errorf("plotting: %s begins at %v: a logarithmic axis begins above 0", a.name, a.first)
		}
	}
	guides, err := curvesOf("guide", d.Guides)
	if err != nil {
		return nil, err
	}
	if math.IsNaN(d.Center) || math.IsInf(d.Center, 0) {
		return nil, fmt.Errorf("plotting: Center = %v: the value drawn white must be finite", d.Center)
	}
	off := make([][]float64, len(z)) // difference from the centre
	for i, row := range z {
		for _, v := range row {
			off[i] = append(off[i], v-d.Center)
		}
	}
	limit := d.Limit
	if limit == 0 {
		limit = roundLimit(off)
	}
	if !(limit > 0) || math.IsInf(limit, 0) {
		return nil, fmt.Errorf("plotting: Limit = %v: the range of the colours must be a finite number above 0", d.Limit)
	}
	bx, by := d.Field.Boundary()
	xe, ye := edges(x), edges(y)
	if d.LogX {
		xe = logEdges(x)
	}
	if d.LogY {
		ye = logEdges(y)
	}
	low, high := d.Center-limit, d.Center+limit
	built := &panel{title: d.Title, width: mapWidth, data: figure.Panel{Kind: "phase diagram", Title: d.Title, X: d.X, Y: d.Y, Z: d.Z},
		x:   axis{label: d.X, low: xe[0], high: xe[len(x)], log: d.LogX, fixed: true},
		y:   axis{label: d.Y, low: ye[0], high: ye[len(y)], log: d.LogY, fixed: true},
		bar: &colorBar{label: d.Z, low: low, high: high, of: func(v float64) color.Color { return transferColor(v-d.Center, limit) }},
	}
	for _, row := range z {
		for _, v := range row {
			built.bar.below, built.bar.above = built.bar.below || v < low, built.bar.above || v > high
		}
	}
	built.grid(d.Field, x, y, z)
	for i := range bx {
		built.data.Curves = append(built.data.Curves, one{role: "boundary", x: bx[i], y: by[i]}.data())
	}
	for _, g := range guides {
		built.data.Curves = append(built.data.Curves, g.data())
	}
	built.paint = func(c draw.Canvas) {
		built.fillCells(c, xe, ye, off, limit)
		tx, ty := built.transforms(c)
		var drawn []vg.Point
		for i := range bx {
			line := make([]vg.Point, len(bx[i]))
			for j := range line {
				line[j] = vg.Point{X: tx(bx[i][j]), Y: ty(by[i][j])}
			}
			c.StrokeLines(draw.LineStyle{Color: ink, Width: 1.6}, c.ClipLinesXY(line)...)
			drawn = append(drawn, dots(c, line)...)
		}
		built.drawGuides(c, guides, true)
		drawn = d.regions(c, tx, ty, x, y, off, limit, drawn)
		built.labelGuides(c, guides, drawn)
	}
	return built, nil
}

// roundLimit returns the 90th percentile of |z|, rounded up to 1, 2 or 5 times a power
// of ten.
func roundLimit(z [][]float64) float64 {
	var all []float64
	for _, row := range z {
		for _, v := range row {
			if !math.IsNaN(v) {
				all = append(all, math.Abs(v))
			}
		}
	}
	if len(all) == 0 {
		return 1
	}
	slices.Sort(all)
	q := all[len(all)*9/10]
	if q == 0 {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(q)))
	for _, m := range []float64{1, 2, 5} {
		if q <= m*ten {
			return m * ten
		}
	}
	return 10 * ten
}

// pale is the fraction of the limit below which a grid cell looks white and gets no sign.
const pale = 0.01

// regions writes the sign of the transfer in the widest part of each region, so that
// the map is readable in grey, and = where it is exactly the centre. It returns the points
// with those that the labels cover.
func (d PhaseDiagram) regions(c draw.Canvas, tx, ty func(float64) vg.Length, x, y []float64, z [][]float64, limit float64, drawn []vg.Point) []vg.Point {
	for _, region := range []struct {
		sign string
		in   func(v float64) bool
	}{
		{">", func(v float64) bool { return v > pale*limit }},
		{"<", func(v float64) bool { return v < -pale*limit }},
		{"=", func(v float64) bool { return v == 0 }},
	} {
		inside := func(i, j int) bool {
			return i >= 0 && j >= 0 && i < len(y) && j < len(x) && region.in(z[i][j])
		}
		best, bi, bj := 0, 0, 0
		for i := range y {
			for j := range x {
				// A label is wider than high: the free half-width counts half.
				r := 0
				for free := true; free; r++ {
					for k := -2 * r; k <= 2*r && free; k++ {
						free = inside(i-r, j+k) && inside(i+r, j+k)
					}
				}
				if r > best {
					best, bi, bj = r, i, j
				}
			}
		}
		if best < 2 { // too narrow for a label
			continue
		}
		sty := textStyle(labelSize)
		sty.XAlign, sty.YAlign = draw.XCenter, draw.YCenter
		label := fmt.Sprintf("%s %s %.4g", d.Z, region.sign, d.Center)
		at := vg.Point{X: tx(x[bj]), Y: ty(y[bi])}
		half := sty.Rectangle(label).Size().Scale(0.5).Add(vg.Point{X: 3, Y: 3})
		at.X = max(c.Min.X+half.X, min(c.Max.X-half.X, at.X)) // not over the frame
		at.Y = max(c.Min.Y+half.Y, min(c.Max.Y-half.Y, at.Y))
		haloed(c, sty, at, label)
		for t := -1.0; t <= 1; t += 0.1 {
			drawn = append(drawn, vg.Point{X: at.X + vg.Length(t)*half.X, Y: at.Y})
		}
	}
	return drawn
}
