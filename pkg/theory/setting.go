// Package theory holds the results of "Features are fate" (Tahir, Ganguli,
// Rotskoff, ICML 2025) as pure functions of numbers: risks, transferabilities,
// phase boundaries, the fine-tuning scale, and the exact joint law of the
// three risks.
//
// The model. Inputs x ~ N(0, I_d) and labels y = βᵀx + ε, ε ~ N(0, σ²), with
// unit vectors βs (source) and βt (target) at angle θ. The target set has n
// points and γ = n/d. A risk is R = ‖β̂ − βt‖²; a transferability is
// T = E[R_scratch − R_transfer], positive where transfer wins.
//
// For most uses take a [Result] such as [LinearTransferability]: it carries
// the proportional limit, the exact finite-size mean and the place in the
// paper. [Setting] is a finite size, [Limit] the limit n, d → ∞ at fixed γ.
package theory

import (
	"fmt"
	"math"
)

// Setting is one finite-size experiment. Theta is in radians. Lambda is the
// ridge of linear transfer; Depth is the number of weight matrices and is
// read by the fine-tuning results only.
type Setting struct {
	N, D   int
	Theta  float64
	Sigma  float64
	Lambda float64
	Depth  int
}

// Limit is the proportional limit n, d → ∞ at Gamma = n/d. The fields are
// those of Setting.
type Limit struct {
	Gamma  float64
	Theta  float64
	Sigma  float64
	Lambda float64
	Depth  int
}

// Gamma returns n/d.
func (s Setting) Gamma() float64 { return float64(s.N) / float64(s.D) }

// Limit returns the proportional limit at the γ = n/d of s.
func (s Setting) Limit() Limit {
	return Limit{Gamma: s.Gamma(), Theta: s.Theta, Sigma: s.Sigma, Lambda: s.Lambda, Depth: s.Depth}
}

// String prints the setting with the symbols of the paper, θ in degrees.
func (s Setting) String() string {
	return fmt.Sprintf("n=%d d=%d %s", s.N, s.D, s.tail())
}

func (s Setting) tail() string {
	out := fmt.Sprintf("θ=%.4g° σ=%.4g", s.Theta*180/math.Pi, s.Sigma)
	if s.Lambda != 0 {
		out += fmt.Sprintf(" λ=%.4g", s.Lambda)
	}
	return out + fmt.Sprintf(" L=%d", s.Depth)
}

// Validate reports the first field that is out of its domain: N ≥ 1, D ≥ 2
// (two unit vectors at any angle need a plane), Theta finite, Sigma and Lambda
// finite and ≥ 0, Depth ≥ 1.
func (s Setting) Validate() error {
	switch {
	case s.D < 2:
		return fmt.Errorf("theory: D = %d: the dimension must be at least 2", s.D)
	case s.N < 1:
		return fmt.Errorf("theory: N = %d: the number of target points must be at least 1", s.N)
	}
	return validate(s.Theta, s.Sigma, s.Lambda, s.Depth)
}

// Validate reports the first field that is out of its domain: Gamma finite
// and > 0, the others as in Setting.
func (l Limit) Validate() error {
	if !(l.Gamma > 0) || math.IsInf(l.Gamma, 0) {
		return fmt.Errorf("theory: Gamma = %v: n/d must be a finite number above 0", l.Gamma)
	}
	return validate(l.Theta, l.Sigma, l.Lambda, l.Depth)
}

func validate(theta, sigma, lambda float64, depth int) error {
	switch {
	case math.IsNaN(theta) || math.IsInf(theta, 0):
		return fmt.Errorf("theory: Theta = %v: the angle must be a finite number of radians", theta)
	case !(sigma >= 0) || math.IsInf(sigma, 0):
		return fmt.Errorf("theory: Sigma = %v: the noise level must be a finite number, 0 or above", sigma)
	case !(lambda >= 0) || math.IsInf(lambda, 0):
		return fmt.Errorf("theory: Lambda = %v: the ridge must be a finite number, 0 or above", lambda)
	case depth < 1:
		return fmt.Errorf("theory: Depth = %d: a network has at least 1 layer", depth)
	}
	return nil
}

// Value is a number with the standard error of its computation: 0 for a
// closed form or a quadrature, positive for a mean over draws of the law.
type Value struct {
	Value, StdErr float64
}

// sin2 returns sin²θ and cos θ. Below 1e-30 sin²θ is the rounding of θ = 0
// or π and is returned as 0, so that the boundaries there are exact.
func sin2(theta float64) (s2, cos float64) {
	s, c := math.Sincos(theta)
	if s2 = s * s; s2 < 1e-30 {
		return 0, math.Copysign(1, c)
	}
	if c*c < 1e-30 {
		c = 0
	}
	return s2, c
}
