package theory_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Half as many points as dimensions, tasks at 45°: does transfer beat training from
// scratch?
func Example() {
	s := theory.Setting{N: 250, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	for _, r := range []theory.Result{theory.Scratch, theory.LinearTransferability, theory.FineTuneTransferability} {
		v, err := r.Mean(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%-5s %.3f\n", r.Quantity, v.Value)
	}
	// Output:
	// R_sc  0.540
	// T_lt  0.038
	// T_ft  0.203
}

// A result has a value in the limit n, d → ∞ and a mean at a finite size.
func ExampleResult() {
	s := theory.Setting{N: 15, D: 60, Sigma: 0.2, Depth: 2}
	mean, err := theory.Scratch.Mean(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	limit, err := theory.Scratch.Limit(s.Limit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s (%s): %.5f at d = 60, %.5f in the limit\n", theory.Scratch.Name, theory.Scratch.Source, mean.Value, limit)
	// Output:
	// scratch risk (Theorem 3.6, eq. 8): 0.76364 at d = 60, 0.76333 in the limit
}

// The formula of a result can be replaced, to test another one on the same experiment.
func ExampleResult_replace() {
	guess := theory.FineTuneTransferability
	guess.Name = "without the factor 1 − γ"
	guess.Limit = func(l theory.Limit) (float64, error) { return 2*math.Cos(l.Theta) - 1, nil }
	at := theory.Limit{Gamma: 0.5, Theta: math.Pi / 4, Depth: 2}
	for _, r := range []theory.Result{theory.FineTuneTransferability, guess} {
		v, err := r.Limit(at)
		fmt.Printf("%s: %.4f %v\n", r.Name, v, err)
	}
	// Output:
	// fine-tuning transferability: 0.2071 <nil>
	// without the factor 1 − γ: 0.4142 <nil>
}

// The scale c of fine-tuning at γ = 1/2 and σ = 1, by the number of layers: the printed
// theorem takes it to be 1.
func ExampleScale() {
	for _, depth := range []int{1, 2, 3, 10} {
		c, err := theory.Scale(depth, 0.5, 1.5, 1)
		fmt.Printf("L = %2d: c = %.5f %v\n", depth, c, err)
	}
	// Output:
	// L =  1: c = 1.00000 <nil>
	// L =  2: c = 1.22474 <nil>
	// L =  3: c = 1.33794 <nil>
	// L = 10: c = 1.57335 <nil>
}

// A little ridge helps linear transfer at a finite size, and never below sin²θ = ½.
func ExampleBestRidge() {
	s := theory.Setting{N: 20, D: 60, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	lambda, risk, err := theory.BestRidge(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := theory.Linear.Mean(s)
	fmt.Printf("λ* = %.3f, risk %.6f; without a ridge %.6f %v\n", lambda, risk, plain.Value, err)
	// Output:
	// λ* = 0.054, risk 0.528118; without a ridge 0.530000 <nil>
}

func ExampleLinearLoses() {
	intervals, err := theory.LinearLoses(math.Pi/4, 0.2)
	for _, i := range intervals {
		fmt.Printf("%.6f < γ < %.6f\n", i.From, i.To)
	}
	fmt.Println(err)
	// Output:
	// 0.548616 < γ < 0.911384
	// 1.080000 < γ < +Inf
	// <nil>
}

func ExampleFineTuneBreakEven() {
	for _, sigma := range []float64{0.2, 1} {
		theta, ok, err := theory.FineTuneBreakEven(theory.Limit{Gamma: 0.5, Sigma: sigma, Depth: 2})
		fmt.Printf("σ = %.1f: %.2f° %v %v\n", sigma, theta*180/math.Pi, ok, err)
	}
	// Output:
	// σ = 0.2: 59.57° true <nil>
	// σ = 1.0: 52.24° true <nil>
}

// The ridge with the least mean risk from scratch, and that risk in the limit at γ = 1,
// where without a ridge it is infinite.
func ExampleTunedRidge() {
	s := theory.Setting{N: 100, D: 100, Sigma: 0.2, Depth: 2}
	risk, err := theory.ScratchTuned.Limit(s.Limit())
	fmt.Printf("λ* = %.2f, R* = %.5f %v\n", theory.TunedRidge(s), risk, err)
	// Output:
	// λ* = 0.04, R* = 0.18100 <nil>
}

// Draws of the exact law of the three risks, in a dimension of a million.
func ExampleNewLaw() {
	law, err := theory.NewLaw(theory.Setting{N: 500_000, D: 1_000_000, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range law.Sample(2, 1) {
		fmt.Printf("R_sc %.2f, R_lt %.2f, R_ft %.2f\n", r.Scratch, r.Linear, r.FineTune)
	}
	// Output:
	// R_sc 0.54, R_lt 0.50, R_ft 0.34
	// R_sc 0.54, R_lt 0.50, R_ft 0.34
}

// The probability that transfer wins on the one data set that one has.
func ExampleSetting_Summary() {
	s := theory.Setting{N: 30, D: 60, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	sum, err := s.Summary(100_000)
	fmt.Printf("linear transfer %.2f, fine-tuning %.2f %v\n", sum.PLinearWins.Value, sum.PFineTuneWins.Value, err)
	// Output:
	// linear transfer 0.61, fine-tuning 0.97 <nil>
}

func ExampleEscapeTime() {
	for _, alpha := range []float64{1e-2, 1e-3} {
		t, err := theory.EscapeTime(24, alpha)
		fmt.Printf("α = %v: t = %.3f %v\n", alpha, t.Value, err)
	}
	// Output:
	// α = 0.01: t = 3.710 <nil>
	// α = 0.001: t = 6.013 <nil>
}

func ExampleAxis() {
	s := theory.Setting{N: 50, D: 100, Theta: math.Pi / 4, Depth: 2}
	for _, a := range []theory.Axis{theory.AxisGamma, theory.AxisTheta, theory.AxisResidual} {
		x, err := a.Of(s)
		fmt.Println(a, a.Label(x), err)
	}
	// Output:
	// gamma $\gamma = 0.5$ <nil>
	// theta $\theta = \pi/4$ <nil>
	// rho $\rho = 0.5$ <nil>
}

func ExampleFind() {
	for _, e := range theory.Find("eq. 13") {
		fmt.Printf("%s: %s\n%s\n%s\n", e.Name, e.Statement, e.Formula, e.Notebook)
	}
	// Output:
	// Theorem 3.8: A ridge does not lower the floor of linear transfer.
	// R_lt → 1 − (1+2λ)/(1+λ)²·cos²θ as n → ∞
	// 05_ridge.ipynb
}

// The scale c of fine-tuning two layers: exact, and the 1 of the printed theorem.
func ExampleResult_scale() {
	at := theory.Limit{Gamma: 0.5, Theta: math.Pi / 4, Sigma: 1, Depth: 2}
	for _, r := range []theory.Result{theory.FineTuneScale, theory.FineTuneScalePrinted, theory.FineTune, theory.FineTuneTransferability, theory.FineTuneTransferabilityPrinted,
		theory.LinearTunedTransferability, theory.Outside} {
		v, err := r.Limit(at)
		fmt.Printf("%s: %.4f %v\n", r.Quantity, v, err)
	}
	// Output:
	// c: 1.2247 <nil>
	// c: 1.0000 <nil>
	// R_ft: 1.3840 <nil>
	// T_ft: 0.1160 <nil>
	// T_ft: 0.2071 <nil>
	// T*_lt: 0.2808 <nil>
	// ρ: 0.5000 <nil>
}

// A mean is a value with the standard error of its average over trials.
func ExampleMean() {
	var v theory.Value = theory.Mean([]float64{1, 2, 3, 4})
	fmt.Printf("%.2f ± %.2f\n", v.Value, v.StdErr)
	// Output:
	// 2.50 ± 0.65
}

// The quantities of one trial, in text and as the label of an axis.
func ExampleQuantity() {
	for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.TLinear, theory.TFineTune, theory.ScaleC, theory.FeatureResidual} {
		fmt.Println(q, q.Symbol())
	}
	// Output:
	// R_sc \mathcal{R}_{\mathrm{sc}}
	// R_lt \mathcal{R}_{\mathrm{lt}}
	// R_ft \mathcal{R}_{\mathrm{ft}}
	// T_lt \mathcal{T}_{\mathrm{lt}}
	// T_ft \mathcal{T}_{\mathrm{ft}}
	// c c
	// ρ \rho
}

// The second singular value of the pretrained features is of order α, and the time to
// escape from a small start of order α^(2−L) from three layers on.
func ExampleSecondSingular() {
	for _, alpha := range []float64{1e-2, 1e-3} {
		s, err := theory.SecondSingular(24, alpha)
		fmt.Printf("α = %v: s₂/s₁ = %.5f %v\n", alpha, s.Value, err)
	}
	fmt.Println(theory.EscapeExponent(3), theory.EscapeExponent(4))
	// Output:
	// α = 0.01: s₂/s₁ = 0.01846 <nil>
	// α = 0.001: s₂/s₁ = 0.00185 <nil>
	// -1 -2
}
