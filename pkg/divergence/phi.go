package divergence

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
)

// The φ-divergences. Both laws have the same distribution of x; given x, the labels are
// normal with the same variance, and their means differ by u = (βt − βs)ᵀx ~ N(0, δ²).
// With a = u/σ the log-likelihood ratio under the source is az − a²/2, z ~ N(0, 1).
var (
	// KL is the Kullback–Leibler divergence KL(p_s‖p_t) = δ²/2σ², which for unit
	// vectors is (1 − cosθ)/σ².
	KL = Distance{Name: "KL divergence", Symbol: `$\mathrm{KL}(p_s\|p_t)$`, Of: closed(kl),
		Estimate: phi(false, func(l float64) float64 { return -l })}

	// ReverseKL is KL(p_t‖p_s), which is the same number.
	ReverseKL = Distance{Name: "reverse KL divergence", Symbol: `$\mathrm{KL}(p_t\|p_s)$`, Of: closed(kl),
		Estimate: phi(true, func(l float64) float64 { return l })}

	// ChiSquared is χ²(p_t‖p_s) = (1 − 2δ²/σ²)^(−1/2) − 1 for δ < σ/√2, +Inf beyond.
	// Its estimator has a finite variance for δ < σ/√12 only.
	ChiSquared = Distance{Name: "χ² divergence", Symbol: `$\chi^2(p_t\|p_s)$`, Of: closed(chiSquared),
		Estimate: phi(false, func(l float64) float64 { return math.Expm1(l) * math.Expm1(l) })}

	// TotalVariation is (2/π) arctan(δ/2σ), at most 1. It is a φ-divergence and
	// an integral probability metric.
	TotalVariation = Distance{Name: "total variation", Symbol: `$\mathrm{TV}$`, Of: closed(totalVariation),
		Estimate: phi(false, func(l float64) float64 { return math.Max(0, -math.Expm1(l)) })}

	// SquaredHellinger is H² = 1 − (1 + δ²/4σ²)^(−1/2), at most 1.
	SquaredHellinger = Distance{Name: "squared Hellinger distance", Symbol: `$H^2$`, Of: closed(squaredHellinger),
		Estimate: phi(false, func(l float64) float64 { return -math.Expm1(l / 2) })}

	// JensenShannon is log 2 − E log(1 + e^l), l the log-likelihood ratio, by
	// quadrature; at most log 2.
	JensenShannon = Distance{Name: "Jensen–Shannon divergence", Symbol: `$\mathrm{JS}$`, Of: closed(jensenShannon),
		Estimate: phi(false, func(l float64) float64 { return math.Ln2 - log1pExp(l) })}
)

// ratio returns δ/σ; +Inf without noise, unless the tasks are the same.
func (t Tasks) ratio() float64 {
	if d := t.Delta(); d > 0 {
		return d / t.Sigma
	}
	return 0
}

func kl(t Tasks) float64 { r := t.ratio(); return r * r / 2 }

func chiSquared(t Tasks) float64 {
	r := t.ratio()
	if r >= math.Sqrt2/2 {
		return math.Inf(1)
	}
	return 1/math.Sqrt(1-2*r*r) - 1
}

func totalVariation(t Tasks) float64 { return 2 / math.Pi * math.Atan(t.ratio()/2) }

func squaredHellinger(t Tasks) float64 { r := t.ratio(); return 1 - 1/math.Sqrt(1+r*r/4) }

func jensenShannon(t Tasks) float64 {
	r := t.ratio()
	switch {
	case r < 1e-4: // the next term is of order r⁶; a difference of logarithms would be rounding
		return r * r / 8 * (1 - 3*r*r/8)
	case math.IsInf(r, 1):
		return math.Ln2
	}
	z, weight := normalNodes()
	// At a beyond 40 the two labels do not overlap, and the inner mean is log 2.
	given := func(a float64) float64 {
		if a > 40 {
			return math.Ln2
		}
		sum := 0.0
		for i, z := range z {
			sum += weight[i] * (math.Ln2 - log1pExp(a*z-a*a/2))
		}
		return sum
	}
	// Panels in even ratios reach down to where a small a still counts: below a = 1 the inner
	// mean falls as a², and a panel has an eighth of the one above it.
	sum := 0.0
	for hi := 10.0; hi > 1e-5 || hi*r > 1e-5; hi /= 2 {
		sum += quad.Fixed(func(x float64) float64 { return 2 * normal(x) * given(r*x) }, hi/2, hi, 16, quad.Legendre{}, 0)
	}
	return sum
}

func normal(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// normalNodes are the nodes and weights of means over a normal variable: 16 of Gauss and
// Legendre in each of 18 panels from −9 to 9, outside of which 2·10⁻¹⁹ of it lies.
var normalNodes = sync.OnceValues(func() (z, weight []float64) {
	z, weight = make([]float64, 18*16), make([]float64, 18*16)
	for i := range 18 {
		part := weight[16*i : 16*(i+1)]
		quad.Legendre{}.FixedLocations(z[16*i:16*(i+1)], part, float64(i-9), float64(i-8))
		for k := range part {
			part[k] *= normal(z[16*i+k])
		}
	}
	return z, weight
})

// log1pExp is log(1 + e^x) without overflow.
func log1pExp(x float64) float64 {
	return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}
