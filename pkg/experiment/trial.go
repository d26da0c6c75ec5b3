package experiment

import (
	"context"
	"math"
	"math/rand/v2"

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
	streamLaw
)

// path identifies the data of a cell by its values, not by its place in the
// grid: a cell keeps its data when the grid around it changes. Ridge, depth and
// weight decay are left out: they are compared on the same data sets.
func path(s theory.Setting, trial, stream int) []uint64 {
	return []uint64{uint64(s.N), uint64(s.D), math.Float64bits(s.Theta), math.Float64bits(s.Sigma),
		uint64(s.Features), uint64(s.SourceN), math.Float64bits(s.SourceSigma), math.Float64bits(s.Norm), uint64(trial), uint64(stream)}
}

// trial measures one data set. Procedures that are not run leave NaN behind.
func (e Experiment) trial(ctx context.Context, s theory.Setting, i int) (theory.Risks, error) {
	if e.Method == Law {
		law, err := theory.NewLaw(s)
		if err != nil {
			return theory.Risks{}, err
		}
		return law.Draw(task.Stream(e.Seed, path(s, i, streamLaw)...)), nil
	}
	key := struct {
		Setting    theory.Setting
		Trial      int
		Seed       uint64
		Method     Method
		Procedures []bool
		Alpha      float64
		ExactFit   bool
		Balanced   bool
	}{Setting: s, Trial: i, Seed: e.Seed, Method: e.Method}
	for _, p := range []Procedure{Scratch, Transfer, FineTune, Tuned} {
		key.Procedures = append(key.Procedures, e.runs(p))
	}
	if e.Method == Train {
		key.Alpha, key.ExactFit, key.Balanced = e.Alpha, e.ExactFit, e.Balanced
	}
	return cached("trial", key, func() (theory.Risks, error) {
		set, err := dataSet(e.Seed, s, i)
		if err != nil {
			return theory.Risks{}, err
		}
		if e.Method == Solve {
			return e.solve(s, set)
		}
		return e.train(ctx, s, i, set)
	})
}

// sample is the data of one trial. source is empty for unlimited source data.
type sample struct {
	pair           task.Pair
	target, source task.Data
}

// dataSet draws the data of one trial.
func dataSet(seed uint64, s theory.Setting, trial int) (set sample, err error) {
	rng := task.Stream(seed, path(s, trial, streamData)...)
	if set.pair, err = task.NewFamily(s.D, max(1, s.Features), s.Theta, s.Sigma, rng); err != nil {
		return set, err
	}
	if s.Norm != 0 {
		floats.Scale(s.Norm, set.pair.Target)
	}
	if set.target, err = set.pair.Draw(s.N, rng); err != nil || s.SourceN == 0 {
		return set, err
	}
	set.source, err = set.pair.DrawSource(s.SourceN, s.SourceSigma, rng)
	return set, err
}

func unmeasured() theory.Risks {
	nan := math.NaN()
	return theory.Risks{Scratch: nan, Linear: nan, FineTune: nan, Scale: nan, Tuned: nan, Residual: nan}
}

// pretrained is the end point of pretraining: βs, or X_s⁺y_s from finite data.
func (set sample) pretrained() ([]float64, error) {
	if set.source.X == nil {
		return set.pair.Source, nil
	}
	return linear.NewInterpolator(set.source.X).MinNorm(set.source.Y)
}

// residual is the part of the target outside the k leading directions of the features
// (d×h), or outside all of them at k = 0.
func (set sample) residual(features *mat.Dense, k int) (float64, error) {
	var gram mat.SymDense
	gram.SymOuterK(1, features.T())
	space, err := task.NewSpace(&gram, k)
	if err != nil {
		return 0, err
	}
	var inner mat.VecDense
	inner.MulVec(features.T(), mat.NewVecDense(len(set.pair.Target), set.pair.Target))
	return space.Residual(inner.RawVector().Data, floats.Dot(set.pair.Target, set.pair.Target))
}

func (e Experiment) solve(s theory.Setting, set sample) (theory.Risks, error) {
	r := unmeasured()
	var source []float64
	var err error
	if e.runs(Transfer) || e.runs(FineTune) {
		if source, err = set.pretrained(); err != nil {
			return r, err
		}
	}
	if e.runs(Transfer) {
		features := set.pair.Sources
		if s.SourceN > 0 {
			features = mat.NewDense(s.D, 1, source)
		}
		beta, err := linear.Transfer(set.target, features, s.Lambda, 0)
		if err != nil {
			return r, err
		}
		r.Linear = set.pair.Risk(beta)
		if r.Residual, err = set.residual(features, 0); err != nil {
			return r, err
		}
	}
	if e.runs(Tuned) {
		beta, err := tuned(s, set.target)
		if err != nil {
			return r, err
		}
		r.Tuned = set.pair.Risk(beta)
	}
	if e.runs(Scratch) && s.Decay > 0 {
		beta, _, err := linear.WeightDecay(set.target, s.Decay)
		if err != nil {
			return r, err
		}
		r.Scratch = set.pair.Risk(beta)
	}
	if (!e.runs(Scratch) || s.Decay > 0) && !e.runs(FineTune) {
		return r, nil
	}
	p := linear.NewInterpolator(set.target.X)
	scratch, err := p.MinNorm(set.target.Y)
	if err != nil {
		return r, err
	}
	r.Scratch = set.pair.Risk(scratch)
	if e.runs(FineTune) {
		tuned, err := linear.FineTune(p, scratch, source, func(a, b, r float64) (float64, error) {
			return theory.Scale(s.Depth, a, b, r)
		})
		if err != nil {
			return r, err
		}
		r.FineTune, r.Scale = set.pair.Risk(tuned.Beta), tuned.Scale
	}
	return r, nil
}

// tuned is training from scratch at the best ridge, which without noise is none.
func tuned(s theory.Setting, data task.Data) ([]float64, error) {
	if lambda := theory.TunedRidge(s); lambda > 0 {
		return linear.Ridge(data, lambda)
	}
	return linear.NewInterpolator(data.X).MinNorm(data.Y)
}

func (e Experiment) train(ctx context.Context, s theory.Setting, i int, set sample) (theory.Risks, error) {
	r := unmeasured()
	loss, err := linear.SampleLoss(set.target)
	if err != nil {
		return r, err
	}
	rng := task.Stream(e.Seed, append(path(s, i, streamWeights), uint64(s.Depth))...)
	fit := func(loss *linear.Loss, outputs int, decay float64) (*linear.Network, error) {
		net, err := linear.NewMultiNetwork(s.D, outputs, s.Depth, e.Alpha, rng)
		if err == nil {
			_, err = net.Train(ctx, loss, linear.Options{Decay: decay})
		}
		return net, err
	}
	if e.runs(Scratch) {
		net, err := fit(loss, 1, s.Decay)
		if err != nil {
			return r, err
		}
		r.Scratch = set.pair.Risk(net.Beta())
	}
	if e.runs(Tuned) {
		// The weight decay whose ridge on these data is the best one.
		beta, err := tuned(s, set.target)
		if err != nil {
			return r, err
		}
		net, err := fit(loss, 1, theory.TunedRidge(s)*floats.Norm(beta, 2))
		if err != nil {
			return r, err
		}
		r.Tuned = set.pair.Risk(net.Beta())
	}
	if !e.runs(Transfer) && !e.runs(FineTune) {
		return r, nil
	}
	net, err := e.pretrain(s, set, rng, fit)
	if err != nil {
		return r, err
	}
	if e.runs(Transfer) {
		cutoff := featureCutoff
		if e.ExactFit {
			cutoff = 0
		}
		beta, err := linear.Transfer(set.target, net.Features(), s.Lambda, cutoff)
		if err != nil {
			return r, err
		}
		r.Linear = set.pair.Risk(beta)
		learned := 0 // all
		if !e.ExactFit {
			learned = max(1, s.Features)
		}
		if r.Residual, err = set.residual(net.Features(), learned); err != nil {
			return r, err
		}
	}
	if e.runs(FineTune) {
		null, err := linear.NewInterpolator(set.target.X).NullSpace(net.Beta())
		if err != nil {
			return r, err
		}
		if _, err := net.Train(ctx, loss, linear.Options{}); err != nil {
			return r, err
		}
		beta := net.Beta()
		r.FineTune = set.pair.Risk(beta)
		if s.N < s.D { // where there is a null space to measure c in
			r.Scale = floats.Dot(null, beta) / floats.Dot(null, null)
		}
	}
	return r, nil
}

// pretrain trains on the source: all of its tasks at once, or its sample, or
// where Balanced says so takes the end point.
func (e Experiment) pretrain(s theory.Setting, set sample, rng *rand.Rand, fit func(*linear.Loss, int, float64) (*linear.Network, error)) (*linear.Network, error) {
	switch {
	case e.Balanced:
		source, err := set.pretrained()
		if err != nil {
			return nil, err
		}
		return linear.NewBalanced(source, s.Depth, rng)
	case s.SourceN > 0:
		loss, err := linear.SampleLoss(set.source)
		if err != nil {
			return nil, err
		}
		return fit(loss, 1, 0)
	}
	_, k := set.pair.Sources.Dims()
	return fit(linear.PopulationLoss(mat.DenseCopyOf(set.pair.Sources.T()).RawMatrix().Data), k, 0)
}
