package theory

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// ksZ is the two-sample Kolmogorov–Smirnov distance in units of its standard
// scale; 2.3 is exceeded with probability 5e-5.
func ksZ(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	d := stat.KolmogorovSmirnov(a, nil, b, nil)
	return d * math.Sqrt(float64(len(a)*len(b))/float64(len(a)+len(b)))
}

func column(rs []Risks, q Quantity) []float64 {
	out := make([]float64, len(rs))
	for i, r := range rs {
		out[i] = r.Of(q)
	}
	return out
}

// The marginals of the joint law have samplers of their own (paper.md,
// sections 3 and 4); the edges n ≤ 2, n = d and d = 2, 3 are where the
// Wishart factors degenerate.
func TestLawMarginals(t *testing.T) {
	const draws = 20000
	for _, nd := range [][2]int{{15, 60}, {30, 60}, {58, 60}, {60, 60}, {61, 60}, {90, 60}, {1, 5}, {2, 5}, {3, 5}, {5, 5}, {6, 5}, {1, 2}, {2, 2}, {3, 2}, {4, 3}, {1, 4}, {3, 3}} {
		s := Setting{N: nd[0], D: nd[1], Theta: 1.1, Sigma: 0.4, Depth: 3}
		l, err := NewLaw(s)
		if err != nil {
			t.Fatal(err)
		}
		got := l.Sample(draws, 7)
		rng := rand.New(rand.NewPCG(8, 9))
		n, d, v := s.N, s.D, s.Sigma*s.Sigma
		sc, lt := make([]float64, draws), make([]float64, draws)
		s2 := math.Pow(math.Sin(s.Theta), 2)
		for i := range draws {
			if n < d {
				b := distuv.Beta{Alpha: float64(d-n) / 2, Beta: float64(n) / 2, Src: rng}.Rand()
				sc[i] = b + v*chiSquared(rng, n)/chiSquared(rng, d-n+1)
			} else {
				sc[i] = v * chiSquared(rng, d) / chiSquared(rng, n-d+1)
			}
			lt[i] = s2 + (v+s2)*chiSquared(rng, 1)/chiSquared(rng, n)
		}
		if z := ksZ(column(got, RiskScratch), sc); z > 2.3 {
			t.Errorf("%v: scratch risk: KS = %.2f", s, z)
		}
		if z := ksZ(column(got, RiskLinear), lt); z > 2.3 {
			t.Errorf("%v: linear risk: KS = %.2f", s, z)
		}
		for _, r := range got {
			if n >= d && r.FineTune != r.Scratch {
				t.Fatalf("%v: fine-tuning risk %v differs from scratch %v with an empty null space", s, r.FineTune, r.Scratch)
			}
			for _, q := range []Quantity{RiskScratch, RiskLinear, RiskFineTune, ScaleC} {
				if x := r.Of(q); !(x >= -1e-9) || math.IsInf(x, 0) {
					t.Fatalf("%v: %s = %v", s, q, x)
				}
			}
		}
	}
}

// The means of the law equal the closed forms, by z-score.
func TestLawMeans(t *testing.T) {
	const draws = 200000
	for _, s := range []Setting{
		{N: 15, D: 60, Theta: 0.9, Sigma: 0.2, Depth: 1},
		{N: 40, D: 60, Theta: 2.5, Sigma: 1, Depth: 1},
		{N: 90, D: 60, Theta: 0.9, Sigma: 0.2, Depth: 2},
		{N: 20, D: 60, Theta: math.Pi / 4, Sigma: 0.2, Lambda: 0.3, Depth: 1},
	} {
		l, err := NewLaw(s)
		if err != nil {
			t.Fatal(err)
		}
		sample := l.Sample(draws, 3)
		for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTune, FineTuneTransferability} {
			want, err := r.Mean(s)
			if err != nil {
				t.Fatal(err)
			}
			x := column(sample, r.Quantity)
			m, sd := stat.MeanStdDev(x, nil)
			se := math.Hypot(sd/math.Sqrt(draws), want.StdErr)
			if z := (m - want.Value) / se; math.Abs(z) > 4 && math.Abs(m-want.Value) > 1e-12 {
				t.Errorf("%v: %s: law %.5f, closed form %.5f, z = %.2f", s, r.Name, m, want.Value, z)
			}
		}
	}
}

func TestSampleDoesNotDependOnCores(t *testing.T) {
	l, err := NewLaw(Setting{N: 20, D: 50, Theta: 1, Sigma: 0.3, Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	many := l.Sample(30000, 5)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	same := func(a, b Risks) bool {
		a.Tuned, b.Tuned, a.Residual, b.Residual = 0, 0, 0, 0 // NaN: the law does not draw them
		return a == b
	}
	if one := l.Sample(30000, 5); !slices.EqualFunc(one, many, same) {
		t.Error("the draws differ between one core and many")
	}
}

func BenchmarkLawDraw(b *testing.B) {
	for _, s := range []Setting{{N: 250, D: 500}, {N: 1000, D: 500}, {N: 500_000_000, D: 1_000_000_000}, {N: 250, D: 500, SourceN: 250, SourceSigma: 0.2}} {
		s.Theta, s.Sigma, s.Depth = 1, 0.2, 3
		l, _ := NewLaw(s)
		rng := rand.New(rand.NewPCG(1, 2))
		b.Run(l.s.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Draw(rng)
			}
		})
	}
}

// The mean of a million draws at two sizes: the same time, and memory for a chunk.
func BenchmarkMillionDraws(b *testing.B) {
	for _, d := range []int{500, 1_000_000_000} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Setting{N: d / 2, D: d, Theta: 1, Sigma: 0.2, Depth: 2}).Summary(1_000_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTunedMean(b *testing.B) {
	for b.Loop() {
		if _, err := ScratchTuned.Mean(Setting{N: 250, D: 500, Sigma: 0.2, Depth: 2}); err != nil {
			b.Fatal(err)
		}
	}
}

// No draw of a seed comes out again from the next one, or in the next chunk.
func TestSamplesOfNeighbouringSeedsShareNothing(t *testing.T) {
	l, err := NewLaw(Setting{N: 5, D: 10, Theta: 1, Sigma: 0.3, Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[float64]bool{}
	for seed := range uint64(3) {
		for _, r := range l.Sample(3*chunk, seed) {
			if seen[r.Scratch] {
				t.Fatalf("seed %d: %v comes twice", seed, r.Scratch)
			}
			seen[r.Scratch] = true
		}
	}
}

// Half of other draws lie below a median, and the medians come in the order of the quantities.
func TestMedians(t *testing.T) {
	const draws = 20000
	l := mustLaw(t, Setting{N: 19, D: 20, Theta: 1, Sigma: 0.3, Depth: 3})
	qs := []Quantity{TFineTune, RiskScratch, TLinear}
	sample := l.Sample(draws, 9)
	medians, err := l.Medians(draws, 1, qs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range medians {
		below := 0.0
		for _, r := range sample {
			below += indicator(r.Of(qs[i]) < m.Value)
		}
		if z := (below/draws - 0.5) / math.Sqrt(0.5/draws); math.Abs(z) > 4 {
			t.Errorf("%s: %v of %v draws are below the median, z = %.1f", qs[i], below, draws, z)
		}
	}
}

// The standard error of a median, over many seeds.
func TestTheStandardErrorOfAMedian(t *testing.T) {
	const seeds = 200
	l := mustLaw(t, Setting{N: 19, D: 20, Theta: 1, Sigma: 0.3, Depth: 3})
	qs := []Quantity{RiskScratch, TLinear}
	exact, err := l.Medians(1<<18, 99, qs...)
	if err != nil {
		t.Fatal(err)
	}
	sum, dev := make([]float64, len(qs)), make([]float64, len(qs))
	for seed := range uint64(seeds) {
		m, err := l.Medians(1000, seed, qs...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range qs {
			dev[i] += math.Pow(m[i].Value-exact[i].Value, 2) / seeds
			sum[i] += m[i].StdErr * m[i].StdErr / seeds
		}
	}
	for i, q := range qs {
		// The mean of squares has a relative standard error of √(2/seeds); the squared standard
		// errors themselves scatter less.
		if z := (dev[i]/sum[i] - 1) / math.Sqrt(3.0/seeds); math.Abs(z) > 4 {
			t.Errorf("%s: deviations of %.3g, standard errors of %.3g, z = %.1f", q, math.Sqrt(dev[i]), math.Sqrt(sum[i]), z)
		}
	}
	if one, err := l.Medians(1, 1, RiskScratch); err != nil || one[0].StdErr != 0 || !(one[0].Value > 0) {
		t.Errorf("one draw: %v, %v", one, err)
	}
}

func TestMediansRefuses(t *testing.T) {
	unit, long := Setting{N: 5, D: 10, Sigma: 1, Depth: 2}, Setting{N: 5, D: 10, Sigma: 1, Depth: 2, Norm: 2}
	for want, c := range map[string]struct {
		s     Setting
		draws int
		q     Quantity
	}{"draws = 0": {unit, 0, RiskScratch}, "does not draw R*_sc": {unit, 9, RiskTuned}, "does not draw T_ft": {long, 9, TFineTune}} {
		if _, err := mustLaw(t, c.s).Medians(c.draws, 1, c.q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A risk has an infinite variance where χ² in its denominator has at most 4 degrees of freedom.
func TestInfiniteVariance(t *testing.T) {
	for n := 1; n < 40; n++ {
		for k := range 4 {
			s := Setting{N: n, D: 20, Sigma: 0.3, Features: k, Depth: 2}
			scratch, linear := max(n-20, 20-n)+1 <= 4, n-max(1, k)+1 <= 4
			if got := s.InfiniteVariance(); got != (scratch || linear) {
				t.Errorf("%v: %v", s, got)
			}
			if s.Lambda = 0.1; s.InfiniteVariance() != scratch {
				t.Errorf("%v: %v", s, !scratch)
			}
			if s.Decay = 0.1; s.InfiniteVariance() {
				t.Errorf("%v: weight decay bounds the risk", s)
			}
			if s.Decay, s.Sigma = 0, 0; s.InfiniteVariance() {
				t.Errorf("%v: without noise", s)
			}
		}
	}
}
