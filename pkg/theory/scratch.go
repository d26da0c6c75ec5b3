package theory

import (
	"fmt"
	"math"
)

// scratchLimit is eq. 8: R = (1−γ) + σ²γ/(1−γ) for γ < 1 and σ²/(γ−1) for
// γ > 1; at γ = 1 it is +Inf, or 0 without noise. With weight decay see
// decayLimit.
func scratchLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	if l.Decay > 0 {
		return decayLimit(l), nil
	}
	v := l.Sigma * l.Sigma
	switch g := l.Gamma; {
	case v == 0:
		return math.Max(0, 1-g), nil
	case g < 1:
		return (1 - g) + v*g/(1-g), nil
	case g > 1:
		return v / (g - 1), nil
	}
	return math.Inf(1), nil
}

// scratchMean is the exact mean over data sets, with X Gaussian:
// (1 − n/d) + σ²n/(d−n−1) for n ≤ d−2, σ²d/(n−d−1) for n ≥ d+2, +Inf between
// (for σ > 0). The variance is infinite for |n−d| ≤ 3. With weight decay there
// is no formula at finite size, which is an error.
func scratchMean(s Setting) (float64, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	if s.Decay > 0 {
		return 0, fmt.Errorf("theory: Decay = %v: the mean scratch risk with weight decay has a formula in the limit only", s.Decay)
	}
	n, d, v := float64(s.N), float64(s.D), s.Sigma*s.Sigma
	switch {
	case v == 0:
		return math.Max(0, 1-n/d), nil
	case n <= d-2:
		return (1 - n/d) + v*n/(d-n-1), nil
	case n >= d+2:
		return v * d / (n - d - 1), nil
	}
	return math.Inf(1), nil
}

// near reports whether the squared norm of the fitted noise has an infinite variance.
func near(n, d int) bool { return n-d <= 3 && d-n <= 3 }

// InfiniteVariance reports whether a risk at s has an infinite variance over data sets, so
// that its median tells more than its mean: that from scratch with noise for |n−d| ≤ 3, that
// of linear transfer without a ridge for n ≤ k+3.
func (s Setting) InfiniteVariance() bool {
	scratch := s.Sigma > 0 && s.Decay == 0 && near(s.N, s.D)
	return scratch || s.Lambda == 0 && s.N <= max(1, s.Features)+3
}

// fitNorm is the limit of ‖X⁺y‖², for a unit β and γ = n/d:
// γ + σ²γ/(1−γ) for γ < 1, 1 + σ²/(γ−1) for γ > 1.
func fitNorm(gamma, sigma float64) float64 {
	v := sigma * sigma
	switch {
	case v == 0:
		return math.Min(1, gamma)
	case gamma < 1:
		return gamma + v*gamma/(1-gamma)
	case gamma > 1:
		return 1 + v/(gamma-1)
	}
	return math.Inf(1)
}
