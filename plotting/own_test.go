package plotting

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Every wrong input is an error that names the field and the value.
func TestOwnNumbersAreChecked(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one, two := []float64{1}, []float64{1, 2}
	bad := func(x float64) float64 { return math.Log(x) }
	for want, set := range map[string]Curves{
		"Points: 1 x and 2 y":          Points(one, two, nil),
		"2 points and 1 standard":      Points(two, two, one),
		"there is no point":            Line(nil, nil),
		"Points: y[1] is NaN":          Points(two, []float64{1, nan}, nil),
		"Points: x[0] is +Inf":         Points([]float64{inf, 1}, two, nil),
		"err[1] = -1":                  Points(two, two, []float64{0, -1}),
		"err[0] = NaN":                 Points(one, one, []float64{nan}),
		"Line: y[0] is NaN":            Line(two, []float64{nan, 1}),
		"Line: x[1] is NaN":            Line([]float64{1, nan}, two),
		"f is nil":                     Function(nil, 0, 1),
		"from = 1, to = 1":             Function(math.Sin, 1, 1),
		"f(-1) is NaN":                 Function(bad, -1, 1),
		"Horizontal(NaN)":              Horizontal(nan),
		"Vertical(+Inf)":               Vertical(inf),
		"Line: 2 x and 1 y":            Join(Points(one, one, nil), Line(two, one), Horizontal(nan)),
		"Points: 2 x and 1 y: they mu": Points(two, one, nil).Named("a"),
	} {
		if err := set.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
		if err := Draw(Slices{Points: set}).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Draw: want an error with %q, got %v", want, err)
		}
	}
	for want, m := range map[string]Map{
		"x[1] = 1 is not above":    Grid([]float64{1, 1}, two, [][]float64{two, two}),
		"y[0] is NaN":              Grid(two, []float64{nan, 1}, [][]float64{two, two}),
		"z has 1 rows":             Grid(two, two, [][]float64{two}),
		"row 1 of z has 1 values":  Grid(two, two, [][]float64{two, one}),
		"Line: 2 x and 1 y":        Grid(two, two, [][]float64{two, two}).WithBoundary(Line(two, one)),
		"x begins at -1":           Grid([]float64{-1, 1}, two, [][]float64{two, two}),
		"a phase diagram of 1 × 2": Grid(one, two, [][]float64{one, one}),
	} {
		if err := Draw(PhaseDiagram{Field: m, LogX: true}).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for want, h := range map[string]Histogram{
		"has no sample":              {},
		"Samples[0] has 1 values":    {Samples: []Sample{{Values: one}}},
		"Samples[1].Values[0] is Na": {Samples: []Sample{{Values: two}, {Values: []float64{nan, 1}}}},
		"Bins = 1":                   {Samples: []Sample{{Values: two}}, Bins: 1},
		`\nothing`:                   {Samples: []Sample{{Label: `$\nothing$`, Values: two}}},
	} {
		if err := Draw(h).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A series keeps the numbers that it was given, not those that a caller writes later.
func TestOwnNumbersAreCopied(t *testing.T) {
	x, y := []float64{1, 2}, []float64{3, 4}
	s, m := Line(x, y), Grid(x, x, [][]float64{y, y})
	x[0], y[0] = 9, 9
	if _, gx, gy, _ := s.Curve(0); gx[0] != 1 || gy[0] != 3 {
		t.Errorf("the line is (%v, %v)", gx, gy)
	}
	if gx, _, z := m.Values(); gx[0] != 1 || z[1][0] != 3 {
		t.Errorf("the map is %v, %v", gx, z)
	}
}

// The chords of a drawn function leave it by at most 1/1000 of its range, on a linear and on a
// logarithmic axis, and at a kink.
func TestFunctionIsSmooth(t *testing.T) {
	for name, f := range map[string]func(float64) float64{
		"kink": func(x float64) float64 { return math.Abs(x - 3.00123) },
		"peak": func(x float64) float64 { return 1 / (1 + math.Pow((x-20)/0.3, 2)) },
		"wave": func(x float64) float64 { return math.Sin(20 * math.Log(x)) },
	} {
		s := Function(f, 0.01, 100)
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		_, x, y, _ := s.Curve(0)
		span := slices.Max(y) - slices.Min(y)
		worst := 0.0
		for i := 1; i < len(x); i++ {
			worst = max(worst, math.Abs(f((x[i]+x[i-1])/2)-(y[i]+y[i-1])/2))
		}
		if worst > 2e-3*span {
			t.Errorf("%s: a chord leaves the function by %.2g of its range, with %d points", name, worst/span, len(x))
		}
	}
}

// A single point, constant values and a line of one point are drawn.
func TestConstantDataAreDrawn(t *testing.T) {
	for name, p := range map[string]Panel{
		"point":             Slices{Points: Points([]float64{2}, []float64{5}, nil)},
		"zero":              Slices{Points: Points([]float64{0}, []float64{0}, nil)},
		"constant":          Slices{Lines: Line([]float64{1, 2}, []float64{7, 7})},
		"constant, log":     Slices{Lines: Line([]float64{1, 2}, []float64{7, 7}), LogX: true, LogY: true},
		"one point of line": Slices{Lines: Line([]float64{1}, []float64{7})},
		"map":               PhaseDiagram{Field: Grid([]float64{1, 10}, []float64{1, 2}, [][]float64{{3, 3}, {3, 3}}), LogX: true},
		"histogram":         Histogram{Samples: []Sample{{Values: []float64{4, 4, 4}}}},
	} {
		img := picture(t, p)
		colours := 0
		size := img.Bounds().Size()
		for x := size.X / 4; x < size.X*3/4; x++ {
			for y := size.Y / 4; y < size.Y/2; y++ {
				if r, g, b, _ := img.At(x, y).RGBA(); r+g+b < 3*0xF000 {
					colours++
				}
			}
		}
		if colours == 0 {
			t.Errorf("%s: nothing is drawn in the middle", name)
		}
	}
}

// The area of a histogram is 1, and its errors are those of a share.
func TestHistogram(t *testing.T) {
	p := shownBy(t, Histogram{X: "x", Samples: []Sample{{"a", []float64{0, 0, 1, 4}}, {"b", []float64{2, 3}}}, Bins: 4})
	if p.Kind != "histogram" || p.Y != "density" || len(p.Curves) != 2 {
		t.Fatalf("%+v", p)
	}
	for _, c := range p.Curves {
		area := 0.0
		for _, y := range c.Y {
			area += y * 1
		}
		if math.Abs(area-1) > 1e-12 || c.Role != "histogram" {
			t.Errorf("%q: area %v", c.Label, area)
		}
	}
	a := p.Curves[0]
	if !slices.Equal(a.X, []float64{0.5, 1.5, 2.5, 3.5}) || !slices.Equal(a.Y, []float64{0.5, 0.25, 0, 0.25}) || math.Abs(a.Err[1]-math.Sqrt(0.25*0.75/4)) > 1e-15 {
		t.Errorf("%+v", a)
	}
}
