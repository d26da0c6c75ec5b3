package plotting

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sample is a set of values with a label.
type Sample struct {
	Label  string
	Values []float64 // at least 2, finite
}

// Histogram is a panel with the densities of samples: in each bin, the share of a sample per
// unit of x, with a bar of one (binomial) standard error. All samples have the same bins, of
// equal width: Bins of them, or as many as the rule of Freedman and Diaconis gives for the
// widest sample if Bins is 0. Lines are densities to compare with. Y is "density" if it is
// empty.
type Histogram struct {
	Title, X, Y string
	Samples     []Sample
	Bins        int // 0, or from 2 to 500
	Lines       Curves
	LinesLabel  string
}

const maxBins = 500

func (h Histogram) build() (*panel, error) {
	if len(h.Samples) == 0 {
		return nil, errors.New("plotting: Histogram has no sample: set Samples")
	}
	if h.Bins != 0 && (h.Bins < 2 || h.Bins > maxBins) {
		return nil, fmt.Errorf("plotting: Bins = %d: a histogram has 0 (chosen by the data) or 2 to %d bins", h.Bins, maxBins)
	}
	if h.Y == "" {
		h.Y = "density"
	}
	if err := checkLabels(h.Title, h.X, h.Y, h.LinesLabel); err != nil {
		return nil, err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for i, s := range h.Samples {
		if len(s.Values) < 2 {
			return nil, fmt.Errorf("plotting: Samples[%d] has %d values: a histogram needs at least 2", i, len(s.Values))
		}
		for k, v := range s.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("plotting: Samples[%d].Values[%d] is %v: it must be finite", i, k, v)
			}
		}
		if err := checkLabels(s.Label); err != nil {
			return nil, err
		}
		low, high = min(low, slices.Min(s.Values)), max(high, slices.Max(s.Values))
	}
	if low == high { // constant: one bin in the middle of three
		low, high = widened(low, high, 0, false)
		h.Bins = 3
	}
	if math.IsInf(high-low, 0) {
		return nil, fmt.Errorf("plotting: the samples span from %v to %v: the range must be finite", low, high)
	}
	bins := h.Bins
	if bins == 0 {
		bins = h.rule(high - low)
	}
	width := (high - low) / float64(bins)
	var curves []one
	for _, s := range h.Samples {
		c := one{role: "histogram", label: s.Label}
		count := make([]float64, bins)
		for _, v := range s.Values {
			count[min(bins-1, int((v-low)/width))]++
		}
		n := float64(len(s.Values))
		for k, m := range count {
			share := m / n
			c.x = append(c.x, low+(float64(k)+0.5)*width)
			c.y, c.err = append(c.y, share/width), append(c.err, math.Sqrt(share*(1-share)/n)/width)
		}
		curves = append(curves, c)
	}
	lines, err := curvesOf("line", h.Lines)
	if err != nil {
		return nil, err
	}
	curves = append(curves, lines...)
	style(curves)
	p := &panel{title: h.Title, width: curvesWidth, x: axis{label: h.X}, y: axis{label: h.Y}, curves: curves,
		data: figure.Panel{Kind: "histogram", Title: h.Title, X: h.X, Y: h.Y}}
	if err := p.visible(); err != nil {
		return nil, err
	}
	p.ranges(0, 0)
	p.x.low, p.x.high = min(p.x.low, low-width/2), max(p.x.high, high+width/2)
	p.y.low = 0
	for _, c := range curves {
		p.data.Curves = append(p.data.Curves, c.data())
		p.measured(c.method, c.seed)
	}
	p.legend = func() []entry {
		return append(p.legendEntries(h.LinesLabel, ""), entry{label: "bar: one standard error", bar: true, kind: true, marker: draw.GlyphStyle{Color: guideColor}})
	}
	p.paint = p.drawCurves
	return p, nil
}

// rule returns the number of bins by the rule of Freedman and Diaconis, from 5 to 100.
func (h Histogram) rule(span float64) int {
	width := 0.0
	for _, s := range h.Samples {
		v := slices.Sorted(slices.Values(s.Values))
		spread := stat.Quantile(0.75, stat.Empirical, v, nil) - stat.Quantile(0.25, stat.Empirical, v, nil)
		width = max(width, 2*spread/math.Cbrt(float64(len(v))))
	}
	if width == 0 {
		return 20
	}
	return int(max(5, min(100, math.Ceil(span/width))))
}

// filling is the colour of the area under a histogram.
func filling(c color.NRGBA) color.NRGBA {
	c.A = 60
	return c
}

// drawSteps draws a histogram: its area, its outline, and its standard errors.
func (p *panel) drawSteps(c draw.Canvas, o one) {
	tx, ty := p.transforms(c)
	half := (o.x[1] - o.x[0]) / 2
	outline := []vg.Point{{X: tx(o.x[0] - half), Y: c.Min.Y}}
	for i := range o.x {
		outline = append(outline, vg.Point{X: tx(o.x[i] - half), Y: ty(o.y[i])}, vg.Point{X: tx(o.x[i] + half), Y: ty(o.y[i])})
	}
	outline = append(outline, vg.Point{X: tx(o.x[len(o.x)-1] + half), Y: c.Min.Y})
	c.FillPolygon(filling(o.color), c.ClipPolygonXY(outline))
	c.StrokeLines(draw.LineStyle{Color: o.color, Width: 1}, c.ClipLinesXY(outline)...)
	for i := range o.x {
		if o.err[i] > 0 {
			x := tx(o.x[i])
			c.StrokeLines(draw.LineStyle{Color: o.color, Width: barWidth}, c.ClipLinesXY([]vg.Point{{X: x, Y: ty(o.y[i] - o.err[i])}, {X: x, Y: ty(o.y[i] + o.err[i])}})...)
		}
	}
}
