package score

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

const (
	energy        = 0.8 // share of the variance that the principal components keep
	perClass      = 5   // components of the mixture for each class
	ridgeVariance = 1e-6
)

// NLEEP is N-LEEP (Li, Jia, Sang, Zhu, Green, Wang and Gong, "Ranking Neural Checkpoints", CVPR
// 2021): the features are projected on the fewest principal components that hold 80 % of their
// variance; a Gaussian mixture of 5C components is fitted to them, C the number of classes; and
// with θ(x)_z the posterior of component z the score is that of LEEP (Nguyen, Hassner, Seeger
// and Archambeau, ICML 2020),
//
//	(1/n) Σ_i log Σ_z P̂(y_i|z) θ(x_i)_z,  P̂(y|z) = Σ_{j: y_j=y} θ(x_j)_z / Σ_j θ(x_j)_z.
//
// It is at most 0; higher is better. It needs more than 5C rows.
//
// The mixture has full covariances and starts from one run of k-means with the seeds of
// k-means++, and EM ends when the log-likelihood per row rises by less than 10⁻³ or after 100
// steps: the defaults of scikit-learn, which the public code (google-research, TencentARC/SFDA)
// uses. What is added to the diagonal of a covariance is 10⁻⁶ of the mean variance of the
// projected features, there 10⁻⁶ itself, so that the score does not depend on their unit. The
// local maximum that EM finds depends on the seed, and so does the score. SFDA's code leaves out
// the logarithm that LEEP has.
func NLEEP(features *mat.Dense, classes []int, seed uint64) (float64, error) {
	of, err := labelled(features, classes)
	if err != nil {
		return 0, err
	}
	if n, most := len(classes), perClass*len(of); n <= most {
		return 0, fmt.Errorf("score: features has %d rows: N-LEEP of %d classes fits %d components and needs more rows than that", n, len(of), most)
	}
	x, err := principal(features)
	if err != nil {
		return 0, err
	}
	n, d := x.Dims()
	ridge := ridgeVariance * math.Pow(mat.Norm(x, 2), 2) / float64(n*d)
	mixture, err := fitMixture(x, perClass*len(of), ridge, task.Stream(seed))
	if err != nil {
		return 0, err
	}
	return leep(mixture.posterior, of), nil
}

// principal returns the principal components that hold 80 % of the variance.
func principal(features *mat.Dense) (*mat.Dense, error) {
	z := centred(features)
	z.Scale(1/mat.Norm(z, 2), z) // squares must not underflow
	s, u, err := decompose(z)
	if err != nil {
		return nil, err
	}
	total := floats.Dot(s, s)
	d, sum := 0, 0.0
	for d < len(s) && sum < energy*total {
		sum += s[d] * s[d]
		d++
	}
	n, _ := u.Dims()
	var out mat.Dense
	out.Mul(u.Slice(0, n, 0, d), mat.NewDiagDense(d, s[:d]))
	return &out, nil
}

// leep returns LEEP from the n×m posteriors of m components and the rows of each class.
func leep(posterior *mat.Dense, of [][]int) float64 {
	n, m := posterior.Dims()
	total := make([]float64, m)
	for i := range n {
		floats.Add(total, posterior.RawRowView(i))
	}
	sum := 0.0
	for _, members := range of {
		given := make([]float64, m) // P̂(y|z)
		for _, i := range members {
			floats.Add(given, posterior.RawRowView(i))
		}
		for z := range given {
			if total[z] > 0 {
				given[z] /= total[z]
			}
		}
		for _, i := range members {
			sum += math.Log(floats.Dot(given, posterior.RawRowView(i)))
		}
	}
	return sum / float64(n)
}
