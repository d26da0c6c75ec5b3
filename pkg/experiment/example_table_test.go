package experiment_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
)

// lab of the examples below.
var lab = experiment.Lab{Seed: 1, D: 20, Sigma: 0.2}

// A view has the labels of its axes, a line of theory and measured points for each angle.
func ExampleTable_Along() {
	run := lab.Solve(10, experiment.Grid{Gamma: []float64{0.25, 0.5, 1.5}, Theta: []float64{0, math.Pi / 4}}, experiment.Scratch, experiment.Transfer)
	view := run.Along(theory.LinearTransferability, experiment.Gamma, experiment.Theta)
	fmt.Println(view.Titles())
	for i := range view.Points().Len() {
		label, x, _, _ := view.Points().Curve(i)
		fmt.Println(label, x)
	}
	fmt.Println(view.Lines().Len(), view.Err())
	// The exact mean at this size, and another formula, as further lines.
	exact := run.Exact(theory.LinearTransferability, experiment.Gamma, experiment.Theta)
	limit := run.Theory(theory.LinearTransferability, experiment.Gamma, experiment.Theta)
	fmt.Println(exact.Len(), limit.Len())
	// Output:
	// $\gamma = n/d$ $\mathcal{T}_{\mathrm{lt}}$
	// $\theta = 0$ [0.25 0.5 1.5]
	// $\theta = \pi/4$ [0.25 0.5 1.5]
	// 2 <nil>
	// 2 2
}

// A plane of a transferability has theory's boundary between gain and loss.
func ExampleTable_Plane() {
	run := lab.Law(50, experiment.Grid{Gamma: []float64{0.5, 1, 1.5}, Theta: []float64{0.2, 0.8}})
	for _, p := range []experiment.Plane{
		run.Plane(theory.LinearTransferability, experiment.Theta, experiment.Gamma),
		run.Plane(theory.LinearTransferability, experiment.Residual, experiment.Gamma),
		run.WinPlane(theory.LinearTransferability, experiment.Theta, experiment.Gamma),
	} {
		x, y, z := p.Titles()
		boundary, _ := p.Boundary()
		fmt.Println(x, y, z, len(p.Value), len(p.Value[0]), len(boundary) > 0, p.Err())
	}
	// Output:
	// $\theta$ $\gamma = n/d$ $\mathcal{T}_{\mathrm{lt}}$ 3 2 true <nil>
	// $\rho$ $\gamma = n/d$ $\mathcal{T}_{\mathrm{lt}}$ 3 2 true <nil>
	// $\theta$ $\gamma = n/d$ $P$ 3 2 true <nil>
}

// Where keeps the cells whose settings satisfy a condition, At those at values of an axis.
func ExampleTable_Where() {
	run := lab.Law(10, experiment.Grid{Gamma: []float64{0.5, 1.5}, Sigma: []float64{0, 0.2}})
	below := run.Where(func(s theory.Setting) bool { return s.N < s.D })
	for _, c := range below.At(experiment.Sigma, 0.2).Cells {
		fmt.Println(c, c.Trials())
	}
	fmt.Println(run.At(experiment.Sigma, 0.3).Err())
	// Output:
	// n=10 d=20 θ=0° σ=0.2 L=2 10
	// experiment: sigma = 0.3: the table has no grid cell there
}

// A row for each cell and result; a wrong formula is refuted.
func ExampleTable_Verdict() {
	run := lab.Law(20_000, experiment.Grid{Gamma: []float64{0.5}, Theta: []float64{math.Pi / 3}})
	v := run.Verdict(theory.Scratch, theory.Linear, theory.FineTune, theory.FineTuneScale)
	fmt.Println(len(v.Rows), v.Agrees())
	fmt.Println(run.Verdict(theory.FineTuneScalePrinted).Refuted().Agrees())
	// Output:
	// 4 true
	// true
}

// The average over a phase diagram: where theory has a gain, and where a loss.
func ExampleTable_Pooled() {
	run := lab.Solve(20, experiment.Grid{Gamma: []float64{0.2, 1.5}, Theta: []float64{0.2, 1.2}}, experiment.Scratch, experiment.Tuned, experiment.Transfer)
	v := run.Pooled(theory.LinearTransferability, theory.LinearTunedTransferability)
	for _, row := range v.Rows {
		fmt.Println(row.Result, "over", row.Setting, row.Agree)
	}
	// Output:
	// mean linear transferability over 2 cells with T_lt ≥ 0, d=20 σ=0.2 L=2 true
	// mean linear transferability over 2 cells with T_lt < 0, d=20 σ=0.2 L=2 true
	// mean linear transferability, tuned baseline over 2 cells with T*_lt ≥ 0, d=20 σ=0.2 L=2 true
	// mean linear transferability, tuned baseline over 2 cells with T*_lt < 0, d=20 σ=0.2 L=2 true
}

// The angle at which fine-tuning neither wins nor loses, by depth.
func ExampleTable_BreakEven() {
	run := lab.Solve(60, experiment.Grid{
		Gamma: []float64{0.5}, Sigma: []float64{1}, Depth: []int{2, 4}, Theta: experiment.Range(math.Pi/6, math.Pi/3, 4),
	}, experiment.Scratch, experiment.FineTune)
	fmt.Println(run.At(experiment.Depth, 2).BreakEven(theory.FineTuneTransferability).Agrees())
	view := run.BreakEvens(theory.FineTuneTransferability, experiment.Depth)
	_, depth, degrees, _ := view.Lines().Curve(0)
	fmt.Printf("%v %.0f° %v\n", depth, degrees, view.Err())
	// Output:
	// true
	// [2 4] [51 42]° <nil>
}

// A change is measured on the same data sets, far below their spread.
func ExampleTable_Change() {
	best, _, err := theory.BestRidge(lab.Setting(0.25, math.Pi/4, 2))
	run := lab.Solve(200, experiment.Grid{Gamma: []float64{0.25}, Theta: []float64{math.Pi / 4}, Lambda: []float64{0, best}}, experiment.Transfer)
	v := run.Change(experiment.Lambda, 0, best, theory.Linear)
	fmt.Println(v.Agrees(), v.Rows[0].Measured.Value < 0, err)
	// Output:
	// true true <nil>
}

// Solving has the distribution of the exact law, not its mean alone.
func ExampleTable_SameLaw() {
	grid := experiment.Grid{Gamma: []float64{0.5}, Theta: []float64{math.Pi / 4}}
	drawn, solved := lab.Law(5000, grid), lab.Solve(500, grid)
	fmt.Println(drawn.SameLaw(solved, theory.RiskScratch, theory.RiskLinear, theory.TFineTune, theory.ScaleC).Agrees())
	fmt.Println(solved.Wins(theory.LinearTransferability, theory.FineTuneTransferability).Agrees())
	_, _, p, _ := drawn.Distribution(theory.TLinear, experiment.Gamma, 3).Curve(0)
	fmt.Println(p)
	// Output:
	// true
	// true
	// [0.005 0.5 0.995]
}

// One run as the prediction of another, and the limit as that of a run in a large dimension.
func ExampleTable_As() {
	grid := experiment.Grid{D: 10, Gamma: []float64{0.5}, Decay: []float64{0.3}}
	other := lab.Describe(experiment.Solve, 200, grid, experiment.Scratch)
	other.Seed = 2 // other data sets
	solved := other.Run().As("scratch risk with weight decay", "ridge equivalence", theory.RiskScratch)
	fmt.Println(lab.Train(30, grid, experiment.Scratch).Verdict(solved).Agrees())
	huge := lab.Law(100, experiment.Grid{D: 1_000_000, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 4}})
	fmt.Println(huge.AtLimit(theory.Scratch, theory.LinearTransferability).Agrees())
	// Output:
	// true
	// true
}

// How far means at finite d are from the limit, and with which power of d.
func ExampleTable_Deviations() {
	e := lab.Describe(experiment.Law, 20_000, experiment.Grid{Dimension: []int{16, 32, 64}, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 6}})
	e.Independent = true
	run := e.Run()
	view := run.Deviations(theory.Linear, experiment.Gamma)
	_, d, y, _ := view.Lines().Curve(0)
	fmt.Printf("%v %.4f\n", d, y)
	fmt.Println(run.Exponents(experiment.Gamma, theory.Scratch, theory.Linear).Agrees())
	// Output:
	// [16 32 64] [0.0483 0.0207 0.0097]
	// true
}

// A transferability against a distance between the tasks.
func ExampleTable_AgainstDistance() {
	run := lab.Law(200, experiment.Grid{Gamma: []float64{0.5}, Theta: experiment.Range(0, math.Pi, 3)})
	points := run.AgainstDistance(divergence.KL, theory.TLinear, experiment.None)
	line := run.TheoryAgainstDistance(divergence.KL, theory.LinearTransferability, experiment.None)
	_, kl, t, _ := points.Curve(0)
	fmt.Printf("KL %.0f, T_lt %.1f, %d line %v\n", kl, t, line.Len(), line.Err())
	// Output:
	// KL [0 25 50], T_lt [0.5 -0.6 0.5], 1 line <nil>
}

func ExampleDistanceCurve() {
	same := divergence.Tasks{D: 20, Sigma: 0.2}
	curves := experiment.Join(
		experiment.DistanceCurve("KL", divergence.KL, same, experiment.Theta, []float64{0, math.Pi}),
		experiment.DistanceCurve("W1", divergence.Wasserstein1, same, experiment.Norm, []float64{1, 10}),
	)
	for i := range curves.Len() {
		label, _, y, _ := curves.Curve(i)
		fmt.Printf("%s %.2f\n", label, y)
	}
	// Output:
	// KL [0.00 50.00]
	// W1 [0.00 7.18]
}

func ExampleEstimated() {
	tasks := divergence.Tasks{D: 5, Theta: math.Pi / 4, Sigma: 0.2}
	fmt.Println(experiment.Estimated(divergence.KL, tasks, 5000, 1).Agrees())
	fmt.Println(experiment.Estimated(divergence.Wasserstein2, tasks, 5000, 1).Err())
	// Output:
	// true
	// experiment: Wasserstein-2 has no estimator
}

// Join makes one set of several series, Named gives all curves of a series one label.
func ExampleJoin() {
	run := lab.Solve(5, experiment.Grid{Gamma: []float64{0.5, 1.5}})
	s := experiment.Join(
		run.Measured(theory.RiskScratch, experiment.Gamma, experiment.None).Named("scratch"),
		run.Measured(theory.RiskFineTune, experiment.Gamma, experiment.None).Named("fine-tuning"),
		run.Exact(theory.Scratch, experiment.Gamma, experiment.None).Named("scratch"),
	)
	for i := range s.Len() {
		label, _, _, bar := s.Curve(i)
		method, seed := s.Origin(i)
		fmt.Printf("%s: error bars %v, %q %d\n", label, bar != nil, method, seed)
	}
	// Output:
	// scratch: error bars true, "solve" 1
	// fine-tuning: error bars true, "solve" 1
	// scratch: error bars false, "" 0
}

// The label of a value on an axis, for titles: every axis of a grid or a view has one.
func ExampleGamma() {
	for _, axis := range []theory.Axis{
		experiment.Gamma, experiment.Residual, experiment.Sigma, experiment.Lambda, experiment.Depth, experiment.Features,
		experiment.SourceGamma, experiment.SourceSigma, experiment.Decay, experiment.Norm, experiment.Dimension, experiment.Alpha,
		experiment.Step, experiment.Mu, experiment.Points,
	} {
		fmt.Println(axis.Label(2))
	}
	// Output:
	// $\gamma = 2$
	// $\rho = 2$
	// $\sigma = 2$
	// $\lambda = 2$
	// $L = 2$
	// $k = 2$
	// $\gamma_s = 2$
	// $\sigma_s = 2$
	// $\mu = 2$
	// $\|\beta_t\| = 2$
	// $d = 2$
	// $\alpha = 2$
	// $\eta = 2$
	// $\mu = 2$
	// $n = 2$
}
