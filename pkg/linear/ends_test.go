package linear

import (
	"context"
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The two factorisations behind the interpolator agree to half the digits that
// the condition number leaves, on both sides of n = d and at sizes beyond a block.
func TestCholeskyIsOrthogonal(t *testing.T) {
	for _, nd := range [][2]int{{1, 40}, {10, 40}, {38, 40}, {42, 40}, {90, 40}, {400, 300}} {
		n, d := nd[0], nd[1]
		pair, data := sample(t, n, d, 1, 0.3, uint64(n))
		p := NewInterpolator(data.X)
		if p.gram == nil {
			t.Fatalf("n = %d: not by Cholesky", n)
		}
		other := &Interpolator{x: data.X, n: n, d: d}
		if n < d {
			other.lq.Factorize(data.X)
		} else {
			other.qr.Factorize(data.X)
		}
		for name, f := range map[string]func(*Interpolator) ([]float64, error){
			"MinNorm":   func(p *Interpolator) ([]float64, error) { return p.MinNorm(data.Y) },
			"NullSpace": func(p *Interpolator) ([]float64, error) { return p.NullSpace(pair.Source) },
		} {
			a, err := f(p)
			if err != nil {
				t.Fatal(err)
			}
			b, err := f(other)
			if off := floats.Distance(a, b, 2); err != nil || off > 1e-8*floats.Norm(b, 2) {
				t.Errorf("n = %d: %s differs by %.2g, %v", n, name, off, err)
			}
		}
	}
	for _, x := range []*mat.Dense{mat.NewDense(2, 3, []float64{1, 0, 0, 1, 1e-7, 0}), mat.NewDense(2, 2, []float64{1, 0, 1, 1e-7})} {
		p := NewInterpolator(x)
		beta, err := p.MinNorm([]float64{1, 2})
		if p.gram != nil || err != nil || math.Abs(beta[1]-1e7) > 1 {
			t.Errorf("an ill-conditioned X: %v, %v, Cholesky %v", beta, err, p.gram != nil)
		}
	}
}

// Weight decay on all weights of two layers ends at the ridge solution with
// λ‖β‖ = μ, by training every weight, on both sides of n = d; and at zero from
// μ = ‖Xᵀy‖/n on.
func TestWeightDecayIsRidge(t *testing.T) {
	for _, n := range []int{10, 40} {
		_, data := sample(t, n, 20, 1, 0.5, 3)
		var xty mat.VecDense
		xty.MulVec(data.X.T(), mat.NewVecDense(n, data.Y))
		most := mat.Norm(&xty, 2) / float64(n)
		for _, mu := range []float64{1e-3, 0.1, 0.6 * most, 1.01 * most} {
			want, lambda, err := WeightDecay(data, mu)
			if err != nil {
				t.Fatal(err)
			}
			if mu < most {
				ridge, err := Ridge(data, lambda)
				if off := floats.Distance(want, ridge, 2); err != nil || off > 1e-9 || math.Abs(lambda*floats.Norm(want, 2)-mu) > 1e-9 {
					t.Errorf("n=%d μ=%.3g: λ‖β‖ = %.4g, %.2g from ridge, %v", n, mu, lambda*floats.Norm(want, 2), off, err)
				}
				// Stationary: Xᵀ(Xβ − y)/n + λβ = 0.
				var r, g mat.VecDense
				r.MulVec(data.X, mat.NewVecDense(20, want))
				r.SubVec(&r, mat.NewVecDense(n, data.Y))
				g.MulVec(data.X.T(), &r)
				g.AddScaledVec(mat.NewVecDense(20, nil), 1/float64(n), &g)
				g.AddScaledVec(&g, lambda, mat.NewVecDense(20, want))
				if mat.Norm(&g, 2) > 1e-9 {
					t.Errorf("n=%d μ=%.3g: gradient %.2g", n, mu, mat.Norm(&g, 2))
				}
			}
			net := network(t, 20, 2, 1e-2, 3)
			train(t, net, sampleLoss(t, data), Options{Decay: mu})
			// What the data do not see decays at the rate μ, and training stops at 1e-7.
			if off := floats.Distance(net.Beta(), want, 2); off > 1e-5+1e-7/mu {
				t.Errorf("n=%d μ=%.3g: the network ends %.2g from ridge", n, mu, off)
			}
		}
	}
}

// Theorem 3.4 at the end of pretraining: balanced, rank one, the right map.
func TestBalancedNetwork(t *testing.T) {
	beta := []float64{3, 0, -4}
	for depth := 1; depth <= 5; depth++ {
		net, err := NewBalanced(beta, depth, task.Stream(2))
		if err != nil {
			t.Fatal(err)
		}
		if off := floats.Distance(net.Beta(), beta, 2); off > 1e-12 {
			t.Errorf("depth %d: β is off by %.2g", depth, off)
		}
		for l, c := range net.Conserved() {
			if mat.Norm(c, 2) > 1e-12 {
				t.Errorf("depth %d: D_%d = %.2g", depth, l+1, mat.Norm(c, 2))
			}
		}
	}
}

// The end-to-end flow ends at the root of the equation for c, keeps
// ‖Uβ‖/‖β‖^((L−1)/L), and is where descent on all weights of a balanced network
// goes as its step shrinks.
func TestFlowEndsAtTheScale(t *testing.T) {
	pair, data := sample(t, 10, 20, 1, 1, 8)
	p, scratch := minNorm(t, data)
	// The flow ends at a gradient of 1e-7 of the first, which leaves this to go.
	var svd mat.SVD
	svd.Factorize(data.X, mat.SVDNone)
	least := svd.Values(nil)[9]
	left := 1e-7 * floats.Norm(mulVec(data.X.T(), data.Y), 2) / (least * least)
	for _, depth := range []int{1, 2, 3, 5} {
		source := append([]float64(nil), pair.Source...)
		floats.Scale(1.3, source) // of any norm
		null, err := p.NullSpace(source)
		if err != nil {
			t.Fatal(err)
		}
		want, err := FineTune(scratch, null, floats.Norm(source, 2), func(a, b, r float64) (float64, error) { return theory.Scale(depth, a, b, r) })
		if err != nil {
			t.Fatal(err)
		}
		ratio := func(beta []float64) float64 {
			u, err := p.NullSpace(beta)
			if err != nil {
				t.Fatal(err)
			}
			return floats.Norm(u, 2) / math.Pow(floats.Norm(beta, 2), float64(depth-1)/float64(depth))
		}
		worst := 0.0
		beta, err := Flow(context.Background(), sampleLoss(t, data), depth, source, func(_ float64, beta []float64) {
			worst = math.Max(worst, math.Abs(ratio(beta)/ratio(source)-1))
		})
		if err != nil {
			t.Fatal(err)
		}
		if off := floats.Distance(beta, want.Beta, 2); off > 1.01*left || worst > 1e-6 {
			t.Errorf("depth %d: the flow ends %.2g from the exact end point, the ratio moves by %.2g", depth, off, worst)
		}
		var off []float64
		for _, step := range []float64{0.02, 0.01} {
			net, err := NewBalanced(source, depth, task.Stream(2))
			if err != nil {
				t.Fatal(err)
			}
			train(t, net, sampleLoss(t, data), Options{Step: step / float64(depth)})
			off = append(off, floats.Distance(net.Beta(), want.Beta, 2))
		}
		if depth > 1 && (off[1] > 0.6*off[0] || off[1] > 0.05) {
			t.Errorf("depth %d: networks end %.2g and, at half the step, %.2g from the exact end point", depth, off[0], off[1])
		}
	}
}

// Pretraining on several tasks at once learns the space that they span.
func TestSeveralTasksSpanTheFeatures(t *testing.T) {
	const d, k = 20, 3
	pair, err := task.NewFamily(d, k, 1, 0.2, task.Stream(5))
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range []int{2, 3} {
		net, err := NewMultiNetwork(d, k, depth, 1e-2, task.Stream(6))
		if err != nil {
			t.Fatal(err)
		}
		train(t, net, PopulationLoss(mat.DenseCopyOf(pair.Sources.T()).RawMatrix().Data), Options{})
		var svd mat.SVD
		svd.Factorize(net.Features(), mat.SVDThin)
		var u mat.Dense
		svd.UTo(&u)
		values := svd.Values(nil)
		if values[k]/values[k-1] > 0.05 {
			t.Errorf("depth %d: singular values %.3g", depth, values[:k+1])
		}
		for j := range k { // the source tasks lie in the learned space
			var in mat.VecDense
			in.MulVec(u.Slice(0, d, 0, k).T(), pair.Sources.ColView(j))
			if off := 1 - mat.Norm(&in, 2); off > 1e-4 {
				t.Errorf("depth %d: task %d is %.2g outside the features", depth, j, off)
			}
		}
	}
}

// The ridge path of one data set, and then one weight decay on it.
func BenchmarkWeightDecay(b *testing.B) {
	_, data := sample(b, 250, 500, 1, 0.2, 4)
	p := NewDesign(data.X).Path(250)
	b.Run("path", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewDesign(data.X).Path(250)
		}
	})
	b.Run("decay", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := p.WeightDecay(data.Y, 0.1); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFlow(b *testing.B) {
	pair, data := sample(b, 50, 100, 1, 1, 4)
	loss := sampleLoss(b, data)
	steps := 0
	for b.Loop() {
		if _, err := Flow(context.Background(), loss, 3, pair.Source, func(float64, []float64) { steps++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(steps)/float64(b.N), "steps")
}
