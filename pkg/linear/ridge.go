package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// ridge solves (XᵀX/n + λ)β = Xᵀy/n for many λ > 0 on one data set, by the
// Gram matrix of the smaller side.
type ridge struct {
	data task.Data
	n, d int
	gram *mat.SymDense // XXᵀ or XᵀX
	xty  mat.VecDense  // Xᵀy
}

func newRidge(data task.Data) (*ridge, error) {
	r := &ridge{data: data}
	r.n, r.d = data.X.Dims()
	if len(data.Y) != r.n {
		return nil, fmt.Errorf("linear: y has %d entries, X has %d rows", len(data.Y), r.n)
	}
	r.gram = gram(data.X)
	r.xty.MulVec(data.X.T(), mat.NewVecDense(r.n, data.Y))
	return r, nil
}

// at returns β_λ and, if asked for, its derivative in λ,
// −(XᵀX/n + λ)⁻¹β_λ.
func (r *ridge) at(lambda float64, derivative bool) (beta, slope *mat.VecDense, err error) {
	shift := float64(r.n) * lambda
	shifted := mat.NewSymDense(r.gram.SymmetricDim(), nil)
	shifted.CopySym(r.gram)
	for i := range shifted.SymmetricDim() {
		shifted.SetSym(i, i, shifted.At(i, i)+shift)
	}
	var chol mat.Cholesky
	if !chol.Factorize(shifted) {
		return nil, nil, fmt.Errorf("linear: lambda = %.4g: the ridge is too small for this data set", lambda)
	}
	// solve returns (XᵀX + nλ)⁻¹v, for n < d as (v − Xᵀ(XXᵀ + nλ)⁻¹Xv)/nλ.
	solve := func(v *mat.VecDense) (*mat.VecDense, error) {
		var out, xv mat.VecDense
		if r.n >= r.d {
			err := chol.SolveVecTo(&out, v)
			return &out, err
		}
		xv.MulVec(r.data.X, v)
		if err := chol.SolveVecTo(&xv, &xv); err != nil {
			return nil, err
		}
		out.MulVec(r.data.X.T(), &xv)
		out.SubVec(v, &out)
		out.ScaleVec(1/shift, &out)
		return &out, nil
	}
	if r.n < r.d { // β = Xᵀ(XXᵀ + nλ)⁻¹y loses no digits
		var dual mat.VecDense
		err = chol.SolveVecTo(&dual, mat.NewVecDense(r.n, r.data.Y))
		beta = &mat.VecDense{}
		beta.MulVec(r.data.X.T(), &dual)
	} else {
		beta, err = solve(&r.xty)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("linear: lambda = %.4g: %w", lambda, err)
	}
	if derivative {
		if slope, err = solve(beta); err != nil {
			return nil, nil, err
		}
		slope.ScaleVec(-float64(r.n), slope)
	}
	return beta, slope, nil
}

// Ridge returns the β (length d) that minimises ‖Xβ − y‖²/n + lambda·‖β‖², for
// lambda > 0.
func Ridge(data task.Data, lambda float64) ([]float64, error) {
	if !(lambda > 0) || math.IsInf(lambda, 0) {
		return nil, fmt.Errorf("linear: lambda = %v: the ridge must be a finite number above 0", lambda)
	}
	r, err := newRidge(data)
	if err != nil {
		return nil, err
	}
	beta, _, err := r.at(lambda, false)
	if err != nil {
		return nil, err
	}
	return beta.RawVector().Data, nil
}

// WeightDecay returns where a two-layer network with weight decay mu ends from a
// small start. Its objective ‖Xβ − y‖²/2n + mu/2·Σ(weights)² is, at the best
// factorisation of β, ‖Xβ − y‖²/2n + mu·‖β‖ (the norm, not its square), so β is the
// ridge solution with lambda·‖β‖ = mu; for mu ≥ ‖Xᵀy‖/n it is β = 0 and lambda is
// +Inf. It needs mu > 0.
func WeightDecay(data task.Data, mu float64) (beta []float64, lambda float64, err error) {
	if !(mu > 0) || math.IsInf(mu, 0) {
		return nil, 0, fmt.Errorf("linear: mu = %v: the weight decay must be a finite number above 0", mu)
	}
	r, err := newRidge(data)
	if err != nil {
		return nil, 0, err
	}
	if most := mat.Norm(&r.xty, 2) / float64(r.n); mu >= most {
		return make([]float64, r.d), math.Inf(1), nil
	}
	// λ‖β_λ‖ rises in λ. Newton's method, kept within a bracket.
	lo, hi := 0.0, math.Inf(1)
	lambda = mu
	for range 200 {
		b, slope, err := r.at(lambda, true)
		if err != nil {
			return nil, 0, err
		}
		norm := mat.Norm(b, 2)
		f := lambda*norm - mu
		if math.Abs(f) <= 1e-12*mu {
			return b.RawVector().Data, lambda, nil
		}
		if f < 0 {
			lo = lambda
		} else {
			hi = lambda
		}
		lambda -= f / (norm + lambda*mat.Dot(b, slope)/norm)
		if !(lambda > lo && lambda < hi) {
			lambda = (lo + hi) / 2
			if math.IsInf(hi, 1) {
				lambda = 2 * lo
			}
		}
	}
	return nil, 0, errors.New("linear: the ridge of the weight decay did not converge")
}
