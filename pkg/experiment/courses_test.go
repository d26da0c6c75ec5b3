package experiment

import (
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// endToEnd integrates dβ/dt = −‖β‖^(2−2/L)(g + (L−1)β̂β̂ᵀg) over a time by Runge–Kutta of
// order four.
func endToEnd(beta []float64, depth int, gradient func(beta []float64) []float64, time float64) []float64 {
	L := float64(depth)
	slope := func(b []float64) []float64 {
		g, norm := gradient(b), floats.Norm(b, 2)
		out := append([]float64(nil), g...)
		floats.AddScaled(out, (L-1)*floats.Dot(b, g)/(norm*norm), b)
		floats.Scale(-math.Pow(norm, 2-2/L), out)
		return out
	}
	at := func(b, k []float64, h float64) []float64 {
		out := append([]float64(nil), b...)
		floats.AddScaled(out, h, k)
		return out
	}
	n := 1 + int(time/0.002)
	h := time / float64(n)
	for range n {
		k1 := slope(beta)
		k2 := slope(at(beta, k1, h/2))
		k3 := slope(at(beta, k2, h/2))
		k4 := slope(at(beta, k3, h))
		for i := range k1 {
			k1[i] += 2*k2[i] + 2*k3[i] + k4[i]
		}
		beta = at(beta, k1, h/6)
	}
	return beta
}

// The courses of fine-tuning are those of gradient descent by hand and of the end-to-end flow
// by another integrator, from the end of pretraining on a finite source sample.
func TestFlowsByHand(t *testing.T) {
	s := theory.Setting{N: 3, D: 5, Theta: 1.9, Sigma: 0.3, SourceN: 4, SourceSigma: 0.6}
	f := Flows{Setting: s, Depths: []int{3, 1, 2}, Seed: 12, Step: 0.05}
	r := must(t, f.Run())
	h := drawByHand(t, f.Seed, s, 0)
	gradient, curvature := lossByHand(h.x, h.y)
	null := minus(h.source, times(bySVD(h.x), times(h.x, h.source)))
	a := floats.Dot(null, null)
	scratch := times(bySVD(h.x), h.y)
	for i, depth := range f.Depths {
		c := r.Cells[i]
		if c.Setting.Depth != depth {
			t.Fatalf("cell %d has depth %d", i, c.Setting.Depth)
		}
		course := func(q theory.Quantity) curve {
			if label := c.courses[q][0].label; label != Depth.Label(float64(depth)) {
				t.Errorf("%s of %d layers is called %s", q, depth, label)
			}
			return c.courses[q][0]
		}
		scale := func(beta []float64) float64 { return floats.Dot(beta, null) / a }
		check := func(what string, k int, beta []float64, along, norms curve) {
			t.Helper()
			outside := scale(beta) * math.Sqrt(a)
			if math.Abs(along.y[k]-scale(beta)) > 1e-6 || math.Abs(norms.x[k]-floats.Norm(beta, 2)) > 1e-6 || math.Abs(norms.y[k]-outside) > 1e-6 {
				t.Errorf("%d layers, %s at t = %v: c = %v, ‖β‖ = %v, ‖Uβ‖ = %v, by hand %v, %v, %v", depth, what, along.x[k], along.y[k], norms.x[k], norms.y[k], scale(beta), floats.Norm(beta, 2), outside)
			}
		}
		// The network.
		step := f.Step / (float64(depth) * curvature)
		along, next := course(NetworkScale), 0
		var end float64
		steps := descend(balancedByHand(h.source, depth), gradient, step, func(k int, beta []float64) {
			end = scale(beta)
			if next < len(along.x) && math.Abs(along.x[next]-float64(k)*step) < step/2 {
				check("network", next, beta, along, course(NetworkNorms))
				next++
			}
		})
		if next != len(along.x) || along.x[0] < 0.02 || along.x[0] > 0.02+step {
			t.Errorf("%d layers: %d points of %d, from %v", depth, next, len(along.x), along.x[0])
		}
		for k := 1; k < len(along.x); k++ { // a few points to a decade of time
			if ratio := along.x[k] / along.x[k-1]; ratio < 1.35 || along.x[k] > 1.35*along.x[k-1]+step+1e-9 {
				t.Errorf("%d layers: points at %v and %v", depth, along.x[k-1], along.x[k])
			}
		}
		if last := along.x[len(along.x)-1]; 1.35*last < float64(steps-1)*step {
			t.Errorf("%d layers: the course ends at %v of %v", depth, last, float64(steps)*step)
		}
		// The flow.
		beta, at := h.source, 0.0
		flow := course(FlowScale)
		for k, x := range flow.x {
			if k%5 != 0 && k != len(flow.x)-1 || x > 8 {
				continue
			}
			beta, at = endToEnd(beta, depth, gradient, x-at), x
			check("flow", k, beta, flow, course(FlowNorms))
		}
		if flow.x[0] < 0.02 {
			t.Errorf("the flow begins at %v", flow.x[0])
		}
		// Both ends.
		exact := scaleByHand(depth, a, floats.Dot(scratch, scratch), floats.Norm(h.source, 2))
		if got := c.last(theory.ScaleC); math.Abs(got-end) > 1e-6 {
			t.Errorf("%d layers: c = %v, by hand %v", depth, got, end)
		}
		if got := c.last(solved(theory.ScaleC)); math.Abs(got-exact) > 1e-9 {
			t.Errorf("%d layers: c = %v exactly, by hand %v", depth, got, exact)
		}
		final := course(FinalScale)
		longest := math.Max(flow.x[len(flow.x)-1], along.x[len(along.x)-1])
		if !slices.Equal(final.x, []float64{0.02, longest}) || math.Abs(final.y[0]-exact) > 1e-9 || final.y[1] != final.y[0] {
			t.Errorf("%d layers: the end is a line %v, %v, want %v", depth, final.x, final.y, exact)
		}
		for q, trained := range map[theory.Quantity]bool{NetworkScale: true, NetworkNorms: true, FlowScale: false, FlowNorms: false, FinalScale: false} {
			if o := course(q).origin; (o.method == Train) != trained || (o.seed == 12) != trained {
				t.Errorf("%s has the origin %v", q, o)
			}
		}
	}
	// Without a step it is 0.01.
	f.Depths, f.Step = []int{2}, 0
	small := must(t, f.Run())
	f.Step = 0.01
	if d := diff(small, must(t, f.Run())); d != "" {
		t.Error(d)
	}
}

// onLearned is least squares on the directions of features above a tenth of the first.
func onLearned(features *mat.Dense, h byHand) []float64 {
	var svd mat.SVD
	svd.Factorize(features, mat.SVDThin)
	var u, seen mat.Dense
	svd.UTo(&u)
	k := 0
	for _, s := range svd.Values(nil) {
		if s >= 0.1*svd.Values(nil)[0] {
			k++
		}
	}
	d, _ := u.Dims()
	basis := u.Slice(0, d, 0, k)
	seen.Mul(h.x, basis)
	return times(basis, times(bySVD(&seen), h.y))
}

// Learning curves are those of gradient descent by hand from the same starts.
func TestCurvesByHand(t *testing.T) {
	s := theory.Setting{N: 3, D: 5, Theta: 1.9, Sigma: 0.3, Depth: 3}
	c := Curves{Setting: s, Seed: 13, Alpha: 0.3}
	r := must(t, c.Run())
	cell := r.Cells[0]
	h := drawByHand(t, c.Seed, s, 0)
	rng := ownByHand(c.Seed, s, 0, 1)
	risk := func(beta []float64) float64 { return norm2(minus(beta, h.target)) }
	sample, curvature := lossByHand(h.x, h.y)
	source := func(beta []float64) []float64 { return minus(beta, h.pair.Source) }
	scratch := startByHand(s, 3, 1, c.Alpha, rng)
	pretrained := startByHand(s, 3, 1, c.Alpha, rng)
	end := map[theory.Quantity]float64{}
	for _, part := range []struct {
		q, end   theory.Quantity
		label    string
		gradient func([]float64) []float64
		curved   float64
	}{{theory.RiskScratch, theory.RiskScratch, "from scratch", sample, curvature}, {RiskPretraining, "", "pretraining on the source", source, 1}, {theory.RiskFineTune, theory.RiskFineTune, "fine-tuning", sample, curvature}} {
		w := pretrained
		if part.q == theory.RiskScratch {
			w = scratch
		}
		step := 0.1 / (3 * part.curved)
		course, next, last := cell.courses[part.q][0], 0, 0
		steps := descend(w, part.gradient, step, func(k int, beta []float64) {
			end[part.end] = risk(beta)
			if next < len(course.x) && math.Abs(course.x[next]-float64(k)*step) < step/2 {
				if math.Abs(course.y[next]-risk(beta)) > 1e-8 {
					t.Errorf("%s at step %d: %v, by hand %v", part.q, k, course.y[next], risk(beta))
				}
				next, last = next+1, k
			} else if k-last >= 1+last/50 && next < len(course.x) {
				t.Fatalf("%s: no point between steps %d and %d", part.q, last, k)
			}
		})
		if next != len(course.x) || course.x[0] != 0 || course.label != part.label || course.origin != (origin{Train, 13}) || next > 700 || float64(steps) > 1.05*float64(last)+1 {
			t.Errorf("%s: %d points of %d from %v, %q, the last at step %d of %d", part.q, next, len(course.x), course.x[0], course.label, last, steps)
		}
		for i := 2; i < len(course.x); i++ { // no denser than a few per cent beyond the first steps
			if k := course.x[i-1] / step; k > 200 && course.x[i]-course.x[i-1] < step*k/51 {
				t.Fatalf("%s: points at steps %v and %v", part.q, k, course.x[i]/step)
			}
		}
		if part.q == RiskPretraining { // linear transfer uses the features of the pretrained network
			want := risk(onLearned(productOf(w[:2]), h))
			if got := cell.last(theory.RiskLinear); math.Abs(got-want) > 1e-6*want {
				t.Errorf("R_lt = %v, by hand %v", got, want)
			}
		}
	}
	exact := bruteForce(t, c.Seed, s, 0)
	for _, q := range ends {
		if got := cell.last(solved(q)); math.Abs(got-exact[q]) > 1e-7 {
			t.Errorf("%s = %v by solving, by hand %v", q, got, exact[q])
		}
		if want, ok := end[q]; ok && math.Abs(cell.last(q)-want) > 1e-7 {
			t.Errorf("%s = %v, by hand %v", q, cell.last(q), want)
		}
	}
	line := cell.courses[theory.RiskLinear][0]
	first, last := math.Inf(1), 0.0
	for _, q := range []theory.Quantity{theory.RiskScratch, RiskPretraining, theory.RiskFineTune} {
		x := cell.courses[q][0].x
		first, last = math.Min(first, x[1]), math.Max(last, x[len(x)-1])
	}
	if !slices.Equal(line.x, []float64{first, last}) || line.y[0] != cell.last(theory.RiskLinear) || line.y[1] != line.y[0] || line.label != "linear transfer" {
		t.Errorf("the line of linear transfer is %v, %v, want from %v to %v", line.x, line.y, first, last)
	}
	// The default start is 0.01.
	c.Alpha, c.Setting.Depth = 0, 2
	usual := must(t, c.Run())
	c.Alpha = 0.01
	if d := diff(usual, must(t, c.Run())); d != "" {
		t.Error(d)
	}
}
