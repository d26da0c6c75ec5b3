package experiment

import (
	"context"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/trial"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The random streams of a trial of Students.
const (
	streamTeacher = iota
	streamStudent
	streamPoints
	streamProbes
	streamUnseen
)

// teacher returns the target of a trial.
func (s Students) teacher(trial int) (*relu.Network, error) {
	return relu.NewTeacher(s.Teacher, s.D, task.Stream(s.Seed, uint64(trial), streamTeacher))
}

// student returns the random start of a trial, which all its networks share.
func (s Students) student(trial int) (*relu.Network, error) {
	return relu.NewStudent(s.Width, s.D, s.Alpha, task.Stream(s.Seed, uint64(trial), streamStudent))
}

// probe returns the points, probes × D, on which the kernels of a trial are compared.
func (s Students) probe(trial int) *mat.Dense {
	return task.Normal(probes, s.D, task.Stream(s.Seed, uint64(trial), streamProbes))
}

// sample draws n points of the target g, the same for all procedures.
func (s Students) sample(g *relu.Network, trial, n int) (*mat.Dense, []float64, *relu.Loss, error) {
	x := task.Normal(n, s.D, task.Stream(s.Seed, uint64(trial), streamPoints, uint64(n)))
	y := g.Predict(x)
	loss, err := relu.SampleLoss(x, y)
	return x, y, loss, err
}

// studentPart is a unit: the source at an index of Mu with all transfers from it, or
// scratch at an index of N; the other index is −1.
type studentPart struct{ trial, source, scratch int }

// units lists the trainings, trial by trial.
func (s Students) units(sources, sizes int) (out []studentPart) {
	for trial := range s.Trials {
		for i := range sources {
			out = append(out, studentPart{trial, i, -1})
		}
		for j := range sizes {
			out = append(out, studentPart{trial, -1, j})
		}
	}
	return out
}

// title returns the name of a unit in messages.
func (s Students) title(p studentPart) string {
	if p.source < 0 {
		return fmt.Sprintf("scratch n=%d trial=%d", s.N[p.scratch], p.trial)
	}
	return fmt.Sprintf("source mu=%g trial=%d", s.Mu[p.source], p.trial)
}

// work returns the units of work. Part 0 of a source is pretraining; parts 1, 2, … are the
// transfers to each N.
func (s Students) work(units []studentPart) trial.Work {
	return trial.Work{Kind: "student", Units: len(units),
		Parts: func(unit int) int {
			if units[unit].source < 0 {
				return 1
			}
			return 1 + len(s.N)
		},
		Title: func(unit int) string { return s.title(units[unit]) },
		Key: func(unit, part int) any {
			u := units[unit]
			// A part does not depend on the other ones, nor on the number of trials.
			key := struct {
				Students Students
				Mu       float64
				N, Trial int
			}{Students: s, Trial: u.trial}
			key.Students.Trials, key.Students.Mu, key.Students.N = 0, nil, nil
			switch {
			case u.source < 0:
				key.N, key.Students.Procedures = s.N[u.scratch], nil
			case part > 0:
				key.Mu, key.N = s.Mu[u.source], s.N[part-1]
			default:
				key.Mu, key.Students.Procedures = s.Mu[u.source], nil
			}
			return key
		},
		Measure: func(ctx context.Context, unit int, missing []int, done func(int, []float64)) error {
			u := units[unit]
			target, err := s.teacher(u.trial)
			if err != nil {
				return err
			}
			student, err := s.student(u.trial)
			if err != nil {
				return err
			}
			t := training{students: s, trial: u.trial, target: target, square: relu.Inner(target, target)}
			if u.source < 0 {
				v, err := t.scratch(ctx, student, s.N[u.scratch])
				if err == nil {
					done(0, v)
				}
				return err
			}
			return t.source(ctx, student, s.Mu[u.source], missing, done)
		}}
}

// training holds the target of a trial.
type training struct {
	students Students
	trial    int
	target   *relu.Network
	square   float64 // ‖f_t‖²
}

// fit trains a student and returns the final relative loss, the number of gradients, and 1
// if training ended in a local minimum.
func fit(ctx context.Context, student *relu.Network, loss *relu.Loss) ([3]float64, error) {
	report, err := student.Train(ctx, loss, relu.Options{})
	if err == nil && !report.Converged && !report.Settled {
		err = fmt.Errorf("the relative loss is still %.2g after %d gradients", report.Loss, report.Gradients)
	}
	out := [3]float64{report.Loss, float64(report.Gradients), 0}
	if report.Settled {
		out[2] = 1
	}
	return out, err
}

func (t training) risk(f *relu.Network) float64 { return relu.Risk(f, t.target) / t.square }

func (t training) scratch(ctx context.Context, student *relu.Network, n int) ([]float64, error) {
	_, _, loss, err := t.students.sample(t.target, t.trial, n)
	if err != nil {
		return nil, err
	}
	left, err := fit(ctx, student, loss)
	if err != nil {
		return nil, err
	}
	return append([]float64{t.risk(student)}, left[:]...), nil
}

// source pretrains a student and transfers it to the N of the missing parts.
func (t training) source(ctx context.Context, student *relu.Network, mu float64, missing []int, done func(int, []float64)) error {
	source, err := t.target.Without(mu)
	if err != nil {
		return err
	}
	left, err := fit(ctx, student, relu.PopulationLoss(source))
	if err != nil {
		return err
	}
	features, space, err := t.compare(mu, student, source)
	if err != nil {
		return err
	}
	for _, part := range missing {
		if part == 0 {
			done(0, append(features, append([]float64{t.square}, left[:]...)...))
			continue
		}
		v, err := t.transfer(ctx, student, space, t.students.N[part-1])
		if err != nil {
			return err
		}
		done(part, v)
	}
	return nil
}

// transfer returns the risks of the transfers from a pretrained student to n points, in
// the order of ofTransfer.
func (t training) transfer(ctx context.Context, pretrained *relu.Network, space *task.Space, n int) ([]float64, error) {
	s := t.students
	x, y, loss, err := s.sample(t.target, t.trial, n)
	if err != nil {
		return nil, err
	}
	nan := math.NaN()
	out := []float64{nan, nan, nan, 0, 0, 0}
	if s.runs(Transfer) {
		f, err := pretrained.Transfer(space, x, y)
		if err != nil {
			return nil, err
		}
		all, _, err := pretrained.TransferTuned(x, y)
		if err != nil {
			return nil, err
		}
		out[0], out[1] = t.risk(f), t.risk(all)
	}
	if s.runs(FineTune) {
		student := pretrained.Clone()
		left, err := fit(ctx, student, loss)
		if err != nil {
			return nil, err
		}
		out[2] = t.risk(student)
		copy(out[3:], left[:])
	}
	return out, nil
}

// compare compares the features of a pretrained student with those of the source. It
// returns the quantities from theory.FeatureResidual to Gap in the order of ofSource, and
// the space of the leading directions.
func (t training) compare(mu float64, student, source *relu.Network) (features []float64, leading *task.Space, err error) {
	rho, _, err := floor(t.target, mu)
	if err != nil {
		return nil, nil, err
	}
	all, err := student.Space(0)
	if err != nil {
		return nil, nil, err
	}
	if leading, err = all.Leading(len(source.C)); err != nil {
		return nil, nil, err
	}
	own, err := source.Space(0)
	if err != nil {
		return nil, nil, err
	}
	random, err := relu.NewTeacher(unseen, t.students.D, task.Stream(t.students.Seed, uint64(t.trial), streamUnseen))
	if err != nil {
		return nil, nil, err
	}
	outside, err := student.Residual(all, t.target)
	if err != nil {
		return nil, nil, err
	}
	residual, err := student.Residual(leading, t.target)
	if err != nil {
		return nil, nil, err
	}
	missed, err := student.Residual(leading, source)
	if err != nil {
		return nil, nil, err
	}
	missed *= relu.Inner(source, source) / t.square
	// The removed neurons, with random directions in place of their own: what the student
	// holds of them more than the source, and what they have in common with what it misses.
	in, of := hold(student, leading, source, random), hold(source, own, source, random)
	teacher := float64(len(t.target.C))
	c := t.target.C[:len(t.target.C)-len(source.C)]
	sum, squares := floats.Sum(c)/teacher, floats.Dot(c, c)/(teacher*teacher)
	more := squares*(in.one-of.one) + (sum*sum-squares)*(in.two-of.two)
	expected := rho + missed + (2*sum*(of.source-in.source)-more)/t.square
	x := t.students.probe(t.trial)
	alignment, err := task.Alignment(student.Kernel(x), source.Kernel(x))
	return []float64{residual, rho, outside, alignment, expected, missed, gap(all, len(source.C))}, leading, err
}

// held is what a space of functions holds of random neurons φ: the means of E(Pφ)² and, of
// two neurons, E(Pφ)(Pφ′), and the mean of E(Pφ)(Pf_s) with the source.
type held struct{ one, two, source float64 }

// hold measures, with random neurons, a space of functions of the neurons of f.
func hold(f *relu.Network, space *task.Space, source, random *relu.Network) held {
	n := len(random.C)
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	var inside mat.Dense
	var sum, inner, learned mat.VecDense
	inside.Mul(space.Basis().T(), relu.Gram(f.W, random.W))
	sum.MulVec(&inside, mat.NewVecDense(n, ones))
	inner.MulVec(relu.Gram(f.W, source.W), mat.NewVecDense(len(source.C), source.C))
	learned.MulVec(space.Basis().T(), &inner)
	norm := mat.Norm(&inside, 2)
	return held{
		one:    norm * norm / float64(n),
		two:    (mat.Dot(&sum, &sum) - norm*norm) / float64(n*(n-1)),
		source: mat.Dot(&sum, &learned) / float64(n*len(source.C)),
	}
}

// gap returns the quantity Gap from the directions of all features.
func gap(all *task.Space, k int) float64 {
	// A direction of the basis is an eigenvector over the root of its eigenvalue.
	m, rank := all.Basis().Dims()
	after := func(j int) float64 {
		return 2 * math.Log(mat.Norm(all.Basis().ColView(j), 2)/mat.Norm(all.Basis().ColView(j-1), 2))
	}
	if k >= rank {
		return math.NaN()
	}
	other := 0.0
	for j := 2; j < min(rank, m/2+1); j++ {
		if j != k {
			other = max(other, after(j))
		}
	}
	return after(k) - other
}

// floor returns the part ρ of the target outside the neurons of the source at mu, and
// ‖f_t‖².
func floor(target *relu.Network, mu float64) (rho, square float64, err error) {
	source, err := target.Without(mu)
	if err != nil {
		return 0, 0, err
	}
	space, err := source.Space(0)
	if err != nil {
		return 0, 0, err
	}
	rho, err = source.Residual(space, target)
	return rho, relu.Inner(target, target), err
}
