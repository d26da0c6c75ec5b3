package divergence

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// The integral probability metrics: the supremum of |E_s f − E_t f| over a class of
// functions f. TotalVariation is one as well.
var (
	// Wasserstein1 is an upper bound on the Wasserstein-1 distance with the
	// Euclidean ground metric: the smaller of δ√(2/π), by coupling the same x and
	// noise, and Wasserstein2.
	Wasserstein1 = Distance{Name: "Wasserstein-1, upper bound", Symbol: `$W_1 \le$`,
		Of: closed(wasserstein1)}

	// Wasserstein1Lower is a lower bound on it: the Wasserstein-1 distance of the
	// two laws projected on one direction, √(2/π)·|s_t − s_s| with s the standard
	// deviations along it, for the direction in which that is largest.
	Wasserstein1Lower = Distance{Name: "Wasserstein-1, lower bound", Symbol: `$W_1 \ge$`,
		Of: func(t Tasks) (float64, error) {
			if err := t.Validate(); err != nil {
				return 0, err
			}
			v, _, err := t.project(func(s, t float64) float64 { return math.Sqrt(2/math.Pi) * math.Abs(t-s) })
			return v, err
		}}

	// Wasserstein2 is exact, by the Bures formula: both laws are normal with mean
	// zero on R^(D+1).
	Wasserstein2 = Distance{Name: "Wasserstein-2", Symbol: `$W_2$`, Of: closed(bures)}

	// Dudley is an upper bound on the Dudley metric, whose functions have
	// sup|f| + Lip(f) ≤ 1: 2·TV·W₁/(2·TV + W₁), the best split between the two
	// bounds 2·TV·sup|f| and W₁·Lip(f). It never exceeds 2.
	Dudley = Distance{Name: "Dudley metric, upper bound", Symbol: `$D \le$`,
		Of: closed(func(t Tasks) float64 {
			tv, w := totalVariation(t), wasserstein1(t)
			if w == 0 {
				return 0
			}
			return 2 * tv * w / (2*tv + w)
		})}

	// DudleyLower is a lower bound on it, by the best [Judge] in the best direction.
	// Its estimator is the difference of the means of that judge over samples.
	DudleyLower = Distance{Name: "Dudley metric, lower bound", Symbol: `$D \ge$`,
		Of: func(t Tasks) (float64, error) {
			if err := t.Validate(); err != nil {
				return 0, err
			}
			best := func(s, t float64) float64 { _, v := BestJudge(s, t); return v }
			v, _, err := t.project(best)
			return v, err
		}, Estimate: judged}
)

func judged(t Tasks, n int, seed uint64) (mean, stderr float64, err error) {
	if n < 2 {
		return 0, 0, tooFew(n)
	}
	a, b, err := Samples(t, n, seed)
	if err != nil {
		return 0, 0, err
	}
	_, w, err := t.project(func(s, t float64) float64 { _, v := BestJudge(s, t); return v })
	if err != nil {
		return 0, 0, err
	}
	source, target := t.covariances()
	v := mat.NewVecDense(3, w[:])
	j, _ := BestJudge(math.Sqrt(mat.Inner(v, source, v)), math.Sqrt(mat.Inner(v, target, v)))
	difference := make([]float64, n)
	for i := range difference {
		x, y := a.RawRowView(i), b.RawRowView(i)
		difference[i] = j.At(w[0]*x[0]+w[1]*x[1]+w[2]*x[t.D]) - j.At(w[0]*y[0]+w[1]*y[1]+w[2]*y[t.D])
	}
	m, sd := stat.MeanStdDev(difference, nil)
	return math.Abs(m), stat.StdErr(sd, float64(n)), nil
}

// wasserstein1 is an upper bound.
func wasserstein1(t Tasks) float64 {
	return math.Min(t.Delta()*math.Sqrt(2/math.Pi), bures(t))
}

// bures is W₂ between two centred normal laws: W₂² = tr(A + B − 2(A^½BA^½)^½).
func bures(t Tasks) float64 {
	a, b := t.covariances()
	root := sqrtSym(a)
	var m mat.Dense
	m.Mul(root, b)
	m.Mul(&m, root)
	inner := mat.NewSymDense(3, nil)
	for i := range 3 {
		for j := i; j < 3; j++ {
			inner.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	return math.Sqrt(math.Max(0, mat.Trace(a)+mat.Trace(b)-2*mat.Trace(sqrtSym(inner))))
}

// sqrtSym is the square root of a positive semidefinite 3×3 matrix.
func sqrtSym(a *mat.SymDense) *mat.SymDense {
	var eig mat.EigenSym
	if !eig.Factorize(a, true) {
		panic("divergence: the eigenvalues of a 3×3 matrix did not converge")
	}
	var v mat.Dense
	eig.VectorsTo(&v)
	out := mat.NewSymDense(3, nil)
	for k, l := range eig.Values(nil) {
		out.SymRankOne(out, math.Sqrt(math.Max(0, l)), v.ColView(k))
	}
	return out
}

// project maximises a function of the standard deviations of the two laws in one
// direction over directions, and returns the value and the direction in (x₁, x₂, y).
func (t Tasks) project(value func(s, t float64) float64) (float64, [3]float64, error) {
	a, b := t.covariances()
	direction := func(p []float64) [3]float64 {
		sin, cos := math.Sincos(p[0])
		sinb, cosb := math.Sincos(p[1])
		return [3]float64{cos * cosb, cos * sinb, sin}
	}
	sd := func(m *mat.SymDense, w [3]float64) float64 {
		v := mat.NewVecDense(3, w[:])
		return math.Sqrt(math.Max(0, mat.Inner(v, m, v)))
	}
	at := func(p []float64) float64 { w := direction(p); return value(sd(a, w), sd(b, w)) }
	best, where := 0.0, []float64{math.Pi / 2, 0}
	const grid = 16
	for i := range grid {
		for j := range grid {
			p := []float64{math.Pi * float64(i) / grid, math.Pi * float64(j) / grid}
			if v := at(p); v > best {
				best, where = v, p
			}
		}
	}
	if best == 0 {
		return 0, direction(where), nil
	}
	res, err := optimize.Minimize(optimize.Problem{Func: func(p []float64) float64 { return -at(p) }}, where, nil, &optimize.NelderMead{})
	if err != nil {
		return 0, [3]float64{}, fmt.Errorf("divergence: no best direction: %w", err)
	}
	return -res.F, direction(res.X), nil
}

// Judge is a test function for two laws on the real line,
// h(v) = a(1 − 2 min(|v|/K, 1)) with a = K/(K+2), so that sup|h| + Lip(h) = 1.
type Judge struct{ K float64 }

// At returns h(v).
func (j Judge) At(v float64) float64 {
	return j.K / (j.K + 2) * (1 - 2*math.Min(math.Abs(v)/j.K, 1))
}

// Difference returns |E h| between N(0, s²) and N(0, t²), in closed form:
// 2a|m(K, t) − m(K, s)| with m(K, s) = E min(|v|/K, 1) =
// (s/K)√(2/π)(1 − e^(−K²/2s²)) + 2Φ(−K/s).
func (j Judge) Difference(s, t float64) float64 {
	m := func(s float64) float64 {
		if s == 0 {
			return 0
		}
		x := j.K / s
		return math.Sqrt(2/math.Pi)/x*-math.Expm1(-x*x/2) + 2*distuv.UnitNormal.CDF(-x)
	}
	return 2 * j.K / (j.K + 2) * math.Abs(m(t)-m(s))
}

// BestJudge returns the judge with the largest difference between N(0, s²) and N(0, t²),
// and that difference, which is a lower bound on their Dudley metric. It needs s, t ≥ 0.
func BestJudge(s, t float64) (Judge, float64) {
	// The difference has one maximum in log K: golden section around the best of
	// a grid.
	at := func(logK float64) float64 { return Judge{K: math.Exp(logK)}.Difference(s, t) }
	best := 0.0
	for u := -8.0; u <= 16; u += 0.5 {
		if at(u) > at(best) {
			best = u
		}
	}
	lo, hi := best-0.5, best+0.5
	const golden = 0.6180339887498949
	for hi-lo > 1e-9 {
		a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
		if at(a) < at(b) {
			lo = a
		} else {
			hi = b
		}
	}
	j := Judge{K: math.Exp((lo + hi) / 2)}
	return j, j.Difference(s, t)
}
