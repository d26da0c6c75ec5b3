package linear

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// accuracy is the largest local error of a step of converge, relative to the norm of
// all weights.
const accuracy = 1e-4

// mostStages is the largest number of gradients in a step. A step shrinks what decays
// fast by about a third whatever its length, so longer ones do not pay.
const mostStages = 50

// converge follows the gradient flow of the objective in all weights until the
// tolerance is met, and returns the time that it took.
//
// Near its end the flow is stiff: the smallest singular value of X sets the time, the
// largest one the step. A Runge–Kutta–Chebyshev step of s gradients is of second order
// and stable for about s²/3 times the longest step of descent (Sommeijer, Shampine and
// Verwer 1998); its length follows from the local error, and s from the largest
// curvature.
func (n *Network) converge(ctx context.Context, loss *Loss, o Options) (rep Report, time float64, err error) {
	s := newScratchpad(n)
	loss.gradient(s.left[0], make([]float64, loss.d))
	start := math.Max(norm(s.left[0]), math.SmallestNonzeroFloat64)
	// slope writes −gradient in all weights of v, and leaves that in β in s.left[0].
	slope := func(v, into weights) {
		rep.Steps++
		s.products(v.Network)
		loss.gradient(s.left[0], s.right[0])
		s.back(v.Network)
		floats.ScaleTo(into.all, -o.Decay, v.all)
		for l, w := range into.W {
			s.outer(-1, l, w)
		}
	}
	at, f, end := n.weights(), n.weights(), n.weights()
	before, now, next, force := n.weights(), n.weights(), n.weights(), n.weights()
	slope(at, f)
	gradient := norm(s.left[0])
	// The largest curvature along the way, by a power iteration on differences of slopes.
	top, along := 0.0, n.weights()
	rng := rand.New(rand.NewPCG(uint64(len(at.all)), 1))
	for i := range along.all {
		along.all[i] = rng.NormFloat64()
	}
	size := func(w weights) float64 {
		if n := norm(w.all); n > 0 {
			return n
		}
		return 1 // a linear model may start from 0
	}
	iterate := func(times int) {
		for range times {
			tilt := 1e-5 * size(at) / norm(along.all)
			floats.AddScaledTo(now.all, at.all, tilt, along.all)
			slope(now, along)
			floats.Sub(along.all, f.all)
			top = norm(along.all) / (1e-5 * size(at))
		}
	}
	if norm(f.all) == 0 && gradient > 0 {
		return rep, 0, errors.New("linear: training rests: the gradient in every weight is 0, as at a network of zeros")
	}
	iterate(20)
	methods := map[int][]coefficients{}
	h := 1e-3 / (float64(n.Depth()) * loss.curved)
	for {
		rep.Gradient = gradient / start
		if o.Decay > 0 {
			rep.Gradient = math.Hypot(norm(f.all), o.Decay*loss.idle*math.Exp(-o.Decay*time)) / start
		}
		if rep.Gradient <= o.Tolerance {
			break
		}
		for accepted := false; !accepted; {
			bound := 1.2 * top
			switch {
			case ctx.Err() != nil:
				return rep, time, ctx.Err()
			case rep.Steps >= o.MaxSteps:
				return rep, time, fmt.Errorf("linear: training did not converge in MaxSteps = %d gradients: the gradient is still %.2g of its start", o.MaxSteps, rep.Gradient)
			}
			stages := 1 + int(math.Ceil(math.Sqrt(1+1.54*h*bound)))
			if stages > mostStages {
				stages = mostStages
				h = float64((stages-1)*(stages-1)-1) / (1.54 * bound)
			}
			stages = max(2, stages)
			method := methods[stages]
			if method == nil {
				method = chebyshev(stages)
				methods[stages] = method
			}
			copy(before.all, at.all)
			floats.AddScaledTo(now.all, at.all, method[0].slope*h, f.all)
			for _, c := range method[1:] {
				slope(now, force)
				rest := 1 - c.now - c.before
				for i, v := range at.all {
					next.all[i] = rest*v + c.now*now.all[i] + c.before*before.all[i] + h*(c.slope*force.all[i]+c.first*f.all[i])
				}
				before, now, next = now, next, before
			}
			slope(now, end)
			var off float64
			for i, v := range at.all {
				e := 0.8*(v-now.all[i]) + 0.4*h*(f.all[i]+end.all[i])
				off += e * e
			}
			off = math.Sqrt(off) / (accuracy * size(at))
			if accepted = off <= 1; accepted { // not for NaN
				time += h
				at, now = now, at
				f, end = end, f
			}
			grow := 0.1
			if off < math.Inf(1) {
				grow = math.Max(0.1, math.Min(5, 0.8/math.Cbrt(math.Max(off, 1e-9))))
			}
			h *= grow
			if !accepted {
				iterate(3)
			}
		}
		gradient = norm(s.left[0])
		iterate(1)
	}
	for l, w := range at.W {
		n.W[l].Copy(w)
	}
	return rep, time, nil
}

// weights are those of a network, with all their numbers in one row.
type weights struct {
	*Network
	all []float64
}

// weights returns a copy.
func (n *Network) weights() weights {
	out := weights{Network: &Network{}}
	for _, w := range n.W {
		out.all = append(out.all, w.RawMatrix().Data...)
	}
	rest := out.all
	for _, w := range n.W {
		rows, cols := w.Dims()
		out.W = append(out.W, mat.NewDense(rows, cols, rest[:rows*cols]))
		rest = rest[rows*cols:]
	}
	return out
}

// coefficients of one stage: what it takes of the last two stages, of its slope and of
// the first slope of the step.
type coefficients struct{ now, before, slope, first float64 }

// chebyshev returns the damped second-order Runge–Kutta–Chebyshev method of s ≥ 2
// stages.
func chebyshev(s int) []coefficients {
	const damping = 2. / 13
	w0 := 1 + damping/float64(s*s)
	// T_j and its first two derivatives at w₀.
	t, d1, d2 := make([]float64, s+1), make([]float64, s+1), make([]float64, s+1)
	t[0], t[1], d1[1] = 1, w0, 1
	for j := 2; j <= s; j++ {
		t[j] = 2*w0*t[j-1] - t[j-2]
		d1[j] = 2*t[j-1] + 2*w0*d1[j-1] - d1[j-2]
		d2[j] = 4*d1[j-1] + 2*w0*d2[j-1] - d2[j-2]
	}
	w1 := d1[s] / d2[s]
	b := make([]float64, s+1)
	for j := 2; j <= s; j++ {
		b[j] = d2[j] / (d1[j] * d1[j])
	}
	b[0], b[1] = b[2], b[2]
	out := []coefficients{{slope: b[1] * w1}}
	for j := 2; j <= s; j++ {
		slope := 2 * b[j] * w1 / b[j-1]
		out = append(out, coefficients{now: 2 * b[j] * w0 / b[j-1], before: -b[j] / b[j-2], slope: slope, first: -(1 - b[j-1]*t[j-1]) * slope})
	}
	return out
}

// norm is that of gonum without its guard against overflow, which takes most of a step.
func norm(v []float64) float64 { return math.Sqrt(floats.Dot(v, v)) }
