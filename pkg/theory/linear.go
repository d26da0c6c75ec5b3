package theory

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// outside returns ρ and the cosine of the angle between the features and the target
// in the limit.
func outside(l Limit) (rho, cos float64) {
	rho, cos = sin2(l.Theta)
	if l.SourceGamma > 0 {
		cos *= sourceOverlap(l)
		rho = 1 - cos*cos
	}
	return rho, cos
}

func outsideLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	rho, _ := outside(l)
	return rho, nil
}

func outsideMean(s Setting) (Value, error) {
	if err := s.Validate(); err != nil {
		return Value{}, err
	}
	if s.SourceN > 0 {
		return s.sourceResidual(), nil
	}
	rho, _ := sin2(s.Theta)
	return Value{Value: rho}, nil
}

// linearLimit is Theorem 3.8, eq. 13: 1 − (1+2λ)/(1+λ)²·cos²θ, which at λ = 0
// is the floor sin²θ of Theorem 3.7. It depends on neither γ nor σ. With finite
// source data the angle is that of the pretrained vector. With k features, a
// fixed part κ = k/n of the points, it is ρ + (σ²+ρ)κ/(1−κ), ρ = sin²θ: +Inf at
// κ = 1, and no single formula beyond.
func linearLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	s2, cos := outside(l)
	if kappa := l.Features / l.Gamma; kappa > 0 {
		tau2 := l.Sigma*l.Sigma + s2
		switch {
		case kappa > 1:
			return 0, fmt.Errorf("theory: Gamma = %v: the limit needs at least as many points as features, k/d = %v", l.Gamma, l.Features)
		case tau2 == 0:
			return 0, nil
		}
		return s2 + tau2*kappa/(1-kappa), nil
	}
	shrink := l.Lambda / (1 + l.Lambda)
	return s2 + cos*cos*shrink*shrink, nil
}

// linearMean is the exact mean over data sets. With k features that leave out
// ρ = sin²θ of the target and τ² = σ² + ρ it is ρ + τ²k/(n−k−1) for n > k+1
// (k = 1 is Theorem 3.7), +Inf for k−1 ≤ n ≤ k+1 (unless τ = 0), and an error
// for fewer points, which leave the features underdetermined. With a ridge and
// S ~ χ²_n it is sin²θ + E[(n²λ²cos²θ + Sτ²)/(S+nλ)²]. With finite source data
// the angle is random, and the mean is over draws of it.
func linearMean(s Setting) (Value, error) {
	rho, err := outsideMean(s)
	if err != nil {
		return Value{}, err
	}
	s2, cos := sin2(s.Theta)
	tau2 := s.Sigma*s.Sigma + rho.Value
	n := float64(s.N)
	if s.Lambda > 0 {
		nl := n * s.Lambda
		return Value{Value: s2 + meanChiSquared(s.N, func(S float64) float64 {
			return (nl*nl*cos*cos + S*tau2) / ((S + nl) * (S + nl))
		})}, nil
	}
	switch k := max(1, s.Features); {
	case s.N > k+1:
		rise := float64(k) / (n - float64(k) - 1)
		return Value{rho.Value + tau2*rise, rho.StdErr * (1 + rise)}, nil
	case s.N < k-1:
		return Value{}, fmt.Errorf("theory: N = %d: with %d features at least %d points are needed", s.N, k, k-1)
	case tau2 == 0 && s.N >= k:
		return Value{}, nil
	}
	return Value{Value: math.Inf(1)}, nil
}

// BestRidge returns the ridge λ* = τ²/(n cos²θ) that minimises the mean risk
// of linear transfer at a finite size, and that risk,
// R* = sin²θ + τ²cos²θ·E[1/(S cos²θ+τ²)], S ~ χ²_n. It lies below the risk at
// λ = 0 by O(1/n) and never below the floor sin²θ. At cos θ = 0 the best ridge
// is +Inf. It ignores the Lambda of s. It is an error if s has several features or
// finite source data.
func BestRidge(s Setting) (lambda, risk float64, err error) {
	s.Lambda = 1 // whose Validate refuses what has no formula
	if err := s.Validate(); err != nil {
		return 0, 0, err
	}
	norm2, sigma := targetScale(s.Norm, s.Sigma)
	s2, cos := sin2(s.Theta)
	c2, tau2 := cos*cos, sigma*sigma+s2
	if tau2 == 0 {
		return 0, 0, nil
	}
	if c2 == 0 {
		return math.Inf(1), norm2 * s2, nil
	}
	gain := meanChiSquared(s.N, func(S float64) float64 { return 1 / (S*c2 + tau2) })
	return tau2 / (float64(s.N) * c2), norm2 * (s2 + tau2*c2*gain), nil
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
	integral := func(edges []float64, of func(u float64) float64) (sum float64) {
		for i := 1; i < len(edges); i++ {
			if edges[i] > edges[i-1] {
				sum += quad.Fixed(of, edges[i-1], edges[i], 48, quad.Legendre{}, 0)
			}
		}
		return sum
	}
	if n <= 1_000_000 {
		return integral(edges, func(u float64) float64 { return 2 * u * chi2.Prob(u*u) * f(u*u) })
	}
	// The density loses a digit for each of n: relative to that at the mode 2m it does
	// not, nor is there anything below low.
	m, edges := float64(n)/2-1, edges[6:]
	weight := func(u float64) float64 {
		t := (u*u - 2*m) / (2 * m)
		return u * math.Exp(m*(math.Log1p(t)-t))
	}
	return integral(edges, func(u float64) float64 { return weight(u) * f(u*u) }) / integral(edges, weight)
}
