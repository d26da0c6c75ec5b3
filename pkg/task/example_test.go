package task_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// Two tasks at 60°, and 40 points of the target.
func Example() {
	rng := task.Stream(1)
	pair, err := task.NewPair(100, math.Pi/3, 0.2, rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := pair.Draw(40, rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, d := data.X.Dims()
	fmt.Printf("%d points in %d dimensions, %d labels\n", n, d, len(data.Y))
	fmt.Printf("the source as a guess at the target has the risk %.3f\n", pair.Risk(pair.Source))
	// Output:
	// 40 points in 100 dimensions, 40 labels
	// the source as a guess at the target has the risk 1.000
}

func ExampleNewPair() {
	pair, err := task.NewPair(100, math.Pi/3, 0.2, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	turned, err := pair.At(math.Pi/2, 0.2)
	fmt.Printf("overlap %.3f, turned to 90° %.3f %v\n", pair.Overlap(), math.Abs(turned.Overlap()), err)
	// Output:
	// overlap 0.500, turned to 90° 0.000 <nil>
}

// Five source tasks: the target has the squared norm sin²θ outside their span.
func ExampleNewFamily() {
	family, err := task.NewFamily(100, 5, math.Pi/6, 0.2, task.Stream(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, k := family.Sources.Dims()
	var inner mat.VecDense
	inner.MulVec(family.Sources.T(), mat.NewVecDense(100, family.Target))
	var gram mat.SymDense
	gram.SymOuterK(1, family.Sources.T())
	space, err := task.NewSpace(&gram, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	rho, err := space.Residual(inner.RawVector().Data, 1)
	fmt.Printf("%d sources, ρ = %.4f %v\n", k, rho, err)
	// Output:
	// 5 sources, ρ = 0.2500 <nil>
}

// Work that is split by path gives the same numbers in any order.
func ExampleStream() {
	trial := func(i uint64) float64 { return task.Stream(1, i).NormFloat64() }
	last, first := trial(7), trial(0)
	fmt.Println(first == trial(0), last == trial(7), first == last)
	// Output:
	// true true false
}

// Three features, one a multiple of another, span two dimensions.
func ExampleNewSpace() {
	gram := mat.NewSymDense(3, []float64{1, 2, 0, 2, 4, 0, 0, 0, 1})
	space, err := task.NewSpace(gram, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	// A target along the third feature and as much outside: E φᵢf and E f².
	rho, err := space.Residual([]float64{0, 0, 1}, 2)
	fmt.Printf("%d dimensions, ρ = %.2f %v\n", space.Dim(), rho, err)
	// Output:
	// 2 dimensions, ρ = 0.50 <nil>
}

func ExampleAlignment() {
	k := mat.NewSymDense(3, []float64{2, 1, 0, 1, 2, 1, 0, 1, 2})
	scaled := mat.NewSymDense(3, nil)
	scaled.ScaleSym(5, k)
	a, err := task.Alignment(k, scaled)
	fmt.Printf("%.3f %v\n", a, err)
	// Output:
	// 1.000 <nil>
}
