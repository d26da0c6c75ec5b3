// Package linear holds deep linear networks and the three procedures of the
// paper on them: training from scratch, linear transfer, and fine-tuning.
//
// Each procedure can be computed twice. The solvers ([Interpolator],
// [Transfer], [FineTune]) give the end point of gradient flow from a vanishing
// start directly; [Network.Train] runs gradient descent on every weight.
package linear

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Network is the deep linear network f(x) = xᵀW₁W₂⋯W_L. W holds L matrices,
// d×d but for the last, which is d×1.
type Network struct {
	W []*mat.Dense
}

// NewNetwork returns a network of the given depth at a random start of size
// alpha: entries alpha·N(0, 1/d), in the last layer alpha·N(0, 1). A small
// alpha is the rich regime, in which features are learned.
func NewNetwork(d, depth int, alpha float64, rng *rand.Rand) (*Network, error) {
	switch {
	case d < 1:
		return nil, fmt.Errorf("linear: d = %d: the dimension must be at least 1", d)
	case depth < 1:
		return nil, fmt.Errorf("linear: depth = %d: a network has at least 1 layer", depth)
	case !(alpha > 0) || math.IsInf(alpha, 0):
		return nil, fmt.Errorf("linear: alpha = %v: the size of the start must be a finite number above 0", alpha)
	}
	w := make([]*mat.Dense, depth)
	for l := range w {
		cols, size := d, alpha/math.Sqrt(float64(d))
		if l == depth-1 {
			cols, size = 1, alpha
		}
		w[l] = mat.NewDense(d, cols, nil)
		raw := w[l].RawMatrix().Data
		for i := range raw {
			raw[i] = size * rng.NormFloat64()
		}
	}
	return &Network{W: w}, nil
}

// Depth returns the number of layers L.
func (n *Network) Depth() int { return len(n.W) }

// Beta returns the end-to-end vector W₁⋯W_L, of length d.
func (n *Network) Beta() []float64 {
	s := newScratchpad(n)
	s.products(n)
	return s.right[0]
}

// Features returns W₁⋯W_{L−1} (d×d), the frozen map of linear transfer; for
// depth 1 that is the identity.
func (n *Network) Features() *mat.Dense {
	d, _ := n.W[0].Dims()
	f := mat.NewDense(d, d, nil)
	for i := range d {
		f.Set(i, i, 1)
	}
	for _, w := range n.W[:len(n.W)-1] {
		var next mat.Dense
		next.Mul(f, w)
		f = &next
	}
	return f
}

// Conserved returns the matrices D_l = W_lᵀW_l − W_{l+1}W_{l+1}ᵀ,
// l = 1 … L−1, which gradient flow keeps constant (Lemma 3.3). Gradient descent
// lets them drift in proportion to its step.
func (n *Network) Conserved() []*mat.Dense {
	out := make([]*mat.Dense, len(n.W)-1)
	for l := range out {
		var in, next mat.Dense
		in.Mul(n.W[l].T(), n.W[l])
		next.Mul(n.W[l+1], n.W[l+1].T())
		in.Sub(&in, &next)
		out[l] = &in
	}
	return out
}

// scratchpad holds the vectors of one gradient: right[l] = W_l⋯W_L and
// left[l] = (W₁⋯W_{l−1})ᵀg, so that ∂/∂W_l = left[l]·right[l+1]ᵀ (l from 0).
type scratchpad struct {
	right, left [][]float64
}

func newScratchpad(n *Network) *scratchpad {
	d, _ := n.W[0].Dims()
	s := &scratchpad{right: make([][]float64, len(n.W)+1), left: make([][]float64, len(n.W))}
	for l := range n.W {
		s.right[l], s.left[l] = make([]float64, d), make([]float64, d)
	}
	s.right[len(n.W)] = []float64{1}
	return s
}

// products fills right; right[0] is the end-to-end vector. Products associate
// from the right, so no d×d product is formed.
func (s *scratchpad) products(n *Network) {
	for l := len(n.W) - 1; l >= 0; l-- {
		blas64.Gemv(blas.NoTrans, 1, n.W[l].RawMatrix(), vec(s.right[l+1]), 0, vec(s.right[l]))
	}
}

// step moves every weight by −step times its gradient; left[0] holds the
// gradient with respect to the end-to-end vector.
func (s *scratchpad) step(n *Network, step float64) {
	for l := 1; l < len(n.W); l++ {
		blas64.Gemv(blas.Trans, 1, n.W[l-1].RawMatrix(), vec(s.left[l-1]), 0, vec(s.left[l]))
	}
	for l, w := range n.W {
		blas64.Ger(-step, vec(s.left[l]), vec(s.right[l+1]), w.RawMatrix())
	}
}

func vec(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }
