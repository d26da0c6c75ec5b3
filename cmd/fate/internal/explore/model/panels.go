package model

import (
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Risks are risks along γ: Limit by name over Gamma, and Mean, exact at the size of the state,
// at MeanGamma. Where a risk is infinite it is +Inf; where theory has no formula, NaN.
type Risks struct {
	Gamma, MeanGamma                 []float64
	Scratch, Tuned, Linear, FineTune []float64
	MeanScratch, MeanLinear          []float64
	TLinear, TFineTune               []float64
}

// Risks returns the risks at points values of γ up to gammaMax, and T against the baseline.
func (s State) Risks(points int, gammaMax float64) (Risks, error) {
	setting, err := s.Setting()
	if err != nil {
		return Risks{}, err
	}
	var out Risks
	l := setting.Limit()
	for i := range points {
		l.Gamma = gammaMax * (float64(i) + 0.5) / float64(points)
		out.Gamma = append(out.Gamma, l.Gamma)
		for _, r := range []struct {
			of func(theory.Limit) (float64, error)
			to *[]float64
		}{{theory.Scratch.Limit, &out.Scratch}, {theory.ScratchTuned.Limit, &out.Tuned}, {theory.Linear.Limit, &out.Linear}, {theory.FineTune.Limit, &out.FineTune},
			{s.transferability(Linear), &out.TLinear}, {s.transferability(FineTune), &out.TFineTune}} {
			v, err := r.of(l)
			if err != nil {
				v = math.NaN()
			}
			*r.to = append(*r.to, v)
		}
	}
	const means = 24
	for i := 1; i <= means; i++ {
		setting.N = theory.Points(gammaMax*float64(i)/means, setting.D)
		if last := len(out.MeanGamma) - 1; setting.N < 1 || last >= 0 && setting.Gamma() == out.MeanGamma[last] {
			continue
		}
		out.MeanGamma = append(out.MeanGamma, setting.Gamma())
		for _, r := range []struct {
			of func(theory.Setting) (theory.Value, error)
			to *[]float64
		}{{theory.Scratch.Mean, &out.MeanScratch}, {theory.Linear.Mean, &out.MeanLinear}} {
			v, err := r.of(setting)
			if err != nil {
				v.Value = math.NaN()
			}
			*r.to = append(*r.to, v.Value)
		}
	}
	return out, nil
}

// Depths are the scale c and the break-even angle in degrees, in the limit, of networks of
// 1, 2 … layers. An angle is NaN where there is none.
type Depths struct{ Scale, BreakEven []float64 }

// Depths returns c and the angle up to a depth of most.
func (s State) Depths(most int) (Depths, error) {
	setting, err := s.Setting()
	if err != nil || s.Features > 1 {
		return Depths{}, err
	}
	var out Depths
	l := setting.Limit()
	for l.Depth = 1; l.Depth <= most; l.Depth++ {
		c, err := theory.FineTuneScale.Limit(l)
		if err != nil {
			return out, err
		}
		theta, ok, err := theory.FineTuneBreakEven(l)
		if err != nil {
			return out, err
		}
		if !ok {
			theta = math.NaN()
		}
		out.Scale, out.BreakEven = append(out.Scale, c), append(out.BreakEven, theta*180/math.Pi)
	}
	return out, nil
}

// Distances are between the laws of the two data sets: KL divergence, an upper bound on
// Wasserstein-1, and squared MMD with bandwidth √d, near the distance of two points. They are
// those of pkg/divergence, which with its estimators would make the page too large.
type Distances struct{ KL, W1, MMD float64 }

// Distances returns them at an angle in degrees. They depend on neither n nor the procedure.
func (s State) Distances(degrees float64) Distances {
	half := math.Sin(degrees * math.Pi / 360)
	delta2, d, v := 4*half*half, float64(s.D), s.Sigma*s.Sigma+1
	out := Distances{W1: math.Min(math.Sqrt(delta2*2/math.Pi), s.wasserstein2(1-delta2/2))}
	if delta2 > 0 {
		out.KL = delta2 / (2 * s.Sigma * s.Sigma)
	}
	// E(β,β′) = [k^d·(1 + 2v/ℓ² − 4‖(β+β′)/2‖²/(ℓ⁴k))]^(−1/2), k = 1 + 2/ℓ²; ‖(β+β′)/2‖² = 1 − δ²/4.
	k := 1 + 2/d
	same := 1 + 2*v/d - 4/(d*d*k)
	// The difference 2(E(s,s) − E(s,t)), without cancellation.
	apart := same + delta2/(d*d*k)
	out.MMD = 2 * math.Pow(k, -d/2) * (apart - same) / (math.Sqrt(same*apart) * (math.Sqrt(same) + math.Sqrt(apart)))
	return out
}

// wasserstein2 is by the Bures formula, tr Σs + tr Σt − 2 tr(ΣsΣt)^½ on the plane of the tasks and
// the label. The roots of the eigenvalues of ΣsΣt have the sums e₁, e₂ of products of two, and
// e₃ = σ², with e₁² = tr ΣsΣt + 2e₂ and e₂² = det ΣsΣt·tr(ΣsΣt)⁻¹ + 2e₃e₁.
func (s State) wasserstein2(cos float64) float64 {
	v := s.Sigma * s.Sigma
	trace, minors := 2+2*cos+(1+v)*(1+v), 2*v*v+2*v+(1+cos)*(1+cos)
	e1 := 3 + v
	for range 100 {
		e1 = math.Sqrt(trace + 2*math.Sqrt(minors+2*v*e1))
	}
	return math.Sqrt(math.Max(0, 2*(3+v)-2*e1))
}

// Gain is the law of what one data set gains from transfer, R_sc − R, over draws: the gains in
// rising order. FineTune is nil for n ≥ d, where it gains nothing.
type Gain struct{ Linear, FineTune []float64 }

// Gain returns draws of the exact law.
func (s State) Gain(draws int) (Gain, error) {
	setting, err := s.Setting()
	if err != nil || s.Features > 1 {
		return Gain{}, err
	}
	law, err := theory.NewLaw(setting)
	if err != nil {
		return Gain{}, err
	}
	var out Gain
	for _, r := range law.Sample(draws, GainSeed) {
		out.Linear = append(out.Linear, r.Of(theory.TLinear))
		if setting.N < setting.D {
			out.FineTune = append(out.FineTune, r.Of(theory.TFineTune))
		}
	}
	slices.Sort(out.Linear)
	slices.Sort(out.FineTune)
	return out, nil
}

// GainSeed seeds the draws of Gain.
const GainSeed = 1
