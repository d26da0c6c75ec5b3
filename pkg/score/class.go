package score

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// HScore is tr(cov(f)⁻¹ cov(E[f|y])) for features f and classes y (Bao, Li, Huang, Zhang,
// Zheng, Zamir and Guibas, "An Information-Theoretic Approach to Transferability in Task
// Transfer Learning", ICIP 2019), both covariances over the rows of the sample. It lies between
// 0 and min(k, C−1) for k features and C classes; higher is better. Where the covariance is
// singular its inverse is the pseudo-inverse, as in the authors' code, with the directions
// left out whose standard deviation is rounding. If the centred features have rank n−1, which
// takes k ≥ n−1, the score is C−1 whatever the labels are.
func HScore(features *mat.Dense, classes []int) (float64, error) {
	of, err := labelled(features, classes)
	if err != nil {
		return 0, err
	}
	// With the thin SVD f = USVᵀ of the centred features, it is Σ ‖Σ of the rows of U in c‖²/n_c.
	_, u, err := decompose(centred(features))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	_, rank := u.Dims()
	for _, members := range of {
		for j := range rank {
			m := 0.0
			for _, i := range members {
				m += u.At(i, j)
			}
			sum += m * m / float64(len(members))
		}
	}
	return sum, nil
}

// precision is the distortion ε of TransRate.
const precision = 1e-4

// TransRate is the coding rate of the features less that within the classes, in nats (Huang,
// Huang, Rong, Yang and Wei, "Frustratingly Easy Transferability Estimation", ICML 2022):
//
//	R(Z) − Σ (n_c/n) R(Z_c),  R(Z) = ½ log det(I + ZᵀZ/(nε)),  ε = 10⁻⁴,
//
// Z the features with columns of mean 0, scaled so that tr ZᵀZ = n, and Z_c the n_c rows of
// class c. It is at least 0; higher is better. The classes are not centred by themselves, so
// the score sees their second moments only: for two classes that mirror each other in the mean,
// as a symmetric law cut in two, it is 0 however well the features tell them apart.
//
// The scale and the weights n_c/n are those of the authors' repository (Long-Kai/TransRate). The
// ten lines that the paper prints, and the Transfer-Learning-Library after them, do not scale,
// so that the score depends on the unit of the features, and weight all classes alike, so that
// it can be below 0; they agree with this function for classes of equal size and tr ZᵀZ = n.
// The repository's other options (division by the rank, rows of norm 1, a projection on the
// class means, ε chosen for each experiment) are left out.
func TransRate(features *mat.Dense, classes []int) (float64, error) {
	of, err := labelled(features, classes)
	if err != nil {
		return 0, err
	}
	z := centred(features)
	n, k := z.Dims()
	z.Scale(math.Sqrt(float64(n))/mat.Norm(z, 2), z)
	rate, err := codingRate(z)
	if err != nil {
		return 0, err
	}
	for _, members := range of {
		part := mat.NewDense(len(members), k, nil)
		for i, row := range members {
			part.SetRow(i, z.RawRowView(row))
		}
		r, err := codingRate(part)
		if err != nil {
			return 0, err
		}
		rate -= float64(len(members)) / float64(n) * r
	}
	return rate, nil
}

// codingRate is ½ log det(I + ZᵀZ/(nε)), by the smaller of ZᵀZ and ZZᵀ.
func codingRate(z *mat.Dense) (float64, error) {
	n, k := z.Dims()
	small := mat.Matrix(z)
	if k < n {
		small = z.T()
	}
	var gram mat.SymDense
	gram.SymOuterK(1/(float64(n)*precision), small)
	for i := range gram.SymmetricDim() {
		gram.SetSym(i, i, gram.At(i, i)+1)
	}
	var chol mat.Cholesky
	if !chol.Factorize(&gram) {
		return 0, errNotPositive
	}
	return chol.LogDet() / 2, nil
}
