package score

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// maxRows bounds the rows of both samples of MMD, which holds the distance of each pair.
const maxRows = 10_000

// pair checks two samples of the same columns.
func pair(a, b *mat.Dense) error {
	if err := matrix("a", a); err != nil {
		return err
	}
	if err := matrix("b", b); err != nil {
		return err
	}
	_, k := a.Dims()
	if _, l := b.Dims(); k != l {
		return fmt.Errorf("score: a has %d columns, b has %d: they must be the same features", k, l)
	}
	return nil
}

// MMD is the unbiased estimate of the squared maximum mean discrepancy between the laws of the
// rows of a (m×k) and b (n×k) (Gretton, Borgwardt, Rasch, Schölkopf and Smola, "A Kernel
// Two-Sample Test", JMLR 2012, equation 3):
//
//	mean over i≠j of K(a_i,a_j) + mean over i≠j of K(b_i,b_j) − 2 mean over i, j of K(a_i,b_j),
//
// K(v,w) = exp(−‖v − w‖²/2ℓ²) as in divergence.MMD. The bandwidth ℓ is the median distance
// between two rows of both samples together. It has no unit and can be a little below 0 where
// the laws are close. It takes at most 10,000 rows in all. It is an error if the median is 0.
func MMD(a, b *mat.Dense) (float64, error) {
	if err := pair(a, b); err != nil {
		return 0, err
	}
	d, err := squaredDistances(a, b)
	if err != nil {
		return 0, err
	}
	all := slices.Clone(d)
	slices.Sort(all)
	bandwidth := (math.Sqrt(all[(len(all)-1)/2]) + math.Sqrt(all[len(all)/2])) / 2
	if bandwidth == 0 {
		return 0, errors.New("score: a and b: the median distance between rows is 0: more than half of the pairs of rows are equal")
	}
	m, _ := a.Dims()
	n, _ := b.Dims()
	return mmd(d, m, n, bandwidth), nil
}

// squaredDistances returns the squared distance between each row of a and b together and each
// row before it.
func squaredDistances(a, b *mat.Dense) ([]float64, error) {
	m, _ := a.Dims()
	n, _ := b.Dims()
	if m+n > maxRows {
		return nil, fmt.Errorf("score: a and b have %d rows: at most %d in all; draw some of them", m+n, maxRows)
	}
	var both mat.Dense
	both.Stack(a, b)
	out := make([]float64, 0, (m+n)*(m+n-1)/2)
	for i := range m + n {
		row := both.RawRowView(i)
		for j := range i {
			out = append(out, squared(row, both.RawRowView(j)))
		}
	}
	return out, nil
}

// mmd is the estimate from the squared distances of samples of m and n rows.
func mmd(d []float64, m, n int, bandwidth float64) float64 {
	var aa, bb, ab float64
	for i := range m + n {
		for j, r := range d[i*(i-1)/2 : i*(i+1)/2] {
			k := math.Exp(-r / (2 * bandwidth * bandwidth))
			switch {
			case i < m:
				aa += k
			case j >= m:
				bb += k
			default:
				ab += k
			}
		}
	}
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	return aa/pairs(m) + bb/pairs(n) - 2*ab/(float64(m)*float64(n))
}

// Frechet is the Fréchet or Wasserstein-2 distance between normal laws with the means and
// covariances (over rows − 1) of the samples a (m×k) and b (n×k) (Dowson and Landau, J.
// Multivariate Analysis 1982):
//
//	d² = ‖μ_a − μ_b‖² + tr(A + B − 2(A^½BA^½)^½).
//
// It has the unit of the features; the FID of Heusel et al. (NeurIPS 2017) is its square. With
// X and Y the centred samples, the last trace is the sum of the singular values of XYᵀ over
// √((m−1)(n−1)), which needs no root of a matrix and no inverse, so that fewer rows than
// columns are allowed.
func Frechet(a, b *mat.Dense) (float64, error) {
	if err := pair(a, b); err != nil {
		return 0, err
	}
	unit := math.Max(mat.Norm(a, 2), mat.Norm(b, 2))
	if unit == 0 {
		return 0, nil
	}
	mean := means(a)
	floats.Sub(mean, means(b))
	floats.Scale(1/unit, mean)
	total := floats.Dot(mean, mean)
	var roots [2]mat.Matrix // R with RᵀR the covariance
	for i, sample := range []*mat.Dense{a, b} {
		x := centred(sample)
		n, k := x.Dims()
		x.Scale(1/unit/math.Sqrt(float64(n-1)), x)
		total += math.Pow(mat.Norm(x, 2), 2)
		roots[i] = x
		if n > k {
			var qr mat.QR
			qr.Factorize(x)
			var r mat.Dense
			qr.RTo(&r)
			roots[i] = r.Slice(0, k, 0, k)
		}
	}
	var cross mat.Dense
	cross.Mul(roots[0], roots[1].T())
	var svd mat.SVD
	if !svd.Factorize(&cross, mat.SVDNone) {
		return 0, errSVD
	}
	total -= 2 * floats.Sum(svd.Values(nil))
	return unit * math.Sqrt(math.Max(0, total)), nil
}

// SlicedWasserstein is the mean Wasserstein-1 distance between the samples a (m×k) and b (n×k)
// projected on random directions, uniform on the unit sphere and drawn by the seed (Rabin,
// Peyré, Delon and Bernot 2012; Bonneel, Rabin, Peyré and Pfister 2015). On a line the distance
// is the area between the two distribution functions. It has the unit of the features. The
// number of projections, from 1 to 100,000, is that of the mean: its error falls with their
// root.
func SlicedWasserstein(a, b *mat.Dense, projections int, seed uint64) (float64, error) {
	const most = 100_000
	if err := pair(a, b); err != nil {
		return 0, err
	}
	if projections < 1 || projections > most {
		return 0, fmt.Errorf("score: projections = %d: it must be from 1 to %d", projections, most)
	}
	_, k := a.Dims()
	sum := 0.0
	for p := range projections {
		rng := task.Stream(seed, uint64(p))
		direction := mat.NewVecDense(k, nil)
		for j := range k {
			direction.SetVec(j, rng.NormFloat64())
		}
		direction.ScaleVec(1/mat.Norm(direction, 2), direction)
		var x, y mat.VecDense
		x.MulVec(a, direction)
		y.MulVec(b, direction)
		sum += wasserstein1(x.RawVector().Data, y.RawVector().Data)
	}
	return sum / float64(projections), nil
}

// wasserstein1 is the area between the distribution functions of two samples, which it sorts.
func wasserstein1(x, y []float64) float64 {
	slices.Sort(x)
	slices.Sort(y)
	sum, i, j := 0.0, 0, 0
	at := math.Min(x[0], y[0])
	for i < len(x) || j < len(y) {
		next := math.Inf(1)
		if i < len(x) {
			next = x[i]
		}
		if j < len(y) {
			next = math.Min(next, y[j])
		}
		sum += (next - at) * math.Abs(float64(i)/float64(len(x))-float64(j)/float64(len(y)))
		at = next
		for i < len(x) && x[i] == at {
			i++
		}
		for j < len(y) && y[j] == at {
			j++
		}
	}
	return sum
}
