package theory

import (
	"math"
	"math/big"
	"testing"
)

// The band of LinearLoses below γ = 1 has the roots that 300 bits give, however small
// the noise: never above 1, and in rising order.
func TestLinearLosesAtTinyNoise(t *testing.T) {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(x) }
	for _, theta := range []float64{1e-7, 0.001, 0.3, math.Pi / 4, 1.5, math.Pi / 2, 2, 3.1} {
		for exponent := -20.0; exponent <= -0.5; exponent += 0.25 {
			sigma := math.Pow(10, exponent)
			intervals, err := LinearLoses(theta, sigma)
			if err != nil {
				t.Fatal(err)
			}
			if len(intervals) < 2 {
				continue
			}
			s2, cos := sin2(theta)
			// h = 1 + c² − σ² = 2 − s² − σ², with s² of its own digits.
			h := number(2)
			h.Sub(h, number(s2))
			h.Sub(h, new(big.Float).Mul(number(sigma), number(sigma)))
			c2 := new(big.Float).Sub(number(1), number(s2))
			root := new(big.Float).Mul(h, h)
			root.Sub(root, new(big.Float).Mul(number(4), c2))
			root.Sqrt(root)
			half := func(x *big.Float) float64 { v, _ := x.Quo(x, number(2)).Float64(); return v }
			hi, lo := half(new(big.Float).Add(h, root)), half(new(big.Float).Sub(h, root))
			got := intervals[0]
			if math.Abs(got.To-hi) > 4e-16 || math.Abs(got.From-lo) > 4e-16*(1+lo) || got.To > 1 || got.From > got.To || got.To > intervals[1].From {
				t.Errorf("θ = %v (cos %v), σ = %v: %v, want (%v, %v)", theta, cos, sigma, intervals, lo, hi)
			}
		}
	}
}
