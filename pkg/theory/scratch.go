package theory

import "math"

// scratchLimit is eq. 8: R = (1−γ) + σ²γ/(1−γ) for γ < 1 and σ²/(γ−1) for
// γ > 1; at γ = 1 it is +Inf, or 0 without noise.
func scratchLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
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
// (for σ > 0). The variance is infinite for |n−d| ≤ 3.
func scratchMean(s Setting) (float64, error) {
	if err := s.Validate(); err != nil {
		return 0, err
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

// normScratchLimit is the limit of ‖β_sc‖².
func normScratchLimit(l Limit) float64 {
	v := l.Sigma * l.Sigma
	switch g := l.Gamma; {
	case v == 0:
		return math.Min(1, g)
	case g < 1:
		return g + v*g/(1-g)
	case g > 1:
		return 1 + v/(g-1)
	}
	return math.Inf(1)
}
