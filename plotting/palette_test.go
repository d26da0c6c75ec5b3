package plotting

import (
	"image/color"
	"math"
	"testing"
)

// visions transform linear RGB to its appearance to readers without one kind of cone
// (Machado, Oliveira and Fernandes 2009, severity 1).
var visions = map[string][3][3]float64{
	"all cones":      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"without long":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"without medium": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"without short":  {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// cielab returns L*, a* and b* of a colour as a vision sees it.
func cielab(c color.NRGBA, vision [3][3]float64) [3]float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	in := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	var rgb [3]float64
	for i, row := range vision {
		rgb[i] = math.Max(0, math.Min(1, row[0]*in[0]+row[1]*in[1]+row[2]*in[2]))
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*rgb[0] + 0.3576*rgb[1] + 0.1805*rgb[2]) / 0.9505)
	y := f(0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2])
	z := f((0.0193*rgb[0] + 0.1192*rgb[1] + 0.9505*rgb[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// Readers notice a difference of 2 to 3 side by side; a legend is not beside its curve.
func TestCurveColours(t *testing.T) {
	const apart, lighter = 12, 10
	for name, vision := range visions {
		for i, a := range curveColors {
			for j, b := range curveColors[:i] {
				p, q := cielab(a, vision), cielab(b, vision)
				if d := math.Hypot(math.Hypot(p[0]-q[0], p[1]-q[1]), p[2]-q[2]); d < apart {
					t.Errorf("%s: colours %d and %d differ by %.1f, less than %d", name, i, j, d, apart)
				}
				if d := math.Abs(p[0] - q[0]); name == "all cones" && d < lighter {
					t.Errorf("in grey, colours %d and %d differ in lightness by %.1f, less than %d", i, j, d, lighter)
				}
			}
		}
	}
}

// The ends of the colours of transfer differ in every colour vision and in grey: from half of
// the scale on, a gain is darker than a loss of the same size.
func TestColoursOfTransferInAllVisions(t *testing.T) {
	for name, vision := range visions {
		plus, minus := cielab(transferColor(1, 1), vision), cielab(transferColor(-1, 1), vision)
		if d := math.Hypot(plus[1]-minus[1], plus[2]-minus[2]); d < 40 {
			t.Errorf("%s: the ends differ in colour by %.0f", name, d)
		}
		for _, sign := range []float64{1, -1} {
			last := 101.0
			for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
				l := cielab(transferColor(sign*v, 1), vision)[0]
				if l >= last {
					t.Errorf("%s: at %v the colour is not darker than nearer to zero", name, sign*v)
				}
				last = l
			}
		}
		for v, least := range map[float64]float64{0.5: 5, 0.8: 15, 1: 25} {
			if d := cielab(transferColor(-v, 1), vision)[0] - cielab(transferColor(v, 1), vision)[0]; d < least {
				t.Errorf("%s: a loss of %v is lighter than a gain by %.0f, less than %.0f", name, v, d, least)
			}
		}
	}
}

// Ordered curves become lighter in every colour vision and in grey, by steps that are seen,
// and the lightest is still seen on white.
func TestOrderedColours(t *testing.T) {
	const most, step, lightest = 6, 8, 76
	for name, vision := range visions {
		for n := 3; n <= most; n++ {
			last := -100.0
			for i := range n {
				l := cielab(orderedColor(float64(i)/float64(n-1)), vision)[0]
				if l-last < step {
					t.Errorf("%s: colour %d of %d is lighter than the one before by %.1f, less than %d", name, i+1, n, l-last, step)
				}
				last = l
			}
			if last > lightest {
				t.Errorf("%s: the last of %d colours has lightness %.0f, more than %d", name, n, last, lightest)
			}
		}
	}
}

// Labels that differ in one number are coloured in its order, whatever theirs is; others keep
// the colours of unordered curves.
func TestOrderOfLabels(t *testing.T) {
	got := paint([]string{`$\lambda = 0.2$`, `$\lambda = 0$`, `$\lambda = 1$`})
	for i, want := range []float64{0.5, 0, 1} {
		if got[i] != orderedColor(want) {
			t.Errorf("colour %d is %v, want that at %v", i, got[i], want)
		}
	}
	if got := paint([]string{`$\theta = \pi/4$`, `$\theta = \pi/8$`, `$\theta = 3\pi/8$`, "scratch"}); got[3] != curveColors[0] || got[1] != orderedColor(0.25) || got[2] != orderedColor(1) {
		t.Errorf("angles and scratch: %v", got)
	}
	for _, labels := range [][]string{{`$\lambda = 0$`, `$\lambda = 1$`}, {"a", "b", "c"}, {`$\gamma = 1$`, `$\lambda = 1$`, `$\mu = 2$`}} {
		for i, c := range paint(labels) {
			if c != curveColors[i] {
				t.Errorf("%q: colour %d is %v", labels, i, c)
			}
		}
	}
}
