package relu

import (
	"math"

	"github.com/features-are-fate/fate/pkg/internal/blas"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Gram returns the arc-cosine kernel between the rows of w (m×d) and of v (k×d),
//
//	E relu(w·x)relu(v·x) = ‖w‖‖v‖ (sin φ + (π−φ) cos φ)/2π,
//
// φ the angle between them (Cho and Saul 2009). For unit vectors it is 1/2 at
// φ = 0 and 0 at π.
func Gram(w, v *mat.Dense) *mat.Dense {
	a, b := norms(w), norms(v)
	var out mat.Dense
	out.Mul(w, v.T())
	rows(len(a), len(b), func() func(int) {
		sin, kernel := make([]float64, len(b)), make([]float64, len(b))
		return func(i int) {
			row := out.RawRowView(i)
			blas.Arcs(row, a[i], b, sin, kernel)
			floats.MulTo(row, kernel, b)
			floats.Scale(a[i]/(2*math.Pi), row)
		}
	})
	return &out
}

func norms(w *mat.Dense) []float64 {
	m, _ := w.Dims()
	out := make([]float64, m)
	for i := range out {
		out[i] = norm(w.RawRowView(i))
	}
	return out
}

// norm is ‖x‖, in one pass where no square overflows or underflows.
func norm(x []float64) float64 {
	if s := floats.Dot(x, x); s > 1e-280 && s < 1e300 {
		return math.Sqrt(s)
	}
	return floats.Norm(x, 2)
}

// Space returns the span of the neurons of n as functions of the input, or for k > 0
// that of its k leading directions (see [task.NewSpace]).
func (n *Network) Space(k int) (*task.Space, error) {
	return task.NewSpace(n.Gram(), k)
}

// Gram returns the kernel between the neurons of n, m×m.
func (n *Network) Gram() *mat.SymDense {
	return mat.NewSymDense(len(n.C), Gram(n.W, n.W).RawMatrix().Data)
}

// Residual returns ρ = ‖P⊥f‖²/‖f‖², the part of the target f outside a space of
// functions of the neurons of n (see [task.Space.Residual]).
func (n *Network) Residual(space *task.Space, f *Network) (float64, error) {
	var inner mat.VecDense
	inner.MulVec(Gram(n.W, f.W), mat.NewVecDense(len(f.C), f.C))
	inner.ScaleVec(1/float64(len(f.C)), &inner)
	return space.Residual(inner.RawVector().Data, Inner(f, f))
}

// Angles returns the principal angles between the k leading directions of the features
// of n and the neurons of f, in radians and in rising order.
func (n *Network) Angles(k int, f *Network) ([]float64, error) {
	a, err := n.Space(k)
	if err != nil {
		return nil, err
	}
	b, err := f.Space(0)
	if err != nil {
		return nil, err
	}
	return a.Angles(b, Gram(n.W, f.W))
}

// Kernel returns (1/m) Σ relu(wᵢ·x)relu(wᵢ·x′) on the rows of X (n×n): the kernel
// of regression on the neurons.
func (n *Network) Kernel(x *mat.Dense) *mat.SymDense {
	var k mat.SymDense
	k.SymOuterK(1/float64(len(n.C)), n.Features(x))
	return &k
}
