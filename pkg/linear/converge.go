package linear

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/internal/ode"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// accuracy is the largest local error of a step of converge, relative to the norm of
// all weights.
const accuracy = 1e-4

// converge follows the gradient flow of the objective in all weights until the
// tolerance is met, and returns the time that it took. Near its end the flow is stiff:
// the smallest singular value of X sets the time, the largest one the step.
func (n *Network) converge(ctx context.Context, loss *Loss, o Options) (rep Report, time float64, err error) {
	s := newScratchpad(n)
	loss.gradient(s.left[0], make([]float64, loss.d))
	start := math.Max(norm(s.left[0]), math.SmallestNonzeroFloat64)
	view := n.views()
	rests := false
	flow := ode.Problem{
		// −gradient in all weights; that in β is left in s.left[0].
		Slope: func(dst, y []float64) {
			at := view(y)
			s.products(at)
			loss.gradient(s.left[0], s.right[0])
			s.back(at)
			floats.ScaleTo(dst, -o.Decay, y)
			for l, w := range view(dst).W {
				s.outer(-1, l, w)
			}
		},
		Stop: func(t float64, _, slope []float64) bool {
			gradient := norm(s.left[0])
			rep.Gradient = gradient / start
			if o.Decay > 0 {
				rep.Gradient = math.Hypot(norm(slope), o.Decay*loss.idle*math.Exp(-o.Decay*t)) / start
			}
			rests = t == 0 && norm(slope) == 0 && gradient > 0
			return rests || rep.Gradient <= o.Tolerance
		},
	}
	end, err := ode.Chebyshev2(ctx, flow, n.all(), ode.Control{Accuracy: accuracy, Step: 1e-3 / (float64(n.Depth()) * loss.curved), MaxSlopes: o.MaxSteps})
	rep.Steps = end.Slopes
	switch {
	case rests:
		return rep, 0, errors.New("linear: training cannot start: the gradient in every weight is 0, as in a network of zeros")
	case errors.Is(err, ode.ErrSpent):
		return rep, end.T, fmt.Errorf("linear: training did not converge in MaxSteps = %d gradients: the gradient is still %.2g of its start", o.MaxSteps, rep.Gradient)
	case err != nil:
		return rep, end.T, err
	}
	for l, w := range view(end.Y).W {
		n.W[l].Copy(w)
	}
	return rep, end.T, nil
}

// all returns a copy of all weights in one row.
func (n *Network) all() (row []float64) {
	for _, w := range n.W {
		row = append(row, w.RawMatrix().Data...)
	}
	return row
}

// views returns a function that shows a row of all weights as a network of the shape of
// n. It remembers what it showed, as an integrator comes back to the same few rows.
func (n *Network) views() func(row []float64) *Network {
	seen := map[*float64]*Network{}
	return func(row []float64) *Network {
		if v := seen[&row[0]]; v != nil {
			return v
		}
		v := &Network{}
		rest := row
		for _, w := range n.W {
			rows, cols := w.Dims()
			v.W = append(v.W, mat.NewDense(rows, cols, rest[:rows*cols]))
			rest = rest[rows*cols:]
		}
		seen[&row[0]] = v
		return v
	}
}

// norm is that of gonum without its guard against overflow, which takes most of a step.
func norm(v []float64) float64 { return math.Sqrt(floats.Dot(v, v)) }
