package experiment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Estimate is the estimated time of each unit of a study on one core.
type Estimate struct {
	Measured int // number of timings
	seconds  func(unit int) float64
}

// cost estimates the seconds of each unit by timings.
type cost func(t *timer) (seconds func(unit int) float64, err error)

// Estimate times units of the study, or smaller ones, until the budget is spent.
func (p *Plan) Estimate(budget time.Duration) (*Estimate, error) {
	t := &timer{budget: budget, clock: process.Time}
	estimate := p.plan.cost
	if estimate == nil {
		estimate = sampled{work: p.plan.work, run: 1}.estimate
	}
	seconds, err := estimate(t)
	if err != nil {
		return nil, fmt.Errorf("experiment: estimate: %w", err)
	}
	return &Estimate{t.count, seconds}, nil
}

// Of returns the seconds of some units, of very many by a sample of them.
func (e *Estimate) Of(share trial.Share) (seconds float64) {
	const most = 10_000
	n := min(share.Count, most)
	for i := range n {
		seconds += e.seconds(share.Unit(int(int64(i) * int64(share.Count) / int64(n))))
	}
	return seconds * float64(share.Count) / float64(max(1, n))
}

// timer times work by the time that this process spends on all cores: what runs beside it on
// the machine does not count.
type timer struct {
	budget, spent time.Duration
	count         int
	clock         func() time.Duration
}

func (t *timer) time(f func() error) (seconds float64, err error) {
	start := t.clock()
	err = f()
	took := t.clock() - start
	t.spent += took
	t.count++
	return max(took, time.Microsecond).Seconds(), err // a clock has its grain
}

// left reports whether there is time for more timings, of which there are at least two.
func (t *timer) left() bool { return t.count < 2 || t.spent < t.budget }

// long times work again and again if it is short, and returns the least seconds of one time:
// more of them are of what else the machine does.
func (t *timer) long(f func() error) (least float64, err error) {
	const enough = 0.02
	least = math.Inf(1)
	for times := 1; ; times *= 4 {
		s, err := t.time(func() (err error) {
			for i := 0; i < times && err == nil; i++ {
				err = f()
			}
			return err
		})
		least = min(least, s/float64(times))
		if err != nil || s > enough || times > 1000 || t.spent > t.budget {
			return least, err
		}
	}
}

// unit times all parts of a unit.
func (t *timer) unit(w trial.Work, unit int) (float64, error) {
	parts := make([]int, w.Parts(unit))
	for i := range parts {
		parts[i] = i
	}
	return t.long(func() error { return w.Measure(context.Background(), unit, parts, func(int, []float64) {}) })
}

// allOver returns 0 … n−1 in an order whose beginning, of any length, lies all over.
func allOver(n int) []int {
	const golden = 0.6180339887498949
	out := make([]int, n)
	place := make([]float64, n)
	for i := range out {
		out[i] = i
		_, place[i] = math.Modf(0.5 + golden*float64(i)) // the first in the middle
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(place[a], place[b]) })
	rank := make([]int, n)
	for r, i := range out {
		rank[i] = r
	}
	return rank
}

// sampled are the units of a study in runs of one length, a cell each, for an estimate.
type sampled struct {
	work trial.Work
	run  int
	// first tells that the first unit of a run takes longer than the others.
	first bool
	// like returns the work of a study that is smaller by a factor; nil if there is none.
	like func(factor float64) (trial.Work, error)
}

// unit returns a unit of a cell that is like most of its units.
func (c sampled) unit(cell int) int {
	if c.first && c.run > 1 {
		return cell*c.run + 1
	}
	return cell * c.run
}

// estimate times a unit of some cells: first in smaller studies, and in the study itself if
// these leave time for it. Times grow from one size to the next by a power of the size.
func (c sampled) estimate(t *timer) (func(unit int) float64, error) {
	const few, most = 8, 64 // cells that are timed
	chosen := allOver(c.work.Units / c.run)
	chosen = chosen[:min(most, len(chosen))]
	var seconds map[int]float64 // of the cells at the last factor
	last, power := 0.0, 3.0     // of products of matrices, until two sizes tell
	for _, factor := range []float64{1. / 16, 1. / 8, 1. / 4, 1. / 2, 1} {
		work := c.work
		if factor < 1 {
			if c.like == nil {
				continue
			}
			var err error
			if work, err = c.like(factor); err != nil {
				continue // it has no smaller one
			}
		}
		if last > 0 && slices.Max(slices.Collect(maps.Values(seconds)))*math.Pow(factor/last, power) > 2*t.budget.Seconds() {
			break
		}
		now := map[int]float64{}
		var err error
		for i, cell := range chosen {
			if !t.left() && i >= 1 && (last > 0 || i >= few) {
				break
			}
			if now[cell], err = t.unit(work, c.unit(cell)); err != nil {
				break
			}
		}
		if err != nil && factor < 1 {
			continue // such as a network that is too small to learn
		}
		if err != nil {
			return nil, err
		}
		if last > 0 {
			var before, after float64
			for cell, s := range now {
				before, after = before+seconds[cell], after+s
			}
			power = min(max(math.Log(after/before)/math.Log(factor/last), 1), 3)
			for cell, s := range seconds { // the others grew as these did
				if _, ok := now[cell]; !ok {
					now[cell] = s * after / before
				}
			}
		}
		last, seconds = factor, now
	}
	mean := 0.0
	for cell := range seconds {
		seconds[cell] *= math.Pow(1/last, power)
		mean += seconds[cell] / float64(len(seconds))
	}
	more := 0.0
	if c.first && last == 1 {
		s, err := t.unit(c.work, chosen[0]*c.run)
		if err != nil {
			return nil, err
		}
		more = max(0, s-seconds[chosen[0]])
	}
	return func(unit int) float64 {
		s, ok := seconds[unit/c.run]
		if !ok {
			s = mean
		}
		if unit%c.run == 0 {
			s += more
		}
		return s
	}, nil
}
