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
	x := task.Normal(n, d, task.Stream(seed, 9))
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
		r := (&Network{W: mat.NewDense(4, 5, w[:20]), C: w[20:]}).Predict(x)
		floats.Sub(r, y)
		return floats.Dot(r, r) / (2 * float64(len(r)))
	}, w, &fd.Settings{Formula: fd.Central})
	floats.Scale(4, want)
	_, grad := loss.Gradient(f)
	got := append(append([]float64(nil), grad.W.RawMatrix().Data...), grad.C...)
	if off := floats.Distance(got, want, 2); off > 1e-6*floats.Norm(want, 2) {
		t.Errorf("off by %.2g of %.2g", off, floats.Norm(want, 2))
	}
}

// Pretraining on the population from a small start learns the teacher's kernel and
// leaves its neurons as the leading directions of the features; a large start learns
// the function and keeps the kernel that it had.
func TestRichLearnsTheKernelAndLazyDoesNot(t *testing.T) {
	const d, k = 8, 4
	aligned := map[float64]float64{}
	for _, alpha := range []float64{0.1, 5} {
		_, g := networks(t, 1, k, d, 5)
		f, err := NewStudent(60, d, alpha, task.Stream(5, 1))
		if err != nil {
			t.Fatal(err)
		}
		x := task.Normal(100, d, task.Stream(5, 2))
		rep, err := f.Train(context.Background(), PopulationLoss(g), Options{Tolerance: 1e-4})
		if err != nil || !rep.Converged {
			t.Fatalf("α = %v: %+v, %v", alpha, rep, err)
		}
		if r := Risk(f, g) / Inner(g, g); math.Abs(r-rep.Loss) > 1e-10 || r > 1e-4 {
			t.Errorf("α = %v: relative risk %v, reported %v", alpha, r, rep.Loss)
		}
		if aligned[alpha], err = task.Alignment(f.Kernel(x), g.Kernel(x)); err != nil {
			t.Fatal(err)
		}
		if alpha == 0.1 {
			if rho := residual(t, f, g, k); rho > 0.01 {
				t.Errorf("the target outside the %d leading directions: %v", k, rho)
			}
		}
	}
	if aligned[0.1] < 0.98 || aligned[5] > 0.8 {
		t.Errorf("alignment with the teacher's kernel %v", aligned)
	}
}

// The integrator is the gradient flow: finer steps converge to its end point, and
// so does gradient descent with a small step.
func TestTrainFollowsTheFlow(t *testing.T) {
	const d, horizon = 5, 60.0
	start, g := networks(t, 12, 3, d, 9)
	loss := PopulationLoss(g)
	at := func(accuracy float64) *Network {
		f := start.Clone()
		var before, after *Network
		var t0, t1 float64
		done := false
		_, err := f.Train(context.Background(), loss, Options{Tolerance: 1e-9, Accuracy: accuracy, MaxGradients: 20000, Observe: func(time float64, f *Network) {
			switch {
			case done:
			case time < horizon:
				before, t0 = f.Clone(), time
			default:
				after, t1, done = f.Clone(), time, true
			}
		}})
		if err != nil || !done {
			t.Fatalf("accuracy %v: the flow ended at %v: %v", accuracy, t0, err)
		}
		// Linear in time between the two steps around the horizon.
		s := (horizon - t0) / (t1 - t0)
		before.W.Scale(1-s, before.W)
		after.W.Scale(s, after.W)
		before.W.Add(before.W, after.W)
		return before
	}
	euler := start.Clone()
	const h = 0.005
	for range 12000 { // horizon/h
		_, grad := loss.Gradient(euler)
		floats.AddScaled(euler.W.RawMatrix().Data, -h, grad.W.RawMatrix().Data)
		floats.AddScaled(euler.C, -h, grad.C)
	}
	off := func(f *Network) float64 {
		return floats.Distance(f.W.RawMatrix().Data, euler.W.RawMatrix().Data, 2) / mat.Norm(euler.W, 2)
	}
	coarse, fine := off(at(0.01)), off(at(0.0001))
	if fine > 0.005 || fine > coarse/3 {
		t.Errorf("off the flow by %.2g, with finer steps by %.2g", coarse, fine)
	}
}

// Linear transfer with many points has the risk of the residual, on all neurons with
// a small ridge or on the space of them; with fewer points than dimensions it fits
// them exactly.
func TestTransferReachesTheResidual(t *testing.T) {
	const d = 5
	_, g := networks(t, 1, 4, d, 6)
	source, err := g.Without(0.5)
	if err != nil {
		t.Fatal(err)
	}
	x, y := sample(20000, d, g, 2)
	space, err := source.Space(0)
	if err != nil {
		t.Fatal(err)
	}
	rho := residual(t, source, g, 0)
	a, err := source.TransferAll(x, y, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	b, err := source.Transfer(space, x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*Network{a, b} {
		if got := Risk(f, g) / Inner(g, g); got < rho-1e-12 || got > rho*1.01 {
			t.Errorf("relative risk %v, residual %v", got, rho)
		}
	}
	student, _ := networks(t, 30, 1, d, 6)
	if space, err = student.Space(20); err != nil {
		t.Fatal(err)
	}
	x, y = sample(15, d, g, 3)
	f, err := student.Transfer(space, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if off := floats.Distance(f.Predict(x), y, math.Inf(1)); off > 1e-10 {
		t.Errorf("20 dimensions miss 15 points by %v", off)
	}
	for _, n := range []int{29, 30} { // one on each side
		x, y := sample(n, d, g, 3)
		a, err := student.TransferAll(x, y, 0.1)
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
	_, zero := SampleLoss(x, make([]float64, 5))
	_, lambda := f.TransferAll(x, y, 0)
	_, _, chosen := f.TransferTuned(x, y[:3])
	_, _, one := f.TransferTuned(mat.NewDense(1, 4, nil), y[:1])
	space, err := g.Space(0)
	if err != nil {
		t.Fatal(err)
	}
	_, points := g.Transfer(space, x, y[:2])
	_, nothing := g.Residual(space, &Network{W: g.W, C: make([]float64, 3)})
	zeros := &Network{W: mat.NewDense(3, 4, nil), C: make([]float64, 3)}
	_, rests := zeros.Train(context.Background(), PopulationLoss(g), Options{})
	_, _, silent := zeros.TransferTuned(x, y)
	run := func(o Options) error { _, err := f.Train(context.Background(), PopulationLoss(g), o); return err }
	for want, err := range map[string]error{
		"m = 0": m, "d = 0": d, "alpha = NaN": alpha, "mu = 1": mu, "2 entries": short, "y² is 0": zero, "lambda = 0": lambda, "above 0": nothing, "cannot go on": rests, "5 rows": points,
		"3 entries": chosen, "1 row": one, "every neuron is 0": silent,
		"Tolerance = 2": run(Options{Tolerance: 2}), "MaxGradients = -1": run(Options{MaxGradients: -1}), "Accuracy = -1": run(Options{Accuracy: -1}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
