package theory

import "math"

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
	if err := (Limit{Gamma: 1, Theta: theta, Sigma: sigma, Depth: 1}).Validate(); err != nil {
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
	if away := s2 / (1 + math.Abs(cos)); away > sigma { // 1 − |cosθ|
		// 1 − γ₊ is the smaller root of u² − (s²+σ²)u + σ², whose discriminant is a
		// product without cancellation; γ₋ follows from γ₋γ₊ = c2. All keep their
		// digits at small σ, where the textbook's γ₊ exceeds 1.
		root := math.Sqrt((away - sigma) * (away + sigma) * (1 + math.Abs(cos) - sigma) * (1 + math.Abs(cos) + sigma))
		hi := 1 - 2*v/(s2+v+root)
		out = append(out, Interval{math.Min(c2/hi, hi), hi})
	}
	return append(out, Interval{1 + v/s2, math.Inf(1)}), nil
}

// Curve is a piece of a phase boundary: Y is γ, X the other coordinate of the plane (θ in
// radians for the boundaries of a [Result]).
type Curve struct{ X, Y []float64 }

// linearBoundary returns the zero contour of linear transfer against a baseline
// whose risk in the limit is scratch, over θ in [0, π] and γ up to gammaMax. T is
// linear in ρ = sin²θ at a given γ, and zero at ρ = (1−κ)R − σ²κ, R the risk of the
// baseline and κ = k/n (0 for a fixed number of features). It is traced from γ, with
// its mirror image at π − θ, in pieces where there is such an angle. With finite
// source data sin² of the angle between β̂s and βt takes the place of sin²θ.
func linearBoundary(scratch func(Limit) (float64, error)) func(at Limit, gammaMax float64) ([]Curve, error) {
	return func(at Limit, gammaMax float64) ([]Curve, error) { return contour(at, gammaMax, scratch) }
}

func contour(at Limit, gammaMax float64, scratch func(Limit) (float64, error)) ([]Curve, error) {
	const points = 2000
	at.Gamma, at.Theta = 1, 0
	if err := at.Validate(); err != nil {
		return nil, err
	}
	overlap := sourceOverlap(at)
	cos := func(gamma float64) float64 { // of the tie; not in [0, 1) where there is none
		at.Gamma = gamma
		kappa := at.Features / gamma
		risk, err := scratch(at)
		if err != nil || kappa >= 1 {
			return math.NaN()
		}
		return math.Sqrt(1-(1-kappa)*risk+at.Sigma*at.Sigma*kappa) / overlap
	}
	// At 1, θ = 0, transfer ties without noise for every γ > 1: no boundary.
	inside := func(c float64) bool { return c >= 0 && c < 1 }
	var out []Curve
	var left Curve
	flush := func() {
		if n := len(left.X); n > 1 {
			var right Curve
			for i := n - 1; i >= 0; i-- {
				right.add(math.Pi-left.X[i], left.Y[i])
			}
			if left.X[n-1] > math.Pi/2-1e-3 { // the two halves meet
				left.X, left.Y = append(left.X, right.X...), append(left.Y, right.Y...)
				out = append(out, left)
			} else {
				out = append(out, left, right)
			}
		}
		left = Curve{}
	}
	last := math.NaN()
	for i := 0; i <= points; i++ {
		gamma := gammaMax * math.Max(1e-9, float64(i)/points)
		c := cos(gamma)
		if i > 0 && inside(c) != inside(last) {
			in, off := gamma, gammaMax*math.Max(1e-9, float64(i-1)/points)
			if !inside(c) {
				in, off = off, in
			}
			in = edge(in, off, func(gamma float64) bool { return inside(cos(gamma)) })
			end := math.Acos(cos(in))
			if end < 1e-6 { // rounding of a curve that ends at θ = 0
				end = 0
			}
			left.add(end, in)
			if !inside(c) {
				flush()
			}
		}
		if inside(c) {
			left.add(math.Acos(c), gamma)
		}
		last = c
	}
	flush()
	return out, nil
}

// edge returns the last place from in, where ok holds, towards off, where it
// does not, by bisection.
func edge(in, off float64, ok func(float64) bool) float64 {
	for range 60 {
		if mid := (in + off) / 2; ok(mid) {
			in = mid
		} else {
			off = mid
		}
	}
	return in
}

func (c *Curve) add(x, y float64) {
	c.X, c.Y = append(c.X, x), append(c.Y, y)
}

// FineTuneBreakEven returns the angle at which fine-tuning ties with scratch
// in the limit: cosθ = c/2 in the exact form, c·r²/2g with finite source data.
// It ignores the Theta of l. ok is false if there is no such angle: for γ ≥ 1,
// where the two are equal at every angle, and where fine-tuning loses at every
// angle, as for c ≥ 2. The printed form is π/3 at every γ < 1.
func FineTuneBreakEven(l Limit) (theta float64, ok bool, err error) {
	l.Theta = 0
	cos, err := breakEvenCos(l)
	if err != nil || l.Gamma >= 1 || cos >= 1 {
		return 0, false, err
	}
	return math.Acos(cos), true, nil
}

func breakEvenCos(l Limit) (float64, error) {
	c, err := scaleLimit(l)
	g, r2 := sourceLimit(l)
	return c * r2 / (2 * g), err
}

// FineTuneBreakEvenMean returns the angle at which the exact mean of T_ft is 0
// at a finite size, in radians, computed over the given number of draws of the law: its
// standard error is that of T_ft over the slope of T_ft in θ. It ignores the Theta of s. ok
// is false as in [FineTuneBreakEven].
func FineTuneBreakEvenMean(s Setting, draws int) (theta Value, ok bool, err error) {
	s.Theta = 0
	if err := s.Validate(); err != nil || s.N >= s.D {
		return Value{}, false, err
	}
	if s.Depth == 1 {
		g, r2 := s.sourceMean()
		cos := r2 / (2 * g)
		return Value{Value: math.Acos(math.Min(1, cos))}, cos < 1, tunable(s.Features > 1, s.Decay, s.Norm)
	}
	var stdErr, slope float64
	at := func(theta float64) float64 {
		s.Theta = theta
		sum, e := s.Summary(draws)
		if e != nil {
			err = e
		}
		stdErr = sum.TFineTune.StdErr
		return sum.TFineTune.Value
	}
	if at(0) <= 0 || err != nil {
		return Value{}, false, err
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
		if math.Abs(next-last) > 1e-3 { // of two close points it is rounding
			slope = (t1 - t0) / (next - last)
		}
		step := next - t1*(next-last)/(t1-t0)
		if !(step > lo && step < hi) {
			step = (lo + hi) / 2
		}
		last, next = next, step
		t0, t1 = t1, at(next)
	}
	return Value{next, math.Abs(stdErr / slope)}, err == nil, err
}

// fineTuneBoundary is the zero contour of fine-tuning in its exact form: the
// break-even angle at γ in (0, 1) and, if gammaMax is above it, the line γ = 1,
// beyond which T_ft = 0 at every angle.
func fineTuneBoundary(at Limit, gammaMax float64) ([]Curve, error) {
	const points = 400
	at.Theta = 0
	cos := func(gamma float64) (float64, error) {
		at.Gamma = gamma
		return breakEvenCos(at)
	}
	var tie Curve
	for i := 1; i < points; i++ {
		gamma := float64(i) / points
		c, err := cos(gamma)
		if err != nil {
			return nil, err
		}
		if c >= 1 { // the curve ends at θ = 0 on the way to this γ
			if i > 1 {
				tie.add(0, edge(gamma-1.0/points, gamma, func(g float64) bool { c, _ := cos(g); return c < 1 }))
			}
			break
		}
		tie.add(math.Acos(c), gamma)
	}
	var out []Curve
	if len(tie.X) > 1 {
		out = append(out, tie)
	}
	if gammaMax > 1 {
		out = append(out, Curve{X: []float64{0, math.Pi}, Y: []float64{1, 1}})
	}
	return out, nil
}
