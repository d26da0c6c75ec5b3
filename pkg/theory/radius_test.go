package theory

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// The mean over ϱ is that of a fine trapezoidal rule in log ϱ.
func TestRadiusQuadrature(t *testing.T) {
	for _, s := range []Setting{
		{N: 59, D: 60, Sigma: 0.2, Depth: 20}, {N: 60, D: 60, Sigma: 1, Depth: 2}, {N: 58, D: 60, Sigma: 30, Depth: 5},
		{N: 59, D: 60, Sigma: 1e-3, Depth: 3}, {N: 1, D: 2, Sigma: 0.5, Depth: 40}, {N: 499, D: 500, Sigma: 2, Depth: 2},
	} {
		s.Theta = 2
		r, l, rng := newRadius(s), mustLaw(t, s), rand.New(rand.NewPCG(1, 2))
		if w := floats.Sum(r.weight); math.Abs(w-1) > 1e-7 {
			t.Errorf("%v: the weights add up to %v", s, w)
		}
		nu := float64(s.D - s.N + 1)
		for range 4 {
			d := l.draw(rng)
			c, c2 := r.scale(s.Depth, d)
			var want, want2, total float64
			const step = 0.03
			for x := -30 * float64(s.Depth); x < 3; x += step {
				rho := math.Exp(x)
				w := step * math.Exp(nu*x-rho*rho/2)
				b := d.fit + 2*d.along*d.noise/rho + d.noise*d.noise/(rho*rho)
				at := scale(s.Depth, d.a, b, 1)
				want, want2, total = want+w*at, want2+w*at*at, total+w
			}
			if e := math.Abs(c/(want/total) - 1); e > 1e-4 {
				t.Errorf("%v: mean of c %v, by the trapezoidal rule %v", s, c, want/total)
			}
			if e := math.Abs(c2/(want2/total) - 1); s.N < s.D && e > 1e-4 {
				t.Errorf("%v: mean of c² %v, by the trapezoidal rule %v", s, c2, want2/total)
			}
		}
	}
}

func mustLaw(t *testing.T, s Setting) Law {
	t.Helper()
	l, err := NewLaw(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Far from n = d, where every variance is finite, c and c² of the draws average to their
// means over ϱ: ϱ is χ with d−n+1 degrees of freedom, independent of the rest of a draw.
func TestRadiusIsIndependent(t *testing.T) {
	for _, s := range []Setting{
		{N: 40, D: 60, Sigma: 0.7, Depth: 3}, {N: 1, D: 9, Sigma: 1, Depth: 4}, {N: 2, D: 9, Sigma: 1, Depth: 2}, {N: 5, D: 12, Sigma: 0.3, Depth: 9},
		{N: 20, D: 30, Sigma: 0.5, Depth: 3, SourceN: 60, SourceSigma: 0.4},
	} {
		s.Theta = 1.9
		r, rng := newRadius(s), rand.New(rand.NewPCG(3, 4))
		l := mustLaw(t, s)
		const draws = 6000
		z := make([][3]float64, draws)
		for i := range z {
			d := l.draw(rng)
			c, c2 := r.scale(s.Depth, d)
			// With a factor of the rest of the draw, a dependence does not average out.
			z[i] = [3]float64{d.Scale - c, d.Scale*d.Scale - c2, (d.Scale - c) * d.along}
		}
		for k, name := range []string{"c", "c²", "c·ûᵀβt"} {
			x := make([]float64, draws)
			for i := range z {
				x[i] = z[i][k]
			}
			if m := Mean(x); !(math.Abs(m.Value) <= 4*m.StdErr) {
				t.Errorf("%v: %s exceeds its mean over ϱ by %v", s, name, m)
			}
		}
	}
}

// T_ft next to n = d against importance sampling of dense row spaces, 200,000 draws of a
// program of its own; draws without the integral gave a third to a half of it, with an error
// that said otherwise.
func TestHeavyTail(t *testing.T) {
	for _, c := range []struct {
		s    Setting
		want Value
	}{
		{Setting{N: 59, D: 60, Theta: math.Pi / 4, Sigma: 0.2, Depth: 20}, Value{-0.35083, 0.00134}},
		{Setting{N: 59, D: 60, Sigma: 1, Depth: 20}, Value{-7.917, 0.029}},
		{Setting{N: 499, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 20}, Value{-0.33318, 0.00119}},
		{Setting{N: 19, D: 20, Theta: math.Pi / 4, Sigma: 1, Depth: 10}, Value{-3.455, 0.014}},
	} {
		got, err := FineTuneTransferability.Mean(c.s)
		if err != nil {
			t.Fatal(err)
		}
		if z := (got.Value - c.want.Value) / math.Hypot(got.StdErr, c.want.StdErr); !(math.Abs(z) <= 4) || got.StdErr > 0.04*math.Abs(got.Value) {
			t.Errorf("%v: T_ft = %v, want %v: z = %.1f", c.s, got, c.want, z)
		}
	}
}

// Where the variance over data sets is infinite and no integral removes it, there is no
// standard error; where it is finite, there is one.
func TestNoErrorOfAnInfiniteVariance(t *testing.T) {
	for _, c := range []struct {
		source      int
		sigma       float64
		mean, error float64 // NaN: finite
	}{
		{17, 0.5, math.NaN(), math.Inf(1)}, {18, 0.5, math.NaN(), math.Inf(1)}, {19, 0.5, math.Inf(-1), 0}, {20, 0.5, math.Inf(-1), 0},
		{21, 0.5, math.Inf(-1), 0}, {23, 0.5, math.NaN(), math.Inf(1)}, {16, 0.5, math.NaN(), math.NaN()}, {24, 0.5, math.NaN(), math.NaN()}, {20, 0, math.NaN(), math.NaN()},
	} {
		s := Setting{N: 10, D: 20, Theta: 1, Sigma: 0.3, Depth: 3, SourceN: c.source, SourceSigma: c.sigma}
		got, err := FineTuneTransferability.Mean(s)
		if err != nil {
			t.Fatal(err)
		}
		same := func(got, want float64) bool {
			return got == want || math.IsNaN(want) && !math.IsInf(got, 0) && !math.IsNaN(got) && got != 0
		}
		if !same(got.Value, c.mean) || !same(got.StdErr, c.error) {
			t.Errorf("%v: T_ft = %v, want mean %v and error %v", s, got, c.mean, c.error)
		}
	}
	s := Setting{N: 10, D: 20, Theta: 1, Sigma: 0.3, Depth: 2, SourceN: 1}
	if got, err := FineTuneScale.Mean(s); err != nil || !math.IsInf(got.StdErr, 1) {
		t.Errorf("%v: c = %v, %v", s, got, err)
	}
}

func BenchmarkHeavySummary(b *testing.B) {
	for _, depth := range []int{2, 20} {
		s := Setting{N: 59, D: 60, Theta: 1, Sigma: 0.2, Depth: depth}
		b.Run(fmt.Sprintf("L=%d", depth), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Summary(meanDraws); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The draws are integrated where c² has at most two moments: ν/2·L/(L−1) ≤ 2, with
// ν = d−n+1, and at n = d where c has. L = 3 at n = d−2 is on the safe side.
func TestNeedsRadius(t *testing.T) {
	for depth := 1; depth < 30; depth++ {
		for n := 40; n < 70; n++ {
			nu, l := float64(60-n+1), float64(depth)
			moments := nu / 2 * l / (l - 1)
			if n == 60 {
				moments *= 2
			}
			want := depth > 1 && n <= 60 && moments <= 2 || depth == 3 && n == 58
			s := Setting{N: n, D: 60, Sigma: 0.3, Depth: depth}
			if got := s.needsRadius(); got != want {
				t.Errorf("%v: %v, want %v", s, got, want)
			}
			if s.Sigma = 0; s.needsRadius() {
				t.Errorf("%v: without noise there is no tail", s)
			}
		}
	}
}

// Without noise to speak of there is no tail, and the mean is that of plain draws.
func TestHeavyTailWithoutNoise(t *testing.T) {
	for _, s := range []Setting{{N: 1, D: 2, Theta: 0.5, Depth: 3}, {N: 4, D: 6, Theta: 2, Depth: 5}} {
		s.Sigma = 1e-7
		got, err := FineTuneTransferability.Mean(s)
		want := Mean(column(mustLaw(t, s).Sample(20000, 5), TFineTune))
		if z := (got.Value - want.Value) / math.Hypot(got.StdErr, want.StdErr); err != nil || !(math.Abs(z) <= 4) {
			t.Errorf("%v: T_ft = %v, of draws %v, z = %.1f, %v", s, got, want, z, err)
		}
	}
}
