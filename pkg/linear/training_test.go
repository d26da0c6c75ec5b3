package linear

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// The entries of a random start are normal with the variances α²/d and, in the last layer, α²:
// by the chi-square statistic of all of them.
func TestStartHasItsSize(t *testing.T) {
	const d, outputs, depth, alpha, networks = 7, 3, 3, 0.4, 60
	squares := make([][]float64, depth)
	var all []float64
	for i := range networks {
		net, err := NewMultiNetwork(d, outputs, depth, alpha, task.Stream(uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		for l, w := range net.W {
			rows, cols := w.Dims()
			if rows != d || cols != map[bool]int{true: outputs, false: d}[l == depth-1] {
				t.Fatalf("layer %d is %d×%d", l, rows, cols)
			}
			size := alpha / math.Sqrt(d)
			if l == depth-1 {
				size = alpha
			}
			for _, v := range w.RawMatrix().Data {
				squares[l] = append(squares[l], v*v/(size*size))
				all = append(all, v)
			}
		}
	}
	for l, s := range squares {
		if z := (stat.Mean(s, nil) - 1) / math.Sqrt(2/float64(len(s))); math.Abs(z) > 4 {
			t.Errorf("layer %d: the mean square is %v of its own, z = %.2f", l, stat.Mean(s, nil), z)
		}
	}
	m, sd := stat.MeanStdDev(all, nil)
	if z := m / sd * math.Sqrt(float64(len(all))); math.Abs(z) > 4 {
		t.Errorf("the mean is %v, z = %.2f", m, z)
	}
	for _, c := range []struct {
		d, outputs, depth int
		alpha             float64
	}{{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}, {1, 1, 1, -1}, {1, 1, 1, math.Inf(1)}} {
		if _, err := NewMultiNetwork(c.d, c.outputs, c.depth, c.alpha, task.Stream(1)); err == nil {
			t.Errorf("%+v is no error", c)
		}
	}
	if _, err := NewMultiNetwork(1, 1, 1, 1, task.Stream(1)); err != nil {
		t.Error(err)
	}
}

// Products, features and the conserved matrices of a random network, with dense products.
func TestProductsAreDense(t *testing.T) {
	for depth := 1; depth <= 4; depth++ {
		for _, k := range []int{1, 3} {
			net, err := NewMultiNetwork(5, k, depth, 1, task.Stream(uint64(depth)))
			if err != nil {
				t.Fatal(err)
			}
			features := mat.NewDense(5, 5, nil)
			for i := range 5 {
				features.Set(i, i, 1)
			}
			for l, w := range net.W[:depth-1] {
				features.Mul(mat.DenseCopyOf(features), w)
				var a, b mat.Dense
				a.Mul(w.T(), w)
				b.Mul(net.W[l+1], net.W[l+1].T())
				a.Sub(&a, &b)
				if off := apart(net.Conserved()[l], &a); off > 1e-14 {
					t.Errorf("L = %d: D_%d is off by %.2g", depth, l+1, off)
				}
			}
			if got := net.Features(); apart(got, features) > 1e-14 || len(net.Conserved()) != depth-1 || net.Depth() != depth {
				t.Errorf("L = %d: the features are off by %.2g", depth, apart(got, features))
			}
			var beta mat.Dense
			beta.Mul(features, net.W[depth-1])
			if got := mat.NewDense(k, 5, net.Beta()); apart(got.T(), &beta) > 1e-14 {
				t.Errorf("L = %d, k = %d: β is off by %.2g", depth, k, apart(got.T(), &beta))
			}
		}
	}
}

// The layers of a balanced network have one singular value, ‖β‖^(1/L), and random directions.
func TestBalancedLayers(t *testing.T) {
	beta := []float64{1, -2, 4, 0.5}
	for depth := 1; depth <= 4; depth++ {
		a, err := NewBalanced(beta, depth, task.Stream(1))
		b, err2 := NewBalanced(beta, depth, task.Stream(2))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		for l, w := range a.W {
			var svd mat.SVD
			svd.Factorize(w, mat.SVDNone)
			values := svd.Values(nil)
			want := math.Pow(floats.Norm(beta, 2), 1/float64(depth))
			if math.Abs(values[0]-want) > 1e-12 || floats.Sum(values[1:]) > 1e-12 {
				t.Errorf("L = %d: layer %d has the singular values %v, want %v", depth, l, values, want)
			}
			if depth > 1 && apart(w, b.W[l]) < 1e-3 {
				t.Errorf("L = %d: layer %d is the same in every network", depth, l)
			}
		}
	}
	for _, c := range [][]float64{{0, 0}, {math.Inf(1), 0}, {math.NaN()}} {
		if _, err := NewBalanced(c, 2, task.Stream(1)); err == nil {
			t.Errorf("β = %v is no error", c)
		}
	}
	if _, err := NewBalanced(beta, 0, task.Stream(1)); err == nil {
		t.Error("no layer is no error")
	}
}

// A loss, its gradient and its curvature are those of the definition, in both forms.
func TestLossByDefinition(t *testing.T) {
	for _, c := range []struct{ n, d int }{{1, 6}, {3, 6}, {4, 6}, {6, 6}, {11, 6}, {3, 7}, {4, 7}} {
		x, y, beta := gaussian(c.n, c.d, 1), normal(c.n, 2), normal(c.d, 3)
		loss := sampleLoss(t, task.Data{X: x, Y: y})
		var r, g mat.VecDense
		r.MulVec(x, mat.NewVecDense(c.d, beta))
		r.SubVec(&r, mat.NewVecDense(c.n, y))
		g.MulVec(x.T(), &r)
		g.ScaleVec(1/float64(c.n), &g)
		if got, want := loss.Value(beta), mat.Dot(&r, &r)/float64(2*c.n); math.Abs(got-want) > 1e-12*want {
			t.Errorf("%+v: the loss is %v, want %v", c, got, want)
		}
		got := make([]float64, c.d)
		if loss.gradient(got, beta); floats.Distance(got, g.RawVector().Data, 2) > 1e-12*floats.Norm(got, 2) {
			t.Errorf("%+v: the gradient is %v, want %v", c, got, g.RawVector().Data)
		}
		var gram mat.SymDense
		gram.SymOuterK(1/float64(c.n), x.T())
		var eig mat.EigenSym
		eig.Factorize(&gram, false)
		if got, want := loss.Curvature(), eig.Values(nil)[c.d-1]; math.Abs(got-want) > 1e-12*want {
			t.Errorf("%+v: the curvature is %v, want %v", c, got, want)
		}
		// The same in the coordinates in which a network learns.
		if err := loss.rotate(); err != nil {
			t.Fatal(err)
		}
		var back, diagonal mat.VecDense
		inner := mulVec(loss.v.T(), beta)
		floats.Mul(inner, loss.squares)
		floats.Sub(inner, loss.along)
		back.MulVec(loss.v, mat.NewVecDense(len(inner), inner))
		diagonal.SubVec(&back, &g)
		if mat.Norm(&diagonal, 2) > 1e-12*mat.Norm(&g, 2) {
			t.Errorf("%+v: the diagonal gradient is off by %.2g", c, mat.Norm(&diagonal, 2))
		}
	}
	loss := PopulationLoss([]float64{1, 2})
	if got := loss.Value([]float64{4, 6}); got != 12.5 || loss.Curvature() != 1 {
		t.Errorf("the loss of the population is %v, its curvature %v", got, loss.Curvature())
	}
	if _, err := SampleLoss(task.Data{X: gaussian(3, 2, 1), Y: []float64{1}}); err == nil {
		t.Error("one label of three points is no error")
	}
}

// The zero value of the options is what the documentation says, bit by bit, and the report is
// of the end.
func TestDefaultsAndReport(t *testing.T) {
	pair, data := sample(t, 9, 6, 1, 0.3, 3)
	long := append([]float64(nil), pair.Source...)
	floats.Scale(2.5, long)
	descent := Options{Step: 0.013}
	for name, c := range map[string]struct {
		loss   *Loss
		zeroth Options
	}{"population": {PopulationLoss(long), Options{}}, "sample": {sampleLoss(t, data), Options{}}, "descent on a sample": {sampleLoss(t, data), descent}} {
		loss := c.loss
		for depth := 1; depth <= 3; depth++ {
			a, b := network(t, 6, depth, 0.3, 4), network(t, 6, depth, 0.3, 4)
			o := Options{Tolerance: 1e-7, MaxSteps: 10_000_000, Step: c.zeroth.Step}
			if name == "population" {
				o.Step = 0.1 / float64(depth)
			}
			first, second := train(t, a, loss, c.zeroth), train(t, b, loss, o)
			if first != second || !floats.Equal(a.Beta(), b.Beta()) || first.Step != o.Step || first.Steps == 0 {
				t.Errorf("%s, L = %d: %+v by default, %+v with %+v", name, depth, first, second, o)
			}
			beta, zero := a.Beta(), make([]float64, 6)
			g, start := make([]float64, 6), make([]float64, 6)
			loss.gradient(g, beta)
			loss.gradient(start, zero)
			if off := floats.Norm(g, 2) / floats.Norm(start, 2); math.Abs(off-first.Gradient) > 1e-9*(1+off)+1e-14 || !(off <= 1e-7*(1+1e-6)) || first.Loss != loss.Value(beta) {
				t.Errorf("%s, L = %d: %+v, the gradient is %.3g of the first, the loss %v", name, depth, first, off, loss.Value(beta))
			}
		}
	}
	// With Observe descent takes the step of the population, seen at every step and at the end.
	loss, net := sampleLoss(t, data), network(t, 6, 2, 0.3, 4)
	seen, next := 0, 0
	rep := train(t, net, loss, Options{Tolerance: 1e-3, Observe: func(step int, beta []float64) {
		if step != next || step == 0 && !floats.Equal(beta, network(t, 6, 2, 0.3, 4).Beta()) {
			t.Errorf("step %d, not %d", step, next)
		}
		seen, next = seen+1, next+1
	}})
	if seen != rep.Steps+1 || math.Abs(rep.Step-0.1/(2*loss.Curvature())) > 1e-15 {
		t.Errorf("%d observations of %+v", seen, rep)
	}
}

// With weight decay, too, the report is the norm of the gradient of the objective in all
// weights, those that the data do not move included; and what they do not move decays as the
// time goes.
func TestDecayIsReported(t *testing.T) {
	for _, c := range []struct{ n, depth int }{{4, 2}, {12, 2}, {4, 3}, {4, 1}} {
		for _, step := range []float64{0, 0.02} {
			const d, mu = 9, 0.07
			_, data := sample(t, c.n, d, 1, 0.3, 3)
			loss, net := sampleLoss(t, data), network(t, d, c.depth, 0.5, 4)
			rep := train(t, net, loss, Options{Decay: mu, Tolerance: 1e-3, Step: step})
			s := newScratchpad(net)
			s.products(net)
			start := make([]float64, d)
			loss.gradient(start, make([]float64, d))
			loss.gradient(s.left[0], s.right[0])
			if got, want := rep.Gradient, s.weightGradient(net, mu)/floats.Norm(start, 2); math.Abs(got/want-1) > 1e-6 || want > 1.000001e-3 {
				t.Errorf("n = %d L = %d step %v: the gradient is %.6g, reported %.6g", c.n, c.depth, step, want, got)
			}
		}
	}
}

// Errors of training, each by its words; what ends early leaves a report.
func TestTrainingErrors(t *testing.T) {
	_, data := sample(t, 9, 6, 1, 0.3, 3)
	loss := sampleLoss(t, data)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		o    Options
		want string
	}{
		{context.Background(), Options{MaxSteps: -1}, "MaxSteps = -1"},
		{context.Background(), Options{MaxSteps: 30}, "did not converge in MaxSteps = 30"},
		{context.Background(), Options{MaxSteps: 30, Step: 1e-3}, "did not converge in MaxSteps = 30"},
		{context.Background(), Options{Tolerance: 1}, "Tolerance = 1"},
		{context.Background(), Options{Tolerance: -1}, "Tolerance = -1"},
		{context.Background(), Options{Step: math.Inf(1)}, "Step = +Inf: the learning rate"},
		{context.Background(), Options{Step: math.NaN()}, "Step = NaN: the learning rate"},
		{context.Background(), Options{Step: 0.5, Decay: 2}, "Decay = 2"},
		{context.Background(), Options{Decay: math.NaN()}, "Decay = NaN"},
		{cancelled, Options{}, "canceled"},
		{cancelled, Options{Step: 1e-3}, "canceled"},
	} {
		net := network(t, 6, 2, 0.3, 4)
		rep, err := net.Train(c.ctx, loss, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
		if c.ctx == cancelled && (c.o.Step > 0 && rep.Steps > 0 || !mat.Equal(net.W[0], network(t, 6, 2, 0.3, 4).W[0])) {
			t.Errorf("%+v: cancelled before it begins, %+v", c.o, rep)
		}
		if c.o.MaxSteps == 30 && (rep.Steps < 30 || rep.Steps > 90 || rep.Loss != loss.Value(net.Beta())) {
			t.Errorf("%+v: %+v", c.o, rep)
		}
	}
	net := network(t, 6, 2, 0.3, 4)
	if _, err := net.Train(context.Background(), loss, Options{Step: 0.5, Decay: 1.999, MaxSteps: 5}); err == nil || !strings.Contains(err.Error(), "MaxSteps") {
		t.Errorf("a decay below 1/Step: %v", err)
	}
	if _, err := net.Train(context.Background(), PopulationLoss(make([]float64, 5)), Options{}); err == nil {
		t.Error("a loss of another dimension is no error")
	}
}

// The end-to-end flow in its own time. Along its target it is dβ/dt = L·β^(2−2/L)·(1 − β), so the
// time is a quadrature; off it, it is the flow of all weights of a balanced network.
func TestFlowKeepsTime(t *testing.T) {
	for _, depth := range []int{1, 2, 3, 6} {
		L := float64(depth)
		inverse := func(b float64) float64 { return 1 / (L * math.Pow(b, 2-2/L) * (1 - b)) }
		worst, time, before, steps := 0.0, 0.0, 0.3, 0
		end, err := Flow(context.Background(), PopulationLoss([]float64{0, 1}), depth, []float64{0, 0.3}, func(t float64, beta []float64) {
			// Simpson's rule in 200 pieces from the last step.
			h := (beta[1] - before) / 200
			for i := range 200 {
				a := before + float64(i)*h
				time += h / 6 * (inverse(a) + 4*inverse(a+h/2) + inverse(a+h))
			}
			before = beta[1]
			if beta[1] < 0.999 {
				worst = math.Max(worst, math.Abs(time-t)/(1+t))
			}
			steps++
		})
		if err != nil || worst > 1e-6 || steps < 10 || math.Abs(end[1]-1) > 1e-7 || math.Abs(end[1]-1) < 1e-12 || end[0] != 0 {
			t.Errorf("L = %d: the time is off by %.2g, the end %v, %v", depth, worst, end, err)
		}
	}
	// It ends at the first step at which the gradient is 1e-7 of that at β = 0, whatever the units.
	for _, scale := range []float64{1e-3, 1, 1000} {
		var gaps []float64
		_, err := Flow(context.Background(), PopulationLoss([]float64{0, scale}), 2, []float64{0, 0.3 * scale}, func(_ float64, beta []float64) {
			gaps = append(gaps, math.Abs(beta[1]-scale)/scale)
		})
		n := len(gaps)
		if err != nil || n < 3 || !(gaps[n-1] <= 1e-7 && gaps[n-2] > 1e-7) {
			t.Errorf("in units of %v it ends after %d steps, %v", scale, n, err)
		}
	}
	const d, horizon = 6, 1.5
	pair, data := sample(t, 4, d, 1, 0.3, 3)
	loss := sampleLoss(t, data)
	for _, depth := range []int{2, 4} {
		var path [2][]float64
		var times [2]float64
		_, err := Flow(context.Background(), loss, depth, pair.Source, func(t float64, beta []float64) {
			i := 0
			if t > horizon {
				if i = 1; times[1] > 0 {
					return
				}
			}
			path[i], times[i] = append([]float64(nil), beta...), t
		})
		if err != nil {
			t.Fatal(err)
		}
		var off [2]float64
		for i, h := range []float64{2e-3, 1e-3} {
			net, err := NewBalanced(pair.Source, depth, task.Stream(2))
			if err != nil {
				t.Fatal(err)
			}
			_, err = net.Train(context.Background(), loss, Options{Step: times[1] / math.Round(times[1]/h), MaxSteps: int(math.Round(times[1] / h)), Tolerance: 1e-12})
			if err == nil {
				t.Fatal("it ends before its time")
			}
			off[i] = floats.Distance(net.Beta(), path[1], 2)
		}
		if ratio := off[1] / off[0]; off[1] > 0.01 || math.Abs(ratio-0.5) > 0.05 {
			t.Errorf("L = %d: networks are %.3g off the flow, at half the step %.3g", depth, off[0], off[1])
		}
	}
}

// Bad arguments of Flow, and a flow that stops in time.
func TestFlowErrors(t *testing.T) {
	loss := PopulationLoss([]float64{0, 1})
	for want, run := range map[string]func() error{
		"depth = 0":     func() error { _, err := Flow(context.Background(), loss, 0, []float64{1, 0}, nil); return err },
		"has 1 entries": func() error { _, err := Flow(context.Background(), loss, 2, []float64{1}, nil); return err },
		"start is zero": func() error { _, err := Flow(context.Background(), loss, 2, []float64{0, 0}, nil); return err },
		"diverged": func() error {
			_, err := Flow(context.Background(), loss, 2, []float64{math.Inf(1), 0}, nil)
			return err
		},
		"canceled": func() error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := Flow(ctx, loss, 2, []float64{1, 0}, nil)
			return err
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if end, err := Flow(context.Background(), loss, 1, []float64{0, 0}, nil); err != nil || math.Abs(end[1]-1) > 1e-6 {
		t.Errorf("one layer from zero: %v, %v", end, err)
	}
}
