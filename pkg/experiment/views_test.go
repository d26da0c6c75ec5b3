package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

// onGrid returns a table over γ and σ with made-up trials.
func onGrid() *Table {
	var settings []theory.Setting
	for _, sigma := range []float64{0.2, 0.6} {
		for _, n := range []int{5, 20, 35} {
			settings = append(settings, theory.Setting{N: n, D: 20, Theta: 2.1, Sigma: sigma, Depth: 3})
		}
	}
	return aTable(theory.TLinear, settings, func(i int) []float64 { return []float64{-float64(i) - 1, -float64(i) - 2, -float64(i) - 6} })
}

// asks is a result whose limit and mean tell what they were asked.
var asks = theory.Result{Name: "asks", Quantity: theory.TLinear,
	Limit: func(l theory.Limit) (float64, error) {
		return 1000*l.Gamma + l.Theta + 100*l.Sigma + float64(l.Depth)/64, nil
	},
	Mean: func(s theory.Setting) (theory.Value, error) {
		return theory.Value{Value: 1000*float64(s.N) + s.Theta + 100*s.Sigma + float64(s.Depth)/64 + 1e-3*s.Lambda, StdErr: 9}, nil
	}}

// Views of a table along γ: points with their errors, lines of limits over the range of the
// points with both sides of γ = 1, lines of exact means with a point at each n.
func TestViewsAlongGamma(t *testing.T) {
	r := onGrid()
	v := r.Along(asks, Gamma, Sigma)
	x, y := v.Titles()
	if v.Err() != nil || v.Len() != 4 || x != Gamma.Title() || y != `$\mathcal{T}_{\mathrm{lt}}$` {
		t.Fatal(v.Err(), v.Len(), x, y)
	}
	for g, sigma := range []float64{0.2, 0.6} {
		label, x, y, bar := v.Points().Curve(g)
		if label != Sigma.Label(sigma) || !slices.Equal(x, []float64{0.25, 1, 1.75}) {
			t.Errorf("%q at %v", label, x)
		}
		for i := range y {
			if want := -float64(3*g+i) - 4 + 1; !near(y[i], want) || !near(bar[i], math.Sqrt(7./3)) {
				t.Errorf("%v: %v ± %v, want %v", x[i], y[i], bar[i], want)
			}
		}
		if l2, x2, y2, b2 := v.Curve(2 + g); l2 != label || !slices.Equal(x2, x) || !slices.Equal(y2, y) || !slices.Equal(b2, bar) || !v.Measured(2+g) || v.Measured(g) {
			t.Errorf("curve %d is %q", 2+g, l2)
		}
		if method, seed := v.Origin(2 + g); method != "solve" || seed != 7 {
			t.Errorf("%q, %d", method, seed)
		}
		if method, seed := v.Origin(g); method != "" || seed != 0 {
			t.Errorf("theory has the origin %q, %d", method, seed)
		}
		label, x, y, bar = v.Lines().Curve(g)
		if len(x) != linePoints+3 || x[0] != 0.25 || x[len(x)-1] != 1.75 || !slices.IsSorted(x) || label != Sigma.Label(sigma) || bar != nil {
			t.Errorf("%q: %d points from %v to %v", label, len(x), x[0], x[len(x)-1])
		}
		for _, side := range []float64{1 - 1e-9, 1, 1 + 1e-9} {
			if !slices.Contains(x, side) {
				t.Errorf("the line has no point at γ = %v", side)
			}
		}
		for i := range x {
			if want := 1000*x[i] + 2.1 + 100*sigma + 3./64; !near(y[i], want) {
				t.Fatalf("the limit at %v is %v, want %v", x[i], y[i], want)
			}
		}
		if l2, _, _, _ := v.Curve(g); l2 != label {
			t.Errorf("curve %d is %q", g, l2)
		}
		label, x, y, _ = r.Exact(asks, Gamma, Sigma).Curve(g)
		if len(x) != 31 || x[0] != 0.25 || x[30] != 1.75 || label != Sigma.Label(sigma) {
			t.Errorf("%q: %v", label, x)
		}
		for i := range x {
			if want := 1000*float64(5+i) + 2.1 + 100*sigma + 3./64; x[i] != float64(5+i)/20 || !near(y[i], want) {
				t.Errorf("the mean at %v is %v, want %v", x[i], y[i], want)
			}
		}
	}
	below := r.Where(func(s theory.Setting) bool { return s.N <= 20 })
	if _, x, _, _ := below.Theory(asks, Gamma, Sigma).Curve(0); len(x) != linePoints || x[linePoints-1] != 1 {
		t.Errorf("%d points up to γ = 1", len(x))
	}
	above := r.Where(func(s theory.Setting) bool { return s.N >= 20 })
	if _, x, _, _ := above.Theory(asks, Gamma, Sigma).Curve(0); len(x) != linePoints || x[0] != 1 {
		t.Errorf("%d points from γ = 1", len(x))
	}
	// All on one curve: two cells at the same γ are an error, which names the curve.
	for _, s := range []Series{r.Measured(theory.TLinear, Gamma, None), r.Theory(asks, Gamma, None), r.Exact(asks, Gamma, None)} {
		if s.Err() == nil || !strings.Contains(s.Err().Error(), "two cells at the same gamma") {
			t.Error(s.Err())
		}
	}
	one := r.At(Sigma, 0.6)
	if label, _, y, _ := one.Measured(theory.TLinear, Gamma, None).Curve(0); label != "" || !near(y[0], -6) {
		t.Errorf("%q, %v", label, y)
	}
	if err := r.At(Sigma, 0.2, 0.9).Err(); err == nil || !strings.Contains(err.Error(), "sigma = 0.9") {
		t.Error(err)
	}
	empty := *r
	empty.Cells = nil
	if err := empty.Measured(theory.TLinear, Gamma, None).Err(); err == nil || !strings.Contains(err.Error(), "no grid cells") {
		t.Error(err)
	}
	if err := r.Measured(theory.TLinear, Mu, None).Err(); err == nil || !strings.Contains(err.Error(), "has this coordinate") {
		t.Error(err)
	}
}

// Exact means over many n: at most about sixty of them, from the first to the last.
func TestViewsOfManyPoints(t *testing.T) {
	s := theory.Setting{N: 10, D: 1000, Depth: 2, SourceN: 100}
	settings := exactSettings(s, Gamma, 0.01, 1.99)
	if len(settings) < 55 || len(settings) > 70 || settings[0].N != 10 || settings[len(settings)-1].N > 1990 || settings[len(settings)-1].N < 1950 {
		t.Errorf("%d settings from n = %d to %d", len(settings), settings[0].N, settings[len(settings)-1].N)
	}
	for i := 1; i < len(settings); i++ {
		if settings[i].N-settings[i-1].N != settings[1].N-settings[0].N || settings[i].SourceN != 100 {
			t.Fatalf("n = %d after %d", settings[i].N, settings[i-1].N)
		}
	}
	for i, at := range exactSettings(s, SourceGamma, 0.1, 0.105) {
		if at.SourceN != 100+i || at.N != 10 {
			t.Errorf("setting %d is %v", i, at)
		}
	}
	for axis, want := range map[theory.Axis][]int{Depth: {2, 3, 4, 5}, Features: {2, 3, 4, 5}} {
		var got []int
		for _, at := range exactSettings(s, axis, 2, 5) {
			got = append(got, map[theory.Axis]int{Depth: at.Depth, Features: at.Features}[axis])
		}
		if !slices.Equal(got, want) {
			t.Errorf("along %s: %v", axis, got)
		}
	}
	rest := exactSettings(s, Sigma, 0.5, 2.5)
	if len(rest) != exactPoints || rest[0].Sigma != 0.5 || !near(rest[1].Sigma, 0.5+2./59) || rest[59].Sigma != 2.5 {
		t.Errorf("%d settings from σ = %v to %v", len(rest), rest[0].Sigma, rest[59].Sigma)
	}
	ridges := exactSettings(s, Lambda, 0.01, 100) // in equal ratios
	if len(ridges) != exactPoints || !near(ridges[1].Lambda/ridges[0].Lambda, math.Pow(1e4, 1./59)) || !near(ridges[59].Lambda, 100) {
		t.Errorf("%d settings from λ = %v to %v", len(ridges), ridges[0].Lambda, ridges[59].Lambda)
	}
	if x := spread(Lambda, 0, 1, 3); !slices.Equal(x, []float64{0, 0.5, 1}) {
		t.Errorf("from 0 on a logarithmic axis: %v", x)
	}
}

// Lines of theory along the other axes: at each integer along the depth, none along k.
func TestViewsAlongOtherAxes(t *testing.T) {
	var settings []theory.Setting
	for _, depth := range []int{4, 2, 7} {
		settings = append(settings, theory.Setting{N: 5, D: 20, Theta: 0.3, Depth: depth, Features: depth})
	}
	r := aTable(theory.TLinear, settings, func(i int) []float64 { return []float64{float64(i), 5} })
	if _, x, _, _ := r.Theory(asks, Depth, None).Curve(0); !slices.Equal(x, []float64{2, 3, 4, 5, 6, 7}) {
		t.Errorf("along the depth: %v", x)
	}
	if _, x, y, _ := r.Exact(asks, Depth, None).Curve(0); !slices.Equal(x, []float64{2, 3, 4, 5, 6, 7}) || !near(y[5], 5000.3+7./64) {
		t.Errorf("along the depth: %v %v", x, y)
	}
	if err := r.Theory(asks, Features, Depth).Err(); err == nil || !strings.Contains(err.Error(), "use Exact") {
		t.Error(err)
	}
	r = r.At(Depth, 4)
	if v := r.Along(asks, Features, None); v.Err() != nil {
		t.Error(v.Err())
	} else if _, x, y, _ := v.Lines().Curve(0); !slices.Equal(x, []float64{4}) || !near(y[0], 5000.3+4./64) {
		t.Errorf("along k: %v %v", x, y)
	}
	sizes := aTable(theory.TLinear, []theory.Setting{{N: 5, D: 20, Depth: 2}, {N: 10, D: 40, Depth: 2}}, func(int) []float64 { return []float64{1, 2} })
	if _, x, y, _ := sizes.Along(asks, Dimension, None).Lines().Curve(0); len(x) != exactPoints || x[0] != 20 || x[59] != 40 || !near(y[59], 10000+2./64) || !near(y[0], 5000+2./64) { // γ stays 1/4
		t.Errorf("along d: from %v to %v, %v", x[0], x[len(x)-1], y)
	}
}

// Predictions of one's own are asked at cells that are moved along the axis and hold no
// values; a power goes through the last point.
func TestViewsOfPredictions(t *testing.T) {
	r := onGrid()
	for i := range r.Cells {
		r.Cells[i].at = map[theory.Axis]float64{Mu: r.Cells[i].Setting.Gamma() / 2, Alpha: 0.01}
	}
	predict := func(c Cell) (theory.Value, error) {
		if len(c.values) > 0 || c.At(Alpha) != 0.01 {
			t.Errorf("the prediction sees %v", c)
		}
		return theory.Value{Value: 10*c.At(Mu) + c.At(Sigma), StdErr: 1}, nil
	}
	label, x, y, bar := r.Predicted(Mu, Sigma, predict).Curve(1)
	if len(x) != exactPoints || x[0] != 0.125 || x[59] != 0.875 || bar != nil || label != Sigma.Label(0.6) {
		t.Errorf("%q: from %v to %v", label, x[0], x[len(x)-1])
	}
	for i := range x {
		if !near(y[i], 10*x[i]+0.6) {
			t.Fatalf("at %v: %v", x[i], y[i])
		}
	}
	if r.Cells[0].At(Mu) != 0.125 {
		t.Error("a prediction moves the cell of the table")
	}
	label, x, y, bar = r.Power(theory.TLinear, Gamma, Sigma, func(c Cell) float64 { return 10 * c.Setting.Sigma }).Curve(1)
	if bar != nil || label != Sigma.Label(0.6) || !slices.Equal(x, []float64{0.25, 1, 1.75}) {
		t.Fatalf("%q at %v ± %v", label, x, bar)
	}
	for i := range x { // the last mean is −8, the exponent 6
		if want := -8 * math.Pow(x[i]/1.75, 6); !near(y[i], want) {
			t.Errorf("the power at %v is %v, want %v", x[i], y[i], want)
		}
	}
	_, _, y, bar = r.Relative(theory.TLinear, Gamma, Sigma).Curve(1)
	for i, mean := range []float64{-6, -7, -8} {
		if !near(y[i], mean/-6) || !near(bar[i], math.Sqrt(7./3)/-6) {
			t.Errorf("relative: %v ± %v, want %v", y[i], bar[i], mean/-6)
		}
	}
}

// A distribution has its quantiles from 0.5 % to 99.5 % with binomial errors.
func TestViewsOfADistribution(t *testing.T) {
	r := aTable(theory.TLinear, []theory.Setting{{N: 5, D: 20, Depth: 2}}, func(int) []float64 {
		x := make([]float64, 1000)
		for i := range x {
			x[(i*7)%1000] = float64(i)
		}
		return x
	})
	s := r.Distribution(theory.TLinear, None, 3)
	_, x, p, bar := s.Curve(0)
	if method, seed := s.Origin(0); s.Err() != nil || method != "solve" || seed != 7 || !slices.Equal(p, []float64{0.005, 0.5, 0.995}) {
		t.Fatal(s.Err(), p)
	}
	for i := range x {
		if want := 1000 * p[i]; math.Abs(x[i]-want) > 1.01 || !near(bar[i], math.Sqrt(p[i]*(1-p[i])/1000)) {
			t.Errorf("P = %v ± %v at %v", p[i], bar[i], x[i])
		}
	}
	if s := r.Distribution(theory.TLinear, Gamma, 2); s.Err() != nil || s.Len() != 1 {
		t.Error(s.Err())
	}
	if err := r.Distribution(theory.TLinear, Gamma, 1).Err(); err == nil || !strings.Contains(err.Error(), "points = 1") {
		t.Error(err)
	}
}

// A grid that nobody measured has the lines and the plane of the limit, and no points.
func TestTheoryOfAGrid(t *testing.T) {
	r := Lab{D: 20, Sigma: 0.6}.Theory(Grid{Gamma: []float64{0.25, 1.75}, Theta: []float64{1, 2}, Depth: []int{3}})
	if v := r.Along(asks, Gamma, Theta); v.Err() != nil || v.Len() != 2 || v.Measured(1) {
		t.Errorf("%d curves, %v", v.Len(), v.Err())
	} else if _, x, y, _ := v.Curve(1); x[0] != 0.25 || x[len(x)-1] != 1.75 || !near(y[0], 250+2+60+3./64) {
		t.Errorf("from %v to %v, first %v", x[0], x[len(x)-1], y[0])
	}
	with := asks
	with.Boundary = func(theory.Limit, float64) ([]theory.Curve, error) { return nil, nil }
	p := r.Where(func(s theory.Setting) bool { return true }).Plane(with, Theta, Gamma)
	if p.Err() != nil || !near(p.Value[1][0], 1750+1+60+3./64) {
		t.Errorf("%v, %v", p.Value, p.Err())
	}
	if method, seed := p.Origin(); method != "" || seed != 0 {
		t.Errorf("the plane has the origin %q, %d", method, seed)
	}
	if err := (Lab{D: 20}).Theory(Grid{}).Along(asks, Gamma, None).Err(); err == nil || !strings.Contains(err.Error(), "Gamma is empty") {
		t.Error(err)
	}
	if err := r.Verdict(asks).Err(); err == nil {
		t.Error("a verdict without a measurement")
	}
}
