package linear

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Loss is a quadratic loss of the end-to-end map β: ‖Xβ − y‖²/2n on a sample of
// one task, or ‖β − β*‖²/2 on the population of one or several.
type Loss struct {
	d      int        // entries of β
	x      *mat.Dense // nil for the population
	y      []float64  // labels, or β*
	gram   *mat.Dense // XᵀX/n, used in place of X where it is smaller
	xty    []float64  // Xᵀy/n
	resid  []float64
	diag   []float64 // of a reduced loss, in place of X
	idle   float64   // of a reduced loss: the norm of the weights that only decay
	curved float64   // largest eigenvalue of the Hessian
	// In the basis of X's right singular vectors, when they are needed: V, s²/n
	// and s·uᵀy/n.
	v              *mat.Dense
	squares, along []float64
}

// PopulationLoss is the loss on unlimited data from the task beta, or from k tasks
// whose vectors beta holds one after the other.
func PopulationLoss(beta []float64) *Loss {
	return &Loss{d: len(beta), y: beta, curved: 1}
}

// SampleLoss is half the mean squared error on data.
func SampleLoss(data task.Data) (*Loss, error) {
	n, d := data.X.Dims()
	if len(data.Y) != n {
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(data.Y), n)
	}
	l := &Loss{d: d, x: data.X, y: data.Y, resid: make([]float64, n)}
	var svd mat.SVD
	if !svd.Factorize(data.X, mat.SVDNone) {
		return nil, errors.New("linear: the singular values of X did not converge")
	}
	top := svd.Values(nil)[0]
	l.curved = top * top / float64(n)
	if n > d/2 {
		l.gram = mat.NewDense(d, d, nil)
		l.gram.Mul(data.X.T(), data.X)
		l.gram.Scale(1/float64(n), l.gram)
		l.xty = make([]float64, d)
		blas64.Gemv(blas.Trans, 1/float64(n), data.X.RawMatrix(), vec(data.Y), 0, vec(l.xty))
	}
	return l, nil
}

// Curvature returns the largest eigenvalue of the Hessian of the loss in β.
func (l *Loss) Curvature() float64 { return l.curved }

// Value returns the loss at beta.
func (l *Loss) Value(beta []float64) float64 {
	if l.x == nil {
		r := floats.Distance(beta, l.y, 2)
		return r * r / 2
	}
	r := l.residual(beta)
	return floats.Dot(r, r) / (2 * float64(len(r)))
}

func (l *Loss) residual(beta []float64) []float64 {
	copy(l.resid, l.y)
	blas64.Gemv(blas.NoTrans, 1, l.x.RawMatrix(), vec(beta), -1, vec(l.resid))
	return l.resid
}

// gradient writes the gradient with respect to β to dst.
func (l *Loss) gradient(dst, beta []float64) {
	switch {
	case l.diag != nil:
		floats.MulTo(dst, l.diag, beta)
		floats.Sub(dst, l.xty)
	case l.x == nil:
		floats.SubTo(dst, beta, l.y)
	case l.gram != nil:
		copy(dst, l.xty)
		blas64.Gemv(blas.NoTrans, 1, l.gram.RawMatrix(), vec(beta), -1, vec(dst))
	default:
		blas64.Gemv(blas.Trans, 1/float64(len(l.y)), l.x.RawMatrix(), vec(l.residual(beta)), 0, vec(dst))
	}
}

// Options of training; the zero value is a sound choice.
type Options struct {
	// Step is the learning rate of gradient descent. On a sample, 0 means gradient
	// flow by adaptive steps with a local error of 1e-4, which takes far fewer
	// gradients. On the population, or with Observe, 0 means descent at 0.1/(L·h), h
	// the largest curvature of the loss in β: an order of magnitude below the step at
	// which descent becomes unstable at ‖β‖ = 1.
	Step float64
	// Tolerance ends training when the gradient of the loss with respect to β
	// has fallen to this fraction of its value at β = 0. 0 means 1e-7.
	Tolerance float64
	// MaxSteps is the number of gradients after which training that has not converged
	// is an error. 0 means 10 million.
	MaxSteps int
	// Decay is the weight decay μ: the objective is the loss plus μ/2 times the
	// sum of the squares of all weights.
	Decay float64
	// Observe, if not nil, is called before every step and at the end. beta is
	// only valid during the call.
	Observe func(step int, beta []float64)
}

// Report says how training went.
type Report struct {
	Steps int     // gradients taken
	Step  float64 // the learning rate; 0 for gradient flow
	Loss  float64 // at the end
	// Gradient is the norm of the gradient of the loss in β at the end, relative to
	// that at β = 0; with Decay, of the gradient of the objective in the weights.
	Gradient float64
}

// Train runs gradient descent, or gradient flow, on every weight of the network,
// starting from its present weights, until the loss has converged (a fixed number of
// steps would be early stopping near γ = 1). It is an error if the loss diverges or does
// not converge within MaxSteps, or if ctx ends first.
func (n *Network) Train(ctx context.Context, loss *Loss, o Options) (Report, error) {
	if d, k := n.shape(); d*k != loss.d {
		return Report{}, fmt.Errorf("linear: the network maps to %d numbers, the loss is of %d", d*k, loss.d)
	}
	flow := o.Step == 0 && o.Observe == nil && loss.x != nil
	if o.Step == 0 && !flow {
		o.Step = 0.1 / (float64(n.Depth()) * loss.curved)
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-7
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 10_000_000
	}
	switch {
	case !(o.Step >= 0) || math.IsInf(o.Step, 0):
		return Report{}, fmt.Errorf("linear: Step = %v: the learning rate must be a finite number above 0", o.Step)
	case !(o.Tolerance > 0 && o.Tolerance < 1):
		return Report{}, fmt.Errorf("linear: Tolerance = %v: it must lie between 0 and 1", o.Tolerance)
	case !(o.Decay >= 0) || o.Decay*o.Step >= 1:
		return Report{}, fmt.Errorf("linear: Decay = %v: the weight decay must be 0 or above, and below 1/Step = %.4g", o.Decay, 1/o.Step)
	case o.MaxSteps < 0:
		return Report{}, fmt.Errorf("linear: MaxSteps = %d: it must be 0 or above", o.MaxSteps)
	}
	if o.Observe != nil || loss.x == nil {
		rep, err := n.descend(ctx, loss, o)
		rep.Loss = loss.Value(n.Beta())
		return rep, err
	}
	r, err := reduce(n, loss)
	if err != nil {
		return Report{}, err
	}
	var rep Report
	shrunk := 1.0 // what weight decay leaves of the weights that do not learn
	if flow {
		var time float64
		rep, time, err = r.network.converge(ctx, r.loss, o)
		shrunk = math.Exp(-o.Decay * time)
	} else {
		rep, err = r.network.descend(ctx, r.loss, o)
		shrunk = math.Pow(1-o.Step*o.Decay, float64(rep.Steps))
	}
	r.restore(n, shrunk)
	rep.Loss = loss.Value(n.Beta())
	return rep, err
}

// descend is Train with complete options, and without the loss at the end.
func (n *Network) descend(ctx context.Context, loss *Loss, o Options) (Report, error) {
	s := newScratchpad(n)
	beta, gradient := s.right[0], s.left[0]
	loss.gradient(gradient, make([]float64, loss.d))
	start := math.Max(floats.Norm(gradient, 2), math.SmallestNonzeroFloat64)
	rep := Report{Step: o.Step}
	for ; ; rep.Steps++ {
		s.products(n)
		loss.gradient(gradient, beta)
		switch {
		case o.Decay == 0:
			rep.Gradient = floats.Norm(gradient, 2) / start
		case rep.Steps%64 == 0: // it costs more than a step
			idle := o.Decay * loss.idle * math.Pow(1-o.Step*o.Decay, float64(rep.Steps))
			rep.Gradient = math.Hypot(s.weightGradient(n, o.Decay), idle) / start
		}
		done := rep.Gradient <= o.Tolerance
		if o.Observe != nil {
			o.Observe(rep.Steps, beta)
		}
		switch {
		case done:
			return rep, nil
		case math.IsNaN(rep.Gradient) || rep.Gradient > 1e6:
			return rep, fmt.Errorf("linear: training diverged after %d steps: Step = %.3g is too large", rep.Steps, o.Step)
		case rep.Steps == o.MaxSteps:
			return rep, fmt.Errorf("linear: training did not converge in MaxSteps = %d steps: the gradient is still %.2g of its start", o.MaxSteps, rep.Gradient)
		case rep.Steps%256 == 0 && ctx.Err() != nil:
			return rep, ctx.Err()
		}
		s.step(n, o.Step, o.Decay)
	}
}

// weightGradient is the norm of the gradient of the objective in all weights.
func (s *scratchpad) weightGradient(n *Network, decay float64) float64 {
	s.back(n)
	var sum float64
	for l, w := range n.W {
		var g mat.Dense
		g.Scale(decay, w)
		s.outer(1, l, &g)
		norm := mat.Norm(&g, 2)
		sum += norm * norm
	}
	return math.Sqrt(sum)
}
