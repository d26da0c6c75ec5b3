package relu

import (
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// One neuron leaves ½ − 2E k² of another, and 2 new ones have E k − 2(E k)² in common; in 3
// dimensions the cosine of the angle is uniform. Only degrees above 2, which count as left
// whole, may differ: at most 2(Σ N_ℓλ_ℓ)²/9 of them.
func TestUnspannedByOneNeuron(t *testing.T) {
	kernel := func(cos float64) float64 {
		phi := math.Acos(cos)
		return (math.Sin(phi) + (math.Pi-phi)*cos) / (2 * math.Pi)
	}
	mean := func(f func(cos float64) float64) float64 {
		return quad.Fixed(func(phi float64) float64 { return f(math.Cos(phi)) * math.Sin(phi) / 2 }, 0, math.Pi, 200, nil, 0)
	}
	first := mean(kernel)
	second := mean(func(c float64) float64 { return kernel(c) * kernel(c) })
	degree2 := 5 * mean(func(c float64) float64 { return kernel(c) * (3*c*c - 1) / 2 })
	above := 0.25 - first - degree2
	own, common, err := Unspanned(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := 0.5 - 2*second; own < want-1e-9 || own > want+2*above*above/9+1e-9 {
		t.Errorf("own = %.9f, by quadrature %.9f to %.9f", own, want, want+2*above*above/9)
	}
	if want := first - 2*first*first; math.Abs(common-want) > 1e-9 {
		t.Errorf("common = %.9f, by quadrature %.9f", common, want)
	}
	// On a line a neuron is the other one or has nothing of it, each with probability ½.
	if own, common, err := Unspanned(1, 1); err != nil || math.Abs(own-0.25) > 1e-12 || math.Abs(common-0.125) > 1e-12 {
		t.Errorf("on a line own = %v and common = %v, not ¼ and ⅛", own, common)
	}
	if own, common, err := Unspanned(0, 3); err != nil || own != 0.5 || math.Abs(common-first) > 1e-9 {
		t.Errorf("without neurons own = %v and common = %v, by quadrature ½ and %v", own, common, first)
	}
}

// Unspanned is the mean residual of random neurons outside random neurons.
func TestUnspannedMeetsRandomNeurons(t *testing.T) {
	for _, c := range []struct{ k, d, new, trials int }{{2, 20, 20, 500}, {10, 20, 10, 500}, {9, 10, 10, 800}, {60, 80, 20, 100}} {
		var owns, commons []float64
		for trial := range c.trials {
			rng := task.Stream(31, uint64(trial), uint64(c.k))
			others, err := NewTeacher(c.k, c.d, rng)
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := NewTeacher(c.new, c.d, rng)
			if err != nil {
				t.Fatal(err)
			}
			// The Schur complement, by solving.
			var solved, left mat.Dense
			cross := Gram(others.W, fresh.W)
			if err := solved.Solve(others.Gram(), cross); err != nil {
				t.Fatal(err)
			}
			left.Mul(cross.T(), &solved)
			left.Sub(fresh.Gram(), &left)
			own, sum := mat.Trace(&left), mat.Sum(&left)
			owns = append(owns, own/float64(c.new))
			commons = append(commons, (sum-own)/float64(c.new*(c.new-1)))
		}
		own, common, err := Unspanned(c.k, c.d)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]struct {
			x    []float64
			want float64
		}{"own": {owns, own}, "common": {commons, common}} {
			m, sd := stat.MeanStdDev(v.x, nil)
			z := (m - v.want) / stat.StdErr(sd, float64(len(v.x)))
			if math.Abs(z) > 4 {
				t.Errorf("%s of %d neurons in %d dimensions: %.5f, measured %.5f, z = %.2f", name, c.k, c.d, v.want, m, z)
			}
		}
	}
}

func TestUnspannedRefuses(t *testing.T) {
	for want, args := range map[string][2]int{"k = -1": {-1, 5}, "k = 100000001": {100_000_001, 5}, "d = 0": {3, 0}, "d = 1000000000001": {3, 1_000_000_000_001}} {
		if _, _, err := Unspanned(args[0], args[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
