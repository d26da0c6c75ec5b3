package score

import (
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

var errNotPositive = errors.New("score: a covariance is not positive definite")

const (
	mostSteps  = 100
	leastRise  = 1e-3
	mostRounds = 300 // of k-means

	// A component that shrinks onto one row, or onto rows in a plane, has a variance that is
	// rounding; its likelihood has no bound. In units of the variance of all rows.
	leastVariance = 1e-12
)

// mixture is a Gaussian mixture with full covariances, fitted to n rows.
type mixture struct {
	weights     []float64
	means       *mat.Dense
	covariances []*mat.SymDense
	posterior   *mat.Dense // n×m, of each component given the row
	trace       []float64  // the log-likelihood per row at each step
	variance    float64    // of all rows, the mean over the columns
}

// fitMixture fits m components to the rows of x by EM, from k-means. ridge is added to the
// diagonals of the covariances.
func fitMixture(x *mat.Dense, m int, ridge float64, rng *rand.Rand) (*mixture, error) {
	n, d := x.Dims()
	out := &mixture{weights: make([]float64, m), means: mat.NewDense(m, d, nil),
		covariances: make([]*mat.SymDense, m), posterior: mat.NewDense(n, m, nil)}
	for j := range d {
		_, v := stat.PopMeanVariance(mat.Col(nil, j, x), nil)
		out.variance += v / float64(d)
	}
	for i, z := range kMeans(x, m, rng) {
		out.posterior.Set(i, z, 1)
	}
	for step := range mostSteps {
		out.maximise(x, ridge)
		likelihood, err := out.expect(x)
		if err != nil {
			return nil, err
		}
		out.trace = append(out.trace, likelihood)
		if step > 0 && likelihood-out.trace[step-1] < leastRise {
			break
		}
	}
	return out, nil
}

// maximise sets the weights, means and covariances by the posteriors.
func (g *mixture) maximise(x *mat.Dense, ridge float64) {
	n, d := x.Dims()
	for z := range g.weights {
		post := mat.Col(nil, z, g.posterior)
		// A component that has lost all rows keeps its place instead of dividing by 0.
		size := floats.Sum(post) + 1e-15
		g.weights[z] = size / float64(n)
		mean := g.means.RawRowView(z)
		clear(mean)
		for i, p := range post {
			floats.AddScaled(mean, p/size, x.RawRowView(i))
		}
		weighted := mat.NewDense(n, d, nil)
		for i, p := range post {
			floats.SubTo(weighted.RawRowView(i), x.RawRowView(i), mean)
			floats.Scale(math.Sqrt(p/size), weighted.RawRowView(i))
		}
		cov := mat.NewSymDense(d, nil)
		cov.SymOuterK(1, weighted.T())
		for j := range d {
			cov.SetSym(j, j, cov.At(j, j)+ridge)
		}
		g.covariances[z] = cov
	}
}

// expect sets the posteriors and returns the log-likelihood per row.
func (g *mixture) expect(x *mat.Dense) (float64, error) {
	n, d := x.Dims()
	for z, cov := range g.covariances {
		var chol mat.Cholesky
		if !chol.Factorize(cov) {
			return 0, errNotPositive
		}
		var lower mat.TriDense
		chol.LTo(&lower)
		for j := range d {
			if math.Pow(lower.At(j, j), 2) < leastVariance*g.variance {
				return 0, errNotPositive
			}
		}
		away := mat.NewDense(d, n, nil)
		away.Apply(func(j, i int, _ float64) float64 { return x.At(i, j) - g.means.At(z, j) }, away)
		if err := lower.SolveTo(away, false, away); err != nil {
			return 0, err
		}
		constant := math.Log(g.weights[z]) - (float64(d)*math.Log(2*math.Pi)+chol.LogDet())/2
		squares := make([]float64, n)
		for j := range d {
			for i, v := range away.RawRowView(j) {
				squares[i] += v * v
			}
		}
		for i, q := range squares {
			g.posterior.Set(i, z, constant-q/2)
		}
	}
	sum := 0.0
	for i := range n {
		row := g.posterior.RawRowView(i)
		total := floats.LogSumExp(row)
		sum += total
		for z := range row {
			row[z] = math.Exp(row[z] - total)
		}
	}
	return sum / float64(n), nil
}

// kMeans returns the cluster of each row by Lloyd's iteration from the seeds of k-means++
// (Arthur and Vassilvitskii 2007).
func kMeans(x *mat.Dense, m int, rng *rand.Rand) []int {
	n, d := x.Dims()
	centres := mat.NewDense(m, d, nil)
	nearest := make([]float64, n) // squared distance to the centres so far
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	pick := rng.IntN(n)
	for z := range m {
		centres.SetRow(z, x.RawRowView(pick))
		for i := range nearest {
			nearest[i] = math.Min(nearest[i], squared(x.RawRowView(i), centres.RawRowView(z)))
		}
		// The next centre is drawn with the squared distance as its chance. With fewer
		// distinct rows than centres all distances are 0, and a centre repeats.
		u := rng.Float64() * floats.Sum(nearest)
		for pick = 0; pick < n-1 && u >= nearest[pick]; pick++ {
			u -= nearest[pick]
		}
	}
	of := make([]int, n)
	for range mostRounds {
		changed := false
		sums, sizes := mat.NewDense(m, d, nil), make([]float64, m)
		for i := range n {
			row := x.RawRowView(i)
			best, least := 0, math.Inf(1)
			for z := range m {
				if r := squared(row, centres.RawRowView(z)); r < least {
					best, least = z, r
				}
			}
			changed = changed || of[i] != best
			of[i] = best
			floats.Add(sums.RawRowView(best), row)
			sizes[best]++
		}
		if !changed {
			break
		}
		for z, size := range sizes {
			if size > 0 {
				floats.ScaleTo(centres.RawRowView(z), 1/size, sums.RawRowView(z))
			}
		}
	}
	return of
}

func squared(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return sum
}
