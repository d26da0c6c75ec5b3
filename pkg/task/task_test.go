package task

import (
	"math"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func TestPairHasItsAngle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(2, 50).Draw(t, "d")
		theta := rapid.Float64Range(-7, 7).Draw(t, "theta")
		p, err := NewPair(d, theta, 0.1, Stream(rapid.Uint64().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]float64{
			"overlap": p.Overlap() - math.Cos(theta),
			"source":  floats.Norm(p.Source, 2) - 1,
			"target":  floats.Norm(p.Target, 2) - 1,
			"risk":    p.Risk(p.Source) - 2*(1-math.Cos(theta)),
		} {
			if math.Abs(v) > 1e-12 {
				t.Errorf("%s is off by %v", name, v)
			}
		}
	})
}

// Labels have the variance ‖βt‖² + σ², and their regression on x is βt.
func TestDrawHasItsMoments(t *testing.T) {
	const n, sigma = 200000, 0.7
	p, err := NewPair(3, 1, sigma, Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Draw(n, Stream(2))
	if err != nil {
		t.Fatal(err)
	}
	v := 1 + sigma*sigma
	if z := (stat.Variance(data.Y, nil) - v) / (v * math.Sqrt(2.0/n)); math.Abs(z) > 4 {
		t.Errorf("label variance: z = %.2f", z)
	}
	for j := range 3 {
		x := make([]float64, n)
		for i := range x {
			x[i] = data.X.At(i, j) * data.Y[i]
		}
		m, sd := stat.MeanStdDev(x, nil)
		if z := (m - p.Target[j]) / (sd / math.Sqrt(n)); math.Abs(z) > 4 {
			t.Errorf("E[x_%d y]: z = %.2f", j, z)
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64][]uint64{}
	for _, path := range [][]uint64{{}, {0}, {0, 0}, {1}, {0, 1}, {1, 0}, {1, 1}, {2}} {
		v := Stream(3, path...).Uint64()
		if other, ok := seen[v]; ok {
			t.Errorf("paths %v and %v give the same stream", path, other)
		}
		seen[v] = path
	}
	if Stream(3, 1, 2).Uint64() != Stream(3, 1, 2).Uint64() {
		t.Error("one path gives two streams")
	}
}

// Seeds of neighbouring trials, seeds and studies differ.
func TestSeedsDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(3) {
		for trial := range uint64(3) {
			for _, study := range []string{"", "a", "b"} {
				v := Seed(seed, study, trial)
				if seen[v] || v != Seed(seed, study, trial) {
					t.Errorf("seed %d, study %q, trial %d: %d comes twice, or differs from itself", seed, study, trial, v)
				}
				seen[v] = true
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		d            int
		theta, sigma float64
		field        string
	}{
		{0, 1, 1, "d = 0"}, {3, math.NaN(), 1, "theta = NaN"}, {3, 1, -1, "sigma = -1"}, {3, 1, math.Inf(1), "sigma = +Inf"},
	} {
		if _, err := NewPair(c.d, c.theta, c.sigma, Stream(1)); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("want an error about %s, got %v", c.field, err)
		}
	}
	p, err := NewPair(3, 1, 1, Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Draw(0, Stream(1)); err == nil || !strings.Contains(err.Error(), "n = 0") {
		t.Errorf("want an error about n, got %v", err)
	}
}
