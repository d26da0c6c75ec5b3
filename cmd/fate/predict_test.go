package main

import (
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

func value(t *testing.T, name string, x *float64) float64 {
	t.Helper()
	if x == nil {
		t.Fatalf("%s is null", name)
	}
	return *x
}

func TestPredict(t *testing.T) {
	s := theory.Setting{N: 250, D: 500, Theta: math.Pi / 4, Sigma: 0.2, Depth: 2}
	p, err := predict(s, true, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  *float64
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
	if p.GammaNegative[1][1] != nil {
		t.Error("the upper interval has an end")
	}

	// At this size the means are near the limit, and transfer wins on most data
	// sets, not on all.
	e, err := predict(s, false, 100000)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]*float64{"risk_scratch": {e.RiskScratch, p.RiskScratch}, "risk_finetune": {e.RiskFineTune, p.RiskFineTune},
		"t_finetune": {e.TFineTune, p.TFineTune}, "scale_c": {e.ScaleC, p.ScaleC}, "break_even": {e.BreakEvenDeg, p.BreakEvenDeg}} {
		if a, b := value(t, name, c[0]), value(t, name, c[1]); a == b || math.Abs(a-b) > 0.005*math.Abs(b) {
			t.Errorf("%s: mean %v, limit %v", name, a, b)
		}
	}
	if w := value(t, "p_linear_wins", e.PLinearWins); w < 0.85 || w > 0.91 {
		t.Errorf("linear transfer wins with probability %v", w)
	}

	// A field without a number is null.
	for name, c := range map[string]struct {
		s    theory.Setting
		null func(p prediction) *float64
	}{
		"infinite scratch risk":     {theory.Setting{N: 30, D: 30, Sigma: 0.2, Depth: 2}, func(p prediction) *float64 { return p.RiskScratch }},
		"infinite linear risk":      {theory.Setting{N: 2, D: 30, Sigma: 0.2, Depth: 2}, func(p prediction) *float64 { return p.RiskLinear }},
		"no break-even beyond n=d":  {theory.Setting{N: 60, D: 30, Sigma: 0.2, Depth: 2}, func(p prediction) *float64 { return p.BreakEvenDeg }},
		"loses at every angle":      {theory.Setting{N: 29, D: 30, Sigma: 50, Depth: 3}, func(p prediction) *float64 { return p.BreakEvenDeg }},
		"unbounded without noise":   {theory.Setting{N: 20, D: 30, Theta: 1, Depth: 2}, func(p prediction) *float64 { return p.GammaNegative[0][1] }},
		"infinite risk of fine-tun": {theory.Setting{N: 30, D: 30, Sigma: 0.2, Depth: 2}, func(p prediction) *float64 { return p.RiskFineTune }},
	} {
		p, err := predict(c.s, false, 2000)
		if err != nil || c.null(p) != nil {
			t.Errorf("%s: %v, %v", name, c.null(p), err)
		}
	}
	if p, err := predict(theory.Setting{N: 20, D: 30, Sigma: 0.2, Depth: 2}, false, 2000); err != nil || len(p.GammaNegative) != 0 {
		t.Errorf("at θ = 0 linear transfer loses at %v, %v", p.GammaNegative, err)
	}
}
