package score_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/score"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// Two feature maps of the same 200 rows. The first holds the two inputs that the labels depend
// on, the second two others.
func Example() {
	rng := task.Stream(1)
	x := mat.NewDense(200, 4, nil)
	x.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, x)
	labels := make([]float64, 200)
	for i := range labels {
		labels[i] = x.At(i, 0) - x.At(i, 1) + 0.3*rng.NormFloat64()
	}
	classes, err := score.Bins(labels, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	scores := []struct {
		name string
		of   func(features *mat.Dense) (float64, error)
	}{
		{"LogME", func(f *mat.Dense) (float64, error) { return score.LogME(f, labels) }},
		{"LogME of classes", func(f *mat.Dense) (float64, error) { return score.LogMEClasses(f, classes) }},
		{"H-score", func(f *mat.Dense) (float64, error) { return score.HScore(f, classes) }},
		{"N-LEEP", func(f *mat.Dense) (float64, error) { return score.NLEEP(f, classes, 1) }},
		{"TransRate", func(f *mat.Dense) (float64, error) { return score.TransRate(f, classes) }},
	}
	good, bad := x.Slice(0, 200, 0, 2).(*mat.Dense), x.Slice(0, 200, 2, 4).(*mat.Dense)
	for _, s := range scores {
		a, err := s.of(good)
		if err != nil {
			fmt.Println(err)
			return
		}
		b, err := s.of(bad)
		fmt.Printf("%-16s %6.2f %6.2f %v\n", s.name, a, b, err)
	}
	// Output:
	// LogME             -0.30  -1.79 <nil>
	// LogME of classes  -0.61  -0.73 <nil>
	// H-score            0.82   0.02 <nil>
	// N-LEEP            -0.63  -1.21 <nil>
	// TransRate          0.30   0.03 <nil>
}

// The distances between a source and a target that is shifted by (1, 0).
func ExampleFrechet() {
	rng := task.Stream(2)
	source, target := mat.NewDense(300, 2, nil), mat.NewDense(300, 2, nil)
	for i := range 300 {
		source.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64()})
		target.SetRow(i, []float64{1 + rng.NormFloat64(), rng.NormFloat64()})
	}
	frechet, err := score.Frechet(source, target)
	sliced, err2 := score.SlicedWasserstein(source, target, 1000, 1) // 2/π
	mmd, err3 := score.MMD(source, target)
	fmt.Printf("%.1f %.1f %.1f %v %v %v\n", frechet, sliced, math.Sqrt(mmd), err, err2, err3)
	// Output:
	// 1.0 0.6 0.3 <nil> <nil> <nil>
}

// What to tell a reader beside a score.
func ExampleAll() {
	fmt.Println(score.All[0].Name+":", score.All[0].Says)
	// Output:
	// LogME: Ranks features by the evidence of a Bayesian linear model of the labels at these rows; it has no training from scratch to compare with, so no value of it says whether to transfer.
}
