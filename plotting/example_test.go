package plotting_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/plotting"
)

var lab = experiment.Lab{Seed: 1, D: 20, Sigma: 0.2}

// show prints what a figure shows, from its file.
func show(f *plotting.Figure) {
	b, err := f.SVG()
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := figure.Parse(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range file.Data.Panels {
		fmt.Printf("%s %q: %s against %s\n", p.Kind, p.Title, p.Y, p.X)
		for _, c := range p.Curves {
			fmt.Printf("  %s %q\n", c.Role, c.Label)
		}
	}
}

// A figure of one panel, saved in a format of a publication at the width of a column.
func ExampleDraw() {
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "scratch.pdf")
	run := lab.Solve(10, experiment.Grid{Gamma: []float64{0.5, 1.5, 2}}, experiment.Scratch)
	panels := []plotting.Panel{plotting.Slices{View: run.Along(theory.Scratch, experiment.Gamma, experiment.None), YHigh: 2}}
	f := plotting.Draw(panels...)
	saved := f.Columns(1).Save(path)
	file, err := figure.Read(path)
	fmt.Println(saved.Err(), err)
	fmt.Println(file.Recipe.Methods, file.Recipe.Seeds, len(file.Data.Panels))
	// Output:
	// <nil> <nil>
	// [solve] [1] 1
}

// A view brings labels, lines and points; a panel can have others.
func ExampleSlices() {
	run := lab.Solve(10, experiment.Grid{Gamma: []float64{0.25, 0.5, 1.5}, Theta: []float64{0, 1}}, experiment.Scratch, experiment.Transfer)
	view := run.Along(theory.LinearTransferability, experiment.Gamma, experiment.Theta)
	show(plotting.Draw(
		plotting.Slices{Title: "theory and points", View: view},
		plotting.Slices{
			Title:       "exact means",
			X:           `$n/d$`,
			View:        view,
			Lines:       run.Exact(theory.LinearTransferability, experiment.Gamma, experiment.Theta),
			LinesLabel:  "exact",
			Dashed:      view.Lines(),
			DashedLabel: "limit",
		},
	))
	// Output:
	// slices "theory and points": $\mathcal{T}_{\mathrm{lt}}$ against $\gamma = n/d$
	//   line "$\\theta = 0$"
	//   line "$\\theta = 57.3°$"
	//   points "$\\theta = 0$"
	//   points "$\\theta = 57.3°$"
	// slices "exact means": $\mathcal{T}_{\mathrm{lt}}$ against $n/d$
	//   line "$\\theta = 0$"
	//   line "$\\theta = 57.3°$"
	//   dashed "$\\theta = 0$"
	//   dashed "$\\theta = 57.3°$"
	//   points "$\\theta = 0$"
	//   points "$\\theta = 57.3°$"
}

// A transferability over two axes: blue where transfer wins, with theory's boundary.
func ExamplePhaseDiagram() {
	run := lab.Solve(5, experiment.Grid{Gamma: []float64{0.25, 0.5, 1.5}, Theta: []float64{0.2, 0.8, 1.4}}, experiment.Scratch, experiment.Transfer)
	plane := run.Plane(theory.LinearTransferability, experiment.Theta, experiment.Gamma)
	show(plotting.Draw(plotting.PhaseDiagram{Title: experiment.Sigma.Label(0.2), Field: plane, Limit: 0.8}))
	// Output:
	// phase diagram "$\\sigma = 0.2$": $\gamma = n/d$ against $\theta$
	//   boundary ""
	//   boundary ""
	//   boundary ""
}

// The kernel of the source teacher on a circle through two of its neurons.
func ExampleKernel() {
	run := experiment.Kernels{D: 2, Teacher: 2, Width: 6, Mu: 0.5, Alpha: []float64{0.1}, Trials: 2, Seed: 1}.Run()
	show(plotting.Draw(plotting.Kernel{Title: "source", Field: run.SourceKernel()}))
	// Output:
	// kernel "source": angle of $x'$ against angle of $x$
}
