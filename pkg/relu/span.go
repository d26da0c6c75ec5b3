package relu

import (
	"fmt"
	"math"
)

// Unspanned returns what a random neuron of norm 1 keeps outside the span of k others in d
// dimensions: own is its mean E‖P⊥φ‖², and common the mean E(P⊥φ)(P⊥φ′) of two of them. So
// a sum Σ cᵢφᵢ of new neurons has the mean own·Σcᵢ² + common·Σ_{i≠j} cᵢcⱼ outside.
//
// As a function of w the kernel of [Gram] has the eigenvalues λ_ℓ, on harmonics of degree ℓ
// on the sphere. The k-th neuron leaves the fraction s_ℓ = 1/(1 + kλ_ℓ/(χ − λ_ℓs_ℓ)) of each,
// with χ = Σ N_ℓλ_ℓs_ℓ what was left before it. It is exact for k = 1 and for d → ∞ at fixed
// k/d; degrees above 2, of which there are some d⁴, count as left whole. Where the others are
// the neurons of a source, it is its floor in closed form (Figure 3d). Domain: 0 ≤ k ≤ 10⁸,
// 1 ≤ d ≤ 10¹².
func Unspanned(k, d int) (own, common float64, err error) {
	const maxNeurons, maxDimension = 100_000_000, 1_000_000_000_000
	switch {
	case k < 0 || k > maxNeurons:
		return 0, 0, fmt.Errorf("relu: k = %d: the number of neurons must be at least 0 and at most %d", k, maxNeurons)
	case d < 1 || d > maxDimension:
		return 0, 0, fmt.Errorf("relu: d = %d: the dimension must be at least 1 and at most %d", d, maxDimension)
	}
	n := float64(d)
	up, _ := math.Lgamma(n / 2)
	down, _ := math.Lgamma((n + 1) / 2)
	constant := n / 4 / math.Pi * math.Exp(2*(up-down)) // N₀λ₀, 1/2π for d → ∞
	weight := [...]float64{constant, 0.25, constant * (n + 2) * (n - 1) / (2 * (n + 1) * (n + 1))}
	number := [...]float64{1, n, (n + 2) * (n - 1) / 2}
	if d == 1 {
		number[2] = 1 // its weight is 0
	}
	left := [...]float64{1, 1, 1}
	own = 0.5
	for j := 1; j <= k; j++ {
		before := own
		own = 0.5
		for l := range left {
			lambda := weight[l] / number[l]
			left[l] = 1 / (1 + float64(j)*lambda/(before-lambda*left[l]))
			own -= weight[l] * (1 - left[l])
		}
	}
	return own, constant * left[0], nil
}
