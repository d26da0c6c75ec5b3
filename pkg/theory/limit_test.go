package theory

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// At d = 10⁹ the means of the exact law are the limit, which knows nothing of the law: over
// fields that all differ, γ ≠ ½ on both sides of 1, angles on both sides of 90°, the source of
// any size.
func TestLawReachesTheLimit(t *testing.T) {
	const d = 1_000_000_000
	near := func(l Limit, name string, got Value, r Result) {
		t.Helper()
		want, err := r.Limit(l)
		if off := math.Abs(got.Value - want); err != nil || !(off <= 4*got.StdErr+1e-6) {
			t.Errorf("%+v: %s: %v at d = 10⁹, limit %v, %v", l, name, got, want, err)
		}
	}
	for _, gamma := range []float64{0.2, 0.7, 1.5} {
		for _, theta := range []float64{0.4, 2.2} {
			for _, sigma := range []float64{0.3, 1.2} {
				for _, depth := range []int{1, 2, 5} {
					for _, source := range [][2]float64{{0, 0}, {0.3, 0.5}, {1.6, 0.9}} {
						s := Setting{N: Points(gamma, d), D: d, Theta: theta, Sigma: sigma, Depth: depth, SourceN: Points(source[0], d), SourceSigma: source[1]}
						sum, err := s.Summary(256)
						if err != nil {
							t.Fatal(err)
						}
						l := s.Limit()
						near(l, "T_ft", sum.TFineTune, FineTuneTransferability)
						near(l, "c", sum.Scale, FineTuneScale)
						law, err := NewLaw(s)
						if err != nil {
							t.Fatal(err)
						}
						sample := law.Sample(256, 1)
						near(l, "R_sc", Mean(column(sample, RiskScratch)), Scratch)
						near(l, "R_lt", Mean(column(sample, RiskLinear)), Linear)
						near(l, "R_ft", Mean(column(sample, RiskFineTune)), FineTune)
						near(l, "T_lt", Mean(column(sample, TLinear)), LinearTransferability)
						if depth == 1 {
							near(l, "T_ft as printed", sum.TFineTune, FineTuneTransferabilityPrinted)
						}
						printed, err := FineTunePrinted.Limit(l)
						scratch, err2 := Scratch.Limit(l)
						transfer, err3 := FineTuneTransferabilityPrinted.Limit(l)
						if err != nil || err2 != nil || err3 != nil || math.Abs(printed-scratch+transfer) > 1e-12 {
							t.Errorf("%+v: R_ft as printed is %v of %v and %v", l, printed, scratch, transfer)
						}
					}
				}
			}
		}
	}
}

// The limit with a ridge and of k features, by their own derivation: eq. 13 as printed, and
// least squares on k of the dimensions, which is training from scratch with noise τ² = σ² + ρ
// at γ = n/k, without the part of it that is outside.
func TestLimitOfLinearTransfer(t *testing.T) {
	for _, theta := range []float64{0.3, 1.1, 2.5} {
		cos2 := math.Pow(math.Cos(theta), 2)
		for _, lambda := range []float64{0, 0.1, 2} {
			want := 1 - (1+2*lambda)/math.Pow(1+lambda, 2)*cos2
			if got, err := Linear.Limit(Limit{Gamma: 0.7, Theta: theta, Sigma: 0.4, Lambda: lambda, Depth: 2}); err != nil || math.Abs(got-want) > 1e-14 {
				t.Errorf("θ = %v λ = %v: %v, want %v, %v", theta, lambda, got, want, err)
			}
		}
		for _, k := range []float64{0.1, 0.3} {
			l := Limit{Gamma: 0.4, Theta: theta, Sigma: 0.6, Depth: 2, Features: k}
			rho := 1 - cos2
			inner, err := Scratch.Limit(Limit{Gamma: l.Gamma / k, Sigma: math.Sqrt(l.Sigma*l.Sigma + rho), Depth: 2})
			got, err2 := Linear.Limit(l)
			if err != nil || err2 != nil || math.Abs(got-rho-inner) > 1e-12 {
				t.Errorf("%+v: %v, want %v, %v, %v", l, got, rho+inner, err, err2)
			}
		}
	}
	for _, c := range []struct {
		l    Limit
		want float64
		ok   bool
	}{
		{Limit{Gamma: 0.3, Theta: 1, Sigma: 0.3, Depth: 2, Features: 0.3}, math.Inf(1), true},
		{Limit{Gamma: 0.3, Sigma: 0.3, Depth: 2, Features: 0.3}, math.Inf(1), true},
		{Limit{Gamma: 0.3, Depth: 2, Features: 0.3}, 0, true},
		{Limit{Gamma: 0.29, Depth: 2, Features: 0.3}, 0, false},
		{Limit{Gamma: 0.29, Theta: 1, Depth: 2, Features: 0.3}, 0, false},
	} {
		if got, err := Linear.Limit(c.l); (err == nil) != c.ok || got != c.want {
			t.Errorf("%+v: %v, %v", c.l, got, err)
		}
	}
	s := Setting{N: 0, D: 30, Theta: 0.7, Sigma: 0.2, Depth: 2, Features: 6}
	for n, want := range map[int]float64{4: math.NaN(), 5: math.Inf(1), 6: math.Inf(1), 7: math.Inf(1), 8: math.Pow(math.Sin(0.7), 2)*7 + 0.04*6} {
		s.N = n
		got, err := Linear.Mean(s)
		if (err != nil) != math.IsNaN(want) || err == nil && got.Value != want && math.Abs(got.Value-want) > 1e-12 {
			t.Errorf("%v: %v, want %v, %v", s, got, want, err)
		}
	}
	s.Theta, s.Sigma = 0, 0
	for n, want := range map[int]float64{4: math.NaN(), 5: math.Inf(1), 6: 0, 7: 0, 8: 0} {
		s.N = n
		if got, err := Linear.Mean(s); (err != nil) != math.IsNaN(want) || err == nil && got.Value != want {
			t.Errorf("%v: %v, want %v, %v", s, got, want, err)
		}
	}
}

// Where means are infinite, and where they do not exist.
func TestInfiniteMeans(t *testing.T) {
	for _, c := range []struct {
		n, d int
		want float64
	}{{3, 5, 2./5 + 0.25*3}, {4, 5, math.Inf(1)}, {5, 5, math.Inf(1)}, {6, 5, math.Inf(1)}, {7, 5, 0.25 * 5}, {1, 3, 2./3 + 0.25}, {4, 2, 0.25 * 2}} {
		s := Setting{N: c.n, D: c.d, Theta: 1, Sigma: 0.5, Depth: 2}
		if got, err := Scratch.Mean(s); err != nil || got.Value != c.want && math.Abs(got.Value-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v, %v", s, got, c.want, err)
		}
	}
	s := Setting{N: 2, D: 3, Theta: 1, Sigma: 0.5, Depth: 2}
	if _, err := LinearTransferability.Mean(s); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("∞ − ∞: %v", err)
	}
	s.D = 9
	if v, err := LinearTransferability.Mean(s); err != nil || !math.IsInf(v.Value, -1) {
		t.Errorf("finite − ∞: %v, %v", v, err)
	}
	s.N = 9
	if v, err := LinearTransferability.Mean(s); err != nil || !math.IsInf(v.Value, 1) {
		t.Errorf("∞ − finite: %v, %v", v, err)
	}
	l := Limit{Gamma: 1, Theta: 1, Sigma: 0.3, Depth: 2, Features: 0.999999999999}
	for _, r := range []Result{Scratch, FineTuneScale} {
		if v, err := r.Limit(Limit{Gamma: 1, Theta: 1, Sigma: 0.3, Depth: 2}); err != nil || !math.IsInf(v, 1) {
			t.Errorf("%s at γ = 1: %v, %v", r.Name, v, err)
		}
	}
	if v, err := Scratch.Limit(Limit{Gamma: 1, Theta: 1, Depth: 2}); err != nil || v != 0 {
		t.Errorf("scratch at γ = 1 without noise: %v, %v", v, err)
	}
	l.Features = 0.25
	l.Gamma = 0.25
	l.Sigma = 0
	if v, err := LinearTransferability.Limit(l); err != nil || !math.IsInf(v, -1) {
		t.Errorf("%+v: %v, %v", l, v, err)
	}
	for _, s := range []Setting{{N: 5, D: 9, Depth: 2, Decay: 0.2}} {
		if _, err := Scratch.Mean(s); err == nil {
			t.Errorf("%v is no error", s)
		}
	}
}

// A target of norm c is c times a unit target with the noise σ/c: of every scaled result the
// limit, the mean with its standard error, and the boundary; the others refuse it.
func TestNormScales(t *testing.T) {
	const c = 2.5
	unit := Setting{N: 9, D: 14, Theta: 0.8, Sigma: 0.4, Depth: 2, SourceN: 20, SourceSigma: 0.7}
	s := unit
	s.Norm, s.Sigma = c, c*unit.Sigma
	for _, r := range []Result{Scratch, ScratchTuned, Linear, LinearTransferability, LinearTunedTransferability} {
		a, err := r.Mean(s)
		b, err2 := r.Mean(unit)
		if err != nil || err2 != nil || math.Abs(a.Value-c*c*b.Value) > 1e-12 || math.Abs(a.StdErr-c*c*b.StdErr) > 1e-12 || r.Quantity != RiskScratch && b.StdErr == 0 {
			t.Errorf("%s: %v at norm %v, %v at 1; %v, %v", r.Name, a, c, b, err, err2)
		}
		x, err := r.Limit(s.Limit())
		y, err2 := r.Limit(unit.Limit())
		if err != nil || err2 != nil || math.Abs(x-c*c*y) > 1e-12 {
			t.Errorf("%s: limit %v at norm %v, %v at 1; %v, %v", r.Name, x, c, y, err, err2)
		}
		if r.Boundary == nil {
			continue
		}
		curves, err := r.Boundary(s.Limit(), 2)
		same, err2 := r.Boundary(unit.Limit(), 2)
		if err != nil || err2 != nil || len(curves) == 0 || !slices.EqualFunc(curves, same, func(a, b Curve) bool { return slices.Equal(a.X, b.X) && slices.Equal(a.Y, b.Y) }) {
			t.Errorf("%s: the boundaries differ, %v, %v", r.Name, err, err2)
		}
	}
	if got, want := TunedRidge(s), 0.16*14/9; math.Abs(got-want) > 1e-14 {
		t.Errorf("λ* = %v, want %v", got, want)
	}
	for _, r := range []Result{FineTuneTransferability, FineTuneTransferabilityPrinted, FineTune, FineTunePrinted, FineTuneScale} {
		if _, err := r.Mean(s); err == nil || !strings.Contains(err.Error(), "Norm = 2.5") {
			t.Errorf("%s: the mean at norm %v: %v", r.Name, c, err)
		}
		if _, err := r.Limit(s.Limit()); err == nil || !strings.Contains(err.Error(), "Norm = 2.5") {
			t.Errorf("%s: the limit at norm %v: %v", r.Name, c, err)
		}
		one := unit
		one.Norm = 1
		if v, err := r.Limit(one.Limit()); err != nil || v == 0 {
			t.Errorf("%s at norm 1: %v, %v", r.Name, v, err)
		}
	}
	if v, err := Outside.Mean(s); err != nil || v.Value > 1 {
		t.Errorf("ρ is relative to the norm: %v, %v", v, err)
	}
}

// A draw's quantities are differences of its risks.
func TestRisksOf(t *testing.T) {
	r := Risks{Scratch: 1, Linear: 3, FineTune: 7, Scale: 20, Tuned: 50, Residual: 100}
	for q, want := range map[Quantity]float64{RiskScratch: 1, RiskLinear: 3, RiskFineTune: 7, TLinear: -2, TFineTune: -6, ScaleC: 20, RiskTuned: 50, TLinearTuned: 47, FeatureResidual: 100} {
		if got := r.Of(q); got != want {
			t.Errorf("%s = %v, want %v", q, got, want)
		}
	}
	if got := r.Of("tau"); !math.IsNaN(got) {
		t.Errorf("an unknown quantity is %v", got)
	}
	for q, want := range map[Quantity]string{RiskScratch: "R_{sc}", RiskTuned: "R^*_{sc}", RiskLinear: "R_{lt}", RiskFineTune: "R_{ft}", TLinear: "T_{lt}", TFineTune: "T_{ft}", TLinearTuned: "T^*_{lt}", FeatureResidual: `\rho`} {
		if got := strings.NewReplacer(`\mathcal{R}`, "R", `\mathcal{T}`, "T", `\mathrm{sc}`, "sc", `\mathrm{lt}`, "lt", `\mathrm{ft}`, "ft").Replace(q.Symbol()); got != want {
			t.Errorf("%s is written %s", q, got)
		}
	}
}
