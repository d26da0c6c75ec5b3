package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Head fits the last layer on frozen features, for many labels on the same points.
type Head struct {
	n, d, keep int
	// In F = ASBᵀ the fit is over z = SBᵀw with the ridge λ‖S⁻¹z‖².
	basis  *mat.Dense // A, d×keep
	values []float64  // S
	design *mat.Dense // XA, and below it room for the ridge: (n+keep)×keep
	lambda float64    // of fit
	fit    *Interpolator
}

// NewHead returns a Head for the n×d matrix X of the points and the d×k matrix F of the
// features. It leaves out the directions of F with a singular value below cutoff times
// the largest: a network from a start of finite size α keeps d−1 directions of size O(α)
// besides the one it learned, and an exact fit on all of them would be training from
// scratch.
func NewHead(x, features *mat.Dense, cutoff float64) (*Head, error) {
	n, d := x.Dims()
	rows, k := features.Dims()
	switch {
	case rows != d:
		return nil, fmt.Errorf("linear: the features have %d rows, X has %d columns", rows, d)
	case !(cutoff >= 0 && cutoff < 1):
		return nil, fmt.Errorf("linear: cutoff = %v: the relative threshold on singular values lies in [0, 1)", cutoff)
	}
	var svd mat.SVD
	if !svd.Factorize(features, mat.SVDThin) {
		return nil, errors.New("linear: the singular values of the features did not converge")
	}
	h := &Head{n: n, d: d, values: svd.Values(nil), lambda: math.NaN()}
	for h.keep < len(h.values) && h.values[h.keep] > 0 && h.values[h.keep] >= cutoff*h.values[0] {
		h.keep++
	}
	if h.keep == 0 {
		return nil, fmt.Errorf("linear: all %d features are zero", k)
	}
	var a mat.Dense
	svd.UTo(&a)
	h.basis = a.Slice(0, d, 0, h.keep).(*mat.Dense)
	h.design = mat.NewDense(n+h.keep, h.keep, nil)
	for j := range h.keep { // column by column, as a product with few columns is slow
		for i, v := range mulVec(x, mat.Col(nil, j, h.basis)) {
			h.design.Set(i, j, v)
		}
	}
	return h, nil
}

// Fit minimises ‖XFw − y‖²/n + lambda·‖w‖² and returns β = Fw (length d).
func (h *Head) Fit(y []float64, lambda float64) ([]float64, error) {
	switch {
	case len(y) != h.n:
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(y), h.n)
	case !(lambda >= 0) || math.IsInf(lambda, 0):
		return nil, fmt.Errorf("linear: lambda = %v: the ridge must be a finite number, 0 or above", lambda)
	}
	used := h.n
	if lambda > 0 {
		used += h.keep
	}
	if h.lambda != lambda {
		for i := h.n; i < used; i++ {
			h.design.Set(i, i-h.n, math.Sqrt(float64(h.n)*lambda)/h.values[i-h.n])
		}
		h.lambda, h.fit = lambda, NewInterpolator(h.design.Slice(0, used, 0, h.keep).(*mat.Dense))
	}
	labels := make([]float64, used)
	copy(labels, y)
	z, err := h.fit.MinNorm(labels)
	if err != nil {
		return nil, err
	}
	var beta mat.VecDense
	beta.MulVec(h.basis, mat.NewVecDense(h.keep, z))
	return beta.RawVector().Data, nil
}

// Transfer fits the last layer on the frozen d×k features once: see [NewHead] and
// [Head.Fit].
func Transfer(data task.Data, features *mat.Dense, lambda, cutoff float64) ([]float64, error) {
	h, err := NewHead(data.X, features, cutoff)
	if err != nil {
		return nil, err
	}
	return h.Fit(data.Y, lambda)
}

// FineTuned is the end point of gradient flow on all weights from a pretrained vector:
// Beta = β_sc + Scale·Uβ̂s.
type FineTuned struct {
	Beta  []float64
	Scale float64
}

// FineTune returns the end point of fine-tuning. scratch is the minimum-norm solution
// β_sc, null = Uβ̂s the part of the pretrained vector in the null space of the data, and
// r the norm of the pretrained vector. scale computes c from a = ‖Uβ̂s‖², b = ‖β_sc‖²
// and r: theory.Scale at the depth of the network gives the exact form of Theorem 3.9,
// the constant 1 the printed one.
func FineTune(scratch, null []float64, r float64, scale func(a, b, r float64) (float64, error)) (FineTuned, error) {
	c, err := scale(floats.Dot(null, null), floats.Dot(scratch, scratch), r)
	if err != nil {
		return FineTuned{}, err
	}
	beta := make([]float64, len(scratch))
	floats.AddScaledTo(beta, scratch, c, null)
	return FineTuned{Beta: beta, Scale: c}, nil
}
