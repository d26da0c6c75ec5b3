package divergence

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"pgregory.net/rapid"
)

// laws returns the covariances of (x, y) under both laws for tasks in D dimensions, from βs, βt
// and the noise alone: the source and the target lie in a plane of the last two coordinates.
func laws(t Tasks) (source, target *mat.SymDense) {
	norm := t.Norm
	if norm == 0 {
		norm = 1
	}
	law := func(b1, b2 float64) *mat.SymDense {
		beta := make([]float64, t.D)
		beta[t.D-1], beta[t.D-2] = b1, b2
		c := mat.NewSymDense(t.D+1, nil)
		square := 0.0
		for i, b := range beta {
			c.SetSym(i, i, 1)
			c.SetSym(i, t.D, b)
			square += b * b
		}
		c.SetSym(t.D, t.D, square+t.Sigma*t.Sigma)
		return c
	}
	return law(1, 0), law(norm*math.Cos(t.Theta), norm*math.Sin(t.Theta))
}

// drawTasks draws tasks at any angle, of any norm, at a noise that keeps the fields apart.
func drawTasks(t *rapid.T) Tasks {
	return Tasks{D: rapid.IntRange(2, 5).Draw(t, "d"), Theta: rapid.Float64Range(-2*math.Pi, 2*math.Pi).Draw(t, "theta"),
		Sigma: rapid.Float64Range(0.1, 3).Draw(t, "sigma"), Norm: rapid.SampledFrom([]float64{0, 0.3, 1, 1.7, 4}).Draw(t, "norm")}
}

func near(a, b, tolerance float64) bool {
	return a == b || math.Abs(a-b) <= tolerance*(1+math.Abs(b))
}

// Both laws are normal with mean zero on R^(D+1): every closed form is that of the covariance
// matrices, by determinants, inverses and the routines of gonum.
func TestClosedFormsAreThoseOfNormalLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := drawTasks(t)
		a, b := laws(tasks)
		zero := make([]float64, tasks.D+1)
		p, ok := distmv.NewNormal(zero, a, nil)
		q, ok2 := distmv.NewNormal(zero, b, nil)
		if !ok || !ok2 {
			t.Fatal("not positive definite")
		}
		for _, c := range []struct {
			d    Distance
			want float64
		}{
			{KL, (distmv.KullbackLeibler{}).DistNormal(p, q)},
			{ReverseKL, (distmv.KullbackLeibler{}).DistNormal(q, p)},
			{SquaredHellinger, -math.Expm1(-(distmv.Bhattacharyya{}).DistNormal(p, q))},
			{ChiSquared, chiSquaredOf(a, b)},
			{MMD(0.7), mmdOf(a, b, 0.7)},
			{MMD(2), mmdOf(a, b, 2)},
		} {
			if r := tasks.ratio(); c.d.Name == ChiSquared.Name && math.Abs(1-2*r*r) < 1e-3 {
				continue // at the threshold rounding decides; it has a test of its own
			}
			got, err := c.d.Of(tasks)
			if err != nil || !near(got, c.want, 1e-6) {
				t.Errorf("%s at %+v: %v, by the covariances %v, %v", c.d.Name, tasks, got, c.want, err)
			}
		}
		// Their squares are compared: the root of a rounding error is large.
		if got, err := Wasserstein2.Of(tasks); err != nil || !near(got*got, (distmv.Wasserstein{}).DistNormal(p, q), 1e-6) {
			t.Errorf("W₂ at %+v: %v, gonum %v, %v", tasks, got*got, (distmv.Wasserstein{}).DistNormal(p, q), err)
		}
	})
}

// chiSquaredOf returns ∫p_t²/p_s − 1 = |Σs|^½/(|Σt|·|2Σt⁻¹ − Σs⁻¹|^½) − 1, infinite unless the
// difference is positive definite.
func chiSquaredOf(source, target *mat.SymDense) float64 {
	var s, t mat.Cholesky
	s.Factorize(source)
	t.Factorize(target)
	var si, ti, m mat.SymDense
	s.InverseTo(&si)
	t.InverseTo(&ti)
	m.ScaleSym(-1, &si)
	m.AddSym(&m, &ti)
	m.AddSym(&m, &ti)
	var c mat.Cholesky
	if !c.Factorize(&m) {
		return math.Inf(1)
	}
	return math.Exp(s.LogDet()/2-t.LogDet()-c.LogDet()/2) - 1
}

// mmdOf uses that v − w is normal with the sum of the covariances, and that
// E exp(−‖v − w‖²/2ℓ²) = |I + Σ/ℓ²|^(−½).
func mmdOf(source, target *mat.SymDense, bandwidth float64) float64 {
	e := func(a, b *mat.SymDense) float64 {
		var m mat.SymDense
		m.AddSym(a, b)
		m.ScaleSym(1/(bandwidth*bandwidth), &m)
		for i := range m.SymmetricDim() {
			m.SetSym(i, i, 1+m.At(i, i))
		}
		return 1 / math.Sqrt(mat.Det(&m))
	}
	return e(source, source) + e(target, target) - 2*e(source, target)
}

// χ² is infinite from δ = σ/√2, and finite just below it.
func TestThresholdOfChiSquared(t *testing.T) {
	for _, sigma := range []float64{0.3, 2} {
		for factor, finite := range map[float64]bool{0.9: true, 1 - 1e-9: true, 1 + 1e-9: false, 1.01: false, 2: false} {
			tasks := Tasks{D: 2, Sigma: sigma, Norm: 1 + factor*sigma/math.Sqrt2}
			v := of(t, ChiSquared, tasks)
			if math.IsInf(v, 1) == finite || v < 0 {
				t.Errorf("δ = %v·σ/√2 at σ = %v: χ² = %v", factor, sigma, v)
			}
		}
	}
}

// trapezoid integrates a smooth function that vanishes outside ±10 to rounding.
func trapezoid(f func(x float64) float64) (sum float64) {
	const h = 1. / 32
	for i := -320; i <= 320; i++ {
		sum += h * f(float64(i)*h)
	}
	return sum
}

func density(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// Given the distance a of the labels in units of σ, the total variation is erf(a/√8), and the
// Jensen–Shannon divergence the mean of two KL divergences to the mixture; a is normal with the
// standard deviation δ/σ.
func TestTVAndJSByQuadrature(t *testing.T) {
	for _, r := range []float64{0.01, 0.05, 0.3, 1, 2.5} {
		tasks := Tasks{D: 3, Sigma: 0.5, Norm: 1 + r/2}
		if got, want := of(t, TotalVariation, tasks), totalByParts(r); math.Abs(got-want) > 1e-10 {
			t.Errorf("TV at δ/σ = %v: %v, want %v", r, got, want)
		}
		want := trapezoid(func(x float64) float64 { return density(x) * jsOf(math.Abs(r*x)) })
		if got := of(t, JensenShannon, tasks); math.Abs(got-want) > 1e-8*want {
			t.Errorf("JS at δ/σ = %v: %.12g, want %.12g", r, got, want)
		}
	}
	// Small and large: r²/8, and log 2 − C/r with C = √(2/π)·∫(log 2 − JS(a)) da.
	for _, r := range []float64{1e-3, 1e-5} {
		if got := of(t, JensenShannon, Tasks{D: 2, Sigma: 1, Norm: 1 + r}); math.Abs(got/(r*r/8)-1) > 2*r {
			t.Errorf("JS at δ/σ = %v: %v r²/8", r, got/(r*r/8))
		}
	}
	for r, tolerance := range map[float64]float64{1e-2: 1e-7, 9e-5: 1e-10} { // by quadrature, and below it
		if got := of(t, JensenShannon, Tasks{D: 2, Sigma: 1, Norm: 1 + r}) / (r * r / 8); math.Abs(got-(1-3*r*r/8)) > tolerance {
			t.Errorf("JS at δ/σ = %v: %v r²/8, want %v", r, got, 1-3*r*r/8)
		}
	}
	const h = 1. / 16
	c := 0.0
	for i := range 20 * 16 {
		weight := h
		if i == 0 {
			weight /= 2
		}
		c += weight * math.Sqrt(2/math.Pi) * (math.Ln2 - jsOf(float64(i)*h))
	}
	for _, r := range []float64{1e3, 1e5} {
		if got := r * (math.Ln2 - of(t, JensenShannon, Tasks{D: 2, Sigma: 1, Norm: 1 + r})); math.Abs(got/c-1) > 10/(r*r)+1e-6 {
			t.Errorf("r·(log 2 − JS) at δ/σ = %v: %v, want %v", r, got, c)
		}
	}
}

// totalByParts integrates erf(a/√8), with its derivative at hand: E erf(|a|/√8) over a normal
// of standard deviation r, by a fine midpoint rule on the half line.
func totalByParts(r float64) (sum float64) {
	const n = 200000
	for i := range n {
		x := 10 * (float64(i) + 0.5) / n
		sum += 10. / n * 2 * density(x) * math.Erf(r*x/math.Sqrt(8))
	}
	return sum
}

// jsOf is the Jensen–Shannon divergence of two unit normals at the distance a, by what it lacks
// of log 2, which lies around their midpoint.
func jsOf(a float64) float64 {
	return math.Ln2 - trapezoid(func(z float64) float64 {
		p, q := density(z-a/2), density(z+a/2)
		if p == 0 || q == 0 {
			return 0
		}
		return (p*math.Log1p(q/p) + q*math.Log1p(p/q)) / 2
	})
}

// Without noise the laws of different tasks share no set: every φ-divergence is at its largest;
// those of equal tasks are zero.
func TestWithoutNoise(t *testing.T) {
	for _, c := range []struct {
		d    Distance
		want float64
	}{{KL, math.Inf(1)}, {ReverseKL, math.Inf(1)}, {ChiSquared, math.Inf(1)}, {TotalVariation, 1}, {SquaredHellinger, 1}, {JensenShannon, math.Ln2}} {
		if v := of(t, c.d, Tasks{D: 2, Theta: 1}); v != c.want {
			t.Errorf("%s = %v, want %v", c.d.Name, v, c.want)
		}
		if v := of(t, c.d, Tasks{D: 2, Norm: 1}); v != 0 {
			t.Errorf("%s of equal tasks = %v", c.d.Name, v)
		}
	}
}

// log(1 + e^x) is its own mirror image plus x, and an estimate from labels that are far apart is
// finite.
func TestLargeRatios(t *testing.T) {
	for _, x := range []float64{0, 1e-9, 0.3, 2, 30, 500, 1e4, 1e300} {
		if d := log1pExp(x) - log1pExp(-x); math.Abs(d-x) > 1e-15*(1+x) || x < 30 && math.Abs(log1pExp(x)-math.Log(1+math.Exp(x))) > 1e-14*(1+x) {
			t.Errorf("log(1 + e^±%v) differ by %v", x, d)
		}
	}
	tasks := Tasks{D: 2, Theta: 3, Sigma: 0.01}
	m, se, err := JensenShannon.Estimate(tasks, 20000, 1)
	if z := (m - of(t, JensenShannon, tasks)) / se; err != nil || !(math.Abs(z) < 4) {
		t.Errorf("%v ± %v, z = %v, %v", m, se, z, err)
	}
}

// δ is the length of the difference of two vectors, to rounding for small angles too.
func TestDelta(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := drawTasks(t)
		norm := tasks.Norm
		if norm == 0 {
			norm = 1
		}
		want := math.Hypot(1-norm*math.Cos(tasks.Theta), norm*math.Sin(tasks.Theta))
		if got := tasks.Delta(); math.Abs(got-want) > 1e-12 {
			t.Errorf("%+v: δ = %v, want %v", tasks, got, want)
		}
	})
	if d := (Tasks{D: 2, Theta: 1e-9}).Delta(); math.Abs(d/1e-9-1) > 1e-12 {
		t.Errorf("δ = %v at θ = 1e-9", d)
	}
	for want, tasks := range map[string]Tasks{"d=3 θ=45° σ=0.2": {D: 3, Theta: math.Pi / 4, Sigma: 0.2}, "d=10 θ=-180° σ=0 ‖βt‖=2.5": {D: 10, Theta: -math.Pi, Norm: 2.5}} {
		if tasks.String() != want {
			t.Errorf("%q, want %q", tasks, want)
		}
	}
}

// The edges of what is allowed; what is refused gives no number.
func TestEdges(t *testing.T) {
	big := math.Nextafter(1e100, math.Inf(1))
	turn := math.Nextafter(2*math.Pi, 7)
	for _, c := range []struct {
		tasks Tasks
		field string
	}{
		{Tasks{D: 2}, ""}, {Tasks{D: 1}, "D = 1"}, {Tasks{D: 1_000_000_000_000}, ""}, {Tasks{D: 1_000_000_000_001}, "D = 1000000000001"},
		{Tasks{D: 2, Theta: 2 * math.Pi}, ""}, {Tasks{D: 2, Theta: -2 * math.Pi}, ""}, {Tasks{D: 2, Theta: turn}, "Theta"}, {Tasks{D: 2, Theta: -turn}, "Theta"},
		{Tasks{D: 2, Sigma: 1e100}, ""}, {Tasks{D: 2, Sigma: big}, "Sigma"}, {Tasks{D: 2, Sigma: math.NaN()}, "Sigma"}, {Tasks{D: 2, Sigma: -1e-300}, "Sigma"},
		{Tasks{D: 2, Norm: 1e100}, ""}, {Tasks{D: 2, Norm: big}, "Norm"}, {Tasks{D: 2, Norm: math.NaN()}, "Norm"}, {Tasks{D: 2, Norm: -1e-300}, "Norm"},
	} {
		err := c.tasks.Validate()
		if (err == nil) != (c.field == "") || err != nil && !strings.Contains(err.Error(), c.field) {
			t.Errorf("%+v: %v", c.tasks, err)
		}
	}
	every := []Distance{KL, ReverseKL, ChiSquared, TotalVariation, SquaredHellinger, JensenShannon, Wasserstein1, Wasserstein1Lower, Wasserstein2, Dudley, DudleyLower, MMD(1), MMD(-1), MMD(math.Inf(1))}
	for _, d := range every {
		if v, err := d.Of(Tasks{D: 1}); err == nil || v != 0 {
			t.Errorf("%s of one dimension: %v, %v", d.Name, v, err)
		}
		if d.Estimate == nil {
			continue
		}
		for _, c := range []struct {
			tasks Tasks
			n     int
		}{{Tasks{D: 1, Sigma: 1}, 10}, {Tasks{D: 2, Sigma: 1}, 0}, {Tasks{D: 2, Sigma: 1}, 1}, {Tasks{D: 2, Sigma: 1}, 1 << 40}} {
			if m, se, err := d.Estimate(c.tasks, c.n, 1); err == nil || m != 0 || se != 0 {
				t.Errorf("%s from %d samples of %+v: %v ± %v, %v", d.Name, c.n, c.tasks, m, se, err)
			}
		}
	}
	for _, b := range []float64{0, -1, math.Inf(1), math.NaN()} {
		if v, err := MMD(b).Of(Tasks{D: 2, Sigma: 1}); err == nil || v != 0 || !strings.Contains(err.Error(), "bandwidth") {
			t.Errorf("bandwidth %v: %v, %v", b, v, err)
		}
	}
}

// The estimate of an MMD is the mean of h = k(x, x′) + k(y, y′) − k(x, y′) − k(x′, y) over
// disjoint pairs of samples (Gretton et al. 2012, Lemma 14).
func TestMMDEstimateByHand(t *testing.T) {
	const n, bandwidth = 30, 0.8
	tasks := Tasks{D: 3, Theta: 1, Sigma: 0.4, Norm: 1.5}
	x, y, err := Samples(tasks, 2*n, 5)
	if err != nil {
		t.Fatal(err)
	}
	k := func(a, b []float64) float64 {
		sum := 0.0
		for i := range a {
			sum += (a[i] - b[i]) * (a[i] - b[i])
		}
		return math.Exp(-sum / (2 * bandwidth * bandwidth))
	}
	var sum, squares float64
	for i := range n {
		x, y, x2, y2 := x.RawRowView(i), y.RawRowView(i), x.RawRowView(n+i), y.RawRowView(n+i)
		h := k(x, x2) + k(y, y2) - k(x, y2) - k(x2, y)
		sum, squares = sum+h, squares+h*h
	}
	mean := sum / n
	want := math.Sqrt((squares/n - mean*mean) / (n - 1))
	got, stderr, err := MMD(bandwidth).Estimate(tasks, n, 5)
	if err != nil || math.Abs(got-mean) > 1e-12 || math.Abs(stderr-want) > 1e-12 {
		t.Errorf("%v ± %v, by hand %v ± %v, %v", got, stderr, mean, want, err)
	}
}

// Two samples are enough for an estimate with a standard error.
func TestEstimatesOfTwoSamples(t *testing.T) {
	for _, d := range []Distance{MMD(1), KL, JensenShannon} {
		got, stderr, err := d.Estimate(Tasks{D: 3, Theta: 1, Sigma: 1}, 2, 1)
		if err != nil || math.IsNaN(got) || !(stderr > 0) {
			t.Errorf("%s: %v ± %v, %v", d.Name, got, stderr, err)
		}
	}
}
