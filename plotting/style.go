package plotting

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes, in points.
const (
	labelSize    vg.Length = 11
	tickSize     vg.Length = 9
	legendSize   vg.Length = 9
	titleSize    vg.Length = 11
	frameWidth   vg.Length = 0.7
	lineWidth    vg.Length = 1.4
	markerRadius vg.Length = 2.6
)

var (
	ink  = color.NRGBA{0, 0, 0, 255}
	soft = color.NRGBA{150, 150, 150, 255}
)

// curveColors are distinguishable with every colour vision, and in grey by their
// lightness (see the test). Each has its own marker, and none is the red or the blue of
// the sign of transfer.
var curveColors = []color.NRGBA{
	{0x1A, 0x1A, 0x1A, 255}, // near black
	{0xD2, 0x56, 0x0B, 255}, // vermilion
	{0x0A, 0x6B, 0x58, 255}, // teal
	{0xC9, 0xA2, 0x27, 255}, // gold
	{0x4B, 0x2A, 0x78, 255}, // violet
	{0xDD, 0xB9, 0xD6, 255}, // mauve
}

var curveGlyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}}

func textStyle(size vg.Length) text.Style {
	return text.Style{Color: ink, Font: font.Font{Size: size}, Handler: handler}
}

// ticks are at multiples of 1, 2 or 5 times a power of ten.
type ticks struct{}

// Ticks implements plot.Ticker.
func (ticks) Ticks(lo, hi float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
	for _, m := range []float64{5, 2} {
		if (hi-lo)/(step*m) >= 4 {
			step *= m
			break
		}
	}
	var out []plot.Tick
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		out = append(out, plot.Tick{Value: i * step, Label: minus(strconv.FormatFloat(i*step, 'f', decimals, 64))})
	}
	return out
}

func minus(s string) string {
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.ReplaceAll(s, "-", "−")
}

// angleTicks are at fractions of π.
type angleTicks struct{}

// Ticks implements plot.Ticker.
func (angleTicks) Ticks(lo, hi float64) []plot.Tick {
	den := 2
	for den < 24 && (hi-lo)/math.Pi*float64(den) < 3.5 {
		den *= 2
	}
	var out []plot.Tick
	for i := int(math.Ceil(lo/math.Pi*float64(den) - 1e-9)); float64(i)*math.Pi/float64(den) <= hi+1e-9; i++ {
		out = append(out, plot.Tick{Value: float64(i) * math.Pi / float64(den), Label: fraction(i, den)})
	}
	return out
}

func fraction(num, den int) string {
	if num == 0 {
		return "0"
	}
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		a = -a
	}
	num, den = num/a, den/a
	s := `\pi`
	switch num {
	case 1:
	case -1:
		s = `-\pi`
	default:
		s = strconv.Itoa(num) + s
	}
	if den > 1 {
		s += "/" + strconv.Itoa(den)
	}
	return "$" + s + "$"
}

// logTicks are at powers of ten, with minor ticks between.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	first, last := int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi)))
	every := max(1, (last-first)/6)
	labels := 0
	for e := first; e <= last; e++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow(10, float64(e))
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 && (e-first)%every == 0 {
				labels++
				t.Label = "$10^{" + strconv.Itoa(e) + "}$"
				if e == 0 || e == 1 {
					t.Label = strconv.Itoa(int(v))
				}
			}
			out = append(out, t)
		}
	}
	if labels < 2 { // less than a decade or two: label minor ticks too
		narrow := math.Log10(hi/lo) < 0.7
		for i := range out {
			m := out[i].Value / math.Pow(10, math.Floor(math.Log10(out[i].Value)+1e-9))
			if m = math.Round(m); narrow || m == 1 || m == 2 || m == 5 {
				out[i].Label = strconv.FormatFloat(out[i].Value, 'f', max(0, -int(math.Floor(math.Log10(out[i].Value)+1e-9))), 64)
			}
		}
	}
	return out
}
