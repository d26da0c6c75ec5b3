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
	turned := r.Plane(result, Gamma, Residual)
	if bx, by = turned.Boundary(); turned.Err() != nil || top != 3 || bx[0][1] != 2 || math.Abs(by[0][1]-0.25) > 1e-9 || bx[1][0] != 5 {
		t.Errorf("the boundary of ρ over γ is at %v, %v, %v", bx, by, turned.Err())
	}
	top = 0
	turned = r.Plane(theory.Result{Quantity: theory.TLinear}, Gamma, Theta)
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
