package main

import (
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/predict"
)

// An estimate has the digits that its standard error leaves.
func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		x, e float64
		most int
		want string
	}{
		{0.33847, 0.0019, 5, "0.338(2)"}, {0.20284, 0.000034, 5, "0.20284(3)"}, {0.202841, 0.0000034, 5, "0.20284"},
		{0.33847, 0.0096, 5, "0.34(1)"}, {-0.356548, 0.0035, 5, "-0.357(4)"}, {2.5, 0.5, 5, "2.5(5)"}, {2.5, 0.97, 5, "2(1)"}, {31251, 1234, 5, "31000(1000)"},
		{0.5, 0, 5, "0.50000"}, {math.Inf(1), 1, 5, "∞"}, {math.NaN(), 1, 5, "does not exist"}, {-0.35655, math.Inf(1), 5, "≈ -0.357"},
	} {
		if got := estimate(predict.Number(c.x), predict.Number(c.e), c.most); got != c.want {
			t.Errorf("%v ± %v: %q, want %q", c.x, c.e, got, c.want)
		}
	}
	if got := percent(1, 0.001); got != "100.0(1) %" {
		t.Errorf("a chance: %q", got)
	}
}
