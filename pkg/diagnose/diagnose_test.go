package diagnose

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// rows returns inputs of d normal entries, and labels that are linear in the first three,
// with noise.
func rows(n, d int, seed uint64) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	x, y := normal(rng, n, d), make([]float64, n)
	for i := range y {
		y[i] = x.At(i, 0) + x.At(i, 1) + x.At(i, 2) + rng.NormFloat64()
	}
	return x, y
}

// Features that hold what the labels depend on win at every number of labels; features that
// do not lose, and their risk is the variance of the labels.
func column(y []float64) *mat.VecDense { return mat.NewVecDense(len(y), y) }

func TestFeaturesThatHoldTheLabelsWin(t *testing.T) {
	x, y := rows(200, 60, 1)
	for what, c := range map[string]struct {
		from, to int
		sign     float64
	}{"the features of the labels": {0, 3, 1}, "other features": {20, 23, -1}} {
		r, err := Run(Data{Features: mat.DenseCopyOf(x.Slice(0, 200, c.from, c.to)), Inputs: x, Labels: column(y), At: []int{100, 200}})
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range r.N {
			if z := r.T[i] / r.SE[i]; c.sign*z < 2 {
				t.Errorf("%s, n = %d: T = %.3f ± %.3f", what, n, r.T[i], r.SE[i])
			}
		}
	}
	again, _ := Run(Data{Features: x, Inputs: x, Labels: column(y)})
	if !reflect.DeepEqual(again.N, []int{100, 141, 200, 283, 400, 566, 800}) {
		t.Errorf("the numbers of labels are %v", again.N)
	}
	// The features are the inputs, so nothing is gained.
	if again.T[0] > 1e-9 {
		t.Errorf("T = %v of the inputs themselves", again.T)
	}
}

// The jackknife's standard error is that of the estimate: over data sets, the squares of
// (estimate − mean)/error have the mean 1.
func TestStandardErrorsAreCalibrated(t *testing.T) {
	const sets = 40
	var est, se [sets]float64
	mean := 0.0
	for s := range sets {
		x, y := rows(120, 20, uint64(s)+100)
		r, err := Run(Data{Features: mat.DenseCopyOf(x.Slice(0, 120, 0, 10)), Inputs: x, Labels: column(y), At: []int{120}})
		if err != nil {
			t.Fatal(err)
		}
		est[s], se[s] = r.Arms[0].Risk[0], r.Arms[0].SE[0]
		mean += est[s] / sets
	}
	square := 0.0
	for s := range sets {
		square += math.Pow((est[s]-mean)/se[s], 2) / (sets - 1)
	}
	// A jackknife of ten groups has 9 degrees of freedom: E[1/χ²₉·9] = 9/7.
	want, spread := 9.0/7, 9.0/7*math.Sqrt(2.0/sets)*2
	if math.Abs(square-want) > 4*spread {
		t.Errorf("the mean square of z is %.2f, want %.2f", square, want)
	}
}
