package theory

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// linearLimit is Theorem 3.8, eq. 13: 1 − (1+2λ)/(1+λ)²·cos²θ, which at λ = 0
// is the floor sin²θ of Theorem 3.7. It depends on neither γ nor σ.
func linearLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	s2, cos := sin2(l.Theta)
	shrink := l.Lambda / (1 + l.Lambda)
	return s2 + cos*cos*shrink*shrink, nil
}

// linearMean is the exact mean over data sets. With τ² = σ² + sin²θ and
// S ~ χ²_n it is sin²θ + E[(n²λ²cos²θ + Sτ²)/(S+nλ)²]; at λ = 0 this is
// sin²θ + τ²/(n−2) for n > 2 and +Inf for n ≤ 2 (unless τ = 0).
func linearMean(s Setting) (float64, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	s2, cos := sin2(s.Theta)
	tau2 := s.Sigma*s.Sigma + s2
	n := float64(s.N)
	if s.Lambda == 0 {
		switch {
		case tau2 == 0:
			return 0, nil
		case s.N <= 2:
			return math.Inf(1), nil
		}
		return s2 + tau2/(n-2), nil
	}
	nl := n * s.Lambda
	return s2 + meanChiSquared(s.N, func(S float64) float64 {
		return (nl*nl*cos*cos + S*tau2) / ((S + nl) * (S + nl))
	}), nil
}

// BestRidge returns the ridge λ* = τ²/(n cos²θ) that minimises the mean risk
// of linear transfer at a finite size, and that risk,
// R* = sin²θ + τ²cos²θ·E[1/(S cos²θ+τ²)], S ~ χ²_n. It lies below the risk at
// λ = 0 by O(1/n) and never below the floor sin²θ. At cos θ = 0 the best ridge
// is +Inf. Lambda of s is not read.
func BestRidge(s Setting) (lambda, risk float64, err error) {
	s.Lambda = 0
	if err := s.Validate(); err != nil {
		return 0, 0, err
	}
	s2, cos := sin2(s.Theta)
	c2, tau2 := cos*cos, s.Sigma*s.Sigma+s2
	if tau2 == 0 {
		return 0, 0, nil
	}
	if c2 == 0 {
		return math.Inf(1), s2, nil
	}
	gain := meanChiSquared(s.N, func(S float64) float64 { return 1 / (S*c2 + tau2) })
	return tau2 / (float64(s.N) * c2), s2 + tau2*c2*gain, nil
}

// meanChiSquared returns E f(S), S ~ χ²_n, for a smooth f, by Gauss–Legendre
// panels in √S; the panels near 0 resolve a small ridge at n of a few.
func meanChiSquared(n int, f func(float64) float64) float64 {
	chi2 := distuv.ChiSquared{K: float64(n)}
	edges := []float64{0, 1e-6, 1e-4, 1e-2, 0.1, 1}
	low := math.Max(1, math.Sqrt(float64(n))-12)
	edges = append(edges, low)
	for u := low; u < math.Sqrt(float64(n))+12; {
		u += 3
		edges = append(edges, u)
	}
	var sum float64
	for i := 1; i < len(edges); i++ {
		if edges[i] == edges[i-1] {
			continue
		}
		sum += quad.Fixed(func(u float64) float64 {
			return 2 * u * chi2.Prob(u*u) * f(u*u)
		}, edges[i-1], edges[i], 48, quad.Legendre{}, 0)
	}
	return sum
}

// Features is linear transfer on K orthonormal features that leave out a
// squared norm Residual (ρ) of the unit target: the general form of Theorem
// 3.7, beyond the paper, which has K = 1 and ρ = sin²θ.
type Features struct {
	N, K     int
	Residual float64
	Sigma    float64
}

// Validate reports the first field out of its domain: N, K ≥ 1, Residual in
// [0, 1], Sigma finite and ≥ 0.
func (f Features) Validate() error {
	switch {
	case f.N < 1:
		return fmt.Errorf("theory: N = %d: the number of target points must be at least 1", f.N)
	case f.K < 1:
		return fmt.Errorf("theory: K = %d: the number of features must be at least 1", f.K)
	case !(f.Residual >= 0 && f.Residual <= 1):
		return fmt.Errorf("theory: Residual = %v: the part of a unit target outside the features lies in [0, 1]", f.Residual)
	}
	return validate(0, f.Sigma, 0, 1)
}

// Mean is the exact mean risk, ρ + (σ²+ρ)k/(n−k−1) for n > k+1. For
// k−1 ≤ n ≤ k+1 it is +Inf (unless σ² + ρ = 0); for n < k−1 the features
// themselves are underdetermined and there is no single formula in ρ, which is
// an error.
func (f Features) Mean() (float64, error) {
	if err := f.Validate(); err != nil {
		return 0, err
	}
	tau2 := f.Sigma*f.Sigma + f.Residual
	switch n, k := float64(f.N), float64(f.K); {
	case f.N > f.K+1:
		return f.Residual + tau2*k/(n-k-1), nil
	case f.N < f.K-1:
		return 0, fmt.Errorf("theory: N = %d: with %d features at least %d points are needed", f.N, f.K, f.K-1)
	case tau2 == 0 && f.N >= f.K:
		return 0, nil
	}
	return math.Inf(1), nil
}

// Transferability is the exact mean of R_scratch − R at dimension d: positive
// where the features beat training from scratch on the same points.
func (f Features) Transferability(d int) (float64, error) {
	return minus(scratchMean, func(Setting) (float64, error) { return f.Mean() })(
		Setting{N: f.N, D: d, Sigma: f.Sigma, Depth: 1})
}

// Limit is the risk as n, k → ∞ at fixed k/n < 1, ρ + (σ²+ρ)κ/(1−κ) with
// κ = k/n; at κ → 0 it is the floor ρ. At κ = 1 it is +Inf.
func (f Features) Limit() (float64, error) {
	if err := f.Validate(); err != nil {
		return 0, err
	}
	kappa := float64(f.K) / float64(f.N)
	if kappa > 1 {
		return 0, fmt.Errorf("theory: N = %d: the limit needs at least as many points as the %d features", f.N, f.K)
	}
	tau2 := f.Sigma*f.Sigma + f.Residual
	if tau2 == 0 {
		return 0, nil
	}
	return f.Residual + tau2*kappa/(1-kappa), nil
}
