package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	lapack "gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// Ridge returns the β (length d) that minimises ‖Xβ − y‖²/n + lambda·‖β‖², for
// lambda > 0.
func Ridge(data task.Data, lambda float64) ([]float64, error) {
	if n, _ := data.X.Dims(); len(data.Y) != n {
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(data.Y), n)
	}
	out, err := NewDesign(data.X).Ridge(mat.NewDense(len(data.Y), 1, data.Y), lambda)
	if err != nil {
		return nil, err
	}
	return out.RawMatrix().Data, nil
}

// Ridge is [Ridge] on the first n rows for each column of the n×k matrix y. It returns
// a d×k matrix.
func (p *Design) Ridge(y *mat.Dense, lambda float64) (*mat.Dense, error) {
	if !(lambda > 0) || math.IsInf(lambda, 0) {
		return nil, fmt.Errorf("linear: lambda = %v: the ridge must be a finite number above 0", lambda)
	}
	n, _ := y.Dims()
	if n > p.rows {
		return nil, fmt.Errorf("linear: y has %d rows, X has %d", n, p.rows)
	}
	gram := p.gram(n)
	for i := range gram.SymmetricDim() {
		gram.SetSym(i, i, gram.At(i, i)+float64(n)*lambda)
	}
	c, ok := factorize(gram)
	if !ok {
		return nil, fmt.Errorf("linear: lambda = %.4g: the ridge is too small for this data set", lambda)
	}
	return c.regress(p.Rows(n), y), nil
}

// Path solves ridge regression on one X for many ridges. It holds the smaller Gram matrix
// as QTQᵀ with T tridiagonal, so that every further ridge costs O(min(n, d)).
type Path struct {
	x         *mat.Dense
	n, d      int
	q         blas64.General // Householder vectors of Q
	tau       []float64
	diag, off []float64 // of T
}

// Path returns the [Path] of the first n rows.
func (p *Design) Path(n int) *Path {
	gram := p.gram(n).RawSymmetric()
	m := gram.N
	// Dsytrd wants the lower triangle for a Q that QR's routines can apply.
	q := blas64.General{Rows: m, Cols: m, Stride: m, Data: make([]float64, m*m)}
	for i := range m {
		for j := i; j < m; j++ {
			q.Data[j*m+i] = gram.Data[i*gram.Stride+j]
		}
	}
	out := &Path{x: p.Rows(n), n: n, d: p.d, q: q, tau: make([]float64, m-1), diag: make([]float64, m), off: make([]float64, m-1)}
	work := make([]float64, 64*m)
	lapack.Implementation{}.Dsytrd(blas.Lower, m, q.Data, m, out.diag, out.off, out.tau, work, len(work))
	return out
}

// rotate replaces v by Qv, or by Qᵀv.
func (p *Path) rotate(trans blas.Transpose, v []float64) {
	m := len(p.diag)
	if m < 2 {
		return
	}
	q := blas64.General{Rows: m - 1, Cols: m - 1, Stride: p.q.Stride, Data: p.q.Data[p.q.Stride:]}
	c := blas64.General{Rows: m - 1, Cols: 1, Stride: 1, Data: v[1:]}
	work := make([]float64, m)
	lapack64.Ormqr(blas.Left, trans, q, p.tau, c, work, len(work))
}

// solve returns (T + shift)⁻¹z.
func (p *Path) solve(shift float64, z []float64) ([]float64, bool) {
	m := len(p.diag)
	diag, off, out := append([]float64(nil), p.diag...), append([]float64(nil), p.off...), append([]float64(nil), z...)
	floats.AddConst(shift, diag)
	return out, lapack.Implementation{}.Dptsv(m, 1, diag, off, out, 1)
}

// inner is vᵀMw for the β = Xᵀ(Qv) (n < d, M = T) or β = Qv (M = 1) of v and w.
func (p *Path) inner(v, w []float64) float64 {
	if p.n >= p.d {
		return floats.Dot(v, w)
	}
	sum := 0.0
	for i, t := range p.diag {
		sum += t * v[i] * w[i]
	}
	for i, t := range p.off {
		sum += t * (v[i]*w[i+1] + v[i+1]*w[i])
	}
	return sum
}

// WeightDecay returns the β at which a two-layer network with weight decay mu ends from
// a small start. At the best factorisation of β the objective
// ‖Xβ − y‖²/2n + mu/2·Σ(weights)² is ‖Xβ − y‖²/2n + mu·‖β‖ (the norm, not its
// square), so β is the ridge solution with lambda·‖β‖ = mu. For mu ≥ ‖Xᵀy‖/n, β = 0
// and lambda is +Inf. It needs mu > 0.
func WeightDecay(data task.Data, mu float64) (beta []float64, lambda float64, err error) {
	n, _ := data.X.Dims()
	return NewDesign(data.X).Path(n).WeightDecay(data.Y, mu)
}

// WeightDecay is [WeightDecay] for the labels y (length n).
func (p *Path) WeightDecay(y []float64, mu float64) (beta []float64, lambda float64, err error) {
	switch {
	case !(mu > 0) || math.IsInf(mu, 0):
		return nil, 0, fmt.Errorf("linear: mu = %v: the weight decay must be a finite number above 0", mu)
	case len(y) != p.n:
		return nil, 0, fmt.Errorf("linear: y has %d entries, X has %d rows", len(y), p.n)
	}
	z := append([]float64(nil), y...)
	if p.n >= p.d {
		z = mulVec(p.x.T(), y)
	}
	p.rotate(blas.Trans, z)
	n := float64(p.n)
	if mu >= math.Sqrt(p.inner(z, z))/n {
		return make([]float64, p.d), math.Inf(1), nil
	}
	// λ‖β_λ‖ rises in λ. Newton's method, kept within a bracket.
	lo, hi := 0.0, math.Inf(1)
	lambda = mu
	for range 200 {
		a, ok := p.solve(n*lambda, z)
		slope, ok2 := p.solve(n*lambda, a) // −1/n times the derivative of a in λ
		if !ok || !ok2 {
			return nil, 0, fmt.Errorf("linear: lambda = %.4g: the ridge is too small for this data set", lambda)
		}
		norm := math.Sqrt(p.inner(a, a))
		f := lambda*norm - mu
		if math.Abs(f) <= 1e-12*mu {
			p.rotate(blas.NoTrans, a)
			if p.n < p.d {
				a = mulVec(p.x.T(), a)
			}
			return a, lambda, nil
		}
		if f < 0 {
			lo = lambda
		} else {
			hi = lambda
		}
		lambda -= f / (norm - n*lambda*p.inner(a, slope)/norm)
		if !(lambda > lo && lambda < hi) {
			lambda = (lo + hi) / 2
			if math.IsInf(hi, 1) {
				lambda = 2 * lo
			}
		}
	}
	return nil, 0, errors.New("linear: the ridge of the weight decay did not converge")
}

func mulVec(a mat.Matrix, v []float64) []float64 {
	var out mat.VecDense
	out.MulVec(a, mat.NewVecDense(len(v), v))
	return out.RawVector().Data
}
