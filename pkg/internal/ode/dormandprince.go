package ode

import (
	"context"
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

// DormandPrince integrates from y, which it does not change, with steps of fifth order
// and six slopes.
func DormandPrince(ctx context.Context, p Problem, y []float64, c Control) (Solution, error) {
	s := Solution{Y: append([]float64(nil), y...)}
	k := make([][]float64, len(stages))
	for i := range k {
		k[i] = make([]float64, len(y))
	}
	next, gap := make([]float64, len(y)), make([]float64, len(y))
	p.Slope(k[0], s.Y)
	s.Slopes++
	h := c.Step
	for done := p.done(0, s.Y, k[0]); !done; {
		if err := c.check(ctx, s.Slopes); err != nil {
			return s, err
		}
		for i := 1; i < len(stages); i++ {
			copy(next, s.Y)
			for j, a := range stages[i] {
				floats.AddScaled(next, h*a, k[j])
			}
			p.Slope(k[i], next) // the last stage is the next step's first
			s.Slopes++
		}
		for i := range gap {
			gap[i] = 0
		}
		for j, a := range orderGap {
			floats.AddScaled(gap, h*a, k[j])
		}
		off := floats.Norm(gap, 2) / (c.Accuracy * (floats.Norm(next, 2) + c.Floor))
		if math.IsNaN(off) {
			return s, ErrDiverged
		}
		if off <= 1 {
			s.T += h
			s.Y, next = next, s.Y
			k[0], k[len(k)-1] = k[len(k)-1], k[0]
			done = p.done(s.T, s.Y, k[0])
		}
		h *= math.Min(5, math.Max(0.2, 0.9*math.Pow(math.Max(off, 1e-10), -0.2)))
	}
	return s, nil
}
