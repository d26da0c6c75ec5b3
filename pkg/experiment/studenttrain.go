package experiment

import (
	"context"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// Streams of one trial of Students.
const (
	streamTeacher = iota
	streamStudent
	streamPoints
	streamProbes
)

// teacher returns the target of a trial.
func (s Students) teacher(trial int) (*relu.Network, error) {
	return relu.NewTeacher(s.Teacher, s.D, task.Stream(s.Seed, uint64(trial), streamTeacher))
}

// student returns the start of a trial: every network of the trial begins there.
func (s Students) student(trial int) (*relu.Network, error) {
	return relu.NewStudent(s.Width, s.D, s.Alpha, task.Stream(s.Seed, uint64(trial), streamStudent))
}

// probe returns the points on which the kernels of a trial are compared.
func (s Students) probe(trial int) *mat.Dense {
	return task.Normal(probes, s.D, task.Stream(s.Seed, uint64(trial), streamProbes))
}

// sample draws n points of the target g; all procedures see the same ones.
func (s Students) sample(g *relu.Network, trial, n int) (*mat.Dense, []float64, *relu.Loss, error) {
	x := task.Normal(n, s.D, task.Stream(s.Seed, uint64(trial), streamPoints, uint64(n)))
	y := g.Predict(x)
	loss, err := relu.SampleLoss(x, y)
	return x, y, loss, err
}

// train fills in one part.
func (s Students) train(ctx context.Context, e *StudentEnd) error {
	target, err := s.teacher(e.Trial)
	if err != nil {
		return err
	}
	e.Square = relu.Inner(target, target)
	student, err := s.student(e.Trial)
	if err != nil {
		return err
	}
	fit := func(loss *relu.Loss) error {
		report, err := student.Train(ctx, loss, relu.Options{})
		if err == nil && !report.Converged && !report.Settled {
			err = fmt.Errorf("the relative loss is still %.2g after %d gradients", report.Loss, report.Gradients)
		}
		e.Loss = math.Max(e.Loss, report.Loss)
		e.Gradients += report.Gradients
		if report.Settled {
			e.Settled++
		}
		return err
	}
	risk := func(f *relu.Network) float64 { return relu.Risk(f, target) / e.Square }
	if e.N > 0 {
		_, _, loss, err := s.sample(target, e.Trial, e.N)
		if err != nil {
			return err
		}
		err = fit(loss)
		e.Scratch = risk(student)
		return err
	}

	source, err := target.Without(e.Mu)
	if err != nil {
		return err
	}
	if err := fit(relu.PopulationLoss(source)); err != nil {
		return err
	}
	space, err := s.compare(e, student, source, target)
	if err != nil {
		return err
	}
	pretrained := student
	for _, n := range s.N {
		x, y, loss, err := s.sample(target, e.Trial, n)
		if err != nil {
			return err
		}
		if s.runs(Transfer) {
			f, err := pretrained.Transfer(space, x, y)
			if err != nil {
				return err
			}
			all, err := pretrained.TransferAll(x, y, allRidge*e.Square)
			if err != nil {
				return err
			}
			e.Linear, e.All = append(e.Linear, risk(f)), append(e.All, risk(all))
		}
		if s.runs(FineTune) {
			student = pretrained.Clone()
			if err := fit(loss); err != nil {
				return err
			}
			e.FineTune = append(e.FineTune, risk(student))
		}
	}
	return nil
}

// compare measures the features of a pretrained student against those of the source,
// and returns the space of their leading directions.
func (s Students) compare(e *StudentEnd, student, source, target *relu.Network) (leading *task.Space, err error) {
	e.Features = len(source.C)
	if e.Floor, _, err = floor(target, e.Mu); err != nil {
		return nil, err
	}
	all, err := student.Space(0)
	if err != nil {
		return nil, err
	}
	if e.Outside, err = student.Residual(all, target); err != nil {
		return nil, err
	}
	if leading, err = all.Leading(e.Features); err != nil {
		return nil, err
	}
	if e.Residual, err = student.Residual(leading, target); err != nil {
		return nil, err
	}
	x := s.probe(e.Trial)
	e.Alignment, err = task.Alignment(student.Kernel(x), source.Kernel(x))
	return leading, err
}

// floor returns the part ρ of the target outside the neurons that the source at mu
// has left, and ‖f_t‖².
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
