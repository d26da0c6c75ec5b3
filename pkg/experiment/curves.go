package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
)

// Curves trains one network by each of the three procedures on one data set
// and follows the risk. Setting names the problem; Alpha is the size of the
// random start (0 means 0.01).
type Curves struct {
	Setting theory.Setting
	Seed    uint64
	Alpha   float64
}

// CurvesRun holds the learning curves: the risk on the target task against the
// time of gradient flow (steps × learning rate), for scratch, for pretraining
// on the source followed by fine-tuning, and the level of linear transfer.
type CurvesRun struct {
	Scratch, Pretraining, FineTuning, Linear Series
	Final                                    theory.Risks // by training
	Exact                                    theory.Risks // by the solvers, on the same data
	err                                      error
}

// Err returns why the training failed, or nil.
func (r *CurvesRun) Err() error { return r.err }

// Run trains until the loss has converged.
func (c Curves) Run() *CurvesRun {
	r := &CurvesRun{}
	if r.err = c.run(r); r.err != nil {
		for _, s := range []*Series{&r.Scratch, &r.Pretraining, &r.FineTuning, &r.Linear} {
			*s = Series{err: r.err}
		}
	}
	return r
}

func (c Curves) run(r *CurvesRun) error {
	s := c.Setting
	if err := s.Validate(); err != nil {
		return err
	}
	switch {
	case s.Depth < 2:
		return fmt.Errorf("experiment: Setting.Depth = %d: learning curves of all three procedures need at least 2 layers", s.Depth)
	case s.Features > 1 || s.SourceN > 0 || s.Decay > 0:
		return errors.New("experiment: learning curves are of one source task with unlimited data, without weight decay: leave Features, SourceN and Decay 0")
	}
	if err := cmp.Or(checkAlpha(c.Alpha, DefaultAlpha), Experiment{Method: Train}.possible(s)); err != nil {
		return err
	}
	e := Experiment{Method: Solve, Alpha: c.Alpha}
	if e.Alpha == 0 {
		e.Alpha = DefaultAlpha
	}
	ctx, stop := interruptible()
	defer stop()
	set, err := dataSet(c.Seed, s, 0)
	if err != nil {
		return err
	}
	pair, data := set.pair, set.target
	if r.Exact, err = e.solve(s, newDataSets(c.Seed, 0, []theory.Setting{s})); err != nil {
		return err
	}
	loss, err := linear.SampleLoss(data)
	if err != nil {
		return err
	}
	weights := ownStream(c.Seed, s, 0, streamWeights)
	start := func() (*linear.Network, error) { return linear.NewNetwork(s.D, s.Depth, e.Alpha, weights) }
	net, err := start()
	if err != nil {
		return err
	}
	if r.Scratch, err = follow(ctx, net, loss, pair, "from scratch"); err != nil {
		return err
	}
	r.Final.Scratch = pair.Risk(net.Beta())
	if net, err = start(); err != nil {
		return err
	}
	if r.Pretraining, err = follow(ctx, net, linear.PopulationLoss(pair.Source), pair, "pretraining on the source"); err != nil {
		return err
	}
	transferred, err := linear.Transfer(data, net.Features(), s.Lambda, featureCutoff)
	if err != nil {
		return err
	}
	r.Final.Linear = pair.Risk(transferred)
	if r.FineTuning, err = follow(ctx, net, loss, pair, "fine-tuning"); err != nil {
		return err
	}
	r.Final.FineTune = pair.Risk(net.Beta())
	// A level over the time axis, which may be logarithmic: from the first step.
	first, last := math.Inf(1), 0.0
	for _, s := range []Series{r.Scratch, r.Pretraining, r.FineTuning} {
		x := s.curves[0].x
		first, last = math.Min(first, x[min(1, len(x)-1)]), math.Max(last, x[len(x)-1])
	}
	r.Linear = Series{curves: []curve{{label: "linear transfer", x: []float64{first, last}, y: []float64{r.Final.Linear, r.Final.Linear}}}}
	for _, s := range []Series{r.Scratch, r.Pretraining, r.FineTuning, r.Linear} {
		s.from(origin{Train, c.Seed})
	}
	return nil
}

// follow trains and records the risk: at every step at first, then at steps a
// few per cent apart.
func follow(ctx context.Context, net *linear.Network, loss *linear.Loss, pair task.Pair, label string) (Series, error) {
	c := curve{label: label}
	var steps []int
	next := 0
	record := func(step int, beta []float64) {
		if step < next {
			return
		}
		next = step + 1 + step/50
		steps = append(steps, step)
		c.y = append(c.y, pair.Risk(beta))
	}
	rep, err := net.Train(ctx, loss, linear.Options{Observe: record})
	if errors.Is(err, context.Canceled) {
		return Series{}, fmt.Errorf("experiment: interrupted while %s", label)
	}
	if err != nil {
		return Series{}, err
	}
	for _, s := range steps {
		c.x = append(c.x, float64(s)*rep.Step)
	}
	return Series{curves: []curve{c}}, nil
}

// Named returns the series with one label for all its curves.
func (s Series) Named(label string) Series {
	out := Series{curves: slices.Clone(s.curves), err: s.err}
	for i := range out.curves {
		out.curves[i].label = label
	}
	return out
}

// Join returns the curves of all series in one.
func Join(series ...Series) Series {
	var out Series
	for _, s := range series {
		out.curves = append(out.curves, s.curves...)
		if out.err == nil {
			out.err = s.err
		}
	}
	return out
}

// String gives the final risks beside the exact ones.
func (r *CurvesRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	return fmt.Sprintf("risk on the target    trained   exact\nfrom scratch          %.5f   %.5f\nlinear transfer       %.5f   %.5f\nfine-tuning           %.5f   %.5f",
		r.Final.Scratch, r.Exact.Scratch, r.Final.Linear, r.Exact.Linear, r.Final.FineTune, r.Exact.FineTune)
}

// SimpleRender shows the final risks in a notebook.
func (r *CurvesRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
