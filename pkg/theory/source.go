package theory

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Finite source data (Appendix C, Theorem C.1). The pretrained vector is
// β̂s = X_s⁺y_s, of norm r and with βsᵀβ̂s = g. Given it, the target data see
// what they would see of a source r·βs at the angle between β̂s and βt.

// sourceLimit returns g, so that β̂s·βt → g·cosθ, and r² in the limit:
// g = min(1, γ_s), r² = γ_s + σ_s²γ_s/(1−γ_s) for γ_s < 1 and 1 + σ_s²/(γ_s−1)
// for γ_s > 1. Both are 1 for unlimited source data.
func sourceLimit(l Limit) (g, r2 float64) {
	if l.SourceGamma == 0 {
		return 1, 1
	}
	return math.Min(1, l.SourceGamma), fitNorm(l.SourceGamma, l.SourceSigma)
}

// sourceOverlap is the cosine of the angle between β̂s and βs in the limit.
func sourceOverlap(l Limit) float64 {
	g, r2 := sourceLimit(l)
	return g / math.Sqrt(r2)
}

// sourceMean returns the exact means E g and E r² at a finite size.
func (s Setting) sourceMean() (g, r2 float64) {
	if s.SourceN == 0 {
		return 1, 1
	}
	n, d, v := float64(s.SourceN), float64(s.D), s.SourceSigma*s.SourceSigma
	switch {
	case v == 0:
		r2 = math.Min(1, n/d)
	case n <= d-2:
		r2 = n/d + v*n/(d-n-1)
	case n >= d+2:
		r2 = 1 + v*d/(n-d-1)
	default:
		r2 = math.Inf(1)
	}
	return math.Min(1, n/d), r2
}

// heavySource reports whether r⁴ has an infinite mean, and so T_ft an infinite variance.
func (s Setting) heavySource() bool {
	return s.SourceN > 0 && s.SourceSigma > 0 && near(s.SourceN, s.D)
}

// source draws the norm of β̂s and the cosine and sine of its angle to βt.
func (l Law) source(rng *rand.Rand) (norm, cos, sin float64) {
	d, n := float64(l.s.D), float64(l.s.SourceN)
	var g, r2 float64
	if l.s.SourceN > l.s.D {
		// Least squares: βs plus an error of random direction.
		e := l.s.SourceSigma * math.Sqrt(chiSquared(rng, l.s.D)/chiSquared(rng, l.s.SourceN-l.s.D+1))
		t := e * direction(rng, l.s.D)
		g, r2 = 1+t, 1+2*t+e*e
	} else {
		// Pβs, of squared norm b, plus noise of random direction in the row space.
		b := 1.0
		if n < d {
			b = distuv.Beta{Alpha: n / 2, Beta: (d - n) / 2, Src: rng}.Rand()
		}
		e := l.s.SourceSigma * math.Sqrt(chiSquared(rng, l.s.SourceN)/chiSquared(rng, l.s.D-l.s.SourceN+1))
		t := e * math.Sqrt(b) * direction(rng, l.s.SourceN)
		g, r2 = b+t, b+2*t+e*e
	}
	// About βs, β̂s points anywhere.
	across := math.Sqrt(math.Max(0, r2-g*g)) * direction(rng, l.s.D-1)
	norm = math.Sqrt(r2)
	cos = math.Max(-1, math.Min(1, (g*l.cos+across*l.sin)/norm))
	return norm, cos, math.Sqrt(1 - cos*cos)
}

// direction draws one coordinate of a uniformly random unit vector in k
// dimensions.
func direction(rng *rand.Rand, k int) float64 {
	z := rng.NormFloat64()
	if k == 1 {
		return math.Copysign(1, z)
	}
	return z / math.Sqrt(z*z+chiSquared(rng, k-1))
}

// sourceResidual is the mean over draws of sin² of the angle between β̂s and βt.
func (s Setting) sourceResidual() Value {
	l := Law{s: s, c2: 1}
	l.sin, l.cos = math.Sincos(s.Theta)
	rng := rand.New(rand.NewPCG(lawSeed, 0))
	x := make([]float64, meanDraws)
	for i := range x {
		_, _, sin := l.source(rng)
		x[i] = sin * sin
	}
	return Mean(x)
}
