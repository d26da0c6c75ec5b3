package task

import (
	"errors"
	"fmt"
	"math"

	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// rankCutoff is the E φ² below which, relative to the largest, a direction counts as
// rounding.
const rankCutoff = 1e-10

// Space is a space of functions of the input: the span of features φ₁ … φ_m, or of its
// leading directions, those with the largest E φ². It is computed from the inner products
// E φᵢφⱼ alone, in the same way for the features of a linear network (columns u of
// W₁⋯W_{L−1}, with E (uᵢ·x)(uⱼ·x) = uᵢ·uⱼ) and for neurons.
type Space struct {
	basis *mat.Dense
}

// NewSpace returns the space of the k orthogonal directions with the largest E φ², from
// the Gram matrix E φᵢφⱼ (m×m) of the features. k = 0 keeps all directions except those
// below 1e-10 of the largest. It is an error if there are fewer than k.
func NewSpace(gram mat.Symmetric, k int) (*Space, error) {
	m := gram.SymmetricDim()
	if k < 0 || k > m {
		return nil, fmt.Errorf("task: k = %d: the dimension of the space of %d features lies between 1 and %d, or is 0 for all", k, m, m)
	}
	var eig mat.EigenSym
	if !eig.Factorize(gram, true) {
		return nil, errors.New("task: the eigenvalues of the Gram matrix of the features did not converge")
	}
	values := eig.Values(nil) // in rising order
	if !(values[m-1] > 0) || math.IsInf(values[m-1], 0) {
		return nil, fmt.Errorf("task: the largest E φ² of the features is %v: it must be finite and above 0", values[m-1])
	}
	rank := 0
	for _, v := range values {
		if v > rankCutoff*values[m-1] {
			rank++
		}
	}
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	s := &Space{basis: mat.NewDense(m, rank, nil)}
	for j := range rank {
		column := mat.Col(nil, m-1-j, &vectors)
		floats.Scale(1/math.Sqrt(values[m-1-j]), column)
		s.basis.SetCol(j, column)
	}
	if k == 0 {
		return s, nil
	}
	return s.Leading(k)
}

// Leading returns the space of the k directions of s with the largest E φ².
func (s *Space) Leading(k int) (*Space, error) {
	m, dim := s.basis.Dims()
	if k < 1 || k > dim {
		return nil, fmt.Errorf("task: k = %d: the features span only %d dimensions", k, dim)
	}
	return &Space{basis: mat.DenseCopyOf(s.basis.Slice(0, m, 0, k))}, nil
}

// Dim returns the dimension of the space.
func (s *Space) Dim() int {
	_, k := s.basis.Dims()
	return k
}

// Basis returns the m×k matrix whose column j holds the weights of the features in ψⱼ,
// for k functions ψ with E ψᵢψⱼ = δᵢⱼ that span the space.
func (s *Space) Basis() *mat.Dense { return s.basis }

// Residual returns ρ = ‖P⊥f‖²/‖f‖², the part of a target f outside the space: the
// floor of linear transfer (Theorem 3.7, eq. 18). For one linear feature it is
// sin²θ. inner holds E φᵢf for the m features, square is E f².
func (s *Space) Residual(inner []float64, square float64) (float64, error) {
	m, _ := s.basis.Dims()
	switch {
	case len(inner) != m:
		return 0, fmt.Errorf("task: inner has %d entries for %d features", len(inner), m)
	case !(square > 0) || math.IsInf(square, 0):
		return 0, fmt.Errorf("task: ‖f‖² = %v: the residual is relative to it, and it must be a number above 0", square)
	}
	var p mat.VecDense
	p.MulVec(s.basis.T(), mat.NewVecDense(m, inner))
	return math.Max(0, 1-mat.Dot(&p, &p)/square), nil
}

// Angles returns the principal angles between two spaces in radians, in rising
// order: as many as the smaller one has dimensions. cross holds E φᵢφ′ⱼ of the
// features of s and of other (m×m′).
func (s *Space) Angles(other *Space, cross mat.Matrix) ([]float64, error) {
	m, _ := s.basis.Dims()
	o, _ := other.basis.Dims()
	if r, c := cross.Dims(); r != m || c != o {
		return nil, fmt.Errorf("task: cross is %d×%d for %d and %d features", r, c, m, o)
	}
	var between mat.Dense
	between.Product(s.basis.T(), cross, other.basis)
	var svd mat.SVD
	if !svd.Factorize(&between, mat.SVDNone) {
		return nil, errors.New("task: the principal angles did not converge")
	}
	angles := svd.Values(nil)
	for i, c := range angles {
		angles[i] = math.Acos(math.Min(1, c))
	}
	return angles, nil
}

// Alignment returns the centred kernel alignment of two kernel matrices on the same
// n points, ⟨HKH, HLH⟩/(‖HKH‖‖HLH‖) with H = I − 11ᵀ/n: 1 for the same kernel up to
// scale and shift (Cortes, Mohri, Rostamizadeh 2012).
func Alignment(k, l mat.Symmetric) (float64, error) {
	n := k.SymmetricDim()
	if l.SymmetricDim() != n {
		return 0, fmt.Errorf("task: kernel matrices of size %d and %d: they must be on the same points", n, l.SymmetricDim())
	}
	centred := func(k mat.Symmetric) []float64 {
		out := make([]float64, 0, n*n)
		rows := make([]float64, n)
		for i := range n {
			for j := range n {
				rows[i] += k.At(i, j) / float64(n)
			}
		}
		all := floats.Sum(rows) / float64(n)
		for i := range n {
			for j := range n {
				out = append(out, k.At(i, j)-rows[i]-rows[j]+all)
			}
		}
		return out
	}
	a, b := centred(k), centred(l)
	norm := floats.Norm(a, 2) * floats.Norm(b, 2)
	if norm == 0 {
		return 0, errors.New("task: a constant kernel has no alignment")
	}
	return floats.Dot(a, b) / norm, nil
}
