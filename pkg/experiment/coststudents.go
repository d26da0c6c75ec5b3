package experiment

import (
	"context"
	"math"
	"time"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Most of the time of a student goes into gradients. How many there are is known from the
// training of small students of the same proportions: from scratch and fine-tuned they
// depend on n/d² alone, and those of pretraining grow like d. How long each takes is measured
// at full size, and so is the linear algebra, which is cubic, up to some width.

// like returns students in d dimensions of the same proportions.
func (s Students) like(d int) Students {
	factor := float64(d) / float64(s.D)
	scaled := func(n int, power float64) int { return max(2, int(math.Round(float64(n)*math.Pow(factor, power)))) }
	small := s
	small.D, small.Teacher, small.Width = d, scaled(s.Teacher, 1), max(4, scaled(s.Width, 1))
	small.Trials = 2
	small.N = make([]int, len(s.N))
	for i, n := range s.N {
		small.N[i] = scaled(n, 2)
	}
	return small
}

// gradientCounts holds the numbers of gradients of the trainings of a trial.
type gradientCounts struct {
	pretraining        []float64 // by the index of Mu
	scratch, fineTuned []float64 // by the index of N
}

// start returns the training of a trial and its student before it.
func (s Students) start() (t training, student *relu.Network, err error) {
	target, err := s.teacher(0)
	if err != nil {
		return t, nil, err
	}
	student, err = s.student(0)
	return training{students: s, target: target, square: relu.Inner(target, target)}, student, err
}

// source returns the source at mu of a teacher; a small one keeps at least one neuron and
// loses at least one.
func (s Students) source(target *relu.Network, mu float64) (*relu.Network, error) {
	k := min(max(s.features(mu), 1), s.Teacher-1)
	return target.Without(1 - float64(k)/float64(s.Teacher))
}

// count trains the students of a trial, those that it fine-tunes from one of the sources.
func (s Students) count() (g gradientCounts, err error) {
	train := func(student *relu.Network, loss *relu.Loss) (float64, error) {
		left, err := fit(context.Background(), student, loss)
		return left[1], err
	}
	t, start, err := s.start()
	if err != nil {
		return g, err
	}
	var pretrained *relu.Network
	if s.runs(Transfer) || s.runs(FineTune) {
		const most = 5
		g.pretraining = make([]float64, len(s.Mu))
		chosen := allOver(len(s.Mu))
		sum := 0.0
		for i, at := range chosen {
			if i >= most {
				g.pretraining[at] = sum / most
				continue
			}
			source, err := s.source(t.target, s.Mu[at])
			if err != nil {
				return g, err
			}
			pretrained = start.Clone()
			if g.pretraining[at], err = train(pretrained, relu.PopulationLoss(source)); err != nil {
				return g, err
			}
			sum += g.pretraining[at]
		}
	}
	for _, n := range s.N {
		_, _, loss, err := s.sample(t.target, 0, n)
		if err != nil {
			return g, err
		}
		var scratch, tuned float64
		if s.runs(Scratch) {
			if scratch, err = train(start.Clone(), loss); err != nil {
				return g, err
			}
		}
		if s.runs(FineTune) {
			if tuned, err = train(pretrained.Clone(), loss); err != nil {
				return g, err
			}
		}
		g.scratch, g.fineTuned = append(g.scratch, scratch), append(g.fineTuned, tuned)
	}
	return g, nil
}

// expect returns the gradients of a trial, by the trainings of small students.
func (s Students) expect(t *timer) (g gradientCounts, err error) {
	const least, step = 12, 1.5 // fewer dimensions are not alike
	var sizes, sums []float64   // logarithms of d, and of the gradients of pretraining
	for d := min(s.D, least); ; d = min(s.D, int(step*float64(d))) {
		seconds, err := t.time(func() (err error) { g, err = s.like(d).count(); return err })
		if err != nil || d == s.D {
			return g, err
		}
		if sum := floats.Sum(g.pretraining); sum > 0 {
			sizes, sums = append(sizes, math.Log(float64(d))), append(sums, math.Log(sum))
		}
		if t.spent.Seconds()+seconds*math.Pow(step, 5) > t.budget.Seconds() {
			if len(sums) > 0 {
				floats.Scale(math.Exp(grown(sizes, sums, math.Log(float64(s.D)))-sums[len(sums)-1]), g.pretraining)
			}
			return g, nil
		}
	}
}

// grown returns the value at x of a line through points whose slope is about 1.
func grown(xs, ys []float64, x float64) float64 {
	const weight = 0.3 // of that slope, between some sizes from 12 on
	middle, mean := stat.Mean(xs, nil), stat.Mean(ys, nil)
	above, below := weight, weight
	for i := range xs {
		above += (xs[i] - middle) * (ys[i] - mean)
		below += (xs[i] - middle) * (xs[i] - middle)
	}
	return mean + above/below*(x-middle)
}

// estimate sets how the times of the units are estimated.
func (s Students) estimate(p *plan, units []studentPart) {
	p.cost = func(t *timer) (func(int) float64, error) {
		g, err := s.expect(t)
		if err != nil {
			return nil, err
		}
		full, student, err := s.start()
		if err != nil {
			return nil, err
		}
		population := make([]float64, len(g.pretraining))
		for i := range population {
			source, err := s.source(full.target, s.Mu[i])
			if err != nil {
				return nil, err
			}
			if population[i], err = t.gradient(relu.PopulationLoss(source), student); err != nil {
				return nil, err
			}
		}
		small, cubic := s, 1.0
		const most = 250 // neurons of the linear algebra
		if s.Width > most {
			small = s.like(max(1, s.D*most/s.Width))
			small.Width, small.Teacher = most, max(2, s.Teacher*most/s.Width)
			cubic = math.Pow(float64(s.Width)/most, 3)
		}
		part, alone, err := small.start()
		if err != nil {
			return nil, err
		}
		sample, transfer := make([]float64, len(s.N)), make([]float64, len(s.N))
		compare := 0.0
		var space *task.Space
		if len(population) > 0 {
			mu := s.Mu[0]
			source, err := small.source(part.target, mu)
			if err != nil {
				return nil, err
			}
			part.students.Procedures = []Procedure{Transfer}
			mu = 1 - float64(len(source.C))/float64(small.Teacher)
			if compare, err = t.long(func() (err error) { _, space, err = part.compare(mu, alone, source); return err }); err != nil {
				return nil, err
			}
		}
		for i, n := range s.N {
			_, _, loss, err := s.sample(full.target, 0, n)
			if err != nil {
				return nil, err
			}
			if sample[i], err = t.gradient(loss, student); err != nil {
				return nil, err
			}
			if space != nil && s.runs(Transfer) {
				n = max(2, int(float64(n)/math.Cbrt(cubic)))
				if transfer[i], err = t.long(func() error { _, err := part.transfer(context.Background(), alone, space, n); return err }); err != nil {
					return nil, err
				}
			}
		}
		return func(unit int) float64 {
			u := units[unit]
			if u.source < 0 {
				return g.scratch[u.scratch] * sample[u.scratch]
			}
			return g.pretraining[u.source]*population[u.source] + cubic*(compare+floats.Sum(transfer)) + floats.Dot(g.fineTuned, sample)
		}, nil
	}
}

// gradient returns the seconds of a gradient.
func (t *timer) gradient(loss *relu.Loss, student *relu.Network) (float64, error) {
	return t.long(func() error { loss.Gradient(student); return nil })
}

// estimate sets how the times of the units are estimated: by the gradients of pretraining
// from each start and the kernel that is compared after each step.
func (k Kernels) estimate(p *plan, order []int) {
	p.cost = func(t *timer) (func(int) float64, error) {
		seconds := make([]float64, len(k.Alpha))
		for i, cell := range order {
			s := k.students(k.Alpha[cell])
			s.Procedures = []Procedure{Transfer}
			share := *t // each start has its part of the time
			share.spent, share.budget = 0, t.budget/time.Duration(len(order))
			g, err := s.expect(&share)
			if err != nil {
				return nil, err
			}
			t.count, t.spent = share.count, t.spent+share.spent
			full, student, err := s.start()
			if err != nil {
				return nil, err
			}
			source, err := s.source(full.target, k.Mu)
			if err != nil {
				return nil, err
			}
			gradient, err := t.gradient(relu.PopulationLoss(source), student)
			if err != nil {
				return nil, err
			}
			x := s.probe(0)
			kernel := source.Kernel(x)
			observe, err := t.long(func() error { _, err := task.Alignment(student.Kernel(x), kernel); return err })
			if err != nil {
				return nil, err
			}
			const stages = 5 // gradients of a step
			seconds[i] = g.pretraining[0] * (gradient + observe/stages)
		}
		return func(unit int) float64 { return seconds[unit/k.Trials] }, nil
	}
}
