package plotting

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Field is what a phase diagram shows: z[iy][ix] over the axes x and y, and
// theory's zero contour in pieces. NaN in z is a cell without a value.
type Field interface {
	Values() (x, y []float64, z [][]float64)
	Boundary() (x, y [][]float64)
	Err() error
}

// PhaseDiagram is a panel with a measured transferability as colours (positive
// blue, negative red, zero white) and the boundary of theory in black. The
// colours saturate at Center ± Limit; Limit 0 means a round number that 90 % of
// the cells lie within. Center is 0 but for probabilities, where it is ½. Z labels
// the colour bar and, with its sign, the regions.
type PhaseDiagram struct {
	Title, X, Y, Z string
	Field          Field
	Limit, Center  float64
}

func (d PhaseDiagram) build() (*panel, error) {
	if d.Field == nil {
		return nil, errors.New("plotting: PhaseDiagram.Field is nil: it needs a map of values")
	}
	if err := d.Field.Err(); err != nil {
		return nil, err
	}
	if err := checkLabels(d.Title, d.X, d.Y, d.Z); err != nil {
		return nil, err
	}
	x, y, z := d.Field.Values()
	if len(x) < 2 || len(y) < 2 || len(z) != len(y) {
		return nil, fmt.Errorf("plotting: a phase diagram of %d × %d values: both axes need at least 2", len(x), len(y))
	}
	for i, row := range z {
		if len(row) != len(x) {
			return nil, fmt.Errorf("plotting: row %d of the phase diagram has %d values, the x axis %d", i, len(row), len(x))
		}
	}
	if !slices.IsSorted(x) || !slices.IsSorted(y) {
		return nil, errors.New("plotting: the axes of a phase diagram must be in rising order")
	}
	if math.IsNaN(d.Center) || math.IsInf(d.Center, 0) {
		return nil, fmt.Errorf("plotting: Center = %v: the value drawn white must be finite", d.Center)
	}
	off := make([][]float64, len(z)) // from the centre
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
	data := panelData{Kind: "phase diagram", Title: d.Title, X: d.X, Y: d.Y,
		Grid: &gridData{X: numbers(x), Y: numbers(y)}}
	for _, row := range z {
		data.Grid.Z = append(data.Grid.Z, numbers(row))
	}
	for i := range bx {
		data.Curves = append(data.Curves, one{role: "boundary", x: bx[i], y: by[i]}.data())
	}
	p := newPlot(d.Title, d.X, d.Y)
	xe, ye := edges(x), edges(y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = xe[0], xe[len(x)], ye[0], ye[len(y)]
	return &panel{width: 4 * vg.Inch, height: 3.3 * vg.Inch, data: data, draw: func(c draw.Canvas) {
		c = draw.Crop(c, 6, -8, 5, -6)
		left := draw.Crop(c, 0, -52, 0, 0)
		fitTitle(p, left.Max.X-left.Min.X)
		p.Draw(left)
		area := p.DataCanvas(left)
		tx, ty := p.Transforms(&area)
		fillCells(area, tx, ty, xe, ye, off, limit)
		for i := range bx {
			line := make([]vg.Point, len(bx[i]))
			for j := range line {
				line[j] = vg.Point{X: tx(bx[i][j]), Y: ty(by[i][j])}
			}
			area.StrokeLines(draw.LineStyle{Color: ink, Width: 1.6}, area.ClipLinesXY(line)...)
		}
		d.regions(area, tx, ty, x, y, off)
		p.BackgroundColor = nil
		p.Draw(left) // ticks over the colours
		frame(p, left)
		d.colorBar(c, area, limit)
	}}, nil
}

// roundLimit is the 90th percentile of |z| rounded up to 1, 2 or 5 times a
// power of ten.
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

// edges returns the borders of cells around centres.
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

// overlap is how far a cell reaches under its right and upper neighbours, so
// that no viewer shows a seam between them. Cells are shapes, not one image,
// because the formats disagree on how an image is placed.
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

// regions writes the sign of the transfer into the widest part of each
// region, so that the map reads in grey too.
func (d PhaseDiagram) regions(c draw.Canvas, tx, ty func(float64) vg.Length, x, y []float64, z [][]float64) {
	for _, sign := range []float64{1, -1} {
		inside := func(i, j int) bool {
			return i >= 0 && j >= 0 && i < len(y) && j < len(x) && sign*z[i][j] > 0
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
		label := fmt.Sprintf(" > %.4g", d.Center)
		if sign < 0 {
			label = fmt.Sprintf(" < %.4g", d.Center)
		}
		c.FillText(sty, vg.Point{X: tx(x[bj]), Y: ty(y[bi])}, d.Z+label)
	}
}

// colorBar draws the scale of colours to the right of area.
func (d PhaseDiagram) colorBar(c, area draw.Canvas, limit float64) {
	bar := area
	bar.Min.X = area.Max.X + 8
	bar.Max.X = bar.Min.X + 10
	const steps = 80
	height := (bar.Max.Y - bar.Min.Y) / steps
	for i := range steps {
		r := bar.Rectangle
		r.Min.Y += vg.Length(i) * height
		r.Max.Y = min(r.Min.Y+height+overlap, bar.Max.Y)
		bar.SetColor(transferColor(limit*(2*(float64(i)+0.5)/steps-1), limit))
		bar.Fill(r.Path())
	}
	line := draw.LineStyle{Color: ink, Width: frameWidth}
	bar.StrokeLines(line, []vg.Point{bar.Min, {X: bar.Max.X, Y: bar.Min.Y}, bar.Max, {X: bar.Min.X, Y: bar.Max.Y}, bar.Min})
	sty := textStyle(tickSize)
	sty.YAlign = draw.YCenter
	for _, t := range (ticks{}).Ticks(d.Center-limit, d.Center+limit) {
		at := bar.Min.Y + vg.Length((t.Value-d.Center+limit)/(2*limit))*(bar.Max.Y-bar.Min.Y)
		bar.StrokeLine2(line, bar.Max.X, at, bar.Max.X+3, at)
		bar.FillText(sty, vg.Point{X: bar.Max.X + 5, Y: at}, t.Label)
	}
	sty = textStyle(labelSize)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YBottom
	bar.FillText(sty, vg.Point{X: (bar.Min.X + bar.Max.X) / 2, Y: bar.Max.Y + 3}, d.Z)
}
