package divergence

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// Samples have the covariances of their laws, and those of the source are independent of those
// of the target, within the errors of their theory.
func TestSamplesHaveTheirCovariances(t *testing.T) {
	const n = 40000
	tasks := Tasks{D: 3, Theta: 2, Sigma: 0.7, Norm: 1.5}
	x, y, err := Samples(tasks, n, 3)
	if err != nil {
		t.Fatal(err)
	}
	var both, gram mat.Dense
	both.Augment(x, y)
	gram.Mul(both.T(), &both)
	norm, sin, cos := 1.5, math.Sin(2), math.Cos(2)
	law := func(b1, b2 float64) []float64 {
		return []float64{1, 0, 0, b1, 0, 1, 0, b2, 0, 0, 1, 0, b1, b2, 0, b1*b1 + b2*b2 + 0.49}
	}
	want := mat.NewDense(8, 8, nil)
	want.Slice(0, 4, 0, 4).(*mat.Dense).Copy(mat.NewDense(4, 4, law(1, 0)))
	want.Slice(4, 8, 4, 8).(*mat.Dense).Copy(mat.NewDense(4, 4, law(norm*cos, norm*sin)))
	for i := range 8 {
		if z := mat.Sum(both.ColView(i)) / math.Sqrt(n*want.At(i, i)); math.Abs(z) > 4 {
			t.Errorf("column %d: the mean has z = %.2f", i, z)
		}
		for j := range i + 1 {
			// The variance of a product of two normal variables, over n.
			sd := math.Sqrt((want.At(i, i)*want.At(j, j) + want.At(i, j)*want.At(i, j)) / n)
			if z := (gram.At(i, j)/n - want.At(i, j)) / sd; math.Abs(z) > 4 {
				t.Errorf("columns %d and %d: covariance %v, want %v, z = %.2f", i, j, gram.At(i, j)/n, want.At(i, j), z)
			}
		}
	}
}

// A seed gives one sample, and another seed one that is independent of it.
func TestSeedOfSamples(t *testing.T) {
	const n = 5000
	tasks := Tasks{D: 2, Theta: 1, Sigma: 0.5}
	a, at, err := Samples(tasks, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := Samples(tasks, n, 1)
	if !mat.Equal(a, again) {
		t.Error("one seed gives two samples")
	}
	for seed := range uint64(5) {
		if seed == 1 {
			continue
		}
		b, bt, err := Samples(tasks, n, seed)
		if err != nil {
			t.Fatal(err)
		}
		for name, m := range map[string][2]*mat.Dense{"source": {a, b}, "target": {at, bt}, "across": {a, bt}} {
			for j := range 2 {
				if z := mat.Dot(m[0].ColView(j), m[1].ColView(j)) / math.Sqrt(n); math.Abs(z) > 4 {
					t.Errorf("%s: coordinate %d of the seeds 1 and %d: z = %.2f", name, j, seed, z)
				}
			}
		}
	}
	// Each estimator uses its seed.
	for _, d := range []Distance{KL, ReverseKL, TotalVariation, MMD(1), DudleyLower} {
		one, _, err := d.Estimate(tasks, 50, 1)
		two, _, err2 := d.Estimate(tasks, 50, 2)
		same, _, _ := d.Estimate(tasks, 50, 1)
		if err != nil || err2 != nil || one == two || one != same {
			t.Errorf("%s: %v and %v, again %v: %v, %v", d.Name, one, two, same, err, err2)
		}
	}
}

// On the line the optimal pairing is the sorted one, for any convex cost; a cloud that is moved
// is paired with itself at the square of the way.
func TestTransportOfKnownPairings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := task.Normal(n, 1, task.Stream(seed)), task.Normal(n, 1, task.Stream(seed, 1))
		x, y := mat.Col(nil, 0, a), mat.Col(nil, 0, b)
		slices.Sort(x)
		slices.Sort(y)
		want := map[Ground]float64{}
		for i := range x {
			want[L1] += math.Abs(x[i]-y[i]) / float64(n)
			want[SquaredL2] += (x[i] - y[i]) * (x[i] - y[i]) / float64(n)
		}
		want[L2] = want[L1]
		for ground, w := range want {
			if got, err := Transport(a, b, ground); err != nil || math.Abs(got-w) > 1e-12*(1+w) {
				t.Errorf("%s: %v, sorted %v, %v", ground, got, w, err)
			}
		}
		cloud := task.Normal(n, 3, task.Stream(seed, 2))
		var moved mat.Dense
		moved.Apply(func(i, j int, v float64) float64 { return v + []float64{1, -2, 2}[j] }, cloud)
		if got, err := Transport(cloud, &moved, SquaredL2); err != nil || math.Abs(got-9) > 1e-9 {
			t.Errorf("a cloud that is moved by 3: %v, %v", got, err)
		}
		if got, err := Transport(cloud, &moved, L1); err != nil || got > 5+1e-9 || n == 1 && math.Abs(got-5) > 1e-12 {
			t.Errorf("a cloud that is moved by 5 in ℓ₁: %v, %v", got, err)
		}
	})
}

// The plan is that of Sinkhorn's scaling of exp(−C/ε) to rows and columns of 1/n each.
func TestEntropicIsSinkhornsScaling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := task.Normal(n, 2, task.Stream(seed)), task.Normal(n, 2, task.Stream(seed, 1))
		ground := rapid.SampledFrom([]Ground{L1, L2, SquaredL2}).Draw(t, "ground")
		c, err := costs(a, b, ground)
		if err != nil {
			t.Fatal(err)
		}
		epsilon := rapid.Float64Range(0.4, 3).Draw(t, "epsilon")
		mean := mat.Sum(c) / float64(n*n)
		var plan mat.Dense
		plan.Apply(func(i, j int, v float64) float64 { return math.Exp(-v / (epsilon * mean)) }, c)
		for range 3000 {
			for i := range n {
				floats.Scale(1/(float64(n)*floats.Sum(plan.RawRowView(i))), plan.RawRowView(i))
			}
			for j := range n {
				column := mat.Col(nil, j, &plan)
				floats.Scale(1/(float64(n)*floats.Sum(column)), column)
				plan.SetCol(j, column)
			}
		}
		plan.MulElem(&plan, c)
		if got, err := Entropic(a, b, ground, epsilon); err != nil || math.Abs(got-mat.Sum(&plan)) > 1e-4*mean {
			t.Errorf("ε = %v: %v, want %v, %v", epsilon, got, mat.Sum(&plan), err)
		}
	})
}

// Of two points each, the entropic plan puts p on the pairs and ½ − p across with
// p/(½ − p) = exp(−(c₁₁ + c₂₂ − c₁₂ − c₂₁)/2ε).
func TestEntropicOfTwoPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := task.Normal(2, 2, task.Stream(rapid.Uint64().Draw(t, "seed"))), task.Normal(2, 2, task.Stream(rapid.Uint64().Draw(t, "other")))
		c, err := costs(a, b, SquaredL2)
		if err != nil {
			t.Fatal(err)
		}
		epsilon := rapid.Float64Range(0.5, 3).Draw(t, "epsilon")
		straight, across := c.At(0, 0)+c.At(1, 1), c.At(0, 1)+c.At(1, 0)
		mean := (straight + across) / 4
		p := 0.5 / (1 + math.Exp((straight-across)/(2*epsilon*mean)))
		want := p*straight + (0.5-p)*across
		if got, err := Entropic(a, b, SquaredL2, epsilon); err != nil || math.Abs(got-want) > 1e-4*mean {
			t.Errorf("ε = %v: %v, want %v, %v", epsilon, got, want, err)
		}
	})
	// At a small ε the rounds do not suffice, and there is no number.
	a, b := task.Normal(2, 2, task.Stream(0)), task.Normal(2, 2, task.Stream(1))
	if v, err := Entropic(a, b, SquaredL2, 0.125); err == nil || v != 0 || !strings.Contains(err.Error(), "did not converge") {
		t.Errorf("a small ε: %v, %v", v, err)
	}
	same := mat.NewDense(3, 1, []float64{1, 1, 1})
	if v, err := Entropic(same, same, L1, 0.1); err != nil || v != 0 {
		t.Errorf("equal points: %v, %v", v, err)
	}
	for _, epsilon := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if v, err := Entropic(same, same, L1, epsilon); err == nil || v != 0 || !strings.Contains(err.Error(), "epsilon") {
			t.Errorf("ε = %v: %v, %v", epsilon, v, err)
		}
	}
	many := mat.NewDense(31623, 1, nil) // its square is above 10⁹
	if _, err := Transport(many, many, L1); err == nil || !strings.Contains(err.Error(), "n = 31623") {
		t.Errorf("a matrix that is too large: %v", err)
	}
	wide := mat.NewDense(3, 2, nil)
	for _, f := range []func() (float64, error){func() (float64, error) { return Transport(same, wide, L2) }, func() (float64, error) { return Entropic(wide, same, L2, 1) },
		func() (float64, error) { return Transport(same, same, "") }} {
		if v, err := f(); err == nil || v != 0 {
			t.Errorf("%v, %v", v, err)
		}
	}
	// The largest sample that fits is not made here: one above it is refused.
	for n, ok := range map[int]bool{0: false, 1: true, maxEntries/3 + 1: false} {
		if _, _, err := Samples(Tasks{D: 2}, n, 1); (err == nil) != ok {
			t.Errorf("n = %d: %v", n, err)
		}
	}
}
