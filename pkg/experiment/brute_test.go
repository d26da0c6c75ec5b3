package experiment

import (
	"fmt"
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// bySVD returns the pseudo-inverse of a matrix.
func bySVD(a mat.Matrix) *mat.Dense {
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		panic("no singular values")
	}
	var u, v, out mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	s := svd.Values(nil)
	inverse := mat.NewDense(len(s), len(s), nil)
	for i, x := range s {
		if x > 1e-10*s[0] {
			inverse.Set(i, i, 1/x)
		}
	}
	out.Product(&v, inverse, u.T())
	return &out
}

// times returns A·v.
func times(a mat.Matrix, v []float64) []float64 {
	var out mat.VecDense
	out.MulVec(a, mat.NewVecDense(len(v), v))
	return out.RawVector().Data
}

// ridgeByHand returns (XᵀX + nλ)⁻¹Xᵀy.
func ridgeByHand(x *mat.Dense, y []float64, lambda float64) []float64 {
	n, d := x.Dims()
	var gram, inverse mat.Dense
	gram.Mul(x.T(), x)
	for i := range d {
		gram.Set(i, i, gram.At(i, i)+float64(n)*lambda)
	}
	if err := inverse.Inverse(&gram); err != nil {
		panic(err)
	}
	return times(&inverse, times(x.T(), y))
}

// drawn data of a trial, from the streams that the seed names.
type byHand struct {
	pair           task.Pair
	target         []float64
	x              *mat.Dense
	y              []float64
	source         []float64 // the end of pretraining
	sourceX        *mat.Dense
	sourceY, noise []float64
}

func drawByHand(t *testing.T, seed uint64, s theory.Setting, trial int) (h byHand) {
	t.Helper()
	stream := func(k uint64) []uint64 { return []uint64{uint64(s.D), uint64(trial), k} }
	var err error
	if h.pair, err = task.NewFamily(s.D, max(1, s.Features), 0, 0, task.Stream(seed, stream(0)...)); err != nil {
		t.Fatal(err)
	}
	norm := s.Norm
	if norm == 0 {
		norm = 1
	}
	h.target = make([]float64, s.D)
	floats.AddScaled(h.target, norm*math.Cos(s.Theta), h.pair.Source)
	floats.AddScaled(h.target, norm*math.Sin(s.Theta), h.pair.Outside)
	h.x, h.noise = task.Sample(s.N, s.D, task.Stream(seed, stream(3)...))
	h.y = times(h.x, h.target)
	floats.AddScaled(h.y, s.Sigma, h.noise)
	h.source = h.pair.Source
	if s.SourceN > 0 {
		x, noise := task.Sample(s.SourceN, s.D, task.Stream(seed, stream(4)...))
		y := times(x, h.pair.Source)
		floats.AddScaled(y, s.SourceSigma, noise)
		h.source, h.sourceX, h.sourceY = times(bySVD(x), y), x, y
	}
	return h
}

// root is the zero of a rising function between lo and hi, by bisection.
func root(lo, hi float64, f func(x float64) float64) float64 {
	for range 200 {
		if mid := (lo + hi) / 2; f(mid) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// scaleByHand is the positive root of r²c^(2L/(L−1)) = ac² + b (paper.md, section 6).
func scaleByHand(depth int, a, b, r float64) float64 {
	if depth == 1 {
		return 1
	}
	power := 2 * float64(depth) / float64(depth-1)
	return root(1e-9, 1e3, func(c float64) float64 { return r*r*math.Pow(c, power-2) - a - b/(c*c) })
}

// bruteForce computes the risks of one trial by dense algebra.
func bruteForce(t *testing.T, seed uint64, s theory.Setting, trial int) map[theory.Quantity]float64 {
	t.Helper()
	h := drawByHand(t, seed, s, trial)
	risk := func(beta []float64) float64 { r := floats.Distance(beta, h.target, 2); return r * r }
	out := map[theory.Quantity]float64{}
	plus := bySVD(h.x)
	scratch := times(plus, h.y)
	out[theory.RiskScratch] = risk(scratch)
	if s.Decay > 0 { // λ‖β_λ‖ = μ, and 0 from μ = ‖Xᵀy‖/n on
		beta := make([]float64, s.D)
		if top := floats.Norm(times(h.x.T(), h.y), 2) / float64(s.N); s.Decay < top {
			lambda := root(0, 1e4, func(l float64) float64 { return l*floats.Norm(ridgeByHand(h.x, h.y, l+1e-14), 2) - s.Decay })
			beta = ridgeByHand(h.x, h.y, lambda)
		}
		out[theory.RiskScratch] = risk(beta)
	}
	// Linear transfer: least squares, or ridge, on the features.
	features := mat.DenseCopyOf(h.pair.Sources)
	if s.SourceN > 0 {
		features = mat.NewDense(s.D, 1, h.source)
	}
	var seen mat.Dense
	seen.Mul(h.x, features)
	head := times(bySVD(&seen), h.y)
	if s.Lambda > 0 {
		head = ridgeByHand(&seen, h.y, s.Lambda)
	}
	out[theory.RiskLinear] = risk(times(features, head))
	inside := times(features, times(bySVD(features), h.target))
	away := floats.Distance(inside, h.target, 2)
	out[theory.FeatureResidual] = away * away / floats.Dot(h.target, h.target)
	// Fine-tuning: β_sc + c·Uβ̂s.
	null := append([]float64(nil), h.source...)
	floats.Sub(null, times(plus, times(h.x, h.source)))
	if s.N >= s.D {
		null = make([]float64, s.D)
	}
	c := scaleByHand(s.Depth, floats.Dot(null, null), floats.Dot(scratch, scratch), floats.Norm(h.source, 2))
	tuned := append([]float64(nil), scratch...)
	floats.AddScaled(tuned, c, null)
	out[theory.RiskFineTune], out[theory.ScaleC] = risk(tuned), c
	// The best ridge is σ²d/(n‖βt‖²).
	best := scratch
	if s.Sigma > 0 {
		best = ridgeByHand(h.x, h.y, s.Sigma*s.Sigma*float64(s.D)/float64(s.N)/floats.Dot(h.target, h.target))
	}
	out[theory.RiskTuned] = risk(best)
	out[theory.TLinear] = out[theory.RiskScratch] - out[theory.RiskLinear]
	out[theory.TFineTune] = out[theory.RiskScratch] - out[theory.RiskFineTune]
	out[theory.TLinearTuned] = out[theory.RiskTuned] - out[theory.RiskLinear]
	return out
}

// The end points of a trial are those of dense algebra on the same data, in every regime.
func TestSolveByHand(t *testing.T) {
	all := []Procedure{Scratch, Transfer, FineTune, Tuned}
	theta, gamma := []float64{0.6, 2.3}, []float64{0.44, 0.8, 1.5}
	for name, e := range map[string]Experiment{
		"finite source": {Procedures: all, Grid: Grid{D: 9, Gamma: gamma, Theta: theta, Sigma: []float64{0.4, 0}, Depth: []int{1, 2, 4}, SourceGamma: []float64{0.6, 1.6}, SourceSigma: []float64{0.9, 0}}},
		"unlimited":     {Procedures: all, Grid: Grid{D: 9, Gamma: gamma, Theta: theta, Sigma: []float64{0.4}, Depth: []int{3}, Lambda: []float64{0, 0.3}}},
		"features":      {Procedures: []Procedure{Scratch, Transfer, Tuned}, Grid: Grid{D: 9, Gamma: []float64{0.67, 1.5}, Theta: theta, Sigma: []float64{0.4}, Features: []int{1, 3}, Norm: []float64{1.7, 1}}},
		"decay":         {Procedures: []Procedure{Scratch}, Grid: Grid{D: 9, Gamma: gamma, Theta: theta[1:], Sigma: []float64{0.4, 1.1}, Decay: []float64{0, 0.07, 0.5, 8}}},
	} {
		e.Method, e.Trials, e.Seed = Solve, 3, 21
		compared := 0
		for _, c := range must(t, e.Run()).Cells {
			for k := range e.Trials {
				for q, want := range bruteForce(t, e.Seed, c.Setting, k) {
					got := trialOf(c, q, k)
					if q == theory.ScaleC && c.Setting.N >= c.Setting.D || math.IsNaN(got) {
						continue // no null space to measure c in, or not run
					}
					compared++
					if math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
						t.Errorf("%s, %v, trial %d: %s = %v, by hand %v", name, c, k, q, got, want)
					}
				}
			}
		}
		if want := map[string]int{"finite source": 9, "unlimited": 9, "features": 6, "decay": 1}[name]; compared < want*e.Trials*2 {
			t.Errorf("%s: only %d numbers compared", name, compared)
		}
	}
}

// Which procedures are measured is what was asked for: all three and not the tuned baseline
// by default.
func TestProceduresAreThoseAskedFor(t *testing.T) {
	of := map[Procedure][]theory.Quantity{Scratch: {theory.RiskScratch}, Transfer: {theory.RiskLinear, theory.FeatureResidual}, FineTune: {theory.RiskFineTune, theory.ScaleC}, Tuned: {theory.RiskTuned}}
	for _, method := range []Method{Solve, Train} {
		for _, asked := range [][]Procedure{nil, {Scratch}, {Transfer}, {FineTune}, {Tuned}, {Scratch, Transfer}, {Scratch, Tuned}} {
			r := must(t, Experiment{Method: method, Trials: 2, Seed: 2, Procedures: asked, Grid: Grid{D: 4, Gamma: []float64{0.5}, Theta: []float64{0.5}, Sigma: []float64{0.3}}}.Run())
			runs := map[Procedure]bool{}
			for _, p := range asked {
				runs[p] = true
			}
			for p, quantities := range of {
				want := runs[p] || asked == nil && p != Tuned || p == Scratch && runs[FineTune] && method == Solve // comes for free
				for _, q := range quantities {
					if _, err := r.Cells[0].Mean(q); (err == nil) != want {
						t.Errorf("%s of %q: %s: %v", method, asked, q, err)
					}
				}
			}
		}
	}
}

// Training ends where dense algebra says: with noise of the source that is not that of the
// target, and from the balanced end of a pretraining on a finite sample.
func TestTrainByHand(t *testing.T) {
	for name, e := range map[string]Experiment{
		"finite source": {Alpha: 1e-3, Grid: Grid{D: 6, Gamma: []float64{0.5, 1.5}, Theta: []float64{2.1}, Sigma: []float64{0.2}, SourceGamma: []float64{0.67}, SourceSigma: []float64{0.9}}},
		"balanced": {Balanced: true, Procedures: []Procedure{Transfer, FineTune}, Grid: Grid{D: 6, Gamma: []float64{0.5}, Theta: []float64{2.1}, Sigma: []float64{0.2}, Depth: []int{2, 4},
			SourceGamma: []float64{0.67, 1.5}, SourceSigma: []float64{0.9}}},
		"ridge":    {Alpha: 1e-3, Procedures: []Procedure{Transfer}, Grid: Grid{D: 6, Gamma: []float64{0.5}, Theta: []float64{0.7}, Sigma: []float64{0.2}, Lambda: []float64{0.4}}},
		"features": {Alpha: 1e-4, Procedures: []Procedure{Transfer}, Grid: Grid{D: 6, Gamma: []float64{0.84}, Theta: []float64{0.7}, Sigma: []float64{0.2}, Features: []int{2}}},
		"decay":    {Procedures: []Procedure{Scratch, Tuned}, Grid: Grid{D: 6, Gamma: []float64{0.67, 1.5}, Sigma: []float64{0.8}, Decay: []float64{0.3}}},
	} {
		e.Method, e.Trials, e.Seed = Train, 3, 22
		for _, c := range must(t, e.Run()).Cells {
			for k := range e.Trials {
				for q, want := range bruteForce(t, e.Seed, c.Setting, k) {
					got := trialOf(c, q, k)
					if math.IsNaN(got) {
						continue
					}
					if math.Abs(got-want) > 0.01*(1+math.Abs(want)) { // O(α) and the error of the flow
						t.Errorf("%s, %v, trial %d: %s = %v, by hand %v", name, c, k, q, got, want)
					}
				}
			}
		}
	}
}

// An exact fit uses the directions that were not learned, and behaves like training from
// scratch (paper.md, section 4): on all d directions it is the minimum-norm solution. The
// cutoff leaves the one learned direction, and with it the floor sin²θ.
func TestExactFitIsScratch(t *testing.T) {
	e := Experiment{Method: Train, Trials: 2, Seed: 5, Alpha: 0.05, Procedures: []Procedure{Transfer}, Grid: Grid{D: 4, Gamma: []float64{0.75, 2}, Theta: []float64{2}, Sigma: []float64{0.3}}}
	cut := must(t, e.Run())
	e.ExactFit = true
	for i, c := range must(t, e.Run()).Cells {
		for k := range e.Trials {
			want := bruteForce(t, e.Seed, c.Setting, k)[theory.RiskScratch]
			if got := trialOf(c, theory.RiskLinear, k); math.Abs(got-want) > 1e-6*(1+want) {
				t.Errorf("%v, trial %d: R_lt = %v on all features, R_sc = %v by hand", c, k, got, want)
			}
			if rho := trialOf(c, theory.FeatureResidual, k); rho > 1e-6 {
				t.Errorf("%v, trial %d: ρ = %v outside all directions", c, k, rho)
			}
			if rho, want := trialOf(cut.Cells[i], theory.FeatureResidual, k), math.Pow(math.Sin(2), 2); math.Abs(rho-want) > 0.02 {
				t.Errorf("%v, trial %d: ρ = %v outside the learned direction, sin²θ = %v", c, k, rho, want)
			}
		}
	}
}

// The law has the same numbers whether draws are in one unit or in several, and unit k of a
// cell holds the trials that its title says.
func TestDrawsOfTheLawInUnits(t *testing.T) {
	e := Experiment{Method: Law, Trials: 2*block + 5, Seed: 3, Grid: Grid{D: 12, Gamma: []float64{0.5, 2}, Theta: []float64{0.8}, Sigma: []float64{0.3}}}
	long := must(t, e.Run())
	e.Trials = 7
	short := must(t, e.Run())
	for i, c := range short.Cells {
		for q, x := range c.values {
			for k, v := range x {
				if long.Cells[i].values[q][k] != v {
					t.Errorf("%v: draw %d of %s = %v of 7, %v of %d", c, k, q, v, long.Cells[i].values[q][k], 2*block+5)
				}
			}
		}
		for q, x := range long.Cells[i].values {
			for k, v := range x {
				if math.IsNaN(v) {
					t.Fatalf("%v: draw %d of %s is missing", c, k, q)
				}
			}
		}
	}
	e.Trials = 2*block + 5
	p, err := e.plan()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for unit := range p.work.Units {
		n := p.work.Trials(unit)
		sum += n
		first := unit % 3 * block
		if want := fmt.Sprintf("trials %d to %d at %v", first, first+n-1, p.cells[unit/3].Setting); p.work.Title(unit) != want {
			t.Errorf("unit %d is %q, want %q", unit, p.work.Title(unit), want)
		}
	}
	if p.work.Units != 6 || sum != 2*e.Trials {
		t.Errorf("%d units of %d draws", p.work.Units, sum)
	}
}
