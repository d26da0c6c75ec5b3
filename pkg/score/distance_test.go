package score

import (
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

// MMD is what its definition says, with the median of all distances.
func TestMMDIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n, k := rapid.IntRange(2, 9).Draw(t, "m"), rapid.IntRange(2, 9).Draw(t, "n"), rapid.IntRange(1, 4).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := gaussian(m, k, seed), gaussian(n, k, seed+1)
		var both mat.Dense
		both.Stack(a, b)
		var all []float64
		for i := range m + n {
			for j := range i {
				all = append(all, floats.Distance(both.RawRowView(i), both.RawRowView(j), 2))
			}
		}
		slices.Sort(all)
		l := (all[(len(all)-1)/2] + all[len(all)/2]) / 2
		mean := func(x, y *mat.Dense, same bool) float64 {
			var values []float64
			xr, _ := x.Dims()
			yr, _ := y.Dims()
			for i := range xr {
				for j := range yr {
					if d := floats.Distance(x.RawRowView(i), y.RawRowView(j), 2); !same || i != j {
						values = append(values, math.Exp(-d*d/(2*l*l)))
					}
				}
			}
			return stat.Mean(values, nil)
		}
		got, err := MMD(a, b)
		near(t, "MMD²", got, mean(a, a, true)+mean(b, b, true)-2*mean(a, b, false), 1e-12)
		if err != nil {
			t.Error(err)
		}
	})
}

// Over 200 pairs of samples of 60 rows the mean of the estimate is the closed form of two tasks
// for the same bandwidth, |z| < 4: it is unbiased.
func TestMMDIsUnbiased(t *testing.T) {
	const trials, bandwidth = 200, 2.0
	tasks := divergence.Tasks{D: 5, Theta: 2, Sigma: 0.3}
	want, err := divergence.MMD(bandwidth).Of(tasks)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, trials)
	for i := range x {
		a, b, err := divergence.Samples(tasks, 60, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		d, err := squaredDistances(a, b)
		if err != nil {
			t.Fatal(err)
		}
		x[i] = mmd(d, 60, 60, bandwidth)
	}
	mean, sd := stat.MeanStdDev(x, nil)
	if z := (mean - want) / stat.StdErr(sd, trials); math.Abs(z) > 4 {
		t.Errorf("mean %v, closed form %v, z = %.1f", mean, want, z)
	}
}

// For diagonal covariances the distance is √(‖μ−ν‖² + Σ (s−t)²), s and t the deviations.
func TestFrechetOfDiagonalCovariances(t *testing.T) {
	s, u := []float64{1, 2, 0.5}, []float64{3, 2, 0} // one law is flat in one direction
	mu, nu := []float64{0, 10, 0}, []float64{1, 12, -2}
	cross := func(deviation, mean []float64) *mat.Dense { // rows μ ± c e_j, covariance 2c²/(n−1)
		x := mat.NewDense(6, 3, nil)
		for j, d := range deviation {
			for i := range 2 {
				x.SetRow(2*j+i, mean)
				x.Set(2*j+i, j, mean[j]+float64(1-2*i)*d*math.Sqrt(5.0/2))
			}
		}
		return x
	}
	got, err := Frechet(cross(s, mu), cross(u, nu))
	near(t, "the distance", got, math.Sqrt(9+4+0+0.25), 1e-12)
	if err != nil {
		t.Error(err)
	}
	point := mat.NewDense(2, 3, slices.Repeat(nu, 2)) // a law at one point
	got, err = Frechet(cross(s, mu), point)
	near(t, "the distance to a point", got, math.Sqrt(9+1+4+0.25), 1e-12)
	if err != nil {
		t.Error(err)
	}
}

// The distance is that of the formula with roots of matrices, also for fewer rows than columns.
func TestFrechetIsTheFormulaOfRoots(t *testing.T) {
	root := func(t *rapid.T, a mat.Symmetric) *mat.Dense {
		var eig mat.EigenSym
		if !eig.Factorize(a, true) {
			t.Fatal("no eigenvalues")
		}
		values := eig.Values(nil)
		for i, v := range values {
			values[i] = math.Sqrt(math.Max(0, v))
		}
		var v, out mat.Dense
		eig.VectorsTo(&v)
		out.Product(&v, mat.NewDiagDense(len(values), values), v.T())
		return &out
	}
	rapid.Check(t, func(t *rapid.T) {
		m, n, k := rapid.IntRange(2, 9).Draw(t, "m"), rapid.IntRange(2, 9).Draw(t, "n"), rapid.IntRange(1, 6).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := gaussian(m, k, seed), gaussian(n, k, seed+1)
		b.Apply(func(_, j int, v float64) float64 { return v*float64(j+1) + 1 }, b)
		got, err := Frechet(a, b)
		if err != nil {
			t.Fatal(err)
		}
		var ca, cb mat.SymDense
		stat.CovarianceMatrix(&ca, a, nil)
		stat.CovarianceMatrix(&cb, b, nil)
		ra := root(t, &ca)
		var product mat.Dense
		product.Product(ra, &cb, ra)
		inner := mat.NewSymDense(k, nil)
		for i := range k {
			for j := i; j < k; j++ {
				inner.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
			}
		}
		want := mat.Trace(&ca) + mat.Trace(&cb) - 2*mat.Trace(root(t, inner))
		for j := range k {
			d := stat.Mean(mat.Col(nil, j, a), nil) - stat.Mean(mat.Col(nil, j, b), nil)
			want += d * d
		}
		near(t, "d²", got*got, want, 1e-5) // the roots of eigenvalues that are rounded zeros
		if self, _ := Frechet(a, a); self > 1e-6 {
			t.Errorf("a sample is at the distance %v of itself", self)
		}
	})
}

// On a line the distance is that of the sorted samples, and the exact optimal transport.
func TestSlicedWassersteinOnALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(2, 8).Draw(t, "m"), rapid.IntRange(2, 8).Draw(t, "n")
		value := rapid.SampledFrom([]float64{-2, 0, 0, 1, 1.5, 7, 30})
		x, y := rapid.SliceOfN(value, m, m).Draw(t, "x"), rapid.SliceOfN(value, n, n).Draw(t, "y")
		a, b := mat.NewDense(m, 1, slices.Clone(x)), mat.NewDense(n, 1, slices.Clone(y))
		got, err := SlicedWasserstein(a, b, 3, 1)
		if err != nil || !slices.Equal(x, a.RawMatrix().Data) || !slices.Equal(y, b.RawMatrix().Data) {
			t.Fatal("the samples have changed, or", err)
		}
		// Samples of the same size have the same laws: each value n times, or m times.
		var long, wide []float64
		for _, v := range x {
			long = append(long, slices.Repeat([]float64{v}, n)...)
		}
		for _, v := range y {
			wide = append(wide, slices.Repeat([]float64{v}, m)...)
		}
		transport, err := divergence.Transport(mat.NewDense(m*n, 1, long), mat.NewDense(m*n, 1, wide), divergence.L1)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "W₁ by transport", got, transport, 1e-12)
		slices.Sort(long)
		slices.Sort(wide)
		near(t, "W₁ by sorting", got, floats.Distance(long, wide, 1)/float64(m*n), 1e-12)
	})
}

// A shift by v is at E|θᵀv| = ‖v‖Γ(k/2)/(√π Γ((k+1)/2)), θ uniform on the sphere: |z| < 4 for
// the mean of 4000 projections, whose variance is ‖v‖²/k less the square of that.
func TestSlicedWassersteinOfAShift(t *testing.T) {
	const projections, k = 4000, 3
	a := gaussian(10, k, 1)
	b := mat.DenseCopyOf(a)
	b.Apply(func(_, j int, v float64) float64 { return v + []float64{1, 2, -2}[j] }, b)
	got, err := SlicedWasserstein(a, b, projections, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := 3 * math.Gamma(k/2.0) / (math.Sqrt(math.Pi) * math.Gamma((k+1)/2.0))
	if z := (got - want) / math.Sqrt((9.0/k-want*want)/projections); math.Abs(z) > 4 {
		t.Errorf("%v, want %v, z = %.1f", got, want, z)
	}
}
