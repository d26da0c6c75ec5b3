package diagnose

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// arm is a ridge regression with an intercept on a representation of n rows, by the
// eigenvalues of their centred Gram matrix K on the m = n−1 directions orthogonal to 1.
//
// At each ridge δ it knows what the deterministic equivalents of ridge regression need
// (Wei, Hu and Steinhardt 2022; Simon et al. 2023), with G = (K + δ)⁻¹ on those directions:
// the effective ridge κ = 1/tr G, the degrees of freedom df₁ = m − δ tr G of the fit, and
// df₂ = m − (tr G)²/tr G² of its variance.
type arm struct {
	n       int
	values  []float64  // the eigenvalues above zero
	vectors *mat.Dense // n × len(values)
	ridges  []ridge
	shrink  *mat.Dense // λ/(λ + δ): len(values) × len(ridges)
	lever   *mat.Dense // diagonal of the smoother: n × len(ridges)
}

// ridge is what an arm knows at one δ.
type ridge struct {
	delta, df1, df2 float64
	directions      float64 // (tr G²)²/tr G⁴, the effective number of terms of tr G²
}

// ridgeGrid is the number of ridges.
const ridgeGrid = 60

// newFeatureArm returns the arm of a representation by features: n × k.
func newFeatureArm(x *mat.Dense) (*arm, error) {
	n, k := x.Dims()
	centred := mat.DenseCopyOf(x)
	for j := range k {
		column := mat.Col(nil, j, x)
		mean := stat.Mean(column, nil)
		floats.AddConst(-mean, column)
		centred.SetCol(j, column)
	}
	var svd mat.SVD
	if !svd.Factorize(centred, mat.SVDThinU) {
		return nil, errors.New("diagnose: the singular values of the rows do not converge")
	}
	var u mat.Dense
	svd.UTo(&u)
	values := svd.Values(nil)
	for i, s := range values {
		values[i] = s * s
	}
	return newArm(n, values, &u)
}

// newKernelArm returns the arm of a representation by the kernel of its rows.
func newKernelArm(kernel *mat.SymDense) (*arm, error) {
	n := kernel.SymmetricDim()
	centred := mat.NewSymDense(n, nil)
	means := make([]float64, n)
	for i := range n {
		for j := range n {
			means[i] += kernel.At(i, j) / float64(n)
		}
	}
	all := stat.Mean(means, nil)
	for i := range n {
		for j := i; j < n; j++ {
			centred.SetSym(i, j, kernel.At(i, j)-means[i]-means[j]+all)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(centred, true) {
		return nil, errors.New("diagnose: the eigenvalues of the kernel do not converge")
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	slices.Reverse(values)
	out := mat.NewDense(n, n, nil)
	for j := range n {
		out.SetCol(j, mat.Col(nil, n-1-j, &vectors))
	}
	return newArm(n, values, out)
}

// newArm returns the arm with these eigenvalues, the largest first, and vectors.
func newArm(n int, values []float64, vectors *mat.Dense) (*arm, error) {
	if len(values) == 0 || !(values[0] > 0) {
		return nil, errors.New("diagnose: all rows are equal")
	}
	rank := 0
	for rank < min(len(values), n-1) && values[rank] > 1e-12*values[0] {
		rank++
	}
	a := &arm{n: n, values: values[:rank], vectors: mat.DenseCopyOf(vectors.Slice(0, n, 0, rank))}
	m := float64(n - 1)
	from, to := math.Log(1e-7*a.values[0]/m), math.Log(10*a.values[0])
	a.shrink = mat.NewDense(rank, ridgeGrid, nil)
	for g := range ridgeGrid {
		delta := math.Exp(from + (to-from)*float64(g)/(ridgeGrid-1))
		zeros := m - float64(rank)
		one, two, four := zeros/delta, zeros/(delta*delta), zeros/math.Pow(delta, 4)
		for i, v := range a.values {
			inverse := 1 / (v + delta)
			one, two, four = one+inverse, two+inverse*inverse, four+math.Pow(inverse, 4)
			a.shrink.Set(i, g, v*inverse)
		}
		a.ridges = append(a.ridges, ridge{delta: delta, df1: m - delta*one, df2: m - one*one/two, directions: two * two / four})
	}
	squares := mat.NewDense(n, rank, nil)
	squares.MulElem(a.vectors, a.vectors)
	a.lever = mat.NewDense(n, ridgeGrid, nil)
	a.lever.Mul(squares, a.shrink)
	a.lever.Apply(func(_, _ int, v float64) float64 { return v + 1/float64(n) }, a.lever)
	return a, nil
}

// leaveOneOut returns the mean squared error of leaving one row out at each ridge.
func (a *arm) leaveOneOut(y []float64) []float64 {
	centred := make([]float64, a.n)
	copy(centred, y)
	floats.AddConst(-stat.Mean(y, nil), centred)
	var z mat.VecDense
	z.MulVec(a.vectors.T(), mat.NewVecDense(a.n, centred))
	scaled := mat.NewDense(len(a.values), ridgeGrid, nil)
	scaled.Apply(func(i, _ int, v float64) float64 { return v * z.AtVec(i) }, a.shrink)
	var fits mat.Dense
	fits.Mul(a.vectors, scaled)
	out := make([]float64, ridgeGrid)
	for g := range out {
		for i, v := range centred {
			r := (v - fits.At(i, g)) / (1 - a.lever.At(i, g))
			out[g] += r * r / float64(a.n)
		}
	}
	return out
}

// The ridges that may serve: those whose fit a sample of n rows can have, and at which
// enough eigenvalues decide tr G².
const (
	mostFreedom   = 0.95
	leastTerms    = 15
	leastFraction = 0.08
)

// risk returns the risk of the best ridge from n rows, with the noise of the labels, given
// the errors of leaving one row out: the least over κ of D(κ)/(1 − df₂/(n−1)), where
// D = loo·(m−df₂)/m is the bias and the noise at κ, which do not depend on n.
func (a *arm) risk(loo []float64, n float64) (float64, error) {
	best := math.Inf(1)
	m := float64(a.n - 1)
	for g, r := range a.ridges {
		if r.df1 >= mostFreedom*(n-1) || r.directions < math.Max(leastTerms, leastFraction*m) {
			continue
		}
		best = math.Min(best, loo[g]*(m-r.df2)/m*(n-1)/(n-1-r.df2))
	}
	if math.IsInf(best, 1) {
		return math.NaN(), fmt.Errorf("diagnose: no ridge of %d rows tells the risk from %.0f rows", a.n, n)
	}
	return best, nil
}
