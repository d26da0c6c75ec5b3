package diagnose

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// ridgeGrid is the number of ridges.
const ridgeGrid = 60

// perRidge holds one number for each ridge.
type perRidge [ridgeGrid]float64

// arm is a ridge regression with an intercept on a representation of n rows, with centred
// Gram matrix K on the m = n−1 directions orthogonal to 1.
//
// At each ridge δ it knows what the deterministic equivalents of ridge regression need
// (Wei, Hu and Steinhardt 2022; Simon et al. 2023), with G = (K + δ)⁻¹ on those directions:
// the effective ridge κ = 1/tr G, the degrees of freedom df₁ = m − δ tr G of the fit, and
// df₂ = m − (tr G)²/tr G² of its variance.
//
// No eigenvectors are needed. K, or the covariance XᵀX if there are fewer features than
// directions, is QTQᵀ with T tridiagonal, and T + δ = LDLᵀ gives every leverage in one pass.
type arm struct {
	n       int
	gram    bool       // rows are those of K, not of the features
	rows    *mat.Dense // n × r: each row in the basis Q
	ridges  []ridge
	lower   []perRidge // the subdiagonal of L, by row
	inverse []perRidge // 1/D
	lever   []perRidge // by row: G's diagonal if gram, else the smoother's
}

// ridge is what an arm knows at one δ.
type ridge struct {
	delta, df1, df2 float64
	directions      float64 // (tr G²)²/tr G⁴, the effective number of terms of tr G²
}

// newFeatureArm returns the arm of a representation by features: n × k.
func newFeatureArm(x *mat.Dense) (*arm, error) {
	n, k := x.Dims()
	centred := mat.DenseCopyOf(x)
	for j := range k {
		column := mat.Col(nil, j, x)
		floats.AddConst(-stat.Mean(column, nil), column)
		centred.SetCol(j, column)
	}
	if k >= n-1 {
		var kernel mat.SymDense
		kernel.SymOuterK(1, centred)
		return newKernelArm(&kernel)
	}
	var covariance mat.SymDense
	covariance.SymOuterK(1, centred.T())
	return newArm(n, &covariance, func(q *mat.Dense) *mat.Dense {
		var rows mat.Dense
		rows.Mul(centred, q)
		return &rows
	})
}

// newKernelArm returns the arm of a representation by the kernel of its rows.
func newKernelArm(kernel *mat.SymDense) (*arm, error) {
	// The reflection H = 1 − 2vvᵀ/|v|² maps the vector of ones to the first axis; its other
	// columns are a basis of what is orthogonal to it.
	n := kernel.SymmetricDim()
	v := make([]float64, n)
	floats.AddConst(1/math.Sqrt(float64(n)), v)
	v[0]++
	floats.Scale(math.Sqrt2/floats.Norm(v, 2), v) // H = 1 − vvᵀ
	vec := mat.NewVecDense(n, v)
	// HKH = K − vpᵀ − pvᵀ + (vᵀp)vvᵀ with p = Kv.
	var p mat.VecDense
	p.MulVec(kernel, vec)
	p.AddScaledVec(&p, -mat.Dot(vec, &p)/2, vec)
	reflected := mat.NewSymDense(n, nil)
	reflected.RankTwo(kernel, -1, vec, &p)
	return newArm(n, reflected.SliceSym(1, n).(*mat.SymDense), func(q *mat.Dense) *mat.Dense {
		var along mat.VecDense
		along.MulVec(q.T(), vec.SliceVec(1, n))
		rows := mat.NewDense(n, n-1, nil)
		rows.Slice(1, n, 0, n-1).(*mat.Dense).Copy(q)
		rows.RankOne(rows, -1, vec, &along)
		return rows
	})
}

// newArm returns the arm of n rows with a symmetric matrix; coordinates returns the rows in a basis.
func newArm(n int, s *mat.SymDense, coordinates func(basis *mat.Dense) *mat.Dense) (*arm, error) {
	r := s.SymmetricDim()
	m := float64(n - 1)
	q := mat.NewDense(r, r, nil)
	q.Copy(s)
	d, e, err := tridiagonal(q)
	if err != nil {
		return nil, err
	}
	a := &arm{n: n, gram: r == n-1, rows: coordinates(q)}
	values := append([]float64(nil), d...)
	if !(gonum.Implementation{}).Dsterf(r, values, append([]float64(nil), e...)) {
		return nil, errors.New("diagnose: the eigenvalues of the rows do not converge")
	}
	top := values[r-1]
	if !(top > 0) {
		return nil, errors.New("diagnose: all rows are equal")
	}
	a.lower, a.inverse, a.lever = make([]perRidge, r), make([]perRidge, r), make([]perRidge, n)
	from, to := math.Log(1e-7*top/m), math.Log(10*top)
	for g := range ridgeGrid {
		delta := math.Exp(from + (to-from)*float64(g)/(ridgeGrid-1))
		zeros := m - float64(r)
		one, two, four := zeros/delta, zeros/(delta*delta), zeros/math.Pow(delta, 4)
		for _, v := range values {
			i := 1 / (math.Max(v, 0) + delta)
			one, two, four = one+i, two+i*i, four+i*i*i*i
		}
		a.ridges = append(a.ridges, ridge{delta: delta, df1: m - delta*one, df2: m - one*one/two, directions: two * two / four})
		pivot := d[0] + delta
		a.inverse[0][g] = 1 / pivot
		for j := range r - 1 {
			a.lower[j+1][g] = e[j] / pivot
			pivot = d[j+1] + delta - e[j]*a.lower[j+1][g]
			a.inverse[j+1][g] = 1 / pivot
		}
	}
	for i := range a.lever {
		a.lever[i] = a.quadratic(a.rows.RawRowView(i))
		if !a.gram {
			for g := range ridgeGrid {
				a.lever[i][g] += 1 / float64(n)
			}
		}
	}
	return a, nil
}

// tridiagonal replaces a symmetric matrix by Q and returns the diagonal and the subdiagonal
// of T in QTQᵀ.
func tridiagonal(s *mat.Dense) (d, e []float64, err error) {
	raw := s.RawMatrix()
	n := raw.Rows
	d, e = make([]float64, n), make([]float64, max(0, n-1))
	tau := make([]float64, max(1, n-1))
	work := make([]float64, 64*n)
	lapack := gonum.Implementation{}
	lapack.Dsytrd(blas.Lower, n, raw.Data, raw.Stride, d, e, tau, work, len(work))
	for _, v := range d {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, errors.New("diagnose: the rows are too large for their products")
		}
	}
	lapack.Dorgtr(blas.Lower, n, raw.Data, raw.Stride, tau, work, len(work))
	return d, e, nil
}

// quadratic returns zᵀ(T + δ)⁻¹z for each ridge.
func (a *arm) quadratic(z []float64) (sum perRidge) {
	var t perRidge
	for j, v := range z {
		lower, inverse := &a.lower[j], &a.inverse[j]
		for g := range ridgeGrid {
			t[g] = v - lower[g]*t[g]
			sum[g] += t[g] * t[g] * inverse[g]
		}
	}
	return sum
}

// solve returns (T + δ)⁻¹c for each ridge: one row for each entry of c.
func (a *arm) solve(c []float64) *mat.Dense {
	x := make([]perRidge, len(c))
	for j, v := range c {
		for g := range ridgeGrid {
			x[j][g] = v
			if j > 0 {
				x[j][g] -= a.lower[j][g] * x[j-1][g]
			}
		}
	}
	out := mat.NewDense(len(c), ridgeGrid, nil)
	for j := len(c) - 1; j >= 0; j-- {
		for g := range ridgeGrid {
			x[j][g] *= a.inverse[j][g]
			if j+1 < len(c) {
				x[j][g] -= a.lower[j+1][g] * x[j+1][g]
			}
		}
		out.SetRow(j, x[j][:])
	}
	return out
}

// leaveOneOut returns the mean squared error of leaving one row out at each ridge.
func (a *arm) leaveOneOut(y []float64) (out perRidge) {
	centred := append([]float64(nil), y...)
	floats.AddConst(-stat.Mean(y, nil), centred)
	var c mat.VecDense
	c.MulVec(a.rows.T(), mat.NewVecDense(a.n, centred))
	var fits mat.Dense
	fits.Mul(a.rows, a.solve(c.RawVector().Data))
	for i, v := range centred {
		for g, fit := range fits.RawRowView(i) {
			// With the smoother S = 1 − δG the ridge cancels.
			r := fit / a.lever[i][g]
			if !a.gram {
				r = (v - fit) / (1 - a.lever[i][g])
			}
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
// D = loo·(m−df₂)/m is the bias and the noise at κ, which do not depend on n. At n = +Inf
// it is the floor.
func (a *arm) risk(loo perRidge, n float64) (float64, error) {
	best := math.Inf(1)
	m := float64(a.n - 1)
	for g, r := range a.ridges {
		if r.df1 >= mostFreedom*(n-1) || r.directions < math.Max(leastTerms, leastFraction*m) {
			continue
		}
		best = math.Min(best, loo[g]*(m-r.df2)/m/(1-r.df2/(n-1)))
	}
	if math.IsInf(best, 1) {
		return math.NaN(), fmt.Errorf("diagnose: no ridge of %d rows tells the risk from %.0f rows", a.n, n)
	}
	return best, nil
}

// outliers returns how many rows alone decide their own fit at the ridge with the least
// error: those with a leverage above 0.95 where that of most rows is below one half.
func (a *arm) outliers(loo perRidge) (count int) {
	best := 0
	for g, v := range loo {
		if v < loo[best] {
			best = g
		}
	}
	low := 0
	for _, l := range a.lever {
		leverage := l[best]
		if a.gram { // S = 1 − δG
			leverage = 1 - a.ridges[best].delta*l[best]
		}
		if leverage > 0.95 {
			count++
		}
		if leverage < 0.5 {
			low++
		}
	}
	if 2*low < a.n {
		return 0
	}
	return count
}

// least returns the least error of leaving one row out.
func least(loo perRidge) float64 {
	out := math.Inf(1)
	for _, v := range loo {
		out = math.Min(out, v)
	}
	return out
}
