package experiment

import (
	"context"
	"errors"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

var errTooSmall = errors.New("there is no smaller study of this kind")

// scaled returns a size that is smaller by a factor, and an error below the least one.
func scaled(n, least int, factor float64) (int, error) {
	if n = int(math.Round(float64(n) * factor)); n < least {
		return n, errTooSmall
	}
	return n, nil
}

// scaledSettings returns settings whose numbers of points and dimensions are smaller by a
// factor.
func scaledSettings(settings []theory.Setting, factor float64) (out []theory.Setting, err error) {
	const least = 8 // dimensions: of fewer the time is not that of matrices
	for _, s := range settings {
		d, err := scaled(s.D, max(least, s.Features+1), factor)
		if err != nil {
			return nil, err
		}
		n := int(math.Round(float64(s.N) * factor))
		if s.N < s.D { // on its side of n = d
			n = min(n, d-1)
		}
		s.D, s.N = d, max(1, n)
		if s.SourceN > 0 {
			s.SourceN = max(1, int(math.Round(float64(s.SourceN)*factor)))
		}
		out = append(out, s)
	}
	return out, nil
}

// estimate sets how the times of the units are estimated.
func (e Experiment) estimate(p *plan, settings []theory.Setting) {
	if e.Independent {
		p.cost = func(t *timer) (func(int) float64, error) {
			seconds, err := sampled{work: e.firstUnits(settings), run: 1, like: func(factor float64) (trial.Work, error) {
				small, err := scaledSettings(settings, factor)
				if err != nil || e.Method == Law { // whose draws take the same time in any dimension
					return trial.Work{}, errTooSmall
				}
				return e.firstUnits(small), nil
			}}.estimate(t)
			times := float64(e.Trials)
			if e.Method == Law { // a unit of the cell is a block of draws
				times /= float64(min(block, e.Trials))
			}
			return func(unit int) float64 { return times * seconds(unit) }, err
		}
		return
	}
	p.cost = func(t *timer) (func(int) float64, error) {
		run := p.work.Units / len(settings)
		if e.Method == Solve { // a unit has all cells
			run = p.work.Units
		}
		return sampled{work: p.work, run: run, like: func(factor float64) (trial.Work, error) {
			small, err := scaledSettings(settings, factor)
			if err != nil || e.Method == Law {
				return trial.Work{}, errTooSmall
			}
			like := *p
			if e.Method == Train {
				e.trainings(&like, small)
			} else {
				e.solutions(&like, small)
			}
			return like.work, nil
		}}.estimate(t)
	}
}

// firstUnits returns the first unit of each of some independent cells.
func (e Experiment) firstUnits(settings []theory.Setting) trial.Work {
	return trial.Work{Units: len(settings), Parts: onePart, Measure: func(ctx context.Context, cell int, _ []int, done func(int, []float64)) error {
		alone, err := e.alone(settings[cell])
		if err != nil {
			return err
		}
		return alone.work.Measure(ctx, 0, []int{0}, done)
	}}
}

// like returns the work of a study that must have as many units as this plan.
func (p *plan) like(s Study) (trial.Work, error) {
	small, err := s.plan()
	if err != nil {
		return trial.Work{}, err
	}
	if small.work.Units != p.work.Units {
		return trial.Work{}, errTooSmall
	}
	return small.work, nil
}

// estimate sets how the times of the units are estimated, by networks of fewer dimensions.
func (p Pretraining) estimate(out *plan) {
	out.cost = sampled{work: out.work, run: out.trials, first: p.Course && out.trials > 1, like: func(factor float64) (w trial.Work, err error) {
		if p.D, err = scaled(p.D, 8, factor); err != nil {
			return w, err
		}
		return out.like(p)
	}}.estimate
}

// estimate sets how the times of the units are estimated, by smaller samples.
func (t Transports) estimate(out *plan) {
	out.cost = sampled{work: out.work, run: out.trials, like: func(factor float64) (w trial.Work, err error) {
		if t.N, err = scaled(t.N, 16, factor); err != nil {
			return w, err
		}
		return out.like(t)
	}}.estimate
}

// estimate sets how the times of the units are estimated, by smaller teachers.
func (t Teachers) estimate(out *plan) {
	out.cost = sampled{work: out.work, run: out.trials, like: func(factor float64) (w trial.Work, err error) {
		if t.D, err = scaled(t.D, 1, factor); err != nil {
			return w, err
		}
		if t.Neurons, err = scaled(t.Neurons, 16, factor); err != nil {
			return w, err
		}
		return out.like(t)
	}}.estimate
}

// estimate sets how the times of the units are estimated, by networks of fewer dimensions.
func (c Curves) estimate(out *plan) {
	out.cost = sampled{work: out.work, run: 1, like: func(factor float64) (w trial.Work, err error) {
		small, err := scaledSettings([]theory.Setting{c.Setting}, factor)
		if err != nil {
			return w, err
		}
		return out.like(Curves{small[0], c.Seed, c.Alpha})
	}}.estimate
}

// estimate sets how the times of the units are estimated, by networks of fewer dimensions.
func (f Flows) estimate(out *plan) {
	out.cost = sampled{work: out.work, run: 1, like: func(factor float64) (w trial.Work, err error) {
		small, err := scaledSettings([]theory.Setting{f.Setting}, factor)
		if err != nil {
			return w, err
		}
		return out.like(Flows{small[0], f.Depths, f.Seed, f.Step})
	}}.estimate
}
