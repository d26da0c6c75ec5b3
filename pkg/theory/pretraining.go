package theory

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"gonum.org/v1/gonum/mat"
)

// EscapeTime returns the mean time that a two-layer network from a random start
// of size α takes, on the population loss in d dimensions, until β·βs = ½. The
// small start grows as e^t in one direction, s = s₀e^{2t}/(1 + s₀(e^{2t} − 1)),
// with s₀ = ‖W₁ᵀβs + w₂‖²/4 = α²(1 + 1/d)S/4, S ~ χ²_d, so the time is
// ½·E log(1/s₀ − 1), up to O(α²): it grows as log(1/α). Domain: d ≥ 1,
// 0 < α ≤ 0.5/√d, where the start is small against the task.
func EscapeTime(d int, alpha float64) (Value, error) {
	if d < 1 || d > maxCount {
		return Value{}, fmt.Errorf("theory: d = %d: the dimension must be at least 1 and at most %d", d, maxCount)
	}
	if !(alpha > 0 && alpha <= 0.5/math.Sqrt(float64(d))) {
		return Value{}, fmt.Errorf("theory: alpha = %v: a small start lies between 0 and 0.5/√d = %.3g", alpha, 0.5/math.Sqrt(float64(d)))
	}
	return Value{Value: meanChiSquared(d, func(S float64) float64 {
		s0 := alpha * alpha * (1 + 1/float64(d)) * S / 4
		return math.Log(math.Max(1/s0-1, math.SmallestNonzeroFloat64)) / 2
	})}, nil
}

// EscapeExponent returns the p for which the time to escape a start of size α grows
// as α^p: −(L−2) for L ≥ 3 layers, and 0 for two, where it grows as log(1/α).
func EscapeExponent(depth int) float64 { return float64(2 - depth) }

// SecondSingular returns the mean second singular value of the features of a
// pretrained two-layer network in d dimensions, relative to the first (Theorem
// 3.4): α·E‖G‖/√d with G a (d−1)×(d−1) matrix of independent standard normals,
// since W₁ keeps its start in all directions but the learned one. ‖G‖ is about 2√d.
// The formula is exact up to O(α²), and its mean is over 4096 draws of G. Domain:
// 2 ≤ d ≤ 10,000, alpha finite and > 0.
func SecondSingular(d int, alpha float64) (Value, error) {
	switch {
	case d < 2:
		return Value{}, fmt.Errorf("theory: d = %d: a second direction needs at least 2 dimensions", d)
	case !(alpha > 0) || math.IsInf(alpha, 0):
		return Value{}, fmt.Errorf("theory: alpha = %v: the size of the start must be a finite number above 0", alpha)
	}
	const maxSquare = 10_000
	if d > maxSquare {
		return Value{}, fmt.Errorf("theory: d = %d: the dimension must be at most %d, for the singular values of its matrices", d, maxSquare)
	}
	const draws = 1 << 12
	rng := rand.New(rand.NewPCG(lawSeed, 2))
	g := mat.NewDense(d-1, d-1, nil)
	x := make([]float64, draws)
	for i := range x {
		raw := g.RawMatrix().Data
		for j := range raw {
			raw[j] = rng.NormFloat64()
		}
		var svd mat.SVD
		if !svd.Factorize(g, mat.SVDNone) {
			return Value{}, errors.New("theory: the singular values of a random matrix did not converge")
		}
		x[i] = alpha / math.Sqrt(float64(d)) * svd.Values(nil)[0]
	}
	return Mean(x), nil
}
