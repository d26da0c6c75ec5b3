package experiment

import (
	"math"
	"math/rand/v2"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
)

// The random streams of a trial.
const (
	streamTasks = iota
	streamWeights
	streamLaw
	streamTarget
	streamSource
)

// dataStream returns a random stream for the data of a trial. It depends on d, the seed,
// the trial and the index stream alone: all cells of a trial have one source, one plane of
// targets, and the first n points of one target and one source sample. So cells are
// compared on the same data, a cell keeps its data when the grid changes around it, and
// Solve and Train have the same data.
func dataStream(seed uint64, d, trial, stream int) *rand.Rand {
	return task.Stream(seed, uint64(d), uint64(trial), uint64(stream))
}

// ownStream returns a random stream of a cell. Cells share it only if they differ in
// nothing but ridge, depth or weight decay.
func ownStream(seed uint64, s theory.Setting, trial, stream int) *rand.Rand {
	return task.Stream(seed, uint64(s.N), uint64(s.D), math.Float64bits(s.Theta), math.Float64bits(s.Sigma),
		uint64(s.Features), uint64(s.SourceN), math.Float64bits(s.SourceSigma), math.Float64bits(s.Norm), uint64(trial), uint64(stream))
}

// sample is the data of one trial. source is empty for unlimited source data.
type sample struct {
	pair           task.Pair
	target, source task.Data
}

// dataSet draws the data of one cell of a trial.
func dataSet(seed uint64, s theory.Setting, trial int) (set sample, err error) {
	if set.pair, err = task.NewFamily(s.D, max(1, s.Features), s.Theta, s.Sigma, dataStream(seed, s.D, trial, streamTasks)); err != nil {
		return set, err
	}
	if s.Norm != 0 {
		floats.Scale(s.Norm, set.pair.Target)
	}
	if set.target, err = set.pair.Draw(s.N, dataStream(seed, s.D, trial, streamTarget)); err != nil || s.SourceN == 0 {
		return set, err
	}
	set.source, err = set.pair.DrawSource(s.SourceN, s.SourceSigma, dataStream(seed, s.D, trial, streamSource))
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
