package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// call is one call of Dgemm, or of Dsyrk where triangle is given.
type call struct {
	triangle      blas.Uplo
	tA, tB        blas.Transpose
	m, n, k       int
	alpha, beta   float64
	a, b, c       []float64
	lda, ldb, ldc int
	special       bool // some entries are NaN, ±Inf, ±0 or subnormal
}

func newCall(rng *rand.Rand, triangle blas.Uplo, m, n, k int) call {
	x := call{triangle: triangle, m: m, n: n, k: k, special: rng.IntN(4) == 0}
	some := []float64{0, 1, 1, -1, 0.3, -2.5}
	x.alpha, x.beta = some[rng.IntN(len(some))], some[rng.IntN(len(some))]
	x.tA = []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}[rng.IntN(3)]
	x.tB = []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}[rng.IntN(3)]
	if triangle != 0 {
		x.n = m
	}
	matrix := func(rows, cols int, t blas.Transpose) ([]float64, int) {
		if t != blas.NoTrans {
			rows, cols = cols, rows
		}
		stride := max(1, cols+rng.IntN(4))
		out := make([]float64, rows*stride)
		for i := range out {
			out[i] = rng.NormFloat64()
			if x.special && rng.IntN(50) == 0 {
				out[i] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 5e-324}[rng.IntN(6)]
			}
		}
		return out, stride
	}
	x.a, x.lda = matrix(x.m, k, x.tA)
	x.b, x.ldb = matrix(k, x.n, x.tB)
	x.c, x.ldc = matrix(x.m, x.n, blas.NoTrans)
	return x
}

func (x call) String() string {
	return fmt.Sprintf("triangle %q, %c %c, %d×%d×%d, α = %v, β = %v", x.triangle, x.tA, x.tB, x.m, x.n, x.k, x.alpha, x.beta)
}

func (x call) by(i blas.Float64) []float64 {
	c := append([]float64(nil), x.c...)
	if x.triangle != 0 {
		i.Dsyrk(x.triangle, x.tA, x.n, x.k, x.alpha, x.a, x.lda, x.beta, c, x.ldc)
	} else {
		i.Dgemm(x.tA, x.tB, x.m, x.n, x.k, x.alpha, x.a, x.lda, x.b, x.ldb, x.beta, c, x.ldc)
	}
	return c
}

// byDefinition is the sum that the package promises, and for each element the sum of the sizes
// of what it adds.
func (x call) byDefinition() (c, size []float64) {
	at := func(data []float64, stride int, t blas.Transpose, i, j int) float64 {
		if t != blas.NoTrans {
			i, j = j, i
		}
		return data[i*stride+j]
	}
	c, size = append([]float64(nil), x.c...), make([]float64, len(x.c))
	for i := range x.m {
		for j := range x.n {
			if x.triangle == blas.Upper && j < i || x.triangle == blas.Lower && j > i {
				continue
			}
			sum := 0.0
			if x.beta != 0 {
				sum = x.beta * c[i*x.ldc+j]
			}
			total := math.Abs(sum)
			for l := range x.k {
				if x.alpha == 0 {
					break
				}
				a := at(x.a, x.lda, x.tA, i, l)
				var b float64
				if x.triangle != 0 {
					b = at(x.a, x.lda, x.tA, j, l)
				} else {
					b = at(x.b, x.ldb, x.tB, l, j)
				}
				b *= x.alpha
				sum = math.FMA(a, b, sum)
				total += math.Abs(a * b)
			}
			c[i*x.ldc+j], size[i*x.ldc+j] = sum, total
		}
	}
	return c, size
}

func with(k *kernel, do func()) {
	before := active
	active = k
	defer func() { active = before }()
	do()
}

// different returns the first index where the bits of two slices differ, or −1. The payload of
// a NaN has no meaning.
func different(a, b []float64) int {
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return i
		}
	}
	return -1
}

// check compares every kernel of this machine with the definition in bits, and with gonum
// within the error of its sums.
func check(t *testing.T, x call) {
	t.Helper()
	want, size := x.byDefinition()
	for _, k := range kernels {
		with(k, func() {
			if got := x.by(Implementation{}); different(got, want) >= 0 {
				i := different(got, want)
				t.Fatalf("%s: %s: entry %d is %v, want %v", k.name, x, i, got[i], want[i])
			}
		})
	}
	if x.special {
		return // gonum leaves out products with 0
	}
	for i, g := range x.by(gonum.Implementation{}) {
		if bound := float64(2*x.k+4) * 0x1p-53 * size[i]; math.Abs(g-want[i]) > bound {
			t.Fatalf("%s: entry %d is %v, and %v by gonum", x, i, want[i], g)
		}
	}
}

// Every kernel gives the sum of the definition, bit for bit, at sizes around those of tiles
// and blocks, at 0 and at 1.
func TestBits(t *testing.T) {
	for _, k := range kernels {
		t.Log(k.name)
	}
	rng := rand.New(rand.NewPCG(1, 22))
	triangles := []blas.Uplo{0, blas.Lower, blas.Upper}
	trials := 3000
	if testing.Short() {
		trials = 500
	}
	for i := range trials {
		size := func() int {
			switch rng.IntN(20) {
			case 0:
				return rng.IntN(2)
			case 1:
				return 90 + rng.IntN(30)
			}
			return rng.IntN(50)
		}
		check(t, newCall(rng, triangles[i%3], size(), size(), size()))
	}
	for _, s := range [][3]int{{97, 50, 600}, {1, 1030, 300}, {200, 1100, 17}, {300, 3, 513}, {2, 2, 2000}, {300, 310, 290}, {1010, 5, 5}} {
		for _, triangle := range triangles {
			if triangle != 0 && s[0] > 500 {
				continue
			}
			check(t, newCall(rng, triangle, s[0], s[1], s[2]))
		}
	}
}

// The number of cores does not change a bit.
func TestWidths(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 22))
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, triangle := range []blas.Uplo{0, blas.Lower, blas.Upper} {
		for _, s := range [][2]int{{310, 260}, {40, 3000}} {
			x := newCall(rng, triangle, s[0], s[1], 300)
			var want []float64
			for _, cores := range []int{1, 2, 3, 8} {
				runtime.GOMAXPROCS(cores)
				got := x.by(Implementation{})
				if want == nil {
					want = got
				}
				if i := different(got, want); i >= 0 {
					t.Errorf("%s: on %d cores entry %d is %v, on 1 it is %v", x, cores, i, got[i], want[i])
				}
			}
		}
	}
}

// What gonum refuses is refused with its words.
func TestBadArguments(t *testing.T) {
	said := func(i blas.Float64, do func(blas.Float64)) (out any) {
		defer func() { out = recover() }()
		do(i)
		return nil
	}
	s := make([]float64, 6)
	for name, do := range map[string]func(blas.Float64){
		"short A": func(i blas.Float64) {
			i.Dgemm(blas.NoTrans, blas.NoTrans, 2, 2, 4, 1, s, 4, make([]float64, 8), 2, 0, s, 2)
		},
		"stride":  func(i blas.Float64) { i.Dgemm(blas.NoTrans, blas.NoTrans, 2, 3, 2, 1, s, 2, s, 2, 0, s, 3) },
		"m < 0":   func(i blas.Float64) { i.Dgemm(blas.NoTrans, blas.NoTrans, -1, 3, 2, 1, s, 2, s, 3, 0, s, 3) },
		"uplo":    func(i blas.Float64) { i.Dsyrk('x', blas.NoTrans, 2, 2, 1, s, 2, 0, s, 2) },
		"short C": func(i blas.Float64) { i.Dsyrk(blas.Upper, blas.NoTrans, 3, 2, 1, s, 2, 0, s, 3) },
	} {
		want, got := said(gonum.Implementation{}, do), said(Implementation{}, do)
		if want == nil || got != want {
			t.Errorf("%s: %v, by gonum %v", name, got, want)
		}
	}
}

func FuzzBits(f *testing.F) {
	f.Add(uint64(1), uint8(4), uint8(24), uint8(30), uint8(0))
	f.Add(uint64(2), uint8(9), uint8(25), uint8(255), uint8(1))
	f.Add(uint64(3), uint8(100), uint8(1), uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k, triangle uint8) {
		rng := rand.New(rand.NewPCG(seed, 3))
		check(t, newCall(rng, []blas.Uplo{0, blas.Lower, blas.Upper}[triangle%3], int(m), int(n), 2*int(k)))
	})
}

// One core. Compare with gonum in the same run: GOMAXPROCS=1 go test -bench Products -count 5.
func BenchmarkProducts(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range []struct {
		name     string
		triangle blas.Uplo
		tA, tB   blas.Transpose
		m, n, k  int
	}{
		{"500", 0, blas.NoTrans, blas.NoTrans, 500, 500, 500},
		{"500ABt", 0, blas.NoTrans, blas.Trans, 500, 500, 500},
		{"500AtB", 0, blas.Trans, blas.NoTrans, 500, 500, 500},
		{"syrk500", blas.Upper, blas.NoTrans, 0, 500, 500, 500},
		{"syrk500t", blas.Upper, blas.Trans, 0, 500, 500, 500},
		{"50x400x10ABt", 0, blas.NoTrans, blas.Trans, 50, 400, 10},
		{"50x10x400", 0, blas.NoTrans, blas.NoTrans, 50, 10, 400},
		{"400x50x400", 0, blas.NoTrans, blas.NoTrans, 400, 50, 400},
		{"400x400x50ABt", 0, blas.NoTrans, blas.Trans, 400, 400, 50},
		{"8x8x8", 0, blas.NoTrans, blas.NoTrans, 8, 8, 8},
		{"1x100x100", 0, blas.NoTrans, blas.NoTrans, 1, 100, 100},
		{"32x500x32ABt", 0, blas.NoTrans, blas.Trans, 32, 500, 32},
	} {
		x := newCall(rng, s.triangle, s.m, s.n, s.k)
		for x.special {
			x = newCall(rng, s.triangle, s.m, s.n, s.k)
		}
		x.tA, x.tB, x.alpha, x.beta = s.tA, s.tB, 1, 0
		x.lda, x.ldb = s.k, s.n
		if s.tA == blas.Trans {
			x.lda = s.m
		}
		if s.tB == blas.Trans {
			x.ldb = s.k
		}
		x.ldc = s.n
		flops := 2 * float64(s.m*s.n*s.k)
		if s.triangle != 0 {
			flops /= 2
		}
		run := func(name string, i blas.Float64) {
			b.Run(s.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if x.triangle != 0 {
						i.Dsyrk(x.triangle, x.tA, x.n, x.k, 1, x.a, x.lda, 0, x.c, x.ldc)
					} else {
						i.Dgemm(x.tA, x.tB, x.m, x.n, x.k, 1, x.a, x.lda, x.b, x.ldb, 0, x.c, x.ldc)
					}
				}
				b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GF/s")
			})
		}
		run("gonum", gonum.Implementation{})
		for _, k := range kernels {
			with(k, func() { run(k.name, Implementation{}) })
		}
	}
}
