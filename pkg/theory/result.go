package theory

import (
	"fmt"
	"math"
)

// Quantity names what an experiment measures and a result predicts.
type Quantity string

// The measured quantities.
const (
	RiskScratch  Quantity = "R_sc" // ‖β_sc − βt‖²
	RiskLinear   Quantity = "R_lt" // ‖β_lt − βt‖²
	RiskFineTune Quantity = "R_ft" // ‖β_ft − βt‖²
	TLinear      Quantity = "T_lt" // R_sc − R_lt
	TFineTune    Quantity = "T_ft" // R_sc − R_ft
	ScaleC       Quantity = "c"    // β_ft = β_sc + c·Uβs
)

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
	// Boundary is the zero contour of a transferability in the (θ, γ) plane up
	// to gammaMax, in the limit, at the Sigma and Depth of its argument; nil for
	// a result that is not a transferability.
	Boundary func(at Limit, gammaMax float64) ([]Curve, error)
}

// The results on linear networks, Sections 3.2 to 3.5 of the paper.
var (
	// Scratch is Theorems 3.5 and 3.6, eq. 8: the double descent of training
	// from a small random start.
	Scratch = Result{Name: "scratch risk", Quantity: RiskScratch, Source: "Theorem 3.6, eq. 8",
		Limit: scratchLimit, Mean: closed(scratchMean)}

	// Linear is the risk of linear transfer with the ridge Lambda: Theorem
	// 3.7 at λ = 0, Theorem 3.8 beyond.
	Linear = Result{Name: "linear transfer risk", Quantity: RiskLinear, Source: "Theorems 3.7, 3.8",
		Limit: linearLimit, Mean: closed(linearMean)}

	// LinearTransferability is Theorem 3.7, eqs. 10–11: scratch risk minus
	// linear transfer risk.
	LinearTransferability = Result{Name: "linear transferability", Quantity: TLinear, Source: "Theorem 3.7, eq. 11",
		Limit: minus(scratchLimit, linearLimit), Mean: closed(minus(scratchMean, linearMean)),
		Boundary: func(at Limit, gammaMax float64) ([]Curve, error) { return LinearBoundary(at.Sigma, gammaMax) }}

	// FineTuneTransferability is the exact form of Theorem 3.9: the scale c
	// of the pretrained vector in the null space of the data is the root of
	// the end-to-end flow, see [Scale].
	FineTuneTransferability = Result{Name: "fine-tuning transferability", Quantity: TFineTune, Source: "exact form of Theorem 3.9",
		Limit: fineTuneLimit, Mean: fineTuneMean,
		Boundary: func(at Limit, gammaMax float64) ([]Curve, error) {
			return FineTuneBoundary(at.Sigma, at.Depth, gammaMax)
		}}

	// FineTuneTransferabilityPrinted is Theorem 3.9, eq. 15 as printed, which
	// is the exact form with c = 1.
	FineTuneTransferabilityPrinted = Result{Name: "fine-tuning transferability, c = 1", Quantity: TFineTune, Source: "Theorem 3.9, eq. 15 as printed",
		Limit: fineTunePrintedLimit, Mean: closed(fineTunePrintedMean),
		Boundary: func(_ Limit, gammaMax float64) ([]Curve, error) { return FineTuneBoundary(0, 1, gammaMax) }}

	// FineTune is the exact risk of fine-tuning: Scratch minus
	// FineTuneTransferability.
	FineTune = Result{Name: "fine-tuning risk", Quantity: RiskFineTune, Source: "exact form of Theorem 3.9",
		Limit: minus(scratchLimit, fineTuneLimit), Mean: fineTuneRiskMean}

	// FineTunePrinted is the risk of fine-tuning that eq. 15 implies.
	FineTunePrinted = Result{Name: "fine-tuning risk, c = 1", Quantity: RiskFineTune, Source: "Theorem 3.9, eq. 15 as printed",
		Limit: minus(scratchLimit, fineTunePrintedLimit), Mean: closed(minus(scratchMean, fineTunePrintedMean))}

	// FineTuneScale is the mean of the scale c over data sets.
	FineTuneScale = Result{Name: "fine-tuning scale", Quantity: ScaleC, Source: "exact form of Theorem 3.9",
		Limit: scaleLimit, Mean: scaleMean}
)

// closed turns a closed form into the Mean of a Result.
func closed(f func(Setting) (float64, error)) func(Setting) (Value, error) {
	return func(s Setting) (Value, error) {
		v, err := f(s)
		return Value{Value: v}, err
	}
}

// minus returns a − b, for means of which one may be infinite. Where both are,
// the mean of the difference does not exist.
func minus[S any](a, b func(S) (float64, error)) func(S) (float64, error) {
	return func(s S) (float64, error) {
		x, err := a(s)
		if err != nil {
			return 0, err
		}
		y, err := b(s)
		if err != nil {
			return 0, err
		}
		if math.IsInf(x, 1) && math.IsInf(y, 1) {
			return 0, fmt.Errorf("theory: the mean transferability does not exist at %v: both risks have an infinite mean", s)
		}
		return x - y, nil
	}
}
