package theory

import (
	"errors"
	"fmt"
	"math"
)

// Scale returns c of the exact form of fine-tuning, β_ft = β_sc + c·Uβ̂s: the
// one positive root of
//
//	r²·c^(2L/(L−1)) = a·c² + b
//
// with a = ‖Uβ̂s‖², b = ‖β_sc‖², r = ‖β̂s‖ the norm of the pretrained vector and
// L the depth; L = 1 gives c = 1. It follows from the end-to-end gradient flow
// of a balanced deep linear network, along which ‖Uβ‖ ∝ ‖β‖^((L−1)/L). The
// printed Theorem 3.9 is c = 1. Domain: depth ≥ 1, a and b finite and ≥ 0,
// r finite and > 0.
func Scale(depth int, a, b, r float64) (float64, error) {
	switch {
	case depth < 1:
		return 0, fmt.Errorf("theory: depth = %d: a network has at least 1 layer", depth)
	case !(a >= 0) || math.IsInf(a, 0):
		return 0, fmt.Errorf("theory: a = %v: ‖Uβs‖² must be a finite number, 0 or above", a)
	case !(b >= 0) || math.IsInf(b, 0):
		return 0, fmt.Errorf("theory: b = %v: ‖β_sc‖² must be a finite number, 0 or above", b)
	case !(r > 0) || math.IsInf(r, 0):
		return 0, fmt.Errorf("theory: r = %v: the norm of the pretrained vector must be a finite number above 0", r)
	}
	return scale(depth, a, b, r), nil
}

func scale(depth int, a, b, r float64) float64 {
	r2 := r * r
	switch {
	case depth == 1:
		return 1
	case depth == 2: // r²x² = ax + b in x = c²
		return math.Sqrt((a + math.Sqrt(a*a+4*r2*b)) / (2 * r2))
	case a == 0 && b == 0:
		return 0
	}
	// In y = log c² the equation p·y + log r² − log(a·e^y + b) = 0 has a concave
	// increasing left side, so Newton's method from a lower bound rises to the
	// root without overshoot.
	p := float64(depth) / float64(depth-1)
	y := math.Inf(-1)
	if b > 0 {
		y = math.Log(b/r2) / p
	}
	if a > 0 {
		y = math.Max(y, math.Log(a/r2)/(p-1))
	}
	for range 200 {
		la, lb := math.Log(a)+y, math.Log(b)
		sum := math.Max(la, lb) + math.Log1p(math.Exp(-math.Abs(la-lb)))
		step := (sum - math.Log(r2) - p*y) / (p - math.Exp(la-sum))
		y += step
		if math.Abs(step) < 1e-15*(1+math.Abs(y)) {
			break
		}
	}
	return math.Exp(y / 2)
}

// scaleLimit is c in the proportional limit, the root of
// c^(2L/(L−1)) = (1−γ)c² + b/r² with b = γ + σ²γ/(1−γ) and r² the squared norm of
// the pretrained vector (1 for unlimited source data). For γ ≥ 1 the null space
// is empty, a = 0, and c has no effect.
func scaleLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil {
		return 0, err
	}
	if err := tunable(l.Features > 0, l.Decay, l.Norm); err != nil {
		return 0, err
	}
	b := fitNorm(l.Gamma, l.Sigma)
	_, r2 := sourceLimit(l)
	if math.IsInf(b, 1) && l.Depth > 1 {
		return b, nil
	}
	return scale(l.Depth, math.Max(0, 1-l.Gamma), b/r2, 1), nil
}

// tunable returns an error for what the fine-tuning results do not cover.
func tunable(several bool, decay, norm float64) error {
	switch {
	case norm != 0 && norm != 1:
		return fmt.Errorf("theory: Norm = %v: fine-tuning has a formula for a target of norm 1 only", norm)
	case several:
		return errors.New("theory: Features above 1: fine-tuning has a formula for one feature only")
	case decay > 0:
		return fmt.Errorf("theory: Decay = %v: fine-tuning has a formula without weight decay only", decay)
	}
	return nil
}

// fineTuneLimit is T = (1−γ)(2cq − c²r²) for γ < 1 and 0 beyond, with
// q = cosθ and r = 1 for unlimited source data and eqs. 22–23 else.
func fineTuneLimit(l Limit) (float64, error) {
	c, err := scaleLimit(l)
	if err != nil || l.Gamma >= 1 {
		return 0, err
	}
	g, r2 := sourceLimit(l)
	return (1 - l.Gamma) * c * (2*g*math.Cos(l.Theta) - c*r2), nil
}

// fineTunePrintedLimit is eq. 15, T = (1−γ)(2cosθ − 1) for γ ≤ 1, 0 beyond, and
// with finite source data eqs. 22–23, (1−γ)(2q − r²).
func fineTunePrintedLimit(l Limit) (float64, error) {
	if err := l.Validate(); err != nil || l.Gamma >= 1 {
		return 0, err
	}
	if err := tunable(l.Features > 0, l.Decay, l.Norm); err != nil {
		return 0, err
	}
	g, r2 := sourceLimit(l)
	return (1 - l.Gamma) * (2*g*math.Cos(l.Theta) - r2), nil
}

// fineTunePrintedMean is exact at any size for depth 1.
func fineTunePrintedMean(s Setting) (float64, error) {
	if err := s.Validate(); err != nil || s.N >= s.D {
		return 0, err
	}
	if err := tunable(s.Features > 1, s.Decay, s.Norm); err != nil {
		return 0, err
	}
	g, r2 := s.sourceMean()
	return (1 - s.Gamma()) * (2*g*math.Cos(s.Theta) - r2), nil
}

// meanDraws is the number of draws of the law behind the finite-size means
// that have no closed form: their standard error is then far below that of an
// experiment, and a phase diagram of them takes seconds.
const meanDraws = 1 << 13

// fineTuneMean is the exact mean at a finite size: a closed form for depth 1
// and for n ≥ d, else the mean over draws of the exact law.
func fineTuneMean(s Setting) (Value, error) {
	if s.Depth == 1 || s.N >= s.D {
		v, err := fineTunePrintedMean(s)
		return Value{Value: v}, err
	}
	sum, err := s.Summary(meanDraws)
	return sum.TFineTune, err
}

func fineTuneRiskMean(s Setting) (Value, error) {
	r, err := scratchMean(s)
	if err != nil {
		return Value{}, err
	}
	t, err := fineTuneMean(s)
	return Value{Value: r - t.Value, StdErr: t.StdErr}, err
}

func scaleMean(s Setting) (Value, error) {
	if s.Depth == 1 {
		return Value{Value: 1}, errors.Join(s.Validate(), tunable(s.Features > 1, s.Decay, s.Norm))
	}
	sum, err := s.Summary(meanDraws)
	return sum.Scale, err
}
