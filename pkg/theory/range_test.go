package theory

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// The ends of every range: the last value that is allowed, and the first that is not.
func TestRanges(t *testing.T) {
	up, down := func(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }, func(x float64) float64 { return math.Nextafter(x, math.Inf(-1)) }
	least := math.SmallestNonzeroFloat64
	for _, c := range []struct {
		field    string
		set      func(*Limit, float64)
		ok, fail []float64
	}{
		{"Gamma", func(l *Limit, x float64) { l.Gamma = x }, []float64{1e-24, 1, 1e12}, []float64{0, down(1e-24), up(1e12), -1}},
		{"Theta", func(l *Limit, x float64) { l.Theta = x }, []float64{-2 * math.Pi, 0, 2 * math.Pi}, []float64{up(2 * math.Pi), down(-2 * math.Pi)}},
		{"Sigma", func(l *Limit, x float64) { l.Sigma = x }, []float64{0, least, 1e6}, []float64{-least, up(1e6)}},
		{"Lambda", func(l *Limit, x float64) { l.Lambda = x }, []float64{0, least, 1e12}, []float64{-least, up(1e12)}},
		{"Depth", func(l *Limit, x float64) { l.Depth = int(x) }, []float64{1, 1e6}, []float64{0, -1, 1e6 + 1}},
		{"Features", func(l *Limit, x float64) { l.Features = x }, []float64{0, least, down(1)}, []float64{-least, 1}},
		{"SourceGamma", func(l *Limit, x float64) { l.SourceGamma = x }, []float64{0, least, 1e12}, []float64{-least, up(1e12)}},
		{"SourceSigma", func(l *Limit, x float64) { l.SourceGamma, l.SourceSigma = 0.5, x }, []float64{0, least, 1e6}, []float64{-least, up(1e6)}},
		{"Decay", func(l *Limit, x float64) { l.Decay = x }, []float64{0, least, 1e12}, []float64{-least, up(1e12)}},
		{"Norm", func(l *Limit, x float64) { l.Norm = x }, []float64{0, 1e-6, 1, 1e6}, []float64{down(1e-6), up(1e6), -1}},
	} {
		for _, x := range c.ok {
			l := Limit{Gamma: 0.5, Depth: 2}
			if c.set(&l, x); l.Validate() != nil {
				t.Errorf("%s = %v: %v", c.field, x, l.Validate())
			}
		}
		fail := c.fail
		if c.field != "Depth" {
			fail = append(fail, math.NaN(), math.Inf(1), math.Inf(-1))
		}
		for _, x := range fail {
			l := Limit{Gamma: 0.5, Depth: 2}
			c.set(&l, x)
			if err := l.Validate(); err == nil || !strings.Contains(err.Error(), c.field+" = ") {
				t.Errorf("%s = %v: %v", c.field, x, err)
			}
		}
	}
	for _, c := range []struct {
		field    string
		set      func(*Setting, int)
		ok, fail []int
	}{
		{"N", func(s *Setting, x int) { s.N = x }, []int{1, 1e12}, []int{0, -1, 1e12 + 1}},
		{"D", func(s *Setting, x int) { s.D = x }, []int{2, 1e12}, []int{1, 0, -1, 1e12 + 1}},
		{"Features", func(s *Setting, x int) { s.Features = x }, []int{0, 1, 8}, []int{-1, 9, 10}},
		{"SourceN", func(s *Setting, x int) { s.SourceN = x }, []int{0, 1, 1e12}, []int{-1, 1e12 + 1}},
	} {
		for _, x := range c.ok {
			s := Setting{N: 5, D: 9, Depth: 2}
			if c.set(&s, x); s.Validate() != nil {
				t.Errorf("%s = %d: %v", c.field, x, s.Validate())
			}
		}
		for _, x := range c.fail {
			s := Setting{N: 5, D: 9, Depth: 2}
			c.set(&s, x)
			if err := s.Validate(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s = %d", c.field, x)) {
				t.Errorf("%s = %d: %v", c.field, x, err)
			}
		}
	}
}

// Fields that no formula has together, each pair with the words of its error, and those that
// go together.
func TestCombinations(t *testing.T) {
	for _, c := range []struct {
		l    Limit
		want string
	}{
		{Limit{Decay: 1, Depth: 3}, "2 layers only"},
		{Limit{Decay: 1, Depth: 1}, "2 layers only"},
		{Limit{Decay: 1, Norm: 1}, "norm 1 only"},
		{Limit{Decay: 1}, ""},
		{Limit{Norm: 1, Depth: 3}, ""},
		{Limit{SourceSigma: 1}, "finite number"},
		{Limit{SourceSigma: 1, SourceGamma: 1}, ""},
		{Limit{Features: 0.1, SourceGamma: 1}, "unlimited source"},
		{Limit{Features: 0.1}, ""},
		{Limit{Lambda: 1, Features: 0.1}, "one feature"},
		{Limit{Lambda: 1, SourceGamma: 1}, "one feature"},
		{Limit{Lambda: 1, Sigma: 1, Decay: 1}, ""},
	} {
		if c.l.Gamma = 0.5; c.l.Depth == 0 {
			c.l.Depth = 2
		}
		if err := c.l.Validate(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.l, err)
		}
	}
	for _, s := range []Setting{{N: 5, D: 9, Depth: 2, Features: 2}, {N: 5, D: 9, Depth: 2, Decay: 1}} {
		if _, err := NewLaw(s); err == nil {
			t.Errorf("the law at %v is no error", s)
		}
		for _, r := range []Result{FineTuneTransferability, FineTuneTransferabilityPrinted, FineTuneScale, FineTune, FineTunePrinted} {
			for _, depth := range []int{1, 2} {
				if s.Depth = depth; s.Decay > 0 {
					s.Depth = 2
				}
				if _, err := r.Mean(s); err == nil {
					t.Errorf("%s: the mean at %v is no error", r.Name, s)
				}
				if _, err := r.Limit(s.Limit()); err == nil {
					t.Errorf("%s: the limit at %v is no error", r.Name, s)
				}
			}
		}
	}
	if _, err := NewLaw(Setting{N: 5, D: 9, Depth: 2, Features: 1, Norm: 3}); err != nil {
		t.Error(err)
	}
	if _, err := (Setting{N: 5, D: 9, Depth: 2, Norm: 3}).Summary(10); err == nil {
		t.Error("a summary at norm 3 is no error")
	}
	l, err := NewLaw(Setting{N: 5, D: 9, Depth: 2})
	if err != nil || len(l.Sample(-1, 1)) != 0 || len(l.Sample(0, 1)) != 0 || len(l.Sample(3, 1)) != 3 {
		t.Error("the number of draws", err)
	}
	if v, err := FineTuneScalePrinted.Mean(Setting{N: 5, D: 9, Depth: 2}); err != nil || v != (Value{Value: 1}) {
		t.Errorf("c as printed: %v, %v", v, err)
	}
	if v, err := FineTuneScale.Mean(Setting{N: 5, D: 9, Depth: 1}); err != nil || v != (Value{Value: 1}) {
		t.Errorf("c of one layer: %v, %v", v, err)
	}
	const most = 10_000_000
	if _, err := ScratchTuned.Mean(Setting{N: most + 1, D: 2 * most, Sigma: 1, Depth: 2}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("up to %d;", most)) {
		t.Errorf("the tuned mean of large matrices: %v", err)
	}
}

// A setting prints the fields that are set, and no other.
func TestSettingString(t *testing.T) {
	for want, s := range map[string]Setting{
		"n=3 d=9 θ=45° σ=0.2 L=2":                   {N: 3, D: 9, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2, Features: 1},
		"n=3 d=9 θ=0° σ=0 λ=0.1 L=3":                {N: 3, D: 9, Lambda: 0.1, Depth: 3},
		"n=3 d=9 θ=90° σ=0 k=2 L=3":                 {N: 3, D: 9, Theta: math.Pi / 2, Features: 2, Depth: 3},
		"n=3 d=9 θ=0° σ=0 n_s=4 σ_s=0.7 ‖βt‖=2 L=3": {N: 3, D: 9, SourceN: 4, SourceSigma: 0.7, Norm: 2, Depth: 3},
		"n=3 d=9 θ=0° σ=0 μ=0.5 L=2":                {N: 3, D: 9, Decay: 0.5, Depth: 2},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	s := Setting{N: 3, D: 12, Theta: 1, Sigma: 2, Lambda: 3, Depth: 4, Features: 6, SourceN: 9, SourceSigma: 5, Decay: 7, Norm: 8}
	want := Limit{Gamma: 0.25, Theta: 1, Sigma: 2, Lambda: 3, Depth: 4, Features: 0.5, SourceGamma: 0.75, SourceSigma: 5, Decay: 7, Norm: 8}
	if got := s.Limit(); got != want {
		t.Errorf("the limit is %+v, want %+v", got, want)
	}
	s.Features = 1
	if want.Features = 0; s.Limit() != want {
		t.Errorf("one feature is a fixed number: %+v", s.Limit())
	}
}

// sin²θ and cosθ to all digits, and exactly 0 where an angle of floating point means that.
func TestSin2(t *testing.T) {
	for _, c := range [][3]float64{{0, 0, 1}, {math.Pi, 0, -1}, {-math.Pi, 0, -1}, {2 * math.Pi, 0, 1}, {math.Pi / 2, 1, 0}, {-math.Pi / 2, 1, 0}, {math.Pi / 3, 0.75, 0.5}, {2e-15, 4e-30, 1}} {
		if s2, cos := sin2(c[0]); math.Abs(s2-c[1]) > 1e-15*c[1] || math.Abs(cos-c[2]) > 1e-15*math.Abs(c[2]) {
			t.Errorf("θ = %v: %v, %v", c[0], s2, cos)
		}
	}
}
