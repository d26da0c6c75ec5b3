package experiment

import (
	"fmt"
	"math"
	"strings"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Axis names an axis of a grid.
type Axis string

// The axes.
const (
	Gamma       Axis = "gamma"
	Theta       Axis = "theta"
	Residual    Axis = "rho" // ρ = sin²θ, the part of the target outside the features
	Sigma       Axis = "sigma"
	Lambda      Axis = "lambda"
	Depth       Axis = "depth"
	Features    Axis = "features"
	SourceGamma Axis = "source gamma"
	SourceSigma Axis = "source sigma"
	Decay       Axis = "decay"
	Norm        Axis = "norm"  // ‖βt‖
	Dimension   Axis = "d"     // of a sweep; along it γ and γ_s are kept
	Alpha       Axis = "alpha" // the size of the start, of Pretrainings
	Step        Axis = "step"  // the learning rate, of Pretrainings
	None        Axis = ""      // to split by: one curve
)

// coordinate is what an axis is in a setting and in its limit.
type coordinate struct {
	axis   Axis
	symbol string
	get    func(s theory.Setting) float64
	set    func(s *theory.Setting, l *theory.Limit, x float64)
}

var coordinates = []coordinate{
	{Gamma, `\gamma`, theory.Setting.Gamma,
		func(s *theory.Setting, l *theory.Limit, x float64) { s.N, l.Gamma = points(x, s.D), x }},
	{Theta, `\theta`, func(s theory.Setting) float64 { return s.Theta },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.Theta, l.Theta = x, x }},
	{Residual, `\rho`, func(s theory.Setting) float64 { return residual(s.Theta) },
		func(s *theory.Setting, l *theory.Limit, x float64) {
			s.Theta = math.Asin(math.Sqrt(x))
			l.Theta = s.Theta
		}},
	{Sigma, `\sigma`, func(s theory.Setting) float64 { return s.Sigma },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.Sigma, l.Sigma = x, x }},
	{Lambda, `\lambda`, func(s theory.Setting) float64 { return s.Lambda },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.Lambda, l.Lambda = x, x }},
	{Depth, `L`, func(s theory.Setting) float64 { return float64(s.Depth) },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.Depth = int(math.Round(x)); l.Depth = s.Depth }},
	{Features, `k`, func(s theory.Setting) float64 { return float64(max(1, s.Features)) },
		func(s *theory.Setting, _ *theory.Limit, x float64) { s.Features = int(math.Round(x)) }}, // no line of limits is along k
	{SourceGamma, `\gamma_s`, func(s theory.Setting) float64 { return s.Limit().SourceGamma },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.SourceN, l.SourceGamma = points(x, s.D), x }},
	{SourceSigma, `\sigma_s`, func(s theory.Setting) float64 { return s.SourceSigma },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.SourceSigma, l.SourceSigma = x, x }},
	{Decay, `\mu`, func(s theory.Setting) float64 { return s.Decay },
		func(s *theory.Setting, l *theory.Limit, x float64) { s.Decay, l.Decay = x, x }},
	{Norm, `\|\beta_t\|`, func(s theory.Setting) float64 {
		if s.Norm == 0 {
			return 1
		}
		return s.Norm
	}, func(s *theory.Setting, l *theory.Limit, x float64) { s.Norm, l.Norm = x, x }},
	{Dimension, `d`, func(s theory.Setting) float64 { return float64(s.D) },
		func(s *theory.Setting, _ *theory.Limit, x float64) {
			gamma, source := s.Gamma(), s.Limit().SourceGamma
			s.D = int(math.Round(x))
			s.N, s.SourceN = points(gamma, s.D), points(source, s.D)
		}},
}

// points is the number of points at n/d = gamma, or one that Setting.Validate refuses.
func points(gamma float64, d int) int { return int(math.Round(math.Min(gamma*float64(d), 1e15))) }

// residual is sin²θ, rounded so that the angles asin(√ρ) of a grid give its ρ.
func residual(theta float64) float64 {
	sin := math.Sin(theta)
	return math.Round(1e12*sin*sin) / 1e12
}

func (a Axis) coordinate() (coordinate, error) {
	var names []string
	for _, c := range coordinates {
		if c.axis == a {
			return c, nil
		}
		names = append(names, fmt.Sprintf("%q", c.axis))
	}
	return coordinate{}, fmt.Errorf("experiment: axis %q: it is one of %s", a, strings.Join(names, ", "))
}

func (a Axis) of(s theory.Setting) (float64, error) {
	c, err := a.coordinate()
	if err != nil {
		return 0, err
	}
	return c.get(s), nil
}

// set sets the coordinate in a setting and in a limit; a must be one.
func (a Axis) set(s *theory.Setting, l *theory.Limit, x float64) {
	c, _ := a.coordinate()
	c.set(s, l, x)
}

// Label writes a value of the axis in the math notation of the figures, as
// $\sigma = 0.2$, for a title.
func (a Axis) Label(x float64) string {
	switch a {
	case Theta:
		return `$\theta = ` + angle(x) + `$`
	case Alpha:
		return fmt.Sprintf(`$\alpha = %.4g$`, x)
	}
	if c, err := a.coordinate(); err == nil {
		return fmt.Sprintf(`$%s = %.4g$`, c.symbol, x)
	}
	return fmt.Sprintf("%s = %.4g", a, x)
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
