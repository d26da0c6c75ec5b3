package relu

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/features-are-fate/fate/pkg/internal/blas"
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

// Gradient is a direction in the weights of a network.
type Gradient struct {
	W *mat.Dense // m×d
	C []float64  // length m
}

// PopulationLoss is ½E(f − g)² for unlimited data from the teacher g. It and its
// gradient are closed forms: with φ the angle between two neurons,
//
//	E relu′(w·x) relu(v·x) x = (‖v‖ sin φ·ŵ + (π−φ) v)/2π,
//
// so that a gradient costs two products of m×(m+m*) and (m+m*)×d matrices.
func PopulationLoss(g *Network) *Loss {
	return &Loss{teacher: g, zero: Inner(g, g) / 2}
}

// SampleLoss is ½ the mean of (f(x) − y)² over the n rows of X (n×d). A gradient
// costs two products of m×n and n×d matrices.
func SampleLoss(x *mat.Dense, y []float64) (*Loss, error) {
	n, _ := x.Dims()
	if len(y) != n {
		return nil, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), n)
	}
	zero := floats.Dot(y, y) / (2 * float64(n))
	if !(zero > 0) || math.IsInf(zero, 0) {
		return nil, fmt.Errorf("relu: the mean of y² is %v: it must be finite and above 0", 2*zero)
	}
	return &Loss{x: x, y: y, zero: zero}, nil
}

// Gradient returns the loss of f, and m times its gradient in the weights of f:
// minus the velocity of the mean-field gradient flow, which does not shrink as the
// network grows.
func (l *Loss) Gradient(f *Network) (float64, Gradient) {
	m, d := f.W.Dims()
	out := Gradient{W: mat.NewDense(m, d, nil), C: make([]float64, m)}
	return l.newWork(f).gradient(f, out), out
}

// work holds the buffers of the gradients of one training.
type work struct {
	loss   *Loss
	inputs *mat.Dense // what every neuron is multiplied with: all neurons, or the points
	weight []float64
	norm   []float64
	along  []float64 // weight times norm
	hidden *mat.Dense
	parts  []float64
}

func (l *Loss) newWork(f *Network) *work {
	m, d := f.W.Dims()
	w := &work{loss: l, inputs: l.x, parts: make([]float64, m)}
	if l.teacher != nil {
		k, _ := l.teacher.W.Dims()
		w.inputs = mat.NewDense(m+k, d, nil)
		w.inputs.Slice(m, m+k, 0, d).(*mat.Dense).Copy(l.teacher.W)
		w.norm = append(make([]float64, m), norms(l.teacher.W)...)
		w.along = make([]float64, m+k)
	}
	columns, _ := w.inputs.Dims()
	w.weight = make([]float64, columns)
	w.hidden = mat.NewDense(m, columns, nil)
	return w
}

// gradient writes m times the gradient to out and returns the loss.
func (w *work) gradient(f *Network, out Gradient) float64 {
	if w.loss.teacher != nil {
		return w.population(f, out)
	}
	return w.sample(f, out)
}

func (w *work) population(f *Network, out Gradient) float64 {
	m, d := f.W.Dims()
	g := w.loss.teacher
	w.inputs.Slice(0, m, 0, d).(*mat.Dense).Copy(f.W)
	for j, c := range f.C {
		w.norm[j] = floats.Norm(f.W.RawRowView(j), 2)
		w.weight[j] = c / (2 * math.Pi * float64(m))
	}
	for j, c := range g.C {
		w.weight[m+j] = -c / (2 * math.Pi * float64(len(g.C)))
	}
	floats.MulTo(w.along, w.weight, w.norm)
	w.hidden.Mul(f.W, w.inputs.T())
	along := w.parts // what a neuron gets along itself
	square := make([]float64, m)
	rows(m, len(w.norm), func(i int, sin, kernel []float64) {
		row := w.hidden.RawRowView(i)
		blas.Arcs(row, w.norm[i], w.norm, sin, kernel)
		self, other := floats.Dot(w.along[:m], kernel[:m]), floats.Dot(w.along[m:], kernel[m:])
		out.C[i] = w.norm[i] * (self + other)
		square[i] = w.norm[i] * (self + 2*other)
		along[i] = floats.Dot(w.along, sin)
		floats.Mul(row, w.weight)
	})
	out.W.Mul(w.hidden, w.inputs)
	for i, c := range f.C {
		row := out.W.RawRowView(i)
		if w.norm[i] > 0 {
			floats.AddScaled(row, along[i]/w.norm[i], f.W.RawRowView(i))
		}
		floats.Scale(c, row)
	}
	return math.Max(0, floats.Dot(f.C, square)/(2*float64(m))+w.loss.zero)
}

func (w *work) sample(f *Network, out Gradient) float64 {
	m, _ := f.W.Dims()
	n := len(w.loss.y)
	w.hidden.Mul(f.W, w.inputs.T())
	rows(m, n, func(i int, _, _ []float64) { blas.ReLU(w.hidden.RawRowView(i)) })
	residual := mat.NewVecDense(n, w.weight)
	residual.MulVec(w.hidden.T(), mat.NewVecDense(m, f.C))
	residual.ScaleVec(1/float64(m), residual)
	floats.Sub(w.weight, w.loss.y)
	value := floats.Dot(w.weight, w.weight) / (2 * float64(n))
	floats.Scale(1/float64(n), w.weight)
	mat.NewVecDense(m, out.C).MulVec(w.hidden, residual)
	// What reaches a neuron from the points where it is active.
	rows(m, n, func(i int, _, _ []float64) { blas.Active(w.hidden.RawRowView(i), f.C[i], w.weight) })
	out.W.Mul(w.hidden, w.inputs)
	return value
}

// rows calls do for each of m rows of n entries, with two more of such rows to write to, on
// all cores where that is worth it; a row is done by one core, so that sums do not depend on
// their number.
func rows(m, n int, do func(i int, s, t []float64)) {
	const block = 16
	const worth = 1 << 15
	var next atomic.Int64
	work := func() {
		s, t := make([]float64, n), make([]float64, n)
		for {
			first := int(next.Add(block)) - block
			if first >= m {
				return
			}
			for i := first; i < min(first+block, m); i++ {
				do(i, s, t)
			}
		}
	}
	if m*n < worth {
		work()
		return
	}
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (m+block-1)/block) {
		wait.Go(work)
	}
	wait.Wait()
}
