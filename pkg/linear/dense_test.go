package linear

import (
	"fmt"
	"math"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// gaussian is an n×d matrix of independent standard normals.
func gaussian(n, d int, seed uint64) *mat.Dense { return mat.NewDense(n, d, normal(n*d, seed)) }

// ridge is (AᵀA/n + λ)⁻¹Aᵀy/n, by elimination.
func ridge(t *testing.T, a, y *mat.Dense, lambda float64) *mat.Dense {
	t.Helper()
	n, k := a.Dims()
	var gram, right, out mat.Dense
	gram.Mul(a.T(), a)
	for i := range k {
		gram.Set(i, i, gram.At(i, i)+float64(n)*lambda)
	}
	right.Mul(a.T(), y)
	if err := out.Solve(&gram, &right); err != nil {
		t.Fatal(err)
	}
	return &out
}

// pseudo is X⁺, from the singular value decomposition.
func pseudo(t *testing.T, x *mat.Dense) *mat.Dense {
	t.Helper()
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		t.Fatal("no singular values")
	}
	var u, v, out mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	for j, s := range svd.Values(nil) {
		for i := range v.RawMatrix().Rows {
			v.Set(i, j, v.At(i, j)/s)
		}
	}
	out.Mul(&v, u.T())
	return &out
}

func apart(a, b mat.Matrix) float64 {
	var off mat.Dense
	off.Sub(a, b)
	return mat.Norm(&off, 2) / (1e-300 + mat.Norm(b, 2))
}

// Linear transfer is ridge regression on the features, whatever their number and size: the
// penalty is on the weights of the last layer. Labels and ridges on one Head do not mix.
func TestHeadIsRidgeOnTheFeatures(t *testing.T) {
	for i, c := range []struct{ n, d, k int }{{15, 6, 1}, {15, 6, 3}, {4, 6, 3}, {12, 9, 9}, {5, 9, 9}} {
		x, f, y := gaussian(c.n, c.d, uint64(i)), gaussian(c.d, c.k, uint64(i+10)), gaussian(c.n, 1, uint64(i+20))
		f.Scale(3.7, f)
		h, err := NewHead(x, f, 0)
		if err != nil {
			t.Fatal(err)
		}
		var a mat.Dense
		a.Mul(x, f)
		for _, lambda := range []float64{0.3, 2, 0, 1e-3, 0.3, 0} {
			var want mat.Dense
			if lambda > 0 {
				want.Mul(f, ridge(t, &a, y, lambda))
			} else { // with fewer points than features, of all fits the β of least norm
				var qr mat.QR
				qr.Factorize(f)
				var q, inner mat.Dense
				qr.QTo(&q)
				basis := q.Slice(0, c.d, 0, c.k)
				inner.Mul(x, basis)
				want.Product(basis, pseudo(t, &inner), y)
			}
			got, err := h.Fit(y.RawMatrix().Data, lambda)
			if err != nil {
				t.Fatal(err)
			}
			if off := apart(mat.NewDense(c.d, 1, got), &want); off > 1e-9 {
				t.Errorf("%+v λ = %v: off by %.2g", c, lambda, off)
			}
			other := normal(c.n, 99)
			again, err := h.Fit(other, lambda)
			fresh, err2 := Transfer(task.Data{X: x, Y: other}, f, lambda, 0)
			if err != nil || err2 != nil || floats.Distance(again, fresh, 2) > 1e-9*floats.Norm(fresh, 2) {
				t.Errorf("%+v λ = %v: other labels: %v, %v", c, lambda, err, err2)
			}
		}
	}
}

// The cutoff is relative to the largest singular value, and a direction at it is kept: features
// of sizes 8, 2 and 1, and all of these times a thousand or a thousandth.
func TestCutoffIsRelative(t *testing.T) {
	x, y := gaussian(12, 4, 1), gaussian(12, 1, 2)
	for _, scale := range []float64{1, 1024, 1. / 1024} {
		f := mat.NewDense(4, 3, []float64{8 * scale, 0, 0, 0, 2 * scale, 0, 0, 0, scale, 0, 0, 0})
		for cutoff, keep := range map[float64]int{0: 3, 0.12: 3, 0.125: 3, 0.13: 2, 0.25: 2, 0.26: 1, 0.9: 1} {
			h, err := NewHead(x, f, cutoff)
			if err != nil {
				t.Fatal(err)
			}
			got, err := h.Fit(y.RawMatrix().Data, 0)
			if err != nil {
				t.Fatal(err)
			}
			want := mat.NewDense(4, 1, nil)
			want.Slice(0, keep, 0, 1).(*mat.Dense).Mul(pseudo(t, x.Slice(0, 12, 0, keep).(*mat.Dense)), y)
			if off := apart(mat.NewDense(4, 1, got), want); off > 1e-10 {
				t.Errorf("cutoff %v of features of size %v: not the first %d, off by %.2g", cutoff, scale, keep, off)
			}
		}
	}
	for _, cutoff := range []float64{1, -0.1, math.NaN()} {
		if _, err := NewHead(x, mat.NewDense(4, 1, []float64{1, 0, 0, 0}), cutoff); err == nil {
			t.Errorf("cutoff %v is no error", cutoff)
		}
	}
}

// The regressions of one Design: to the last bit those of a Design of its own, in any order of n
// and beyond a block of columns; and X⁺y, ridge and weight decay by other algorithms.
func TestDesignInAnyOrder(t *testing.T) {
	const rows, d = 420, 150
	x, y := gaussian(rows, d, 1), gaussian(rows, 2, 2)
	shared := NewDesign(x)
	for _, n := range []int{400, 160, 90, 140, 90, 300, 384, 256, 257, 1, 150, 149, 420} {
		part, labels := x.Slice(0, n, 0, d).(*mat.Dense), y.Slice(0, n, 0, 2).(*mat.Dense)
		var want mat.SymDense
		if n < d {
			want.SymOuterK(1, part)
		} else {
			want.SymOuterK(1, part.T())
		}
		fresh := NewDesign(x)
		gram := shared.gram(n)
		if off := apart(gram, &want); off > 1e-12 || !mat.Equal(gram, fresh.gram(n)) {
			t.Errorf("n = %d: the Gram matrix is off by %.2g, or not that of a fresh design", n, off)
		}
		gram.SetSym(0, 0, 1e9) // is the caller's
		if n != 149 && n != 150 {
			got, err := shared.Interpolator(n).MinNorms(labels)
			var plain mat.Dense
			plain.Mul(pseudo(t, part), labels)
			if err != nil || apart(got, &plain) > 1e-7 {
				t.Errorf("n = %d: the minimum norm is off by %.2g, %v", n, apart(got, &plain), err)
			}
		}
		got, err := shared.Ridge(labels, 0.37)
		if off := apart(got, ridge(t, part, labels, 0.37)); err != nil || off > 1e-10 {
			t.Errorf("n = %d: ridge is off by %.2g, %v", n, off, err)
		}
		if r := shared.Rows(n); r.RawMatrix().Rows != n || r.At(n-1, d-1) != x.At(n-1, d-1) {
			t.Errorf("n = %d: the wrong rows", n)
		}
	}
	for _, lambda := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := shared.Ridge(y, lambda); err == nil {
			t.Errorf("λ = %v is no error", lambda)
		}
	}
	if _, err := shared.Ridge(gaussian(rows+1, 1, 3), 1); err == nil {
		t.Error("more labels than rows is no error")
	}
	if _, err := Ridge(task.Data{X: x, Y: make([]float64, 3)}, 1); err == nil {
		t.Error("3 labels are no error")
	}
}

// Weight decay by bisection on ordinary ridge: at the solution λ‖β‖ = μ, on one Path for
// several μ, with one point, one dimension and between.
func TestWeightDecayByBisection(t *testing.T) {
	for _, c := range []struct{ n, d int }{{1, 7}, {2, 7}, {6, 7}, {7, 7}, {8, 7}, {30, 7}, {5, 1}, {1, 1}} {
		x, y := gaussian(40, c.d, 5), gaussian(c.n, 1, 6)
		part := x.Slice(0, c.n, 0, c.d).(*mat.Dense)
		path := NewDesign(x).Path(c.n)
		var xty mat.Dense
		xty.Mul(part.T(), y)
		most := mat.Norm(&xty, 2) / float64(c.n)
		for _, share := range []float64{1e-4, 0.03, 0.5, 0.95, 0.99999} {
			mu := share * most
			lo, hi := math.Log(1e-12), math.Log(1e12)
			for range 80 {
				if mid := (lo + hi) / 2; math.Exp(mid)*mat.Norm(ridge(t, part, y, math.Exp(mid)), 2) < mu {
					lo = mid
				} else {
					hi = mid
				}
			}
			beta, lambda, err := path.WeightDecay(y.RawMatrix().Data, mu)
			if err != nil || math.Abs(math.Log(lambda)-lo) > 1e-5 || math.Abs(lambda*floats.Norm(beta, 2)/mu-1) > 1e-11 {
				t.Errorf("%+v: at %v of the largest decay λ = %v, by bisection %v, %v", c, share, lambda, math.Exp(lo), err)
				continue
			}
			if off := apart(mat.NewDense(c.d, 1, beta), ridge(t, part, y, lambda)); off > 1e-9 {
				t.Errorf("%+v: at %v of the largest decay β is off by %.2g", c, share, off)
			}
		}
		for _, share := range []float64{1.000001, 5} {
			beta, lambda, err := path.WeightDecay(y.RawMatrix().Data, share*most)
			if err != nil || !math.IsInf(lambda, 1) || floats.Norm(beta, 2) != 0 || len(beta) != c.d {
				t.Errorf("%+v: at %v of the largest decay %v, λ = %v, %v", c, share, beta, lambda, err)
			}
		}
	}
	path := NewDesign(gaussian(4, 3, 5)).Path(4)
	for _, mu := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if beta, lambda, err := path.WeightDecay(make([]float64, 4), mu); err == nil || beta != nil || lambda != 0 {
			t.Errorf("μ = %v: %v, %v, %v", mu, beta, lambda, err)
		}
	}
	if beta, lambda, err := path.WeightDecay(make([]float64, 3), 1); err == nil || beta != nil || lambda != 0 {
		t.Errorf("3 labels of 4 points: %v, %v, %v", beta, lambda, err)
	}
}

// On a design with XᵀX = n on the span of the data, weight decay takes μ from the norm of
// the least-squares β. The first step of Newton's method leaves the bracket where ‖β‖ is
// above (1 + μ)²/μ. Where XᵀX is singular, a ridge of 0 has no solution.
func TestWeightDecayOfAnOrthogonalDesign(t *testing.T) {
	r := math.Sqrt2
	for _, c := range []struct{ second, b1, b2 float64 }{{r, 30, 40}, {0, 50, 0}} { // β = (b1, b2) without decay
		x := mat.NewDense(2, 2, []float64{r, 0, 0, c.second})
		for _, mu := range []float64{0.5, 1, 2} {
			beta, lambda, err := WeightDecay(task.Data{X: x, Y: []float64{r * c.b1, r * c.b2}}, mu)
			left := 1 - mu/50
			if err != nil || math.Abs(lambda-mu/(50-mu)) > 1e-9 || math.Hypot(beta[0]-left*c.b1, beta[1]-left*c.b2) > 1e-9 {
				t.Errorf("%+v, μ = %v: β = %v, λ = %v, want %v of β, %v", c, mu, beta, lambda, left, err)
			}
		}
	}
}

// The Gram matrix serves up to a condition number of 10⁸; beyond it X itself is factorised.
func TestInterpolatorByCondition(t *testing.T) {
	for _, c := range []struct {
		n, d      int
		condition float64 // of X
		cholesky  bool
	}{{3, 5, 3e3, true}, {3, 5, 3e4, false}, {5, 3, 3e3, true}, {5, 3, 3e4, false}, {3, 3, 3e3, true}, {3, 3, 3e4, false}} {
		// A matrix with two singular values 1 and the least one 1/condition.
		var u, v mat.QR
		u.Factorize(gaussian(c.n, c.n, 1))
		v.Factorize(gaussian(c.d, c.d, 2))
		var left, right, x mat.Dense
		u.QTo(&left)
		v.QTo(&right)
		middle := mat.NewDense(c.n, c.d, nil)
		for i, s := range []float64{1, 1, 1 / c.condition} {
			middle.Set(i, i, s)
		}
		x.Product(&left, middle, &right)
		p := NewInterpolator(&x)
		if (p.gram != nil) != c.cholesky {
			t.Errorf("%+v: Cholesky %v", c, p.gram != nil)
		}
		y := gaussian(c.n, 2, 3)
		var want mat.Dense
		want.Mul(pseudo(t, &x), y)
		got, err := p.MinNorms(y)
		if err != nil || apart(got, &want) > 1e-7 {
			t.Errorf("%+v: off by %.2g, %v", c, apart(got, &want), err)
		}
		one, err := p.MinNorm(mat.Col(nil, 1, y))
		if off := floats.Distance(one, mat.Col(nil, 1, &want), 2) / floats.Norm(one, 2); err != nil || off > 1e-7 {
			t.Errorf("%+v: one column is off by %.2g, %v", c, off, err)
		}
		vec := normal(c.d, 4)
		null, err := p.NullSpace(vec)
		other := mulVec(pseudo(t, &x), mulVec(&x, vec))
		floats.SubTo(other, vec, other)
		if off := floats.Distance(null, other, 2); err != nil || off > 1e-7 || c.n >= c.d && floats.Norm(null, 2) != 0 {
			t.Errorf("%+v: the null space is off by %.2g, %v", c, off, err)
		}
	}
	for square, cholesky := range map[float64]bool{0.97e8: true, 1.03e8: false} { // of a diagonal X
		if p := NewInterpolator(mat.NewDense(2, 2, []float64{1, 0, 0, 1 / math.Sqrt(square)})); (p.gram != nil) != cholesky {
			t.Errorf("condition number %v of the Gram matrix: Cholesky %v", square, p.gram != nil)
		}
	}
	for _, x := range []*mat.Dense{mat.NewDense(2, 3, []float64{1, 0, 0, 1, 0, 0}), mat.NewDense(3, 2, []float64{1, 1, 2, 2, 3, 3})} {
		n, d := x.Dims()
		p := NewInterpolator(x)
		if _, err := p.MinNorm(make([]float64, n)); err == nil {
			t.Error("a singular X is no error")
		}
		if _, err := p.MinNorms(mat.NewDense(n+1, 1, nil)); err == nil {
			t.Error("too many labels are no error")
		}
		if _, err := p.NullSpace(normal(d, 1)); (err == nil) != (n >= d) {
			t.Errorf("the null space of a singular X: %v", err)
		}
	}
}

// The least-norm end points hand over a, b and r in this order, and the scale multiplies the null part.
func TestFineTunePassesNorms(t *testing.T) {
	got, err := FineTune([]float64{3, 0, 1}, []float64{0, 2, 0}, 7, func(a, b, r float64) (float64, error) {
		if a != 4 || b != 10 || r != 7 {
			return 0, fmt.Errorf("a, b, r = %v, %v, %v", a, b, r)
		}
		return 1.5, nil
	})
	if err != nil || got.Scale != 1.5 || !floats.Equal(got.Beta, []float64{3, 3, 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := FineTune(nil, nil, 1, func(a, b, r float64) (float64, error) { return 0, fmt.Errorf("no scale") }); err == nil {
		t.Error("an error of the scale is none")
	}
}

// The solution of least norm turns with the inputs and scales with the labels.
func TestMinNormIsEquivariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d, c := rapid.IntRange(2, 9).Draw(t, "n"), 5, rapid.Float64Range(0.3, 3).Draw(t, "c")
		seed := rapid.Uint64Range(0, 1e6).Draw(t, "seed")
		x, y := gaussian(n, d, seed), normal(n, seed+1)
		var qr mat.QR
		qr.Factorize(gaussian(d, d, seed+2))
		var q, turned mat.Dense
		qr.QTo(&q)
		turned.Mul(x, &q)
		scaled := append([]float64(nil), y...)
		floats.Scale(c, scaled)
		a := NewInterpolator(x)
		b := NewInterpolator(&turned)
		one, err := a.MinNorm(y)
		two, err2 := b.MinNorm(scaled)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		back := mulVec(&q, two)
		floats.Scale(1/c, back)
		if off := floats.Distance(one, back, 2) / floats.Norm(one, 2); off > 1e-6 {
			t.Fatalf("n = %d, c = %v: off by %.2g", n, c, off)
		}
	})
}

// The ridge must be a finite number, 0 or above, and the error names it.
func TestRidgeOfAHeadIsFinite(t *testing.T) {
	h, err := NewHead(mat.NewDense(2, 2, []float64{1, 0, 0, 1}), mat.NewDense(2, 1, []float64{1, 0}), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, lambda := range []float64{-1, math.Inf(1), math.Inf(-1), math.NaN()} {
		if got, err := h.Fit([]float64{1, 2}, lambda); err == nil || !strings.Contains(err.Error(), "the ridge must be") {
			t.Errorf("lambda = %v gives %v, %v", lambda, got, err)
		}
	}
}
