package linear

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func sample(t testing.TB, n, d int, theta, sigma float64, seed uint64) (task.Pair, task.Data) {
	t.Helper()
	rng := task.Stream(seed)
	p, err := task.NewPair(d, theta, sigma, rng)
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Draw(n, rng)
	if err != nil {
		t.Fatal(err)
	}
	return p, data
}

func network(t testing.TB, d, depth int, alpha float64, seed uint64) *Network {
	t.Helper()
	n, err := NewNetwork(d, depth, alpha, task.Stream(seed, 1))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func normal(n int, seed uint64) []float64 {
	rng, out := task.Stream(seed), make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}

func train(t testing.TB, n *Network, loss *Loss, o Options) Report {
	t.Helper()
	rep, err := n.Train(context.Background(), loss, o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func sampleLoss(t testing.TB, data task.Data) *Loss {
	t.Helper()
	l, err := SampleLoss(data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func minNorm(t testing.TB, data task.Data) (*Interpolator, []float64) {
	t.Helper()
	p := NewInterpolator(data.X)
	beta, err := p.MinNorm(data.Y)
	if err != nil {
		t.Fatal(err)
	}
	return p, beta
}

// One step of descent is −step times the gradient of the loss in every weight,
// by finite differences, for every form of the loss.
func TestStepIsTheGradient(t *testing.T) {
	const d, h = 5, 1e-3
	for _, n := range []int{0, 2, 9, -3} { // population, X form, Gram form, population of three tasks
		for depth := 1; depth <= 4; depth++ {
			pair, data := sample(t, max(n, 1), d, 1, 0.5, uint64(n))
			loss := PopulationLoss(pair.Source)
			if n > 0 {
				loss = sampleLoss(t, data)
			}
			net := network(t, d, depth, 1, 3)
			const decay = 0.3
			if n < 0 {
				loss = PopulationLoss(normal(d*-n, 4))
				var err error
				if net, err = NewMultiNetwork(d, -n, depth, 1, task.Stream(3)); err != nil {
					t.Fatal(err)
				}
			}
			flat := func() (w []float64) {
				for _, m := range net.W {
					w = append(w, m.RawMatrix().Data...)
				}
				return w
			}
			set := func(w []float64) {
				for _, m := range net.W {
					w = w[copy(m.RawMatrix().Data, w):]
				}
			}
			before := flat()
			want := fd.Gradient(nil, func(w []float64) float64 {
				set(w)
				return loss.Value(net.Beta()) + decay/2*floats.Dot(w, w)
			}, before, &fd.Settings{Formula: fd.Central})
			set(before)
			_, err := net.Train(context.Background(), loss, Options{Step: h, Decay: decay, MaxSteps: 1})
			if err == nil || !strings.Contains(err.Error(), "MaxSteps = 1") {
				t.Fatalf("want an error about MaxSteps, got %v", err)
			}
			after := flat()
			for i := range want {
				if got := (before[i] - after[i]) / h; math.Abs(got-want[i]) > 1e-6*(1+floats.Norm(want, 2)) {
					t.Errorf("n=%d depth=%d weight %d: moved by %v, gradient %v", n, depth, i, got, want[i])
				}
			}
		}
	}
}

// Theorem 3.5: from a start of size α the end point is X⁺y up to O(α), at both
// sides of n = d and at every depth.
func TestTrainingFindsTheMinimumNorm(t *testing.T) {
	for _, n := range []int{10, 40} {
		for depth := 1; depth <= 3; depth++ {
			_, data := sample(t, n, 20, 1, 0.3, 5)
			_, want := minNorm(t, data)
			var off []float64
			for _, alpha := range []float64{0.1, 0.01} {
				net := network(t, 20, depth, alpha, 5)
				train(t, net, sampleLoss(t, data), Options{})
				off = append(off, floats.Distance(net.Beta(), want, 2))
			}
			if off[1] > 0.2*off[0]+1e-5 || off[1] > 0.05 {
				t.Errorf("n=%d depth=%d: distance %.2g at α=0.1, %.2g at α=0.01", n, depth, off[0], off[1])
			}
		}
	}
}

// Lemma 3.3: D_l drifts in proportion to the step.
func TestConservedQuantityDriftsWithTheStep(t *testing.T) {
	pair, _ := sample(t, 1, 12, 1, 0, 2)
	var drift []float64
	for _, step := range []float64{0.02, 0.01} {
		net := network(t, 12, 3, 0.1, 2)
		before := net.Conserved()
		train(t, net, PopulationLoss(pair.Source), Options{Step: step})
		worst := 0.0
		for l, after := range net.Conserved() {
			after.Sub(after, before[l])
			worst = math.Max(worst, mat.Norm(after, 2))
		}
		drift = append(drift, worst)
	}
	if r := drift[0] / drift[1]; r < 1.8 || r > 2.2 {
		t.Errorf("drift %v: halving the step divides it by %.2f", drift, r)
	}
}

// Theorem 3.4: the pretrained features are one direction, βs. Linear transfer
// on them is regression on the scalar βsᵀx; without the cutoff it is scratch.
func TestPretrainedFeaturesAreTheSource(t *testing.T) {
	const d, n = 24, 12
	pair, data := sample(t, n, d, 1, 0.2, 9)
	for _, depth := range []int{2, 3} {
		net := network(t, d, depth, 1e-2, 9)
		train(t, net, PopulationLoss(pair.Source), Options{})
		f := net.Features()
		var svd mat.SVD
		if !svd.Factorize(f, mat.SVDThin) {
			t.Fatal("SVD failed")
		}
		var u mat.Dense
		svd.UTo(&u)
		if s := svd.Values(nil); s[1] > 0.05*s[0] {
			t.Errorf("depth %d: second singular value is %.2g of the first", depth, s[1]/s[0])
		}
		if cos := math.Abs(mat.Dot(u.ColView(0), mat.NewVecDense(d, pair.Source))); 1-cos > 1e-6 {
			t.Errorf("depth %d: 1 − |cos(u₁, βs)| = %.2g", depth, 1-cos)
		}
		scalar, err := Transfer(data, mat.NewDense(d, 1, pair.Source), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		learned, err := Transfer(data, f, 0, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		if off := floats.Distance(learned, scalar, 2); off > 1e-3 {
			t.Errorf("depth %d: transfer on learned features is %.2g from the scalar feature", depth, off)
		}
		exact, err := Transfer(data, f, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, scratch := minNorm(t, data)
		if r := pair.Risk(exact) / pair.Risk(scratch); depth == 2 && (r < 0.5 || r > 2) {
			t.Errorf("an exact fit on all features has risk %.3g of scratch", r)
		}
	}
}

// With a ridge, one feature gives w = φᵀy/(φᵀφ + nλ).
func TestTransferRidge(t *testing.T) {
	pair, data := sample(t, 15, 6, 1, 0.2, 4)
	const lambda = 0.3
	got, err := Transfer(data, mat.NewDense(6, 1, pair.Source), lambda, 0)
	if err != nil {
		t.Fatal(err)
	}
	var phi mat.VecDense
	phi.MulVec(data.X, mat.NewVecDense(6, pair.Source))
	p := phi.RawVector().Data
	w := floats.Dot(p, data.Y) / (floats.Dot(p, p) + 15*lambda)
	if got := floats.Dot(got, pair.Source); math.Abs(got-w) > 1e-12 {
		t.Errorf("w = %v, want %v", got, w)
	}
}

// The null-space part is a projection that the data do not see.
func TestNullSpace(t *testing.T) {
	pair, data := sample(t, 7, 20, 1, 0.2, 4)
	p := NewInterpolator(data.X)
	u, err := p.NullSpace(pair.Source)
	if err != nil {
		t.Fatal(err)
	}
	var xu mat.VecDense
	xu.MulVec(data.X, mat.NewVecDense(20, u))
	uu, err := p.NullSpace(u)
	if err != nil {
		t.Fatal(err)
	}
	if mat.Norm(&xu, 2) > 1e-12 || floats.Distance(u, uu, 2) > 1e-12 {
		t.Errorf("‖XUv‖ = %g, ‖UUv − Uv‖ = %g", mat.Norm(&xu, 2), floats.Distance(u, uu, 2))
	}
}

func TestBadInput(t *testing.T) {
	_, data := sample(t, 3, 4, 1, 0.2, 4)
	net := network(t, 4, 2, 0.1, 1)
	loss := sampleLoss(t, data)
	run := func(o Options) error { _, err := net.Train(context.Background(), loss, o); return err }
	_, depth := NewNetwork(4, 0, 0.1, task.Stream(1))
	_, alpha := NewNetwork(4, 1, math.NaN(), task.Stream(1))
	_, ridge := Transfer(data, mat.NewDense(4, 1, []float64{1, 0, 0, 0}), -1, 0)
	_, zero := Transfer(data, mat.NewDense(4, 1, nil), 0, 0)
	_, short := NewInterpolator(data.X).MinNorm([]float64{1})
	for want, err := range map[string]error{
		"depth = 0": depth, "alpha = NaN": alpha, "lambda = -1": ridge, "features are zero": zero, "1 entries": short,
		"Step = -1": run(Options{Step: -1}), "Tolerance = 2": run(Options{Tolerance: 2}), "Decay = -1": run(Options{Decay: -1}),
		"diverged": run(Options{Step: 50}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func BenchmarkTrainStep(b *testing.B) {
	for _, depth := range []int{2, 3} {
		_, data := sample(b, 50, 100, 1, 0.2, 4)
		net, loss := network(b, 100, depth, 0.1, 1), sampleLoss(b, data)
		s := newScratchpad(net)
		b.Run("d=100 n=50 L="+string(rune('0'+depth)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.products(net)
				loss.gradient(s.left[0], s.right[0])
				s.step(net, 1e-6, 0)
			}
		})
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, n := range []int{100, 250, 450, 550, 1000} {
		_, data := sample(b, n, 500, 1, 0.2, 4)
		b.Run(fmt.Sprintf("d=500 n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				minNorm(b, data)
			}
		})
	}
}

// 20 sample sizes on one growing data set.
func BenchmarkDesign(b *testing.B) {
	_, data := sample(b, 975, 500, 1, 0.2, 4)
	b.ReportAllocs()
	for b.Loop() {
		p := NewDesign(data.X)
		for n := 25; n < 1000; n += 50 {
			if _, err := p.Interpolator(n).MinNorm(data.Y[:n]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The two products of solving at d = 500, on one core.
func BenchmarkGram(b *testing.B) {
	_, data := sample(b, 1000, 500, 1, 0.2, 4)
	b.ReportAllocs()
	for b.Loop() {
		NewDesign(data.X).gram(1000)
	}
}

func BenchmarkCholesky(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // gonum spreads a product over all cores
	_, data := sample(b, 1000, 500, 1, 0.2, 4)
	gram := NewDesign(data.X).gram(1000)
	work := mat.NewSymDense(500, nil)
	b.ReportAllocs()
	for b.Loop() {
		work.CopySym(gram)
		if _, ok := factorize(work); !ok {
			b.Fatal("not positive definite")
		}
	}
}
