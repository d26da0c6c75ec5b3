package experiment

import (
	"context"
	"math/rand/v2"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// featureCutoff is the relative singular value below which a direction of the pretrained
// features counts as not learned: far above the O(α) remainder of the random start, far
// below the 1 of the learned direction.
const featureCutoff float64 = 0.1

// outside is the squared part of the target outside the k leading directions of the features
// (d×h), or outside all of them at k = 0.
func outside(features *mat.Dense, k int, target []float64) (float64, error) {
	var gram mat.SymDense
	gram.SymOuterK(1, features.T())
	space, err := task.NewSpace(&gram, k)
	if err != nil {
		return 0, err
	}
	var inner mat.VecDense
	inner.MulVec(features.T(), mat.NewVecDense(len(target), target))
	return space.Residual(inner.RawVector().Data, floats.Dot(target, target))
}

// tuned returns the ridge solution at the best ridge, which is 0 without noise.
func tuned(s theory.Setting, data task.Data) ([]float64, error) {
	if lambda := theory.TunedRidge(s); lambda > 0 {
		return linear.Ridge(data, lambda)
	}
	return linear.NewInterpolator(data.X).MinNorm(data.Y)
}

func (e Experiment) train(ctx context.Context, s theory.Setting, trial int) (theory.Risks, error) {
	r := unmeasured()
	set, err := dataSet(e.Seed, s, trial)
	if err != nil {
		return r, err
	}
	loss, err := linear.SampleLoss(set.target)
	if err != nil {
		return r, err
	}
	rng := ownStream(e.Seed, s, trial, streamWeights)
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
		// The weight decay that is equivalent to the best ridge on these data.
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
		if r.Residual, err = outside(net.Features(), learned, set.pair.Target); err != nil {
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

// pretrain returns the network pretrained on all source tasks, or on the source sample, or,
// with Balanced, the balanced network at the end point.
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
