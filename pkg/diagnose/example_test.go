package diagnose_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/features-are-fate/fate/pkg/diagnose"
	"gonum.org/v1/gonum/mat"
)

// draw returns n rows of 40 inputs and of labels that depend on the first four.
func draw(n int, seed uint64) (inputs *mat.Dense, labels *mat.VecDense) {
	rng := rand.New(rand.NewPCG(seed, 0))
	inputs, labels = mat.NewDense(n, 40, nil), mat.NewVecDense(n, nil)
	for i := range n {
		for j := range 40 {
			inputs.Set(i, j, rng.NormFloat64())
		}
		labels.SetVec(i, inputs.At(i, 0)+inputs.At(i, 1)+inputs.At(i, 2)+0.4*inputs.At(i, 3)+0.5*rng.NormFloat64())
	}
	return inputs, labels
}

// Features that lack a part of what the labels depend on win while labels are few.
func ExampleRun() {
	x, y := draw(300, 1)
	r, err := diagnose.Run(diagnose.Data{
		Features: x.Slice(0, 300, 0, 3),
		Inputs:   x,
		Labels:   y,
		At:       []int{60, 120, 300, 1200},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Verdict())
	for _, arm := range r.Arms {
		fmt.Printf("%-8s %.2f ± %.2f with 60 labels\n", arm.Name, arm.Risk[0], arm.SE[0])
	}
	c, ok := r.Crossing()
	fmt.Println("one crossing:", ok, "transfer wins beyond it:", c.Up)
	// Output:
	// crosses
	// features 0.12 ± 0.01 with 60 labels
	// inputs   0.23 ± 0.03 with 60 labels
	// kernel   0.28 ± 0.04 with 60 labels
	// one crossing: true transfer wins beyond it: false
}

// Several feature maps are told and measured on other rows; what was told agrees with it.
func ExampleCompare() {
	part := func(n int, seed uint64) diagnose.Data {
		x, y := draw(n, seed)
		return diagnose.Data{
			Maps: []diagnose.Map{
				{Name: "with", Features: x.Slice(0, n, 0, 4)},
				{Name: "without", Features: x.Slice(0, n, 20, 24)},
			},
			Inputs: x,
			Labels: y,
			At:     []int{80, 200},
		}
	}
	report, err := diagnose.Compare(part(200, 1))
	if err != nil {
		log.Fatal(err)
	}
	truth, err := diagnose.Measure(part(1000, 2), 2)
	if err != nil {
		log.Fatal(err)
	}
	var r *diagnose.Result
	for i, measured := range truth.Results {
		r = report.Results[i]
		fmt.Println(r.Sentence(), r.Against(measured).Agrees())
	}
	for _, arm := range r.Arms {
		switch arm.Name {
		case diagnose.Features:
			fmt.Println("linear transfer")
		case diagnose.Inputs, diagnose.Kernel:
			fmt.Println("from scratch on the", arm.Name)
		}
	}
	// Output:
	// Transfer wins from 80 to 200 labels. true
	// Training from scratch wins from 80 to 200 labels. true
	// linear transfer
	// from scratch on the inputs
	// from scratch on the kernel
}
