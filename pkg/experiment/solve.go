package experiment

import (
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// dataSets holds the data and solutions that the cells of one trial share. End points are
// linear in the labels, and labels in cos θ, sin θ and σ: given X⁺[Xβs, Xe, ε] at one n,
// where e is the direction of the target orthogonal to the source, a cell of any θ and σ
// costs O(d).
type dataSets struct {
	seed   uint64
	d      int
	trial  int
	most   int // points of the largest target sample
	mostIn int // points of the largest source sample

	pairs          map[int]task.Pair // by k, the number of source tasks
	target, source *inputs
	at             *fits // of the previous cell
	pretrained     map[pretraining][]float64
}

// inputs are the points of a sample and their label noise at σ = 1.
type inputs struct {
	x      *mat.Dense
	noise  []float64
	design *linear.Design
}

// pretraining is the key of a pretrained vector.
type pretraining struct {
	k, n  int // n = 0 for unlimited source data
	sigma float64
}

// fits holds the solutions that all cells at one n and k share.
type fits struct {
	n, k         int
	x            *mat.Dense
	seen         *mat.Dense           // n×3: Xβs, Xe, ε
	interpolator *linear.Interpolator // this and the following are computed when needed
	ends         *mat.Dense           // d×3: X⁺ times seen
	ridges       map[float64]*mat.Dense
	heads        map[pretraining]*linear.Head
	nulls        map[pretraining][]float64
	path         *linear.Path
}

func newDataSets(seed uint64, trial int, settings []theory.Setting) *dataSets {
	w := &dataSets{seed: seed, trial: trial, pairs: map[int]task.Pair{}, pretrained: map[pretraining][]float64{}}
	for _, s := range settings {
		w.d, w.most, w.mostIn = s.D, max(w.most, s.N), max(w.mostIn, s.SourceN)
	}
	return w
}

// inOrder returns the indices of settings in an order in which cells that share solutions
// are adjacent.
func inOrder(settings []theory.Setting) []int {
	out := make([]int, len(settings))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(i, j int) int {
		a, b := settings[i], settings[j]
		return slices.Compare([]int{a.N, a.Features, a.SourceN}, []int{b.N, b.Features, b.SourceN})
	})
	return out
}

func (w *dataSets) draw(n, stream int) *inputs {
	p := &inputs{}
	p.x, p.noise = task.Sample(n, w.d, dataStream(w.seed, w.d, w.trial, stream))
	p.design = linear.NewDesign(p.x)
	return p
}

// memo returns known[key]; if there is none, it builds and stores it.
func memo[K comparable, V any](known map[K]V, key K, build func() (V, error)) (V, error) {
	if v, ok := known[key]; ok {
		return v, nil
	}
	v, err := build()
	if err == nil {
		known[key] = v
	}
	return v, err
}

// pair returns the tasks with k sources, at θ = 0 and without noise.
func (w *dataSets) pair(k int) (task.Pair, error) {
	return memo(w.pairs, k, func() (task.Pair, error) {
		return task.NewFamily(w.d, k, 0, 0, dataStream(w.seed, w.d, w.trial, streamTasks))
	})
}

// fits returns the solutions that cells at n points and k source tasks share.
func (w *dataSets) fits(n, k int, pair task.Pair) *fits {
	if w.target == nil {
		w.target = w.draw(w.most, streamTarget)
	}
	if w.at != nil && w.at.n == n && w.at.k == k {
		return w.at
	}
	f := &fits{n: n, k: k, x: w.target.design.Rows(n),
		ridges: map[float64]*mat.Dense{}, heads: map[pretraining]*linear.Head{}, nulls: map[pretraining][]float64{}}
	if w.at != nil && w.at.n == n {
		f.interpolator, f.path = w.at.interpolator, w.at.path
	}
	f.seen = mat.NewDense(n, 3, nil)
	for j, v := range [][]float64{pair.Source, pair.Outside} {
		var xv mat.VecDense
		xv.MulVec(f.x, mat.NewVecDense(w.d, v))
		f.seen.SetCol(j, xv.RawVector().Data)
	}
	f.seen.SetCol(2, w.target.noise[:n])
	w.at = f
	return f
}

func (w *dataSets) interpolate(f *fits) *linear.Interpolator {
	if f.interpolator == nil {
		f.interpolator = w.target.design.Interpolator(f.n)
	}
	return f.interpolator
}

// scratch returns X⁺ of the columns of seen.
func (w *dataSets) scratch(f *fits) (*mat.Dense, error) {
	var err error
	if f.ends == nil {
		f.ends, err = w.interpolate(f).MinNorms(f.seen)
	}
	return f.ends, err
}

// tuned returns the ridge solutions for the columns of seen; lambda = 0 is scratch.
func (w *dataSets) tuned(f *fits, lambda float64) (*mat.Dense, error) {
	if lambda == 0 {
		return w.scratch(f)
	}
	return memo(f.ridges, lambda, func() (*mat.Dense, error) { return w.target.design.Ridge(f.seen, lambda) })
}

// pretrain returns the end point of pretraining: βs, or X_s⁺y_s from finite data.
func (w *dataSets) pretrain(p pretraining, pair task.Pair) ([]float64, error) {
	if p.n == 0 {
		return pair.Source, nil
	}
	return memo(w.pretrained, p, func() ([]float64, error) {
		if w.source == nil {
			w.source = w.draw(w.mostIn, streamSource)
		}
		var y mat.VecDense
		y.MulVec(w.source.design.Rows(p.n), mat.NewVecDense(w.d, pair.Source))
		floats.AddScaled(y.RawVector().Data, p.sigma, w.source.noise[:p.n])
		return w.source.design.Interpolator(p.n).MinNorm(y.RawVector().Data)
	})
}

// null returns the projection of a pretrained vector onto the null space of the target
// data.
func (w *dataSets) null(f *fits, p pretraining, source []float64) ([]float64, error) {
	return memo(f.nulls, p, func() ([]float64, error) { return w.interpolate(f).NullSpace(source) })
}

// combine returns the sum of the columns of a with the weights w.
func combine(a *mat.Dense, w []float64) []float64 {
	var out mat.VecDense
	out.MulVec(a, mat.NewVecDense(len(w), w))
	return out.RawVector().Data
}

// solve returns the risks of one cell.
func (e Experiment) solve(s theory.Setting, w *dataSets) (theory.Risks, error) {
	r := unmeasured()
	k := max(1, s.Features)
	pair, err := w.pair(k)
	if err != nil {
		return r, err
	}
	f := w.fits(s.N, k, pair)
	if pair, err = pair.At(s.Theta, s.Sigma); err != nil {
		return r, err
	}
	norm := 1.0
	if s.Norm != 0 {
		norm = s.Norm
		floats.Scale(norm, pair.Target)
	}
	weights := []float64{norm * math.Cos(s.Theta), norm * math.Sin(s.Theta), s.Sigma}

	from := pretraining{k, s.SourceN, s.SourceSigma}
	var source []float64
	if e.runs(Transfer) || e.runs(FineTune) {
		if source, err = w.pretrain(from, pair); err != nil {
			return r, err
		}
	}
	if e.runs(Transfer) {
		features := pair.Sources
		if s.SourceN > 0 {
			features = mat.NewDense(s.D, 1, source)
		}
		head, err := memo(f.heads, from, func() (*linear.Head, error) { return linear.NewHead(f.x, features, 0) })
		if err != nil {
			return r, err
		}
		beta, err := head.Fit(combine(f.seen, weights), s.Lambda)
		if err != nil {
			return r, err
		}
		r.Linear = pair.Risk(beta)
		if r.Residual, err = outside(features, 0, pair.Target); err != nil {
			return r, err
		}
	}
	if e.runs(Tuned) {
		ends, err := w.tuned(f, theory.TunedRidge(s))
		if err != nil {
			return r, err
		}
		r.Tuned = pair.Risk(combine(ends, weights))
	}
	if e.runs(Scratch) && s.Decay > 0 {
		if f.path == nil {
			f.path = w.target.design.Path(s.N)
		}
		beta, _, err := f.path.WeightDecay(combine(f.seen, weights), s.Decay)
		if err != nil {
			return r, err
		}
		r.Scratch = pair.Risk(beta)
	}
	if (!e.runs(Scratch) || s.Decay > 0) && !e.runs(FineTune) {
		return r, nil
	}
	ends, err := w.scratch(f)
	if err != nil {
		return r, err
	}
	scratch := combine(ends, weights)
	r.Scratch = pair.Risk(scratch)
	if e.runs(FineTune) {
		null, err := w.null(f, from, source)
		if err != nil {
			return r, err
		}
		tuned, err := linear.FineTune(scratch, null, floats.Norm(source, 2), func(a, b, r float64) (float64, error) {
			return theory.Scale(s.Depth, a, b, r)
		})
		if err != nil {
			return r, err
		}
		r.FineTune, r.Scale = pair.Risk(tuned.Beta), tuned.Scale
	}
	return r, nil
}
