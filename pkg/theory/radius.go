package theory

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// Near n = d the fitted noise ‖X⁺ε‖ = ‖ε‖/ϱ has a heavy tail, as ϱ² ~ χ²_{d−n+1} is often
// small, and E c² over draws does not converge. But ϱ is independent of ε, of the row space
// of X and of the direction û of X⁺ε: turn the n points so that ε is along the last of them,
// and ϱ is the norm, û the direction, of the last row outside the span of the others. So for
// each draw the mean over ϱ is an integral, of the scale at
//
//	‖β_sc‖² = ‖Pβt‖² + 2ûᵀβt·‖ε‖/ϱ + ‖ε‖²/ϱ².

// radius integrates over ϱ: the mean of f is Σ weight·f(at).
type radius struct{ at, weight []float64 }

// radiusDraws is the largest number of draws that are integrated over ϱ, in whole chunks: their
// error is then about a hundredth of the mean.
const radiusDraws = 2 * chunk

// needsRadius reports whether n is so close to d that c or c² has an infinite variance over
// draws: c² has the tail index (d−n+1)L/(2(L−1)). At L = 3 and n = d−2 it is just finite.
func (s Setting) needsRadius() bool {
	switch {
	case s.Sigma == 0 || s.Depth == 1 || s.N > s.D:
		return false
	case s.D-s.N == 2:
		return s.Depth > 2
	}
	return s.D-s.N < 2
}

// newRadius returns the nodes for s. With ϱ = y^L the integrand, c² ~ ϱ^(−2(L−1)/L) times
// the density ϱ^(ν−1), is smooth at 0; log ϱ serves the way from there to 1.
func newRadius(s Setting) *radius {
	nu, depth := float64(s.D-s.N+1), float64(s.Depth)
	low := 1e-3 * math.Min(1, s.Sigma*math.Sqrt(float64(s.N))) // where ‖ε‖/ϱ outweighs the rest
	norm := math.Pow(2, nu/2-1) * math.Gamma(nu/2)
	r := new(radius)
	panel := func(from, to float64, nodes int, rho, slope func(x float64) float64) {
		x, w := make([]float64, nodes), make([]float64, nodes)
		quad.Legendre{}.FixedLocations(x, w, from, to)
		for i := range x {
			at := rho(x[i])
			r.at = append(r.at, at)
			r.weight = append(r.weight, w[i]*slope(x[i])*math.Pow(at, nu-1)*math.Exp(-at*at/2)/norm)
		}
	}
	panel(0, math.Pow(low, 1/depth), 12, func(y float64) float64 { return math.Pow(y, depth) },
		func(y float64) float64 { return depth * math.Pow(y, depth-1) })
	panel(math.Log(low), 0, 24, math.Exp, math.Exp)
	panel(1, 9, 24, func(x float64) float64 { return x }, func(float64) float64 { return 1 })
	return r
}

// scale returns the means of c and c² over ϱ, given the rest of a draw.
func (r *radius) scale(depth int, d draw) (c, c2 float64) {
	for i, rho := range r.at {
		e := d.noise / rho
		x := scale(depth, d.a, math.Max(0, d.fit+e*(2*d.along+e)), d.norm)
		c, c2 = c+r.weight[i]*x, c2+r.weight[i]*x*x
	}
	return c, c2
}
