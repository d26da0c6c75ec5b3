package relu

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/internal/ode"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Options of training.
type Options struct {
	// Tolerance ends training when the loss has fallen to this fraction of the
	// loss of f = 0. 0 means 1e-3.
	Tolerance float64
	// MaxGradients is the number of gradients after which training ends in any case.
	// 0 means 100,000.
	MaxGradients int
	// Accuracy is the largest local error of a step, relative to the norm of all
	// weights. 0 means 0.03.
	Accuracy float64
	// Observe, if not nil, is called at the start and after every step. f is only valid
	// during the call.
	Observe func(time float64, f *Network)
}

// Report says how training went.
type Report struct {
	Time      float64 // of the mean-field gradient flow
	Gradients int
	Loss      float64 // at the end, relative to f = 0
	Converged bool    // the loss reached Tolerance
	Settled   bool    // the loss stopped falling above Tolerance: a local minimum
}

// Training has settled when the loss falls by less than settled of itself while the
// number of gradients doubles, from settleAfter on.
const (
	settled     = 1e-3
	settleAfter = 500
)

// stages is the number of gradients in a step: few, because accuracy limits the
// step while the neurons find their directions.
const stages = 5

// Train follows the mean-field gradient flow ẇ = −m∂L/∂w, ċ = −m∂L/∂c of all
// weights, starting from the present ones, until the loss has fallen to the tolerance,
// has settled above it, or MaxGradients are spent. It is an error if ctx ends first.
//
// The flow is stiff: the mean of the target is learned long before its neurons are
// told apart. The steps of the integrator are stable for some 25 times the longest step
// of gradient descent, and their length follows from the local error.
func (n *Network) Train(ctx context.Context, loss *Loss, o Options) (Report, error) {
	if o.Tolerance == 0 {
		o.Tolerance = 1e-3
	}
	if o.MaxGradients == 0 {
		o.MaxGradients = 100_000
	}
	if o.Accuracy == 0 {
		o.Accuracy = 0.03
	}
	switch {
	case !(o.Tolerance > 0 && o.Tolerance < 1):
		return Report{}, fmt.Errorf("relu: Tolerance = %v: the loss relative to f = 0 at which to stop lies between 0 and 1", o.Tolerance)
	case o.MaxGradients < 1:
		return Report{}, fmt.Errorf("relu: MaxGradients = %d: it must be at least 1", o.MaxGradients)
	case !(o.Accuracy > 0 && o.Accuracy < 1):
		return Report{}, fmt.Errorf("relu: Accuracy = %v: the local error relative to the weights lies between 0 and 1", o.Accuracy)
	}
	m, d := n.W.Dims()
	w := loss.newWork(n)
	size := m*d + m
	network := func(v []float64) *Network { return &Network{W: mat.NewDense(m, d, v[:m*d]), C: v[m*d:]} }
	gradient := func(f *Network, into []float64) float64 {
		return w.gradient(f, Gradient{W: mat.NewDense(m, d, into[:m*d]), C: into[m*d:]})
	}
	at := make([]float64, 0, size)
	for i := range m {
		at = append(at, n.W.RawRowView(i)...)
	}
	at = append(at, n.C...)

	var r Report
	var value float64 // of the loss, where the gradient was last taken
	mark, before := settleAfter, math.Inf(1)
	flow := ode.Problem{
		Slope: func(dst, y []float64) {
			value = gradient(network(y), dst)
			floats.Scale(-1, dst)
			r.Gradients++
		},
		Stop: func(t float64, y, _ []float64) bool {
			r.Time, r.Loss = t, value/loss.zero
			r.Converged = r.Loss <= o.Tolerance
			if o.Observe != nil {
				o.Observe(t, network(y))
			}
			if r.Gradients >= mark {
				r.Settled = !r.Converged && before-r.Loss < settled*r.Loss
				mark, before = 2*r.Gradients, r.Loss
			}
			return r.Converged || r.Settled || r.Gradients >= o.MaxGradients
		},
	}
	end, err := ode.Chebyshev1(ctx, flow, at, stages, ode.Control{Accuracy: o.Accuracy})
	switch {
	case errors.Is(err, ode.ErrDiverged):
		return r, fmt.Errorf("relu: training cannot go on at t = %.4g: no step, however short, has a finite error", end.T)
	case err != nil:
		return r, err
	}
	n.W.Copy(network(end.Y).W)
	copy(n.C, end.Y[m*d:])
	return r, nil
}
