package relu_test

import (
	"context"
	"fmt"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// A target teacher, a source teacher that lacks half of its neurons, and the floor of
// linear transfer between them.
func Example() {
	target, err := relu.NewTeacher(20, 30, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := target.Without(0.5)
	if err != nil {
		fmt.Println(err)
		return
	}
	space, err := source.Space(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	rho, err := source.Residual(space, target)
	fmt.Printf("%d of %d neurons, ρ = %.2f %v\n", len(source.C), len(target.C), rho, err)
	// Output:
	// 10 of 20 neurons, ρ = 0.39 <nil>
}

func ExampleNewTeacher() {
	g, err := relu.NewTeacher(3, 4, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("norm of a neuron %.3f, output weights %v\n", mat.Norm(g.W.RowView(0), 2), g.C)
	// Output:
	// norm of a neuron 1.000, output weights [1 1 1]
}

// The kernel of two unit neurons at 0°, 90° and 180°.
func ExampleGram() {
	w := mat.NewDense(1, 2, []float64{1, 0})
	v := mat.NewDense(3, 2, []float64{1, 0, 0, 1, -1, 0})
	k := relu.Gram(w, v)
	fmt.Printf("%.6f %.6f %.6f\n", k.At(0, 0), k.At(0, 1), k.At(0, 2))
	// Output:
	// 0.500000 0.159155 0.000000
}

// A student is trained on the population of a teacher.
func ExampleNetwork_Train() {
	teacher, err := relu.NewTeacher(2, 5, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	student, err := relu.NewStudent(20, 5, 0.5, task.Stream(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := student.Train(context.Background(), relu.PopulationLoss(teacher), relu.Options{})
	fmt.Println(report.Converged, relu.Risk(student, teacher) <= 1.001e-3*relu.Inner(teacher, teacher), err)
	// Output:
	// true true <nil>
}

// On the neurons of the teacher itself, linear transfer recovers its output weights.
func ExampleNetwork_Transfer() {
	teacher, err := relu.NewTeacher(4, 6, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	space, err := teacher.Space(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := task.Normal(50, 6, task.Stream(2))
	fit, err := teacher.Transfer(space, x, teacher.Predict(x))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(relu.Risk(fit, teacher) < 1e-12*relu.Inner(teacher, teacher))
	// Output:
	// true
}

// The ridge of a transfer on all neurons is chosen from the points.
func ExampleNetwork_TransferTuned() {
	student, err := relu.NewStudent(40, 3, 1, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	teacher, err := relu.NewTeacher(3, 3, task.Stream(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	x := task.Normal(100, 3, task.Stream(3))
	fit, ridge, err := student.TransferTuned(x, teacher.Predict(x))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ridge > 0, relu.Risk(fit, teacher) < 0.01*relu.Inner(teacher, teacher))
	// Output:
	// true true
}

// What a new random neuron keeps outside the span of others falls with their number.
func ExampleUnspanned() {
	for _, k := range []int{0, 10, 90} {
		own, common, err := relu.Unspanned(k, 100)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d neurons: %.3f, in common %.3f\n", k, own, common)
	}
	// Output:
	// 0 neurons: 0.500, in common 0.160
	// 10 neurons: 0.350, in common 0.027
	// 90 neurons: 0.214, in common 0.002
}
