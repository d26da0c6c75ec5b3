package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// The sizes from which times are estimated: d and n for linear networks, the cost of a
// gradient and d for students; what a unit holds is in its scale.
func TestPlansEstimateTheirSizes(t *testing.T) {
	grid := Grid{D: 10, Gamma: []float64{2, 0.5, 1}, Sigma: []float64{0.1}}
	for name, c := range map[string]struct {
		e     Experiment
		scale float64
		sizes []float64 // n of each unit
		prior [2]float64
	}{
		"law":         {Experiment{Method: Law, Trials: block + 1, Grid: grid}, block, []float64{20, 20, 5, 5, 10, 10}, [2]float64{0, 0}},
		"one block":   {Experiment{Method: Law, Trials: block, Grid: grid}, block, []float64{20, 5, 10}, [2]float64{0, 0}},
		"few draws":   {Experiment{Method: Law, Trials: 7, Grid: grid}, 7, []float64{20, 5, 10}, [2]float64{0, 0}},
		"solve":       {Experiment{Method: Solve, Trials: 3, Grid: grid}, 1, []float64{20, 20, 20}, [2]float64{1, 2}},
		"train":       {Experiment{Method: Train, Trials: 2, Grid: grid}, 1, []float64{20, 20, 5, 5, 10, 10}, [2]float64{2, 1}},
		"independent": {Experiment{Method: Solve, Trials: 9, Independent: true, Grid: grid}, 9, []float64{20, 5, 10}, [2]float64{1, 2}},
	} {
		p, err := c.e.plan()
		if err != nil {
			t.Fatal(err)
		}
		if p.cost.scale != c.scale || p.cost.prior != c.prior || p.work.Units != len(c.sizes) || len(p.cost.calibrate) != 8 {
			t.Errorf("%s: scale %v, prior %v, %d units, %d timings", name, p.cost.scale, p.cost.prior, p.work.Units, len(p.cost.calibrate))
		}
		for unit, n := range c.sizes {
			if got := p.cost.size(unit); got != [2]float64{10, n} {
				t.Errorf("%s: unit %d has the sizes %v, want 10 and %v", name, unit, got, n)
			}
		}
		// The cheapest cell is timed first and the largest last.
		for i, n := range map[int]float64{0: 5, 7: 20} {
			if _, size, err := p.cost.calibrate[i](); err != nil || size != [2]float64{10, n} {
				t.Errorf("%s: timing %d is of %v, %v", name, i, size, err)
			}
		}
	}
	s := Students{D: 20, Teacher: 30, Width: 40, Mu: []float64{0.5, 0.7}, N: []int{100, 400}, Trials: 3, Alpha: 0.1}
	p, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	parts := s.units(2, 2)
	if len(parts) != 12 || parts[0] != (studentPart{0, 0, -1}) || parts[3] != (studentPart{0, -1, 1}) || parts[11] != (studentPart{2, -1, 1}) {
		t.Errorf("units %v", parts)
	}
	for unit, part := range parts {
		want := [2]float64{40*(40+30)*20 + 500*40*20, 20}
		if part.source < 0 {
			want[0] = float64(s.N[part.scratch] * 40 * 20)
		}
		if got := p.cost.size(unit); got != want {
			t.Errorf("unit %v has the sizes %v, want %v", part, got, want)
		}
	}
	if p.cost.scale != 1 || p.cost.prior != [2]float64{1, 1} || len(p.cost.calibrate) != 24 {
		t.Errorf("scale %v, prior %v", p.cost.scale, p.cost.prior)
	}
	for d, want := range map[int]Students{10: {D: 10, Teacher: 15, Width: 20, N: []int{25, 100}}, 5: {D: 5, Teacher: 8, Width: 10, N: []int{6, 25}}, 1: {D: 1, Teacher: 2, Width: 4, N: []int{2}}} {
		got := s.like(d)
		if got.D != want.D || got.Teacher != want.Teacher || got.Width != want.Width || !slices.Equal(got.N, want.N) || !slices.Equal(got.Mu, []float64{0.5}) || got.Trials != 2 || got.check() != nil {
			t.Errorf("students like these in %d dimensions: %+v", d, got)
		}
	}
	for i := range 6 {
		_, size, err := p.cost.calibrate[i]()
		if d := []float64{4, 4, 6, 6, 9, 9}[i]; err != nil || size[1] != d {
			t.Errorf("timing %d is of %v, %v", i, size, err)
		}
	}
}

// The times of units follow the power law of the timings, which the prior hardly moves, and
// where timings do not tell, the prior does.
func TestPlansFitTheirTimes(t *testing.T) {
	f := newFit([2]float64{1, 2})
	for _, size := range [][2]float64{{2, 3}, {4, 30}, {8, 5}, {16, 100}, {3, 7}, {50, 11}} {
		f.add(size, 5e-3*math.Pow(size[0], 1.5)*math.Pow(size[1], 0.5))
	}
	seconds, err := f.solve()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]float64{{10, 10}, {100, 20}, {3, 200}} {
		if want := 5e-3 * math.Pow(size[0], 1.5) * math.Pow(size[1], 0.5); math.Abs(math.Log(seconds(size)/want)) > 0.1 {
			t.Errorf("at %v: %v s, want %v", size, seconds(size), want)
		}
	}
	prior := newFit([2]float64{1, 2})
	prior.add([2]float64{1, 1}, 3)
	if seconds, err = prior.solve(); err != nil || math.Abs(seconds([2]float64{1, 1})-3) > 1e-9 || math.Abs(seconds([2]float64{2, 5})-3*2*25) > 1e-6 {
		t.Errorf("%v s from the prior, want 150, %v", seconds([2]float64{2, 5}), err)
	}
	calls := 0
	p := &Plan{plan: &plan{work: trial.Work{Units: 3}, cost: cost{scale: 7, prior: [2]float64{1, 0}, size: func(unit int) [2]float64 { return [2]float64{float64(unit + 1), 1} }}}}
	for range 5 {
		p.plan.cost.calibrate = append(p.plan.cost.calibrate, func() (float64, [2]float64, error) { calls++; return 2, [2]float64{1, 1}, nil })
	}
	e, err := p.Estimate(0)
	if err != nil || e.Measured != 2 || calls != 2 {
		t.Fatal(e, err, calls)
	}
	for unit, want := range []float64{14, 28, 42} {
		if math.Abs(e.seconds(unit)-want) > 1e-6 {
			t.Errorf("unit %d takes %v s, want %v", unit, e.seconds(unit), want)
		}
	}
	if got := e.Of(trial.Share{First: 0, Step: 2, Count: 2}); math.Abs(got-56) > 1e-6 {
		t.Errorf("two units take %v s, want 56", got)
	}
	if e, err = p.Estimate(time.Hour); err != nil || e.Measured != 5 {
		t.Errorf("%d timings in an hour, %v", e.Measured, err)
	}
	p.plan.cost.calibrate[1] = func() (float64, [2]float64, error) { return 0, [2]float64{}, errors.New("broken") }
	if _, err := p.Estimate(0); err == nil || err.Error() != "experiment: estimate: broken" {
		t.Error(err)
	}
}

// A study without an estimate of its own is timed by its units, which count the same, all
// parts of each.
func TestPlansTimeTheirUnits(t *testing.T) {
	var seen []string
	p := &Plan{plan: &plan{work: trial.Work{Units: 11, Parts: func(unit int) int { return unit + 1 }, Title: func(int) string { return "a unit" },
		Measure: func(ctx context.Context, unit int, missing []int, done func(int, []float64)) error {
			seen = append(seen, fmt.Sprint(unit, missing))
			time.Sleep(time.Millisecond)
			return nil
		}}}}
	e, err := p.Estimate(time.Hour)
	if err != nil || e.Measured != 8 || !slices.Equal(seen[:3], []string{"0 [0]", "1 [0 1]", "2 [0 1 2]"}) || len(seen) != 8 {
		t.Fatal(e, err, seen)
	}
	for unit := range 11 {
		if s := e.seconds(unit); s != e.seconds(0) || s < 1e-3 {
			t.Errorf("unit %d takes %v s", unit, s)
		}
	}
	if e, err = p.Estimate(0); err != nil || e.Measured != 2 { // it waits for a unit all the same
		t.Error(e, err)
	}
	p.plan.work.Units = 3
	if e, err = p.Estimate(time.Hour); err != nil || e.Measured != 3 {
		t.Error(e, err)
	}
}
