package relu

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Options of training.
type Options struct {
	// Tolerance ends training when the loss has fallen to this fraction of the
	// loss of f = 0. 0 means 1e-3.
	Tolerance float64
	// MaxGradients ends training as well. 0 means 100,000.
	MaxGradients int
	// Accuracy is the largest local error of a step, relative to the norm of all
	// weights. 0 means 0.03.
	Accuracy float64
	// Observe, if not nil, is called at the start and after every step.
	Observe func(time float64, f *Network)
}

// Report says how training went.
type Report struct {
	Time      float64 // of the mean-field gradient flow
	Gradients int
	Loss      float64 // at the end, relative to f = 0
	Converged bool    // the loss reached Tolerance
	Settled   bool    // it did not, but ceased to fall: a local minimum
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
// weights from where they are until the loss is at the tolerance, has settled above
// it, or the gradients are spent. It is an error if ctx ends first.
//
// The flow is stiff: the mean of the target is learned long before its neurons are
// told apart. A Runge–Kutta–Chebyshev step of s gradients is stable for s² times
// the longest step of gradient descent (van der Houwen and Sommeijer 1980); its
// size follows from the local error.
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
	slope, end, scratch := make([]float64, size), make([]float64, size), make([]float64, size)
	previous, stage := make([]float64, size), make([]float64, size)

	var r Report
	value := gradient(network(at), slope)
	r.Gradients = 1
	h := 0.1 * floats.Norm(at, 2) / math.Max(floats.Norm(slope, 2), math.SmallestNonzeroFloat64)
	step := chebyshev(stages)
	mark, before := settleAfter, math.Inf(1)
	for {
		r.Loss = value / loss.zero
		r.Converged = r.Loss <= o.Tolerance
		if o.Observe != nil {
			o.Observe(r.Time, network(at))
		}
		if r.Gradients >= mark {
			r.Settled = !r.Converged && before-r.Loss < settled*r.Loss
			mark, before = 2*r.Gradients, r.Loss
		}
		if r.Converged || r.Settled || r.Gradients >= o.MaxGradients {
			break
		}
		for {
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			copy(previous, at)
			floats.AddScaledTo(stage, at, -step[0].slope*h, slope)
			for _, s := range step[1:] {
				gradient(network(stage), scratch)
				for i, v := range stage {
					stage[i], previous[i] = s.now*v+s.before*previous[i]-s.slope*h*scratch[i], v
				}
			}
			next := gradient(network(stage), end)
			r.Gradients += len(step)
			off := h / 2 * floats.Distance(end, slope, 2) / floats.Norm(at, 2)
			ok := off <= o.Accuracy // not for NaN
			if ok {
				r.Time += h
				value = next
				copy(at, stage)
				slope, end = end, slope
			}
			grow := 0.3
			if off < math.Inf(1) {
				grow = math.Max(0.3, math.Min(2, 0.8*math.Sqrt(o.Accuracy/math.Max(off, 1e-300))))
			}
			h *= grow
			if ok {
				break
			}
		}
	}
	n.W.Copy(network(at).W)
	copy(n.C, at[m*d:])
	return r, nil
}

// coefficients of one stage: what it takes of the last two and of the gradient.
type coefficients struct{ now, before, slope float64 }

// chebyshev returns the damped first-order Runge–Kutta–Chebyshev method of s stages,
// whose stability polynomial is T_s(w₀ + w₁z)/T_s(w₀).
func chebyshev(s int) []coefficients {
	const damping = 0.05
	w0 := 1 + damping/float64(s*s)
	t, dt := make([]float64, s+1), make([]float64, s+1) // T_j and T_j′ at w₀
	t[0], t[1], dt[1] = 1, w0, 1
	for j := 2; j <= s; j++ {
		t[j] = 2*w0*t[j-1] - t[j-2]
		dt[j] = 2*t[j-1] + 2*w0*dt[j-1] - dt[j-2]
	}
	w1 := t[s] / dt[s]
	out := []coefficients{{now: 1, slope: w1 / w0}}
	for j := 2; j <= s; j++ {
		b := t[j-1] / t[j]
		out = append(out, coefficients{now: 2 * w0 * b, before: -t[j-2] / t[j], slope: 2 * w1 * b})
	}
	return out
}
