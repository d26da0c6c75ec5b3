package theory

import (
	"fmt"
	"math"
	"strings"
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

// An angle is a fraction of π in lowest terms where its denominator is one of seven, and a number
// of degrees elsewhere.
func TestAngleLabels(t *testing.T) {
	for den := 1; den <= 13; den++ {
		for num := 1; num <= 2*den; num++ {
			a, b := num, den
			for x, y := num, den; ; x, y = y, x%y {
				if y == 0 {
					a, b = num/x, den/x
					break
				}
			}
			want := `\pi`
			if a > 1 {
				want = fmt.Sprintf(`%d\pi`, a)
			}
			switch b {
			case 1:
			case 2, 3, 4, 6, 8, 12:
				want += fmt.Sprintf("/%d", b)
			default:
				want = fmt.Sprintf("%.4g°", 180*float64(a)/float64(b))
			}
			if got := angle(math.Pi * float64(num) / float64(den)); got != want {
				t.Errorf("%dπ/%d is written %s, want %s", num, den, got, want)
			}
		}
	}
	for _, x := range []float64{math.Pi/4 + 1e-8, math.Pi/4 - 1e-8, 1e-8} {
		if got := angle(x); !strings.HasSuffix(got, "°") {
			t.Errorf("%v is written %s", x, got)
		}
	}
}
