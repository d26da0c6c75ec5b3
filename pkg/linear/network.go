// Package linear holds deep linear networks and the three procedures of the
// paper on them: training from scratch, linear transfer, and fine-tuning.
//
// Each procedure can be computed in two ways. The solvers ([Interpolator],
// [Transfer], [FineTune]) give the end point of gradient flow from a vanishing
// start directly; [Network.Train] runs gradient descent on every weight.
//
//	pair, err := task.NewPair(100, math.Pi/6, 0.2, task.Stream(1))
//	data, err := pair.Draw(50, task.Stream(2))
//	beta, err := linear.NewInterpolator(data.X).MinNorm(data.Y) // training from scratch
//	risk := pair.Risk(beta)
package linear

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Network is the deep linear network f(x) = xᵀW₁W₂⋯W_L. W holds its L matrices:
// the last is d×k for k outputs, the others are d×d.
type Network struct {
	W []*mat.Dense
}

// NewNetwork returns a network with one output at a random start of size alpha:
// entries alpha·N(0, 1/d), in the last layer alpha·N(0, 1). A small alpha is the
// rich regime, in which features are learned.
func NewNetwork(d, depth int, alpha float64, rng *rand.Rand) (*Network, error) {
	return NewMultiNetwork(d, 1, depth, alpha, rng)
}

// NewMultiNetwork is [NewNetwork] with several outputs, one for each task.
func NewMultiNetwork(d, outputs, depth int, alpha float64, rng *rand.Rand) (*Network, error) {
	switch {
	case d < 1:
		return nil, fmt.Errorf("linear: d = %d: the dimension must be at least 1", d)
	case outputs < 1:
		return nil, fmt.Errorf("linear: outputs = %d: a network has at least 1 output", outputs)
	case depth < 1:
		return nil, fmt.Errorf("linear: depth = %d: a network has at least 1 layer", depth)
	case !(alpha > 0) || math.IsInf(alpha, 0):
		return nil, fmt.Errorf("linear: alpha = %v: the size of the start must be a finite number above 0", alpha)
	}
	w := make([]*mat.Dense, depth)
	for l := range w {
		cols, size := d, alpha/math.Sqrt(float64(d))
		if l == depth-1 {
			cols, size = outputs, alpha
		}
		w[l] = mat.NewDense(d, cols, nil)
		raw := w[l].RawMatrix().Data
		for i := range raw {
			raw[i] = size * rng.NormFloat64()
		}
	}
	return &Network{W: w}, nil
}

// NewBalanced returns a network in which pretraining on beta ends as the size of its
// random start vanishes (Theorem 3.4): W₁⋯W_L = beta, every layer has rank one and
// norm ‖beta‖^(1/L), the hidden directions are random, and all D_l are 0.
func NewBalanced(beta []float64, depth int, rng *rand.Rand) (*Network, error) {
	d, norm := len(beta), floats.Norm(beta, 2)
	switch {
	case depth < 1:
		return nil, fmt.Errorf("linear: depth = %d: a network has at least 1 layer", depth)
	case !(norm > 0) || math.IsInf(norm, 0):
		return nil, fmt.Errorf("linear: ‖beta‖ = %v: a pretrained vector has a finite norm above 0", norm)
	}
	size := math.Pow(norm, 1/float64(depth))
	in := mat.NewVecDense(d, nil)
	in.ScaleVec(1/norm, mat.NewVecDense(d, beta))
	w := make([]*mat.Dense, depth)
	for l := range w {
		out := mat.NewVecDense(1, []float64{1})
		if l < depth-1 {
			out = mat.NewVecDense(d, nil)
			for i := range d {
				out.SetVec(i, rng.NormFloat64())
			}
			out.ScaleVec(1/mat.Norm(out, 2), out)
		}
		w[l] = &mat.Dense{}
		w[l].Outer(size, in, out)
		in = out
	}
	return &Network{W: w}, nil
}

// Depth returns the number of layers L.
func (n *Network) Depth() int { return len(n.W) }

// Beta returns the end-to-end map W₁⋯W_L: a vector of length d, or for k outputs
// the k vectors one after the other.
func (n *Network) Beta() []float64 {
	s := newScratchpad(n)
	s.products(n)
	return s.right[0]
}

// shape returns d and the number of outputs.
func (n *Network) shape() (d, outputs int) {
	d, _ = n.W[0].Dims()
	_, outputs = n.W[len(n.W)-1].Dims()
	return d, outputs
}

// Features returns W₁⋯W_{L−1} (d×d), the map that linear transfer freezes; it is the
// identity for depth 1.
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

// scratchpad holds the products of one gradient, one vector after the other for
// several outputs: right[l] = W_l⋯W_L and left[l] = (W₁⋯W_{l−1})ᵀG, so that
// ∂/∂W_l = left[l]·right[l+1]ᵀ (l from 0), summed over outputs.
type scratchpad struct {
	outputs     int
	right, left [][]float64
}

func newScratchpad(n *Network) *scratchpad {
	_, k := n.shape()
	s := &scratchpad{outputs: k, right: make([][]float64, len(n.W)+1), left: make([][]float64, len(n.W))}
	for l, w := range n.W {
		rows, _ := w.Dims()
		s.right[l], s.left[l] = make([]float64, rows*k), make([]float64, rows*k)
	}
	last := make([]float64, k*k) // the identity
	for i := range k {
		last[i*k+i] = 1
	}
	s.right[len(n.W)] = last
	return s
}

// of returns the vector of output j.
func (s *scratchpad) of(j int, x []float64) blas64.Vector {
	size := len(x) / s.outputs
	return vec(x[j*size : (j+1)*size])
}

// products fills right; right[0] is the end-to-end map. Products associate from
// the right, so no d×d product is formed.
func (s *scratchpad) products(n *Network) {
	for l := len(n.W) - 1; l >= 0; l-- {
		s.mul(blas.NoTrans, n.W[l], s.right[l+1], s.right[l])
	}
}

// step moves every weight by −step times its gradient, and by the weight decay;
// left[0] holds the gradient with respect to the end-to-end map.
func (s *scratchpad) step(n *Network, step, decay float64) {
	s.back(n)
	for l, w := range n.W {
		if decay > 0 {
			floats.Scale(1-step*decay, w.RawMatrix().Data)
		}
		s.outer(-step, l, w)
	}
}

// back fills left from left[0].
func (s *scratchpad) back(n *Network) {
	for l := 1; l < len(n.W); l++ {
		s.mul(blas.Trans, n.W[l-1], s.left[l-1], s.left[l])
	}
}

// mul writes W·x or Wᵀ·x to dst.
func (s *scratchpad) mul(t blas.Transpose, w *mat.Dense, x, dst []float64) {
	for j := range s.outputs {
		blas64.Gemv(t, 1, w.RawMatrix(), s.of(j, x), 0, s.of(j, dst))
	}
}

// outer adds a·∂/∂W_l to w.
func (s *scratchpad) outer(a float64, l int, w *mat.Dense) {
	for j := range s.outputs {
		blas64.Ger(a, s.of(j, s.left[l]), s.of(j, s.right[l+1]), w.RawMatrix())
	}
}

func vec(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }
