package experiment_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
)

// Half as many points as dimensions, tasks at 45°: measure the transferability on data sets
// and compare its mean with theory.
func Example() {
	run := experiment.Experiment{
		Method: experiment.Solve,
		Trials: 200,
		Seed:   1,
		Grid:   experiment.Grid{D: 40, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 4}, Sigma: []float64{0.2}},
	}.Run()
	fmt.Println(run)
	v := run.Verdict(theory.LinearTransferability, theory.FineTuneTransferability)
	fmt.Println(len(v.Rows), v.Agrees(), v.Err())
	// Output:
	// solve: 1 cell × 200 trials at d = 40, seed 1
	// 2 true <nil>
}

// The three methods check each other: the exact law, the end points of training, and
// gradient descent on every weight.
func ExampleExperiment() {
	grid := experiment.Grid{D: 10, Gamma: []float64{2}, Sigma: []float64{0.3}}
	for _, method := range []experiment.Method{experiment.Law, experiment.Solve, experiment.Train} {
		e := experiment.Experiment{Method: method, Trials: 50, Seed: 1, Grid: grid, Procedures: []experiment.Procedure{experiment.Scratch}}
		v := e.Run().Verdict(theory.Scratch)
		fmt.Println(method, v.Agrees(), v.Err())
	}
	// Output:
	// law true <nil>
	// solve true <nil>
	// train true <nil>
}

// An invalid field is an error of the table and of all that is made from it.
func ExampleExperiment_invalid() {
	run := experiment.Experiment{Method: experiment.Solve, Trials: 1, Grid: experiment.Grid{D: 10, Gamma: []float64{1}}}.Run()
	fmt.Println(run.Err())
	fmt.Println(run.Verdict(theory.Scratch).Agrees(), run.Along(theory.Scratch, experiment.Gamma, experiment.None).Err() != nil)
	// Output:
	// experiment: Trials = 1: a standard error needs at least 2, and at most 100000000 are kept
	// false true
}

// The dimension, the noise and the seed are those of the lab unless a grid has its own.
func ExampleLab() {
	lab := experiment.Lab{Pace: "quick", Seed: 4, Sigma: 0.2}
	lab.D = lab.At(20, 500)
	grid := experiment.Grid{Gamma: []float64{0.5}, Theta: []float64{math.Pi / 3}, Depth: []int{2}}
	fmt.Println(lab.Setting(0.5, math.Pi/3, 2))
	fmt.Println(lab.Law(1000, grid))
	fmt.Println(lab.Solve(20, grid, experiment.Scratch, experiment.Tuned))
	fmt.Println(lab.Train(2, grid, experiment.Transfer))
	balanced := lab.Describe(experiment.Train, 2, grid, experiment.FineTune)
	balanced.Balanced = true // without pretraining
	fmt.Println(balanced.Run())
	// Output:
	// n=10 d=20 θ=60° σ=0.2 L=2
	// law: 1 cell × 1000 trials at d = 20, seed 4
	// solve: 1 cell × 20 trials at d = 20, seed 4
	// train: 1 cell × 2 trials at d = 20, seed 4, α = 0.01
	// train: 1 cell × 2 trials at d = 20, seed 4, α = 0.01
}

// The lines of theory at settings that nobody measured, as under a slider.
func ExampleLab_Theory() {
	lab := experiment.Lab{D: 1000, Sigma: 0.2}
	grid := lab.Theory(experiment.Grid{Gamma: []float64{0.1, 0.5}, Theta: []float64{math.Pi / 3}})
	_, x, y, _ := grid.Along(theory.LinearTransferability, experiment.Gamma, experiment.None).Curve(0)
	fmt.Printf("%d points, the last at γ = %v: %.4f\n", len(x), x[len(x)-1], y[len(y)-1])
	_, _, z := grid.Plane(theory.LinearTransferability, experiment.Theta, experiment.Gamma).Values()
	fmt.Printf("%.4f\n", z)
	// Output:
	// 601 points, the last at γ = 0.5: -0.2100
	// [[0.1544] [-0.2100]]
}

// A grid is the product of its axes, gamma innermost.
func ExampleGrid() {
	grid := experiment.Grid{D: 100, Gamma: []float64{0.5, 1.5}, Theta: experiment.Angles([]float64{0.25}), Sigma: []float64{0, 0.2}}
	settings, err := grid.Settings()
	for _, s := range settings {
		fmt.Println(s)
	}
	fmt.Println(err)
	// Output:
	// n=50 d=100 θ=30° σ=0 L=2
	// n=150 d=100 θ=30° σ=0 L=2
	// n=50 d=100 θ=30° σ=0.2 L=2
	// n=150 d=100 θ=30° σ=0.2 L=2
	// <nil>
}

func ExampleRange() {
	fmt.Printf("%.2f\n", experiment.Range(0, 1, 5))
	fmt.Printf("%.2f\n", experiment.Ratios(0.01, 100, 5))
	fmt.Printf("%.4f\n", experiment.Angles([]float64{0, 0.5, 1})) // ρ = sin²θ
	// Output:
	// [0.00 0.25 0.50 0.75 1.00]
	// [0.01 0.10 1.00 10.00 100.00]
	// [0.0000 0.7854 1.5708]
}

// A quantity of your own, beside one that theory predicts.
func ExampleMeasure() {
	cosine := experiment.Quantity("cosine of scratch and target")
	run := experiment.Measure{
		Name:   "alignment",
		Grid:   experiment.Grid{D: 20, Gamma: []float64{0.5, 2}, Sigma: []float64{0.2}},
		Trials: 50,
		Seed:   1,
		Trial: func(t experiment.Draw) experiment.Values {
			beta, err := linear.NewInterpolator(t.Data.X).MinNorm(t.Data.Y)
			t.Check(err)
			return experiment.Values{
				cosine:             floats.Dot(beta, t.Tasks.Target) / floats.Norm(beta, 2),
				theory.RiskScratch: t.Tasks.Risk(beta),
			}
		},
	}.Run()
	fmt.Println(run)
	for _, c := range run.Cells {
		v, err := c.Mean(cosine)
		fmt.Printf("%v: %.2f %v\n", c, v.Value, err)
	}
	fmt.Println(run.Verdict(theory.Scratch).Agrees())
	fmt.Println(run.Against(cosine, "perfect", experiment.Constant(1)).Below().Agrees())
	// Output:
	// alignment: 2 cells × 50 trials, seed 1
	// n=10 d=20 θ=0° σ=0.2 L=2: 0.66 <nil>
	// n=40 d=20 θ=0° σ=0.2 L=2: 0.98 <nil>
	// true
	// true
}

// Check ends a trial with an error, which the table carries.
func ExampleDraw_Check() {
	run := experiment.Measure{
		Name:   "a shortage",
		Grid:   experiment.Grid{D: 4, Gamma: []float64{0.5}},
		Trials: 2,
		Trial: func(t experiment.Draw) experiment.Values {
			t.Check(fmt.Errorf("only %d points", len(t.Data.Y)))
			return nil
		},
	}.Run()
	fmt.Println(run.Err())
	// Output:
	// experiment: a shortage, trial 0 at n=2 d=4 θ=0° σ=0 L=2: only 2 points
}

// Rand returns random numbers that depend on the seed, the setting and the trial alone.
func ExampleDraw_Rand() {
	start := experiment.Quantity("|start|²")
	measure := experiment.Measure{
		Name:   "random starts",
		Grid:   experiment.Grid{D: 5, Gamma: []float64{1}},
		Trials: 100,
		Seed:   3,
		Trial: func(t experiment.Draw) experiment.Values {
			rng, sum := t.Rand(0), 0.0
			for range t.Setting.D {
				x := rng.NormFloat64()
				sum += x * x
			}
			return experiment.Values{start: sum}
		},
	}
	again := measure
	again.Workers = 1
	a, err := measure.Run().Mean(start)
	b, _ := again.Run().Mean(start)
	fmt.Printf("%.1f ± %.1f %v %v\n", a.Value, a.StdErr, a == b, err)
	// Output:
	// 5.1 ± 0.4 true <nil>
}
