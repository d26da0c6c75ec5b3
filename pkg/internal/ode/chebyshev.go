package ode

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// polynomials returns w₀ = 1 + damping/s² and the Chebyshev polynomials T_j to j = s
// with their first two derivatives there.
func polynomials(s int, damping float64) (w0 float64, t, d1, d2 []float64) {
	w0 = 1 + damping/float64(s*s)
	t, d1, d2 = make([]float64, s+1), make([]float64, s+1), make([]float64, s+1)
	t[0], t[1], d1[1] = 1, w0, 1
	for j := 2; j <= s; j++ {
		t[j] = 2*w0*t[j-1] - t[j-2]
		d1[j] = 2*t[j-1] + 2*w0*d1[j-1] - d1[j-2]
		d2[j] = 4*d1[j-1] + 2*w0*d2[j-1] - d2[j-2]
	}
	return w0, t, d1, d2
}

// coefficients of one stage: the weights of the last two stages, of the slope there and
// of the first slope of the step.
type coefficients struct{ now, before, slope, first float64 }

// first returns the damped first-order method of s stages, whose stability polynomial
// is T_s(w₀ + w₁z)/T_s(w₀).
func first(s int) []coefficients {
	w0, t, d1, _ := polynomials(s, 0.05)
	w1 := t[s] / d1[s]
	out := []coefficients{{now: 1, slope: w1 / w0}}
	for j := 2; j <= s; j++ {
		b := t[j-1] / t[j]
		out = append(out, coefficients{now: 2 * w0 * b, before: -t[j-2] / t[j], slope: 2 * w1 * b})
	}
	return out
}

// second returns the damped second-order method of s ≥ 2 stages.
func second(s int) []coefficients {
	w0, t, d1, d2 := polynomials(s, 2./13)
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

// Chebyshev1 integrates from y, which it does not change, with first-order
// Runge–Kutta–Chebyshev steps of the given number of stages, at least 2, and as many
// slopes (van der Houwen and Sommeijer 1980).
func Chebyshev1(ctx context.Context, p Problem, y []float64, stages int, c Control) (Solution, error) {
	s := Solution{Y: append([]float64(nil), y...)}
	slope, end, force := make([]float64, len(y)), make([]float64, len(y)), make([]float64, len(y))
	before, now := make([]float64, len(y)), make([]float64, len(y))
	p.Slope(slope, s.Y)
	s.Slopes++
	h := c.Step
	if h == 0 {
		h = 0.1 * floats.Norm(s.Y, 2) / math.Max(floats.Norm(slope, 2), math.SmallestNonzeroFloat64)
	}
	method := first(stages)
	for done := p.done(0, s.Y, slope); !done; {
		if err := c.check(ctx, s.Slopes); err != nil {
			return s, err
		}
		copy(before, s.Y)
		floats.AddScaledTo(now, s.Y, method[0].slope*h, slope)
		for _, m := range method[1:] {
			p.Slope(force, now)
			for i, v := range now {
				now[i], before[i] = m.now*v+m.before*before[i]+m.slope*h*force[i], v
			}
		}
		p.Slope(end, now)
		s.Slopes += len(method)
		off := h / 2 * floats.Distance(end, slope, 2) / floats.Norm(s.Y, 2)
		if off <= c.Accuracy { // not for NaN
			s.T += h
			s.Y, now = now, s.Y
			slope, end = end, slope
			done = p.done(s.T, s.Y, slope)
		}
		grow := 0.3
		if off < math.Inf(1) {
			grow = math.Max(0.3, math.Min(2, 0.8*math.Sqrt(c.Accuracy/math.Max(off, 1e-300))))
		}
		if h *= grow; h == 0 && !done {
			return s, ErrDiverged
		}
	}
	return s, nil
}

// mostStages is the largest number of slopes in a step of Chebyshev2. A step reduces
// fast components by about a third whatever its length, so longer ones do not pay.
const mostStages = 50

// Chebyshev2 integrates from y, which it does not change, with second-order
// Runge–Kutta–Chebyshev steps. One of s slopes is stable for about s²/3 times the
// longest step of Euler's method (Sommeijer, Shampine and Verwer 1998); its length
// follows from the local error, and s from the largest curvature, which a power
// iteration on differences of slopes keeps track of.
func Chebyshev2(ctx context.Context, p Problem, y []float64, c Control) (Solution, error) {
	vector := func() []float64 { return append([]float64(nil), y...) }
	s := Solution{Y: vector()}
	f, end, force := vector(), vector(), vector()
	before, now, next := vector(), vector(), vector()
	slope := func(dst, y []float64) {
		s.Slopes++
		p.Slope(dst, y)
	}
	slope(f, s.Y)
	done := p.done(0, s.Y, f)
	top, along := 0.0, vector()
	rng := rand.New(rand.NewPCG(uint64(len(y)), 1))
	for i := range along {
		along[i] = rng.NormFloat64()
	}
	iterate := func(times int) {
		for range times {
			tilt := 1e-5 * size(s.Y) / norm(along)
			floats.AddScaledTo(now, s.Y, tilt, along)
			slope(along, now)
			floats.Sub(along, f)
			top = norm(along) / (1e-5 * size(s.Y))
		}
	}
	iterate(20)
	methods := map[int][]coefficients{}
	h := c.Step
	for !done {
		if err := c.check(ctx, s.Slopes); err != nil {
			return s, err
		}
		bound := 1.2 * top
		stages := 1 + int(math.Ceil(math.Sqrt(1+1.54*h*bound)))
		if stages > mostStages {
			stages = mostStages
			h = float64((stages-1)*(stages-1)-1) / (1.54 * bound)
		}
		stages = max(2, stages)
		method := methods[stages]
		if method == nil {
			method = second(stages)
			methods[stages] = method
		}
		copy(before, s.Y)
		floats.AddScaledTo(now, s.Y, method[0].slope*h, f)
		for _, m := range method[1:] {
			slope(force, now)
			rest := 1 - m.now - m.before
			for i, v := range s.Y {
				next[i] = rest*v + m.now*now[i] + m.before*before[i] + h*(m.slope*force[i]+m.first*f[i])
			}
			before, now, next = now, next, before
		}
		slope(end, now)
		var off float64
		for i, v := range s.Y {
			e := 0.8*(v-now[i]) + 0.4*h*(f[i]+end[i])
			off += e * e
		}
		off = math.Sqrt(off) / (c.Accuracy * size(s.Y))
		accepted := off <= 1 // not for NaN
		if accepted {
			s.T += h
			s.Y, now = now, s.Y
			f, end = end, f
			done = p.done(s.T, s.Y, f)
		}
		grow := 0.1
		if off < math.Inf(1) {
			grow = math.Max(0.1, math.Min(5, 0.8/math.Cbrt(math.Max(off, 1e-9))))
		}
		h *= grow
		if accepted {
			iterate(1)
		} else {
			iterate(3)
		}
	}
	return s, nil
}

// size is the norm, or 1 at zero, where a linear model may start.
func size(y []float64) float64 {
	if n := norm(y); n > 0 {
		return n
	}
	return 1
}
