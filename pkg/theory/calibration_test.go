package theory

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat"
)

// calibrated fails unless the z of a standard error have mean 0 and mean square 1, within
// four times the errors of these two.
func calibrated(t *testing.T, name string, z []float64) {
	t.Helper()
	var mean, square float64
	for _, z := range z {
		mean, square = mean+z, square+z*z
	}
	n := float64(len(z))
	mean, square = mean/n, square/n
	if !(math.Abs(mean) <= 4/math.Sqrt(n)) {
		t.Errorf("%s: the mean z of %d is %.2f", name, len(z), mean)
	}
	if !(math.Abs(square-1) <= 4*math.Sqrt(2/n)) {
		t.Errorf("%s: the mean square of %d z is %.2f, not 1", name, len(z), square)
	}
}

// legendre integrates f over [a, b].
func legendre(a, b float64, points int, f func(float64) float64) float64 {
	return quad.Fixed(f, a, b, points, quad.Legendre{}, 0)
}

// overBeta is E f(B) for B ~ Beta(p, q), with B = sin²φ, where the density is smooth.
func overBeta(p, q float64, points int, f func(float64) float64) float64 {
	weight := func(phi float64) float64 {
		return math.Pow(math.Sin(phi), 2*p-1) * math.Pow(math.Cos(phi), 2*q-1)
	}
	return legendre(0, math.Pi/2, points, func(phi float64) float64 { return weight(phi) * f(math.Pow(math.Sin(phi), 2)) }) /
		legendre(0, math.Pi/2, points, weight)
}

// overChiSquared is E f(S), S ~ χ²_k, with S = u².
func overChiSquared(k int, f func(float64) float64) float64 {
	middle := math.Sqrt(float64(k))
	weight := func(u float64) float64 {
		return math.Exp((float64(k)-1)*math.Log(u/middle) - (u*u-middle*middle)/2)
	}
	sum := func(of func(float64) float64) (all float64) {
		lo := math.Max(0, middle-11)
		for i := range 8 {
			step := (middle + 11 - lo) / 8
			all += legendre(lo+float64(i)*step, lo+float64(i+1)*step, 40, of)
		}
		return all
	}
	return sum(func(u float64) float64 { return weight(u) * f(u*u) }) / sum(weight)
}

// residualByQuadrature is the mean of sin² of the angle between β̂s and βt. The part of β̂s
// across βs points anywhere in d−1 dimensions.
func residualByQuadrature(s Setting) float64 {
	d, n := float64(s.D), float64(s.SourceN)
	square := func(g, r2 float64) float64 { return g * g / r2 } // cos² of the angle to βs
	var along float64
	noise := func(p, q float64, f func(e float64) float64) float64 { // e = σ_s·√(χ²/χ²)
		if s.SourceSigma == 0 {
			return f(0)
		}
		return overBeta(p/2, q/2, 12, func(b float64) float64 { return f(s.SourceSigma * math.Sqrt(b/(1-b))) })
	}
	coordinate := func(k float64, f func(u float64) float64) float64 { // of a random unit vector
		if k == 1 {
			return (f(1) + f(-1)) / 2
		}
		return overBeta((k-1)/2, (k-1)/2, 12, func(b float64) float64 { return f(2*b - 1) })
	}
	if n > d {
		along = noise(d, n-d+1, func(e float64) float64 {
			return coordinate(d, func(u float64) float64 { return square(1+e*u, 1+2*e*u+e*e) })
		})
	} else {
		along = overBeta(n/2, (d-n)/2, 12, func(b float64) float64 {
			return noise(n, d-n+1, func(e float64) float64 {
				return coordinate(n, func(u float64) float64 {
					t := e * math.Sqrt(b) * u
					return square(b+t, b+2*t+e*e)
				})
			})
		})
	}
	cos2 := math.Pow(math.Cos(s.Theta), 2)
	return 1 - cos2*along - (1-cos2)*(1-along)/(d-1)
}

// The mean of ρ with finite source data, and the risk of linear transfer that follows from
// it, against quadrature.
func TestSourceResidualIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	z := map[string][]float64{}
	for range 60 {
		s := Setting{D: 3 + rng.IntN(20), N: 3 + rng.IntN(4), Theta: math.Pi * rng.Float64(), Sigma: rng.Float64(), Depth: 2, Norm: 0.3 + rng.Float64()}
		if s.SourceN = 1 + rng.IntN(2*s.D); s.SourceN == s.D {
			s.SourceN++
		}
		if rng.IntN(2) == 0 {
			s.SourceSigma = 0.2 + rng.Float64()
		}
		if s.SourceN > s.D && s.SourceSigma == 0 {
			s.SourceSigma = 0.5 // or ρ is no random number
		}
		want := residualByQuadrature(s)
		rho, err := Outside.Mean(s)
		if err != nil {
			t.Fatal(err)
		}
		risk, err := Linear.Mean(s)
		if err != nil {
			t.Fatal(err)
		}
		c2, rise := s.Norm*s.Norm, 1/float64(s.N-2)
		z["ρ"] = append(z["ρ"], (rho.Value-want)/rho.StdErr)
		z["R_lt"] = append(z["R_lt"], (risk.Value-(c2*want+(s.Sigma*s.Sigma+c2*want)*rise))/risk.StdErr)
		if s.N+1 < s.D || s.N > s.D+1 {
			transfer, err := LinearTransferability.Mean(s)
			scratch, err2 := Scratch.Mean(s)
			if err != nil || err2 != nil || transfer.StdErr != risk.StdErr || math.Abs(transfer.Value-scratch.Value+risk.Value) > 1e-12*(1+scratch.Value) {
				t.Errorf("%v: T_lt %v of R_sc %v and R_lt %v, %v, %v", s, transfer, scratch, risk, err, err2)
			}
		}
	}
	for name, z := range z {
		calibrated(t, name, z)
	}
}

// tunedByQuadrature is E f of the tuned risk of one data set, (λ*/d)·tr(XᵀX/n + λ*)⁻¹, where
// one of n and d is 1 or 2. Of a 2×2 Wishart matrix with k degrees of freedom the trace S is
// χ²_2k and independent of v = 4·det/S², and √v has the distribution x^(k−1).
func tunedByQuadrature(s Setting, f func(risk float64) float64) float64 {
	short, long := min(s.N, s.D), max(s.N, s.D)
	shift := float64(s.D) * s.Sigma * s.Sigma / (s.Norm * s.Norm)
	of := func(trace float64) float64 {
		return f(s.Norm * s.Norm * (shift*trace + float64(s.D-short)) / float64(s.D))
	}
	if short == 1 {
		return overChiSquared(long, func(S float64) float64 { return of(1 / (S + shift)) })
	}
	return overChiSquared(2*long, func(S float64) float64 {
		return legendre(0, 1, 40, func(u float64) float64 {
			v := math.Pow(u, 2/float64(long-1))
			return of((S + 2*shift) / (v*S*S/4 + shift*S + shift*shift))
		})
	})
}

// The mean tuned risk from scratch and its standard error against quadrature, for targets
// of any norm, by z-scores.
func TestTunedMeanIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for i := range 18 {
		s := Setting{N: 1 + i%2, D: 3 + i, Sigma: 0.2 + rng.Float64(), Depth: 2, Norm: 0.3 + 2*rng.Float64()}
		if i%3 == 0 {
			s.N, s.D = s.D, 2
		}
		got, err := ScratchTuned.Mean(s)
		if err != nil {
			t.Fatal(err)
		}
		mean := tunedByQuadrature(s, func(r float64) float64 { return r })
		variance := tunedByQuadrature(s, func(r float64) float64 { return math.Pow(r-mean, 2) })
		kurtosis := tunedByQuadrature(s, func(r float64) float64 { return math.Pow(r-mean, 4) }) / (variance * variance)
		draws := float64(1<<14) / float64(min(s.N, s.D))
		z := (got.Value - mean) / got.StdErr
		zse := (got.StdErr/math.Sqrt(variance/draws) - 1) / math.Sqrt((kurtosis-1)/(4*draws))
		if !(math.Abs(z) <= 4) || !(math.Abs(zse) <= 4) {
			t.Errorf("%v: %v, by quadrature %v: z = %.2f, of the standard error %.2f", s, got, mean, z, zse)
		}
	}
}

// ofLaw draws what a summary averages, from another stream.
func ofLaw(t *testing.T, s Setting, draws int, seed, stream uint64) map[string][]float64 {
	t.Helper()
	l, err := NewLaw(s)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := FineTuneTransferabilityPrinted.Mean(s)
	if err != nil {
		t.Fatal(err)
	}
	rng, x := rand.New(rand.NewPCG(seed, stream)), map[string][]float64{}
	for range draws {
		r := l.draw(rng)
		x["T_ft"] = append(x["T_ft"], r.Scratch-r.FineTune-(2*r.q-r.a)+printed.Value)
		x["c"] = append(x["c"], r.Scale)
		x["P(linear)"] = append(x["P(linear)"], indicator(r.Linear < r.Scratch))
		x["P(fine-tuning)"] = append(x["P(fine-tuning)"], indicator(r.FineTune < r.Scratch))
	}
	return x
}

func values(s Summary) map[string]Value {
	return map[string]Value{"T_ft": s.TFineTune, "c": s.Scale, "P(linear)": s.PLinearWins, "P(fine-tuning)": s.PFineTuneWins}
}

// The means of a summary over batches of draws, each against other draws. A summary of k
// batches less that of k−1 is the batch k.
func TestSummaryIsCalibrated(t *testing.T) {
	const batch, batches, more = 128, 64, 30_000
	z := map[string][]float64{}
	for i, s := range []Setting{{N: 6, D: 14, Theta: 0.9, Sigma: 0.5, Depth: 3}, {N: 9, D: 20, Theta: 0.7, Sigma: 0.3, Depth: 2, SourceN: 32, SourceSigma: 0.7}} {
		x := ofLaw(t, s, more, uint64(i), 4)
		last := map[string]float64{}
		for k := 1; k <= batches; k++ {
			sum, err := s.Summary(k * batch)
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range values(sum) {
				m := Mean(x[name])
				total := float64(k) * v.Value
				z[name] = append(z[name], (total-last[name]-m.Value)/math.Hypot(v.StdErr*math.Sqrt(float64(k)), m.StdErr))
				last[name] = total
			}
		}
	}
	for name, z := range z {
		calibrated(t, name, z)
	}
}

// spread is the relative error of the standard deviation of x.
func spread(x []float64) (sd, relative float64) {
	m, sd := stat.MeanStdDev(x, nil)
	var fourth float64
	for _, x := range x {
		fourth += math.Pow((x-m)/sd, 4)
	}
	n := float64(len(x))
	return sd, math.Sqrt((fourth/n - 1) / (4 * n))
}

// The same at settings that keep all fields apart: each mean, and each standard error.
func TestSummaryMeetsOtherDraws(t *testing.T) {
	const draws, more = 3000, 9000
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range 16 {
		s := Setting{N: 1 + rng.IntN(12), Theta: 0.3 + 2*rng.Float64(), Sigma: 0.2 + rng.Float64(), Depth: 2 + rng.IntN(3)}
		s.D = s.N + 5 + rng.IntN(10)
		switch i % 3 {
		case 1:
			s.SourceN, s.SourceSigma = s.D+5+rng.IntN(9), rng.Float64()
		case 2:
			s.SourceN, s.SourceSigma = 1+rng.IntN(s.D-4), rng.Float64()
		}
		sum, err := s.Summary(draws)
		if err != nil {
			t.Fatal(err)
		}
		x := ofLaw(t, s, more, uint64(i), 4)
		for name, v := range values(sum) {
			m := Mean(x[name])
			sd, relative := spread(x[name])
			if m.StdErr == 0 && v.StdErr == 0 && m.Value == v.Value {
				continue
			}
			z := (v.Value - m.Value) / math.Hypot(v.StdErr, m.StdErr)
			zse := (v.StdErr/(sd/math.Sqrt(draws)) - 1) / (relative * math.Sqrt(1+more/draws))
			if !(math.Abs(z) <= 4) || !(math.Abs(zse) <= 4) {
				t.Errorf("%v: %s: %v, other draws %v: z = %.2f, of the standard error %.2f", s, name, v, m, z, zse)
			}
		}
	}
}

// A summary is the mean of the sample of its seed, whatever the number of chunks, and the
// means that a result returns are those of 8192 draws.
func TestSummaryIsTheMeanOfTheSample(t *testing.T) {
	s := Setting{N: 7, D: 12, Theta: 0.8, Sigma: 0.4, Depth: 3}
	l, err := NewLaw(s)
	if err != nil {
		t.Fatal(err)
	}
	near := func(a, b Value) bool {
		return math.Abs(a.Value-b.Value) < 1e-10 && math.Abs(a.StdErr/b.StdErr-1) < 1e-10
	}
	for _, draws := range []int{1000, chunk, 3*chunk + 5} {
		sum, err := s.Summary(draws)
		if err != nil {
			t.Fatal(err)
		}
		var scale, linear, tuned []float64
		for _, r := range l.Sample(draws, lawSeed) {
			scale = append(scale, r.Scale)
			linear, tuned = append(linear, indicator(r.Linear < r.Scratch)), append(tuned, indicator(r.FineTune < r.Scratch))
		}
		mean := func(x []float64) Value {
			m, v := stat.PopMeanVariance(x, nil)
			return Value{m, math.Sqrt(v / float64(draws))}
		}
		for name, c := range map[string][2]Value{"c": {sum.Scale, mean(scale)}, "linear": {sum.PLinearWins, mean(linear)}, "fine-tuning": {sum.PFineTuneWins, mean(tuned)}} {
			if !near(c[0], c[1]) {
				t.Errorf("%d draws: %s: %v, of the sample %v", draws, name, c[0], c[1])
			}
		}
	}
	sum, err := s.Summary(8192)
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := Scratch.Mean(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Result
		want Value
	}{{FineTuneTransferability, sum.TFineTune}, {FineTuneScale, sum.Scale}, {FineTune, Value{scratch.Value - sum.TFineTune.Value, sum.TFineTune.StdErr}}} {
		if got, err := c.r.Mean(s); err != nil || !near(got, c.want) {
			t.Errorf("%s: %v, want %v, %v", c.r.Name, got, c.want, err)
		}
	}
	s.N = 12
	if sum, err = s.Summary(100); err != nil || sum.TFineTune != (Value{}) || sum.PFineTuneWins != (Value{}) || sum.Scale.StdErr == 0 {
		t.Errorf("n = d: %+v, %v", sum, err)
	}
}

// The norm of a (d−1)×(d−1) Gaussian matrix: |N(0,1)| at d = 2, and at d = 3 the mean √π and
// the variance 2 − π/2, from the law of a 2×2 Wishart matrix.
func TestSecondSingularIsCalibrated(t *testing.T) {
	const draws, alpha = 4096, 0.3
	for _, c := range []struct {
		d                        int
		mean, variance, kurtosis float64
	}{{2, math.Sqrt(2 / math.Pi), 1 - 2/math.Pi, 3.87}, {3, math.SqrtPi, 2 - math.Pi/2, 3.1}} {
		got, err := SecondSingular(c.d, alpha)
		scale := alpha / math.Sqrt(float64(c.d))
		if z := (got.Value - scale*c.mean) / got.StdErr; err != nil || math.Abs(z) > 4 {
			t.Errorf("d = %d: %v, want %v, z = %.2f, %v", c.d, got, scale*c.mean, z, err)
		}
		se := scale * math.Sqrt(c.variance/draws)
		if z := (got.StdErr/se - 1) / math.Sqrt((c.kurtosis-1)/(4*draws)); math.Abs(z) > 4 {
			t.Errorf("d = %d: standard error %v, want %v, z = %.2f", c.d, got.StdErr, se, z)
		}
	}
}

// Mean's standard error is that of the mean of a sample of unknown variance.
func TestMeanIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	var z []float64
	for range 500 {
		x := make([]float64, 200)
		for i := range x {
			x[i] = 3 + 2*rng.NormFloat64()
		}
		m := Mean(x)
		z = append(z, (m.Value-3)/m.StdErr)
	}
	calibrated(t, "the mean of normals", z)
}

// The difference of two means has the root of the sum of the squares of their standard errors.
func TestDifferenceAddsErrors(t *testing.T) {
	s := Setting{N: 8, D: 5, Theta: 1, Sigma: 0.6, Depth: 2, SourceN: 9, SourceSigma: 0.9, Norm: 1.4}
	tuned, err := ScratchTuned.Mean(s)
	linear, err2 := Linear.Mean(s)
	got, err3 := LinearTunedTransferability.Mean(s)
	if err != nil || err2 != nil || err3 != nil || math.Abs(got.Value-(tuned.Value-linear.Value)) > 1e-12 ||
		math.Abs(got.StdErr*got.StdErr-tuned.StdErr*tuned.StdErr-linear.StdErr*linear.StdErr) > 1e-15 || tuned.StdErr == 0 || linear.StdErr == 0 {
		t.Error(got, tuned, linear, fmt.Sprint(err, err2, err3))
	}
}
