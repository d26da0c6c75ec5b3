package theory

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
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

// k features at k/n = κ have the limit of the exact mean, and one feature is
// Theorem 3.7.
func TestSeveralFeatures(t *testing.T) {
	for k := range 2 {
		s := Setting{N: 20, D: 60, Theta: 1, Sigma: 0.3, Depth: 2, Features: k}
		v, err := Linear.Mean(s)
		if want := math.Pow(math.Sin(1), 2); err != nil || math.Abs(v.Value-want-(0.09+want)/18) > 1e-12 {
			t.Errorf("Features = %d: %v, %v", k, v, err)
		}
	}
	s := Setting{N: 40000, D: 100000, Theta: 1, Sigma: 0.3, Depth: 2, Features: 10000}
	limit, err := LinearTransferability.Limit(s.Limit())
	if err != nil {
		t.Fatal(err)
	}
	if mean, err := LinearTransferability.Mean(s); err != nil || math.Abs(mean.Value-limit) > 1e-4 {
		t.Errorf("mean %v, limit %v, %v", mean, limit, err)
	}
	s.N = 9000
	if _, err := Linear.Mean(s); err == nil || !strings.Contains(err.Error(), "N = 9000") {
		t.Errorf("fewer points than features: %v", err)
	}
	for _, r := range []Result{FineTune, FineTuneScale, FineTuneTransferabilityPrinted} {
		if _, err := r.Mean(s); err == nil || !strings.Contains(err.Error(), "one feature") {
			t.Errorf("%s with several features: %v", r.Name, err)
		}
		if _, err := r.Limit(s.Limit()); err == nil || !strings.Contains(err.Error(), "one feature") {
			t.Errorf("%s with several features: %v", r.Name, err)
		}
	}
}

// The means of finite source data: those of the law equal the closed forms, and
// the limit is reached.
func TestFiniteSource(t *testing.T) {
	for _, s := range []Setting{
		{N: 20, D: 60, Theta: 0.7, Sigma: 0.3, Depth: 1, SourceN: 30, SourceSigma: 0.4},
		{N: 40, D: 60, Theta: 2, Sigma: 0.3, Depth: 1, SourceN: 90, SourceSigma: 0.4},
		{N: 3, D: 5, Theta: 1, Sigma: 0.3, Depth: 1, SourceN: 5},
		{N: 1, D: 2, Theta: 1, Sigma: 0.3, Depth: 1, SourceN: 1},
	} {
		l, err := NewLaw(s)
		if err != nil {
			t.Fatal(err)
		}
		const draws = 200000
		x := column(l.Sample(draws, 3), TFineTune)
		m, sd := stat.MeanStdDev(x, nil)
		want, err := FineTuneTransferability.Mean(s)
		if z := (m - want.Value) / (sd / math.Sqrt(draws)); err != nil || math.Abs(z) > 4 {
			t.Errorf("%v: T_ft %.5f, closed form %.5f, z = %.2f, %v", s, m, want.Value, z, err)
		}
	}
	for _, n := range []int{50000, 150000} {
		s := Setting{N: 50000, D: 100000, Theta: 1, Sigma: 0.5, Depth: 3, SourceN: n, SourceSigma: 0.4}
		for _, r := range []Result{Linear, LinearTransferability, FineTune, FineTuneScale, FineTuneTransferabilityPrinted} {
			limit, err := r.Limit(s.Limit())
			if err != nil {
				t.Fatal(err)
			}
			if mean, err := r.Mean(s); err != nil || math.Abs(mean.Value-limit) > 1e-3 {
				t.Errorf("%s: mean %v at d = 10⁵, limit %v, %v", r.Name, mean, limit, err)
			}
		}
	}
}

// The best ridge: its limit is the ridge risk at σ²/γ and its minimum, its mean
// is that of dense matrices, and weight decay traces the same curve.
func TestTunedRidge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gamma := rapid.Float64Range(0.05, 3).Draw(t, "gamma")
		sigma := rapid.Float64Range(0.1, 2).Draw(t, "sigma")
		best := sigma * sigma / gamma
		at := func(lambda float64) float64 { r, _ := ridgeLimit(gamma, sigma, lambda); return r }
		want := tuned(gamma, sigma)
		if math.Abs(at(best)-want) > 1e-9 || at(best*1.01) < want || at(best/1.01) < want {
			t.Fatalf("R(λ*) = %v, closed form %v, beside it %v and %v", at(best), want, at(best*1.01), at(best/1.01))
		}
		_, norm2 := ridgeLimit(gamma, sigma, best)
		got, err := Scratch.Limit(Limit{Gamma: gamma, Sigma: sigma, Depth: 2, Decay: best * math.Sqrt(norm2)})
		if err != nil || math.Abs(got-want) > 1e-9 {
			t.Fatalf("at the decay of λ*: %v, want %v, %v", got, want, err)
		}
	})
	for _, nd := range [][2]int{{5, 12}, {12, 5}, {1, 4}, {8, 8}} {
		s := Setting{N: nd[0], D: nd[1], Sigma: 0.6, Depth: 2}
		const draws = 20000
		lambda := TunedRidge(s)
		rng := rand.New(rand.NewPCG(1, 2))
		trace := make([]float64, draws)
		for i := range trace {
			x := mat.NewDense(s.N, s.D, nil)
			for j := range x.RawMatrix().Data {
				x.RawMatrix().Data[j] = rng.NormFloat64()
			}
			var svd mat.SVD
			svd.Factorize(x, mat.SVDNone)
			trace[i] = math.Max(0, float64(s.D-s.N)) / float64(s.D)
			for _, v := range svd.Values(nil) {
				trace[i] += lambda / (v*v/float64(s.N) + lambda) / float64(s.D)
			}
		}
		m, sd := stat.MeanStdDev(trace, nil)
		got, err := ScratchTuned.Mean(s)
		z := (got.Value - m) / math.Hypot(got.StdErr, sd/math.Sqrt(draws))
		if err != nil || math.Abs(z) > 4 {
			t.Errorf("%v: %v, dense %v, z = %.2f, %v", s, got, m, z, err)
		}
	}
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
	for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTunePrinted, FineTune, FineTuneScale, ScratchTuned, LinearTunedTransferability} {
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

func TestBoundariesLieOnZero(t *testing.T) {
	for _, r := range []Result{LinearTransferability, LinearTunedTransferability, FineTuneTransferability, FineTuneTransferabilityPrinted} {
		for _, l := range []Limit{
			{}, {Sigma: 0.2}, {Sigma: 0.7}, {Sigma: 1}, {Sigma: 1.5}, {Sigma: 0.2, Features: 0.3},
			{Sigma: 0.2, SourceGamma: 0.5}, {Sigma: 0.2, SourceGamma: 1.5, SourceSigma: 0.6}, {Sigma: 0.7, SourceGamma: 0.5, SourceSigma: 0.2},
		} {
			l.Depth = 2
			if l.Features > 0 && r.Quantity == TFineTune {
				continue
			}
			curves, err := r.Boundary(l, 5)
			if err != nil {
				t.Fatal(err)
			}
			points := 0
			for _, c := range curves {
				for i, theta := range c.X {
					l.Gamma, l.Theta = c.Y[i], theta
					points++
					if T, err := r.Limit(l); err != nil || math.Abs(T) > 1e-9 {
						t.Fatalf("%s: %+v: T = %v, %v", r.Name, l, T, err)
					}
				}
			}
			if l.Sigma == 0 && r.Quantity == TLinear { // the tie at θ = 0 for every γ > 1 is none
				for _, c := range curves {
					if g := slices.Max(c.Y); g > 1 {
						t.Errorf("%s: without noise the boundary reaches γ = %v", r.Name, g)
					}
				}
			}
			if points == 0 {
				t.Errorf("%s: no boundary at %+v", r.Name, l)
			}
		}
	}
}

func TestErrorsNameTheField(t *testing.T) {
	nan := math.NaN()
	for field, err := range map[string]error{
		"N = 0":           Setting{N: 0, D: 5, Depth: 1}.Validate(),
		"D = 0":           Setting{N: 5, D: 0, Depth: 1}.Validate(),
		"Depth = 0":       Setting{N: 5, D: 5}.Validate(),
		"Theta":           Setting{N: 5, D: 5, Depth: 1, Theta: math.Inf(1)}.Validate(),
		"Sigma = -1":      Setting{N: 5, D: 5, Depth: 1, Sigma: -1}.Validate(),
		"Lambda":          Setting{N: 5, D: 5, Depth: 1, Lambda: nan}.Validate(),
		"Gamma":           Limit{Gamma: nan, Depth: 1}.Validate(),
		"Features = 5":    Setting{N: 5, D: 5, Depth: 1, Features: 5}.Validate(),
		"SourceN = -1":    Setting{N: 5, D: 5, Depth: 1, SourceN: -1}.Validate(),
		"SourceSigma = 1": Setting{N: 5, D: 5, Depth: 1, SourceSigma: 1}.Validate(),
		"Decay = -1":      Setting{N: 5, D: 5, Depth: 2, Decay: -1}.Validate(),
		"Depth = 3":       Setting{N: 5, D: 5, Depth: 3, Decay: 1}.Validate(),
		"Norm = 2":        Setting{N: 5, D: 5, Depth: 2, Decay: 1, Norm: 2}.Validate(),
		"Norm = -1":       Setting{N: 5, D: 5, Depth: 2, Norm: -1}.Validate(),
		"one feature":     Setting{N: 5, D: 5, Depth: 1, Lambda: 1, Features: 2}.Validate(),
		"SourceGamma":     Setting{N: 5, D: 5, Depth: 1, Features: 2, SourceN: 3}.Validate(),
	} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTune, FineTunePrinted, FineTuneTransferability, FineTuneTransferabilityPrinted, FineTuneScale, FineTuneScalePrinted, ScratchTuned, LinearTunedTransferability} {
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
		s.Theta = theta.Value
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
