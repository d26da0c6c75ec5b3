package theory

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawLimit(t *rapid.T) Limit {
	return Limit{
		Gamma: rapid.Float64Range(0.01, 3).Draw(t, "gamma"),
		Theta: rapid.Float64Range(0, math.Pi).Draw(t, "theta"),
		Sigma: rapid.Float64Range(0, 2).Draw(t, "sigma"),
		Depth: rapid.IntRange(1, 30).Draw(t, "depth"),
	}
}

func TestScaleSolvesItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(2, 200).Draw(t, "depth")
		a := rapid.Float64Range(0, 2).Draw(t, "a")
		b := rapid.Float64Range(1e-6, 50).Draw(t, "b")
		r := rapid.Float64Range(0.1, 3).Draw(t, "r")
		c, err := Scale(depth, a, b, r)
		if err != nil {
			t.Fatal(err)
		}
		// In logarithms: c² reaches (a/r²)^(L−1).
		p := 2 * float64(depth) / float64(depth-1)
		left, right := 2*math.Log(r)+p*math.Log(c), math.Log(a+b/(c*c))+2*math.Log(c)
		if !(c > 0) || math.Abs(left-right) > 1e-9*(1+math.Abs(right)) {
			t.Fatalf("c = %v: log %v ≠ log %v", c, left, right)
		}
	})
}

// Without noise the exact form is the printed one, at every depth.
func TestScaleIsOneWithoutNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLimit(t)
		l.Sigma = 0
		c, err := FineTuneScale.Limit(l)
		if err != nil || math.Abs(c-1) > 1e-9 {
			t.Fatalf("c = %v, %v", c, err)
		}
	})
}

// Theorem 3.7 is the case K = 1, ρ = sin²θ of the k-feature formula.
func TestOneFeatureIsLinearTransfer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLimit(t)
		n := rapid.IntRange(3, 1000).Draw(t, "n")
		want, err := Linear.Mean(Setting{N: n, D: 10, Theta: l.Theta, Sigma: l.Sigma, Depth: 2})
		if err != nil {
			t.Fatal(err)
		}
		s2, _ := sin2(l.Theta)
		got, err := Features{N: n, K: 1, Residual: s2, Sigma: l.Sigma}.Mean()
		if err != nil || math.Abs(got-want.Value) > 1e-12 {
			t.Fatalf("%v, want %v, %v", got, want.Value, err)
		}
		one := Setting{N: n, D: 2 * n, Theta: l.Theta, Sigma: l.Sigma, Depth: 2}
		wantT, err := LinearTransferability.Mean(one)
		if err != nil {
			t.Fatal(err)
		}
		gotT, err := Features{N: n, K: 1, Residual: s2, Sigma: l.Sigma}.Transferability(one.D)
		if err != nil || math.Abs(gotT-wantT.Value) > 1e-12 {
			t.Fatalf("T = %v, want %v, %v", gotT, wantT.Value, err)
		}
	})
}

// The sign of T_lt in the limit is what LinearLoses says it is.
func TestLinearLosesIsTheSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLimit(t)
		T, err := LinearTransferability.Limit(l)
		if err != nil {
			t.Fatal(err)
		}
		intervals, err := LinearLoses(l.Theta, l.Sigma)
		if err != nil {
			t.Fatal(err)
		}
		inside := false
		for _, iv := range intervals {
			inside = inside || l.Gamma > iv.From && l.Gamma < iv.To
		}
		if math.Abs(T) > 1e-9 && inside != (T < 0) {
			t.Fatalf("%+v: T = %v, losing intervals %v", l, T, intervals)
		}
	})
}

func TestBreakEvenIsATie(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLimit(t)
		theta, ok, err := FineTuneBreakEven(l)
		if err != nil {
			t.Fatal(err)
		}
		l.Theta = theta
		if T, err := FineTuneTransferability.Limit(l); err != nil || ok && math.Abs(T) > 1e-9 {
			t.Fatalf("T = %v at break-even, %v", T, err)
		}
	})
}

// The finite-size means approach the limit as 1/d.
func TestMeansApproachTheLimit(t *testing.T) {
	for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTunePrinted, FineTune, FineTuneScale} {
		s := Setting{N: 50000, D: 100000, Theta: 1, Sigma: 0.5, Lambda: 0.1, Depth: 3}
		limit, err := r.Limit(s.Limit())
		if err != nil {
			t.Fatal(err)
		}
		mean, err := r.Mean(s)
		if err != nil || math.Abs(mean.Value-limit) > 1e-3 {
			t.Errorf("%s: mean %v at d = 10⁵, limit %v, %v", r.Name, mean, limit, err)
		}
	}
}

func TestLinearBoundaryLiesOnZero(t *testing.T) {
	for _, sigma := range []float64{0, 0.2, 0.7, 1, 1.5} {
		curves, err := LinearBoundary(sigma, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range curves {
			for i, theta := range c.Theta {
				l := Limit{Gamma: c.Gamma[i], Theta: theta, Sigma: sigma, Depth: 1}
				if l.Gamma == 0 { // σ = 0 and the lens at π/2 touch γ = 0
					continue
				}
				if T, err := LinearTransferability.Limit(l); err != nil || math.Abs(T) > 1e-9 {
					t.Fatalf("σ=%v θ=%v γ=%v: T = %v, %v", sigma, theta, l.Gamma, T, err)
				}
			}
		}
	}
}

func TestErrorsNameTheField(t *testing.T) {
	nan := math.NaN()
	for field, err := range map[string]error{
		"N = 0":      Setting{N: 0, D: 5, Depth: 1}.Validate(),
		"D = 0":      Setting{N: 5, D: 0, Depth: 1}.Validate(),
		"Depth = 0":  Setting{N: 5, D: 5}.Validate(),
		"Theta":      Setting{N: 5, D: 5, Depth: 1, Theta: math.Inf(1)}.Validate(),
		"Sigma = -1": Setting{N: 5, D: 5, Depth: 1, Sigma: -1}.Validate(),
		"Lambda":     Setting{N: 5, D: 5, Depth: 1, Lambda: nan}.Validate(),
		"Gamma":      Limit{Gamma: nan, Depth: 1}.Validate(),
		"Residual":   Features{N: 5, K: 1, Residual: 2}.Validate(),
		"K = 0":      Features{N: 5}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTune, FineTunePrinted, FineTuneTransferability, FineTuneTransferabilityPrinted, FineTuneScale} {
		if _, err := r.Mean(Setting{}); err == nil {
			t.Errorf("%s: Mean of the zero setting is no error", r.Name)
		}
		if _, err := r.Limit(Limit{Gamma: nan, Depth: 2}); err == nil {
			t.Errorf("%s: Limit at NaN is no error", r.Name)
		}
	}
}

func TestBreakEvenMeanIsATie(t *testing.T) {
	for _, s := range []Setting{{N: 15, D: 30, Sigma: 1, Depth: 2}, {N: 27, D: 30, Sigma: 0.4, Depth: 3}, {N: 250, D: 500, Sigma: 0.2, Depth: 2}} {
		const draws = 1 << 16
		theta, ok, err := FineTuneBreakEvenMean(s, draws)
		if err != nil || !ok {
			t.Fatalf("%v: %v %v", s, ok, err)
		}
		s.Theta = theta
		sum, err := s.Summary(draws)
		if err != nil || math.Abs(sum.TFineTune.Value) > 1e-6 {
			t.Errorf("%v: T = %v, %v", s, sum.TFineTune, err)
		}
	}
	for _, s := range []Setting{{N: 60, D: 30, Depth: 2}, {N: 29, D: 30, Sigma: 50, Depth: 3}} {
		if theta, ok, err := FineTuneBreakEvenMean(s, 1<<14); ok || err != nil {
			t.Errorf("%v: break-even at %v, %v", s, theta, err)
		}
	}
}
