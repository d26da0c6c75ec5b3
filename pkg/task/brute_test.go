package task

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// matrix draws a matrix of standard normal entries.
func matrix(r, c int, seed uint64) *mat.Dense { return Normal(r, c, Stream(seed)) }

// For linear features of any size and a target of any norm: the basis is orthonormal, and the
// residual is that of a least-squares fit of the target by the features.
func TestResidualIsLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "features")
		d := m + rapid.IntRange(1, 4).Draw(t, "more")
		seed := rapid.Uint64().Draw(t, "seed")
		features, f := matrix(d, m, seed), matrix(d, 1, seed+1)
		features.Scale(math.Pow(10, rapid.Float64Range(-3, 3).Draw(t, "scale")), features)
		if mat.Cond(features, 2) > 1e3 {
			t.Skip("features that are nearly dependent")
		}
		var gram mat.SymDense
		gram.SymOuterK(1, features.T())
		space, err := NewSpace(&gram, 0)
		if err != nil || space.Dim() != m {
			t.Fatalf("%d dimensions of %d features, %v", space.Dim(), m, err)
		}
		var psi, product mat.Dense
		psi.Mul(features, space.Basis())
		product.Mul(psi.T(), &psi)
		if !mat.EqualApprox(&product, mat.NewDiagDense(m, ones(m)), 1e-8) {
			t.Errorf("E ψᵢψⱼ is %v", mat.Formatted(&product))
		}
		var w, fit, inner mat.Dense
		if err := w.Solve(features, f); err != nil {
			t.Fatal(err)
		}
		fit.Mul(features, &w)
		fit.Sub(f, &fit)
		square := math.Pow(mat.Norm(f, 2), 2)
		want := math.Pow(mat.Norm(&fit, 2), 2) / square
		inner.Mul(features.T(), f)
		rho, err := space.Residual(mat.Col(nil, 0, &inner), square)
		if err != nil || math.Abs(rho-want) > 1e-8 {
			t.Errorf("ρ = %v, least squares %v, %v", rho, want, err)
		}
	})
}

func ones(n int) []float64 {
	out := make([]float64, n)
	floats.AddConst(1, out)
	return out
}

// Two planes with the principal angles 0.3 and 1.1, in any position and by any features: the
// angles come in rising order. A line in the first plane is at the angle 0 to it.
func TestAnglesBetweenPlanes(t *testing.T) {
	const d, first, second = 7, 0.3, 1.1
	var qr mat.QR
	qr.Factorize(matrix(d, d, 3))
	var q mat.Dense
	qr.QTo(&q)
	a := mat.NewDense(d, 2, nil)
	a.Set(0, 0, 1)
	a.Set(1, 1, 1)
	b := mat.NewDense(d, 2, nil)
	b.Set(0, 0, math.Cos(second)) // the larger one first
	b.Set(2, 0, math.Sin(second))
	b.Set(1, 1, math.Cos(first))
	b.Set(3, 1, math.Sin(first))
	a.Mul(&q, a)
	b.Mul(&q, b)
	var mixed mat.Dense
	mixed.Mul(b, mat.NewDense(2, 3, []float64{1, -2, 4, 3, 0.5, 1}))
	line := mat.NewDense(d, 1, nil)
	line.Mul(a, mat.NewDense(2, 1, []float64{3, -4}))
	for name, c := range map[string]struct {
		other *mat.Dense
		want  []float64
	}{"a plane": {b, []float64{first, second}}, "three features": {&mixed, []float64{first, second}}, "itself": {a, []float64{0, 0}}, "a line in it": {line, []float64{0}}} {
		var cross mat.Dense
		cross.Mul(a.T(), c.other)
		got, err := spaceOf(t, a, 0).Angles(spaceOf(t, c.other, 0), &cross)
		if err != nil || !floats.EqualApprox(got, c.want, 1e-7) {
			t.Errorf("%s: angles %v, want %v, %v", name, got, c.want, err)
		}
	}
}

// The k leading directions are those of the singular value decomposition of the features: they
// leave out the smallest part of the features' squared norm that k directions can.
func TestLeadingIsTheBestSubspace(t *testing.T) {
	features := matrix(8, 5, 9)
	var svd mat.SVD
	svd.Factorize(features, mat.SVDNone)
	s := svd.Values(nil)
	for k := 1; k <= 5; k++ {
		var psi, inner, rest mat.Dense
		space := spaceOf(t, features, k)
		if space.Dim() != k {
			t.Fatalf("%d dimensions, want %d", space.Dim(), k)
		}
		psi.Mul(features, space.Basis())
		inner.Mul(psi.T(), features)
		rest.Mul(&psi, &inner)
		rest.Sub(features, &rest)
		want := 0.0
		for _, v := range s[k:] {
			want += v * v
		}
		if got := math.Pow(mat.Norm(&rest, 2), 2); math.Abs(got-want) > 1e-10 {
			t.Errorf("k = %d leaves out %v, the best %v", k, got, want)
		}
	}
}

// A direction counts from 1e-10 of the largest E φ², whatever the units.
func TestRankCutoff(t *testing.T) {
	for _, unit := range []float64{1e-4, 1, 1e4} {
		for relative, want := range map[float64]int{1.1e-10: 2, 0.9e-10: 1} {
			space, err := NewSpace(mat.NewSymDense(2, []float64{unit, 0, 0, relative * unit}), 0)
			if err != nil || space.Dim() != want {
				t.Errorf("a direction of %v of %v: %d dimensions, want %d, %v", relative, unit, space.Dim(), want, err)
			}
		}
	}
}

// The alignment is that of the matrices HKH and HLH with H = I − 11ᵀ/n.
func TestAlignmentIsThatOfMatrices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		h := mat.NewDense(n, n, nil)
		for i := range n {
			for j := range n {
				h.Set(i, j, -1/float64(n))
			}
			h.Set(i, i, 1-1/float64(n))
		}
		kernel := func(seed uint64) (*mat.SymDense, *mat.Dense) {
			var k mat.SymDense
			k.SymOuterK(1, matrix(n, 3, seed))
			var c mat.Dense
			c.Product(h, &k, h)
			return &k, &c
		}
		k, kc := kernel(seed)
		l, lc := kernel(seed + 1)
		var product mat.Dense
		product.MulElem(kc, lc)
		want := mat.Sum(&product) / (mat.Norm(kc, 2) * mat.Norm(lc, 2))
		if got, err := Alignment(k, l); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("n = %d: %v, want %v, %v", n, got, want, err)
		}
	})
}

// What is refused gives no number, and the edges of what is allowed are allowed.
func TestSpaceEdges(t *testing.T) {
	inf := math.Inf(1)
	two := mat.NewSymDense(2, []float64{2, 0, 0, 1})
	space, err := NewSpace(two, 2)
	if err != nil || space.Dim() != 2 {
		t.Fatalf("both directions of two: %v, %v", space, err)
	}
	if again, err := space.Leading(2); err != nil || again.Dim() != 2 {
		t.Errorf("the two directions of two: %v, %v", again, err)
	}
	if one, err := space.Leading(1); err != nil || one.Dim() != 1 {
		t.Errorf("one direction of two: %v, %v", one, err)
	}
	if rho, err := space.Residual([]float64{0, 0}, 1e-300); err != nil || rho != 1 {
		t.Errorf("a small target outside: %v, %v", rho, err)
	}
	if rho, err := space.Residual([]float64{2, 1}, 3-1e-9); err != nil || rho != 0 {
		t.Errorf("a target in the space, of a norm that is rounded: %v, %v", rho, err)
	}
	_, negative := NewSpace(two, -1)
	_, nan := NewSpace(mat.NewSymDense(2, []float64{inf, 0, 0, 1}), 0)
	_, infinite := NewSpace(mat.NewSymDense(2, []float64{1e308, 1e308, 1e308, 1e308}), 0)
	_, none := space.Leading(0)
	for want, err := range map[string]error{"k = -1: the dimension of the space of 2": negative, "NaN: it must": nan, "+Inf: it must": infinite, "k = 0": none} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for _, square := range []float64{0, -1, inf, math.NaN()} {
		if rho, err := space.Residual([]float64{1, 1}, square); err == nil || rho != 0 {
			t.Errorf("‖f‖² = %v: %v, %v", square, rho, err)
		}
	}
	if rho, err := space.Residual([]float64{1}, 1); err == nil || rho != 0 {
		t.Errorf("one entry for two features: %v, %v", rho, err)
	}
	for _, other := range []*mat.SymDense{mat.NewSymDense(1, nil), mat.NewSymDense(2, nil)} {
		if a, err := Alignment(two, other); err == nil || a != 0 {
			t.Errorf("%v and %v: alignment %v, %v", two, other, a, err)
		}
	}
	if _, err := space.Angles(space, mat.NewDense(2, 1, nil)); err == nil || !strings.Contains(err.Error(), "2×1") {
		t.Errorf("a cross of 2×1: %v", err)
	}
}
