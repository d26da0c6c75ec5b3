package diagnose

import (
	"math/rand/v2"
	"testing"
)

// One arm of 1000 rows and 1280 features: the aim is a second on one core.
func BenchmarkArm(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := normal(rng, 1000, 1280)
	y := make([]float64, 1000)
	for i := range y {
		y[i] = x.At(i, 0) + rng.NormFloat64()
	}
	for b.Loop() {
		a, err := newFeatureArm(x)
		if err != nil {
			b.Fatal(err)
		}
		a.leaveOneOut(y)
	}
}
