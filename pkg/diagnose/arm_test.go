package diagnose

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func normal(rng *rand.Rand, n, k int) *mat.Dense {
	x := mat.NewDense(n, k, nil)
	for i := range n {
		for j := range k {
			x.Set(i, j, rng.NormFloat64())
		}
	}
	return x
}

// fitWithout returns the prediction at row of ridge regression with an intercept on the other
// rows, by the normal equations.
func fitWithout(x *mat.Dense, y []float64, row int, delta float64) float64 {
	n, k := x.Dims()
	a, b := mat.NewSymDense(k+1, nil), mat.NewVecDense(k+1, nil)
	at := func(i, j int) float64 {
		if j == k {
			return 1
		}
		return x.At(i, j)
	}
	for i := range n {
		if i == row {
			continue
		}
		for j := range k + 1 {
			b.SetVec(j, b.AtVec(j)+at(i, j)*y[i])
			for l := j; l <= k; l++ {
				a.SetSym(j, l, a.At(j, l)+at(i, j)*at(i, l))
			}
		}
	}
	for j := range k {
		a.SetSym(j, j, a.At(j, j)+delta)
	}
	var w mat.VecDense
	if err := w.SolveVec(a, b); err != nil {
		panic(err)
	}
	out := w.AtVec(k)
	for j := range k {
		out += x.At(row, j) * w.AtVec(j)
	}
	return out
}

// The errors of leaving one row out are those of fits to the other rows, for more rows than
// features and for fewer.
func TestLeaveOneOutByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct{ n, k int }{{20, 5}, {12, 30}} {
		x, y := normal(rng, c.n, c.k), make([]float64, c.n)
		for i := range y {
			y[i] = 3 + x.At(i, 0) - 2*x.At(i, 1) + rng.NormFloat64()
		}
		a, err := newFeatureArm(x)
		if err != nil {
			t.Fatal(err)
		}
		loo := a.leaveOneOut(y)
		for g := 20; g < ridgeGrid; g += 13 {
			want := 0.0
			for i, v := range y {
				want += math.Pow(v-fitWithout(x, y, i, a.ridges[g].delta), 2) / float64(c.n)
			}
			if math.Abs(loo[g]-want) > 1e-8*want {
				t.Errorf("%d rows of %d features, δ = %.3g: %v, by hand %v", c.n, c.k, a.ridges[g].delta, loo[g], want)
			}
		}
	}
}

// An arm by the Gram matrix of features is the arm by the features.
func TestKernelArmOfAGram(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	x := normal(rng, 40, 12)
	y := make([]float64, 40)
	for i := range y {
		y[i] = x.At(i, 3) + 0.5*rng.NormFloat64()
	}
	gram := mat.NewSymDense(40, nil)
	gram.SymOuterK(1, x)
	one, err := newFeatureArm(x)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newKernelArm(gram)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := one.leaveOneOut(y), other.leaveOneOut(y); !floats.EqualApprox(a[:], b[:], 1e-8) {
		t.Errorf("%v and %v", a, b)
	}
	for g, r := range one.ridges {
		if o := other.ridges[g]; math.Abs(r.df1-o.df1)+math.Abs(r.df2-o.df2) > 1e-6 {
			t.Errorf("δ = %.3g: %+v and %+v", r.delta, r, o)
		}
	}
}

// Without a ridge the risk is that of least squares on k features, (ρ + σ²)(1 + k/(n−k−1))
// (Section 4, linear transfer), with the variance of the labels that the features leave.
func TestLeastSquaresIsTheLawOfSection4(t *testing.T) {
	const n, k = 300, 20
	rng := rand.New(rand.NewPCG(3, 1))
	x, y := normal(rng, n, k), make([]float64, n)
	for i := range y {
		y[i] = x.At(i, 0) + rng.NormFloat64()
	}
	a, err := newFeatureArm(x)
	if err != nil {
		t.Fatal(err)
	}
	rss := 0.0 // of least squares with an intercept
	var beta mat.Dense
	var full mat.Dense
	full.Augment(x, mat.NewDense(n, 1, slices.Repeat([]float64{1}, n)))
	if err := beta.Solve(&full, mat.NewDense(n, 1, y)); err != nil {
		t.Fatal(err)
	}
	var fit mat.Dense
	fit.Mul(&full, &beta)
	for i, v := range y {
		rss += math.Pow(v-fit.At(i, 0), 2)
	}
	noise := rss / (n - 1 - k)
	// The smallest ridge is next to none: D is the noise, to the order of 1/n.
	r, loo := a.ridges[0], a.leaveOneOut(y)[0]
	if d := loo * (n - 1 - r.df2) / (n - 1); math.Abs(d/noise-1) > 30*float64(k)/(n*n) {
		t.Errorf("D = %v, RSS/(n−1−k) = %v", d, noise)
	}
	if math.Abs(r.df2-k) > 0.01 || math.Abs(r.df1-k) > 0.01 {
		t.Errorf("df₁ = %v, df₂ = %v, want %d", r.df1, r.df2, k)
	}
}

// The risk that 200 rows tell for 100, 200 and 800 rows is that of ridge regression on as
// many rows of the same law, within the errors of both.
func TestRiskOfOtherSamples(t *testing.T) {
	const rows, k, trials = 200, 40, 60
	draw := func(rng *rand.Rand, n int) (*mat.Dense, []float64) {
		x, y := normal(rng, n, k), make([]float64, n)
		for i := range y {
			for j := range k { // a spectrum that decays, and labels that use all of it
				x.Set(i, j, x.At(i, j)/float64(j+1))
				y[i] += x.At(i, j)
			}
			y[i] += 0.5 * rng.NormFloat64()
		}
		return x, y
	}
	for _, n := range []int{100, 200, 800} {
		var told, real []float64
		for trial := range trials {
			x, y := draw(rand.New(rand.NewPCG(uint64(trial), uint64(n))), rows)
			a, err := newFeatureArm(x)
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.risk(a.leaveOneOut(y), float64(n))
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, r)
			x, y = draw(rand.New(rand.NewPCG(uint64(trial), uint64(n+1))), n)
			b, err := newFeatureArm(x)
			if err != nil {
				t.Fatal(err)
			}
			real = append(real, least(b.leaveOneOut(y)))
		}
		m, sd := stat.MeanStdDev(told, nil)
		w, sw := stat.MeanStdDev(real, nil)
		se := math.Hypot(stat.StdErr(sd, trials), stat.StdErr(sw, trials))
		if z := (m - w) / se; math.Abs(z) > 4 {
			t.Errorf("n = %d: told %.4f, measured %.4f ± %.4f, z = %.1f", n, m, w, se, z)
		}
	}
}

func TestRefusedRows(t *testing.T) {
	if _, err := newFeatureArm(mat.NewDense(5, 2, nil)); err == nil {
		t.Error("equal rows are accepted")
	}
	a, err := newFeatureArm(normal(rand.New(rand.NewPCG(1, 1)), 30, 4))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := a.risk(a.leaveOneOut(make([]float64, 30)), 1); err == nil {
		t.Errorf("the risk from 1 row is %v", r)
	}
}

// The degrees of freedom are those of the matrix G = (K + δ)⁻¹ on the directions orthogonal
// to 1, inverted as a dense matrix, for more rows than features and for fewer.
func TestDegreesOfFreedomByHand(t *testing.T) {
	for _, c := range []struct{ n, k int }{{20, 5}, {12, 30}} {
		x := normal(rand.New(rand.NewPCG(4, 1)), c.n, c.k)
		a, err := newFeatureArm(x)
		if err != nil {
			t.Fatal(err)
		}
		centre := mat.NewDense(c.n, c.n, nil)
		centre.Apply(func(i, j int, _ float64) float64 {
			if i == j {
				return 1 - 1/float64(c.n)
			}
			return -1 / float64(c.n)
		}, centre)
		var hx, k, g, g2, g4 mat.Dense
		hx.Mul(centre, x)
		k.Mul(&hx, hx.T())
		for i := 25; i < ridgeGrid; i += 11 {
			r := a.ridges[i]
			shifted := mat.DenseCopyOf(&k)
			for j := range c.n {
				shifted.Set(j, j, shifted.At(j, j)+r.delta)
			}
			if err := g.Inverse(shifted); err != nil {
				t.Fatal(err)
			}
			g.Mul(centre, &g)
			g2.Mul(&g, &g)
			g4.Mul(&g2, &g2)
			one, two, four, m := mat.Trace(&g), mat.Trace(&g2), mat.Trace(&g4), float64(c.n-1)
			for what, pair := range map[string][2]float64{"df₁": {r.df1, m - r.delta*one}, "df₂": {r.df2, m - one*one/two}, "directions": {r.directions, two * two / four}} {
				if math.Abs(pair[0]-pair[1]) > 1e-7*m {
					t.Errorf("%d rows of %d features, δ = %.3g: %s = %v, by hand %v", c.n, c.k, r.delta, what, pair[0], pair[1])
				}
			}
		}
	}
}
