package theory

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

// spectrum is ∫f dμ over the Marchenko–Pastur law of the d eigenvalues of XᵀX/n, by
// quadrature: its edges are (1 ± √y)², y = d/n, and a part 1 − n/d of it is at 0.
func spectrum(gamma float64, f func(x float64) float64) float64 {
	y := 1 / gamma
	lo, hi := math.Pow(1-math.Sqrt(y), 2), math.Pow(1+math.Sqrt(y), 2)
	at := func(phi float64) float64 { // x = middle − half·cosφ: smooth up to the edges
		x := (hi+lo)/2 - (hi-lo)/2*math.Cos(phi)
		return f(x) * math.Pow((hi-lo)/2*math.Sin(phi), 2) / (2 * math.Pi * y * x)
	}
	var sum float64
	for i := range 20 {
		sum += legendre(math.Pi*float64(i)/20, math.Pi*float64(i+1)/20, 20, at)
	}
	if gamma < 1 {
		sum += (1 - gamma) * f(0)
	}
	return sum
}

// ridgeBySpectrum is the risk and the squared norm of ridge regression, summed over
// eigenvalues.
func ridgeBySpectrum(gamma, sigma, lambda float64) (risk, norm2 float64) {
	v := sigma * sigma / gamma
	risk = spectrum(gamma, func(x float64) float64 { return (lambda*lambda + v*x) / math.Pow(x+lambda, 2) })
	return risk, spectrum(gamma, func(x float64) float64 { return (x*x + v*x) / math.Pow(x+lambda, 2) })
}

// The ridge from scratch, its best, and weight decay, from the spectrum.
func TestRidgeIsThatOfTheSpectrum(t *testing.T) {
	for _, gamma := range []float64{0.2, 0.7, 1.6, 4} {
		for _, sigma := range []float64{0.3, 1.4} {
			for _, lambda := range []float64{0.02, 0.4, 3} {
				risk, norm2 := ridgeLimit(gamma, sigma, lambda)
				r, n := ridgeBySpectrum(gamma, sigma, lambda)
				if math.Abs(risk-r) > 1e-9*(1+r) || math.Abs(norm2-n) > 1e-9*(1+n) {
					t.Errorf("γ = %v σ = %v λ = %v: risk %v, ‖β‖² %v, by quadrature %v, %v", gamma, sigma, lambda, risk, norm2, r, n)
				}
				mu := lambda * math.Sqrt(n)
				if got, err := Scratch.Limit(Limit{Gamma: gamma, Sigma: sigma, Depth: 2, Decay: mu}); err != nil || math.Abs(got-r) > 1e-8*(1+r) {
					t.Errorf("γ = %v σ = %v μ = %v: %v, by quadrature %v, %v", gamma, sigma, mu, got, r, err)
				}
				for _, c := range []float64{0.4, 2} { // the best ridge of a target of norm c
					s := Setting{N: int(1000 * gamma), D: 1000, Sigma: sigma * c, Depth: 2, Norm: c}
					best, _ := ridgeBySpectrum(gamma, sigma, TunedRidge(s))
					if got, err := ScratchTuned.Limit(s.Limit()); err != nil || math.Abs(got-c*c*best) > 1e-9*(1+got) {
						t.Errorf("%v: tuned %v, by quadrature %v, %v", s, got, c*c*best, err)
					}
				}
			}
			// The largest weight decay that leaves something is ‖Xᵀy‖/n, the root of the
			// mean of x² + σ²x/γ.
			most := math.Sqrt(spectrum(gamma, func(x float64) float64 { return x*x + sigma*sigma*x/gamma }))
			for _, c := range []struct {
				mu   float64
				zero bool
			}{{0.999 * most, false}, {0.9999999 * most, false}, {1.0000001 * most, true}, {2 * most, true}} {
				got, err := Scratch.Limit(Limit{Gamma: gamma, Sigma: sigma, Depth: 2, Decay: c.mu})
				if lambda, ok := decayRidge(gamma, sigma, c.mu); err != nil || ok == c.zero || c.zero != (got == 1) || ok && !(lambda > 1) {
					t.Errorf("γ = %v σ = %v: at %v of the largest weight decay the risk is %v, the ridge %v, %v, %v", gamma, sigma, c.mu/most, got, lambda, ok, err)
				}
			}
		}
	}
	for _, l := range []Limit{{Gamma: 0.5, Depth: 2}, {Gamma: 2, Depth: 2}} { // without noise the best ridge is 0
		if got, err := ScratchTuned.Limit(l); err != nil || math.Abs(got-math.Max(0, 1-l.Gamma)) > 1e-15 {
			t.Errorf("%+v: tuned %v, %v", l, got, err)
		}
		s := Setting{N: int(10 * l.Gamma), D: 10, Depth: 2, Norm: 3}
		if got, err := ScratchTuned.Mean(s); err != nil || got != (Value{Value: 9 * math.Max(0, 1-l.Gamma)}) {
			t.Errorf("%v: tuned %v, %v", s, got, err)
		}
	}
}

// The trace of the inverse of a tridiagonal matrix, by the definition for 1×1 and 2×2, and of
// the one that has −1, 2, −1 in its rows, where it is n(n+2)/6.
func TestTraceInverse(t *testing.T) {
	if got := traceInverse([]float64{4}, []float64{0}); math.Abs(got-0.25) > 1e-15 {
		t.Errorf("1×1: %v", got)
	}
	if got, want := traceInverse([]float64{3, 5}, []float64{0, 2}), 8./11; math.Abs(got-want) > 1e-15 {
		t.Errorf("2×2: %v, want %v", got, want)
	}
	for _, n := range []int{3, 10, 57} {
		diag, off := make([]float64, n), make([]float64, n)
		for i := range diag {
			diag[i], off[i] = 2, -1
		}
		if got, want := traceInverse(diag, off), float64(n*(n+2))/6; math.Abs(got/want-1) > 1e-12 {
			t.Errorf("n = %d: %v, want %v", n, got, want)
		}
	}
}

// Means over χ²_n that have closed forms, from one degree of freedom to 10¹².
func TestMeanChiSquared(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 24, 1000, 999_999, 1_000_000, 1_000_001, 1_000_000_000, 1_000_000_000_000} {
		k := float64(n)
		// Relative to n, with the spread that √n leaves.
		for name, c := range map[string][2]float64{
			"S":                       {meanChiSquared(n, func(S float64) float64 { return S / k }), 1},
			"S²":                      {meanChiSquared(n, func(S float64) float64 { return S * S / (k * k) }), 1 + 2/k},
			"√S":                      {meanChiSquared(n, func(S float64) float64 { return math.Sqrt(S / k) }), math.Exp(lgamma((k+1)/2)-lgamma(k/2)) * math.Sqrt(2/k)},
			"log S":                   {meanChiSquared(n, func(S float64) float64 { return math.Log(S / k) }), mathext.Digamma(k/2) + math.Log(2/k)},
			"1/S":                     {meanChiSquared(n, func(S float64) float64 { return k / S }), k / (k - 2)},
			"square of the deviation": {meanChiSquared(n, func(S float64) float64 { return (S - k) * (S - k) / (2 * k) }), 1},
		} {
			if name == "1/S" && n < 3 || name == "√S" && n > 1e6 {
				continue
			}
			tolerance := 1e-9
			if name == "log S" && n < 3 {
				tolerance = 1e-5 // the logarithm at 0 is no polynomial
			}
			if !(math.Abs(c[0]-c[1]) < tolerance) {
				t.Errorf("n = %d: E %s is %v, want %v", n, name, c[0], c[1])
			}
		}
	}
}

func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

// The escape time to first order in α²: E log of a χ² is a digamma function, and
// E log(1 − s₀) is −E s₀. The largest start is the one that is allowed.
func TestEscapeTimeClosedForm(t *testing.T) {
	for _, d := range []int{3, 24, 1000, 1_000_000} {
		n := float64(d)
		alpha := 1e-3 / math.Sqrt(n)
		got, err := EscapeTime(d, alpha)
		want := -(math.Log(alpha*alpha*(1+1/n)/2) + mathext.Digamma(n/2)) / 2
		want -= alpha * alpha * (n + 1) / 8
		if err != nil || math.Abs(got.Value-want) > 1e-8 || got.StdErr != 0 {
			t.Errorf("d = %d: %v, want %v, %v", d, got, want, err)
		}
	}
	for _, c := range []struct {
		d     int
		alpha float64
		ok    bool
	}{{1, 0.51, false}, {4, 0.25, true}, {4, 0.2501, false}, {0, 0.1, false}, {4, 0, false}, {4, math.NaN(), false}, {maxCount, 1e-7, true}, {maxCount + 1, 1e-7, false}} {
		if v, err := EscapeTime(c.d, c.alpha); (err == nil) != c.ok || c.ok && !(v.Value > 1) {
			t.Errorf("d = %d, α = %v: %v, %v", c.d, c.alpha, v, err)
		}
	}
	for _, c := range []struct {
		d     int
		alpha float64
	}{{1, 0.1}, {10_001, 0.1}, {5, 0}, {5, -1}, {5, math.Inf(1)}, {5, math.NaN()}} {
		if _, err := SecondSingular(c.d, c.alpha); err == nil {
			t.Errorf("the second singular value at d = %d, α = %v is no error", c.d, c.alpha)
		}
	}
}

// The time in which L balanced layers escape, ∫dw/(w^(L−1)(1 − w^L)) from α to ½^(1/L), grows
// as α^p.
func TestEscapeExponent(t *testing.T) {
	for depth := 2; depth <= 5; depth++ {
		L := float64(depth)
		time := func(alpha float64) float64 {
			lo, hi := math.Log(alpha), math.Log(0.5)/L
			var sum float64
			for i := range 200 {
				step := (hi - lo) / 200
				sum += legendre(lo+float64(i)*step, lo+float64(i+1)*step, 8, func(u float64) float64 { return math.Exp((2-L)*u) / (1 - math.Exp(L*u)) })
			}
			return sum
		}
		got := math.Log(time(1e-6)/time(1e-5)) / math.Log(0.1)
		if depth == 2 { // a logarithm
			got = math.Log((time(1e-7)-time(1e-6))/(time(1e-6)-time(1e-5))) / math.Log(0.1)
		}
		if p := EscapeExponent(depth); math.Abs(got-p) > 0.01 {
			t.Errorf("%d layers: α^%v, by quadrature α^%.3f", depth, p, got)
		}
	}
}

// The best ridge of linear transfer is where the mean risk has its minimum, and its risk is
// the mean there, for targets of any norm, few points included.
func TestBestRidgeIsTheMinimum(t *testing.T) {
	for _, s := range []Setting{
		{N: 1, D: 5, Theta: 0.8, Sigma: 0.5}, {N: 2, D: 5, Theta: 2.4, Sigma: 1, Norm: 0.4}, {N: 7, D: 5, Theta: 0.3, Sigma: 0.7, Norm: 3}, {N: 400, D: 900, Theta: 1.2, Sigma: 0.2},
		{N: 20_000_000, D: 5, Theta: 1, Sigma: 0.4, Norm: 2},
	} {
		s.Depth = 2
		lambda, risk, err := BestRidge(s)
		if err != nil {
			t.Fatal(err)
		}
		at := func(lambda float64) float64 {
			s.Lambda = lambda
			v, err := Linear.Mean(s)
			if err != nil || v.StdErr != 0 {
				t.Fatal(v, err)
			}
			return v.Value
		}
		if best := at(lambda); math.Abs(best/risk-1) > 1e-9 || s.N < 1e6 && (at(1.1*lambda) <= best || at(lambda/1.1) <= best) {
			t.Errorf("%v: λ* = %v with %v; the mean there is %v, beside it %v, %v", s, lambda, risk, best, at(1.1*lambda), at(lambda/1.1))
		}
	}
	for _, c := range []struct {
		s            Setting
		lambda, risk float64
	}{
		{Setting{N: 5, D: 9, Theta: math.Pi / 2, Sigma: 0.3, Depth: 2, Norm: 3}, math.Inf(1), 9},
		{Setting{N: 5, D: 9, Depth: 2, Norm: 3}, 0, 0},
		{Setting{N: 5, D: 9, Theta: math.Pi, Depth: 2}, 0, 0},
	} {
		if lambda, risk, err := BestRidge(c.s); err != nil || lambda != c.lambda || risk != c.risk {
			t.Errorf("%v: %v, %v, %v", c.s, lambda, risk, err)
		}
	}
	for _, s := range []Setting{{N: 5, D: 9, Depth: 2, Features: 2}, {N: 5, D: 9, Depth: 2, SourceN: 3}, {D: 9, Depth: 2}} {
		if _, _, err := BestRidge(s); err == nil {
			t.Error(fmt.Sprint(s, " is no error"))
		}
	}
}

// The scale against bisection, and where its equation has nothing to solve.
func TestScaleByBisection(t *testing.T) {
	for _, depth := range []int{1, 2, 3, 7, 40} {
		for _, c := range [][3]float64{{0.7, 2.3, 1}, {0.2, 0.9, 1.7}, {3, 0.4, 0.6}, {0, 2, 1.3}, {1.7, 0, 1.3}, {0.5, 1e-9, 1}} {
			got, err := Scale(depth, c[0], c[1], c[2])
			if want := bisected(depth, c[0], c[1], c[2]); err != nil || math.Abs(got-want) > 1e-9*(1+want) {
				t.Errorf("L = %d, a, b, r = %v: c = %v, by bisection %v, %v", depth, c, got, want, err)
			}
		}
		if c, err := Scale(depth, 0, 0, 1); depth > 1 && (c != 0 || err != nil) {
			t.Errorf("L = %d: from nothing c = %v, %v", depth, c, err)
		}
	}
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range [][4]float64{{0, 1, 1, 1}, {2, -1, 1, 1}, {2, inf, 1, 1}, {2, nan, 1, 1}, {2, 1, -1, 1}, {2, 1, inf, 1}, {2, 1, nan, 1}, {2, 1, 1, 0}, {2, 1, 1, inf}, {2, 1, 1, nan}} {
		if _, err := Scale(int(c[0]), c[1], c[2], c[3]); err == nil {
			t.Errorf("%v is no error", c)
		}
	}
}
