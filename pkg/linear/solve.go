package linear

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Interpolator solves least squares on one n×d matrix X of full rank: one
// factorisation serves the minimum-norm solution and the projections on the row
// space. It is the Cholesky factorisation of the smaller Gram matrix, XXᵀ or XᵀX,
// where that loses at most half of the digits; this is several times cheaper than LQ
// or QR of X, which it uses near n = d, where the condition number is large.
type Interpolator struct {
	x    *mat.Dense
	n, d int
	gram *cholesky // nil where lq or qr is used
	lq   mat.LQ
	qr   mat.QR
}

// worstGram is the condition number of the Gram matrix up to which Cholesky is
// used.
const worstGram = 1e8

// NewInterpolator returns an Interpolator of X, which it keeps and does not change.
func NewInterpolator(x *mat.Dense) *Interpolator {
	n, _ := x.Dims()
	return NewDesign(x).Interpolator(n)
}

// MinNorm returns X⁺y (length d): for n < d the interpolator of least norm,
// for n ≥ d the least-squares solution. Gradient descent from a small start ends
// there (Theorem 3.5). It is an error if X is singular to rounding.
func (p *Interpolator) MinNorm(y []float64) ([]float64, error) {
	if len(y) != p.n {
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(y), p.n)
	}
	out, err := p.MinNorms(mat.NewDense(p.n, 1, y))
	if err != nil {
		return nil, err
	}
	return out.RawMatrix().Data, nil
}

// MinNorms is MinNorm for each column of the n×k matrix y: the d×k matrix X⁺y.
func (p *Interpolator) MinNorms(y *mat.Dense) (*mat.Dense, error) {
	if n, _ := y.Dims(); n != p.n {
		return nil, fmt.Errorf("linear: y has %d rows, X has %d", n, p.n)
	}
	var out mat.Dense
	var err error
	switch {
	case p.gram != nil:
		return p.gram.regress(p.x, y), nil
	case p.n >= p.d:
		err = p.qr.SolveTo(&out, false, y)
	default:
		err = p.lq.SolveTo(&out, false, y)
	}
	if err != nil {
		return nil, fmt.Errorf("linear: X (%d×%d) is singular: %w", p.n, p.d, err)
	}
	return &out, nil
}

// NullSpace returns Uv = v − X⁺Xv, the part of v (length d) in the null space of the
// data. It is zero for n ≥ d.
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
