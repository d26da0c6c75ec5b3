package score

import (
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

// EM never lowers the likelihood.
func TestLikelihoodRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		m := rapid.IntRange(1, 4).Draw(t, "components")
		d := rapid.IntRange(1, 3).Draw(t, "d")
		g, err := fitMixture(gaussian(80, d, seed), m, 0, task.Stream(seed))
		if err != nil {
			t.Skip("a covariance of too few rows")
		}
		for i := 1; i < len(g.trace); i++ {
			if g.trace[i] < g.trace[i-1]-1e-12 {
				t.Errorf("step %d: %v after %v", i, g.trace[i], g.trace[i-1])
			}
		}
		if len(g.trace) == 1 {
			t.Errorf("EM stopped after one step")
		}
	})
}

// Three planted components, 5000 rows in each of 20 trials: the z-scores of the weights, means
// and covariances that EM finds have the mean 0 and the variance 1 of 20 trials (|z| < 4).
func TestMixtureFindsPlantedComponents(t *testing.T) {
	const trials, n, distance = 20, 5000, 20.0
	weights := []float64{0.2, 0.3, 0.5}
	var all [4][]float64 // weight, mean, variance, covariance
	for trial := range trials {
		x := gaussian(n, 2, uint64(trial))
		rng := task.Stream(uint64(trial), 5)
		for i := range n {
			u, z := rng.Float64(), 0
			for u > weights[z] {
				u -= weights[z]
				z++
			}
			// The covariance of component z is [[1, z/2], [z/2, 1 + z²/4]].
			x.Set(i, 1, x.At(i, 1)+float64(z)/2*x.At(i, 0))
			x.Set(i, 0, x.At(i, 0)+distance*float64(z))
		}
		g, err := fitMixture(x, 3, 0, task.Stream(uint64(trial), 6))
		if err != nil {
			t.Fatal(err)
		}
		order := []int{0, 1, 2}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, g.means.At(a, 0)-g.means.At(b, 0))) })
		if g.means.At(order[2], 0)-g.means.At(order[0], 0) < 1.5*distance || g.means.At(order[1], 0) < distance/2 {
			continue // a local maximum from a start that missed a component; counted below
		}
		for z, at := range order {
			w, a := weights[z], float64(z)/2
			size := n * w
			v := 1 + a*a
			all[0] = append(all[0], (g.weights[at]-w)/math.Sqrt(w*(1-w)/n))
			all[1] = append(all[1], (g.means.At(at, 0)-distance*float64(z))*math.Sqrt(size))
			all[2] = append(all[2], (g.covariances[at].At(1, 1)-v)/v/math.Sqrt(2/size))
			all[3] = append(all[3], (g.covariances[at].At(0, 1)-a)/math.Sqrt((v+a*a)/size))
		}
	}
	for i, name := range []string{"weight", "mean", "variance", "covariance"} {
		z := all[i]
		if len(z) < 3*trials*3/4 {
			t.Fatalf("the components were found in %d of %d trials", len(z)/3, trials)
		}
		count := float64(len(z))
		mean, variance := stat.MeanVariance(z, nil)
		if math.Abs(mean)*math.Sqrt(count) > 4 || math.Abs(variance-1)*math.Sqrt(count/2) > 4 {
			t.Errorf("%s: z-scores of mean %v and variance %v over %v", name, mean, variance, count)
		}
	}
}

// The number is that of the Transfer-Learning-Library's LEEP.
func TestLEEPIsThatOfItsAuthors(t *testing.T) {
	f, classes, _ := wave()
	p := mat.NewDense(30, 4, nil)
	for i := range 30 {
		sum := 0.0
		for j := range 4 {
			sum += math.Exp(f.At(i, j))
		}
		for j := range 4 {
			p.Set(i, j, math.Exp(f.At(i, j))/sum)
		}
	}
	of, err := groups(classes, 30)
	near(t, "LEEP", leep(p, of), -0.810981605252605, 1e-12)
	if err != nil {
		t.Error(err)
	}
}

// The components kept are the fewest with 80 % of the variance.
func TestPrincipalKeepsItsShare(t *testing.T) {
	for _, c := range []struct {
		variance []float64
		want     int
	}{{[]float64{50, 29, 11, 10}, 3}, {[]float64{50, 31, 10, 9}, 2}, {[]float64{7, 0, 0, 93}, 1}} {
		x := mat.NewDense(8, 4, nil) // rows ±√v e_j, in a unit far from 1, off the origin
		for j, v := range c.variance {
			x.Set(2*j, j, 1e-30*math.Sqrt(v))
			x.Set(2*j+1, j, -1e-30*math.Sqrt(v))
		}
		got, err := principal(x)
		if err != nil {
			t.Fatal(err)
		}
		if n, d := got.Dims(); n != 8 || d != c.want {
			t.Errorf("%v: %d×%d", c.variance, n, d)
		}
	}
}

// Classes far apart are told apart by any mixture, whatever the unit and place of the features;
// labels drawn without looking at them are told worse.
func TestNLEEPOfSeparateClasses(t *testing.T) {
	x, chance := gaussian(120, 3, 1), task.Stream(9)
	classes, random := make([]int, 120), make([]int, 120)
	for i := range classes {
		classes[i], random[i] = i%2, chance.IntN(2)
		x.Set(i, 0, x.At(i, 0)+100*float64(i%2))
	}
	got, err := NLEEP(x, classes, 1)
	near(t, "N-LEEP", got, 0, 1e-9)
	low, err2 := NLEEP(x, random, 1)
	if err != nil || err2 != nil || low > -0.3 {
		t.Errorf("random classes: %v; %v, %v", low, err, err2)
	}
	x.Apply(func(_, _ int, v float64) float64 { return 1e8 * v }, x)
	again, err := NLEEP(x, random, 1)
	near(t, "N-LEEP in another unit", again, low, 1e-6)
	if err != nil {
		t.Error(err)
	}
}
