// Package blas gives gonum products of matrices at several times the speed of its own, with
// the same bits on every machine. A program that imports it, if only for its effect, has
// them in gonum/mat and gonum/lapack.
//
// An element of C = αAB + βC is βc (0 for β = 0), to which a·(αb) is added for k = 0, 1, …
// in order, each by one fused multiply-add. The instructions at hand decide how many
// elements are summed side by side, and neither that nor blocks nor the number of cores
// changes the sum of any. The environment chooses fewer instructions:
// GODEBUG=cpu.avx512f=off, cpu.avx2=off.
package blas

import (
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"
)

//go:generate go run ./gen -pkg blas -out kernels_amd64.s -stubs kernels_amd64.go

func init() { blas64.Use(Implementation{}) }

// Implementation is gonum's with products of matrices of this package.
type Implementation struct{ gonum.Implementation }

// parallel is the number of multiplications from which a product uses all cores, some 20 µs.
const parallel = 1 << 20

// Dgemm computes C = αAB + βC, A or B or both transposed.
func (i Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	i.Implementation.Dgemm(tA, tB, m, n, k, 0, a, lda, b, ldb, 1, c, ldc) // checks, and does nothing else
	add := beta != 0
	if add || k == 0 || alpha == 0 {
		for r := range m {
			if n > 0 {
				scale(beta, c[r*ldc:r*ldc+n])
			}
		}
	}
	p := product{m: m, n: n, k: k, a: stored(a, lda, tA), b: stored(b, ldb, tB), alpha: alpha, c: c, ldc: ldc, add: add}
	p.run()
}

// Dsyrk computes a triangle of C = αAAᵀ + βC, or of αAᵀA + βC.
func (i Implementation) Dsyrk(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	i.Implementation.Dsyrk(ul, tA, n, k, 0, a, lda, beta, c, ldc) // checks and βC
	p := product{m: n, n: n, k: k, a: stored(a, lda, tA), alpha: alpha, c: c, ldc: ldc, add: beta != 0, triangle: ul}
	p.b = p.a.transposed()
	p.run()
}

// Dsyr2k computes a triangle of C = αABᵀ + αBAᵀ + βC, or of αAᵀB + αBᵀA + βC.
func (i Implementation) Dsyr2k(ul blas.Uplo, tA blas.Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	i.Implementation.Dsyr2k(ul, tA, n, k, 0, a, lda, b, ldb, beta, c, ldc) // checks and βC
	p := product{m: n, n: n, k: k, a: stored(a, lda, tA), b: stored(b, ldb, tA).transposed(), alpha: alpha, c: c, ldc: ldc, add: true, triangle: ul}
	p.run()
	p.a, p.b = p.b.transposed(), p.a.transposed()
	p.run()
}

// Dsymv computes y = αAx + βy, A symmetric: gonum's level 1 on x and y without strides, which
// LAPACK gives them.
func (i Implementation) Dsymv(ul blas.Uplo, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
	if n < smallTriangle || alpha == 0 || incX < 1 || incY < 1 {
		i.Implementation.Dsymv(ul, n, alpha, a, lda, x, incX, beta, y, incY)
		return
	}
	i.Implementation.Dsymv(ul, n, 0, a, lda, x, incX, beta, y, incY) // checks and βy
	buf := pool.Get().(*buffers)
	defer pool.Put(buf)
	buf.a = grown(buf.a, 2*n)
	v, sum := buf.a[:n], buf.a[n:]
	i.Dcopy(n, x, incX, v, 1)
	clear(sum)
	for r := range n {
		from, to := r+1, n
		if ul == blas.Lower {
			from, to = 0, r
		}
		row := a[r*lda+from : r*lda+to]
		sum[r] += a[r*lda+r]*v[r] + i.Ddot(to-from, row, 1, v[from:], 1)
		i.Daxpy(to-from, v[r], row, 1, sum[from:], 1)
	}
	i.Daxpy(n, alpha, sum, 1, y, incY)
}

// smallTriangle is the size of a triangle that Dtrsm leaves to gonum.
const smallTriangle = 16

// Dtrsm solves op(A)X = αB or X op(A) = αB for X, with A a triangle, by halves: what one half
// of X adds to the equations of the other is a product.
func (i Implementation) Dtrsm(s blas.Side, ul blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	size, other := m, n
	if s == blas.Right {
		size, other = n, m
	}
	short := lda < size || ldb < n || len(a) < (size-1)*lda+size || len(b) < (m-1)*ldb+n
	if size <= smallTriangle || other < smallTriangle/2 || alpha == 0 || short {
		i.Implementation.Dtrsm(s, ul, tA, d, m, n, alpha, a, lda, b, ldb)
		return
	}
	h := (size/2 + smallTriangle - 1) / smallTriangle * smallTriangle
	off := a[h:] // what is beside the two triangles
	if ul == blas.Lower {
		off = a[h*lda:]
	}
	// One half of X does not depend on the other.
	type half struct {
		from, to int
		a, b     []float64
	}
	first, last := half{0, h, a, b}, half{h, size, a[h*lda+h:], nil}
	if s == blas.Left {
		last.b = b[h*ldb:]
	} else {
		last.b = b[h:]
	}
	lower := (ul == blas.Lower) == (tA == blas.NoTrans)
	if lower != (s == blas.Left) {
		first, last = last, first
	}
	n1, n2 := first.to-first.from, last.to-last.from
	if s == blas.Left {
		i.Dtrsm(s, ul, tA, d, n1, n, alpha, first.a, lda, first.b, ldb)
		i.Dgemm(tA, blas.NoTrans, n2, n, n1, -1, off, lda, first.b, ldb, alpha, last.b, ldb)
		i.Dtrsm(s, ul, tA, d, n2, n, 1, last.a, lda, last.b, ldb)
	} else {
		i.Dtrsm(s, ul, tA, d, m, n1, alpha, first.a, lda, first.b, ldb)
		i.Dgemm(blas.NoTrans, tA, m, n2, n1, -1, first.b, ldb, off, lda, alpha, last.b, ldb)
		i.Dtrsm(s, ul, tA, d, m, n2, 1, last.a, lda, last.b, ldb)
	}
}

func scale(beta float64, x []float64) {
	switch beta {
	case 0:
		clear(x)
	case 1:
	default:
		for i := range x {
			x[i] *= beta
		}
	}
}

// view is a matrix whose element (i, j) is data[i·row + j·col].
type view struct {
	data     []float64
	row, col int
}

func stored(data []float64, stride int, t blas.Transpose) view {
	if t == blas.NoTrans {
		return view{data, stride, 1}
	}
	return view{data, 1, stride}
}

func (v view) transposed() view { return view{v.data, v.col, v.row} }

// product is C + αAB of an m×k and a k×n matrix, or one triangle of it.
type product struct {
	m, n, k  int
	a, b     view
	alpha    float64
	c        []float64
	ldc      int
	add      bool // else C is taken to be 0
	triangle blas.Uplo
}

func (p product) run() {
	if p.m == 0 || p.n == 0 || p.k == 0 || p.alpha == 0 {
		return
	}
	work := p.m * p.n * p.k
	if p.triangle != 0 {
		work /= 2
	}
	cores := min(runtime.GOMAXPROCS(0), 1+work/parallel)
	if cores == 1 {
		p.block(active, 0, p.m, 0, p.n)
		return
	}
	// Each core takes a part of the longer side, in whole tiles.
	kernel := active
	size, unit := p.m, kernel.rows
	if p.n > p.m {
		size, unit = p.n, kernel.columns
	}
	cut := func(i int) int {
		if i == cores {
			return size
		}
		part := float64(i) / float64(cores)
		switch p.triangle { // rows of the same area
		case blas.Lower:
			part = math.Sqrt(part)
		case blas.Upper:
			part = 1 - math.Sqrt(1-part)
		}
		return min(size, int(part*float64(size))/unit*unit)
	}
	var wait sync.WaitGroup
	for i := range cores {
		from, to := cut(i), cut(i+1)
		wait.Go(func() {
			if p.n > p.m {
				p.block(kernel, 0, p.m, from, to)
			} else {
				p.block(kernel, from, to, 0, p.n)
			}
		})
	}
	wait.Wait()
}
