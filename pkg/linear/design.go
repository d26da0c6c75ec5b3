package linear

import (
	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	lapackgo "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// Design solves regressions on the first n rows of one matrix X for many n, which share
// the computation of their Gram matrices. The result at n is the same to the last bit
// whichever other n were asked for. Rising n are cheapest, since XᵀX is summed up along
// the rows.
type Design struct {
	x              *mat.Dense
	rows, d        int
	wide           *mat.SymDense // XXᵀ of the first filled rows
	tall           *mat.SymDense // XᵀX of the first summed rows
	filled, summed int
	last           *mat.SymDense // of the rows asked for last
	lastRows       int
}

// NewDesign returns a Design of X, which it keeps and does not change.
func NewDesign(x *mat.Dense) *Design {
	rows, d := x.Dims()
	return &Design{x: x, rows: rows, d: d}
}

// Rows returns the first n rows of X, which share its memory.
func (p *Design) Rows(n int) *mat.Dense { return p.x.Slice(0, n, 0, p.d).(*mat.Dense) }

// gram returns the smaller of XXᵀ and XᵀX of the first n rows, for the caller to
// overwrite.
func (p *Design) gram(n int) *mat.SymDense {
	if p.lastRows != n {
		p.last, p.lastRows = p.newGram(n), n
	}
	out := mat.NewSymDense(p.last.SymmetricDim(), nil)
	out.CopySym(p.last)
	return out
}

// newGram continues the sums of earlier calls. Each runs in order, whatever its parts, so that
// they change no bit.
func (p *Design) newGram(n int) *mat.SymDense {
	x := p.x.RawMatrix()
	rows := func(from, to int) blas64.General {
		return blas64.General{Rows: to - from, Cols: p.d, Stride: x.Stride, Data: x.Data[from*x.Stride:]}
	}
	if n < p.d {
		if p.wide == nil {
			p.wide = mat.NewSymDense(min(p.rows, p.d), nil)
		}
		if old, sum := p.filled, p.wide.RawSymmetric(); n > old {
			corner := blas64.Symmetric{Uplo: sum.Uplo, N: n - old, Stride: sum.Stride, Data: sum.Data[old*sum.Stride+old:]}
			blas64.Syrk(blas.NoTrans, 1, rows(old, n), 0, corner)
			if old > 0 {
				above := blas64.General{Rows: old, Cols: n - old, Stride: sum.Stride, Data: sum.Data[old:]}
				blas64.Gemm(blas.NoTrans, blas.Trans, 1, rows(0, old), rows(old, n), 0, above)
			}
			p.filled = n
		}
		return p.wide.SliceSym(0, n).(*mat.SymDense)
	}
	if p.tall == nil || n < p.summed {
		p.tall, p.summed = mat.NewSymDense(p.d, nil), 0
	}
	if n > p.summed {
		blas64.Syrk(blas.Trans, 1, rows(p.summed, n), 1, p.tall.RawSymmetric())
	}
	p.summed = n
	return p.tall
}

// Interpolator returns the [Interpolator] of the first n rows.
func (p *Design) Interpolator(n int) *Interpolator {
	out := &Interpolator{x: p.Rows(n), n: n, d: p.d}
	gram := p.gram(n)
	norm := lapack64.Lansy(lapack.MaxColumnSum, gram.RawSymmetric(), make([]float64, gram.SymmetricDim()))
	c, ok := factorize(gram)
	switch {
	case ok && c.condition(norm) <= worstGram:
		out.gram = c
	case n < p.d:
		out.lq.Factorize(out.x)
	default:
		out.qr.Factorize(out.x)
	}
	return out
}

// cholesky is UᵀU of a Gram matrix. Unlike gonum's own it takes its condition number
// only where that is asked for, and solves for a few columns one by one, which is
// several times faster.
type cholesky struct{ u blas64.Triangular }

// factorize overwrites gram; ok is false if it is not positive definite.
func factorize(gram *mat.SymDense) (c *cholesky, ok bool) {
	u, ok := lapack64.Potrf(gram.RawSymmetric())
	return &cholesky{u}, ok
}

// condition estimates the condition number of UᵀU, whose 1-norm is norm (Higham 1988). Of a
// singular matrix it may be infinite or NaN.
func (c *cholesky) condition(norm float64) float64 {
	n := c.u.N
	v, x, signs := make([]float64, n), make([]float64, n), make([]int, n)
	var state [3]int
	// Unlike LAPACK's Dpocon without scaling against overflow, which costs more than the rest.
	inverse, next := (lapackgo.Implementation{}).Dlacn2(n, v, x, signs, 0, 0, &state)
	for next != 0 {
		blas64.Trsv(blas.Trans, c.u, vec(x))
		blas64.Trsv(blas.NoTrans, c.u, vec(x))
		inverse, next = lapackgo.Implementation{}.Dlacn2(n, v, x, signs, inverse, next, &state)
	}
	return inverse * norm
}

// regress returns Xᵀ(UᵀU)⁻¹y or (UᵀU)⁻¹Xᵀy, as X is wide or tall: d×k for y n×k.
func (c *cholesky) regress(x, y *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	_, k := y.Dims()
	out := mat.NewDense(d, k, nil)
	for j := range k {
		v := mat.Col(nil, j, y)
		if n >= d {
			v = mulVec(x.T(), v)
		}
		blas64.Trsv(blas.Trans, c.u, vec(v))
		blas64.Trsv(blas.NoTrans, c.u, vec(v))
		if n < d {
			v = mulVec(x.T(), v)
		}
		out.SetCol(j, v)
	}
	return out
}
