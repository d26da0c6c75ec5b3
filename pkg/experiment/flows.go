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

// Flows fine-tunes balanced pretrained networks of several depths on one data set
// and follows them beside the end-to-end gradient flow (linear.Flow). The Depth
// of Setting is not read; Step is the learning rate of the networks times their
// depth and the largest curvature of the loss (0 means 0.01).
type Flows struct {
	Setting theory.Setting
	Depths  []int
	Seed    uint64
	Step    float64
}

// FlowsRun holds, by depth, the networks as points and the flow as lines: the
// scale c(t) = β(t)·Uβ̂s/‖Uβ̂s‖² against time, the value at which the exact form
// says that it ends, and ‖Uβ‖ against ‖β‖.
type FlowsRun struct {
	NetworkScale, FlowScale, FinalScale Series
	NetworkNorms, FlowNorms             Series
	Depths                              []int
	Trained, Exact                      []float64 // c at the end, by depth
	err                                 error
}

// Err returns why the flows failed, or nil.
func (r *FlowsRun) Err() error { return r.err }

// Run trains until the loss has converged.
func (f Flows) Run() *FlowsRun {
	r := &FlowsRun{Depths: f.Depths}
	if r.err = f.run(r); r.err != nil {
		for _, s := range []*Series{&r.NetworkScale, &r.FlowScale, &r.FinalScale, &r.NetworkNorms, &r.FlowNorms} {
			*s = Series{err: r.err}
		}
	}
	return r
}

func (f Flows) run(r *FlowsRun) error {
	s := f.Setting
	s.Depth = 1
	if err := s.Validate(); err != nil {
		return err
	}
	switch {
	case s.N >= s.D:
		return fmt.Errorf("experiment: Setting.N = %d at D = %d: without a null space (N < D) there is no scale to follow", s.N, s.D)
	case s.Features > 1 || s.Decay > 0:
		return errors.New("experiment: flows are of one source task without weight decay: leave Features and Decay 0")
	case len(f.Depths) == 0:
		return errors.New("experiment: Depths is empty: it needs at least one number of layers")
	case !(f.Step >= 0) || f.Step >= 1:
		return fmt.Errorf("experiment: Step = %v: it lies between 0 (for 0.01) and 1", f.Step)
	case f.Step == 0:
		f.Step = 0.01
	}
	for _, depth := range f.Depths {
		at := s
		at.Depth = depth
		if err := at.Validate(); err != nil {
			return err
		}
		if err := (Experiment{Method: Train, Procedures: []Procedure{Scratch}}).possible(at); err != nil {
			return err
		}
	}
	ctx, stop := interruptible()
	defer stop()
	set, err := dataSet(f.Seed, s, 0)
	if err != nil {
		return err
	}
	source, err := set.pretrained()
	if err != nil {
		return err
	}
	for _, depth := range f.Depths {
		if err := f.follow(ctx, r, set, source, depth); err != nil {
			return err
		}
	}
	return nil
}

func (f Flows) follow(ctx context.Context, r *FlowsRun, set sample, source []float64, depth int) error {
	label := Depth.Label(float64(depth))
	p := linear.NewInterpolator(set.target.X)
	null, err := p.NullSpace(source)
	if err != nil {
		return err
	}
	a := floats.Dot(null, null)
	scale := func(beta []float64) float64 { return floats.Dot(beta, null) / a }
	loss, err := linear.SampleLoss(set.target)
	if err != nil {
		return err
	}

	flow, flowNorms := curve{label: label}, curve{label: label}
	const first = 0.02 // before it nothing has moved
	if _, err := linear.Flow(ctx, loss, depth, source, func(t float64, beta []float64) {
		if t < first {
			return
		}
		flow.x, flow.y = append(flow.x, t), append(flow.y, scale(beta))
		flowNorms.x, flowNorms.y = append(flowNorms.x, floats.Norm(beta, 2)), append(flowNorms.y, scale(beta)*math.Sqrt(a))
	}); err != nil {
		return err
	}

	net, err := linear.NewBalanced(source, depth, ownStream(f.Seed, f.Setting, 0, streamWeights))
	if err != nil {
		return err
	}
	step := f.Step / (float64(depth) * loss.Curvature())
	trained, trainedNorms := curve{label: label}, curve{label: label}
	next := 0.0
	if _, err := net.Train(ctx, loss, linear.Options{Step: step, Observe: func(i int, beta []float64) {
		t := float64(i) * step
		if t < next {
			return
		}
		next = math.Max(1.35*t, first) // a few points to a decade of time
		if t == 0 {
			return // not on a logarithmic axis
		}
		trained.x, trained.y = append(trained.x, t), append(trained.y, scale(beta))
		trainedNorms.x, trainedNorms.y = append(trainedNorms.x, floats.Norm(beta, 2)), append(trainedNorms.y, scale(beta)*math.Sqrt(a))
	}}); err != nil {
		return err
	}

	scratch, err := p.MinNorm(set.target.Y)
	if err != nil {
		return err
	}
	exact, err := theory.Scale(depth, a, floats.Dot(scratch, scratch), floats.Norm(source, 2))
	if err != nil {
		return err
	}
	end := math.Max(flow.x[len(flow.x)-1], trained.x[len(trained.x)-1])
	r.FlowScale.curves = append(r.FlowScale.curves, flow)
	r.FlowNorms.curves = append(r.FlowNorms.curves, flowNorms)
	r.NetworkScale.curves = append(r.NetworkScale.curves, trained)
	r.NetworkNorms.curves = append(r.NetworkNorms.curves, trainedNorms)
	r.NetworkScale.from(origin{Train, f.Seed})
	r.NetworkNorms.from(origin{Train, f.Seed})
	r.FinalScale.curves = append(r.FinalScale.curves, curve{label: label, x: []float64{first, end}, y: []float64{exact, exact}})
	r.Trained = append(r.Trained, scale(net.Beta()))
	r.Exact = append(r.Exact, exact)
	return nil
}

// String gives the scales at the end beside the exact ones.
func (r *FlowsRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	out := "scale c at the end   trained   exact"
	for i, depth := range r.Depths {
		out += fmt.Sprintf("\nL = %-2d               %.5f   %.5f", depth, r.Trained[i], r.Exact[i])
	}
	return out
}

// SimpleRender shows the scales in a notebook.
func (r *FlowsRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
