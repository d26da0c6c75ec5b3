// Package divergence measures how far apart the data of two tasks are: the joint
// laws of (x, y) with y = βsᵀx + ε on the source and y = βtᵀx + ε on the target
// (Appendix A of the paper). It holds φ-divergences and integral probability
// metrics, each in closed form or as a bound, and estimators from samples.
//
// A [Distance], such as [KL] or [Wasserstein2], carries its formula and, where
// there is one, its estimator.
//
//	tasks := divergence.Tasks{D: 100, Theta: math.Pi / 4, Sigma: 0.2}
//	kl, err := divergence.KL.Of(tasks) // 7.32
package divergence

import (
	"fmt"
	"math"

	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"gonum.org/v1/gonum/mat"
)

// Tasks describes the two laws: x ~ N(0, I_D) and label noise N(0, Sigma²) in both, a
// unit vector βs, and βt of norm Norm (0 means 1) at the angle Theta (radians) to it.
type Tasks struct {
	D           int
	Theta       float64
	Sigma, Norm float64
}

const maxDimension = 1_000_000_000_000

// maxEntries bounds a matrix of samples, and that of the costs of a transport.
const maxEntries = 1_000_000_000

// Validate reports the first field out of its domain: 2 ≤ D ≤ 10¹²,
// |Theta| ≤ 2π, Sigma in [0, 1e100], Norm in [0, 1e100].
func (t Tasks) Validate() error {
	switch {
	case t.D < 2 || t.D > maxDimension:
		return fmt.Errorf("divergence: D = %d: the dimension must be at least 2 and at most %d", t.D, maxDimension)
	case !(math.Abs(t.Theta) <= 2*math.Pi):
		return fmt.Errorf("divergence: Theta = %v: the angle must be a number of radians from −2π to 2π", t.Theta)
	case !(t.Sigma >= 0 && t.Sigma <= 1e100):
		return fmt.Errorf("divergence: Sigma = %v: the noise level must be a number from 0 to 1e100", t.Sigma)
	case !(t.Norm >= 0 && t.Norm <= 1e100):
		return fmt.Errorf("divergence: Norm = %v: the norm of the target lies between 0 (for 1) and 1e100", t.Norm)
	}
	return nil
}

// String prints the tasks with the symbols of the paper, θ in degrees.
func (t Tasks) String() string {
	out := fmt.Sprintf("d=%d θ=%.4g° σ=%.4g", t.D, t.Theta*180/math.Pi, t.Sigma)
	if t.Norm != 0 {
		out += fmt.Sprintf(" ‖βt‖=%.4g", t.Norm)
	}
	return out
}

func (t Tasks) norm() float64 {
	if t.Norm == 0 {
		return 1
	}
	return t.Norm
}

// Delta returns δ = ‖βs − βt‖, which is 2 sin(θ/2) for unit vectors.
func (t Tasks) Delta() float64 {
	half := math.Sin(t.Theta / 2)
	c := t.norm()
	return math.Sqrt((1-c)*(1-c) + 4*c*half*half)
}

// covariances returns the covariance matrices of (x₁, x₂, y) under the source and
// under the target, x₁ along βs and x₂ along the rest of βt. The other
// coordinates are the same in both laws and independent of these.
func (t Tasks) covariances() (source, target *mat.SymDense) {
	cov := func(b1, b2 float64) *mat.SymDense {
		return mat.NewSymDense(3, []float64{
			1, 0, b1,
			0, 1, b2,
			b1, b2, b1*b1 + b2*b2 + t.Sigma*t.Sigma,
		})
	}
	sin, cos := math.Sincos(t.Theta)
	return cov(1, 0), cov(t.norm()*cos, t.norm()*sin)
}

// Distance measures how far apart the laws of two tasks are. Of computes it, or a bound
// on it, without samples. Estimate computes it from n samples of each task and is nil if
// there is no estimator. Symbol is in the math notation of the figures.
type Distance struct {
	Name, Symbol string
	Of           func(t Tasks) (float64, error)
	Estimate     func(t Tasks, n int, seed uint64) (mean, stderr float64, err error)
}

// closed makes the function Of of a Distance from a formula.
func closed(f func(t Tasks) float64) func(Tasks) (float64, error) {
	return func(t Tasks) (float64, error) {
		if err := t.Validate(); err != nil {
			return 0, err
		}
		return f(t), nil
	}
}
