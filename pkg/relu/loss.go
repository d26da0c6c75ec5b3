package relu

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	simd "github.com/features-are-fate/fate/pkg/internal/blas"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
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
	hidden *mat.Dense // neurons by all neurons, or by the points of a block
	weight []float64  // of each column of hidden
	// Of the loss on a population:
	inputs *mat.Dense // all neurons
	norm   []float64
	along  []float64 // weight times norm
	parts  []float64
	// Of the loss on a sample:
	points int // in a block
	scaled []float64
}

// blockEntries is the size of a block of hidden: it stays in a cache.
const blockEntries = 1 << 15

func (l *Loss) newWork(f *Network) *work {
	m, d := f.W.Dims()
	w := &work{loss: l}
	columns := 0
	if l.teacher != nil {
		k, _ := l.teacher.W.Dims()
		columns = m + k
		w.inputs = mat.NewDense(columns, d, nil)
		w.inputs.Slice(m, columns, 0, d).(*mat.Dense).Copy(l.teacher.W)
		w.norm = append(make([]float64, m), norms(l.teacher.W)...)
		w.along = make([]float64, columns)
		w.parts = make([]float64, m)
	} else {
		w.points = min(len(l.y), max(128, blockEntries/m))
		w.scaled = make([]float64, w.points*d)
		columns = w.points
	}
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
		w.norm[j] = norm(f.W.RawRowView(j))
		w.weight[j] = c / (2 * math.Pi * float64(m))
	}
	for j, c := range g.C {
		w.weight[m+j] = -c / (2 * math.Pi * float64(len(g.C)))
	}
	floats.MulTo(w.along, w.weight, w.norm)
	w.hidden.Mul(f.W, w.inputs.T())
	along := w.parts // what a neuron gets along itself
	square := make([]float64, m)
	rows(m, len(w.norm), func() func(int) {
		sin, kernel := make([]float64, len(w.norm)), make([]float64, len(w.norm))
		return func(i int) {
			row := w.hidden.RawRowView(i)
			simd.Arcs(row, w.norm[i], w.norm, sin, kernel)
			self, other := floats.Dot(w.along[:m], kernel[:m]), floats.Dot(w.along[m:], kernel[m:])
			out.C[i] = w.norm[i] * (self + other)
			square[i] = w.norm[i] * (self + 2*other)
			along[i] = floats.Dot(w.along, sin)
			floats.Mul(row, w.weight)
		}
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

// sample goes over the points in blocks that stay in a cache. With D the derivatives of the
// ReLUs, r the residuals and G = D diag(r) X/n, the gradient is cᵢGᵢ in wᵢ and wᵢ·Gᵢ in cᵢ.
func (w *work) sample(f *Network, out Gradient) float64 {
	m, d := f.W.Dims()
	n := len(w.loss.y)
	weights, gradient := f.W.RawMatrix(), out.W.RawMatrix()
	value := 0.0
	for from := 0; from < n; from += w.points {
		b := min(w.points, n-from)
		x := w.loss.x.Slice(from, from+b, 0, d).(*mat.Dense)
		hidden := blas64.General{Rows: m, Cols: b, Stride: b, Data: w.hidden.RawMatrix().Data[:m*b]}
		scaled := blas64.General{Rows: b, Cols: d, Stride: d, Data: w.scaled[:b*d]}
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, weights, x.RawMatrix(), 0, hidden)
		residual := w.weight[:b]
		clear(residual)
		const part = 64 // points that a core does at a time
		rows((b+part-1)/part, m*part, func() func(int) {
			return func(j int) {
				first, last := j*part, min((j+1)*part, b)
				for i, c := range f.C {
					simd.Gate(hidden.Data[i*b+first:i*b+last], c, residual[first:last])
				}
			}
		})
		for k := range residual {
			r := residual[k]/float64(m) - w.loss.y[from+k]
			value += r * r
			floats.ScaleTo(scaled.Data[k*d:(k+1)*d], r/float64(n), x.RawRowView(k))
		}
		beta := 1.0
		if from == 0 {
			beta = 0
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, hidden, scaled, beta, gradient)
	}
	for i, c := range f.C {
		row := out.W.RawRowView(i)
		out.C[i] = floats.Dot(f.W.RawRowView(i), row)
		floats.Scale(c, row)
	}
	return value / (2 * float64(n))
}

// rows does each of m rows of n entries, on all cores where that is worth it; a row is done by
// one core, so that sums do not depend on their number. Each worker calls worker once, for
// buffers of its own.
func rows(m, n int, worker func() func(i int)) {
	const worth = 1 << 16
	var next atomic.Int64
	work := func() {
		do := worker()
		for i := int(next.Add(1)) - 1; i < m; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	if m*n < worth {
		work()
		return
	}
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), m) {
		wait.Go(work)
	}
	wait.Wait()
}
