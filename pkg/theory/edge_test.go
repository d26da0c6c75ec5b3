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

// At n = d nothing is left of the pretrained vector, whatever its norm.
func TestNoNullSpaceAtTheSquare(t *testing.T) {
	for _, n := range []int{0, 5, 10} {
		s := Setting{N: 10, D: 10, Theta: 1, Sigma: 0.3, Depth: 2, SourceN: n}
		if n > 0 {
			s.SourceSigma = 0.5
		}
		for _, r := range []Result{FineTuneTransferability, FineTuneTransferabilityPrinted} {
			if got, err := r.Mean(s); err != nil || got != (Value{}) {
				t.Errorf("%s: %v: %v, %v", r.Name, s, got, err)
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

// A value that comes with an error is 0, so that whoever forgets the error reads no result.
func TestErrorsComeWithZero(t *testing.T) {
	for _, r := range []Result{Scratch, ScratchTuned, Linear, Outside, LinearTransferability, LinearTunedTransferability, FineTuneTransferability, FineTuneTransferabilityPrinted, FineTune, FineTunePrinted, FineTuneScale} {
		for _, l := range []Limit{{Gamma: -1, Depth: 2}, {Gamma: 0.5}, {Gamma: 2, Depth: 0, Sigma: 1}} {
			if v, err := r.Limit(l); err == nil || v != 0 {
				t.Errorf("%s: %+v: %v, %v", r.Name, l, v, err)
			}
		}
		for _, s := range []Setting{{N: 5, D: 9}, {N: 0, D: 9, Depth: 2}, {N: 12, D: 9}} {
			if r.Quantity == ScaleC {
				s.Depth = 2
				s.Sigma = -1
			}
			if v, err := r.Mean(s); err == nil || v != (Value{}) {
				t.Errorf("%s: %v: %v, %v", r.Name, s, v, err)
			}
		}
	}
	for _, r := range []Result{FineTuneTransferability, FineTuneTransferabilityPrinted, FineTuneScale} {
		for _, l := range []Limit{{Gamma: 0.5, Depth: 2, Norm: 2}, {Gamma: 0.5, Depth: 2, Features: 0.1}, {Gamma: 0.5, Depth: 2, Decay: 1}} {
			if v, err := r.Limit(l); err == nil || v != 0 {
				t.Errorf("%s: %+v: %v, %v", r.Name, l, v, err)
			}
		}
	}
	if v, err := Linear.Limit(Limit{Gamma: 0.1, Depth: 2, Features: 0.2, Theta: 1}); err == nil || v != 0 {
		t.Errorf("fewer points than features: %v, %v", v, err)
	}
	if v, err := Scratch.Mean(Setting{N: 5, D: 9, Depth: 2, Decay: 1}); err == nil || v != (Value{}) {
		t.Errorf("weight decay at a finite size: %v, %v", v, err)
	}
	for _, c := range [][4]float64{{0, 1, 1, 1}, {2, -1, 1, 1}, {2, 1, -1, 1}, {2, 1, 1, 0}} {
		if v, err := Scale(int(c[0]), c[1], c[2], c[3]); err == nil || v != 0 {
			t.Errorf("Scale%v: %v, %v", c, v, err)
		}
	}
	if lambda, risk, err := BestRidge(Setting{N: 5, D: 9}); err == nil || lambda != 0 || risk != 0 {
		t.Errorf("BestRidge: %v, %v, %v", lambda, risk, err)
	}
	if theta, ok, err := FineTuneBreakEven(Limit{Gamma: 0.5}); err == nil || theta != 0 || ok {
		t.Errorf("FineTuneBreakEven: %v, %v, %v", theta, ok, err)
	}
	for _, s := range []Setting{{N: 5, D: 9}, {N: 5, D: 9, Depth: 2, Norm: 2}} {
		if theta, ok, err := FineTuneBreakEvenMean(s, 10); err == nil || theta != (Value{}) || ok {
			t.Errorf("FineTuneBreakEvenMean: %v, %v, %v", theta, ok, err)
		}
	}
}

// One feature is what fine-tuning has, whether it is said or not.
func TestOneFeatureIsNone(t *testing.T) {
	for _, depth := range []int{1, 2} {
		one := Setting{N: 5, D: 9, Theta: 0.5, Sigma: 0.3, Depth: depth, Features: 1}
		none := one
		none.Features = 0
		for _, r := range []Result{Scratch, Linear, LinearTransferability, FineTuneTransferability, FineTuneTransferabilityPrinted, FineTune, FineTuneScale} {
			a, err := r.Mean(one)
			b, err2 := r.Mean(none)
			if err != nil || err2 != nil || a != b {
				t.Errorf("%s: %v with one feature, %v; %v, %v", r.Name, a, b, err, err2)
			}
		}
		a, ok, err := FineTuneBreakEvenMean(one, 500)
		b, _, err2 := FineTuneBreakEvenMean(none, 500)
		if err != nil || err2 != nil || !ok || a != b {
			t.Errorf("the tie: %v with one feature, %v; %v, %v", a, b, err, err2)
		}
		if _, err := NewLaw(one); err != nil {
			t.Error(err)
		}
	}
	// r² between 2g and 4g: one layer loses at every angle, though not by far.
	s := Setting{N: 12, D: 30, Depth: 1, SourceN: 45, SourceSigma: 1}
	if theta, ok, err := FineTuneBreakEvenMean(s, 1); ok || err != nil {
		t.Errorf("a tie at %v, %v", theta, err)
	}
	// τ = 1, where nothing is special.
	if lambda, risk, err := BestRidge(Setting{N: 4, D: 9, Sigma: 1, Depth: 2}); err != nil || lambda != 0.25 || !(risk > 0.2 && risk < 0.3) {
		t.Errorf("λ* = %v with %v, %v", lambda, risk, err)
	}
}
