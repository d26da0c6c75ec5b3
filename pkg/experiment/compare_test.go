package experiment

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// twist returns a copy of the run with a quantity of every trial changed.
func twist(r *Table, q theory.Quantity, change func(x float64) float64) *Table {
	out := r.Where(func(theory.Setting) bool { return true })
	for i := range out.Cells {
		c := &out.Cells[i]
		c.values = maps.Clone(c.values)
		c.values[q] = slices.Clone(c.values[q])
		for k, x := range c.values[q] {
			c.values[q][k] = change(x)
		}
	}
	return out
}

// A change on the same data sets is seen far below their spread, and a wrong one
// is found.
func TestChange(t *testing.T) {
	best, _, err := theory.BestRidge(theory.Setting{N: 10, D: 40, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := must(t, Experiment{Grid: Grid{D: 40, Gamma: []float64{0.25, 0.5}, Theta: []float64{math.Pi / 4}, Sigma: []float64{0.2}, Lambda: []float64{0, best}},
		Method: Law, Trials: 20000, Seed: 2}.Run())
	v := r.Change(Lambda, 0, best, theory.Linear)
	if !v.Agrees() || len(v.Rows) != 2 {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if row := v.Rows[0]; row.Theory.Value > -0.005 || row.Measured.StdErr > 0.1*math.Abs(row.Theory.Value) {
		t.Errorf("the gain of the best ridge is %v, measured %v", row.Theory, row.Measured)
	}
	wrong := theory.Linear
	wrong.Mean = func(s theory.Setting) (theory.Value, error) {
		s.Lambda *= 1.5
		return theory.Linear.Mean(s)
	}
	if v := r.Change(Lambda, 0, 1.5*best, wrong); v.Err() == nil {
		t.Error("a change to a ridge that was not run is no error")
	}
	depths := must(t, Experiment{Grid: Grid{D: 40, Gamma: []float64{0.5}, Theta: []float64{1}, Sigma: []float64{1}, Depth: []int{1, 4}}, Method: Law, Trials: 5000, Seed: 2}.Run())
	if v := depths.Change(Depth, 1, 4, theory.FineTuneTransferability); !v.Agrees() {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := depths.Change(Depth, 1, 4, theory.FineTuneTransferabilityPrinted); v.Agrees() {
		t.Errorf("the printed form, which does not change with depth, passes:\n%v", v)
	}
	for want, v := range map[string]*verdict.Verdict{"no grid cell at": r.Change(Lambda, 7, 8, theory.Linear)} {
		if v.Err() == nil || !strings.Contains(v.Err().Error(), want) {
			t.Errorf("want an error with %q, got %v", want, v.Err())
		}
	}
}

// Two runs of one law have the same distributions, and a shift of a twentieth of
// a standard deviation is found.
func TestSameLawAndWins(t *testing.T) {
	e := Experiment{Grid: Grid{D: 20, Gamma: []float64{0.5, 1, 1.5}, Theta: []float64{0.8}, Sigma: []float64{0.4}}, Method: Law, Trials: 50000, Seed: 1}
	a := must(t, e.Run())
	e.Seed = 2
	b := must(t, e.Run())
	if v := a.SameLaw(b, theory.RiskScratch, theory.RiskLinear, theory.TLinear); !v.Agrees() || len(v.Rows) != 9 {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := a.SameLaw(twist(b, theory.RiskScratch, func(x float64) float64 { return 1.03 * x }), theory.RiskScratch); v.Agrees() {
		t.Errorf("a changed distribution passes:\n%v", v)
	}
	if v := a.SameLaw(b.Where(func(s theory.Setting) bool { return s.N < s.D }), theory.TLinear); v.Err() == nil {
		t.Error("a missing cell is no error")
	}
	if v := a.Wins(theory.LinearTransferability, theory.FineTuneTransferability); !v.Agrees() {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := twist(a, theory.RiskScratch, func(x float64) float64 { return x - 0.02 }).Wins(theory.LinearTransferability); v.Agrees() {
		t.Errorf("a changed probability passes:\n%v", v)
	}
	for x, want := range map[float64]float64{1.36: 0.0495, 1.63: 0.0098, 0.8276: 0.5} { // tables
		if got := kolmogorovTail(x); math.Abs(got-want) > 1e-3 {
			t.Errorf("P(K > %v) = %v, want %v", x, got, want)
		}
	}
	d := a.Where(func(s theory.Setting) bool { return s.N < s.D }).Distribution(theory.TLinear, None, 101)
	_, x, y, _ := d.Curve(0)
	wins, err := a.Cells[0].Wins(theory.TLinear)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x { // its value at 0 is the probability of losing
		if i > 0 && x[i-1] <= 0 && x[i] > 0 && (1-wins.Value < y[i-1]-1e-9 || 1-wins.Value > y[i]+1e-9) {
			t.Errorf("P(T ≤ 0) = %v between %v and %v", 1-wins.Value, y[i-1], y[i])
		}
	}
	if err := a.Distribution(theory.TLinear, None, 11).Err(); err == nil {
		t.Error("a distribution of several cells is no error")
	}
}

func TestAtLimitAndAs(t *testing.T) {
	e := Experiment{Grid: Grid{D: 1_000_000, Gamma: []float64{0.5, 2}, Theta: []float64{0.8}, Sigma: []float64{0.4}}, Method: Law, Trials: 200, Seed: 1}
	r := must(t, e.Run())
	if v := r.AtLimit(theory.Scratch, theory.LinearTransferability, theory.FineTuneTransferability); !v.Agrees() {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := r.Where(func(s theory.Setting) bool { return s.N < s.D }).AtLimit(theory.FineTuneTransferabilityPrinted); v.Agrees() {
		t.Errorf("the printed form passes:\n%v", v)
	}
	e.Seed = 2
	other := must(t, e.Run())
	if v := r.Verdict(other.As("a", "b", theory.RiskScratch)); !v.Agrees() {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := twist(r, theory.RiskScratch, func(x float64) float64 { return 1.01 * x }).Verdict(other.As("a", "b", theory.RiskScratch)); v.Agrees() {
		t.Errorf("a changed mean passes:\n%v", v)
	}
	e.Grid.Gamma = []float64{0.7}
	if v := e.Run().Verdict(other.As("a", "b", theory.RiskScratch)); v.Err() == nil {
		t.Error("a prediction at a setting that was not measured is no error")
	}
}

// The networks follow the end-to-end flow to the root of the equation for c.
func TestFlows(t *testing.T) {
	f := Flows{Setting: theory.Setting{N: 10, D: 20, Theta: 1, Sigma: 1}, Depths: []int{1, 2, 4}, Seed: 3}
	r := f.Run()
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	for i, depth := range f.Depths {
		if trained, exact := r.Cells[i].last(theory.ScaleC), r.Cells[i].last(solved(theory.ScaleC)); math.Abs(trained-exact) > 0.01*exact {
			t.Errorf("depth %d: c = %.4f by training, %.4f exactly", depth, trained, exact)
		}
		_, x, y, _ := r.Course(FlowNorms).Curve(i)
		last := len(x) - 1
		if slope := math.Log(y[last]/y[0]) / math.Log(x[last]/x[0]); math.Abs(slope-float64(depth-1)/float64(depth)) > 1e-3 {
			t.Errorf("depth %d: ‖Uβ‖ ∝ ‖β‖^%.4f", depth, slope)
		}
	}
	for want, change := range map[string]func(*Flows){
		"N < D": func(f *Flows) { f.Setting.N = 20 }, "Depths is empty": func(f *Flows) { f.Depths = nil },
		"Step = 2": func(f *Flows) { f.Step = 2 }, "Depth = 0": func(f *Flows) { f.Depths = []int{0} }, "D = 0": func(f *Flows) { f.Setting.D = 0 },
	} {
		bad := f
		change(&bad)
		if r := bad.Run(); r.Err() == nil || !strings.Contains(r.Err().Error(), want) || r.Course(FlowScale).Err() == nil {
			t.Errorf("want an error with %q, got %v", want, r.Err())
		}
	}
}

// Theorem 3.4 and the exact law of the escape, and that both can fail.
func TestPretrainings(t *testing.T) {
	p := Pretraining{D: 10, Depth: []int{2}, Alpha: []float64{0.01, 0.001}, Step: []float64{0.005}, Trials: 60, Seed: 4}
	r := p.Run()
	escape := func(c Cell) (theory.Value, error) { return theory.EscapeTime(c.Setting.D, c.At(Alpha)) }
	second := func(c Cell) (theory.Value, error) { return theory.SecondSingular(c.Setting.D, c.At(Alpha)) }
	linear := func(c Cell) float64 { return float64(c.Setting.Depth - 1) }
	v := r.Against(EscapeTime, "", escape).And(r.Against(SecondSingular, "", second), r.Exponent(SecondSingular, Alpha, Depth, "", linear))
	if !v.Agrees() || len(v.Rows) != 5 {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	wrong := r.Against(EscapeTime, "", func(c Cell) (theory.Value, error) { return theory.EscapeTime(c.Setting.D, c.At(Alpha)/1.2) }).And(
		r.Against(SecondSingular, "", func(c Cell) (theory.Value, error) { return theory.SecondSingular(c.Setting.D+2, c.At(Alpha)*1.1) }),
		r.Exponent(SecondSingular, Alpha, Depth, "", func(Cell) float64 { return 1.1 }))
	for _, row := range wrong.Rows {
		if row.Agree {
			t.Errorf("a planted error passes: %v", row.Text())
		}
	}
	p.Trials = 0
	for want, err := range map[string]error{
		"Trials = 0": p.Run().Err(), "Depth and Alpha": Pretraining{D: 5, Trials: 2}.Run().Err(),
		"Depth = 1": Pretraining{D: 5, Depth: []int{1}, Alpha: []float64{1}, Trials: 1}.Run().Err(), "Alpha = -1": Pretraining{D: 5, Depth: []int{2}, Alpha: []float64{-1}, Trials: 1}.Run().Err(),
		"it is one of": r.Measured(Drift, "x", Depth).Err(), "x was not measured": r.Measured("x", Alpha, Depth).Err(), "no course of": r.Course(Drift).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	one := Pretraining{D: 10, Depth: []int{3}, Alpha: []float64{0.01}, Trials: 1, Seed: 4, Course: true}.Run()
	if one.Err() != nil {
		t.Fatal(one.Err())
	}
	if c := one.Cells[0]; c.last(Misalignment) > 1e-6 || c.last(SecondSingular) > 1e-3 || math.Abs(c.last(EffectiveRank)-1) > 1e-6 {
		t.Errorf("%v", one)
	}
	_, _, y, _ := one.Course(Misalignment).Curve(0)
	if one.Course(Spectrum).Len() != 5 || y[len(y)-1] != one.Cells[0].last(Misalignment) {
		t.Errorf("%d singular values, the course of the misalignment ends at %v, not %v", one.Course(Spectrum).Len(), y[len(y)-1], one.Cells[0].last(Misalignment))
	}
}

func TestDistancesOfARun(t *testing.T) {
	r := must(t, Experiment{Grid: Grid{D: 20, Gamma: []float64{0.5}, Theta: Range(0, math.Pi, 5), Sigma: []float64{0.4}}, Method: Law, Trials: 10, Seed: 1}.Run())
	_, x, y, _ := r.AgainstDistance(divergence.KL, theory.TLinear, Gamma).Curve(0)
	for i, c := range r.Cells {
		kl, _ := divergence.KL.Of(divergence.Tasks{D: 20, Theta: c.Setting.Theta, Sigma: 0.4})
		m, _ := c.Mean(theory.TLinear)
		if x[i] != kl || y[i] != m.Value {
			t.Errorf("%v: (%v, %v), want (%v, %v)", c.Setting, x[i], y[i], kl, m.Value)
		}
	}
	_, x, y, _ = r.TheoryAgainstDistance(divergence.KL, theory.LinearTransferability, Gamma).Curve(0)
	if last := len(x) - 1; math.Abs(y[0]-y[last]) > 1e-12 || x[last] < 10*x[1] {
		t.Errorf("T_lt from %v to %v over KL from %v to %v: equal at θ = 0 and π", y[0], y[last], x[0], x[last])
	}
	tr := Transports{D: []int{2, 200}, N: 60, Theta: []float64{0, math.Pi}, Sigma: 0.2, Trials: 12, Seed: 1}.Run()
	s, bound := tr.Relative(W1, Theta, Dimension), tr.Against(W1, "Appendix A", TransportBound)
	_, _, low, _ := s.Curve(0)
	_, _, high, _ := s.Curve(1)
	if s.Err() != nil || low[1] < 1.5 || math.Abs(high[1]-1) > 0.02 || !bound.Refuted().Agrees() {
		t.Errorf("relative distances %v in 2 dimensions, %v in 200; %v\n%v", low, high, s.Err(), bound)
	}
	for want, err := range map[string]error{
		"no estimator": Estimated(divergence.Wasserstein2, divergence.Tasks{D: 2, Sigma: 1}, 10, 1).Err(), "a distance is along": DistanceCurve("", divergence.KL, divergence.Tasks{D: 2, Sigma: 1}, Depth, []float64{1}).Err(),
		"Trials = 0": Transports{D: []int{2}, N: 5, Theta: []float64{0}}.Run().Err(), "n = 0": Transports{D: []int{2}, Theta: []float64{0}, Trials: 2}.Run().Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A plane has the mean of each cell at its place, and the rows of Y from low to high; ρ has
// the places of θ.
func TestPlane(t *testing.T) {
	r := must(t, Experiment{Grid: Grid{D: 20, Gamma: []float64{1.5, 0.5}, Theta: []float64{0.9, 0.3, 0.6}, Sigma: []float64{0.4}}, Method: Law, Trials: 10, Seed: 1}.Run())
	for _, x := range []theory.Axis{Theta, Residual} {
		p := r.Plane(theory.LinearTransferability, x, Gamma)
		if p.Err() != nil || len(p.X) != 3 || len(p.Y) != 2 || !slices.IsSorted(p.X) || !slices.IsSorted(p.Y) {
			t.Fatalf("%v × %v, %v", p.X, p.Y, p.Err())
		}
		found := 0
		for _, c := range r.Cells {
			for i, y := range p.Y {
				for j, at := range p.X {
					if c.At(Gamma) != y || c.At(x) != at {
						continue
					}
					found++
					if m, err := c.Mean(theory.TLinear); err != nil || p.Value[i][j] != m.Value {
						t.Errorf("%v: %v at (%v, %v), want %v, %v", c, p.Value[i][j], at, y, m, err)
					}
				}
			}
		}
		if found != 6 {
			t.Errorf("%d of 6 cells have a place", found)
		}
		if bx, by := p.Boundary(); len(bx) == 0 || len(bx) != len(by) {
			t.Error("no boundary")
		}
	}
}

// Relative divides the means and their errors by the first mean; the predictions of a
// constant and of a coordinate are that.
func TestRelativeAndPredictions(t *testing.T) {
	r := must(t, Experiment{Grid: Grid{D: 20, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.4}}, Method: Law, Trials: 10, Seed: 1}.Run())
	_, _, y, bar := r.Measured(theory.RiskLinear, Gamma, None).Curve(0)
	_, _, relative, relativeBar := r.Relative(theory.RiskLinear, Gamma, None).Curve(0)
	for i := range y {
		if math.Abs(relative[i]-y[i]/y[0]) > 1e-12 || math.Abs(relativeBar[i]-bar[i]/y[0]) > 1e-12 {
			t.Errorf("%v ± %v relative to the first of %v ± %v", relative, relativeBar, y, bar)
		}
	}
	for i, row := range r.Against(theory.RiskLinear, "a source", Coordinate(Gamma)).And(r.Against(theory.RiskLinear, "", Constant(7))).Rows {
		if want := []float64{0.5, 1.5, 7, 7}[i]; row.Theory.Value != want || row.Trials != 10 {
			t.Errorf("row %d predicts %v from %d trials, want %v from 10", i, row.Theory, row.Trials, want)
		}
	}
}
