package linear_test

import (
	"context"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// problem draws tasks at 30° in 100 dimensions, and 50 points of the target.
func problem() (task.Pair, task.Data) {
	rng := task.Stream(1)
	pair, err := task.NewPair(100, math.Pi/6, 0.2, rng)
	if err != nil {
		panic(err) // the arguments are in range
	}
	data, err := pair.Draw(50, rng)
	if err != nil {
		panic(err)
	}
	return pair, data
}

// The three procedures on one data set, by solving for where training ends.
func Example() {
	pair, data := problem()
	x := linear.NewInterpolator(data.X)
	scratch, err := x.MinNorm(data.Y)
	if err != nil {
		fmt.Println(err)
		return
	}
	transfer, err := linear.Transfer(data, mat.NewDense(100, 1, pair.Source), 0, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	null, err := x.NullSpace(pair.Source)
	if err != nil {
		fmt.Println(err)
		return
	}
	tuned, err := linear.FineTune(scratch, null, 1, func(a, b, r float64) (float64, error) { return theory.Scale(2, a, b, r) })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("scratch %.3f, linear transfer %.3f, fine-tuning %.3f\n", pair.Risk(scratch), pair.Risk(transfer), pair.Risk(tuned.Beta))
	// Output:
	// scratch 0.455, linear transfer 0.256, fine-tuning 0.171
}

// With fewer points than dimensions the solution of least norm fits the labels.
func ExampleNewInterpolator() {
	_, data := problem()
	beta, err := linear.NewInterpolator(data.X).MinNorm(data.Y)
	if err != nil {
		fmt.Println(err)
		return
	}
	var fit mat.VecDense
	fit.MulVec(data.X, mat.NewVecDense(100, beta))
	fmt.Println(floats.EqualApprox(fit.RawVector().Data, data.Y, 1e-9))
	// Output:
	// true
}

// A network that is trained from a small start ends at the interpolator of least norm.
func ExampleNetwork_Train() {
	_, data := problem()
	loss, err := linear.SampleLoss(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	net, err := linear.NewNetwork(100, 2, 1e-3, task.Stream(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := net.Train(context.Background(), loss, linear.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	end, err := linear.NewInterpolator(data.X).MinNorm(data.Y)
	fmt.Println(floats.Distance(net.Beta(), end, 2) < 0.01, err)
	// Output:
	// true <nil>
}

// The features of a pretrained network are the direction of its source.
func ExampleTransfer() {
	pair, data := problem()
	net, err := linear.NewBalanced(pair.Source, 2, task.Stream(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	beta, err := linear.Transfer(data, net.Features(), 0, 1e-6)
	if err != nil {
		fmt.Println(err)
		return
	}
	along := math.Abs(floats.Dot(beta, pair.Source)) / floats.Norm(beta, 2)
	fmt.Printf("cosine with the source %.3f, risk %.3f\n", along, pair.Risk(beta))
	// Output:
	// cosine with the source 1.000, risk 0.256
}

// The scale 1 gives the printed form of Theorem 3.9, theory.Scale the exact one.
func ExampleFineTune() {
	scratch, null := []float64{1, 0}, []float64{0, 0.8}
	printed := func(a, b, r float64) (float64, error) { return 1, nil }
	exact := func(a, b, r float64) (float64, error) { return theory.Scale(2, a, b, r) }
	for _, scale := range []func(a, b, r float64) (float64, error){printed, exact} {
		end, err := linear.FineTune(scratch, null, 1, scale)
		fmt.Printf("c = %.4f, β = %.4f %v\n", end.Scale, end.Beta, err)
	}
	// Output:
	// c = 1.0000, β = [1.0000 0.8000] <nil>
	// c = 1.1704, β = [1.0000 0.9364] <nil>
}

// The end-to-end flow ends at the vector that the equation for c predicts.
func ExampleFlow() {
	pair, data := problem()
	loss, err := linear.SampleLoss(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := linear.NewInterpolator(data.X)
	scratch, err := x.MinNorm(data.Y)
	if err != nil {
		fmt.Println(err)
		return
	}
	null, err := x.NullSpace(pair.Source)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, depth := range []int{2, 5} {
		beta, err := linear.Flow(context.Background(), loss, depth, pair.Source, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		end, err := linear.FineTune(scratch, null, 1, func(a, b, r float64) (float64, error) { return theory.Scale(depth, a, b, r) })
		fmt.Println(depth, floats.EqualApprox(beta, end.Beta, 1e-5), err)
	}
	// Output:
	// 2 true <nil>
	// 5 true <nil>
}

// A weight decay on two layers is a ridge with λ‖β‖ = μ.
func ExampleWeightDecay() {
	_, data := problem()
	beta, lambda, err := linear.WeightDecay(data, 0.1)
	if err != nil {
		fmt.Println(err)
		return
	}
	ridge, err := linear.Ridge(data, lambda)
	fmt.Printf("λ‖β‖ = %.4f, a ridge: %v %v\n", lambda*floats.Norm(beta, 2), floats.EqualApprox(beta, ridge, 1e-9), err)
	// Output:
	// λ‖β‖ = 0.1000, a ridge: true <nil>
}
