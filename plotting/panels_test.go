package plotting

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
)

func picture(t *testing.T, p Panel) image.Image {
	t.Helper()
	data, err := Draw(p).PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// shifted is a field with a constant added.
type shifted struct {
	field
	by float64
}

func (s shifted) Values() (x, y []float64, z [][]float64) {
	x, y, z = s.field.Values()
	for i := range z {
		for j := range z[i] {
			z[i][j] += s.by
		}
	}
	return x, y, z
}

// A diagram of probabilities has the colours of a diagram of their distance from ½, and
// a colour bar centred at ½.
func TestCenterIsWhite(t *testing.T) {
	plain := PhaseDiagram{X: `$\theta$`, Y: `$\gamma$`, Field: field{theta8, theta8}, Limit: 0.5}
	chance := plain
	chance.Field, chance.Center = shifted{field{theta8, theta8}, 0.5}, 0.5
	a, b := picture(t, plain), picture(t, chance)
	same, colours := 0, map[color.Color]bool{}
	for x := 150; x < 400; x += 25 {
		for y := 100; y < 400; y += 25 {
			if a.At(x, y) == b.At(x, y) {
				same++
			}
			colours[a.At(x, y)] = true
		}
	}
	if same < 115 || len(colours) < 5 { // the labels of the regions differ
		t.Errorf("%d of 120 pixels agree, %d colours", same, len(colours))
	}
	chance.Center = math.NaN()
	if err := Draw(chance).Err(); err == nil || !strings.Contains(err.Error(), "Center = NaN") {
		t.Errorf("want an error about Center, got %v", err)
	}
}

// The frame of a logarithmic panel begins where that of a linear one does, whatever the
// length of its axis label.
func TestLogPanelFillsItsSpace(t *testing.T) {
	top := func(s Slices) int {
		img := picture(t, s)
		for y := 0; y < img.Bounds().Dy(); y++ {
			dark := 0
			for x := 0; x < img.Bounds().Dx(); x++ {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0x4000 {
					dark++
				}
			}
			if dark > img.Bounds().Dx()/2 {
				return y
			}
		}
		t.Fatal("no frame")
		return 0
	}
	s := Slices{Title: "t", X: "x", Y: "a long label, longer than half of the axis", Lines: lines{{"", []float64{1, 2, 3}, []float64{1e-6, 1e-3, 1}, nil}}}
	linear := top(s)
	s.LogY = true
	if log := top(s); log > linear+12 {
		t.Errorf("the frame begins %d pixels down, on a linear axis %d", log, linear)
	}
}

// A logarithmic axis of less than a decade still has numbers.
func TestNarrowLogTicks(t *testing.T) {
	for _, r := range [][2]float64{{0.5, 0.9}, {0.9, 2.2}, {150, 2100}, {2e-4, 3e-3}} {
		n := 0
		for _, k := range (logTicks{}).Ticks(r[0], r[1]) {
			if k.Label != "" {
				n++
			}
			if strings.Contains(k.Label, "e") {
				t.Errorf("tick %q", k.Label)
			}
		}
		if n < 2 {
			t.Errorf("%d labels from %v to %v", n, r[0], r[1])
		}
	}
}
