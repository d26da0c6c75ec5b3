package relu

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func sample(n, d int, g *Network, seed uint64) (*mat.Dense, []float64) {
	rng := task.Stream(seed, 9)
	x := mat.NewDense(n, d, nil)
	for i := range x.RawMatrix().Data {
		x.RawMatrix().Data[i] = rng.NormFloat64()
	}
	return x, g.Predict(x)
}

func sampleLoss(t testing.TB, x *mat.Dense, y []float64) *Loss {
	t.Helper()
	l, err := SampleLoss(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSampleGradientIsTheGradient(t *testing.T) {
	f, g := networks(t, 4, 3, 5, 3)
	x, y := sample(20, 5, g, 1)
	loss := sampleLoss(t, x, y)
	w := append(append([]float64(nil), f.W.RawMatrix().Data...), f.C...)
	want := fd.Gradient(nil, func(w []float64) float64 {
		return loss.Value(&Network{W: mat.NewDense(4, 5, w[:20]), C: w[20:]})
	}, w, &fd.Settings{Formula: fd.Central})
	floats.Scale(4, want)
	grad := loss.Gradient(f)
	got := append(append([]float64(nil), grad.W.RawMatrix().Data...), grad.C...)
	if off := floats.Distance(got, want, 2); off > 1e-6*floats.Norm(want, 2) {
		t.Errorf("off by %.2g of %.2g", off, floats.Norm(want, 2))
	}
}

// Pretraining on the population in the rich regime learns the teacher, and leaves
// features in whose span it lies; a lazy start learns it too and moves its features
// less.
func TestPretrainingLearnsTheTeacher(t *testing.T) {
	moved := map[float64]float64{}
	for _, alpha := range []float64{1, 4} {
		_, g := networks(t, 1, 3, 6, 5)
		f, err := NewStudent(40, 6, alpha, task.Stream(5, 1))
		if err != nil {
			t.Fatal(err)
		}
		start := Gram(f.W, f.W)
		before := mat.NewSymDense(40, start.RawMatrix().Data)
		step := 0.2 / (alpha * alpha)
		rep, err := f.Train(context.Background(), PopulationLoss(g), Options{Step: step, Tolerance: 1e-2})
		if err != nil || !rep.Converged {
			t.Fatalf("α = %v: %+v, %v", alpha, rep, err)
		}
		if r := Risk(f, g) / Inner(g, g); r > 1e-2 {
			t.Errorf("α = %v: relative risk %v", alpha, r)
		}
		rho, err := Residual(f.W, g)
		if err != nil || rho > 1e-2 {
			t.Errorf("α = %v: residual %v, %v", alpha, rho, err)
		}
		a, err := Alignment(before, mat.NewSymDense(40, Gram(f.W, f.W).RawMatrix().Data))
		if err != nil {
			t.Fatal(err)
		}
		moved[alpha] = 1 - a
	}
	if moved[4] > 0.5*moved[1] {
		t.Errorf("the kernel moved by %.3g from a rich start and by %.3g from a lazy one", moved[1], moved[4])
	}
}

// Linear transfer with many points and a small ridge has the risk of the residual;
// its two forms, in the features and in the points, agree.
func TestTransferReachesTheResidual(t *testing.T) {
	const d = 5
	_, g := networks(t, 1, 4, d, 6)
	source, err := g.Without(0.5)
	if err != nil {
		t.Fatal(err)
	}
	x, y := sample(20000, d, g, 2)
	f, err := source.Transfer(x, y, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	rho, err := Residual(source.W, g)
	if err != nil {
		t.Fatal(err)
	}
	if got := Risk(f, g) / Inner(g, g); got < rho-1e-12 || got > rho*1.01 {
		t.Errorf("relative risk %v, residual %v", got, rho)
	}
	student, _ := networks(t, 30, 1, d, 6)
	for _, n := range []int{29, 30} { // one on each side
		x, y := sample(n, d, g, 3)
		a, err := student.Transfer(x, y, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		// Stationary in c: Φᵀ(Φc/m − y)/n + λc = 0 with Φ the features.
		hidden := student.Features(x)
		r := a.Predict(x)
		floats.Sub(r, y)
		var s mat.VecDense
		s.MulVec(hidden.T(), mat.NewVecDense(n, r))
		s.ScaleVec(1/float64(n), &s)
		s.AddScaledVec(&s, 0.1, mat.NewVecDense(30, a.C))
		if norm := mat.Norm(&s, 2); norm > 1e-10 {
			t.Errorf("n = %d: gradient %.2g", n, norm)
		}
	}
}

func TestBadInput(t *testing.T) {
	f, g := networks(t, 3, 3, 4, 1)
	x, y := sample(5, 4, g, 1)
	_, m := NewTeacher(0, 4, task.Stream(1))
	_, d := NewStudent(3, 0, 1, task.Stream(1))
	_, alpha := NewStudent(3, 4, math.NaN(), task.Stream(1))
	_, mu := g.Without(1)
	_, short := SampleLoss(x, y[:2])
	_, lambda := f.Transfer(x, y, 0)
	_, nothing := Residual(g.W, &Network{W: g.W, C: make([]float64, 3)})
	run := func(o Options) error { _, err := f.Train(context.Background(), PopulationLoss(g), o); return err }
	for want, err := range map[string]error{
		"m = 0": m, "d = 0": d, "alpha = NaN": alpha, "mu = 1": mu, "2 entries": short, "lambda = 0": lambda, "not zero": nothing,
		"Step = -1": run(Options{Step: -1}), "Tolerance = 2": run(Options{Tolerance: 2}), "MaxSteps = -1": run(Options{MaxSteps: -1}), "diverged": run(Options{Step: 1e4}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
