package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
)

// Flows fine-tunes balanced pretrained networks of several depths on one data set, and
// integrates the end-to-end gradient flow (linear.Flow) from the same starts. Setting.Depth
// is ignored. Step is the learning rate, multiplied by the depth and the largest curvature
// of the loss; 0 means 0.01.
type Flows struct {
	Setting theory.Setting `json:"setting"`
	Depths  []int          `json:"depths"`
	Seed    uint64         `json:"seed"`
	Step    float64        `json:"step,omitempty"`
}

// The courses of [Flows], one line for each depth. NetworkScale and FlowScale are the scale
// c(t) = β(t)·Uβ̂s/‖Uβ̂s‖² against time; FinalScale is its limit by theory.Scale.
// NetworkNorms and FlowNorms are ‖Uβ‖ against ‖β‖. U projects onto the null space of the
// data.
const (
	NetworkScale theory.Quantity = "c of the network"
	FlowScale    theory.Quantity = "c of the flow"
	FinalScale   theory.Quantity = "c at the end of the flow"
	NetworkNorms theory.Quantity = "‖Uβ‖ of the network"
	FlowNorms    theory.Quantity = "‖Uβ‖ of the flow"
)

// Run trains until the loss has converged.
func (f Flows) Run() *Table { return run(f) }

func (f Flows) plan() (*plan, error) {
	s := f.Setting
	s.Depth = 1
	if err := s.Validate(); err != nil {
		return nil, err
	}
	switch {
	case s.N >= s.D:
		return nil, fmt.Errorf("experiment: Setting.N = %d at D = %d: without a null space (N < D) there is no scale to follow", s.N, s.D)
	case s.Features > 1 || s.Decay > 0:
		return nil, errors.New("experiment: flows are of one source task without weight decay: leave Features and Decay 0")
	case len(f.Depths) == 0:
		return nil, errors.New("experiment: Depths is empty: it needs at least one number of layers")
	case !(f.Step >= 0) || f.Step >= 1:
		return nil, fmt.Errorf("experiment: Step = %v: it lies between 0 (for 0.01) and 1", f.Step)
	case f.Step == 0:
		f.Step = 0.01
	}
	p := &plan{name: "flows", trials: 1, origin: origin{Train, f.Seed}, quantities: []theory.Quantity{theory.ScaleC, solved(theory.ScaleC)}}
	for _, depth := range f.Depths {
		at := s
		at.Depth = depth
		if err := at.Validate(); err != nil {
			return nil, err
		}
		if err := (Experiment{Method: Train, Procedures: []Procedure{Scratch}}).possible(at); err != nil {
			return nil, err
		}
		p.cells = append(p.cells, Cell{Setting: at})
	}
	eachTrial{kind: "flow",
		title: func(cell, _ int) string { return fmt.Sprintf("flow of %d layers", f.Depths[cell]) },
		key: func(cell, _ int) any {
			return struct {
				Setting theory.Setting
				Depth   int
				Seed    uint64
				Step    float64
			}{s, f.Depths[cell], f.Seed, f.Step}
		},
		measure: func(ctx context.Context, cell, _ int) ([]float64, error) { return f.follow(ctx, s, f.Depths[cell]) },
		fill:    func(c *Cell, _ int, v []float64) { c.setFlow(p.origin, unpack(v)) }}.work(p)
	f.estimate(p)
	return p, nil
}

const firstTime = 0.02 // the courses begin here: at earlier times nothing moves

// setFlow stores the values that follow returns.
func (c *Cell) setFlow(o origin, v [][]float64) {
	label := Depth.Label(float64(c.Setting.Depth))
	c.set(0, v[0])
	flowTime, flowScale, flowNorm, flowOutside := v[1], v[2], v[3], v[4]
	netTime, netScale, netNorm, netOutside := v[5], v[6], v[7], v[8]
	c.keep(FlowScale, origin{}, label, flowTime, flowScale)
	c.keep(FlowNorms, origin{}, label, flowNorm, flowOutside)
	c.keep(NetworkScale, o, label, netTime, netScale)
	c.keep(NetworkNorms, o, label, netNorm, netOutside)
	end, exact := math.Max(flowTime[len(flowTime)-1], netTime[len(netTime)-1]), c.last(solved(theory.ScaleC))
	c.keep(FinalScale, origin{}, label, []float64{firstTime, end}, []float64{exact, exact})
}

// follow returns, packed, the final scales of the network and of theory, and the courses of
// the flow and of the network: time, scale, ‖β‖ and ‖Uβ‖.
func (f Flows) follow(ctx context.Context, s theory.Setting, depth int) ([]float64, error) {
	set, err := dataSet(f.Seed, s, 0)
	if err != nil {
		return nil, err
	}
	source, err := set.pretrained()
	if err != nil {
		return nil, err
	}
	p := linear.NewInterpolator(set.target.X)
	null, err := p.NullSpace(source)
	if err != nil {
		return nil, err
	}
	a := floats.Dot(null, null)
	scale := func(beta []float64) float64 { return floats.Dot(beta, null) / a }
	loss, err := linear.SampleLoss(set.target)
	if err != nil {
		return nil, err
	}
	var flow, trained [4][]float64
	record := func(to *[4][]float64, t float64, beta []float64) {
		for i, x := range [4]float64{t, scale(beta), floats.Norm(beta, 2), scale(beta) * math.Sqrt(a)} {
			to[i] = append(to[i], x)
		}
	}
	if _, err := linear.Flow(ctx, loss, depth, source, func(t float64, beta []float64) {
		if t >= firstTime {
			record(&flow, t, beta)
		}
	}); err != nil {
		return nil, err
	}
	net, err := linear.NewBalanced(source, depth, ownStream(f.Seed, f.Setting, 0, streamWeights))
	if err != nil {
		return nil, err
	}
	step := f.Step / (float64(depth) * loss.Curvature())
	next := 0.0
	if _, err := net.Train(ctx, loss, linear.Options{Step: step, Observe: func(i int, beta []float64) {
		t := float64(i) * step
		if t < next {
			return
		}
		next = math.Max(1.35*t, firstTime) // a few points to a decade of time
		if t > 0 {                         // on a logarithmic axis
			record(&trained, t, beta)
		}
	}}); err != nil {
		return nil, err
	}
	scratch, err := p.MinNorm(set.target.Y)
	if err != nil {
		return nil, err
	}
	exact, err := theory.Scale(depth, a, floats.Dot(scratch, scratch), floats.Norm(source, 2))
	if err != nil {
		return nil, err
	}
	return pack(append(append([][]float64{{scale(net.Beta()), exact}}, flow[:]...), trained[:]...)...), nil
}

func (f Flows) about(t *Table) string {
	out := "scale c at the end   trained   exact"
	for _, c := range t.Cells {
		out += fmt.Sprintf("\nL = %-2d               %.5f   %.5f", c.Setting.Depth, c.last(theory.ScaleC), c.last(solved(theory.ScaleC)))
	}
	return out
}
