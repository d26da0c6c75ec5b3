// Package relu holds two-layer ReLU networks in the mean-field scaling,
//
//	f(x) = (1/m) Σ cᵢ relu(wᵢ·x),  x ~ N(0, I_d),
//
// as student and teacher (Section 4 of the paper). With Gaussian inputs the inner
// products of such functions, the population loss of a student against a teacher
// and its gradient are closed forms in the angles between neurons, so training on
// unlimited data needs no sample.
//
//	target, err := relu.NewTeacher(20, 30, task.Stream(1))
//	source, err := target.Without(0.5)         // half of its neurons
//	space, err := source.Space(0)              // what linear transfer can fit
//	rho, err := source.Residual(space, target) // its floor, relative to E f_t²
package relu

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/features-are-fate/fate/pkg/internal/blas"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Network is f(x) = (1/m) Σ C[i]·relu(W[i]·x): W is m×d, its rows are the neurons.
type Network struct {
	W *mat.Dense
	C []float64
}

// NewTeacher returns a network of m neurons of norm 1 in random directions of d
// dimensions, with random output weights ±1.
func NewTeacher(m, d int, rng *rand.Rand) (*Network, error) {
	n, err := newNetwork(m, d, 1, rng)
	if err != nil {
		return nil, err
	}
	for i := range m {
		row := n.W.RawRowView(i)
		floats.Scale(1/floats.Norm(row, 2), row)
	}
	return n, nil
}

// NewStudent returns a network of m neurons at a random start: entries alpha·N(0, 1/d),
// output weights ±alpha. An alpha of about 1 or less is the rich regime in this scaling,
// in which neurons turn; a large one is the lazy regime.
func NewStudent(m, d int, alpha float64, rng *rand.Rand) (*Network, error) {
	return newNetwork(m, d, alpha, rng)
}

func newNetwork(m, d int, alpha float64, rng *rand.Rand) (*Network, error) {
	switch {
	case m < 1:
		return nil, fmt.Errorf("relu: m = %d: a network has at least 1 neuron", m)
	case d < 1:
		return nil, fmt.Errorf("relu: d = %d: the dimension must be at least 1", d)
	case !(alpha > 0) || math.IsInf(alpha, 0):
		return nil, fmt.Errorf("relu: alpha = %v: the size of the start must be a finite number above 0", alpha)
	}
	n := &Network{W: mat.NewDense(m, d, nil), C: make([]float64, m)}
	raw := n.W.RawMatrix().Data
	for i := range raw {
		raw[i] = alpha * rng.NormFloat64() / math.Sqrt(float64(d))
	}
	for i := range n.C {
		n.C[i] = alpha
		if rng.Uint64()&1 == 0 {
			n.C[i] = -alpha
		}
	}
	return n, nil
}

// Without returns the network without its first round(mu·m) neurons, mu in [0, 1), as
// a function: (1/m) times the sum over those that are left. This is the source teacher
// of a target teacher; the larger mu, the less the two have in common.
func (n *Network) Without(mu float64) (*Network, error) {
	m, d := n.W.Dims()
	removed := int(math.Round(mu * float64(m)))
	if !(mu >= 0) || removed >= m {
		return nil, fmt.Errorf("relu: mu = %v: the fraction of %d neurons to remove must lie between 0 and 1 and leave at least one", mu, m)
	}
	out := &Network{W: mat.DenseCopyOf(n.W.Slice(removed, m, 0, d)), C: append([]float64(nil), n.C[removed:]...)}
	floats.Scale(float64(m-removed)/float64(m), out.C)
	return out, nil
}

// Clone returns a copy of n, to be trained on its own.
func (n *Network) Clone() *Network {
	return &Network{W: mat.DenseCopyOf(n.W), C: append([]float64(nil), n.C...)}
}

// Predict returns f at the rows of X (n×d).
func (n *Network) Predict(x *mat.Dense) []float64 {
	hidden := n.Features(x)
	var out mat.VecDense
	out.MulVec(hidden, mat.NewVecDense(len(n.C), n.C))
	out.ScaleVec(1/float64(len(n.C)), &out)
	return out.RawVector().Data
}

// Features returns relu(X Wᵀ), n×m for n rows of X: what linear transfer fits its
// last layer on.
func (n *Network) Features(x *mat.Dense) *mat.Dense {
	var hidden mat.Dense
	hidden.Mul(x, n.W.T())
	blas.ReLU(hidden.RawMatrix().Data)
	return &hidden
}

// Inner returns E f(x)g(x) = (1/mm′) Σ cᵢ c′ⱼ k(wᵢ, w′ⱼ), k as in [Gram].
func Inner(f, g *Network) float64 {
	k := Gram(f.W, g.W)
	v := mat.Inner(mat.NewVecDense(len(f.C), f.C), k, mat.NewVecDense(len(g.C), g.C))
	return v / float64(len(f.C)*len(g.C))
}

// Risk returns E (f(x) − g(x))², the population risk of f on the noiseless task g.
func Risk(f, g *Network) float64 {
	return math.Max(0, Inner(f, f)-2*Inner(f, g)+Inner(g, g))
}
