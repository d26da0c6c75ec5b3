package blas

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Triangular systems are solved: op(A)X = αB within rounding, for every side and triangle,
// with entries that no argument covers left alone, and with the same bits by every kernel.
func TestTriangularSystems(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 22))
	for i := range 400 {
		s, ul := []blas.Side{blas.Left, blas.Right}[i%2], []blas.Uplo{blas.Upper, blas.Lower}[i/2%2]
		tA, d := []blas.Transpose{blas.NoTrans, blas.Trans}[i/4%2], []blas.Diag{blas.NonUnit, blas.Unit}[i/8%2]
		m, n := 1+rng.IntN(90), 1+rng.IntN(90)
		size := m
		if s == blas.Right {
			size = n
		}
		lda, ldb := size+rng.IntN(3), n+rng.IntN(3)
		a, b := make([]float64, size*lda), make([]float64, m*ldb)
		for j := range a { // of a small condition number
			a[j] = rng.NormFloat64() / float64(2*size)
		}
		for j := range size {
			a[j*lda+j] = 1 + rng.Float64()
		}
		for j := range b {
			b[j] = rng.NormFloat64()
		}
		alpha := []float64{1, -0.5, 0}[rng.IntN(3)]
		want := append([]float64(nil), b...)
		gonum.Implementation{}.Dtrsm(s, ul, tA, d, m, n, alpha, a, lda, want, ldb)
		var first []float64
		for _, k := range kernels {
			with(k, func() {
				got := append([]float64(nil), b...)
				Implementation{}.Dtrsm(s, ul, tA, d, m, n, alpha, a, lda, got, ldb)
				if first == nil {
					first = got
				}
				if at := different(got, first); at >= 0 {
					t.Fatalf("%s: %c %c %c %c %d×%d: entry %d is %v, want %v", k.name, s, ul, tA, d, m, n, at, got[at], first[at])
				}
			})
		}
		for j, w := range want {
			if math.Abs(first[j]-w) > 1e-13 || j%ldb >= n && first[j] != b[j] {
				t.Fatalf("%c %c %c %c %d×%d, α = %v: entry %d is %v, by gonum %v", s, ul, tA, d, m, n, alpha, j, first[j], w)
			}
		}
	}
}

func TestRank2k(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 22))
	for i := range 200 {
		ul, tA := []blas.Uplo{blas.Upper, blas.Lower}[i%2], []blas.Transpose{blas.NoTrans, blas.Trans}[i/2%2]
		x, y := newCall(rng, ul, rng.IntN(60), 0, rng.IntN(60)), newCall(rng, ul, 0, 0, 0)
		for x.special {
			x = newCall(rng, ul, rng.IntN(60), 0, rng.IntN(60))
		}
		if x.tA = tA; tA == blas.NoTrans {
			x.lda = x.k + 2
		} else {
			x.lda = x.n + 2
		}
		x.a, y.a = make([]float64, (x.n+x.k+2)*(x.n+x.k+2)), make([]float64, (x.n+x.k+2)*(x.n+x.k+2))
		for j := range x.a {
			x.a[j], y.a[j] = rng.NormFloat64(), rng.NormFloat64()
		}
		by := func(i blas.Float64) []float64 {
			c := append([]float64(nil), x.c...)
			i.Dsyr2k(ul, tA, x.n, x.k, x.alpha, x.a, x.lda, y.a, x.lda, x.beta, c, x.ldc)
			return c
		}
		want := by(gonum.Implementation{})
		var first []float64
		for _, k := range kernels {
			with(k, func() {
				got := by(Implementation{})
				if first == nil {
					first = got
				}
				if at := different(got, first); at >= 0 {
					t.Fatalf("%s: %s: entry %d is %v, want %v", k.name, x, at, got[at], first[at])
				}
			})
		}
		for j, w := range want {
			if math.Abs(first[j]-w) > 1e-12 {
				t.Fatalf("%s: entry %d is %v, by gonum %v", x, j, first[j], w)
			}
		}
	}
}

func TestSymmetricTimesVector(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 22))
	for i := range 200 {
		ul := []blas.Uplo{blas.Upper, blas.Lower}[i%2]
		x := newCall(rng, ul, rng.IntN(40), 0, 1+rng.IntN(3))
		for x.special {
			x = newCall(rng, ul, rng.IntN(40), 0, 1+rng.IntN(3))
		}
		v := make([]float64, x.n*x.k)
		for j := range v {
			v[j] = rng.NormFloat64()
		}
		y := append([]float64(nil), v...)
		want := append([]float64(nil), v...)
		gonum.Implementation{}.Dsymv(ul, x.n, x.alpha, x.c, x.ldc, v, x.k, x.beta, want, 1)
		Implementation{}.Dsymv(ul, x.n, x.alpha, x.c, x.ldc, v, x.k, x.beta, y, 1)
		for j, w := range want {
			if math.Abs(y[j]-w) > 1e-12 {
				t.Fatalf("%s, step %d: entry %d is %v, by gonum %v", x, x.k, j, y[j], w)
			}
		}
	}
}
