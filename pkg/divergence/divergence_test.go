package divergence

import (
	"math"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distmv"
	"pgregory.net/rapid"
)

func of(t testing.TB, d Distance, tasks Tasks) float64 {
	t.Helper()
	v, err := d.Of(tasks)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Reference values of the specification, to half of their last digit.
func TestReference(t *testing.T) {
	quarter := Tasks{D: 500, Theta: math.Pi / 4, Sigma: 0.2}
	for _, c := range []struct {
		d     Distance
		tasks Tasks
		want  float64
		half  float64
	}{
		{KL, quarter, 7.32233, 5e-6},
		{ReverseKL, quarter, 7.32233, 5e-6},
		{TotalVariation, quarter, 0.693414, 5e-7},
		{SquaredHellinger, quarter, 0.536817, 5e-7},
		{ChiSquared, quarter, math.Inf(1), 0},
		{Wasserstein1, quarter, 0.610674, 5e-7},
		{Wasserstein2, quarter, 0.626354, 5e-7},
		{MMD(1), Tasks{D: 3, Theta: math.Pi / 4, Sigma: 0.2}, 0.015030, 5e-7},
		{KL, Tasks{D: 2, Theta: math.Pi, Sigma: 0.2}, 50, 1e-9},
	} {
		if got := of(t, c.d, c.tasks); got != c.want && !(math.Abs(got-c.want) <= c.half) {
			t.Errorf("%s: %.8g, want %.8g", c.d.Name, got, c.want)
		}
	}
	for _, c := range []struct{ norm, want float64 }{{2, 0.268}, {10, 0.957}, {100, 1.608}, {1000, 1.869}} {
		_, got := BestJudge(math.Hypot(1, 0.2), math.Hypot(c.norm, 0.2))
		if math.Abs(got-c.want) > 5e-4 {
			t.Errorf("judge at c = %v: %.5f, want %.3f", c.norm, got, c.want)
		}
	}
}

// Every closed form is the mean of its estimator, and is zero for equal tasks.
func TestEstimatorsMeetClosedForms(t *testing.T) {
	for _, d := range []Distance{KL, ReverseKL, ChiSquared, TotalVariation, SquaredHellinger, JensenShannon, MMD(1), MMD(3), DudleyLower} {
		for i, tasks := range []Tasks{{D: 3, Theta: 0.1, Sigma: 0.5}, {D: 2, Theta: 1, Sigma: 0.7, Norm: 1.5}, {D: 4, Theta: math.Pi, Sigma: 0.2}} {
			want := of(t, d, tasks)
			if math.IsInf(want, 1) {
				continue
			}
			m, se, err := d.Estimate(tasks, 200000, uint64(i))
			if z := (m - want) / se; err != nil || math.Abs(z) > 4 {
				t.Errorf("%s at %+v: %.6g ± %.2g, closed form %.6g, z = %.2f, %v", d.Name, tasks, m, se, want, z, err)
			}
		}
		if v := of(t, d, Tasks{D: 3, Sigma: 0.3}); math.Abs(v) > 1e-15 {
			t.Errorf("%s of equal tasks = %v", d.Name, v)
		}
	}
}

// The inequalities between the distances, at random tasks.
func TestInequalities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tasks := Tasks{D: 2, Theta: rapid.Float64Range(0, math.Pi).Draw(t, "theta"),
			Sigma: rapid.Float64Range(0.05, 3).Draw(t, "sigma"), Norm: rapid.Float64Range(0.1, 20).Draw(t, "norm")}
		at := func(d Distance) float64 {
			v, err := d.Of(tasks)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		const slack = 1e-9
		tv, h2, js, kl := at(TotalVariation), at(SquaredHellinger), at(JensenShannon), at(KL)
		w1, low, w2 := at(Wasserstein1), at(Wasserstein1Lower), at(Wasserstein2)
		for name, ok := range map[string]bool{
			"H² ≤ TV ≤ H√(2−H²)":          h2 <= tv+slack && tv <= math.Sqrt(h2*(2-h2))+slack,
			"Pinsker":                     tv <= math.Sqrt(kl/2)+slack,
			"JS ≤ log 2·TV":               js <= math.Ln2*tv+1e-7,
			"2·JS ≥ TV² (Pinsker for JS)": 2*js >= tv*tv-1e-7,
			"W₁ bounds":                   low <= w1+slack && w1 <= w2+slack,
			"Dudley":                      at(DudleyLower) <= at(Dudley)+slack && at(Dudley) <= math.Min(2*tv, w1)+slack,
		} {
			if !ok {
				t.Fatalf("%s fails at %+v: TV %v H² %v JS %v KL %v W1 %v … %v W2 %v Dudley %v … %v", name, tasks, tv, h2, js, kl, low, w1, w2, at(DudleyLower), at(Dudley))
			}
		}
	})
}

func TestBuresIsGonums(t *testing.T) {
	tasks := Tasks{D: 2, Theta: 1, Sigma: 0.4, Norm: 2}
	a, b := tasks.covariances()
	zero := make([]float64, 3)
	p, _ := distmv.NewNormal(zero, a, nil)
	q, _ := distmv.NewNormal(zero, b, nil)
	if got, want := of(t, Wasserstein2, tasks), (distmv.Wasserstein{}).DistNormal(p, q); math.Abs(got*got-want) > 1e-9 {
		t.Errorf("%v, gonum %v", got, want)
	}
}

// The assignment is the best of all permutations.
func TestAssignmentIsOptimal(t *testing.T) {
	rng := task.Stream(4)
	for n := 1; n <= 7; n++ {
		cost := mat.NewDense(n, n, nil)
		for i := range cost.RawMatrix().Data {
			cost.RawMatrix().Data[i] = math.Round(20 * rng.Float64()) // with ties
		}
		total := func(p []int) (sum float64) {
			for i, j := range p {
				sum += cost.At(i, j)
			}
			return sum
		}
		best := math.Inf(1)
		for _, p := range combin.Permutations(n, n) {
			best = math.Min(best, total(p))
		}
		if got := total(assign(cost)); got != best {
			t.Errorf("n = %d: cost %v, best %v", n, got, best)
		}
	}
}

// On the line the optimal pairing is the sorted one; two samples of one law in
// 500 dimensions are 526 apart in ℓ₁.
func TestTransport(t *testing.T) {
	a, b, err := Samples(Tasks{D: 500, Sigma: 0.2}, 250, 1)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Transport(a, b, L1); err != nil || math.Abs(v-526) > 2 {
		t.Errorf("two samples of one law: %v, %v", v, err)
	}
	x, y := mat.NewDense(3, 1, []float64{1, 5, 2}), mat.NewDense(3, 1, []float64{2, 0, 7})
	if v, err := Transport(x, y, L2); err != nil || math.Abs(v-1) > 1e-15 {
		t.Errorf("on the line: %v, %v", v, err)
	}
	if v, err := Transport(x, y, SquaredL2); err != nil || math.Abs(v-5./3) > 1e-15 {
		t.Errorf("on the line: %v, %v", v, err)
	}
}

// The entropic plan costs more than the best pairing, less for a smaller ε, and
// at a large ε every point goes everywhere.
func TestEntropic(t *testing.T) {
	a, b, err := Samples(Tasks{D: 2, Theta: 1, Sigma: 0.3}, 40, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, ground := range []Ground{L1, L2, SquaredL2} {
		exact, err := Transport(a, b, ground)
		if err != nil {
			t.Fatal(err)
		}
		last := math.Inf(1)
		for _, eps := range []float64{1e4, 0.3, 0.1, 0.03} {
			v, err := Entropic(a, b, ground, eps)
			if err != nil || v < exact || v > last {
				t.Errorf("%s: ε = %v: %v, exact %v, larger ε %v, %v", ground, eps, v, exact, last, err)
			}
			if eps > 1 {
				cost, _ := costs(a, b, ground)
				if all := mat.Sum(cost) / 1600; math.Abs(v-all) > 1e-3*all {
					t.Errorf("%s: ε = %v: %v, mean cost %v", ground, eps, v, all)
				}
			}
			last = v
		}
		if last > 1.1*exact {
			t.Errorf("%s: %v at the smallest ε, exact %v", ground, last, exact)
		}
	}
}

func TestBadInput(t *testing.T) {
	good := Tasks{D: 2, Sigma: 1}
	two := mat.NewDense(2, 1, nil)
	_, square := Transport(two, mat.NewDense(3, 1, nil), L1)
	_, ground := Transport(two, two, "l3")
	_, epsilon := Entropic(two, two, L1, 0)
	_, _, none := Samples(good, 0, 1)
	_, _, noise := KL.Estimate(Tasks{D: 2}, 10, 1)
	_, bandwidth := MMD(0).Of(good)
	for want, err := range map[string]error{
		"D = 1": Tasks{D: 1}.Validate(), "Theta": Tasks{D: 2, Theta: math.NaN()}.Validate(), "Sigma = -1": Tasks{D: 2, Sigma: -1}.Validate(),
		"Norm = -1": Tasks{D: 2, Norm: -1}.Validate(), "same size": square, "ground = \"l3\"": ground, "epsilon = 0": epsilon, "n = 0": none, "Sigma = 0": noise, "bandwidth = 0": bandwidth,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for _, d := range []Distance{KL, ReverseKL, ChiSquared, TotalVariation, SquaredHellinger, JensenShannon, Wasserstein1, Wasserstein1Lower, Wasserstein2, Dudley, DudleyLower, MMD(1)} {
		if _, err := d.Of(Tasks{}); err == nil {
			t.Errorf("%s of no tasks is no error", d.Name)
		}
	}
}

func BenchmarkTransport(b *testing.B) {
	x, y, _ := Samples(Tasks{D: 500, Sigma: 0.2}, 250, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Transport(x, y, L1); err != nil {
			b.Fatal(err)
		}
	}
}
