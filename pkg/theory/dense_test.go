package theory

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// gaussian is an n×d matrix of independent standard normals.
func gaussian(rng *rand.Rand, n, d int) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	for i := range x.RawMatrix().Data {
		x.RawMatrix().Data[i] = rng.NormFloat64()
	}
	return x
}

// fit is X⁺(Xβ + σε), by QR or LQ.
func fit(t *testing.T, rng *rand.Rand, x *mat.Dense, beta *mat.VecDense, sigma float64) (sol, y *mat.VecDense) {
	t.Helper()
	n, _ := x.Dims()
	sol, y = new(mat.VecDense), new(mat.VecDense)
	y.MulVec(x, beta)
	for i := range n {
		y.SetVec(i, y.AtVec(i)+sigma*rng.NormFloat64())
	}
	if err := sol.SolveVec(x, y); err != nil {
		t.Fatal(err)
	}
	return sol, y
}

// bisected is the positive root c of r²·c^(2L/(L−1)) = a·c² + b.
func bisected(depth int, a, b, r float64) float64 {
	if depth == 1 {
		return 1
	}
	lo, hi := -50.0, 50.0 // log c
	for range 60 {
		mid := (lo + hi) / 2
		if r*r*math.Exp(2*mid*float64(depth)/float64(depth-1)) < a*math.Exp(2*mid)+b {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp(lo)
}

// denseRisks draws the data and does what the paper does, with matrices.
func denseRisks(t *testing.T, rng *rand.Rand, s Setting) (r Risks) {
	t.Helper()
	source, target := mat.NewVecDense(s.D, nil), mat.NewVecDense(s.D, nil)
	norm := s.Norm
	if norm == 0 {
		norm = 1
	}
	source.SetVec(0, 1)
	target.SetVec(0, norm*math.Cos(s.Theta))
	target.SetVec(1, norm*math.Sin(s.Theta))
	if s.SourceN > 0 {
		source, _ = fit(t, rng, gaussian(rng, s.SourceN, s.D), source, s.SourceSigma)
	}
	risk := func(beta *mat.VecDense) float64 {
		var off mat.VecDense
		off.SubVec(beta, target)
		return mat.Dot(&off, &off)
	}
	x := gaussian(rng, s.N, s.D)
	scratch, y := fit(t, rng, x, target, s.Sigma)
	r.Scratch = risk(scratch)

	size := mat.Norm(source, 2)
	var phi, frozen mat.VecDense
	phi.MulVec(x, source)
	phi.ScaleVec(1/size, &phi)
	frozen.ScaleVec(mat.Dot(&phi, y)/(mat.Dot(&phi, &phi)+float64(s.N)*s.Lambda)/size, source)
	r.Linear = risk(&frozen)

	null := mat.NewVecDense(s.D, nil)
	if s.N < s.D {
		row, _ := fit(t, rng, x, source, 0)
		null.SubVec(source, row)
	}
	r.Scale = bisected(s.Depth, mat.Dot(null, null), mat.Dot(scratch, scratch), size)
	var tuned mat.VecDense
	tuned.AddScaledVec(scratch, r.Scale, null)
	r.FineTune = risk(&tuned)
	return r
}

// The joint law is that of data sets drawn and solved with matrices: the three risks, the
// scale, and combinations of them that see how they hang together.
func TestLawIsThatOfDenseMatrices(t *testing.T) {
	const dense, draws = 3000, 12000
	mixed := func(r Risks) float64 { return r.Scratch - 0.7*r.Linear + 0.4*r.Scale }
	for i, s := range []Setting{
		{N: 4, D: 7, Theta: 2, Sigma: 0.6, Depth: 3},
		{N: 2, D: 5, Theta: 0.9, Sigma: 1.2, Depth: 2},
		{N: 1, D: 4, Theta: 0.9, Sigma: 0.5, Depth: 4},
		{N: 3, D: 5, Theta: 1.2, Sigma: 0.4, Depth: 1},
		{N: 5, D: 6, Theta: 0.6, Sigma: 0.5, Depth: 2},
		{N: 4, D: 4, Theta: 0.6, Sigma: 0.5, Depth: 3},
		{N: 9, D: 5, Theta: 2.5, Sigma: 0.7, Depth: 3},
		{N: 4, D: 3, Theta: 1, Sigma: 0.7, Depth: 2},
		{N: 5, D: 2, Theta: 1, Sigma: 0.7, Depth: 2},
		{N: 6, D: 9, Theta: 0.5, Sigma: 0.3, Depth: 2, Lambda: 0.4},
		{N: 4, D: 7, Theta: 0.8, Sigma: 0.4, Depth: 3, SourceN: 5, SourceSigma: 0.9},
		{N: 5, D: 8, Theta: 0.8, Sigma: 0.4, Depth: 2, SourceN: 12, SourceSigma: 1.5},
		{N: 3, D: 5, Theta: 2.2, Sigma: 0.4, Depth: 2, SourceN: 5, SourceSigma: 0.3},
		{N: 2, D: 3, Theta: 1, Sigma: 0.4, Depth: 3, SourceN: 1, SourceSigma: 0.8},
		{N: 8, D: 4, Theta: 1, Sigma: 0.4, Depth: 2, SourceN: 3},
		{N: 4, D: 7, Theta: 1.9, Sigma: 0.8, Depth: 2, Norm: 2.5},
		{N: 9, D: 5, Theta: 0.7, Sigma: 0.8, Depth: 2, Norm: 0.3, Lambda: 0.2},
	} {
		l, err := NewLaw(s)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(uint64(i), 77))
		want := make([]Risks, dense)
		for j := range want {
			want[j] = denseRisks(t, rng, s)
		}
		got := l.Sample(draws, uint64(i))
		for name, of := range map[string]func(Risks) float64{
			"R_sc": func(r Risks) float64 { return r.Scratch }, "R_lt": func(r Risks) float64 { return r.Linear },
			"R_ft": func(r Risks) float64 { return r.FineTune }, "c": func(r Risks) float64 { return r.Scale },
			"R_sc − R_lt":               func(r Risks) float64 { return r.Scratch - r.Linear },
			"R_sc − R_ft":               func(r Risks) float64 { return r.Scratch - r.FineTune },
			"R_lt − R_ft":               func(r Risks) float64 { return r.Linear - r.FineTune },
			"R_sc − .7R_lt + .4c":       mixed,
			"(R_sc − 1)(R_lt − 1)·R_ft": func(r Risks) float64 { return (r.Scratch - 1) * (r.Linear - 1) * r.FineTune },
		} {
			a, b := make([]float64, draws), make([]float64, dense)
			for j, r := range got {
				a[j] = of(r)
			}
			for j, r := range want {
				b[j] = of(r)
			}
			if s.Norm != 0 && math.IsNaN(a[0]) { // fine-tuning has no law there
				continue
			}
			if s.N >= s.D && name == "R_sc − R_ft" {
				continue // 0, to rounding
			}
			if z := ksZ(a, b); !(z <= 2.3) {
				t.Errorf("%v: %s: Kolmogorov–Smirnov %.2f", s, name, z)
			}
		}
		if r := got[0]; (s.Norm != 0) != (math.IsNaN(r.FineTune) && math.IsNaN(r.Scale)) {
			t.Errorf("%v: the law of fine-tuning is %v, %v", s, r.FineTune, r.Scale)
		}
	}
}

// The part ρ of a target outside k features acts as noise: the risk of least squares on
// the features, with matrices.
func TestSeveralFeaturesAreLeastSquares(t *testing.T) {
	const draws = 6000
	for _, c := range []struct{ k, n int }{{2, 6}, {3, 9}, {5, 12}} {
		s := Setting{N: c.n, D: 20, Theta: 0.8, Sigma: 0.5, Depth: 2, Features: c.k, Norm: 1.7}
		rho := 1.7 * 1.7 * math.Pow(math.Sin(0.8), 2)
		rng := rand.New(rand.NewPCG(uint64(c.k), 3))
		x := make([]float64, draws)
		for i := range x {
			features, zero := gaussian(rng, c.n, c.k), mat.NewVecDense(c.k, nil)
			off, _ := fit(t, rng, features, zero, math.Sqrt(0.25+rho))
			x[i] = rho + mat.Dot(off, off)
		}
		want, err := Linear.Mean(s)
		m := Mean(x)
		if z := (want.Value - m.Value) / m.StdErr; err != nil || math.Abs(z) > 4 || want.StdErr != 0 {
			t.Errorf("%v: %v, with matrices %v, z = %.2f, %v", s, want, m, z, err)
		}
	}
}

// A trained network escapes when EscapeTime says so: the flow of two layers from random
// starts, integrated by the rule of Runge and Kutta.
func TestEscapeTimeIsThatOfNetworks(t *testing.T) {
	const alpha, starts, h = 0.01, 400, 0.05
	for _, d := range []int{1, 2, 4} {
		rng := rand.New(rand.NewPCG(uint64(d), 5))
		times := make([]float64, starts)
		for i := range times {
			times[i] = escape(rng, d, alpha, h)
		}
		m := Mean(times)
		want, err := EscapeTime(d, alpha)
		if z := (m.Value - want.Value) / m.StdErr; err != nil || math.Abs(z) > 4 {
			t.Errorf("d = %d: %v, predicted %v, z = %.2f, %v", d, m, want, z, err)
		}
	}
}

// escape is the time to β·βs = ½. Only the row W₁ᵀβs and w₂ of the network and the part of β
// across βs matter at a small start, but all of it is integrated.
func escape(rng *rand.Rand, d int, alpha, h float64) float64 {
	y := make([]float64, d*d+d)
	for i := range y {
		y[i] = alpha * rng.NormFloat64()
		if i < d*d {
			y[i] /= math.Sqrt(float64(d))
		}
	}
	beta := make([]float64, d)
	along := func(y []float64) float64 {
		for i := range d {
			beta[i] = 0
			for j := range d {
				beta[i] += y[i*d+j] * y[d*d+j]
			}
		}
		return beta[0]
	}
	slope := func(dst, y []float64) {
		along(y)
		for j := range d {
			dst[d*d+j] = 0
		}
		for i := range d {
			g := -beta[i]
			if i == 0 {
				g++
			}
			for j := range d {
				dst[i*d+j] = g * y[d*d+j]
				dst[d*d+j] += y[i*d+j] * g
			}
		}
	}
	k, stage := [4][]float64{}, make([]float64, len(y))
	for i := range k {
		k[i] = make([]float64, len(y))
	}
	for t := 0.0; ; t += h {
		before := along(y)
		for i, a := range []float64{0, h / 2, h / 2, h} {
			copy(stage, y)
			if i > 0 {
				for j := range stage {
					stage[j] += a * k[i-1][j]
				}
			}
			slope(k[i], stage)
		}
		for j := range y {
			y[j] += h / 6 * (k[0][j] + 2*k[1][j] + 2*k[2][j] + k[3][j])
		}
		if now := along(y); now >= 0.5 {
			return t + h*(0.5-before)/(now-before)
		}
	}
}
