package divergence

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// meanOf returns the mean of a judge under N(0, s²) by a fine midpoint rule.
func meanOf(j Judge, s float64) (sum float64) {
	const n = 4000
	for i := range n {
		x := 9 * (float64(i) + 0.5) / n
		sum += 9. / n * 2 * density(x) * j.At(s*x)
	}
	return sum
}

// A judge is bounded by a, its slope by 1 − a with sup + Lip = 1, and the difference of its
// means is that of a quadrature.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := Judge{K: math.Exp(rapid.Float64Range(-4, 5).Draw(t, "log K"))}
		sup, slope := 0.0, 0.0
		for i := range 200 {
			v, w := j.K*(float64(i)-100)/50, j.K*(float64(i)-99.5)/50
			sup = max(sup, math.Abs(j.At(v)))
			slope = max(slope, math.Abs(j.At(w)-j.At(v))/(w-v))
		}
		if math.Abs(sup+slope-1) > 1e-9 || j.At(0) != -j.At(j.K) || j.At(2*j.K) != j.At(j.K) {
			t.Errorf("K = %v: sup %v, Lip %v", j.K, sup, slope)
		}
		s := rapid.Float64Range(0, 5).Draw(t, "s")
		u := rapid.Float64Range(0.1, 5).Draw(t, "t")
		if got, want := j.Difference(s, u), math.Abs(meanOf(j, s)-meanOf(j, u)); math.Abs(got-want) > 1e-5 {
			t.Errorf("K = %v: the difference of %v and %v is %v, want %v", j.K, s, u, got, want)
		}
	})
}

// No judge of a fine grid is better than the best one, at any scale.
func TestBestJudgeIsTheBest(t *testing.T) {
	for _, c := range [][2]float64{{1, 1.2}, {1.2, 1}, {0, 2}, {1, 30}, {0.01, 0.02}, {1e-3, 1}, {300, 1e4}, {1e6, 3e6}} {
		j, got := BestJudge(c[0], c[1])
		if d := j.Difference(c[0], c[1]); d != got {
			t.Errorf("%v: %v, of its judge %v", c, got, d)
		}
		best := 0.0
		for u := -10.0; u < 18; u += 0.01 {
			best = max(best, Judge{K: math.Exp(u)}.Difference(c[0], c[1]))
		}
		if got < best-1e-12 || got > best*(1+1e-4) {
			t.Errorf("%v: %v, the best of a grid %v", c, got, best)
		}
	}
}

// The best direction is that of a fine grid on the sphere.
func TestBestDirection(t *testing.T) {
	for _, tasks := range []Tasks{{D: 5, Theta: 1, Sigma: 0.2}, {D: 2, Theta: 2.5, Sigma: 0.7, Norm: 2}, {D: 3, Theta: -0.4, Sigma: 0.1, Norm: 0.3}, {D: 2, Theta: math.Pi, Sigma: 0.5},
		{D: 2, Theta: 0.5, Sigma: 0.5, Norm: 0.9}} { // of the last, a search from the plane of βs and y ends at a lesser maximum
		a, b := laws(Tasks{D: 2, Theta: tasks.Theta, Sigma: tasks.Sigma, Norm: tasks.Norm})
		w1, judge := 0.0, 0.0
		const grid = 60
		for i := range grid {
			for k := range grid {
				sin, cos := math.Sincos(math.Pi * float64(i) / grid)
				sinb, cosb := math.Sincos(math.Pi * float64(k) / grid)
				v := mat.NewVecDense(3, []float64{cos * cosb, cos * sinb, sin})
				s, u := math.Sqrt(mat.Inner(v, a, v)), math.Sqrt(mat.Inner(v, b, v))
				w1 = max(w1, math.Sqrt(2/math.Pi)*math.Abs(s-u))
				if i%3 == 0 && k%3 == 0 {
					_, d := BestJudge(s, u)
					judge = max(judge, d)
				}
			}
		}
		for _, c := range []struct {
			d           Distance
			best, slack float64
		}{{Wasserstein1Lower, w1, 0.01}, {DudleyLower, judge, 0.03}} {
			if got := of(t, c.d, tasks); got < c.best-1e-9 || got > c.best*(1+c.slack) {
				t.Errorf("%s at %v: %v, the best of a grid %v", c.d.Name, tasks, got, c.best)
			}
		}
	}
	// Along βs both laws differ in the label alone: closed forms of one dimension.
	tasks := Tasks{D: 2, Sigma: 0.3, Norm: 4}
	w2 := of(t, Wasserstein2, tasks)
	if got, want := of(t, Wasserstein1, tasks), math.Min(3*math.Sqrt(2/math.Pi), w2); math.Abs(got-want) > 1e-12 {
		t.Errorf("W₁ ≤ %v, want %v", got, want)
	}
	// Without a difference there is no best direction, and the distance is zero.
	if v := of(t, DudleyLower, Tasks{D: 2, Sigma: 1}); v != 0 {
		t.Errorf("Dudley of equal tasks: %v", v)
	}
}

// The upper bound on the Dudley metric is the best split: no split of sup + Lip = 1 between
// the two bounds allows more than the smaller of them.
func TestDudleyIsTheBestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := drawTasks(t)
		tv, err := TotalVariation.Of(tasks)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Wasserstein1.Of(tasks)
		if err != nil {
			t.Fatal(err)
		}
		if tv < 1e-100 {
			return // the product of two such numbers is rounded to 0
		}
		best := 0.0
		for i := range 1001 {
			sup := float64(i) / 1000
			best = max(best, min(2*tv*sup, w*(1-sup)))
		}
		if got, err := Dudley.Of(tasks); err != nil || got < best*(1-1e-12) || got > best+2e-3*max(2*tv, w) {
			t.Errorf("%+v: %v, the best split %v, %v", tasks, got, best, err)
		}
	})
}

// The estimators' standard errors are right: over many seeds the mean square of z is 1, within
// its own error.
func TestStandardErrorsAreCalibrated(t *testing.T) {
	tasks := Tasks{D: 2, Theta: 0.5, Sigma: 1.6, Norm: 1.2}
	for _, c := range []struct {
		d        Distance
		n, seeds int
	}{{KL, 200, 600}, {ReverseKL, 200, 600}, {TotalVariation, 200, 600}, {SquaredHellinger, 200, 600}, {JensenShannon, 200, 600}, {MMD(1), 200, 400}} {
		want := of(t, c.d, tasks)
		var mean, square, fourth float64
		for seed := range c.seeds {
			m, se, err := c.d.Estimate(tasks, c.n, uint64(seed))
			if err != nil || !(se > 0) {
				t.Fatal(se, err)
			}
			z := (m - want) / se
			mean += z / float64(c.seeds)
			square += z * z / float64(c.seeds)
			fourth += z * z * z * z / float64(c.seeds)
		}
		root := math.Sqrt(float64(c.seeds))
		// The skewness of the summands moves both by O(1/n).
		if z := (square - 1) / (math.Sqrt(fourth-square*square) / root); math.Abs(z) > 4 {
			t.Errorf("%s: the mean square of z is %.3f, z = %.1f", c.d.Name, square, z)
		}
		if math.Abs(mean*root) > 4 {
			t.Errorf("%s: the mean of z is %.3f", c.d.Name, mean)
		}
	}
	// That of the judge is the root of the two variances of h over n.
	tasks = Tasks{D: 4, Theta: 2, Sigma: 0.3, Norm: 3}
	const n = 20000
	m, se, err := DudleyLower.Estimate(tasks, n, 7)
	if err != nil {
		t.Fatal(err)
	}
	_, w, err := tasks.project(func(s, t float64) float64 { _, v := BestJudge(s, t); return v })
	if err != nil {
		t.Fatal(err)
	}
	a, b := laws(Tasks{D: 2, Theta: tasks.Theta, Sigma: tasks.Sigma, Norm: tasks.Norm})
	swap := mat.NewVecDense(3, []float64{w[1], w[0], w[2]}) // laws has βs last
	s, u := math.Sqrt(mat.Inner(swap, a, swap)), math.Sqrt(mat.Inner(swap, b, swap))
	j, want := BestJudge(s, u)
	moment := func(sd float64, power float64) (sum float64) {
		for i := range 4000 {
			p := (float64(i) + 0.5) / 4000
			sum += math.Pow(j.At(sd*distuv.UnitNormal.Quantile(p)), power) / 4000
		}
		return sum
	}
	variance := moment(s, 2) - moment(s, 1)*moment(s, 1) + moment(u, 2) - moment(u, 1)*moment(u, 1)
	// A bounded h has a fourth moment of at most a² times its variance.
	a4 := 4 * j.At(0) * j.At(0) / variance
	if z := (se*se*n/variance - 1) / math.Sqrt(a4/n); math.Abs(z) > 4 {
		t.Errorf("the standard error is %v, want %v, z = %.1f", se, math.Sqrt(variance/n), z)
	}
	if z := (m - want) / se; math.Abs(z) > 4 {
		t.Errorf("the judge tells %v, closed form %v, z = %.1f", m, want, z)
	}
}
