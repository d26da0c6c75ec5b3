package linear

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

func problem(t testing.TB, n, d, depth int, alpha float64) (*Loss, *Network) {
	t.Helper()
	pair, err := task.NewPair(d, 0.7, 0.2, task.Stream(3))
	if err != nil {
		t.Fatal(err)
	}
	data, err := pair.Draw(n, task.Stream(4))
	if err != nil {
		t.Fatal(err)
	}
	loss, err := SampleLoss(data)
	if err != nil {
		t.Fatal(err)
	}
	net, err := NewNetwork(d, depth, alpha, task.Stream(5))
	if err != nil {
		t.Fatal(err)
	}
	return loss, net
}

// Training in reduced coordinates ends in the same weights after as many steps as
// descent on all of them.
func TestReducedTrainingIsTraining(t *testing.T) {
	for _, c := range []struct {
		n, depth int
		decay    float64
	}{{6, 1, 0}, {6, 2, 0}, {19, 2, 0}, {20, 2, 0}, {60, 2, 0}, {6, 2, 0.05}, {60, 2, 0.05}, {1, 2, 0}, {6, 3, 0}, {60, 3, 0}} {
		t.Run(fmt.Sprintf("n=%d L=%d μ=%v", c.n, c.depth, c.decay), func(t *testing.T) {
			const d = 20
			loss, reduced := problem(t, c.n, d, c.depth, 0.1)
			_, full := problem(t, c.n, d, c.depth, 0.1)
			o := Options{Decay: c.decay, Tolerance: 1e-6, Step: 0.1 / (float64(c.depth) * loss.Curvature())}
			a, err := reduced.Train(context.Background(), loss, o)
			if err != nil {
				t.Fatal(err)
			}
			o.Observe = func(int, []float64) {} // is shown every β: full coordinates
			b, err := full.Train(context.Background(), loss, o)
			if err != nil {
				t.Fatal(err)
			}
			if a.Steps != b.Steps || math.Abs(a.Loss-b.Loss) > 1e-10 {
				t.Errorf("reduced %+v, full %+v", a, b)
			}
			for l := range full.W {
				var off mat.Dense
				off.Sub(full.W[l], reduced.W[l])
				if diff := mat.Norm(&off, 2) / mat.Norm(full.W[l], 2); diff > 1e-9 {
					t.Errorf("layer %d is off by %.2g", l+1, diff)
				}
			}
		})
	}
}

// A step of gradient descent on 20 networks of two layers at d = 500, in reduced and
// in full coordinates, the networks spread over the cores.
func BenchmarkStep(b *testing.B) {
	const d, networks = 500, 20
	for _, n := range []int{50, 250, 1000} {
		loss, net := problem(b, n, d, 2, 0.01)
		r, err := reduce(net, loss)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range []struct {
			name string
			net  *Network
			loss *Loss
		}{{"reduced", r.network, r.loss}, {"full", net, loss}} {
			b.Run(fmt.Sprintf("n=%d/%s", n, c.name), func(b *testing.B) {
				var nets []*Network
				var pads []*scratchpad
				for range networks {
					net := c.net.views()(c.net.all())
					nets, pads = append(nets, net), append(pads, newScratchpad(net))
				}
				b.ReportAllocs()
				b.ResetTimer()
				var group sync.WaitGroup
				cores := runtime.GOMAXPROCS(0)
				for core := range cores {
					group.Go(func() {
						own := *c.loss // its buffer of residuals is for one at a time
						own.resid = slices.Clone(own.resid)
						for i := core; i < networks; i += cores { // each to its end, as Train does
							s := pads[i]
							for range b.N {
								s.products(nets[i])
								own.gradient(s.left[0], s.right[0])
								_ = norm(s.left[0])
								s.step(nets[i], 1e-3, 0)
							}
						}
					})
				}
				group.Wait()
			})
		}
	}
}
