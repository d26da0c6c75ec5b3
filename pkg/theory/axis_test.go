package theory

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A coordinate that is set is the coordinate that is read, in the setting and, where
// the limit has the field, in the limit.
func TestAxisSetThenOf(t *testing.T) {
	values := map[Axis][]float64{
		AxisGamma: {0.1, 0.5, 1, 2.3}, AxisTheta: {0, 0.3, math.Pi / 2, -1}, AxisResidual: {0, 0.25, 0.31, 1},
		AxisSigma: {0, 0.2}, AxisLambda: {0, 0.01, 3}, AxisDepth: {1, 2, 20}, AxisFeatures: {1, 7},
		AxisSourceGamma: {0, 0.5, 3}, AxisSourceSigma: {0, 0.2}, AxisDecay: {0, 0.1}, AxisNorm: {0.5, 1, 2}, AxisDimension: {100, 400},
	}
	for _, a := range Axes() {
		if !a.OfSetting() {
			continue
		}
		if len(values[a]) == 0 {
			t.Errorf("%s is not tested", a)
		}
		for _, x := range values[a] {
			s := Setting{N: 50, D: 200, Depth: 2, SourceN: 100}
			l := s.Limit()
			if err := a.Set(&s, &l, x); err != nil {
				t.Fatal(err)
			}
			if got, err := a.Of(s); got != x || err != nil {
				t.Errorf("%s = %v reads as %v, %v", a, x, got, err)
			}
			if a == AxisDimension && (s.Gamma() != 0.25 || s.Limit().SourceGamma != 0.5) {
				t.Errorf("d = %v changes n/d to %v and n_s/d to %v", x, s.Gamma(), s.Limit().SourceGamma)
			}
			want := s.Limit()
			if want.Features = 0; a != AxisDimension && l != want {
				t.Errorf("%s = %v: the limit is %+v, that of the setting %+v", a, x, l, want)
			}
		}
	}
}

// n/d is rounded to a whole n in the setting, and is not in the limit.
func TestAxisGammaRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gamma, d := rapid.Float64Range(1e-6, 1e6).Draw(t, "gamma"), rapid.IntRange(2, 1e6).Draw(t, "d")
		s, l := Setting{D: d}, Limit{}
		if err := AxisGamma.Set(&s, &l, gamma); err != nil {
			t.Fatal(err)
		}
		if got, _ := AxisGamma.Of(s); l.Gamma != gamma || math.Abs(got-gamma) > 0.5/float64(d)+4e-16*gamma {
			t.Errorf("γ = %v at d = %d: %v in the setting, %v in the limit", gamma, d, got, l.Gamma)
		}
	})
	if n := Points(1e300, 1000); n != 1e15 {
		t.Errorf("%d points", n)
	}
}

func TestAxisTable(t *testing.T) {
	all := Axes()
	if len(all) != 16 || slices.Contains(all, AxisNone) {
		t.Errorf("the axes are %q", all)
	}
	for _, a := range all {
		r, err := a.Info()
		if err != nil || r.Axis != a || r.Symbol == "" || r.Field == "" {
			t.Errorf("%s: %+v, %v", a, r, err)
		}
		if (r.get == nil) != (r.set == nil) {
			t.Errorf("%s can be read or set, and not both", a)
		}
		if a.Symbol() != r.Symbol || a.Unit() != r.Unit || a.Log() != r.Log {
			t.Errorf("%s: %q, %q, %v are not of its row", a, a.Symbol(), a.Unit(), a.Log())
		}
	}
	var logarithmic, integer, other []Axis
	for _, a := range all {
		r, _ := a.Info()
		if r.Log {
			logarithmic = append(logarithmic, a)
		}
		if r.Integer {
			integer = append(integer, a)
		}
		if !a.OfSetting() {
			other = append(other, a)
		}
	}
	if want := []Axis{AxisLambda, AxisDecay, AxisNorm, AxisDimension, AxisAlpha, AxisStep, AxisPoints}; !slices.Equal(logarithmic, want) {
		t.Errorf("logarithmic are %q", logarithmic)
	}
	if want := []Axis{AxisDepth, AxisFeatures, AxisDimension, AxisPoints}; !slices.Equal(integer, want) {
		t.Errorf("integer are %q", integer)
	}
	if want := []Axis{AxisAlpha, AxisStep, AxisMu, AxisPoints}; !slices.Equal(other, want) {
		t.Errorf("not of a setting are %q", other)
	}
}

func TestAxisErrors(t *testing.T) {
	s, l := Setting{N: 1, D: 2}, Limit{}
	for _, a := range []Axis{AxisNone, AxisAlpha, AxisMu, "tau"} {
		_, of := a.Of(s)
		for _, err := range []error{of, a.Set(&s, &l, 1)} {
			if err == nil || !strings.HasSuffix(err.Error(), `it is one of "gamma", "theta", "rho", "sigma", "lambda", "depth", "features", "source gamma", "source sigma", "decay", "norm", "d"`) {
				t.Errorf("%q: %v", a, err)
			}
		}
	}
	if s != (Setting{N: 1, D: 2}) || l != (Limit{}) {
		t.Errorf("an error moves to %v, %v", s, l)
	}
	if _, err := AxisNone.Info(); err == nil {
		t.Error("no axis has a row")
	}
}

func TestAxisLabel(t *testing.T) {
	for _, c := range []struct {
		axis Axis
		x    float64
		want string
	}{
		{AxisGamma, 0.5, `$\gamma = 0.5$`},
		{AxisTheta, 0, `$\theta = 0$`},
		{AxisTheta, math.Pi, `$\theta = \pi$`},
		{AxisTheta, math.Pi / 4, `$\theta = \pi/4$`},
		{AxisTheta, 3 * math.Pi / 8, `$\theta = 3\pi/8$`},
		{AxisTheta, -math.Pi / 2, `$\theta = -1\pi/2$`},
		{AxisTheta, 0.1, `$\theta = 5.73°$`},
		{AxisResidual, 0.25, `$\rho = 0.25$`},
		{AxisSigma, 0.2, `$\sigma = 0.2$`},
		{AxisLambda, 1e-5, `$\lambda = 1e-05$`},
		{AxisDepth, 3, `$L = 3$`},
		{AxisFeatures, 5, `$k = 5$`},
		{AxisSourceGamma, 1.5, `$\gamma_s = 1.5$`},
		{AxisSourceSigma, 0.1, `$\sigma_s = 0.1$`},
		{AxisDecay, 0.01, `$\mu = 0.01$`},
		{AxisNorm, 2, `$\|\beta_t\| = 2$`},
		{AxisDimension, 500, `$d = 500$`},
		{AxisAlpha, 0.01, `$\alpha = 0.01$`},
		{AxisStep, 0.001, `$\eta = 0.001$`},
		{AxisMu, 0.3, `$\mu = 0.3$`},
		{AxisPoints, 100, `$n = 100$`},
		{"tau", 2, `tau = 2`},
	} {
		if got := c.axis.Label(c.x); got != c.want {
			t.Errorf("%s of %v: %q, want %q", c.axis, c.x, got, c.want)
		}
	}
}

func TestQuantitySymbol(t *testing.T) {
	for _, q := range []Quantity{RiskScratch, RiskTuned, RiskLinear, RiskFineTune, TLinear, TFineTune, TLinearTuned, ScaleC, FeatureResidual} {
		if s := q.Symbol(); s == "" || q != ScaleC && s == string(q) {
			t.Errorf("%s has the symbol %q", q, s)
		}
	}
	if s := TLinearTuned.Symbol(); s != `\mathcal{T}^*_{\mathrm{lt}}` {
		t.Errorf("T*_lt is %s", s)
	}
	if s := Quantity("depth of the moat").Symbol(); s != "depth of the moat" {
		t.Errorf("an unknown quantity is %q", s)
	}
}
