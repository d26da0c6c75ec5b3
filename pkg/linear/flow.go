package linear

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/internal/ode"
	"gonum.org/v1/gonum/floats"
)

// Flow follows the end-to-end gradient flow of a balanced deep linear network
// with the given number of layers,
//
//	dβ/dt = −‖β‖^(2−2/L)·(g + (L−1)·β̂β̂ᵀg),  g the gradient of the loss in β,
//
// from start until g has fallen to 1e-7 of its value at β = 0, and returns the
// end point. Along the flow ‖Uβ‖ ∝ ‖β‖^((L−1)/L), U the projector on the null space
// of the data, which gives the scale c of fine-tuning. Steps adapt to a relative
// error of 1e-9. observe, if not nil, is called with the time at the start and after
// every step; beta is only valid during the call.
func Flow(ctx context.Context, loss *Loss, depth int, start []float64, observe func(t float64, beta []float64)) ([]float64, error) {
	const tolerance, converged, most = 1e-9, 1e-7, 60_000_000
	switch {
	case depth < 1:
		return nil, fmt.Errorf("linear: depth = %d: a network has at least 1 layer", depth)
	case len(start) != loss.d:
		return nil, fmt.Errorf("linear: start has %d entries, the loss is of %d", len(start), loss.d)
	case depth > 1 && floats.Norm(start, 2) == 0:
		return nil, fmt.Errorf("linear: start is zero, which the flow of %d layers does not leave", depth)
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
	loss.gradient(g, make([]float64, loss.d))
	end := converged * floats.Norm(g, 2)
	flow := ode.Problem{
		Slope:   velocity,
		Stop:    func(float64, []float64, []float64) bool { return floats.Norm(g, 2) <= end },
		Observe: observe,
	}
	s, err := ode.DormandPrince(ctx, flow, start, ode.Control{Accuracy: tolerance, Floor: 1e-3, Step: 0.01 / (L * loss.curved), MaxSlopes: most})
	switch {
	case errors.Is(err, ode.ErrDiverged):
		return nil, fmt.Errorf("linear: the flow diverged at t = %.4g", s.T)
	case errors.Is(err, ode.ErrSpent):
		return nil, fmt.Errorf("linear: the flow did not converge in %d gradients, t = %.4g", s.Slopes, s.T)
	case err != nil:
		return nil, err
	}
	return s.Y, nil
}
