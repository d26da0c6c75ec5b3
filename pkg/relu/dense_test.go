package relu

import (
	"math"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// gaussian is an n×d matrix of independent standard normals.
func gaussian(n, d int, seed uint64) *mat.Dense { return task.Normal(n, d, task.Stream(seed, 77)) }

// byQuadrature is E relu(w·x)relu(v·x): the radius of x in the plane of w and v brings E r² = 2,
// the direction is an integral over where both are active.
func byQuadrature(w, v []float64) float64 {
	a, b := floats.Norm(w, 2), floats.Norm(v, 2)
	phi := math.Acos(math.Max(-1, math.Min(1, floats.Dot(w, v)/(a*b))))
	return a * b * 2 / (2 * math.Pi) * quad.Fixed(func(t float64) float64 {
		return math.Cos(t) * math.Cos(t-phi)
	}, phi-math.Pi/2, math.Pi/2, 40, quad.Legendre{}, 0)
}

// The kernel by quadrature, for neurons of any norm and a block of many rows.
func TestGramByQuadrature(t *testing.T) {
	w, v := gaussian(37, 3, 1), gaussian(5, 3, 2)
	w.SetRow(3, []float64{2, 0, 0})
	v.SetRow(1, []float64{-3, 0, 0})
	v.SetRow(2, []float64{0.5, 0, 0})
	k := Gram(w, v)
	for i := range 37 {
		for j := range 5 {
			if got, want := k.At(i, j), byQuadrature(w.RawRowView(i), v.RawRowView(j)); math.Abs(got-want) > 1e-12 {
				t.Errorf("k(%d, %d) = %v, want %v", i, j, got, want)
			}
		}
	}
	w.SetRow(0, []float64{0, 0, 0})
	if k := Gram(w, v); k.At(0, 0) != 0 {
		t.Errorf("a zero neuron has the kernel %v", k.At(0, 0))
	}
	// A neuron with itself and with its opposite, whose cosine rounds to beyond ±1.
	many := gaussian(200, 7, 8)
	for i := range 200 {
		v := mat.NewDense(2, 7, nil)
		v.SetRow(0, many.RawRowView(i))
		floats.AddScaled(v.RawRowView(1), -3, many.RawRowView(i))
		k, square := Gram(mat.NewDense(1, 7, many.RawRowView(i)), v), floats.Dot(many.RawRowView(i), many.RawRowView(i))
		if math.Abs(k.At(0, 0)-square/2) > 1e-6 || !(math.Abs(k.At(0, 1)) < 1e-6) {
			t.Errorf("neuron %d: with itself %v, with its opposite %v", i, k.At(0, 0), k.At(0, 1))
		}
	}
	n := &Network{W: w, C: make([]float64, 37)}
	if got := n.Gram(); !mat.EqualApprox(got, Gram(w, w), 1e-15) {
		t.Error("the Gram matrix of a network is not that of its neurons")
	}
}

// What a network computes, by the definition: f, its features, the kernel (1/m)Σ of regression
// on them; and inner products and risks from kernels by quadrature.
func TestNetworkByDefinition(t *testing.T) {
	f, g := networks(t, 7, 4, 3, 5)
	for i := range f.C {
		f.C[i] *= 1 + float64(i)
	}
	x := gaussian(9, 3, 3)
	relu := func(n *Network, i, r int) float64 { return math.Max(0, floats.Dot(n.W.RawRowView(i), x.RawRowView(r))) }
	got, kernel, features := f.Predict(x), f.Kernel(x), f.Features(x)
	for r := range 9 {
		want := 0.0
		for i, c := range f.C {
			want += c * relu(f, i, r) / 7
			if math.Abs(features.At(r, i)-relu(f, i, r)) > 1e-14 {
				t.Errorf("feature %d at point %d is %v", i, r, features.At(r, i))
			}
		}
		if math.Abs(got[r]-want) > 1e-14 {
			t.Errorf("f at point %d is %v, want %v", r, got[r], want)
		}
		for q := range 9 {
			want := 0.0
			for i := range f.C {
				want += relu(f, i, r) * relu(f, i, q) / 7
			}
			if math.Abs(kernel.At(r, q)-want) > 1e-14 {
				t.Errorf("the kernel at %d, %d is %v, want %v", r, q, kernel.At(r, q), want)
			}
		}
	}
	inner := func(f, g *Network) (sum float64) {
		for i, c := range f.C {
			for j, e := range g.C {
				sum += c * e * byQuadrature(f.W.RawRowView(i), g.W.RawRowView(j)) / float64(len(f.C)*len(g.C))
			}
		}
		return sum
	}
	if got, want := Inner(f, g), inner(f, g); math.Abs(got-want) > 1e-12 {
		t.Errorf("E fg = %v, want %v", got, want)
	}
	if got, want := Risk(f, g), inner(f, f)-2*inner(f, g)+inner(g, g); math.Abs(got-want) > 1e-12 {
		t.Errorf("E (f−g)² = %v, want %v", got, want)
	}
}

// Neurons that are removed are the first round(μm), and the rest is the same function less
// theirs.
func TestWithoutRounds(t *testing.T) {
	_, g := networks(t, 1, 7, 3, 5)
	for mu, removed := range map[float64]int{0: 0, 0.07: 0, 0.08: 1, 0.3: 2, 0.35: 2, 0.36: 3, 0.5: 4, 0.7: 5, 0.78: 5, 0.79: 6, 0.9: 6} {
		left, err := g.Without(mu)
		if err != nil {
			t.Fatal(err)
		}
		if len(left.C) != 7-removed || !mat.Equal(left.W, g.W.Slice(removed, 7, 0, 3)) {
			t.Errorf("μ = %v leaves %d of 7 neurons", mu, len(left.C))
		}
		x := gaussian(4, 3, 1)
		for r, v := range left.Predict(x) {
			want := 0.0
			for i := removed; i < 7; i++ {
				want += g.C[i] * math.Max(0, floats.Dot(g.W.RawRowView(i), x.RawRowView(r))) / 7
			}
			if math.Abs(v-want) > 1e-14 {
				t.Errorf("μ = %v: f is %v, want %v", mu, v, want)
			}
		}
	}
	for _, mu := range []float64{-0.1, 0.93, 1, 2, math.NaN()} {
		if _, err := g.Without(mu); err == nil {
			t.Errorf("μ = %v is no error", mu)
		}
	}
	copied := g.Clone()
	copied.W.Set(0, 0, 99)
	copied.C[0] = 99
	if g.W.At(0, 0) == 99 || g.C[0] == 99 {
		t.Error("a clone shares memory")
	}
}

// Random starts have the size that is asked for and signs of both kinds; teachers have unit
// neurons in directions without a preferred one.
func TestRandomNetworks(t *testing.T) {
	const m, d, alpha = 900, 9, 0.4
	student, err := NewStudent(m, d, alpha, task.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	teacher, err := NewTeacher(m, d, task.Stream(2))
	if err != nil {
		t.Fatal(err)
	}
	square, sum := 0.0, 0.0
	for _, v := range student.W.RawMatrix().Data {
		v *= math.Sqrt(d) / alpha
		square, sum = square+v*v, sum+v
	}
	if z := (square/(m*d) - 1) / math.Sqrt(2./(m*d)); math.Abs(z) > 4 {
		t.Errorf("entries of a student: mean square %v of its own, z = %.2f", square/(m*d), z)
	}
	if z := sum / math.Sqrt(m*d); math.Abs(z) > 4 {
		t.Errorf("entries of a student: mean z = %.2f", z)
	}
	for size, n := range map[float64]*Network{alpha: student, 1: teacher} {
		for i, c := range n.C {
			if math.Abs(c) != size {
				t.Fatalf("output weight %d is %v, not ±%v", i, c, size)
			}
		}
		if z := floats.Sum(n.C) / size / math.Sqrt(m); math.Abs(z) > 4 {
			t.Errorf("output weights ±%v: the signs have z = %.2f", size, z)
		}
	}
	along := make([]float64, m)
	for i := range m {
		if norm := floats.Norm(teacher.W.RawRowView(i), 2); math.Abs(norm-1) > 1e-14 {
			t.Fatalf("neuron %d has the norm %v", i, norm)
		}
		along[i] = d * math.Pow(teacher.W.At(i, 4), 2)
	}
	mean, sd := stat.MeanStdDev(along, nil)
	if z := (mean - 1) / stat.StdErr(sd, m); math.Abs(z) > 4 {
		t.Errorf("neurons along one axis: %v, z = %.2f", mean, z)
	}
	for _, c := range []struct {
		m, d  int
		alpha float64
	}{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {1, 1, -1}, {1, 1, math.Inf(1)}} {
		if _, err := NewStudent(c.m, c.d, c.alpha, task.Stream(1)); err == nil {
			t.Errorf("%+v is no error", c)
		}
	}
	if _, err := NewStudent(1, 1, 1, task.Stream(1)); err != nil {
		t.Error(err)
	}
}

// The residual by the Schur complement of the specification, with output weights and numbers of
// neurons that differ: aᵀ_R (K_RR − K_RS K_SS⁻¹ K_SR) a_R / aᵀKa.
func TestResidualIsTheSchurComplement(t *testing.T) {
	_, g := networks(t, 1, 9, 12, 3)
	for i := range g.C {
		g.C[i] *= 1 + 0.3*float64(i)
	}
	for _, removed := range []int{1, 4, 8} {
		source, err := g.Without(float64(removed) / 9)
		if err != nil {
			t.Fatal(err)
		}
		k := g.Gram()
		rr, rs := k.SliceSym(0, removed), mat.DenseCopyOf(k).Slice(0, removed, removed, 9)
		var inner, schur mat.Dense
		if err := inner.Solve(k.SliceSym(removed, 9), rs.T()); err != nil {
			t.Fatal(err)
		}
		schur.Mul(rs, &inner)
		schur.Sub(rr, &schur)
		a := mat.NewVecDense(9, g.C)
		want := mat.Inner(a.SliceVec(0, removed), &schur, a.SliceVec(0, removed)) / mat.Inner(a, k, a)
		if got := residual(t, source, g, 0); math.Abs(got-want) > 1e-10 {
			t.Errorf("%d of 9 removed: ρ = %v, want %v", removed, got, want)
		}
	}
}

// Principal angles: of neurons with the leading directions of a student. With all directions
// of both they are those of the two spans, by the singular values of whitened Gram matrices.
func TestAnglesOfLeadingDirections(t *testing.T) {
	f, g := networks(t, 6, 3, 5, 3)
	whiten := func(k mat.Symmetric, keep int) *mat.Dense { // leading eigenvectors over √eigenvalue
		var eig mat.EigenSym
		eig.Factorize(k, true)
		var v mat.Dense
		eig.VectorsTo(&v)
		values, m := eig.Values(nil), k.SymmetricDim()
		out := mat.NewDense(m, keep, nil)
		for j := range keep {
			for i := range m {
				out.Set(i, j, v.At(i, m-1-j)/math.Sqrt(values[m-1-j]))
			}
		}
		return out
	}
	for _, k := range []int{1, 2, 4, 6} {
		got, err := f.Angles(k, g)
		if err != nil {
			t.Fatal(err)
		}
		var cross mat.Dense
		cross.Product(whiten(f.Gram(), k).T(), Gram(f.W, g.W), whiten(g.Gram(), 3))
		var svd mat.SVD
		svd.Factorize(&cross, mat.SVDNone)
		values := svd.Values(nil)
		if len(got) != min(k, 3) || len(values) != len(got) {
			t.Fatalf("k = %d: %d angles", k, len(got))
		}
		for i, a := range got {
			if math.Abs(math.Cos(a)-values[i]) > 1e-9 {
				t.Errorf("k = %d: angle %d has the cosine %v, want %v", k, i, math.Cos(a), values[i])
			}
		}
	}
	if _, err := f.Angles(7, g); err == nil {
		t.Error("7 directions of 6 neurons are no error")
	}
	if _, err := f.Angles(2, &Network{W: mat.NewDense(2, 5, nil), C: make([]float64, 2)}); err == nil {
		t.Error("neurons of zeros are no error")
	}
}

// Linear transfer is least squares in the space, or with fewer points the fit of the least
// E f²: by the normal equations, on both sides, with noise in the labels; with a ridge it is
// kernel ridge regression.
func TestTransferByNormalEquations(t *testing.T) {
	f, _ := networks(t, 8, 3, 5, 4)
	for _, c := range []struct{ points, k int }{{30, 4}, {9, 8}, {4, 4}, {3, 5}, {1, 8}, {7, 8}, {8, 8}} {
		space, err := f.Space(c.k)
		if err != nil {
			t.Fatal(err)
		}
		x := gaussian(c.points, 5, uint64(c.points))
		y := gaussian(c.points, 1, 9).RawMatrix().Data
		got, err := f.Transfer(space, x, y)
		if err != nil {
			t.Fatal(err)
		}
		var a, gram, z, w mat.Dense
		a.Mul(f.Features(x), space.Basis())
		target := mat.NewDense(c.points, 1, y)
		if c.points >= c.k { // (AᵀA)⁻¹Aᵀy
			gram.Mul(a.T(), &a)
			z.Mul(a.T(), target)
			err = w.Solve(&gram, &z)
		} else { // Aᵀ(AAᵀ)⁻¹y
			gram.Mul(&a, a.T())
			if err = z.Solve(&gram, target); err == nil {
				w.Mul(a.T(), &z)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		var weights mat.Dense
		weights.Mul(space.Basis(), &w)
		weights.Scale(8, &weights)
		if off := floats.Distance(got.C, weights.RawMatrix().Data, 2) / floats.Norm(got.C, 2); off > 1e-5 || got.W != f.W {
			t.Errorf("%+v: off by %.2g", c, off)
		}
		if c.points < c.k { // E f² is ‖w‖²
			if e, want := Inner(got, got), math.Pow(mat.Norm(&w, 2), 2); math.Abs(e/want-1) > 1e-6 {
				t.Errorf("%+v: E f² = %v, want %v", c, e, want)
			}
		}
		const lambda = 0.07
		ridge, err := f.TransferAll(x, y, lambda)
		if err != nil {
			t.Fatal(err)
		}
		kernel := mat.DenseCopyOf(f.Kernel(x))
		for i := range c.points {
			kernel.Set(i, i, kernel.At(i, i)+float64(c.points)*lambda)
		}
		var dual mat.Dense
		if err := dual.Solve(kernel, target); err != nil {
			t.Fatal(err)
		}
		far := gaussian(6, 5, 11) // k(x, X)(K + nλ)⁻¹y, at other points
		var want mat.Dense
		want.Product(f.Features(far), f.Features(x).T(), &dual)
		want.Scale(1./8, &want)
		if off := floats.Distance(ridge.Predict(far), want.RawMatrix().Data, 2); off > 1e-10 {
			t.Errorf("%+v: kernel ridge regression differs by %.2g", c, off)
		}
	}
	x, y := gaussian(3, 5, 1), make([]float64, 3)
	for _, lambda := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := f.TransferAll(x, y, lambda); err == nil {
			t.Errorf("λ = %v is no error", lambda)
		}
	}
	if _, err := f.TransferAll(x, y[:2], 1); err == nil {
		t.Error("2 labels of 3 points are no error")
	}
	same := mat.NewDense(9, 5, nil) // 9 times one point: no fit in 4 dimensions is the only one
	for i := range 9 {
		same.SetRow(i, []float64{1, 2, 3, 4, 5})
	}
	space, err := f.Space(4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Transfer(space, same, make([]float64, 9)); err == nil {
		t.Error("9 times one point is no error")
	}
}

// Work by rows does each row once, on as many cores as there are and no more, and leaves their
// number alone.
func TestRowsAreDoneOnce(t *testing.T) {
	const cores = 3
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	for _, m := range []int{0, 1, 15, 16, 17, 32, 200} {
		done, active := make([]atomic.Int64, m), atomic.Int64{}
		rows(m, 1<<16, func() func(int) {
			return func(i int) {
				if active.Add(1) > cores {
					t.Errorf("%d rows at the same time", active.Load())
				}
				for range 20 {
					runtime.Gosched()
				}
				done[i].Add(1)
				active.Add(-1)
			}
		})
		for i := range done {
			if n := done[i].Load(); n != 1 {
				t.Errorf("row %d of %d is done %d times", i, m, n)
			}
		}
	}
	if n := runtime.GOMAXPROCS(0); n != cores {
		t.Errorf("%d cores are now %d", cores, n)
	}
}
