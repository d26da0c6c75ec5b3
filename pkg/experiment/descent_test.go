package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func minus(a, b []float64) []float64 {
	out := append([]float64(nil), a...)
	floats.Sub(out, b)
	return out
}

// ownByHand is the stream of a cell: everything in a setting but ridge, depth and decay.
func ownByHand(seed uint64, s theory.Setting, trial int, k uint64) *rand.Rand {
	bits := math.Float64bits
	return task.Stream(seed, uint64(s.N), uint64(s.D), bits(s.Theta), bits(s.Sigma), uint64(s.Features), uint64(s.SourceN), bits(s.SourceSigma), bits(s.Norm), uint64(trial), k)
}

// startByHand draws a network: entries α·N(0, 1/d), in the last layer α·N(0, 1).
func startByHand(s theory.Setting, depth, outputs int, alpha float64, rng *rand.Rand) []*mat.Dense {
	var w []*mat.Dense
	for l := range depth {
		columns, size := s.D, alpha/math.Sqrt(float64(s.D))
		if l == depth-1 {
			columns, size = outputs, alpha
		}
		m := mat.NewDense(s.D, columns, nil)
		for i := range s.D {
			for j := range columns {
				m.Set(i, j, size*rng.NormFloat64())
			}
		}
		w = append(w, m)
	}
	return w
}

// balancedByHand returns a network of rank one layers of one norm with the end-to-end map beta.
func balancedByHand(beta []float64, depth int) []*mat.Dense {
	d, norm := len(beta), floats.Norm(beta, 2)
	size := math.Pow(norm, 1/float64(depth))
	in := mat.NewVecDense(d, nil)
	in.ScaleVec(1/norm, mat.NewVecDense(d, beta))
	var w []*mat.Dense
	for l := range depth {
		out := mat.NewVecDense(1, []float64{1})
		if l < depth-1 {
			out = mat.NewVecDense(d, nil)
			out.SetVec(l%d, 1)
		}
		var m mat.Dense
		m.Outer(size, in, out)
		w, in = append(w, &m), out
	}
	return w
}

func productOf(w []*mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(w[0])
	for _, m := range w[1:] {
		var next mat.Dense
		next.Mul(out, m)
		out = &next
	}
	return out
}

// descend runs gradient descent on every matrix, each by the chain rule alone, until the
// gradient in β is 1e-7 of that at β = 0; watch sees every step. It returns the number of
// steps.
func descend(w []*mat.Dense, gradient func(beta []float64) []float64, step float64, watch func(step int, beta []float64)) int {
	d, _ := w[0].Dims()
	start := floats.Norm(gradient(make([]float64, d)), 2)
	for k := 0; ; k++ {
		beta := mat.Col(nil, 0, productOf(w))
		g := gradient(beta)
		if watch != nil {
			watch(k, beta)
		}
		if floats.Norm(g, 2) <= 1e-7*start || k > 1_000_000 {
			return k
		}
		var moves []*mat.Dense
		for l := range w {
			left, right := mat.NewDense(d, 1, g), mat.NewDense(1, 1, []float64{1})
			if l > 0 {
				var m mat.Dense
				m.Mul(productOf(w[:l]).T(), left)
				left = &m
			}
			if l < len(w)-1 {
				right = productOf(w[l+1:])
			}
			var move mat.Dense
			move.Mul(left, right.T())
			move.Scale(step, &move)
			moves = append(moves, &move)
		}
		for l := range w {
			w[l].Sub(w[l], moves[l])
		}
	}
}

// lossByHand is the gradient Xᵀ(Xβ − y)/n, and its curvature.
func lossByHand(x *mat.Dense, y []float64) (gradient func(beta []float64) []float64, curvature float64) {
	n, _ := x.Dims()
	var svd mat.SVD
	svd.Factorize(x, mat.SVDNone)
	return func(beta []float64) []float64 {
		g := times(x.T(), minus(times(x, beta), y))
		floats.Scale(1/float64(n), g)
		return g
	}, math.Pow(svd.Values(nil)[0], 2) / float64(n)
}

// Every measurement of a pretraining is that of gradient descent by hand from the same start.
func TestPretrainingByHand(t *testing.T) {
	p := Pretraining{D: 6, Depth: []int{2, 3}, Alpha: []float64{0.3, 0.6}, Step: []float64{0.02, 0.05}, Trials: 2, Seed: 9, Course: true}
	r := must(t, p.Run())
	i := 0
	for _, depth := range p.Depth {
		for _, step := range p.Step {
			for _, alpha := range p.Alpha {
				c := r.Cells[i]
				i++
				if c.Setting.D != 6 || c.Setting.Depth != depth || c.At(Alpha) != alpha || c.At(Step) != step {
					t.Fatalf("cell %d is at %v, α = %v, η = %v", i, c.Setting, c.At(Alpha), c.At(Step))
				}
				for k := range p.Trials {
					pretrainingByHand(t, p, c, k)
				}
			}
		}
	}
}

// look by hand: misalignment, drift and singular values.
func lookByHand(w []*mat.Dense, source []float64, before []*mat.Dense) (misalignment, drift float64, singular []float64) {
	features := productOf(w[:len(w)-1])
	var svd mat.SVD
	svd.Factorize(features, mat.SVDFull)
	var u mat.Dense
	svd.UTo(&u)
	for l, d := range conservedByHand(w) {
		var diff mat.Dense
		diff.Sub(d, before[l])
		var s mat.SVD
		s.Factorize(&diff, mat.SVDNone)
		drift = math.Max(drift, math.Sqrt(norm2(s.Values(nil)))) // the Frobenius norm
	}
	return 1 - math.Abs(floats.Dot(mat.Col(nil, 0, &u), source)), drift, svd.Values(nil)
}

func conservedByHand(w []*mat.Dense) (out []*mat.Dense) {
	for l := range w[:len(w)-1] {
		var a, b mat.Dense
		a.Mul(w[l].T(), w[l])
		b.Mul(w[l+1], w[l+1].T())
		a.Sub(&a, &b)
		out = append(out, &a)
	}
	return out
}

func pretrainingByHand(t *testing.T, p Pretraining, c Cell, trial int) {
	t.Helper()
	depth, alpha, step := c.Setting.Depth, c.At(Alpha), c.At(Step)
	stream := func(k uint64) *rand.Rand {
		return task.Stream(p.Seed, uint64(p.D), uint64(depth), math.Float64bits(alpha), math.Float64bits(step), uint64(trial), k)
	}
	pair, err := task.NewPair(p.D, 0, 0, stream(0))
	if err != nil {
		t.Fatal(err)
	}
	w := startByHand(theory.Setting{D: p.D}, depth, 1, alpha, stream(1))
	before := conservedByHand(w)
	course := func(q theory.Quantity, i int) curve { return c.courses[q][i] }
	escape, next, last := -1.0, 0, 0
	overlaps := []float64{}
	steps := descend(w, func(beta []float64) []float64 { return minus(beta, pair.Source) }, step, func(k int, beta []float64) {
		overlaps = append(overlaps, floats.Dot(beta, pair.Source))
		if escape < 0 && overlaps[k] >= 0.5 {
			escape = float64(k) * step
		}
		times := course(Drift, 0).x
		if trial > 0 || next >= len(times) || math.Abs(times[next]-float64(k)*step) > step/2 {
			// Between two points of a course nothing moves, and no more than a few per cent of time passes.
			if trial == 0 && k > 0 && next < len(times) && (k-last >= 1+last/40 || math.Abs(overlaps[k]-overlaps[last]) >= 0.02) {
				t.Fatalf("%v: no point of the course between steps %d and %d", c, last, k)
			}
			return
		}
		if next > 0 && next < len(times)-1 && k-last < 1+last/40 && math.Abs(overlaps[k]-overlaps[last]) < 0.02 {
			t.Fatalf("%v: points of the course at steps %d and %d", c, last, k)
		}
		misalignment, drift, singular := lookByHand(w, pair.Source, before)
		if got := course(Misalignment, 0).y[next]; math.Abs(got-misalignment) > 1e-9 {
			t.Errorf("%v at step %d: 1 − |cos| = %v, by hand %v", c, k, got, misalignment)
		}
		if got := course(Drift, 0).y[next]; math.Abs(got-drift) > 1e-9 {
			t.Errorf("%v at step %d: drift %v, by hand %v", c, k, got, drift)
		}
		for i, j := range []int{0, 1, 2, 3, 5} {
			if got := course(Spectrum, i).y[next]; math.Abs(got-singular[j]) > 1e-9 {
				t.Errorf("%v at step %d: s_%d = %v, by hand %v", c, k, j+1, got, singular[j])
			}
		}
		next, last = next+1, k
	})
	if trial == 0 {
		if times := course(Drift, 0).x; next != len(times) || math.Abs(times[0]) > 0 || math.Abs(times[next-1]-float64(steps)*step) > 1e-9 || next > 600 {
			t.Errorf("%v: a course of %d points from %v to %v, %d of them by hand, %d steps", c, len(times), times[0], times[len(times)-1], next, steps)
		}
		for i, name := range []string{"$s_{1}$", "$s_{2}$", "$s_{3}$", "$s_{4}$", "$s_{6}$"} {
			if label := course(Spectrum, i).label; label != name {
				t.Errorf("singular value %d is called %q", i, label)
			}
		}
	}
	misalignment, drift, singular := lookByHand(w, pair.Source, before)
	sum2, sum4 := 0.0, 0.0
	for _, s := range singular {
		sum2, sum4 = sum2+s*s, sum4+math.Pow(s, 4)
	}
	for q, want := range map[theory.Quantity]float64{EscapeTime: escape, SecondSingular: singular[1] / singular[0], Misalignment: misalignment, Drift: drift,
		EffectiveRank: sum2 * sum2 / sum4, GradientSteps: float64(steps)} {
		if got := c.values[q][trial]; math.Abs(got-want) > 1e-7*(1+want) {
			t.Errorf("%v, trial %d: %s = %v, by hand %v", c, trial, q, got, want)
		}
	}
}

// The default start and learning rate of a pretraining, and the singular values that are
// shown in few dimensions.
func TestPretrainingDefaults(t *testing.T) {
	for d, want := range map[int][]int{2: {0, 1}, 4: {0, 1, 2, 3}, 5: {0, 1, 2, 3, 4}, 9: {0, 1, 2, 3, 8}} {
		got := shown(d)
		if len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("in %d dimensions: %v, want %v", d, got, want)
		}
	}
	var values [][]float64
	for _, c := range []pretrainingCell{{D: 4, Depth: 2, Seed: 1}, {D: 4, Depth: 2, Alpha: DefaultAlpha, Seed: 1}} {
		v, err := c.train(t.Context(), 0, false)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	for i := range values[0] {
		if values[0][i] != values[1][i] {
			t.Errorf("value %d is %v from the default start, %v from 0.01", i, values[0][i], values[1][i])
		}
	}
	one := Pretraining{D: 4, Depth: []int{2}, Alpha: []float64{0.3}, Trials: 1, Seed: 1}
	if text := must(t, one.Run()).String(); strings.Contains(text, "α") {
		t.Error(text)
	}
	many := Pretraining{D: 4, Depth: []int{2}, Alpha: []float64{0.3, 0.5}, Trials: 2, Seed: 1}
	if text := must(t, many.Run()).String(); text != "pretraining: 2 cells × 2 networks at d = 4, seed 1" {
		t.Error(text)
	}
	many.Trials = 1
	if text := must(t, many.Run()).String(); !strings.Contains(text, "d=4 L=2 α=0.3\n") || !strings.Contains(text, "\n\nd=4 L=2 α=0.5\n") {
		t.Error(text)
	}
}
