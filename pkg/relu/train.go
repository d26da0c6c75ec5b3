package relu

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Loss is half the mean squared error of a network: on the population of a
// teacher, or on a sample.
type Loss struct {
	teacher *Network
	x       *mat.Dense
	y       []float64
	zero    float64 // loss of f = 0
}

// PopulationLoss is ½E(f − g)² for unlimited data from the teacher g.
func PopulationLoss(g *Network) *Loss {
	return &Loss{teacher: g, zero: Inner(g, g) / 2}
}

// SampleLoss is ½ the mean of (f(x) − y)² over the n rows of X (n×d).
func SampleLoss(x *mat.Dense, y []float64) (*Loss, error) {
	n, _ := x.Dims()
	if len(y) != n {
		return nil, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), n)
	}
	return &Loss{x: x, y: y, zero: floats.Dot(y, y) / (2 * float64(n))}, nil
}

// Value returns the loss of f.
func (l *Loss) Value(f *Network) float64 {
	if l.teacher != nil {
		return Risk(f, l.teacher) / 2
	}
	r := f.Predict(l.x)
	floats.Sub(r, l.y)
	return floats.Dot(r, r) / (2 * float64(len(r)))
}

// Gradient returns m times the gradient of the loss in the weights of f.
func (l *Loss) Gradient(f *Network) Gradient {
	if l.teacher != nil {
		return PopulationGradient(f, l.teacher)
	}
	n, m := len(l.y), len(f.C)
	hidden := f.Features(l.x)
	var r, c mat.VecDense
	r.MulVec(hidden, mat.NewVecDense(m, f.C))
	r.ScaleVec(1/float64(m), &r)
	r.SubVec(&r, mat.NewVecDense(n, l.y))
	r.ScaleVec(1/float64(n), &r)
	c.MulVec(hidden.T(), &r)
	// What reaches neuron i from point k: cᵢ·r_k where it is active.
	for k := range n {
		row := hidden.RawRowView(k)
		for i, h := range row {
			if h > 0 {
				row[i] = f.C[i] * r.AtVec(k)
			}
		}
	}
	out := Gradient{W: &mat.Dense{}, C: c.RawVector().Data}
	out.W.Mul(hidden.T(), l.x)
	return out
}

// Options of training.
type Options struct {
	// Step is the learning rate in the time of the mean-field flow, of order 1 at
	// any m. 0 means 0.2.
	Step float64
	// Tolerance ends training when the loss has fallen to this fraction of the
	// loss of f = 0. 0 means 1e-4.
	Tolerance float64
	// MaxSteps ends training as well. 0 means 100,000.
	MaxSteps int
	// Observe, if not nil, is called before every step and at the end.
	Observe func(step int, f *Network)
}

// Report says how training went.
type Report struct {
	Steps     int
	Loss      float64 // at the end, relative to f = 0
	Converged bool    // the loss reached Tolerance
}

// every is the number of steps between two looks at the loss, which costs as much
// as a step.
const every = 16

// Train runs gradient descent on every weight of the network, from where it is,
// until the loss is at the tolerance or the steps are done. It is an error if the
// loss diverges or ctx ends first.
func (n *Network) Train(ctx context.Context, loss *Loss, o Options) (Report, error) {
	if o.Step == 0 {
		o.Step = 0.2
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-4
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 100_000
	}
	switch {
	case !(o.Step > 0) || math.IsInf(o.Step, 0):
		return Report{}, fmt.Errorf("relu: Step = %v: the learning rate must be a finite number above 0", o.Step)
	case !(o.Tolerance > 0 && o.Tolerance < 1):
		return Report{}, fmt.Errorf("relu: Tolerance = %v: it must lie between 0 and 1", o.Tolerance)
	case o.MaxSteps < 0:
		return Report{}, fmt.Errorf("relu: MaxSteps = %d: it must be 0 or above", o.MaxSteps)
	}
	if loss.zero == 0 {
		return Report{}, fmt.Errorf("relu: the labels are all zero: there is nothing to train on")
	}
	var rep Report
	for ; ; rep.Steps++ {
		if o.Observe != nil {
			o.Observe(rep.Steps, n)
		}
		if rep.Steps%every == 0 || rep.Steps == o.MaxSteps {
			rep.Loss = loss.Value(n) / loss.zero
			switch {
			case math.IsNaN(rep.Loss) || rep.Loss > 1e6:
				return rep, fmt.Errorf("relu: training diverged after %d steps: Step = %.3g is too large", rep.Steps, o.Step)
			case ctx.Err() != nil:
				return rep, ctx.Err()
			}
			rep.Converged = rep.Loss <= o.Tolerance
		}
		if rep.Converged || rep.Steps == o.MaxSteps {
			return rep, nil
		}
		g := loss.Gradient(n)
		floats.AddScaled(n.W.RawMatrix().Data, -o.Step, g.W.RawMatrix().Data)
		floats.AddScaled(n.C, -o.Step, g.C)
	}
}

// Transfer returns the network with the neurons of n and new output weights c, which
// minimise the mean of (f(x) − y)² plus lambda·‖c‖²/m over the rows of X: linear
// transfer, kernel ridge regression with the kernel of the features. It needs
// lambda > 0.
func (n *Network) Transfer(x *mat.Dense, y []float64, lambda float64) (*Network, error) {
	rows, _ := x.Dims()
	switch {
	case len(y) != rows:
		return nil, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), rows)
	case !(lambda > 0) || math.IsInf(lambda, 0):
		return nil, fmt.Errorf("relu: lambda = %v: the ridge must be a finite number above 0", lambda)
	}
	// With features φ/√m and u = c/√m it is ordinary ridge; solved on the smaller
	// side.
	m := len(n.C)
	hidden := n.Features(x)
	hidden.Scale(1/math.Sqrt(float64(m)), hidden)
	var gram mat.SymDense
	target := mat.NewVecDense(rows, y)
	var rhs, u mat.VecDense
	if rows < m {
		gram.SymOuterK(1, hidden)
		rhs.CloneFromVec(target)
	} else {
		gram.SymOuterK(1, hidden.T())
		rhs.MulVec(hidden.T(), target)
	}
	for i := range gram.SymmetricDim() {
		gram.SetSym(i, i, gram.At(i, i)+float64(rows)*lambda)
	}
	var chol mat.Cholesky
	if !chol.Factorize(&gram) {
		return nil, fmt.Errorf("relu: lambda = %.4g: the ridge is too small for these features", lambda)
	}
	if err := chol.SolveVecTo(&u, &rhs); err != nil {
		return nil, fmt.Errorf("relu: lambda = %.4g: %w", lambda, err)
	}
	if rows < m {
		var dual mat.VecDense
		dual.MulVec(hidden.T(), &u)
		u = dual
	}
	u.ScaleVec(math.Sqrt(float64(m)), &u)
	return &Network{W: n.W, C: u.RawVector().Data}, nil
}
