package diagnose

import (
	"bytes"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// isotropic returns the risk of the best ridge regression with n labels on k independent
// features of variance 1, for a target of this squared length and noise of this variance, in
// the limit of many features (Hastie et al. 2022, Corollary 5): the least over κ of
// (noise + κ²signal/(1+κ)²)/(1 − k/(n(1+κ)²)).
func isotropic(n, k, signal, noise float64) float64 {
	best := math.Inf(1)
	for g := -12.0; g < 12; g += 0.001 {
		kappa := math.Exp(g)
		// κ is that of a ridge above 0 if the degrees of freedom are below n.
		if k/(1+kappa) < n {
			best = math.Min(best, (noise+math.Pow(kappa/(1+kappa), 2)*signal)/(1-k/n/math.Pow(1+kappa, 2)))
		}
	}
	return best
}

// On Gaussian data of random settings, the curves of the features and of the inputs and their
// difference are those of the law of Section 4 with the best ridge, within their own bands: z
// has the mean 0 and the mean square of Student's t with 9 degrees of freedom, 9/7.
func TestGaussianCurves(t *testing.T) {
	const settings = 24
	z := map[string][]float64{}
	for s := range settings {
		rng := rand.New(rand.NewPCG(uint64(s), 77))
		rows := 120 + rng.IntN(100)
		d, k := 60+rng.IntN(120), 8+rng.IntN(40)
		rho, sigma := rng.Float64(), 0.2+rng.Float64()
		n := int(float64(rows) * math.Exp2(2*rng.Float64()-1))
		x, y := normal(rng, rows, d), make([]float64, rows)
		beta := make([]float64, d) // ρ of it is outside the first k inputs, which are the features
		inside, outside := 0.0, 0.0
		for j := range beta {
			beta[j] = rng.NormFloat64()
			if j < k {
				inside += beta[j] * beta[j]
			} else {
				outside += beta[j] * beta[j]
			}
		}
		for j := range beta {
			if j < k {
				beta[j] *= math.Sqrt((1 - rho) / inside)
			} else {
				beta[j] *= math.Sqrt(rho / outside)
			}
		}
		for i := range y {
			y[i] = sigma * rng.NormFloat64()
			for j, b := range beta {
				y[i] += b * x.At(i, j)
			}
		}
		r, err := Run(Data{Features: x.Slice(0, rows, 0, k), Inputs: x, Labels: column(y), At: []int{n}, Seed: uint64(s)})
		if err != nil {
			t.Fatal(err)
		}
		unit := 1 + sigma*sigma
		probe := isotropic(float64(n), float64(k), 1-rho, rho+sigma*sigma) / unit
		scratch := isotropic(float64(n), float64(d), 1, sigma*sigma) / unit
		z["features"] = append(z["features"], (r.Arms[0].Risk[0]-probe)/r.Arms[0].SE[0])
		z["inputs"] = append(z["inputs"], (r.Arms[1].Risk[0]-scratch)/r.Arms[1].SE[0])
		if q := z["features"]; math.Abs(q[len(q)-1]) > 3 {
			t.Logf("rows %d d %d k %d rho %.2f sigma %.2f n %d: %.3f ± %.3f, want %.3f", rows, d, k, rho, sigma, n, r.Arms[0].Risk[0], r.Arms[0].SE[0], probe)
		}
		if r.Arms[1].Risk[0] < r.Arms[2].Risk[0] { // the kernel has no such formula
			z["T"] = append(z["T"], (r.T[0]-(scratch-probe))/r.SE[0])
		}
	}
	for what, z := range z {
		n := float64(len(z))
		mean, sd := stat.MeanStdDev(z, nil)
		square := mean*mean + sd*sd*(n-1)/n
		t.Logf("%s: %d settings, mean z %.2f, mean square %.2f", what, len(z), mean, square)
		if math.Abs(mean) > 4*math.Sqrt(9.0/7/n) {
			t.Errorf("%s: the mean of z over %d settings is %.2f", what, len(z), mean)
		}
		// The variance of t² with 9 degrees of freedom: 3·81/(7·5) − (9/7)² = 5.29.
		if bound := 9.0/7 + 4*math.Sqrt(5.29/n); square > bound {
			t.Errorf("%s: the mean square of z over %d settings is %.2f, at most %.2f", what, len(z), square, bound)
		}
	}
}

// The same seed gives the same bytes on one core and on several; another seed does not.
func TestSameBytesOnAnyCores(t *testing.T) {
	x, y := rows(100, 12, 5)
	run := func(cores int, seed uint64) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		r, err := Run(Data{Features: x.Slice(0, 100, 0, 4), Inputs: x, Labels: column(y), At: []int{40, 100, 200}, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if a, b := run(1, 1), run(4, 1); !bytes.Equal(a, b) {
		t.Errorf("one core:\n%s\nfour:\n%s", a, b)
	}
	if bytes.Equal(run(1, 1), run(1, 2)) {
		t.Error("the seed changes nothing")
	}
}

// What Compare tells from 150 rows is what Measure finds on 800 others, within the errors
// of both.
func TestMeasureAgrees(t *testing.T) {
	const settings = 12
	var z []float64
	for s := range settings {
		x, y := rows(950, 30, uint64(s)+900)
		part := func(from, to int) Data {
			return Data{Features: x.Slice(from, to, 0, 2), Inputs: x.Slice(from, to, 0, 30), Labels: column(y[from:to]), At: []int{60, 100, 200}, Seed: 1}
		}
		told, err := Run(part(0, 150))
		if err != nil {
			t.Fatal(err)
		}
		report, err := Measure(part(150, 950), 2)
		if err != nil {
			t.Fatal(err)
		}
		real := report.Results[0]
		for i, n := range told.N {
			if told.sign(i)*real.sign(i) < 0 {
				t.Errorf("n = %d: told T = %.3f ± %.3f, measured %.3f ± %.3f", n, told.T[i], told.SE[i], real.T[i], real.SE[i])
			}
		}
		for i := range told.N {
			for a := range told.Arms {
				z = append(z, (told.Arms[a].Risk[i]-real.Arms[a].Risk[i])/math.Hypot(told.Arms[a].SE[i], real.Arms[a].SE[i]))
			}
		}
	}
	square := 0.0
	for _, v := range z {
		square += v * v / float64(len(z))
	}
	// The nine numbers of a setting share their rows: count them as one.
	if bound := 9.0/7 + 4*math.Sqrt(5.29/settings); square > bound {
		t.Errorf("the mean square of z is %.2f, at most %.2f", square, bound)
	}
}

// The ridge regression that Measure trains is the same by the covariance of the features and
// by their Gram matrix, and that on the kernel is the one on features with this Gram matrix.
func TestMeasuredRidge(t *testing.T) {
	const rows = 40
	x, y := bend(rows, 5, 8)
	d := &data{labels: [][]float64{y}}
	order := rand.New(rand.NewPCG(1, 1)).Perm(rows)
	run := func(way named) [][][]float64 {
		e, err := d.ridge(way, order[:25], order[25:])
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	same := func(what string, a, b named) {
		one, other := run(a), run(b)
		for g := 4; g < len(ridges); g++ { // not those that only rounding keeps from 0
			for i, v := range one[0][g] {
				if math.Abs(v-other[0][g][i]) > 1e-6*(1+v) {
					t.Errorf("%s, ridge %.2g, row %d: %v and %v", what, ridges[g], i, v, other[0][g][i])
				}
			}
		}
	}
	wide := mat.NewDense(rows, 30, nil) // the same features and zeros
	wide.Slice(0, rows, 0, 5).(*mat.Dense).Copy(x)
	same("features", named{"f", x}, named{"f", wide})
	kernel, gram := mat.NewSymDense(rows, nil), relu.Gram(x, x)
	for i := range rows {
		for j := range rows {
			kernel.SetSym(i, j, gram.At(i, j))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(kernel) {
		t.Fatal("the kernel is singular")
	}
	var factor mat.TriDense
	chol.LTo(&factor)
	same("kernel", named{Kernel, x}, named{"f", mat.DenseCopyOf(&factor)})
}

func TestMeasureRefuses(t *testing.T) {
	x, y := rows(100, 4, 1)
	for _, c := range []struct {
		at      []int
		repeats int
	}{{[]int{50}, 0}, {[]int{95}, 1}, {[]int{91}, 1}, {nil, 1}} {
		if _, err := Measure(Data{Features: x, Inputs: x, Labels: column(y), At: c.at}, c.repeats); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	if _, err := Measure(Data{Features: x, Inputs: x, Labels: column(y), At: []int{90}}, 1); err != nil {
		t.Error(err)
	}
}

// The chance that the first map is best is that of the difference: one half between two maps
// of equally good features, near one where a map lacks what the labels depend on.
func TestRanking(t *testing.T) {
	x, y := rows(200, 10, 1)
	for i := range 200 { // two halves of the same use
		y[i] = x.At(i, 0) + x.At(i, 5) + 0.5*x.At(i, 9)
	}
	slice := func(from, to int) *mat.Dense { return mat.DenseCopyOf(x.Slice(0, 200, from, to)) }
	r, err := Compare(Data{Maps: []Map{{"none", slice(2, 5)}, {"left", slice(0, 5)}, {"both", slice(0, 9)}}, Inputs: x, Labels: column(y), At: []int{200}})
	if err != nil {
		t.Fatal(err)
	}
	rank := r.Rankings[0]
	if rank.Maps[0] != "both" || rank.Maps[1] != "left" || rank.Maps[2] != "none" || rank.First < 0.999 || rank.First > 1 {
		t.Errorf("%+v", rank)
	}
	first, square := 0.0, 0.0
	const sets = 30
	for s := range sets {
		rng := rand.New(rand.NewPCG(uint64(s), 4))
		x, y := normal(rng, 100, 10), make([]float64, 100)
		for i := range y {
			y[i] = x.At(i, 0) + x.At(i, 5)
		}
		r, err := Compare(Data{Maps: []Map{{"left", x.Slice(0, 100, 0, 5)}, {"right", x.Slice(0, 100, 5, 10)}}, Inputs: x, Labels: column(y), At: []int{100}, Seed: uint64(s)})
		if err != nil {
			t.Fatal(err)
		}
		// The chance of the left map is uniform over data sets, about.
		p := r.Rankings[0].First
		if r.Rankings[0].Maps[0] == "right" {
			p = 1 - p
		}
		first, square = first+p/sets, square+(p-0.5)*(p-0.5)/sets
	}
	// Uniform: the mean square is 1/12 with a standard deviation of √(1/180) for one set. Of a
	// chance that is 0 or 1 it is 1/4.
	if math.Abs(square-1.0/12) > 4*math.Sqrt(1.0/180/sets) {
		t.Errorf("the chance of one of two equal maps has the mean square %.3f about one half", square)
	}
	if math.Abs(first-0.5) > 4*math.Sqrt(1.0/12/sets) {
		t.Errorf("the mean chance of one of two equal maps is %.2f", first)
	}
}
