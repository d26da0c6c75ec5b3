package linear

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Where training ends depends on the way for a start that is not small. Descent ends
// nearer to the end of the adaptive flow in proportion to its step, so the flow ends
// where descent of vanishing step does.
func TestFlowEndsWhereDescentDoes(t *testing.T) {
	for _, c := range []struct {
		n, depth int
		alpha    float64
	}{{8, 2, 0.5}, {8, 3, 0.6}, {15, 2, 1}} {
		const d = 20
		ends := [3][]float64{}
		for i, step := range []float64{0, 0.1, 0.05} {
			loss, net := problem(t, c.n, d, c.depth, c.alpha)
			_, err := net.Train(context.Background(), loss, Options{Step: step / (float64(c.depth) * loss.Curvature()), Tolerance: 1e-8})
			if err != nil {
				t.Fatal(err)
			}
			ends[i] = net.Beta()
		}
		coarse, fine := floats.Distance(ends[1], ends[0], 2), floats.Distance(ends[2], ends[0], 2)
		if ratio := fine / coarse; math.Abs(ratio-0.5) > 0.1 || coarse > 0.05 {
			t.Errorf("%+v: descent ends %.3g from the flow, at half the step %.3g", c, coarse, fine)
		}
	}
}

// From zero one layer learns the minimum-norm solution, and two rest, with an error.
func TestTrainingFromZero(t *testing.T) {
	loss, one := problem(t, 8, 20, 1, 1)
	one.W[0].Zero()
	if _, err := one.Train(context.Background(), loss, Options{Tolerance: 1e-10}); err != nil {
		t.Fatal(err)
	}
	want, err := NewInterpolator(loss.x).MinNorm(loss.y)
	if off := floats.Distance(one.Beta(), want, 2); err != nil || off > 1e-8 {
		t.Errorf("off by %.2g, %v", off, err)
	}
	_, two := problem(t, 8, 20, 2, 1)
	two.W[0].Zero()
	two.W[1].Zero()
	if _, err := two.Train(context.Background(), loss, Options{}); err == nil {
		t.Error("a network of zeros that does not learn is no error")
	}
}

// Training to convergence from a small start, by the adaptive flow and by descent.
func BenchmarkConverge(b *testing.B) {
	for _, n := range []int{15, 27, 45} {
		for _, method := range []string{"flow", "descent"} {
			b.Run(fmt.Sprintf("n=%d/%s", n, method), func(b *testing.B) {
				gradients := 0
				b.ReportAllocs()
				for b.Loop() {
					loss, net := problem(b, n, 30, 2, 0.01)
					o := Options{}
					if method == "descent" {
						o.Step = 0.1 / (2 * loss.Curvature())
					}
					rep, err := net.Train(context.Background(), loss, o)
					if err != nil {
						b.Fatal(err)
					}
					gradients += rep.Steps
				}
				b.ReportMetric(float64(gradients)/float64(b.N), "gradients")
			})
		}
	}
}

// A flow that starts where the gradient in every weight is 0 says so and does not spend
// its steps.
func TestFlowCannotStartAtZero(t *testing.T) {
	loss, net := problem(t, 8, 20, 2, 0.5)
	for _, w := range net.W {
		w.Zero()
	}
	rep, err := net.Train(context.Background(), loss, Options{Tolerance: 1e-8, MaxSteps: 1000})
	if err == nil || !strings.Contains(err.Error(), "the gradient in every weight is 0") || rep.Steps > 100 {
		t.Errorf("%d steps, %v", rep.Steps, err)
	}
}

// A network of one weight is least squares in one dimension: β = Σxy/Σx².
func TestFlowOfOneWeight(t *testing.T) {
	loss, err := SampleLoss(task.Data{X: mat.NewDense(2, 1, []float64{1, 2}), Y: []float64{3, 1}})
	if err != nil {
		t.Fatal(err)
	}
	net, err := NewNetwork(1, 1, 0.1, task.Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Train(context.Background(), loss, Options{Tolerance: 1e-10}); err != nil || math.Abs(net.Beta()[0]-1) > 1e-9 {
		t.Errorf("β = %v, want 1, %v", net.Beta(), err)
	}
}
