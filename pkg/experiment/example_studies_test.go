package experiment_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
)

// Students train on points of a ReLU teacher, alone and after pretraining.
func ExampleStudents() {
	run := experiment.Students{D: 3, Teacher: 3, Width: 12, Mu: []float64{1.0 / 3}, N: []int{12, 24, 48}, Trials: 2, Seed: 2}.Run()
	if run.Err() != nil {
		fmt.Println(run.Err())
		return
	}
	for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune} {
		_, n, _, _ := run.Measured(q, experiment.Points, experiment.None).Curve(0)
		fmt.Println(q, n)
	}
	for _, s := range []experiment.Series{
		run.Measured(experiment.Floor, experiment.Mu, experiment.None), run.Measured(experiment.Missed, experiment.Mu, experiment.None),
		run.Measured(experiment.Gap, experiment.Mu, experiment.None), run.FeatureLaw(), run.OverSquare(),
	} {
		label, x, _, _ := s.Curve(0)
		fmt.Printf("%q, %d values\n", label, len(x))
	}
	var law experiment.PowerLaw = run.ScratchLaw(12)
	fmt.Println(law.From, law.To, law.Nu.Value > 0, law.Line().Len())
	fmt.Println(run.LawPlane(theory.TLinear, law).Titles())
	fmt.Println(run.FittingBoundary(law).Err(), run.LawPlane(theory.TLinear, law).Facts())
	v := run.Floors().And(run.Over(experiment.AllNeurons, experiment.Floor), run.OnFeatures(), run.Signs(theory.TLinear, law), run.Changes(theory.RiskLinear, theory.RiskFineTune), law.Verdict("Section 4", 1.18))
	for _, row := range v.Rows {
		fmt.Println(row.Result)
	}
	// Output:
	// R_sc [12 24 48]
	// R_lt [12 24 48]
	// R_ft [12 24 48]
	// "", 1 values
	// "", 1 values
	// "", 1 values
	// "$\\mu = 0.3333$", 60 values
	// "$d = 3$", 3 values
	// 12 48 true 1
	// $\mu$ $n/d$ $\mathcal{T}_{\mathrm{lt}}$
	// <nil> d = 3, 2 trials in each setting, by training
	// ρ of the student − ρ of the source
	// R_lt on all neurons over floor
	// R_lt over ρ(1 + k/(n−k−1))
	// mean T_lt
	// R_lt − R_ft
	// exponent ν of the scratch risk
}

// A record is made at the pace "paper" and read at any pace.
func ExampleStudents_Recorded() {
	dir, err := os.MkdirTemp("", "students")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "students.json")
	students := experiment.Students{D: 2, Teacher: 2, Width: 8, Mu: []float64{0.5}, N: []int{8}, Trials: 2, Seed: 1}
	fmt.Println(students.Recorded(path).Err() != nil)
	students.Pace = "paper"
	made := students.Recorded(path)
	students.Pace = "quick"
	read := students.Recorded(path)
	a, err := made.At(experiment.Points, 8).Measured(theory.RiskLinear, experiment.Points, experiment.None), made.Err()
	b := read.At(experiment.Points, 8).Measured(theory.RiskLinear, experiment.Points, experiment.None)
	_, _, y, _ := a.Curve(0)
	_, _, z, _ := b.Curve(0)
	fmt.Println(err, y[0] == z[0])
	loaded := experiment.Load(path)
	fmt.Println(loaded.String() == read.String(), loaded.Err())
	// Output:
	// true
	// <nil> true
	// true <nil>
}

// Load returns an error in a table.
func ExampleLoad() {
	fmt.Println(experiment.Load("nowhere.json").Err())
	// Output:
	// experiment: open nowhere.json: no such file or directory
}

// What a ReLU target keeps outside the neurons that are left has a closed form.
func ExampleTeachers() {
	run := experiment.Teachers{D: 10, Neurons: 10, Mu: []float64{0.5, 0.9}, Trials: 200, Seed: 1}.Run()
	fmt.Println(run)
	fmt.Println(run.Outside().Agrees())
	fmt.Println(run.At(experiment.Mu, 0.9).Against(experiment.OutsideNorm, "Figure 3d", experiment.Constant(0.5)).Below().Agrees())
	_, mu, outside, _ := run.OutsideLaw().Curve(0)
	fmt.Printf("%.1f: %.4f, %.1f: %.4f\n", mu[0], outside[0], mu[len(mu)-1], outside[len(mu)-1])
	// Output:
	// teachers: 200 of m* = 10 neurons at d = 10, output weights ±1, seed 1
	// true
	// true
	// 0.5: 0.0150, 0.9: 0.0388
}

// The record of kernels is made at the pace "paper" and read at any pace.
func ExampleKernels_Recorded() {
	dir, err := os.MkdirTemp("", "kernels")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kernels.json")
	kernels := experiment.Kernels{D: 2, Teacher: 2, Width: 8, Mu: 0.5, Alpha: []float64{0.1}, Trials: 2, Seed: 1}
	fmt.Println(kernels.Recorded(path).Err() != nil)
	kernels.Pace = "paper"
	made := kernels.Recorded(path)
	kernels.Pace = "quick"
	read := kernels.Recorded(path)
	fmt.Println(read.String() == made.String(), read.Err())
	// Output:
	// true
	// true <nil>
}

// A small start is rich: the kernel of the student becomes that of the source.
func ExampleKernels() {
	run := experiment.Kernels{D: 4, Teacher: 4, Width: 16, Mu: 0.5, Alpha: []float64{0.1, 3}, Trials: 2, Seed: 1}.Run()
	if run.Err() != nil {
		fmt.Println(run.Err())
		return
	}
	for i := range 2 {
		label, _, y, _ := run.Course(experiment.Alignment).Curve(i)
		fmt.Printf("%s: alignment %.2f\n", label, y[len(y)-1])
	}
	_, _, degrees, _ := run.Course(experiment.PrincipalAngles).Curve(0)
	fmt.Println(len(degrees), "principal angles")
	_, _, source := run.SourceKernel().Values()
	_, _, student := run.StudentKernel(0.1).Values()
	fmt.Println(len(source), "and", len(student), "points on the circle")
	for _, row := range run.Richer().Rows {
		fmt.Println(row.Result, row.Claim, row.Theory.Value)
	}
	// Output:
	// $\alpha = 0.1$: alignment 1.00
	// $\alpha = 3$: alignment 0.49
	// 2 principal angles
	// 48 and 48 points on the circle
	// kernel alignment, end − start > 0
	// kernel alignment at the end > 0
}

// Gradient flow keeps D, and leaves features of rank one when it starts small.
func ExamplePretraining() {
	one := experiment.Pretraining{D: 8, Depth: []int{3}, Alpha: []float64{0.01}, Trials: 1, Seed: 1, Course: true}.Run()
	fmt.Println(one.Course(experiment.Spectrum).Len(), "singular values")
	for _, q := range []theory.Quantity{experiment.Misalignment, experiment.Drift} {
		label, _, y, _ := one.Course(q).Curve(0)
		fmt.Printf("%s, %s: %v\n", q, label, y[len(y)-1] < 1e-4)
	}
	run := experiment.Pretraining{D: 8, Depth: []int{2}, Alpha: []float64{0.01, 0.001}, Step: []float64{0.005}, Trials: 30, Seed: 1}.Run()
	rank, err := run.At(experiment.Alpha, 0.001).Mean(experiment.EffectiveRank)
	fmt.Printf("effective rank %.4f %v\n", rank.Value, err)
	escape := func(c experiment.Cell) (theory.Value, error) {
		return theory.EscapeTime(c.Setting.D, c.At(experiment.Alpha))
	}
	second := func(c experiment.Cell) (theory.Value, error) {
		return theory.SecondSingular(c.Setting.D, c.At(experiment.Alpha))
	}
	_, _, line, _ := run.Predicted(experiment.Alpha, experiment.Depth, escape).Curve(0)
	fmt.Printf("time to escape %.2f … %.2f\n", line[0], line[len(line)-1])
	fmt.Println(run.Against(experiment.EscapeTime, "exact flow", escape).Agrees(), run.Against(experiment.SecondSingular, "Theorem 3.4", second).Agrees())
	// Output:
	// 5 singular values
	// 1 − |cos(u₁, βs)|, $L = 3$: true
	// drift of D, $L = 3$: true
	// effective rank 1.0000 <nil>
	// time to escape 6.57 … 4.26
	// true true
}

// The line of a power law through the last point, and a fit of its exponent.
func ExampleTable_Power() {
	run := experiment.Pretraining{D: 8, Depth: []int{2}, Alpha: []float64{0.03}, Step: []float64{0.01, 0.005}, Trials: 10, Seed: 1}.Run()
	one := func(experiment.Cell) float64 { return 1 }
	measured := run.Measured(experiment.Drift, experiment.Step, experiment.Depth)
	power := run.Power(experiment.Drift, experiment.Step, experiment.Depth, one)
	_, x, y, _ := measured.Curve(0)
	_, _, line, _ := power.Curve(0)
	fmt.Println(x, y[1] == line[1], line[0]/line[1])
	fmt.Println(run.Exponent(experiment.Drift, experiment.Step, experiment.Depth, "Lemma 3.3", one).Agrees())
	fmt.Println(run.Exponent(experiment.Drift, experiment.Step, experiment.Depth, "Lemma 3.3", func(experiment.Cell) float64 { return 2 }).Refuted().Agrees())
	// Output:
	// [0.01 0.005] true 2
	// true
	// true
}

// The Wasserstein-1 distance estimated from samples in many dimensions.
func ExampleTransports() {
	run := experiment.Transports{D: []int{2, 100}, N: 40, Theta: []float64{0, math.Pi}, Sigma: 0.2, Trials: 3, Seed: 1}.Run()
	fmt.Println(run)
	s := run.Relative(experiment.W1, experiment.Theta, experiment.Dimension)
	for i := range s.Len() {
		label, _, y, _ := s.Curve(i)
		fmt.Printf("%s: %.1f times that of equal tasks\n", label, y[1])
	}
	high := run.At(experiment.Dimension, 100)
	fmt.Println(high.Against(experiment.W1, "Appendix A", experiment.TransportBound).Refuted().Agrees())
	// Output:
	// transport: 2 dimensions × 2 angles × 3 pairs of samples of n = 40, seed 1
	// $d = 2$: 1.8 times that of equal tasks
	// $d = 100$: 1.0 times that of equal tasks
	// true
}

// One data set, three procedures: the risks at the end are those that a solver finds.
func ExampleCurves() {
	lab := experiment.Lab{Seed: 1, D: 12, Sigma: 0.2}
	run := experiment.Curves{Setting: lab.Setting(0.5, math.Pi/4, 2), Seed: 1}.Run()
	fmt.Println(run)
	courses := run.Course(theory.RiskScratch, experiment.RiskPretraining, theory.RiskFineTune, theory.RiskLinear)
	for i := range courses.Len() {
		label, _, _, _ := courses.Curve(i)
		fmt.Println(label)
	}
	// Output:
	// risk on the target    trained   exact
	// from scratch          0.42902   0.42597
	// linear transfer       1.05905   1.05905
	// fine-tuning           0.47267   0.47295
	// from scratch
	// pretraining on the source
	// fine-tuning
	// linear transfer
}

// Fine-tuning of several depths on one data set, beside the end-to-end flow.
func ExampleFlows() {
	run := experiment.Flows{Setting: theory.Setting{N: 6, D: 12, Theta: 1, Sigma: 1}, Depths: []int{1, 2}, Seed: 3}.Run()
	fmt.Println(run)
	for _, q := range []theory.Quantity{experiment.NetworkScale, experiment.FlowScale, experiment.FinalScale, experiment.NetworkNorms, experiment.FlowNorms} {
		fmt.Println(q, run.Course(q).Len())
	}
	// Output:
	// scale c at the end   trained   exact
	// L = 1                1.00000   1.00000
	// L = 2                1.17793   1.17832
	// c of the network 2
	// c of the flow 2
	// c at the end of the flow 2
	// ‖Uβ‖ of the network 2
	// ‖Uβ‖ of the flow 2
}
