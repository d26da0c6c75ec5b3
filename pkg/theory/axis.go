package theory

import (
	"fmt"
	"math"
	"strings"
)

// Axis names a coordinate along which a grid, a curve or a map extends.
type Axis string

// The axes. Those of a [Setting] can be read from it and set in it; the others
// belong to the training of networks.
const (
	AxisGamma       Axis = "gamma"
	AxisTheta       Axis = "theta"
	AxisResidual    Axis = "rho" // ρ = sin²θ, the part of the target outside the features
	AxisSigma       Axis = "sigma"
	AxisLambda      Axis = "lambda"
	AxisDepth       Axis = "depth"
	AxisFeatures    Axis = "features"
	AxisSourceGamma Axis = "source gamma"
	AxisSourceSigma Axis = "source sigma"
	AxisDecay       Axis = "decay"
	AxisNorm        Axis = "norm" // ‖βt‖
	AxisDimension   Axis = "d"    // along it γ and γ_s are kept

	AxisAlpha  Axis = "alpha" // the size of the random start
	AxisStep   Axis = "step"  // the learning rate
	AxisMu     Axis = "mu"    // the fraction of the neurons of a ReLU teacher that is removed
	AxisPoints Axis = "n"     // the number of target points

	AxisNone Axis = "" // no axis: all points are on one curve
)

// AxisInfo describes an axis.
type AxisInfo struct {
	Axis   Axis
	Symbol string // in LaTeX, without dollars
	Unit   string // "rad" or none
	// Field is the name of the field that holds the values of the axis in the
	// description of an experiment: a grid, pretrainings or students.
	Field   string
	Log     bool // drawn on a logarithmic axis by default
	Integer bool // the values are whole numbers

	get func(s Setting) float64 // nil for an axis that is not of a Setting
	set func(s *Setting, l *Limit, x float64)
}

// Points returns the number of points at n/d = gamma in d dimensions, rounded. It is
// at most 10¹⁵, which Setting.Validate refuses.
func Points(gamma float64, d int) int { return int(math.Round(math.Min(gamma*float64(d), 1e15))) }

// residual is sin²θ, rounded so that the angles asin(√ρ) of a grid give its ρ.
func residual(theta float64) float64 {
	sin := math.Sin(theta)
	return math.Round(1e12*sin*sin) / 1e12
}

// Axes returns all axes, those of a [Setting] first.
func Axes() []Axis {
	out := make([]Axis, len(axes))
	for i, r := range axes {
		out[i] = r.Axis
	}
	return out
}

// Info returns the row of a in the table of axes. It is an error if there is none,
// as for [AxisNone].
func (a Axis) Info() (AxisInfo, error) {
	for _, r := range axes {
		if r.Axis == a {
			return r, nil
		}
	}
	return AxisInfo{}, a.unknown(func(AxisInfo) bool { return true })
}

// OfSetting reports whether a is a coordinate of a [Setting], so that Of and Set work.
func (a Axis) OfSetting() bool {
	_, err := a.coordinate()
	return err == nil
}

// coordinate is Info of an axis of a Setting.
func (a Axis) coordinate() (AxisInfo, error) {
	if r, err := a.Info(); err == nil && r.get != nil {
		return r, nil
	}
	return AxisInfo{}, a.unknown(func(r AxisInfo) bool { return r.get != nil })
}

func (a Axis) unknown(listed func(AxisInfo) bool) error {
	var names []string
	for _, r := range axes {
		if listed(r) {
			names = append(names, fmt.Sprintf("%q", r.Axis))
		}
	}
	return fmt.Errorf("theory: axis %q: it is one of %s", a, strings.Join(names, ", "))
}

// Of returns the coordinate of s along a. It is an error if a is not an axis of a
// Setting.
func (a Axis) Of(s Setting) (float64, error) {
	r, err := a.coordinate()
	if err != nil {
		return 0, err
	}
	return r.get(s), nil
}

// Set moves s and its limit l along a to x. In s, which has whole numbers of points,
// x is rounded to one; in l it is not. It is an error, and nothing moves, if a is not
// an axis of a Setting.
func (a Axis) Set(s *Setting, l *Limit, x float64) error {
	r, err := a.coordinate()
	if err != nil {
		return err
	}
	r.set(s, l, x)
	return nil
}

// Symbol returns the LaTeX symbol of a, without dollars, or the name of an axis that
// is not in the table.
func (a Axis) Symbol() string {
	if r, err := a.Info(); err == nil {
		return r.Symbol
	}
	return string(a)
}

// Title returns the label of a figure's axis along a, in the math notation of the figures:
// the symbol, and for a ratio what it is.
func (a Axis) Title() string {
	switch a {
	case AxisGamma:
		return `$\gamma = n/d$`
	case AxisSourceGamma:
		return `$\gamma_s = n_s/d$`
	case AxisDepth:
		return `number of layers $L$`
	case AxisStep:
		return `learning rate`
	}
	return "$" + a.Symbol() + "$"
}

// Unit returns "rad" for an angle and "" otherwise.
func (a Axis) Unit() string {
	r, _ := a.Info()
	return r.Unit
}

// Log reports whether a is drawn on a logarithmic axis by default.
func (a Axis) Log() bool {
	r, _ := a.Info()
	return r.Log
}

// Label writes a value of the axis in the math notation of the figures, as
// $\sigma = 0.2$, for a title. An angle is written as a fraction of π where it is one,
// and in degrees elsewhere.
func (a Axis) Label(x float64) string {
	r, err := a.Info()
	switch {
	case err != nil:
		return fmt.Sprintf("%s = %.4g", a, x)
	case a == AxisTheta:
		return `$\theta = ` + angle(x) + `$`
	}
	return fmt.Sprintf(`$%s = %.4g$`, r.Symbol, x)
}

// angle writes an angle as a fraction of π where it is one.
func angle(x float64) string {
	for _, den := range []int{1, 2, 3, 4, 6, 8, 12} {
		num := x / math.Pi * float64(den)
		if r := math.Round(num); math.Abs(num-r) < 1e-9 {
			s := `\pi`
			switch {
			case r == 0:
				return "0"
			case r != 1:
				s = fmt.Sprintf(`%.0f\pi`, r)
			}
			if den > 1 {
				s += fmt.Sprintf("/%d", den)
			}
			return s
		}
	}
	return fmt.Sprintf(`%.4g°`, x*180/math.Pi)
}
