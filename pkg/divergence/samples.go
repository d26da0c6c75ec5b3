package divergence

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Samples draws n points (x, y) of the source and of the target, independent of
// each other, as rows of length D+1.
func Samples(t Tasks, n int, seed uint64) (source, target *mat.Dense, err error) {
	if err := t.Validate(); err != nil {
		return nil, nil, err
	}
	if n < 1 {
		return nil, nil, fmt.Errorf("divergence: n = %d: the number of samples must be at least 1", n)
	}
	if n > maxEntries/(t.D+1) {
		return nil, nil, fmt.Errorf("divergence: n = %d at D = %d: n(D + 1) must be at most %d, the entries of a matrix", n, t.D, maxEntries)
	}
	sin, cos := math.Sincos(t.Theta)
	draw := func(stream uint64, b1, b2 float64) *mat.Dense {
		rng := task.Stream(seed, stream)
		out := mat.NewDense(n, t.D+1, nil)
		for i := range n {
			row := out.RawRowView(i)
			for j := range t.D {
				row[j] = rng.NormFloat64()
			}
			row[t.D] = b1*row[0] + b2*row[1] + t.Sigma*rng.NormFloat64()
		}
		return out
	}
	return draw(0, 1, 0), draw(1, t.norm()*cos, t.norm()*sin), nil
}

// tooFew is the error of an estimate from fewer than 2 samples.
func tooFew(n int) error {
	return fmt.Errorf("divergence: n = %d: a standard error needs at least 2 samples", n)
}

// phi is the estimator of E f(l), l = log p_t/p_s at samples of the source, or of
// the target.
func phi(ofTarget bool, f func(l float64) float64) func(Tasks, int, uint64) (float64, float64, error) {
	return func(t Tasks, n int, seed uint64) (mean, stderr float64, err error) {
		switch {
		case n < 2:
			return 0, 0, tooFew(n)
		case t.Sigma == 0:
			return 0, 0, fmt.Errorf("divergence: Sigma = 0: without label noise the laws have no density ratio to estimate")
		}
		a, b, err := Samples(t, n, seed)
		if err != nil {
			return 0, 0, err
		}
		if ofTarget {
			a = b
		}
		sin, cos := math.Sincos(t.Theta)
		x := make([]float64, n)
		for i := range x {
			row := a.RawRowView(i)
			y := row[t.D]
			es, et := y-row[0], y-t.norm()*(cos*row[0]+sin*row[1])
			x[i] = f((es*es - et*et) / (2 * t.Sigma * t.Sigma))
		}
		m, sd := stat.MeanStdDev(x, nil)
		return m, stat.StdErr(sd, float64(n)), nil
	}
}
