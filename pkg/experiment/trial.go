package experiment

import (
	"context"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// featureCutoff is the relative singular value below which a direction of the
// pretrained features counts as not learned: far above the O(α) of a random
// start that is left over, far below the 1 of the learned direction.
const featureCutoff float64 = 0.1

// Streams of one trial. The data have their own, so that Solve and Train see
// the same data sets.
const (
	streamData = iota
	streamWeights
)

// path identifies a cell by its values, not by its place in the grid: a cell
// keeps its data when the grid around it changes.
func path(s theory.Setting, trial, stream int) []uint64 {
	return []uint64{uint64(s.N), uint64(s.D), math.Float64bits(s.Theta), math.Float64bits(s.Sigma),
		math.Float64bits(s.Lambda), uint64(s.Depth), uint64(trial), uint64(stream)}
}

// trial measures one data set. Procedures that are not run leave NaN behind.
func (e Experiment) trial(ctx context.Context, s theory.Setting, i int) (r theory.Risks, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in trial %d of %v: %v", i, s, p)
		}
	}()
	if e.Method == Law {
		law, err := theory.NewLaw(s)
		if err != nil {
			return r, err
		}
		return law.Draw(task.Stream(e.Seed, path(s, i, streamData)...)), nil
	}
	pair, data, err := dataSet(e.Seed, s, i)
	if err != nil {
		return r, err
	}
	if e.Method == Solve {
		return e.solve(s, pair, data)
	}
	return e.train(ctx, s, i, pair, data)
}

// dataSet draws the pair of tasks and the target data of one trial.
func dataSet(seed uint64, s theory.Setting, trial int) (task.Pair, task.Data, error) {
	rng := task.Stream(seed, path(s, trial, streamData)...)
	pair, err := task.NewPair(s.D, s.Theta, s.Sigma, rng)
	if err != nil {
		return pair, task.Data{}, err
	}
	data, err := pair.Draw(s.N, rng)
	return pair, data, err
}

func unmeasured() theory.Risks {
	nan := math.NaN()
	return theory.Risks{Scratch: nan, Linear: nan, FineTune: nan, Scale: nan}
}

func (e Experiment) solve(s theory.Setting, pair task.Pair, data task.Data) (theory.Risks, error) {
	r := unmeasured()
	if e.runs(Transfer) {
		beta, err := linear.Transfer(data, mat.NewDense(s.D, 1, pair.Source), s.Lambda, 0)
		if err != nil {
			return r, err
		}
		r.Linear = pair.Risk(beta)
	}
	if !e.runs(Scratch) && !e.runs(FineTune) {
		return r, nil
	}
	p := linear.NewInterpolator(data.X)
	scratch, err := p.MinNorm(data.Y)
	if err != nil {
		return r, err
	}
	r.Scratch = pair.Risk(scratch)
	if e.runs(FineTune) {
		tuned, err := linear.FineTune(p, scratch, pair.Source, func(a, b, r float64) (float64, error) {
			return theory.Scale(s.Depth, a, b, r)
		})
		if err != nil {
			return r, err
		}
		r.FineTune, r.Scale = pair.Risk(tuned.Beta), tuned.Scale
	}
	return r, nil
}

func (e Experiment) train(ctx context.Context, s theory.Setting, i int, pair task.Pair, data task.Data) (theory.Risks, error) {
	r := unmeasured()
	loss, err := linear.SampleLoss(data)
	if err != nil {
		return r, err
	}
	rng := task.Stream(e.Seed, path(s, i, streamWeights)...)
	fit := func(loss *linear.Loss) (*linear.Network, error) {
		net, err := linear.NewNetwork(s.D, s.Depth, e.Alpha, rng)
		if err == nil {
			_, err = net.Train(ctx, loss, linear.Options{})
		}
		return net, err
	}
	if e.runs(Scratch) {
		net, err := fit(loss)
		if err != nil {
			return r, err
		}
		r.Scratch = pair.Risk(net.Beta())
	}
	if !e.runs(Transfer) && !e.runs(FineTune) {
		return r, nil
	}
	net, err := fit(linear.PopulationLoss(pair.Source))
	if err != nil {
		return r, err
	}
	if e.runs(Transfer) {
		cutoff := featureCutoff
		if e.ExactFit {
			cutoff = 0
		}
		beta, err := linear.Transfer(data, net.Features(), s.Lambda, cutoff)
		if err != nil {
			return r, err
		}
		r.Linear = pair.Risk(beta)
	}
	if e.runs(FineTune) {
		null, err := linear.NewInterpolator(data.X).NullSpace(net.Beta())
		if err != nil {
			return r, err
		}
		if _, err := net.Train(ctx, loss, linear.Options{}); err != nil {
			return r, err
		}
		beta := net.Beta()
		r.FineTune = pair.Risk(beta)
		if s.N < s.D { // where there is a null space to measure c in
			r.Scale = floats.Dot(null, beta) / floats.Dot(null, null)
		}
	}
	return r, nil
}
