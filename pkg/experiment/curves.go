package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
)

// Curves follows the risk on the target task while one network is trained by each of the
// three procedures, on one data set. Its courses against the time of gradient flow (steps ×
// learning rate) are theory.RiskScratch, RiskPretraining, theory.RiskFineTune, which starts
// where pretraining ends, and theory.RiskLinear, which is constant. Alpha is the size of
// the random start; 0 means 0.01.
type Curves struct {
	Setting theory.Setting `json:"setting"`
	Seed    uint64         `json:"seed"`
	Alpha   float64        `json:"alpha,omitempty"`
}

// RiskPretraining is the risk on the target task while training on the source.
const RiskPretraining theory.Quantity = "R_pre"

// ends are the final risks, by training and by solving.
var ends = [...]theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune}

// Run trains until the loss has converged.
func (c Curves) Run() *Table { return run(c) }

func (c Curves) plan() (*plan, error) {
	s := c.Setting
	if err := s.Validate(); err != nil {
		return nil, err
	}
	switch {
	case s.Depth < 2:
		return nil, fmt.Errorf("experiment: Setting.Depth = %d: learning curves of all three procedures need at least 2 layers", s.Depth)
	case s.Features > 1 || s.SourceN > 0 || s.Decay > 0:
		return nil, errors.New("experiment: learning curves are of one source task with unlimited data, without weight decay: leave Features, SourceN and Decay 0")
	}
	if err := cmp.Or(checkAlpha(c.Alpha, DefaultAlpha), Experiment{Method: Train}.possible(s)); err != nil {
		return nil, err
	}
	p := &plan{name: "learning curves", trials: 1, origin: origin{Train, c.Seed}, cells: []Cell{{Setting: s}}}
	p.quantities = ends[:]
	for _, q := range ends {
		p.quantities = append(p.quantities[:len(p.quantities):len(p.quantities)], solved(q))
	}
	eachTrial{kind: "curves",
		title:   func(int, int) string { return "learning curves" },
		key:     func(int, int) any { return c },
		measure: func(ctx context.Context, _, _ int) ([]float64, error) { return c.train(ctx) },
		fill:    func(cell *Cell, _ int, v []float64) { cell.setCurves(p.origin, unpack(v)) }}.work(p)
	c.estimate(p)
	return p, nil
}

// setCurves stores the final risks and the courses of three trainings.
func (c *Cell) setCurves(o origin, v [][]float64) {
	c.set(0, v[0])
	first, last := math.Inf(1), 0.0
	for i, q := range []theory.Quantity{theory.RiskScratch, RiskPretraining, theory.RiskFineTune} {
		x, y := v[1+2*i], v[2+2*i]
		c.keep(q, o, [...]string{"from scratch", "pretraining on the source", "fine-tuning"}[i], x, y)
		first, last = math.Min(first, x[min(1, len(x)-1)]), math.Max(last, x[len(x)-1])
	}
	// A horizontal line from the first step on: the time axis may be logarithmic.
	level := c.last(theory.RiskLinear)
	c.keep(theory.RiskLinear, o, "linear transfer", []float64{first, last}, []float64{level, level})
}

// train returns, packed, the final risks by training and by solving, and three courses.
func (c Curves) train(ctx context.Context) ([]float64, error) {
	s := c.Setting
	e := Experiment{Method: Solve, Alpha: c.Alpha}.defaults()
	set, err := dataSet(c.Seed, s, 0)
	if err != nil {
		return nil, err
	}
	pair, data := set.pair, set.target
	exact, err := e.solve(s, newDataSets(c.Seed, 0, []theory.Setting{s}))
	if err != nil {
		return nil, err
	}
	loss, err := linear.SampleLoss(data)
	if err != nil {
		return nil, err
	}
	weights := ownStream(c.Seed, s, 0, streamWeights)
	start := func() (*linear.Network, error) { return linear.NewNetwork(s.D, s.Depth, e.Alpha, weights) }
	var final theory.Risks
	net, err := start()
	if err != nil {
		return nil, err
	}
	scratchX, scratchY, err := follow(ctx, net, loss, pair)
	if err != nil {
		return nil, err
	}
	final.Scratch = pair.Risk(net.Beta())
	if net, err = start(); err != nil {
		return nil, err
	}
	sourceX, sourceY, err := follow(ctx, net, linear.PopulationLoss(pair.Source), pair)
	if err != nil {
		return nil, err
	}
	transferred, err := linear.Transfer(data, net.Features(), s.Lambda, featureCutoff)
	if err != nil {
		return nil, err
	}
	final.Linear = pair.Risk(transferred)
	tunedX, tunedY, err := follow(ctx, net, loss, pair)
	if err != nil {
		return nil, err
	}
	final.FineTune = pair.Risk(net.Beta())
	var risks []float64
	for _, r := range []theory.Risks{final, exact} {
		for _, q := range ends {
			risks = append(risks, r.Of(q))
		}
	}
	return pack(risks, scratchX, scratchY, sourceX, sourceY, tunedX, tunedY), nil
}

// follow trains a network and records the risk, first at every step, then at steps a few
// per cent apart.
func follow(ctx context.Context, net *linear.Network, loss *linear.Loss, pair task.Pair) (x, y []float64, err error) {
	var steps []int
	next := 0
	record := func(step int, beta []float64) {
		if step < next {
			return
		}
		next = step + 1 + step/50
		steps = append(steps, step)
		y = append(y, pair.Risk(beta))
	}
	rep, err := net.Train(ctx, loss, linear.Options{Observe: record})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range steps {
		x = append(x, float64(s)*rep.Step)
	}
	return x, y, nil
}

func (c Curves) about(t *Table) string {
	if len(t.Cells) == 0 {
		return "learning curves: no cell"
	}
	cell := t.Cells[0]
	out := "risk on the target    trained   exact"
	for i, q := range ends {
		out += fmt.Sprintf("\n%-21s %.5f   %.5f", [...]string{"from scratch", "linear transfer", "fine-tuning"}[i], cell.last(q), cell.last(solved(q)))
	}
	return out
}
