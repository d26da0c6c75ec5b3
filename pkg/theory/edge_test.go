package theory

import (
	"math"
	"testing"
)

// With as many source points as dimensions, or one more or less, the norm of the pretrained
// vector has no finite mean, unless its labels have no noise.
func TestSourceNearTheSquare(t *testing.T) {
	for _, c := range []struct {
		n     int
		sigma float64
		r2, g float64
	}{
		{7, 0.5, 0.7 + 0.25*7/2, 0.7}, {8, 0.5, 0.8 + 0.25*8, 0.8}, {9, 0.5, math.Inf(1), 0.9}, {10, 0.5, math.Inf(1), 1}, {11, 0.5, math.Inf(1), 1}, {12, 0.5, 1 + 0.25*10, 1}, {13, 0.5, 1 + 0.25*10/2, 1},
		{9, 0, 0.9, 0.9}, {10, 0, 1, 1}, {11, 0, 1, 1}, {1, 0, 0.1, 0.1},
	} {
		s := Setting{N: 4, D: 10, Theta: 2, Sigma: 0.3, Depth: 1, SourceN: c.n, SourceSigma: c.sigma}
		want := 0.6 * (2*c.g*math.Cos(2) - c.r2)
		for _, r := range []Result{FineTuneTransferability, FineTuneTransferabilityPrinted} {
			if got, err := r.Mean(s); err != nil || got.Value != want && math.Abs(got.Value-want) > 1e-12 || got.StdErr != 0 {
				t.Errorf("%s: %v: %v, want %v, %v", r.Name, s, got, want, err)
			}
		}
	}
}

// The labels of the axes of figures.
func TestAxisTitle(t *testing.T) {
	for a, want := range map[Axis]string{
		AxisGamma: `$\gamma = n/d$`, AxisSourceGamma: `$\gamma_s = n_s/d$`, AxisDepth: `number of layers $L$`, AxisStep: `learning rate`,
		AxisSigma: `$\sigma$`, AxisDimension: `$d$`, "tau": `$tau$`,
	} {
		if got := a.Title(); got != want {
			t.Errorf("%s has the title %s, want %s", a, got, want)
		}
	}
}
