package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Interpolator solves least squares on one n×d matrix X of full rank: one
// factorisation serves the minimum-norm solution and the projections on the row
// space. It is Cholesky of the smaller Gram matrix, XXᵀ or XᵀX, several times
// cheaper than LQ or QR of X, where that loses at most half of the digits; near
// n = d, where it would square a large condition number, it is LQ or QR.
type Interpolator struct {
	x    *mat.Dense
	n, d int
	gram *mat.Cholesky // nil where lq or qr is used
	lq   mat.LQ
	qr   mat.QR
}

// worstGram is the condition number of the Gram matrix up to which Cholesky is
// used.
const worstGram = 1e8

// NewInterpolator factorises X, which it keeps and does not change.
func NewInterpolator(x *mat.Dense) *Interpolator {
	p := &Interpolator{x: x}
	p.n, p.d = x.Dims()
	p.gram = &mat.Cholesky{}
	switch ok := p.gram.Factorize(gram(x)); {
	case ok && p.gram.Cond() <= worstGram:
		return p
	case p.n < p.d:
		p.lq.Factorize(x)
	default:
		p.qr.Factorize(x)
	}
	p.gram = nil
	return p
}

// gram returns the smaller of XXᵀ and XᵀX.
func gram(x *mat.Dense) *mat.SymDense {
	n, d := x.Dims()
	if n < d {
		var out mat.SymDense
		out.SymOuterK(1, x)
		return &out
	}
	// gonum's rank-k update runs along columns here, which is slow; products of
	// blocks on and above the diagonal are not.
	const block = 128
	out := mat.NewSymDense(d, nil)
	raw, data := out.RawSymmetric(), x.RawMatrix()
	for i := 0; i < d; i += block {
		for j := i; j < d; j += block {
			rows, cols := min(block, d-i), min(block, d-j)
			a := blas64.General{Rows: n, Cols: rows, Stride: data.Stride, Data: data.Data[i:]}
			b := blas64.General{Rows: n, Cols: cols, Stride: data.Stride, Data: data.Data[j:]}
			c := blas64.General{Rows: rows, Cols: cols, Stride: raw.Stride, Data: raw.Data[i*raw.Stride+j:]}
			blas64.Gemm(blas.Trans, blas.NoTrans, 1, a, b, 0, c)
		}
	}
	return out
}

// MinNorm returns X⁺y (length d): for n < d the interpolator of least norm,
// for n ≥ d the least-squares solution (Theorem 3.5: where gradient descent
// from a small start ends). It is an error if X is singular to rounding.
func (p *Interpolator) MinNorm(y []float64) ([]float64, error) {
	if len(y) != p.n {
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(y), p.n)
	}
	var out mat.VecDense
	var err error
	switch {
	case p.gram != nil && p.n < p.d:
		var dual mat.VecDense
		err = p.gram.SolveVecTo(&dual, mat.NewVecDense(p.n, y))
		out.MulVec(p.x.T(), &dual)
	case p.gram != nil:
		var xty mat.VecDense
		xty.MulVec(p.x.T(), mat.NewVecDense(p.n, y))
		err = p.gram.SolveVecTo(&out, &xty)
	case p.n >= p.d:
		err = p.qr.SolveVecTo(&out, false, mat.NewVecDense(p.n, y))
	default:
		err = p.lq.SolveVecTo(&out, false, mat.NewVecDense(p.n, y))
	}
	if err != nil {
		return nil, fmt.Errorf("linear: X (%d×%d) is singular: %w", p.n, p.d, err)
	}
	return out.RawVector().Data, nil
}

// NullSpace returns Uv = v − X⁺Xv, the part of v (length d) that the data do
// not see; zero for n ≥ d.
func (p *Interpolator) NullSpace(v []float64) ([]float64, error) {
	out := make([]float64, p.d)
	if p.n >= p.d {
		return out, nil
	}
	var xv mat.VecDense
	xv.MulVec(p.x, mat.NewVecDense(p.d, v))
	row, err := p.MinNorm(xv.RawVector().Data)
	if err != nil {
		return nil, err
	}
	return floats.SubTo(out, v, row), nil
}

// Transfer fits the last layer on frozen features: with the d×k matrix F it
// minimises ‖XFw − y‖²/n + lambda·‖w‖² and returns β = Fw. Directions of F with
// a singular value below cutoff times the largest are left out: a network from
// a finite start α keeps d−1 directions of size O(α) besides the one it
// learned, and an exact fit would use them and behave like scratch.
func Transfer(data task.Data, features *mat.Dense, lambda, cutoff float64) ([]float64, error) {
	n, d := data.X.Dims()
	rows, k := features.Dims()
	switch {
	case rows != d:
		return nil, fmt.Errorf("linear: the features have %d rows, X has %d columns", rows, d)
	case !(lambda >= 0):
		return nil, fmt.Errorf("linear: lambda = %v: the ridge must be 0 or above", lambda)
	case !(cutoff >= 0 && cutoff < 1):
		return nil, fmt.Errorf("linear: cutoff = %v: the relative threshold on singular values lies in [0, 1)", cutoff)
	}
	var svd mat.SVD
	if !svd.Factorize(features, mat.SVDThin) {
		return nil, errors.New("linear: the singular values of the features did not converge")
	}
	values := svd.Values(nil)
	keep := 0
	for keep < len(values) && values[keep] > 0 && values[keep] >= cutoff*values[0] {
		keep++
	}
	if keep == 0 {
		return nil, fmt.Errorf("linear: all %d features are zero", k)
	}
	// In F = ASBᵀ the fit is over z = SBᵀw with the ridge λ‖S⁻¹z‖².
	var a mat.Dense
	svd.UTo(&a)
	basis := a.Slice(0, d, 0, keep)
	design := mat.NewDense(n+keep, keep, nil)
	design.Slice(0, n, 0, keep).(*mat.Dense).Mul(data.X, basis)
	y := make([]float64, n+keep)
	copy(y, data.Y)
	used := n
	if lambda > 0 {
		used = n + keep
		for i := range keep {
			design.Set(n+i, i, math.Sqrt(float64(n)*lambda)/values[i])
		}
	}
	z, err := NewInterpolator(design.Slice(0, used, 0, keep).(*mat.Dense)).MinNorm(y[:used])
	if err != nil {
		return nil, err
	}
	var beta mat.VecDense
	beta.MulVec(basis, mat.NewVecDense(keep, z))
	return beta.RawVector().Data, nil
}

// FineTuned is where gradient flow on all weights ends when it starts from a
// pretrained vector: Beta = β_sc + Scale·Uβ̂s.
type FineTuned struct {
	Beta  []float64
	Scale float64
}

// FineTune returns the end point of fine-tuning from the pretrained vector.
// scale computes c from a = ‖Uβ̂s‖², b = ‖β_sc‖² and r = ‖β̂s‖; theory.Scale at a
// depth is the exact one, and a constant 1 the printed one.
func FineTune(p *Interpolator, scratch, pretrained []float64, scale func(a, b, r float64) (float64, error)) (FineTuned, error) {
	null, err := p.NullSpace(pretrained)
	if err != nil {
		return FineTuned{}, err
	}
	c, err := scale(floats.Dot(null, null), floats.Dot(scratch, scratch), floats.Norm(pretrained, 2))
	if err != nil {
		return FineTuned{}, err
	}
	beta := make([]float64, p.d)
	floats.AddScaledTo(beta, scratch, c, null)
	return FineTuned{Beta: beta, Scale: c}, nil
}
