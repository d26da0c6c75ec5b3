package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// The Dormand–Prince pair of orders 5 and 4: the stages, the step, and the
// difference of the two orders, which is the estimate of the error.
var (
	stages = [][]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	}
	orderGap = []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40}
)

// Flow follows the end-to-end gradient flow of a balanced deep linear network
// with the given number of layers,
//
//	dβ/dt = −‖β‖^(2−2/L)·(g + (L−1)·β̂β̂ᵀg),  g the gradient of the loss in β,
//
// from start until g has fallen to 1e-7 of its value at β = 0, and returns the
// end point. Along it ‖Uβ‖ ∝ ‖β‖^((L−1)/L), U the projector on the null space of
// the data, which gives the scale c of fine-tuning. Steps adapt to a relative
// error of 1e-9. observe, if not nil, is called at the start and after every step
// with the time; beta is only valid during the call.
func Flow(ctx context.Context, loss *Loss, depth int, start []float64, observe func(t float64, beta []float64)) ([]float64, error) {
	const tolerance, converged, most = 1e-9, 1e-7, 10_000_000
	switch {
	case depth < 1:
		return nil, fmt.Errorf("linear: depth = %d: a network has at least 1 layer", depth)
	case len(start) != loss.d:
		return nil, fmt.Errorf("linear: start has %d entries, the loss is of %d", len(start), loss.d)
	case depth > 1 && floats.Norm(start, 2) == 0:
		return nil, fmt.Errorf("linear: start is zero, where the flow of %d layers rests", depth)
	}
	L := float64(depth)
	g := make([]float64, loss.d)
	velocity := func(dst, beta []float64) {
		loss.gradient(g, beta)
		norm := floats.Norm(beta, 2)
		speed := math.Pow(norm, 2-2/L)
		floats.ScaleTo(dst, -speed, g)
		if depth > 1 {
			floats.AddScaled(dst, -speed*(L-1)*floats.Dot(beta, g)/(norm*norm), beta)
		}
	}
	beta := append([]float64(nil), start...)
	k := make([][]float64, len(stages))
	for i := range k {
		k[i] = make([]float64, loss.d)
	}
	next, gap := make([]float64, loss.d), make([]float64, loss.d)
	loss.gradient(g, make([]float64, loss.d))
	end := converged * floats.Norm(g, 2)
	if observe != nil {
		observe(0, beta)
	}
	velocity(k[0], beta)
	t, h := 0.0, 0.01/(L*loss.curved)
	for range most {
		if floats.Norm(g, 2) <= end {
			return beta, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := 1; i < len(stages); i++ {
			copy(next, beta)
			for j, a := range stages[i] {
				floats.AddScaled(next, h*a, k[j])
			}
			velocity(k[i], next) // the last stage is the next step's first
		}
		for i := range gap {
			gap[i] = 0
		}
		for j, a := range orderGap {
			floats.AddScaled(gap, h*a, k[j])
		}
		off := floats.Norm(gap, 2) / (tolerance * (floats.Norm(next, 2) + 1e-3))
		if math.IsNaN(off) {
			return nil, fmt.Errorf("linear: the flow diverged at t = %.4g", t)
		}
		if off <= 1 {
			t += h
			beta, next = next, beta
			k[0], k[len(k)-1] = k[len(k)-1], k[0]
			if observe != nil {
				observe(t, beta)
			}
		} else {
			loss.gradient(g, beta) // of the step that is taken again
		}
		h *= math.Min(5, math.Max(0.2, 0.9*math.Pow(math.Max(off, 1e-10), -0.2)))
	}
	return nil, fmt.Errorf("linear: the flow did not converge in %d steps, t = %.4g", most, t)
}
