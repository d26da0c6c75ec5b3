package theory

import (
	"math"
	"sort"
)

// Interval is a range (From, To) of γ = n/d; To is +Inf where it is unbounded.
type Interval struct{ From, To float64 }

// LinearLoses returns the intervals of γ on which linear transfer loses to
// scratch in the limit at λ = 0, in rising order (zero contours of eqs. 10–11).
// With s² = sin²θ they are (γ₋, γ₊),
//
//	γ± = ½[(1+cos²θ−σ²) ± √((1+cos²θ−σ²)² − 4cos²θ)],
//
// empty unless 1 − |cosθ| > σ (the paper prints the interval reversed), and
// (1+σ²/s², ∞), empty at s = 0. Without noise the two join: transfer loses for
// every γ > cos²θ.
func LinearLoses(theta, sigma float64) ([]Interval, error) {
	if err := validate(theta, sigma, 0, 1); err != nil {
		return nil, err
	}
	s2, cos := sin2(theta)
	c2, v := cos*cos, sigma*sigma
	if s2 == 0 {
		return nil, nil
	}
	if v == 0 {
		return []Interval{{c2, math.Inf(1)}}, nil
	}
	var out []Interval
	if 1-math.Abs(cos) > sigma {
		// The larger root first and the smaller from the product c2, which
		// loses no digits where the smaller is near 0.
		h := 1 + c2 - v
		hi := (h + math.Sqrt(h*h-4*c2)) / 2
		out = append(out, Interval{c2 / hi, hi})
	}
	return append(out, Interval{1 + v/s2, math.Inf(1)}), nil
}

// Curve is a line in the (θ, γ) plane; Theta is in radians.
type Curve struct{ Theta, Gamma []float64 }

// LinearBoundary returns the zero contours of linear transfer over θ in
// [0, π]: the closed lens below γ = 1 and the curve above it, where they exist.
// Points of the upper curve above gammaMax are left out.
func LinearBoundary(sigma, gammaMax float64) ([]Curve, error) {
	const points = 400
	if _, err := LinearLoses(0, sigma); err != nil {
		return nil, err
	}
	// The lens spans the angles with |cosθ| ≤ 1−σ and closes at γ = 1−σ. The
	// cosine spacing puts points where it turns.
	open := math.Acos(math.Max(0, 1-sigma))
	var lower, back, upper Curve
	for i := 0; i <= points; i++ {
		u := math.Pi * float64(i) / points
		t := open + (math.Pi-2*open)*(1-math.Cos(u))/2
		lens := Interval{1 - sigma, 1 - sigma}
		if iv, _ := LinearLoses(t, sigma); len(iv) > 0 && iv[0].From < 1 {
			lens = iv[0]
		}
		lower.add(t, lens.From)
		back.add(t, lens.To)
		if iv, _ := LinearLoses(u, sigma); len(iv) > 0 && iv[len(iv)-1].From <= gammaMax {
			upper.add(u, iv[len(iv)-1].From)
		}
	}
	switch {
	case sigma == 0:
		return []Curve{lower}, nil
	case sigma >= 1:
		return []Curve{upper}, nil
	}
	for i := range back.Theta {
		j := len(back.Theta) - 1 - i
		lower.add(back.Theta[j], back.Gamma[j])
	}
	return []Curve{lower, upper}, nil
}

func (c *Curve) add(theta, gamma float64) {
	c.Theta, c.Gamma = append(c.Theta, theta), append(c.Gamma, gamma)
}

// FineTuneBreakEven returns the angle at which fine-tuning ties with scratch
// in the limit, cosθ = c/2 in the exact form; Theta of l is not read. ok is
// false where there is no such angle: for γ ≥ 1, where the two are equal at
// every angle, and for c ≥ 2, where fine-tuning loses at every angle. The
// printed form is π/3 at every γ < 1.
func FineTuneBreakEven(l Limit) (theta float64, ok bool, err error) {
	l.Theta = 0
	c, err := scaleLimit(l)
	if err != nil || l.Gamma >= 1 || c >= 2 {
		return 0, false, err
	}
	return math.Acos(c / 2), true, nil
}

// FineTuneBreakEvenMean returns the angle at which the exact mean of T_ft is 0
// at a finite size, over the given number of draws of the law; Theta of s is
// not read. ok is false as in [FineTuneBreakEven].
func FineTuneBreakEvenMean(s Setting, draws int) (theta float64, ok bool, err error) {
	s.Theta = 0
	if err := s.Validate(); err != nil || s.N >= s.D {
		return 0, false, err
	}
	if s.Depth == 1 {
		return math.Pi / 3, true, nil
	}
	at := func(theta float64) float64 {
		s.Theta = theta
		sum, e := s.Summary(draws)
		if e != nil {
			err = e
		}
		return sum.TFineTune.Value
	}
	if at(0) <= 0 || err != nil {
		return 0, false, err
	}
	// Every angle sees the same draws, so T is smooth and falls in θ: secant
	// steps, kept within the bracket.
	lo, hi := 0.0, math.Pi
	last, _, err := FineTuneBreakEven(s.Limit())
	next := last + 0.02
	for t0, t1 := at(last), at(next); err == nil && math.Abs(next-last) > 1e-7; {
		if t1 > 0 {
			lo = next
		} else {
			hi = next
		}
		step := next - t1*(next-last)/(t1-t0)
		if !(step > lo && step < hi) {
			step = (lo + hi) / 2
		}
		last, next = next, step
		t0, t1 = t1, at(next)
	}
	return next, err == nil, err
}

// FineTuneBoundary returns the zero contour of fine-tuning in its exact form:
// the break-even angle at γ in (0, 1) for the given noise and depth, and, if
// gammaMax is above it, the line γ = 1, beyond which T_ft = 0 at every angle.
func FineTuneBoundary(sigma float64, depth int, gammaMax float64) ([]Curve, error) {
	const points = 400
	var tie Curve
	for i := 1; i < points; i++ {
		g := float64(i) / points
		theta, ok, err := FineTuneBreakEven(Limit{Gamma: g, Sigma: sigma, Depth: depth})
		if err != nil {
			return nil, err
		}
		if !ok { // c has passed 2 on the way to γ = 1: the curve ends at θ = 0
			end := sort.Search(points, func(k int) bool {
				c, _ := scaleLimit(Limit{Gamma: g - 1.0/points + float64(k)/(points*points), Sigma: sigma, Depth: depth})
				return c >= 2
			})
			tie.add(0, g-1.0/points+float64(end)/(points*points))
			break
		}
		tie.add(theta, g)
	}
	out := []Curve{tie}
	if gammaMax > 1 {
		out = append(out, Curve{Theta: []float64{0, math.Pi}, Gamma: []float64{1, 1}})
	}
	return out, nil
}
