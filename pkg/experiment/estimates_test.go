package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// pretended is work whose units take pretended times, by a clock of its own.
type pretended struct{ now time.Duration }

func (c *pretended) clock() time.Duration { return c.now }

func (c *pretended) work(units int, seconds func(unit int) float64, fail error) trial.Work {
	return trial.Work{Units: units, Parts: onePart, Measure: func(_ context.Context, unit int, _ []int, done func(int, []float64)) error {
		c.now += time.Duration(seconds(unit) * float64(time.Second))
		done(0, nil)
		return fail
	}}
}

// Cells that are timed have their own times, all units of one the same; the others that of
// the mean.
func TestEstimatesTimeCells(t *testing.T) {
	c := &pretended{}
	took := func(unit int) float64 { return float64(1 + unit/3) }
	tm := &timer{budget: time.Hour, clock: c.clock}
	seconds, err := sampled{work: c.work(30, took, nil), run: 3}.estimate(tm)
	if err != nil || tm.count != 10 {
		t.Fatal(err, tm.count)
	}
	for unit := range 30 {
		if got := seconds(unit); got != took(unit) {
			t.Errorf("unit %d: %v, want %v", unit, got, took(unit))
		}
	}
	// Without time there are eight timings, from all over the cells.
	tm = &timer{budget: time.Second, clock: c.clock}
	if seconds, err = (sampled{work: c.work(300, took, nil), run: 3}).estimate(tm); err != nil || tm.count != 8 {
		t.Fatal(err, tm.count)
	}
	e := &Estimate{seconds: seconds}
	if got, want := e.Of(trial.Share{Step: 1, Count: 300}), 300*50.5; math.Abs(got/want-1) > 0.1 {
		t.Errorf("all units: %v s, want some %v", got, want)
	}
	// The first unit of a run takes longer by the same in all cells.
	first := func(unit int) float64 { return took(unit) + map[bool]float64{true: 7}[unit%3 == 0] }
	if seconds, err = (sampled{work: c.work(12, first, nil), run: 3, first: true}).estimate(&timer{budget: time.Hour, clock: c.clock}); err != nil {
		t.Fatal(err)
	}
	for unit := range 12 {
		if got := seconds(unit); math.Abs(got-first(unit)) > 1e-9 {
			t.Errorf("unit %d: %v, want %v", unit, got, first(unit))
		}
	}
	broken := errors.New("broken")
	if _, err := (sampled{work: c.work(1, took, broken), run: 1}).estimate(tm); err != broken {
		t.Error(err)
	}
}

// Where the study itself takes too long, the times of smaller ones grow by their power law,
// and an error of these is not one of the study.
func TestEstimatesGrowFromSmallerStudies(t *testing.T) {
	for _, power := range []float64{2, 2.5, 3} {
		c := &pretended{}
		took := func(factor float64) func(int) float64 {
			return func(unit int) float64 { return float64(1+unit) * 1000 * math.Pow(factor, power) }
		}
		var factors []float64
		like := func(factor float64) (trial.Work, error) {
			factors = append(factors, factor)
			switch factor {
			case 1. / 16:
				return trial.Work{}, errTooSmall
			case 1. / 8:
				return c.work(5, took(factor), errors.New("too small to learn")), nil
			}
			return c.work(5, took(factor), nil), nil
		}
		// There is time for the half of it, which may take eight times the quarter, and not for all.
		tm := &timer{budget: time.Duration(5 * took(1./4)(4) * float64(time.Second)), clock: c.clock}
		seconds, err := sampled{work: c.work(5, took(1), errors.New("the study itself was timed")), run: 1, like: like}.estimate(tm)
		if err != nil {
			t.Fatal(err)
		}
		for unit := range 5 {
			if got, want := seconds(unit), took(1)(unit); math.Abs(got/want-1) > 1e-6 {
				t.Errorf("power %v, smaller ones %v: unit %d takes %v s, want %v", power, factors, unit, got, want)
			}
		}
	}
}

// Short work is timed many times, and the least time counts.
func TestEstimatesRepeatShortWork(t *testing.T) {
	c := &pretended{}
	calls := 0
	tm := &timer{budget: time.Hour, clock: c.clock}
	s, err := tm.long(func() error {
		if calls++; calls == 1 {
			c.now += 5 * time.Millisecond // warms up
		}
		c.now += time.Millisecond
		return nil
	})
	if err != nil || calls != 1+4+16+64 || math.Abs(s-1e-3) > 1e-12 {
		t.Errorf("%d calls, %v s, %v", calls, s, err)
	}
	order := allOver(100)
	for _, n := range []int{5, 13, 34, 89} { // no gap between the first ones is large
		some := slices.Sorted(slices.Values(order[:n]))
		for i := 1; i < n; i++ {
			if some[i]-some[i-1] > 200/n+2 {
				t.Errorf("the first %d of 100 are %v", n, some)
				break
			}
		}
	}
	if all := slices.Sorted(slices.Values(order)); all[0] != 0 || all[99] != 99 || len(slices.Compact(all)) != 100 {
		t.Errorf("not all of 100: %v", all)
	}
}

// A smaller setting keeps its side of n = d and its other coordinates.
func TestScaledSettings(t *testing.T) {
	at := theory.Setting{N: 199, D: 200, Theta: 0.3, Sigma: 0.1, Depth: 3, SourceN: 50, Features: 2}
	over := theory.Setting{N: 400, D: 200, Depth: 2}
	got, err := scaledSettings([]theory.Setting{at, over}, 1./16)
	at.N, at.D, at.SourceN, over.N, over.D = 12, 13, 3, 25, 13
	if err != nil || !slices.Equal(got, []theory.Setting{at, over}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := scaledSettings([]theory.Setting{{N: 50, D: 100, Depth: 2}}, 1./16); err == nil {
		t.Error("6 dimensions")
	}
	if _, err := scaledSettings([]theory.Setting{{N: 50, D: 200, Depth: 2, Features: 100}}, 1./16); err == nil {
		t.Error("100 features in 13 dimensions")
	}
}

// Every kind of study has an estimate that is of its own units or of smaller ones of the
// same number.
func TestPlansLikeThem(t *testing.T) {
	grid := Grid{D: 40, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.1}}
	for name, s := range map[string]Study{
		"linear":      Experiment{Method: Solve, Trials: 3, Independent: true, Grid: grid},
		"law":         Experiment{Method: Law, Trials: 3000, Independent: true, Grid: grid},
		"paired law":  Experiment{Method: Law, Trials: 3000, Grid: grid},
		"solve":       Experiment{Method: Solve, Trials: 3, Grid: grid},
		"train":       Experiment{Method: Train, Trials: 2, Grid: grid},
		"pretraining": Pretraining{D: 40, Depth: []int{2}, Alpha: []float64{0.1}, Trials: 2, Course: true},
		"transports":  Transports{D: []int{3}, N: 50, Theta: []float64{1}, Trials: 2},
		"teachers":    Teachers{D: 40, Neurons: 40, Mu: []float64{0.5}, Trials: 2},
		"kernels":     Kernels{D: 8, Teacher: 8, Width: 20, Mu: 0.5, Alpha: []float64{1, 0.1}, Trials: 2},
		"curves":      Curves{Setting: theory.Setting{N: 20, D: 40, Depth: 2, Sigma: 0.1}},
		"flows":       Flows{Setting: theory.Setting{N: 20, D: 40, Theta: 0.5}, Depths: []int{2, 3}},
	} {
		p, err := PlanOf(s)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, budget := range []time.Duration{0, time.Minute} { // of smaller ones, of itself
			c := &pretended{}
			ticks := func() time.Duration { c.now += 30 * time.Millisecond; return c.now }
			seconds, err := p.plan.cost(&timer{budget: budget, clock: ticks})
			if err != nil {
				t.Fatal(name, err)
			}
			for unit := range p.plan.work.Units {
				if s := seconds(unit); !(s > 0) || math.IsInf(s, 0) {
					t.Errorf("%s: unit %d takes %v s", name, unit, s)
				}
			}
		}
	}
	// A cell of independent ones takes a trial, or a block of draws, times their number.
	for trials, want := range map[int]float64{7: 0.03, 2048: 0.06} {
		p, err := PlanOf(Experiment{Method: Law, Trials: trials, Independent: true, Grid: grid})
		if err != nil {
			t.Fatal(err)
		}
		c := &pretended{}
		seconds, err := p.plan.cost(&timer{budget: time.Minute, clock: func() time.Duration { c.now += 30 * time.Millisecond; return c.now }})
		if got := seconds(0); err != nil || math.Abs(got-want) > 1e-9 {
			t.Errorf("%d draws take %v s, want %v, %v", trials, got, want, err)
		}
	}
}

// The gradients of small students are those that the study itself takes where it is small,
// and the time of a unit is that of its gradients and of its linear algebra.
func TestStudentsEstimateTheirGradients(t *testing.T) {
	s := Students{D: 12, Teacher: 12, Width: 40, Mu: []float64{0.25, 0.5}, N: []int{20, 60}, Trials: 2, Seed: 3}.defaults()
	run := must(t, s.Run())
	g, err := s.like(s.D).count()
	if err != nil {
		t.Fatal(err)
	}
	of := func(mu, n float64) float64 {
		for _, c := range run.Cells {
			at, ok := c.at[Mu]
			points := c.at[Points]
			if (mu == at && ok || mu == 0 && !ok) && points == n {
				return c.values[Gradients][0]
			}
		}
		t.Fatal("no cell at", mu, n)
		return 0
	}
	if want := []float64{of(0.25, 0), of(0.5, 0)}; !slices.Equal(g.pretraining, want) {
		t.Errorf("pretraining: %v, want %v", g.pretraining, want)
	}
	if want := []float64{of(0, 20), of(0, 60)}; !slices.Equal(g.scratch, want) {
		t.Errorf("from scratch: %v, want %v", g.scratch, want)
	}
	last := s.Mu[allOver(2)[1]] // it fine-tunes from the last source
	if want := []float64{of(last, 20), of(last, 60)}; !slices.Equal(g.fineTuned, want) {
		t.Errorf("fine-tuned: %v, want %v", g.fineTuned, want)
	}
	p, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	c := &pretended{}
	const tick = 0.03 // each timing takes one
	seconds, err := p.cost(&timer{budget: time.Hour, clock: func() time.Duration { c.now += 30 * time.Millisecond; return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	parts := s.units(2, 2)
	for unit, part := range parts {
		want := tick * (1 + 2 + g.fineTuned[0] + g.fineTuned[1])
		if part.source < 0 {
			want = tick * g.scratch[part.scratch]
		} else {
			want += tick * g.pretraining[part.source]
		}
		if got := seconds(unit); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v takes %v s, want %v", part, got, want)
		}
	}
	// A line through points of slope 0.5 is drawn towards 1, less the further they lie apart.
	for to, want := range map[float64]float64{3: (0.25 + 0.3) / (0.5 + 0.3), 102: (0.5*5000 + 0.3) / (5000 + 0.3)} {
		xs, ys := []float64{2, to}, []float64{5, 5 + 0.5*(to-2)}
		if slope := grown(xs, ys, to+1) - grown(xs, ys, to); math.Abs(slope-want) > 1e-9 {
			t.Errorf("from 2 to %v: slope %v, want %v", to, slope, want)
		}
	}
	for d, want := range map[int]Students{10: {D: 10, Teacher: 15, Width: 20, N: []int{25, 100}}, 5: {D: 5, Teacher: 8, Width: 10, N: []int{6, 25}}, 1: {D: 1, Teacher: 2, Width: 4, N: []int{2, 2}}} {
		got := Students{D: 20, Teacher: 30, Width: 40, Mu: []float64{0.5, 0.7}, N: []int{100, 400}, Trials: 3, Alpha: 0.1}.like(d)
		if got.D != want.D || got.Teacher != want.Teacher || got.Width != want.Width || !slices.Equal(got.N, want.N) || got.Trials != 2 {
			t.Errorf("students like these in %d dimensions: %+v", d, got)
		}
	}
	if text := fmt.Sprint(s.features(0.25)); text != "9" {
		t.Error(text)
	}
}
