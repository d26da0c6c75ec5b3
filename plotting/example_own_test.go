package plotting_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/plotting"
)

// Measurements of your own, with standard errors, beside a function and a floor.
func ExamplePoints() {
	n := []float64{50, 100, 200}
	risk := []float64{0.61, 0.55, 0.52}
	show(plotting.Draw(plotting.Slices{
		X:      `$n$`,
		Y:      `risk`,
		Points: plotting.Points(n, risk, []float64{0.02, 0.01, 0.01}),
		Lines:  plotting.Function(func(n float64) float64 { return 0.5 * (1 + 10/n) }, 40, 250),
		Guides: plotting.Horizontal(0.5).Named(`floor $\sin^2\theta$`),
		LogX:   true,
	}))
	fmt.Println(plotting.Points(n, risk, []float64{0.1}).Err())
	// Output:
	// slices "": risk against $n$
	//   line ""
	//   points ""
	//   guide "floor $\\sin^2\\theta$"
	// plotting: Points: 3 points and 1 standard errors: give one for each point, or nil
}

// Several curves with labels. These differ in one number, so that their colours are in its
// order.
func ExampleLine() {
	t := []float64{0, 1, 2, 3}
	show(plotting.Draw(plotting.Slices{
		X: `$t$`,
		Y: `risk`,
		Lines: plotting.Join(
			plotting.Line(t, []float64{1, 0.5, 0.3, 0.2}).Named(`$\lambda = 0.1$`),
			plotting.Line(t, []float64{1, 0.6, 0.5, 0.4}).Named(`$\lambda = 0.5$`),
			plotting.Line(t, []float64{1, 0.8, 0.7, 0.7}).Named(`$\lambda = 1$`),
		),
	}))
	fmt.Println(plotting.Line(t, []float64{1, math.NaN(), 0, 0}).Err())
	// Output:
	// slices "": risk against $t$
	//   line "$\\lambda = 0.1$"
	//   line "$\\lambda = 0.5$"
	//   line "$\\lambda = 1$"
	// plotting: Line: y[1] is NaN: it must be a number
}

// A closure as a line. The figure has a caption that says what it shows.
func ExampleFunction() {
	var line plotting.Series = plotting.Function(func(theta float64) float64 { return math.Pow(math.Cos(theta), 2) }, 0, math.Pi)
	f := plotting.Draw(plotting.Slices{
		Title:  `alignment`,
		X:      `$\theta$`,
		Y:      `$\cos^2\theta$`,
		Lines:  line,
		Guides: plotting.Vertical(math.Pi / 2).Named(`orthogonal`),
	}).Caption(`Orthogonal tasks share nothing.`)
	fmt.Println(f.Description())
	fmt.Println(plotting.Function(math.Log, -1, 1).Err())
	// Output:
	// Orthogonal tasks share nothing. alignment: cos^2 θ against θ; for comparison orthogonal.
	// plotting: Function: f(-1) is NaN: give a range in which f is a number
}

// A map of your own with the boundary of theory and a line to compare with.
func ExampleGrid() {
	theta := []float64{0.2, 0.6, 1, 1.4}
	gamma := []float64{0.1, 0.3, 1, 3}
	gain := make([][]float64, len(gamma))
	for i := range gamma {
		gain[i] = make([]float64, len(theta))
		for j := range theta {
			gain[i][j] = math.Pow(math.Cos(theta[j]), 2) - gamma[i]
		}
	}
	boundary := plotting.Function(func(theta float64) float64 { return math.Pow(math.Cos(theta), 2) }, 0, 1.5)
	show(plotting.Draw(plotting.PhaseDiagram{
		X:      `$\theta$`,
		Y:      `$\gamma$`,
		Z:      `gain`,
		Field:  plotting.Grid(theta, gamma, gain).WithBoundary(boundary),
		Guides: plotting.Vertical(math.Pi / 3).Named(`$60°$`),
		LogY:   true,
	}))
	// Output:
	// phase diagram "": $\gamma$ against $\theta$
	//   boundary ""
	//   guide "$60°$"
}

// Two samples as densities.
func ExampleHistogram() {
	show(plotting.Draw(plotting.Histogram{
		X: `risk`,
		Samples: []plotting.Sample{
			{Label: `scratch`, Values: []float64{0.9, 1.1, 1.3, 1.2, 1.0}},
			{Label: `transfer`, Values: []float64{0.5, 0.6, 0.6, 0.7, 0.5}},
		},
		Bins: 8,
	}))
	// Output:
	// histogram "": density against risk
	//   histogram "scratch"
	//   histogram "transfer"
}
