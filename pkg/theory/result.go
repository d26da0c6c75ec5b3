package theory

import (
	"fmt"
	"math"
)

// Quantity names what an experiment measures and a result predicts.
type Quantity string

// The measured quantities.
const (
	RiskScratch  Quantity = "R_sc"  // ‖β_sc − βt‖²
	RiskTuned    Quantity = "R*_sc" // the same with the best ridge, λ = σ²/γ
	RiskLinear   Quantity = "R_lt"  // ‖β_lt − βt‖²
	RiskFineTune Quantity = "R_ft"  // ‖β_ft − βt‖²
	TLinear      Quantity = "T_lt"  // R_sc − R_lt
	TFineTune    Quantity = "T_ft"  // R_sc − R_ft
	TLinearTuned Quantity = "T*_lt" // R*_sc − R_lt
	ScaleC       Quantity = "c"     // β_ft = β_sc + c·Uβs
	// FeatureResidual is ‖P⊥βt‖²/‖βt‖², where P⊥ projects off the span of the
	// pretrained features.
	FeatureResidual Quantity = "ρ"
)

// Symbol returns the symbol of q in the figures, in LaTeX without dollars, or the name
// of a quantity that is not one of these.
func (q Quantity) Symbol() string {
	switch q {
	case RiskScratch:
		return `\mathcal{R}_{\mathrm{sc}}`
	case RiskTuned:
		return `\mathcal{R}^*_{\mathrm{sc}}`
	case RiskLinear:
		return `\mathcal{R}_{\mathrm{lt}}`
	case RiskFineTune:
		return `\mathcal{R}_{\mathrm{ft}}`
	case TLinear:
		return `\mathcal{T}_{\mathrm{lt}}`
	case TFineTune:
		return `\mathcal{T}_{\mathrm{ft}}`
	case TLinearTuned:
		return `\mathcal{T}^*_{\mathrm{lt}}`
	case FeatureResidual:
		return `\rho`
	}
	return string(q)
}

// Result is one statement of the paper about the mean of one quantity. Limit
// is its value as n, d → ∞ at fixed γ; Mean is its exact mean at a finite
// size, +Inf where that mean is infinite. Both return an error for a setting
// out of its domain. A Result is a plain value: copy it and replace a field
// to test another formula against the same experiment.
type Result struct {
	Name     string
	Quantity Quantity
	Source   string // theorem and equation, or "exact" beyond the paper
	Limit    func(Limit) (float64, error)
	Mean     func(Setting) (Value, error)
	// Boundary is the zero contour of a transferability in the (θ, γ) plane, in
	// the limit and for γ up to gammaMax. It ignores the Gamma and Theta of its
	// argument. It is nil for a result that is not a transferability.
	Boundary func(at Limit, gammaMax float64) ([]Curve, error)
}

// The results on linear networks: Section 3 of the paper and Appendix C.
var (
	// Scratch is Theorems 3.5 and 3.6, eq. 8: the double descent of training
	// from a small random start.
	Scratch = scaled(Result{Name: "scratch risk", Quantity: RiskScratch, Source: "Theorem 3.6, eq. 8",
		Limit: scratchLimit, Mean: closed(scratchMean)})

	// ScratchTuned is the baseline of Figure 5: scratch with the weight decay
	// that gives the best ridge, which has no peak at γ = 1.
	ScratchTuned = scaled(Result{Name: "tuned scratch risk", Quantity: RiskTuned, Source: "Figure 5",
		Limit: tunedLimit, Mean: tunedMean})

	// Linear is the risk of linear transfer with the ridge Lambda: Theorem
	// 3.7 at λ = 0, Theorem 3.8 beyond; with several features or finite source
	// data, the general form of Theorem 3.7.
	Linear = scaled(Result{Name: "linear transfer risk", Quantity: RiskLinear, Source: "Theorems 3.7, 3.8",
		Limit: linearLimit, Mean: linearMean})

	// Outside is the squared norm of the target outside the features, relative to
	// ‖βt‖²: the floor of linear transfer. It is sin²θ, or with finite source data
	// the mean of sin² of the angle to the pretrained vector.
	Outside = Result{Name: "target outside the features", Quantity: FeatureResidual, Source: "Theorem 3.7",
		Limit: outsideLimit, Mean: outsideMean}

	// LinearTransferability is Theorem 3.7, eqs. 10–11: scratch risk minus
	// linear transfer risk.
	LinearTransferability = scaled(Result{Name: "linear transferability", Quantity: TLinear, Source: "Theorem 3.7, eq. 11",
		Limit: minus(scratchLimit, linearLimit), Mean: difference(closed(scratchMean), linearMean), Boundary: linearBoundary(scratchLimit)})

	// LinearTunedTransferability is the tuned scratch risk minus the linear
	// transfer risk: with one feature, transfer loses iff
	// γ > cos²θ(1 + σ²/sin²θ), and there is no band around γ = 1.
	LinearTunedTransferability = scaled(Result{Name: "linear transferability, tuned baseline", Quantity: TLinearTuned, Source: "Theorem 3.7 and Figure 5",
		Limit: minus(tunedLimit, linearLimit), Mean: difference(tunedMean, linearMean), Boundary: linearBoundary(tunedLimit)})

	// FineTuneTransferability is the exact form of Theorem 3.9: the scale c
	// of the pretrained vector in the null space of the data is the root of
	// the end-to-end flow, see [Scale].
	FineTuneTransferability = Result{Name: "fine-tuning transferability", Quantity: TFineTune, Source: "exact form of Theorem 3.9",
		Limit: fineTuneLimit, Mean: fineTuneMean, Boundary: fineTuneBoundary}

	// FineTuneTransferabilityPrinted is Theorem 3.9, eq. 15 as printed, which
	// is the exact form with c = 1; with finite source data it is Theorem C.1,
	// eqs. 22–23 as printed.
	FineTuneTransferabilityPrinted = Result{Name: "fine-tuning transferability, c = 1", Quantity: TFineTune, Source: "Theorem 3.9, eq. 15 as printed",
		Limit: fineTunePrintedLimit, Mean: closed(fineTunePrintedMean),
		Boundary: func(at Limit, gammaMax float64) ([]Curve, error) {
			at.Depth = 1
			return fineTuneBoundary(at, gammaMax)
		}}

	// FineTune is the exact risk of fine-tuning: Scratch minus
	// FineTuneTransferability.
	FineTune = Result{Name: "fine-tuning risk", Quantity: RiskFineTune, Source: "exact form of Theorem 3.9",
		Limit: minus(scratchLimit, fineTuneLimit), Mean: fineTuneRiskMean}

	// FineTunePrinted is the risk of fine-tuning that eq. 15 implies.
	FineTunePrinted = Result{Name: "fine-tuning risk, c = 1", Quantity: RiskFineTune, Source: "Theorem 3.9, eq. 15 as printed",
		Limit: minus(scratchLimit, fineTunePrintedLimit), Mean: difference(closed(scratchMean), closed(fineTunePrintedMean))}

	// FineTuneScale is the mean of the scale c over data sets.
	FineTuneScale = Result{Name: "fine-tuning scale", Quantity: ScaleC, Source: "exact form of Theorem 3.9",
		Limit: scaleLimit, Mean: scaleMean}

	// FineTuneScalePrinted is c = 1, which Theorem 3.9 assumes.
	FineTuneScalePrinted = Result{Name: "fine-tuning scale, c = 1", Quantity: ScaleC, Source: "Theorem 3.9, eq. 15 as printed",
		Limit: func(l Limit) (float64, error) { return 1, l.Validate() },
		Mean:  func(s Setting) (Value, error) { return Value{Value: 1}, s.Validate() }}
)

// scaled extends a result for a unit target to a target of any norm.
func scaled(r Result) Result {
	limit, mean, boundary := r.Limit, r.Mean, r.Boundary
	r.Limit = func(l Limit) (float64, error) {
		c2, sigma := targetScale(l.Norm, l.Sigma)
		l.Sigma = sigma
		v, err := limit(l)
		return c2 * v, err
	}
	r.Mean = func(s Setting) (Value, error) {
		c2, sigma := targetScale(s.Norm, s.Sigma)
		s.Sigma = sigma
		v, err := mean(s)
		return Value{c2 * v.Value, c2 * v.StdErr}, err
	}
	if boundary != nil {
		r.Boundary = func(at Limit, gammaMax float64) ([]Curve, error) {
			_, at.Sigma = targetScale(at.Norm, at.Sigma)
			return boundary(at, gammaMax)
		}
	}
	return r
}

// targetScale returns c² and σ/c for a target of norm c.
func targetScale(norm, sigma float64) (c2, relative float64) {
	if norm == 0 || math.IsNaN(norm) { // Validate refuses NaN
		return 1, sigma
	}
	return norm * norm, sigma / norm
}

// closed turns a closed form into the Mean of a Result.
func closed(f func(Setting) (float64, error)) func(Setting) (Value, error) {
	return func(s Setting) (Value, error) {
		v, err := f(s)
		return Value{Value: v}, err
	}
}

// minus returns a − b, for limits of which one may be infinite. Where both are,
// the mean of the difference does not exist.
func minus(a, b func(Limit) (float64, error)) func(Limit) (float64, error) {
	return func(l Limit) (float64, error) {
		x, err := a(l)
		if err != nil {
			return 0, err
		}
		y, err := b(l)
		if err == nil && math.IsInf(x, 1) && math.IsInf(y, 1) {
			err = fmt.Errorf("theory: %w at %+v: both risks are infinite", ErrNoMean, l)
		}
		return x - y, err
	}
}

// difference is minus for means at a finite size.
func difference(a, b func(Setting) (Value, error)) func(Setting) (Value, error) {
	return func(s Setting) (Value, error) {
		x, err := a(s)
		if err != nil {
			return x, err
		}
		y, err := b(s)
		if err == nil && math.IsInf(x.Value, 1) && math.IsInf(y.Value, 1) {
			err = fmt.Errorf("theory: %w at %v: both risks have an infinite mean", ErrNoMean, s)
		}
		return Value{x.Value - y.Value, math.Hypot(x.StdErr, y.StdErr)}, err
	}
}
