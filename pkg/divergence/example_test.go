package divergence_test

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/divergence"
)

// Distances between the data of two tasks at 45°, in closed form.
func Example() {
	tasks := divergence.Tasks{D: 100, Theta: math.Pi / 4, Sigma: 0.2}
	for _, d := range []divergence.Distance{divergence.KL, divergence.TotalVariation, divergence.SquaredHellinger, divergence.ChiSquared,
		divergence.Wasserstein1, divergence.Wasserstein2} {
		v, err := d.Of(tasks)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %.5f\n", d.Name, v)
	}
	// Output:
	// KL divergence: 7.32233
	// total variation: 0.69341
	// squared Hellinger distance: 0.53682
	// χ² divergence: +Inf
	// Wasserstein-1, upper bound: 0.61067
	// Wasserstein-2: 0.62635
}

// The KL divergence is largest for opposite tasks, whose features are the same.
func ExampleKL() {
	for _, degrees := range []float64{0, 90, 180} {
		v, err := divergence.KL.Of(divergence.Tasks{D: 10, Theta: degrees * math.Pi / 180, Sigma: 0.5})
		fmt.Printf("%.0f°: %.2f %v\n", degrees, v, err)
	}
	// Output:
	// 0°: 0.00 <nil>
	// 90°: 4.00 <nil>
	// 180°: 8.00 <nil>
}

// An estimate from samples comes with its standard error.
func ExampleDistance() {
	tasks := divergence.Tasks{D: 10, Theta: math.Pi / 4, Sigma: 1}
	exact, err := divergence.KL.Of(tasks)
	if err != nil {
		fmt.Println(err)
		return
	}
	mean, stderr, err := divergence.KL.Estimate(tasks, 10_000, 1)
	fmt.Println(math.Abs(mean-exact) < 4*stderr, stderr < 0.02, err)
	// Output:
	// true true <nil>
}

func ExampleMMD() {
	v, err := divergence.MMD(1).Of(divergence.Tasks{D: 3, Theta: math.Pi / 4, Sigma: 0.2})
	fmt.Printf("%.6f %v\n", v, err)
	// Output:
	// 0.015030 <nil>
}

// In many dimensions the optimal transport between two samples hardly depends on the
// tasks: it measures the dimension.
func ExampleTransport() {
	for _, theta := range []float64{0, math.Pi} {
		a, b, err := divergence.Samples(divergence.Tasks{D: 500, Theta: theta, Sigma: 0.2}, 50, 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		cost, err := divergence.Transport(a, b, divergence.L1)
		fmt.Printf("θ = %.0f°: about %.0f %v\n", theta*180/math.Pi, math.Round(cost/10)*10, err)
	}
	// Output:
	// θ = 0°: about 540 <nil>
	// θ = 180°: about 540 <nil>
}

func ExampleBestJudge() {
	judge, gap := divergence.BestJudge(math.Hypot(1, 0.2), math.Hypot(10, 0.2))
	fmt.Printf("K = %.1f, E h differs by %.3f\n", judge.K, gap)
	// Output:
	// K = 7.1, E h differs by 0.957
}

// The label noise of both tasks is the same, and so are the KL divergences in the two
// directions. The Jensen–Shannon divergence is at most log 2.
func ExampleReverseKL() {
	tasks := divergence.Tasks{D: 10, Theta: math.Pi / 4, Sigma: 0.2, Norm: 2}
	for _, d := range []divergence.Distance{divergence.KL, divergence.ReverseKL, divergence.JensenShannon} {
		v, err := d.Of(tasks)
		fmt.Printf("%s: %.4f %v\n", d.Name, v, err)
	}
	// Output:
	// KL divergence: 27.1447 <nil>
	// reverse KL divergence: 27.1447 <nil>
	// Jensen–Shannon divergence: 0.5319 <nil>
}

// Two distances without a closed form lie between bounds.
func ExampleDudley() {
	tasks := divergence.Tasks{D: 10, Sigma: 0.2, Norm: 10}
	for _, bounds := range [][2]divergence.Distance{{divergence.DudleyLower, divergence.Dudley}, {divergence.Wasserstein1Lower, divergence.Wasserstein1}} {
		low, err := bounds[0].Of(tasks)
		if err != nil {
			fmt.Println(err)
			return
		}
		high, err := bounds[1].Of(tasks)
		fmt.Printf("%s to %s: %.3f to %.3f %v\n", bounds[0].Name, bounds[1].Name, low, high, err)
	}
	// Output:
	// Dudley metric, lower bound to Dudley metric, upper bound: 1.001 to 1.530 <nil>
	// Wasserstein-1, lower bound to Wasserstein-1, upper bound: 7.167 to 7.181 <nil>
}
