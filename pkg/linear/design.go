package linear

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Design solves regressions on the first n rows of one matrix X for many n, and
// shares between them what they have in common: the Gram matrices of their points.
// What it returns at n is the same to the last bit whichever other n were asked for.
// Ask in rising order: it sums XᵀX up along the rows.
type Design struct {
	x              *mat.Dense
	d              int
	wide           *mat.SymDense // XXᵀ of the first filled rows
	tall           *mat.SymDense // XᵀX of the first summed rows
	filled, summed int
}

// NewDesign keeps X and does not change it.
func NewDesign(x *mat.Dense) *Design {
	_, d := x.Dims()
	return &Design{x: x, d: d}
}

// Rows returns the first n rows of X, which share its memory.
func (p *Design) Rows(n int) *mat.Dense { return p.x.Slice(0, n, 0, p.d).(*mat.Dense) }

// gram returns the smaller of XXᵀ and XᵀX of the first n rows.
func (p *Design) gram(n int) *mat.SymDense {
	if n < p.d {
		p.fill(n)
		out := mat.NewSymDense(n, nil)
		out.CopySym(p.wide.SliceSym(0, n))
		return out
	}
	whole := n - n%sumRows
	p.sum(whole)
	out := mat.NewSymDense(p.d, nil)
	out.CopySym(p.tall)
	p.addRows(out, whole, n)
	return out
}

// fill brings XXᵀ to n rows, each entry by a dot product of its own.
func (p *Design) fill(n int) {
	if p.wide == nil {
		rows, _ := p.x.Dims()
		p.wide = mat.NewSymDense(min(rows, p.d), nil)
	}
	x, out := p.x.RawMatrix(), p.wide.RawSymmetric()
	for ; p.filled < n; p.filled++ {
		i := p.filled
		above := blas64.General{Rows: i + 1, Cols: p.d, Stride: x.Stride, Data: x.Data}
		blas64.Gemv(blas.NoTrans, 1, above, blas64.Vector{N: p.d, Inc: 1, Data: x.Data[i*x.Stride:]},
			0, blas64.Vector{N: i + 1, Inc: out.Stride, Data: out.Data[i:]})
	}
}

// sumRows is how many rows XᵀX takes in at a time.
const sumRows = 64

// sum brings XᵀX to n rows, a multiple of sumRows.
func (p *Design) sum(n int) {
	if p.tall == nil || n < p.summed {
		p.tall, p.summed = mat.NewSymDense(p.d, nil), 0
	}
	for ; p.summed < n; p.summed += sumRows {
		p.addRows(p.tall, p.summed, p.summed+sumRows)
	}
}

// addRows adds the part of rows from … to−1 of X to out. gonum's rank-k update runs
// along columns here, which is slow; products of blocks on and above the diagonal
// are not.
func (p *Design) addRows(out *mat.SymDense, from, to int) {
	if from == to {
		return
	}
	const block = 128
	x, sum := p.x.RawMatrix(), out.RawSymmetric()
	cols := func(at int) blas64.General {
		return blas64.General{Rows: to - from, Cols: min(block, p.d-at), Stride: x.Stride, Data: x.Data[from*x.Stride+at:]}
	}
	for i := 0; i < p.d; i += block {
		for j := i; j < p.d; j += block {
			a, b := cols(i), cols(j)
			c := blas64.General{Rows: a.Cols, Cols: b.Cols, Stride: sum.Stride, Data: sum.Data[i*sum.Stride+j:]}
			blas64.Gemm(blas.Trans, blas.NoTrans, 1, a, b, 1, c)
		}
	}
}

// Interpolator factorises the first n rows.
func (p *Design) Interpolator(n int) *Interpolator {
	out := &Interpolator{x: p.Rows(n), n: n, d: p.d, gram: &mat.Cholesky{}}
	switch ok := out.gram.Factorize(p.gram(n)); {
	case ok && out.gram.Cond() <= worstGram:
		return out
	case n < p.d:
		out.lq.Factorize(out.x)
	default:
		out.qr.Factorize(out.x)
	}
	out.gram = nil
	return out
}
