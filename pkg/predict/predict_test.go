package predict

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

func value(t *testing.T, name string, x Number) float64 {
	t.Helper()
	if v := float64(x); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return v
	}
	t.Fatalf("%s = %v", name, x)
	return 0
}

func TestPredictions(t *testing.T) {
	s := theory.Setting{N: 250, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	p, err := Limit(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  Number
		want float64
	}{
		"gamma": {p.Gamma, 0.5}, "risk_scratch": {p.RiskScratch, 0.54}, "risk_linear": {p.RiskLinear, 0.5}, "t_linear": {p.TLinear, 0.04},
		"t_finetune_printed": {p.TFineTunePrinted, (math.Sqrt2 - 1) / 2}, "scale_c": {p.ScaleC, 1.01302}, "break_even_deg": {p.BreakEvenDeg, 59.568},
		"p_linear_wins": {p.PLinearWins, 1}, "from": {p.GammaNegative[0][0], 0.548616}, "to": {p.GammaNegative[0][1], 0.911384}, "next": {p.GammaNegative[1][0], 1.08},
	} {
		if got := value(t, name, c.got); math.Abs(got-c.want) > 1e-5*(1+math.Abs(c.want)) {
			t.Errorf("limit: %s = %v, want %v", name, got, c.want)
		}
	}
	if !math.IsInf(float64(p.GammaNegative[1][1]), 1) {
		t.Error("the upper interval has an end")
	}

	// At this size the means are near the limit, and transfer wins on most data
	// sets, not on all.
	e, err := Mean(s, 100000)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]Number{"risk_scratch": {e.RiskScratch, p.RiskScratch}, "risk_finetune": {e.RiskFineTune, p.RiskFineTune},
		"t_finetune": {e.TFineTune, p.TFineTune}, "scale_c": {e.ScaleC, p.ScaleC}, "break_even": {e.BreakEvenDeg, p.BreakEvenDeg}} {
		if a, b := value(t, name, c[0]), value(t, name, c[1]); a == b || math.Abs(a-b) > 0.005*math.Abs(b) {
			t.Errorf("%s: mean %v, limit %v", name, a, b)
		}
	}
	if w := value(t, "p_linear_wins", e.PLinearWins); w < 0.85 || w > 0.91 {
		t.Errorf("linear transfer wins with probability %v", w)
	}

	// More draws, smaller errors; what has a closed form, and a limit, has none.
	if p.StdErr != (Errors{}) {
		t.Errorf("the limit has errors %+v", p.StdErr)
	}
	few, err := Mean(s, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string][4]Number{
		"scale_c": {few.ScaleC, few.StdErr.ScaleC, e.ScaleC, e.StdErr.ScaleC}, "t_finetune": {few.TFineTune, few.StdErr.TFineTune, e.TFineTune, e.StdErr.TFineTune},
		"p_linear_wins":  {few.PLinearWins, few.StdErr.PLinearWins, e.PLinearWins, e.StdErr.PLinearWins},
		"break_even_deg": {few.BreakEvenDeg, few.StdErr.BreakEvenDeg, e.BreakEvenDeg, e.StdErr.BreakEvenDeg},
	} {
		if z := float64(x[0]-x[2]) / float64(x[1]); !(x[3] > 0) || !(x[3] < x[1]/4) || math.Abs(z) > 4 {
			t.Errorf("%s: %v ± %v, over more draws %v ± %v", name, x[0], x[1], x[2], x[3])
		}
	}
	if few.PFineTuneWins != 1 || few.StdErr.PFineTuneWins != 0.001 {
		t.Errorf("1000 draws, all won: %v ± %v", few.PFineTuneWins, few.StdErr.PFineTuneWins)
	}

	// A field without a number is null.
	for name, c := range map[string]struct {
		s    theory.Setting
		null func(p Prediction) Number
	}{
		"infinite scratch risk":     {theory.Setting{N: 30, D: 30, Sigma: 0.2, Depth: 2}, func(p Prediction) Number { return p.RiskScratch }},
		"infinite linear risk":      {theory.Setting{N: 2, D: 30, Sigma: 0.2, Depth: 2}, func(p Prediction) Number { return p.RiskLinear }},
		"no break-even beyond n=d":  {theory.Setting{N: 60, D: 30, Sigma: 0.2, Depth: 2}, func(p Prediction) Number { return p.BreakEvenDeg }},
		"loses at every angle":      {theory.Setting{N: 29, D: 30, Sigma: 50, Depth: 3}, func(p Prediction) Number { return p.BreakEvenDeg }},
		"unbounded without noise":   {theory.Setting{N: 20, D: 30, Theta: 1, Depth: 2}, func(p Prediction) Number { return p.GammaNegative[0][1] }},
		"infinite risk of fine-tun": {theory.Setting{N: 30, D: 30, Sigma: 0.2, Depth: 2}, func(p Prediction) Number { return p.RiskFineTune }},
	} {
		p, err := Mean(c.s, 2000)
		if text, e := json.Marshal(c.null(p)); err != nil || e != nil || string(text) != "null" {
			t.Errorf("%s: %v, %v", name, c.null(p), err)
		}
	}
	if p, err := Mean(theory.Setting{N: 60, D: 30, Sigma: 0.2, Depth: 2}, 2000); err != nil || p.PFineTuneWins != 0 || p.StdErr.PFineTuneWins != 0 || !(p.StdErr.PLinearWins > 0) {
		t.Errorf("beyond n = d: %+v, %v", p, err)
	}
	if p, err := Mean(theory.Setting{N: 20, D: 30, Sigma: 0.2, Depth: 2}, 2000); err != nil || len(p.GammaNegative) != 0 {
		t.Errorf("at θ = 0 linear transfer loses at %v, %v", p.GammaNegative, err)
	}
}

// At n = 1 both mean risks are infinite: their difference does not exist, T_ft does, and the
// medians say what one data set is like. Elsewhere the sign of an infinity counts.
func TestWithoutAMean(t *testing.T) {
	p, err := Mean(theory.Setting{N: 1, D: 2, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}, 20000)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(float64(p.TLinear)) || !math.IsInf(float64(p.RiskScratch), 1) || p.Median == nil {
		t.Fatalf("%+v", p)
	}
	value(t, "T_ft", p.TFineTune)
	if e := p.MedianStdErr; e == nil || !(e.RiskScratch > 0) || !(e.TLinear > 0) {
		t.Errorf("errors of the medians: %+v", e)
	}
	if w := value(t, "wins", p.PLinearWins); w <= 0 || w >= 1 {
		t.Errorf("linear transfer wins with probability %v", w)
	}
	// Half of the draws are below a median.
	law, err := theory.NewLaw(theory.Setting{N: 1, D: 2, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	const draws = 20000
	var below [2]float64
	for _, r := range law.Sample(draws, 9) {
		for i, under := range []bool{r.Scratch < float64(p.Median.RiskScratch), r.Of(theory.TLinear) < float64(p.Median.TLinear)} {
			if under {
				below[i]++
			}
		}
	}
	for i, n := range below {
		if z := (n/draws - 0.5) / math.Sqrt(0.25/draws+0.25/draws); math.Abs(z) > 4 {
			t.Errorf("median %d: %v of %v draws are below, z = %.1f", i, n, draws, z)
		}
	}
	p, err = Mean(theory.Setting{N: 1, D: 30, Theta: 1, Sigma: 0.2, Depth: 2}, 2000)
	if err != nil || !math.IsInf(float64(p.TLinear), -1) {
		t.Errorf("T_lt = %v, %v", p.TLinear, err)
	}
	for _, s := range []theory.Setting{{N: 5, D: 30}, {N: 26, D: 30}, {N: 34, D: 30}} {
		s.Sigma, s.Depth = 0.2, 2
		if p, err := Mean(s, 2000); err != nil || p.Median != nil || p.MedianStdErr != nil {
			t.Errorf("%v: medians %v, %v", s, p.Median, err)
		}
	}
}

// A setting out of its domain, and too few draws, are errors that say so; several features have
// linear transfer alone.
func TestDomain(t *testing.T) {
	bad := theory.Setting{N: 5, D: 10, Sigma: -1, Depth: 2}
	for _, of := range []func() (Prediction, error){
		func() (Prediction, error) { return Limit(bad) },
		func() (Prediction, error) { return Mean(bad, 2000) },
	} {
		if _, err := of(); err == nil || !strings.Contains(err.Error(), "Sigma = -1") {
			t.Errorf("σ = −1: %v", err)
		}
	}
	bad.Sigma = 0
	if _, err := Mean(bad, MaxDraws+1); err == nil || !strings.Contains(err.Error(), "draws = 1000000001") {
		t.Errorf("too many draws: %v", err)
	}
	several := theory.Setting{N: 20, D: 40, Theta: 0.5, Sigma: 0.2, Depth: 2, Features: 4}
	mean, err := Mean(several, 2000)
	if want := 0.5 + 0.04*20/19; err != nil || math.Abs(float64(mean.RiskScratch)-want) > 1e-12 {
		t.Errorf("scratch risk %v, want %v, %v", mean.RiskScratch, want, err)
	}
	limit, err := Limit(several)
	// E R_lt = ρ + (σ²+ρ)k/(n−k−1), and with κ = k/n in the limit.
	rho := math.Pow(math.Sin(0.5), 2)
	if want := rho + (0.04+rho)*4/15; math.Abs(float64(mean.RiskLinear)-want) > 1e-12 {
		t.Errorf("linear risk %v, want %v", mean.RiskLinear, want)
	}
	if want := rho + (0.04+rho)*0.2/0.8; err != nil || math.Abs(float64(limit.RiskLinear)-want) > 1e-12 {
		t.Errorf("linear risk in the limit %v, want %v, %v", limit.RiskLinear, want, err)
	}
	for _, p := range []Prediction{mean, limit} {
		if !math.IsNaN(float64(p.TFineTune)) || !math.IsNaN(float64(p.ScaleC)) || !math.IsNaN(float64(p.PLinearWins)) {
			t.Errorf("several features have a fine-tuning or a law: %+v", p)
		}
	}
}
