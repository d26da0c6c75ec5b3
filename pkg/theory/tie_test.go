package theory

import (
	"math"
	"testing"
)

// The tie of fine-tuning at a finite size, against draws of another seed.
func TestBreakEvenMeanTiesOnOtherDraws(t *testing.T) {
	for i, s := range []Setting{
		{N: 12, D: 30, Sigma: 0.6, Depth: 2}, {N: 20, D: 30, Sigma: 0.4, Depth: 3, SourceN: 50, SourceSigma: 0.3}, {N: 6, D: 20, Sigma: 0.3, Depth: 4, SourceN: 12, SourceSigma: 0.2},
	} {
		const draws = 1 << 12
		theta, ok, err := FineTuneBreakEvenMean(s, draws)
		if err != nil || !ok {
			t.Fatal(s, ok, err)
		}
		s.Theta = theta.Value
		m := Mean(ofLaw(t, s, draws, uint64(i), 6)["T_ft"])
		sum, err := s.Summary(draws)
		if z := m.Value / math.Hypot(m.StdErr, sum.TFineTune.StdErr); err != nil || math.Abs(z) > 4 {
			t.Errorf("%v: T = %v at the tie, z = %.2f, %v", s, m, z, err)
		}
	}
	// One layer: the tie is exact.
	for _, s := range []Setting{{N: 12, D: 30, Sigma: 0.6, Depth: 1}, {N: 12, D: 30, Sigma: 0.6, Depth: 1, SourceN: 20, SourceSigma: 0.3}, {N: 12, D: 30, Depth: 1, SourceN: 45, SourceSigma: 0.4}} {
		theta, ok, err := FineTuneBreakEvenMean(s, 1)
		s.Theta = theta.Value
		if v, err2 := FineTuneTransferability.Mean(s); err != nil || err2 != nil || !ok || math.Abs(v.Value) > 1e-12 || !(theta.Value > 0.1) || theta.StdErr != 0 {
			t.Errorf("%v: T = %v, %v, %v", s, v, err, err2)
		}
	}
	for _, n := range []int{30, 31} { // no null space, no tie
		if theta, ok, err := FineTuneBreakEvenMean(Setting{N: n, D: 30, Depth: 1}, 1); ok || theta != (Value{}) || err != nil {
			t.Errorf("n = %d: a tie at %v, %v", n, theta, err)
		}
	}
	s := Setting{N: 12, D: 30, Depth: 1, SourceN: 45, SourceSigma: 3} // r² > 2g: it loses at every angle
	if theta, ok, err := FineTuneBreakEvenMean(s, 1); ok || err != nil {
		t.Errorf("a tie at %v, %v", theta, err)
	}
	for _, s := range []Setting{{N: 5, D: 9, Depth: 2, Norm: 2}, {N: 5, D: 9, Depth: 1, Norm: 2}, {N: 5, D: 9, Depth: 2, Features: 2}, {N: 5, D: 9, Depth: 1, Features: 2}, {N: 5, D: 9, Depth: 2, Decay: 0.1}, {N: 0, D: 9, Depth: 2}} {
		if _, _, err := FineTuneBreakEvenMean(s, 100); err == nil {
			t.Errorf("%v is no error", s)
		}
	}
}

// The standard error of a tie, against the tie over sixteen times as many draws: the first are
// among these, so that the variance of the difference is that of the rest.
func TestTheStandardErrorOfATie(t *testing.T) {
	const few, many = 1 << 10, 1 << 14
	sum, cells := 0.0, 0.0
	for i := range 40 { // a setting of another n and d takes other draws
		s := Setting{N: (12 + 2*i) * 3 / 4, D: 12 + 2*i, Sigma: 0.2 + 0.02*float64(i%7), Depth: 2 + i%2}
		a, ok, err := FineTuneBreakEvenMean(s, few)
		b, ok2, err2 := FineTuneBreakEvenMean(s, many)
		if err != nil || err2 != nil || !ok || !ok2 {
			t.Fatalf("%v: %v, %v", s, err, err2)
		}
		sum += math.Pow(a.Value-b.Value, 2) / (a.StdErr*a.StdErr - b.StdErr*b.StdErr)
		cells++
	}
	if z := (sum/cells - 1) / math.Sqrt(2/cells); math.Abs(z) > 4 {
		t.Errorf("mean square of the deviations %.2f standard errors, z = %.1f", sum/cells, z)
	}
}
