package divergence

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// MMD is the squared maximum mean discrepancy with the kernel
// exp(−‖v − w‖²/2ℓ²) on R^(D+1), ℓ the bandwidth (> 0):
// MMD² = E(s,s) + E(t,t) − 2E(s,t) with
//
//	E(β,β′) = [(1+2/ℓ²)^D (1 + 2v/ℓ² − 4‖(β+β′)/2‖²/(ℓ⁴(1+2/ℓ²)))]^(−1/2),
//	v = σ² + (‖β‖² + ‖β′‖²)/2.
//
// Its estimator is the unbiased U-statistic over pairs of independent quadruples.
func MMD(bandwidth float64) Distance {
	check := func(t Tasks) error {
		if !(bandwidth > 0) || math.IsInf(bandwidth, 0) {
			return fmt.Errorf("divergence: bandwidth = %v: it must be a finite number above 0", bandwidth)
		}
		return t.Validate()
	}
	l2 := bandwidth * bandwidth
	return Distance{Name: fmt.Sprintf("MMD², ℓ = %.4g", bandwidth), Symbol: `$\mathrm{MMD}^2$`,
		Of: func(t Tasks) (float64, error) {
			if err := check(t); err != nil {
				return 0, err
			}
			c, cos := t.norm(), math.Cos(t.Theta)
			e := func(n1, n2, dot float64) float64 { // squared norms and product of β, β′
				v := t.Sigma*t.Sigma + (n1+n2)/2
				mid := (n1 + n2 + 2*dot) / 4
				k := 1 + 2/l2
				return 1 / math.Sqrt(math.Pow(k, float64(t.D))*(1+2*v/l2-4*mid/(l2*l2*k)))
			}
			return e(1, 1, 1) + e(c*c, c*c, c*c) - 2*e(1, c*c, c*cos), nil
		},
		Estimate: func(t Tasks, n int, seed uint64) (mean, stderr float64, err error) {
			if err := check(t); err != nil {
				return 0, 0, err
			}
			if n < 2 {
				return 0, 0, tooFew(n)
			}
			a, b, err := Samples(t, 2*n, seed)
			if err != nil {
				return 0, 0, err
			}
			kernel := func(x, y *mat.Dense, i, j int) float64 {
				r := floats.Distance(x.RawRowView(i), y.RawRowView(j), 2)
				return math.Exp(-r * r / (2 * l2))
			}
			h := make([]float64, n)
			for i := range h {
				j := n + i
				h[i] = kernel(a, a, i, j) + kernel(b, b, i, j) - kernel(a, b, i, j) - kernel(a, b, j, i)
			}
			m, sd := stat.MeanStdDev(h, nil)
			return m, stat.StdErr(sd, float64(n)), nil
		}}
}
