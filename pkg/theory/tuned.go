package theory

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Ridge regression from scratch, β_λ = (XᵀX/n + λ)⁻¹Xᵀy/n, and weight decay.
// Weight decay μ on all weights of a two-layer network costs μ‖β‖ at the best
// factorisation, so it ends at the ridge solution with λ‖β_λ‖ = μ.

// resolvent is the limit of tr(XᵀX/n + λ)⁻¹/d, and its derivative in λ, from the
// Marchenko–Pastur law at d/n = 1/γ.
func resolvent(gamma, lambda float64) (m, dm float64) {
	y := 1 / gamma
	h := 1 - y + lambda
	root := math.Sqrt(h*h + 4*y*lambda)
	// The positive root of yλm² + hm − 1 = 0, in the form without cancellation.
	if h > 0 {
		m = 2 / (h + root)
	} else {
		m = (root - h) / (2 * y * lambda)
	}
	return m, -(y*m*m + m) / (2*y*lambda*m + h)
}

// ridgeLimit returns the limits of the risk and of ‖β_λ‖² at λ > 0:
// R = −λ²m′ + (σ²/γ)(m + λm′), ‖β_λ‖² = R + 1 − 2λm.
func ridgeLimit(gamma, sigma, lambda float64) (risk, norm2 float64) {
	m, dm := resolvent(gamma, lambda)
	risk = -lambda*lambda*dm + sigma*sigma/gamma*(m+lambda*dm)
	return risk, math.Max(0, risk+1-2*lambda*m)
}

// decayLimit is the scratch risk with weight decay in the limit; 1 where the
// decay is at or above ‖Xᵀy‖/n and β = 0.
func decayLimit(l Limit) float64 {
	lambda, ok := decayRidge(l.Gamma, l.Sigma, l.Decay)
	if !ok {
		return 1
	}
	risk, _ := ridgeLimit(l.Gamma, l.Sigma, lambda)
	return risk
}

// decayRidge solves λ‖β_λ‖ = μ, whose left side rises in λ to ‖Xᵀy‖/n →
// √(1 + (1+σ²)/γ), by bisection in log λ; ok is false where μ is above that.
func decayRidge(gamma, sigma, mu float64) (lambda float64, ok bool) {
	if mu >= math.Sqrt(1+(1+sigma*sigma)/gamma) {
		return 0, false
	}
	lo, hi := math.Log(1e-12), math.Log(1e12)
	for range 100 {
		mid := (lo + hi) / 2
		_, norm2 := ridgeLimit(gamma, sigma, math.Exp(mid))
		if math.Exp(mid)*math.Sqrt(norm2) < mu {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp((lo + hi) / 2), true
}

// tunedLimit is the risk at the best ridge λ* = σ²/γ,
// ½[1−γ−σ²+√((1−γ−σ²)²+4σ²)]: finite at γ = 1. It ignores the Decay of l.
func tunedLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	return tuned(l.Gamma, l.Sigma), nil
}

func tuned(gamma, sigma float64) float64 {
	v := sigma * sigma
	h := 1 - gamma - v
	root := math.Sqrt(h*h + 4*v)
	if h < 0 { // without cancellation
		return 2 * v / (root - h)
	}
	return (h + root) / 2
}

// TunedRidge returns λ* = σ²d/n, the ridge with the least mean risk from scratch
// at any size: that of the posterior mean under the prior βt ~ N(0, I/d). For a
// target of norm c it is (σ/c)²d/n.
func TunedRidge(s Setting) float64 {
	_, sigma := targetScale(s.Norm, s.Sigma)
	return sigma * sigma / s.Gamma()
}

// tunedMean is the exact mean at a finite size, (λ*/d)·E tr(XᵀX/n + λ*)⁻¹ (the
// bias and the variance add up to that at the best ridge), over draws of the
// bidiagonal form of X, in O(min(n, d)) a draw (Dumitriu and Edelman 2002).
// Without noise the best ridge is 0.
func tunedMean(s Setting) (Value, error) {
	if err := s.Validate(); err != nil {
		return Value{}, err
	}
	if s.Sigma == 0 {
		return Value{Value: math.Max(0, 1-s.Gamma())}, nil
	}
	// The trace fluctuates by O(1) at any size: fewer draws serve a larger one.
	short, long := min(s.N, s.D), max(s.N, s.D)
	const most = 10_000_000
	if short > most {
		return Value{}, fmt.Errorf("theory: N = %d, D = %d: the mean of the tuned scratch risk is computed for min(N, D) up to %d; beyond, take its limit", s.N, s.D, most)
	}
	rng := rand.New(rand.NewPCG(lawSeed, 1))
	x := make([]float64, max(64, (1<<14)/short))
	shift := float64(s.D) * s.Sigma * s.Sigma // nλ*
	diag, off := make([]float64, short), make([]float64, short)
	for i := range x {
		// X turns into a lower bidiagonal B with χ_long, χ_{long−1} … on the
		// diagonal and χ_{short−1} … χ_1 below it; BBᵀ is tridiagonal.
		below := 0.0
		for j := range short {
			on := chiSquared(rng, long-j)
			diag[j] = on + below + shift
			if j+1 < short {
				below = chiSquared(rng, short-1-j)
				off[j+1] = math.Sqrt(on * below)
			}
		}
		trace := traceInverse(diag, off) + float64(s.D-short)/shift
		x[i] = shift / float64(s.D) * trace
	}
	return Mean(x), nil
}

// traceInverse is the trace of the inverse of a positive definite tridiagonal
// matrix; off[i] couples i−1 and i. With the pivots p of elimination from above
// and q from below, the diagonal of the inverse is 1/(p_i + q_i − diag_i).
func traceInverse(diag, off []float64) float64 {
	n := len(diag)
	p := make([]float64, n)
	for i := range n {
		p[i] = diag[i]
		if i > 0 {
			p[i] -= off[i] * off[i] / p[i-1]
		}
	}
	sum, q := 0.0, 0.0
	for i := n - 1; i >= 0; i-- {
		next := diag[i]
		if i+1 < n {
			next -= off[i+1] * off[i+1] / q
		}
		q = next
		sum += 1 / (p[i] + q - diag[i])
	}
	return sum
}
