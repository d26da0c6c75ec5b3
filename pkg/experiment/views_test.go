package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/task"
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

// A plane holds means and shares of wins; its boundary is that of theory up to twice the
// largest γ, in θ or in ρ; its cells differ in two axes alone.
func TestViewsOfAPlane(t *testing.T) {
	var settings []theory.Setting
	for _, theta := range []float64{1.2, 0.4} {
		for _, n := range []int{5, 30, 20} {
			settings = append(settings, theory.Setting{N: n, D: 20, Theta: theta, Sigma: 0.3, Depth: 2})
		}
	}
	r := aTable(theory.TLinear, settings, func(i int) []float64 { return []float64{float64(i), 1, -3, float64(-i)} })
	var asked theory.Limit
	var top float64
	result := theory.Result{Quantity: theory.TLinear, Boundary: func(at theory.Limit, gammaMax float64) ([]theory.Curve, error) {
		asked, top = at, gammaMax
		return []theory.Curve{{X: []float64{0, math.Pi / 6, math.Pi / 2}, Y: []float64{1, 2, 3}}, {X: []float64{1}, Y: []float64{5}}}, nil
	}}
	p := r.Plane(result, Theta, Gamma)
	w := r.WinPlane(result, Theta, Gamma)
	if p.Err() != nil || w.Err() != nil || !slices.Equal(p.X, []float64{0.4, 1.2}) || !slices.Equal(p.Y, []float64{0.25, 1, 1.5}) || top != 3 || asked.Sigma != 0.3 {
		t.Fatalf("%v × %v up to %v at %v, %v", p.X, p.Y, top, asked, p.Err())
	}
	for i, cell := range [][]int{{3, 0}, {5, 2}, {4, 1}} { // by γ and θ
		for j, k := range cell {
			wins := 1 + map[bool]float64{true: 1}[k > 0]
			if !near(p.Value[i][j], -0.5) || w.Value[i][j] != wins/4 {
				t.Errorf("at γ = %v, θ = %v: %v, and %v wins; want %v", p.Y[i], p.X[j], p.Value[i][j], w.Value[i][j], wins/4)
			}
		}
	}
	bx, by := p.Boundary()
	if len(bx) != 2 || bx[0][1] != math.Pi/6 || by[1][0] != 5 {
		t.Errorf("boundary %v, %v", bx, by)
	}
	method, seed := p.Origin()
	if x, y, z := p.Titles(); x != Theta.Title() || y != Gamma.Title() || z != `$\mathcal{T}_{\mathrm{lt}}$` || method != "solve" || seed != 7 {
		t.Errorf("%q %q %q, %q %d", x, y, z, method, seed)
	}
	if _, _, z := w.Titles(); z != `$P$` {
		t.Errorf("%q", z)
	}
	bx, _ = r.Plane(result, Residual, Gamma).Boundary()
	if math.Abs(bx[0][1]-0.25) > 1e-9 || math.Abs(bx[0][2]-1) > 1e-9 {
		t.Errorf("the boundary in ρ is at %v", bx)
	}
	top = 0
	turned := r.Plane(theory.Result{Quantity: theory.TLinear}, Gamma, Theta)
	if turned.Err() != nil || len(turned.Value) != 2 || len(turned.Value[0]) != 3 {
		t.Errorf("θ over γ: %v", turned.Err())
	}
	if bx, _ := turned.Boundary(); len(bx) != 0 {
		t.Error("θ over γ has a boundary")
	}
	if err := r.Plane(theory.Result{Name: "R", Quantity: theory.TLinear}, Residual, Gamma).Err(); err == nil || !strings.Contains(err.Error(), "no phase boundary") {
		t.Error(err)
	}
	for what, change := range map[string]func(c *Cell){"σ": func(c *Cell) { c.Setting.Sigma = 0.4 }, "μ": func(c *Cell) { c.at = map[theory.Axis]float64{Mu: 0.5} }, "d": func(c *Cell) { c.Setting.D = 40 }} {
		two := r.Where(func(theory.Setting) bool { return true })
		change(&two.Cells[3])
		if err := two.Plane(result, Theta, Gamma).Err(); err == nil || !strings.Contains(err.Error(), "differ in \"theta\" and \"gamma\" alone") {
			t.Errorf("cells of two %s: %v", what, err)
		}
	}
	some := r.Where(func(s theory.Setting) bool { return s.N != 5 || s.Theta > 1 }) // a place without a cell
	if p := some.Plane(result, Theta, Gamma); p.Err() != nil || !math.IsNaN(p.Value[0][0]) || math.IsNaN(p.Value[0][1]) {
		t.Errorf("%v, %v", p.Value, p.Err())
	}
}

// A distance is that of the tasks of the cell, with the norm of the target; the line of theory
// runs over the angles of the points.
func TestViewsAgainstDistances(t *testing.T) {
	var settings []theory.Setting
	for _, theta := range []float64{0.5, 2.5} {
		settings = append(settings, theory.Setting{N: 5, D: 20, Theta: theta, Sigma: 0.3, Depth: 2, Norm: 3})
	}
	r := aTable(theory.TLinear, settings, func(i int) []float64 { return []float64{float64(i), 1} })
	delta := func(theta float64) float64 { return math.Sqrt(1 + 9 - 6*math.Cos(theta)) } // ‖βs − βt‖
	_, x, y, bar := r.AgainstDistance(divergence.KL, theory.TLinear, None).Curve(0)
	for i, theta := range []float64{0.5, 2.5} {
		if want := math.Pow(delta(theta), 2) / (2 * 0.09); math.Abs(x[i]-want) > 1e-9*want || y[i] != float64(i+1)/2 || bar == nil {
			t.Errorf("θ = %v: KL = %v, want %v; T = %v", theta, x[i], want, y[i])
		}
		v, err := TransportBound(r.Cells[i])
		if want := delta(theta) * math.Sqrt(2/math.Pi); err != nil || math.Abs(v.Value-want) > 1e-12 || v.StdErr != 0 {
			t.Errorf("θ = %v: W₁ ≤ %v, want %v", theta, v, want)
		}
	}
	_, x, y, bar = r.TheoryAgainstDistance(divergence.KL, asks, None).Curve(0)
	if len(x) != 121 || bar != nil {
		t.Fatalf("%d points", len(x))
	}
	for i := range x {
		theta := 0.5 + 2*float64(i)/120
		if math.Abs(x[i]-math.Pow(delta(theta), 2)/0.18) > 1e-9 || !near(y[i], 250+theta+30+2./64) {
			t.Fatalf("point %d: (%v, %v)", i, x[i], y[i])
		}
	}
	tasks := divergence.Tasks{D: 20, Theta: 0.5, Sigma: 0.3, Norm: 3}
	for axis, at := range map[theory.Axis]func(v float64) float64{
		Theta: func(v float64) float64 { return (10 - 6*math.Cos(v)) / 0.18 },
		Sigma: func(v float64) float64 { return math.Pow(delta(0.5), 2) / (2 * v * v) },
		Norm:  func(v float64) float64 { return (1 + v*v - 2*v*math.Cos(0.5)) / 0.18 },
	} {
		label, x, y, _ := DistanceCurve("KL", divergence.KL, tasks, axis, []float64{0.7, 1.1}).Curve(0)
		if label != "KL" || !slices.Equal(x, []float64{0.7, 1.1}) || math.Abs(y[0]-at(0.7)) > 1e-9*y[0] || math.Abs(y[1]-at(1.1)) > 1e-9*y[1] {
			t.Errorf("along %s: %v at %v", axis, y, x)
		}
	}
	row := Estimated(divergence.KL, tasks, 300, 4).Rows[0]
	m, se, err := divergence.KL.Estimate(tasks, 300, 4)
	if err != nil || row.Measured.Value != m || row.Measured.StdErr != se || row.Trials != 300 || math.Abs(row.Theory.Value-math.Pow(delta(0.5), 2)/0.18) > 1e-9 {
		t.Errorf("%+v", row)
	}
	if err := Estimated(divergence.KL, divergence.Tasks{D: 20}, 300, 4).Err(); err == nil {
		t.Error("no noise is no error")
	}
}

// A transport is the least cost over all pairings, tried one by one, of the ℓ₁ metric, on
// samples of their own for each σ, θ, d, n and trial.
func TestTransportsByHand(t *testing.T) {
	run := Transports{D: []int{2, 4}, N: 5, Theta: []float64{0.4, 2}, Sigma: 0.3, Trials: 2, Seed: 6}
	r := must(t, run.Run())
	noisier := run
	noisier.Sigma = 0.3 + 1e-9
	other := must(t, noisier.Run())
	for i, c := range r.Cells {
		if c.Setting.N != 5 || c.Setting.Sigma != 0.3 {
			t.Errorf("cell %d is at %v", i, c.Setting)
		}
		for trial, got := range c.values[W1] {
			if math.Abs(other.Cells[i].values[W1][trial]-got) < 1e-6 {
				t.Errorf("%v, trial %d: the same samples at another σ", c, trial)
			}
			seed := seedByHand(run, c.Setting, trial)
			a, b, err := divergence.Samples(divergence.Tasks{D: c.Setting.D, Theta: c.Setting.Theta, Sigma: 0.3}, 5, seed)
			if err != nil {
				t.Fatal(err)
			}
			best := math.Inf(1)
			permute([]int{0, 1, 2, 3, 4}, 0, func(order []int) {
				sum := 0.0
				for i, j := range order {
					for k := range c.Setting.D + 1 {
						sum += math.Abs(a.At(i, k)-b.At(j, k)) / 5
					}
				}
				best = math.Min(best, sum)
			})
			if math.Abs(got-best) > 1e-9 {
				t.Errorf("%v, trial %d: %v, over all pairings %v", c, trial, got, best)
			}
		}
	}
}

// permute calls use with every order of x.
func permute(x []int, k int, use func([]int)) {
	if k == len(x) {
		use(x)
	}
	for i := k; i < len(x); i++ {
		x[k], x[i] = x[i], x[k]
		permute(x, k+1, use)
		x[k], x[i] = x[i], x[k]
	}
}

// seedByHand is the seed of a pair of samples.
func seedByHand(t Transports, s theory.Setting, trial int) uint64 {
	return task.Seed(t.Seed, "transports", uint64(s.D), math.Float64bits(s.Theta), math.Float64bits(s.Sigma), uint64(s.N), uint64(trial))
}
