package experiment

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Grid is the product of its axes, at dimension D. An empty Theta, Sigma, Lambda or Decay
// is the single value 0, an empty Depth the single value 2, an empty Features or Norm the
// single value 1, and an empty SourceGamma unlimited source data. Theta is in radians. The
// numbers of target and of source points are Gamma·D and SourceGamma·D, rounded; a setting
// that comes up twice counts once.
type Grid struct {
	D           int       `json:"-"`
	Dimension   []int     `json:"d,omitempty"` // several D, for independent cells
	Gamma       []float64 `json:"gamma,omitempty"`
	Theta       []float64 `json:"theta,omitempty"`
	Sigma       []float64 `json:"sigma,omitempty"`
	Lambda      []float64 `json:"lambda,omitempty"`
	Depth       []int     `json:"depth,omitempty"`
	Features    []int     `json:"features,omitempty"`     // k, the number of source tasks
	SourceGamma []float64 `json:"source_gamma,omitempty"` // γ_s = n_s/d
	SourceSigma []float64 `json:"source_sigma,omitempty"` // σ_s
	Decay       []float64 `json:"decay,omitempty"`        // weight decay μ of scratch
	Norm        []float64 `json:"norm,omitempty"`         // ‖βt‖, 1 if empty
}

// MarshalJSON implements json.Marshaler. D is written as a list of one dimension.
func (g Grid) MarshalJSON() ([]byte, error) {
	type plain Grid
	if g.D != 0 {
		g.Dimension = []int{g.D}
	}
	return json.Marshal(plain(g))
}

// The axes of grids and views, see the table of [theory.Axes].
const (
	Gamma       = theory.AxisGamma
	Theta       = theory.AxisTheta
	Residual    = theory.AxisResidual // ρ = sin²θ, the part of the target outside the features
	Sigma       = theory.AxisSigma
	Lambda      = theory.AxisLambda
	Depth       = theory.AxisDepth
	Features    = theory.AxisFeatures
	SourceGamma = theory.AxisSourceGamma
	SourceSigma = theory.AxisSourceSigma
	Decay       = theory.AxisDecay
	Norm        = theory.AxisNorm      // ‖βt‖
	Dimension   = theory.AxisDimension // γ and γ_s are constant along it
	Alpha       = theory.AxisAlpha     // the size of the start
	Step        = theory.AxisStep      // the learning rate
	Mu          = theory.AxisMu        // the fraction of the neurons that is removed
	Points      = theory.AxisPoints    // n
	None        = theory.AxisNone      // one curve, not split by an axis
)

// axes returns the axes of the grid within one dimension, the outermost first.
func (g Grid) axes() []gridAxis {
	return []gridAxis{
		{theory.AxisNorm, g.Norm},
		{theory.AxisDecay, g.Decay},
		{theory.AxisSourceSigma, g.SourceSigma},
		{theory.AxisSourceGamma, g.SourceGamma},
		{theory.AxisFeatures, reals(g.Features)},
		{theory.AxisDepth, reals(g.Depth)},
		{theory.AxisLambda, g.Lambda},
		{theory.AxisSigma, g.Sigma},
		{theory.AxisTheta, g.Theta},
		{theory.AxisGamma, g.Gamma},
	}
}

type gridAxis struct {
	axis   theory.Axis
	values []float64
}

// maxCells bounds the number of grid cells, which grows fast with the number of axes.
const maxCells = 1_000_000

// Settings returns the settings of the grid cells. Gamma is innermost, around it Theta,
// Sigma, Lambda, Depth, Features, SourceGamma, SourceSigma, Decay, Norm and Dimension. An
// empty Gamma, an invalid value and more than 10⁶ cells are errors.
func (g Grid) Settings() ([]theory.Setting, error) {
	switch {
	case len(g.Gamma) == 0:
		return nil, fmt.Errorf("experiment: Grid.Gamma is empty: it needs at least one value of n/d")
	case g.D != 0 && len(g.Dimension) > 0:
		return nil, fmt.Errorf("experiment: Grid has D = %d and Dimension = %v: it takes one of them", g.D, g.Dimension)
	}
	// The limit holds the values as written, before rounding, and is validated as well.
	type cell struct {
		s theory.Setting
		l theory.Limit
	}
	dimensions := g.Dimension
	if len(dimensions) == 0 {
		dimensions = []int{g.D}
	}
	var cells []cell
	for _, d := range dimensions {
		cells = append(cells, cell{theory.Setting{D: d, Depth: 2}, theory.Limit{Depth: 2}})
	}
	for _, a := range g.axes() {
		if len(a.values) == 0 {
			continue
		}
		if len(cells) > maxCells/len(a.values) {
			return nil, fmt.Errorf("experiment: Grid has more than %d cells", maxCells)
		}
		out := make([]cell, 0, len(cells)*len(a.values))
		for _, c := range cells {
			for _, x := range a.values {
				if err := a.axis.Set(&c.s, &c.l, x); err != nil {
					return nil, err
				}
				out = append(out, c)
			}
		}
		cells = out
	}
	var out []theory.Setting
	seen := map[theory.Setting]bool{}
	for _, c := range cells {
		if err := c.l.Validate(); err != nil {
			return nil, fmt.Errorf("experiment: Grid: %w", err)
		}
		if err := c.s.Validate(); err != nil {
			return nil, fmt.Errorf("experiment: Grid: %w (Gamma = %v)", err, c.l.Gamma)
		}
		if c.l.SourceGamma > 0 && c.s.SourceN == 0 {
			return nil, fmt.Errorf("experiment: Grid: SourceGamma = %v is less than one point at D = %d (0 means unlimited source data)", c.l.SourceGamma, c.s.D)
		}
		if !seen[c.s] {
			out, seen[c.s] = append(out, c.s), true
		}
	}
	return out, nil
}

func reals(x []int) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Range returns n equally spaced values from first to last, both included.
func Range(first, last float64, n int) []float64 {
	out := make([]float64, max(0, n))
	for i := range out {
		out[i] = first
		if n > 1 {
			t := float64(i) / float64(n-1)
			out[i] = first*(1-t) + last*t
		}
	}
	return out
}

// Ratios returns n values from first to last, both included, in equal ratios, for a
// logarithmic axis. Both ends must be above 0.
func Ratios(first, last float64, n int) []float64 {
	out := Range(math.Log(first), math.Log(last), n)
	for i := range out {
		out[i] = math.Exp(out[i])
	}
	return out
}

// Angles returns the angles θ = asin(√ρ), at which the fraction ρ of the squared norm of
// the target is outside the features.
func Angles(rho []float64) []float64 {
	out := make([]float64, len(rho))
	for i, r := range rho {
		out[i] = math.Asin(math.Sqrt(r))
	}
	return out
}
