package relu

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// one is f(x) = c·relu(wx), in one dimension.
func one(w, c float64) *Network {
	return &Network{W: mat.NewDense(1, 1, []float64{w}), C: []float64{c}}
}

// passed is the time in which p = cw rises from .36 by ṗ = 2k·p(1−p): that of c = w in the flow
// of the loss k·(1−p)²/2, k = E relu².
func passed(p, k float64) float64 { return (math.Log(p/(1-p)) - math.Log(0.36/0.64)) / (2 * k) }

// One neuron in one dimension learns relu(x) in a known time, on the population, where
// E relu² = ½, and on a sample. Training meets it as its steps shrink: at a hundredth of the error
// of a step these are a tenth as long, and so is the error of a method of first order.
func TestTrainKeepsTime(t *testing.T) {
	x := mat.NewDense(4, 1, []float64{1, 2, -3, 0.5})
	for name, c := range map[string]struct {
		loss   *Loss
		square float64
	}{"population": {PopulationLoss(one(1, 1)), 0.5}, "sample": {sampleLoss(t, x, []float64{1, 2, 0, 0.5}), (1 + 4 + 0.25) / 4}} {
		f := one(0.6, 0.6)
		value, grad := c.loss.Gradient(f)
		if want := 0.64 * 0.64 * c.square / 2; math.Abs(value-want) > 1e-14 {
			t.Errorf("%s: the loss is %v, want %v", name, value, want)
		}
		if want := -0.64 * 0.6 * c.square; math.Abs(grad.C[0]-want) > 1e-14 || math.Abs(grad.W.At(0, 0)-want) > 1e-14 {
			t.Errorf("%s: the gradient is %v, %v, want %v", name, grad.C, grad.W.At(0, 0), want)
		}
		var off []float64
		for _, accuracy := range []float64{1e-4, 1e-6} {
			f, worst := one(0.6, 0.6), 0.0
			rep, err := f.Train(context.Background(), c.loss, Options{Tolerance: 1e-5, Accuracy: accuracy, Observe: func(time float64, f *Network) {
				worst = math.Max(worst, math.Abs(time-passed(f.C[0]*f.W.At(0, 0), c.square)))
			}})
			p := f.C[0] * f.W.At(0, 0)
			if err != nil || !rep.Converged || rep.Settled || math.Abs(rep.Loss-(1-p)*(1-p)) > 1e-12 || rep.Loss > 1e-5 || math.Abs(rep.Time-passed(p, c.square)) > worst {
				t.Errorf("%s: %+v at p = %v, %v", name, rep, p, err)
			}
			off = append(off, worst)
		}
		if ratio := off[1] / off[0]; ratio < 0.07 || ratio > 0.15 {
			t.Errorf("%s: the time is off by %.3g, with finer steps by %.3g", name, off[0], off[1])
		}
	}
}

// A teacher that a student cannot be: one neuron of two dimensions against two opposite ones. The
// loss stays above the tolerance, training says that it has settled, and only after the number of
// gradients has doubled since 500 without a fall by a thousandth.
func TestTrainSettles(t *testing.T) {
	g := &Network{W: mat.NewDense(2, 1, []float64{1, -1}), C: []float64{1, 1}} // |x|/2
	f := one(0.6, 0.6)
	var losses []float64
	var gradients []int
	rep, err := f.Train(context.Background(), PopulationLoss(g), Options{Observe: func(_ float64, h *Network) {
		losses = append(losses, Risk(h, g)/Inner(g, g))
		gradients = append(gradients, 1+5*(len(gradients)))
	}})
	// f = relu(x)/2 is the best fit; half of the loss is left.
	if err != nil || !rep.Settled || rep.Converged || math.Abs(rep.Loss-0.5) > 1e-4 || rep.Gradients < 1000 || rep.Gradients > 1020 {
		t.Errorf("%+v, %v", rep, err)
	}
	if p := f.C[0] * f.W.At(0, 0); math.Abs(p-0.5) > 1e-3 {
		t.Errorf("f = %v·relu(x), not ½", p)
	}
	if len(losses) < 100 || math.Abs(losses[len(losses)-1]-rep.Loss) > 1e-12 {
		t.Errorf("%d losses, the last %v, reported %v", len(losses), losses[len(losses)-1], rep.Loss)
	}
}

// A loss that falls ever more slowly: c·relu(wx) has nothing in common with relu(−x), and unlearns
// its own function as p = cw = 1/(1+t). Training has settled where the loss, 1 + p², has fallen by
// less than a thousandth of itself since half as many gradients, and not before.
func TestTrainSettlesByAThousandth(t *testing.T) {
	g, f := one(-1, 1), one(1, 1)
	var losses []float64 // at the start and after every step, of five gradients
	rep, err := f.Train(context.Background(), PopulationLoss(g), Options{Accuracy: 1.7e-4, Observe: func(_ float64, h *Network) {
		p := h.C[0] * h.W.At(0, 0)
		losses = append(losses, 1+p*p)
	}})
	if err != nil || !rep.Settled || rep.Converged {
		t.Fatalf("%+v, %v", rep, err)
	}
	// Some of the first steps are tried again: how many, the report tells.
	again := (rep.Gradients-1)/5 - (len(losses) - 1)
	step, first := 100-again, math.Inf(1) // the first after 500 gradients
	for {
		fall := (first - losses[step]) / losses[step]
		if last := step == len(losses)-1; last != (fall < 1e-3) {
			t.Fatalf("training ends after %d gradients; at %d the loss has fallen by %.3g", rep.Gradients, 5*(step+again)+1, fall)
		} else if last {
			break
		}
		first, step = losses[step], 2*(step+again)+1-again
	}
}

// The defaults are those of the documentation, bit by bit, and MaxGradients ends training.
func TestTrainDefaults(t *testing.T) {
	start, g := networks(t, 30, 2, 3, 4)
	a, b := start.Clone(), start.Clone()
	first, err := a.Train(context.Background(), PopulationLoss(g), Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Train(context.Background(), PopulationLoss(g), Options{Tolerance: 1e-3, Accuracy: 0.03, MaxGradients: 100_000})
	if err != nil || first != second || !mat.Equal(a.W, b.W) || !first.Converged || first.Loss > 1e-3 {
		t.Errorf("%+v by default, %+v, %v", first, second, err)
	}
	for _, most := range []int{1, 2, 7, 20} {
		f, calls := start.Clone(), 0
		rep, err := f.Train(context.Background(), PopulationLoss(g), Options{MaxGradients: most, Observe: func(time float64, h *Network) {
			if calls++; calls == 1 && (time != 0 || !mat.Equal(h.W, start.W) || !floats.Equal(h.C, start.C)) {
				t.Errorf("the start is not shown: time %v", time)
			}
		}})
		if err != nil || rep.Converged || rep.Settled || rep.Gradients < most || rep.Gradients > most+30 || calls == 0 || (most == 1) != mat.Equal(f.W, start.W) {
			t.Errorf("MaxGradients = %d: %+v, %d calls, %v", most, rep, calls, err)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	f := start.Clone()
	if _, err := f.Train(cancelled, PopulationLoss(g), Options{}); err == nil || !mat.Equal(f.W, start.W) {
		t.Errorf("cancelled: %v", err)
	}
	for _, o := range []Options{{Tolerance: 1}, {Tolerance: -1}, {Accuracy: 1}, {Accuracy: math.NaN()}, {Tolerance: math.NaN()}} {
		if _, err := f.Train(context.Background(), PopulationLoss(g), o); err == nil {
			t.Errorf("%+v is no error", o)
		}
	}
}

// A step has at most the error that is asked for, relative to the norm of all weights, and the
// longest come near to it. The error of a step of h is h/2 times the change of the slope.
func TestStepsHaveTheirError(t *testing.T) {
	start, g := networks(t, 12, 3, 5, 9)
	loss := PopulationLoss(g)
	for accuracy, want := range map[float64]float64{0: 0.03, 0.002: 0.002} {
		var worst, last float64
		var before, slope []float64
		_, err := start.Clone().Train(context.Background(), loss, Options{Accuracy: accuracy, MaxGradients: 900, Observe: func(time float64, f *Network) {
			_, grad := loss.Gradient(f)
			now := append(append([]float64(nil), grad.W.RawMatrix().Data...), grad.C...)
			if before != nil {
				worst = math.Max(worst, (time-last)/2*floats.Distance(now, slope, 2)/floats.Norm(before, 2))
			}
			before = append(append([]float64(nil), f.W.RawMatrix().Data...), f.C...)
			slope, last = now, time
		}})
		if err != nil || !(worst <= want*(1+1e-9) && worst > want/2) {
			t.Errorf("accuracy %v: the largest error of a step is %.3g, want up to %v, %v", accuracy, worst, want, err)
		}
	}
}

// The loss of the population is half the risk, with numbers of neurons that differ, neurons of
// zeros and output weights of zero; a gradient does not depend on the block that a row is in.
func TestPopulationLossIsHalfTheRisk(t *testing.T) {
	f, g := networks(t, 40, 3, 4, 6)
	f.C[5] = 0
	f.W.SetRow(7, make([]float64, 4))
	value, grad := PopulationLoss(g).Gradient(f)
	if want := Risk(f, g) / 2; math.Abs(value-want) > 1e-14 {
		t.Errorf("the loss is %v, half the risk %v", value, want)
	}
	for i := range 4 {
		if grad.W.At(5, i) != 0 || math.IsNaN(grad.W.At(7, i)) {
			t.Errorf("the gradient in dead neurons: %v, %v", grad.W.At(5, i), grad.W.At(7, i))
		}
	}
	if grad.C[7] != 0 {
		t.Errorf("the gradient in the output weight of a neuron of zeros: %v", grad.C[7])
	}
	// The last neuron, alone with the others' function, has the derivative of half the risk.
	const h = 1e-5
	plus, minus := f.Clone(), f.Clone()
	plus.W.Set(39, 2, f.W.At(39, 2)+h)
	minus.W.Set(39, 2, f.W.At(39, 2)-h)
	if want := 40 * (Risk(plus, g) - Risk(minus, g)) / 2 / (2 * h); math.Abs(grad.W.At(39, 2)-want) > 1e-6*(1e-2+math.Abs(want)) {
		t.Errorf("the gradient in the last neuron is %v, want %v", grad.W.At(39, 2), want)
	}
	same, _ := PopulationLoss(f).Gradient(f.Clone())
	if same > 1e-15 || same < 0 {
		t.Errorf("the loss of the teacher itself is %v", same)
	}
}
