// Package theory holds the results of "Features are fate" (Tahir, Ganguli,
// Rotskoff, ICML 2025) as pure functions of numbers: risks, transferabilities,
// phase boundaries, the fine-tuning scale, and the exact joint law of the
// three risks.
//
// The model. Inputs x ~ N(0, I_d) and labels y = βᵀx + ε, ε ~ N(0, σ²), with
// unit vectors βs (source) and βt (target) at angle θ. The target set has n
// points and γ = n/d. A risk is R = ‖β̂ − βt‖²; a transferability is
// T = E[R_scratch − R_transfer], positive where transfer wins.
//
// For most uses take a [Result] such as [LinearTransferability]: it carries
// the proportional limit, the exact finite-size mean and the place in the
// paper. [Setting] is a finite size, [Limit] the limit n, d → ∞ at fixed γ.
//
//	s := theory.Setting{N: 250, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
//	t, err := theory.LinearTransferability.Mean(s) // t.Value is 0.038
//
// [All] lists the results of the paper by name, and [Find] finds one.
package theory

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Setting is one finite-size experiment. Theta, in radians, is the angle between
// the target and the source, or the span of the sources if there are several:
// sin²θ is the squared norm ρ of the target outside the features. Lambda is the
// ridge of linear transfer. Depth is the number of weight matrices; only the
// fine-tuning results depend on it.
type Setting struct {
	N, D   int
	Theta  float64
	Sigma  float64
	Lambda float64
	Depth  int
	// Features is k, the number of source tasks and so of learned features; 0
	// means 1.
	Features int
	// SourceN is n_s, the number of source points, with label noise SourceSigma
	// (σ_s); 0 means unlimited source data.
	SourceN     int
	SourceSigma float64
	// Decay is the weight decay μ on all weights of a two-layer network that is
	// trained from scratch.
	Decay float64
	// Norm is ‖βt‖; 0 means 1. A target of norm c with noise σ is c times a unit
	// target with noise σ/c, so the risks from scratch and of linear transfer are
	// c² times those at σ/c.
	Norm float64
}

// Limit is the proportional limit n, d → ∞ at Gamma = n/d. The fields are those
// of Setting, with Features = k/d (0 for a fixed number of features) and
// SourceGamma = n_s/d (0 for unlimited source data).
type Limit struct {
	Gamma       float64
	Theta       float64
	Sigma       float64
	Lambda      float64
	Depth       int
	Features    float64
	SourceGamma float64
	SourceSigma float64
	Decay       float64
	Norm        float64
}

// axes is the table of axes: how each is written, and how it is read from a setting and set
// in it. A new coordinate is a field of Setting and of Limit, and a row here.
var axes = []AxisInfo{
	{Axis: AxisGamma, Symbol: `\gamma`, Field: "Gamma", get: Setting.Gamma,
		set: func(s *Setting, l *Limit, x float64) { s.N, l.Gamma = Points(x, s.D), x }},
	{Axis: AxisTheta, Symbol: `\theta`, Unit: "rad", Field: "Theta", get: func(s Setting) float64 { return s.Theta },
		set: func(s *Setting, l *Limit, x float64) { s.Theta, l.Theta = x, x }},
	{Axis: AxisResidual, Symbol: `\rho`, Field: "Theta", get: func(s Setting) float64 { return residual(s.Theta) },
		set: func(s *Setting, l *Limit, x float64) {
			s.Theta = math.Asin(math.Sqrt(x))
			l.Theta = s.Theta
		}},
	{Axis: AxisSigma, Symbol: `\sigma`, Field: "Sigma", get: func(s Setting) float64 { return s.Sigma },
		set: func(s *Setting, l *Limit, x float64) { s.Sigma, l.Sigma = x, x }},
	{Axis: AxisLambda, Symbol: `\lambda`, Field: "Lambda", Log: true, get: func(s Setting) float64 { return s.Lambda },
		set: func(s *Setting, l *Limit, x float64) { s.Lambda, l.Lambda = x, x }},
	{Axis: AxisDepth, Symbol: `L`, Field: "Depth", Integer: true, get: func(s Setting) float64 { return float64(s.Depth) },
		set: func(s *Setting, l *Limit, x float64) { s.Depth = int(math.Round(x)); l.Depth = s.Depth }},
	{Axis: AxisFeatures, Symbol: `k`, Field: "Features", Integer: true, get: func(s Setting) float64 { return float64(max(1, s.Features)) },
		set: func(s *Setting, _ *Limit, x float64) { s.Features = int(math.Round(x)) }}, // no line of limits is along k
	{Axis: AxisSourceGamma, Symbol: `\gamma_s`, Field: "SourceGamma", get: func(s Setting) float64 { return s.Limit().SourceGamma },
		set: func(s *Setting, l *Limit, x float64) { s.SourceN, l.SourceGamma = Points(x, s.D), x }},
	{Axis: AxisSourceSigma, Symbol: `\sigma_s`, Field: "SourceSigma", get: func(s Setting) float64 { return s.SourceSigma },
		set: func(s *Setting, l *Limit, x float64) { s.SourceSigma, l.SourceSigma = x, x }},
	{Axis: AxisDecay, Symbol: `\mu`, Field: "Decay", Log: true, get: func(s Setting) float64 { return s.Decay },
		set: func(s *Setting, l *Limit, x float64) { s.Decay, l.Decay = x, x }},
	{Axis: AxisNorm, Symbol: `\|\beta_t\|`, Field: "Norm", Log: true,
		get: func(s Setting) float64 {
			if s.Norm == 0 {
				return 1
			}
			return s.Norm
		},
		set: func(s *Setting, l *Limit, x float64) { s.Norm, l.Norm = x, x }},
	{Axis: AxisDimension, Symbol: `d`, Field: "D", Log: true, Integer: true, get: func(s Setting) float64 { return float64(s.D) },
		set: func(s *Setting, _ *Limit, x float64) {
			gamma, source := s.Gamma(), s.Limit().SourceGamma
			s.D = int(math.Round(x))
			s.N, s.SourceN = Points(gamma, s.D), Points(source, s.D)
		}},
	{Axis: AxisAlpha, Symbol: `\alpha`, Field: "Alpha", Log: true},
	{Axis: AxisStep, Symbol: `\eta`, Field: "Step", Log: true},
	{Axis: AxisMu, Symbol: `\mu`, Field: "Mu"},
	{Axis: AxisPoints, Symbol: `n`, Field: "N", Log: true, Integer: true},
}

// Gamma returns n/d.
func (s Setting) Gamma() float64 { return float64(s.N) / float64(s.D) }

// Limit returns the proportional limit at the γ = n/d of s.
func (s Setting) Limit() Limit {
	l := Limit{Gamma: s.Gamma(), Theta: s.Theta, Sigma: s.Sigma, Lambda: s.Lambda, Depth: s.Depth,
		SourceGamma: float64(s.SourceN) / float64(s.D), SourceSigma: s.SourceSigma, Decay: s.Decay, Norm: s.Norm}
	if s.Features > 1 {
		l.Features = float64(s.Features) / float64(s.D)
	}
	return l
}

// String prints the setting with the symbols of the paper, θ in degrees.
func (s Setting) String() string {
	out := fmt.Sprintf("n=%d d=%d θ=%.4g° σ=%.4g", s.N, s.D, s.Theta*180/math.Pi, s.Sigma)
	if s.Lambda != 0 {
		out += fmt.Sprintf(" λ=%.4g", s.Lambda)
	}
	if s.Features > 1 {
		out += fmt.Sprintf(" k=%d", s.Features)
	}
	if s.SourceN > 0 {
		out += fmt.Sprintf(" n_s=%d σ_s=%.4g", s.SourceN, s.SourceSigma)
	}
	if s.Decay != 0 {
		out += fmt.Sprintf(" μ=%.4g", s.Decay)
	}
	if s.Norm != 0 {
		out += fmt.Sprintf(" ‖βt‖=%.4g", s.Norm)
	}
	return out + fmt.Sprintf(" L=%d", s.Depth)
}

// The ranges in which the formulas keep their digits and nothing overflows.
const (
	maxCount = 1_000_000_000_000 // of points, dimensions and features
	maxDepth = 1_000_000
	maxNoise = 1e6 // of noise levels and norms; a norm is also at least its inverse
	maxRidge = 1e12
	minRatio = 1e-24
	maxTheta = 2 * math.Pi
)

// Validate reports the first field that is out of its domain: 1 ≤ N ≤ 10¹²,
// 2 ≤ D ≤ 10¹² (two unit vectors at an angle span a plane), |Theta| ≤ 2π, Sigma and
// SourceSigma from 0 to 10⁶, Lambda and Decay from 0 to 10¹², Norm 0 (for 1) or from
// 10⁻⁶ to 10⁶, 1 ≤ Depth ≤ 10⁶, 0 ≤ Features < D, 0 ≤ SourceN ≤ 10¹². At most one of a
// ridge, several features and finite source data may be set, and Decay requires Depth 2
// and Norm 0.
func (s Setting) Validate() error {
	switch {
	case s.D < 2 || s.D > maxCount:
		return fmt.Errorf("theory: D = %d: the dimension must be at least 2 and at most %d", s.D, maxCount)
	case s.N < 1 || s.N > maxCount:
		return fmt.Errorf("theory: N = %d: the number of target points must be at least 1 and at most %d", s.N, maxCount)
	case s.Features < 0 || s.Features >= s.D:
		return fmt.Errorf("theory: Features = %d: the number of features lies between 0 (for 1) and D − 1 = %d", s.Features, s.D-1)
	case s.SourceN < 0 || s.SourceN > maxCount:
		return fmt.Errorf("theory: SourceN = %d: the number of source points must be 0 (unlimited) or above, and at most %d", s.SourceN, maxCount)
	}
	return s.Limit().Validate()
}

// Validate reports the first field that is out of its domain: Gamma from 10⁻²⁴ to
// 10¹², Features in [0, 1), SourceGamma from 0 to 10¹², the others as in Setting.
func (l Limit) Validate() error {
	in := func(x, most float64) bool { return x >= 0 && x <= most }
	switch {
	case !(l.Gamma >= minRatio && l.Gamma <= maxCount):
		return fmt.Errorf("theory: Gamma = %v: n/d must be a number above 0, from %v to %v", l.Gamma, minRatio, float64(maxCount))
	case !(math.Abs(l.Theta) <= maxTheta):
		return fmt.Errorf("theory: Theta = %v: the angle must be a number of radians from −2π to 2π", l.Theta)
	case !in(l.Sigma, maxNoise):
		return fmt.Errorf("theory: Sigma = %v: the noise level must be a number from 0 to %v", l.Sigma, float64(maxNoise))
	case !in(l.Lambda, maxRidge):
		return fmt.Errorf("theory: Lambda = %v: the ridge must be a number from 0 to %v", l.Lambda, float64(maxRidge))
	case l.Depth < 1 || l.Depth > maxDepth:
		return fmt.Errorf("theory: Depth = %d: a network has at least 1 layer, and at most %d", l.Depth, maxDepth)
	case !(l.Features >= 0 && l.Features < 1):
		return fmt.Errorf("theory: Features = %v: k/d lies in [0, 1)", l.Features)
	case !in(l.SourceGamma, maxCount):
		return fmt.Errorf("theory: SourceGamma = %v: n_s/d must be a number from 0 (unlimited) to %v", l.SourceGamma, float64(maxCount))
	case !in(l.SourceSigma, maxNoise):
		return fmt.Errorf("theory: SourceSigma = %v: the noise level of the source must be a number from 0 to %v", l.SourceSigma, float64(maxNoise))
	case !in(l.Decay, maxRidge):
		return fmt.Errorf("theory: Decay = %v: the weight decay must be a number from 0 to %v", l.Decay, float64(maxRidge))
	case !(l.Norm == 0 || l.Norm >= 1/maxNoise && l.Norm <= maxNoise):
		return fmt.Errorf("theory: Norm = %v: the norm of the target must be 0 (for 1) or a number from %v to %v", l.Norm, 1/maxNoise, float64(maxNoise))
	case l.Decay > 0 && l.Depth != 2:
		return fmt.Errorf("theory: Decay = %v at Depth = %d: weight decay has a formula for networks of 2 layers only", l.Decay, l.Depth)
	case l.Norm != 0 && l.Decay > 0:
		return fmt.Errorf("theory: Decay = %v with Norm = %v: weight decay has a formula for a target of norm 1 only, which is Norm = 0", l.Decay, l.Norm)
	case l.SourceSigma > 0 && l.SourceGamma == 0:
		return fmt.Errorf("theory: SourceSigma = %v with unlimited source data: noise in the source needs a finite number of source points", l.SourceSigma)
	case l.Features > 0 && l.SourceGamma > 0:
		return fmt.Errorf("theory: several features require unlimited source data, not SourceGamma = %v", l.SourceGamma)
	case l.Lambda > 0 && (l.Features > 0 || l.SourceGamma > 0):
		return fmt.Errorf("theory: Lambda = %v: a ridge requires one feature and unlimited source data", l.Lambda)
	}
	return nil
}

// Value is a number with the standard error of its computation: 0 for a
// closed form or a quadrature, positive for a mean over draws of the law.
type Value struct {
	Value, StdErr float64
}

// ErrNoMean is in the error of a transferability between two risks of infinite mean.
var ErrNoMean = errors.New("the mean transferability does not exist")

// Mean returns the mean of x with its standard error.
func Mean(x []float64) Value {
	m, sd := stat.MeanStdDev(x, nil)
	return Value{m, stat.StdErr(sd, float64(len(x)))}
}

// sin2 returns sin²θ and cos θ. Below 1e-30 sin²θ is the rounding of θ = 0
// or π and is returned as 0, so that the boundaries there are exact.
func sin2(theta float64) (s2, cos float64) {
	s, c := math.Sincos(theta)
	if s2 = s * s; s2 < 1e-30 {
		return 0, math.Copysign(1, c)
	}
	if c*c < 1e-30 {
		c = 0
	}
	return s2, c
}
