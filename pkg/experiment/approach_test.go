package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/stat"
)

// The fitted exponent has the error that it says it has: over many draws of the errors its
// z-scores have mean 0 and variance 1.
func TestPowerLawIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const draws, nu, a = 4000, 1.1, 0.7
	x, weights := make([]float64, 6), make([]float64, 6)
	y := make([]theory.Value, 6)
	z, z2 := make([]float64, draws), make([]float64, draws)
	for i := range z {
		for j := range x {
			x[j] = math.Log(float64(int(16) << j))
			truth := a * math.Exp(-nu*x[j])
			y[j].StdErr = 0.02 * truth * math.Sqrt(math.Exp(x[j])/16)
			y[j].Value = truth + y[j].StdErr*rng.NormFloat64()
			weights[j] = 1 / (y[j].StdErr * y[j].StdErr)
		}
		_, v, err := powerLaw(x, y, weights)
		if err != nil {
			t.Fatal(err)
		}
		z[i] = (v.Value - nu) / v.StdErr
		z2[i] = z[i] * z[i]
	}
	if m := theory.Mean(z); math.Abs(m.Value) > 4*m.StdErr {
		t.Errorf("mean z = %v", m)
	}
	if m := theory.Mean(z2); math.Abs(m.Value-1) > 4*m.StdErr {
		t.Errorf("mean z² = %v", m)
	}
	t.Logf("z = %.3f ± %.3f", stat.Mean(z, nil), stat.StdDev(z, nil))
}

// A power of d without error is found to rounding.
func TestPowerLawIsExact(t *testing.T) {
	for _, nu := range []float64{0.25, 1, 3} {
		x, y, w := []float64{2, 3, 4, 6}, make([]theory.Value, 4), []float64{1, 2, 3, 4}
		for i := range x {
			y[i].Value = 5 * math.Exp(-nu*x[i])
		}
		if _, v, err := powerLaw(x, y, w); err != nil || math.Abs(v.Value-nu) > 1e-9 {
			t.Errorf("ν = %v: %v, %v", nu, v, err)
		}
	}
}

// sizes are runs of the law at several dimensions.
func sizes(d ...int) *Run {
	var s []theory.Setting
	for _, d := range d {
		s = append(s, theory.Setting{D: d, N: 2 * d, Theta: 0.5, Sigma: 0.3, Depth: 2})
	}
	return Experiment{Method: Law, Trials: 40000, Seed: 8}.RunAt(s...)
}

// The risks come to their limits like 1/d, with the constants of the exact means.
func TestExponents(t *testing.T) {
	run := sizes(16, 32, 64, 128)
	v := run.Exponents(None, theory.Scratch, theory.Linear)
	if v.Err() != nil || !v.Agrees() || len(v.Rows) != 2 {
		t.Fatal(v)
	}
	for _, r := range v.Rows {
		t.Logf("%s: ν = %v, exact %v, z = %.2f", r.Result, r.Measured, r.Theory, r.Z)
		if r.Theory.Value < 1 || r.Theory.Value > 1.15 {
			t.Errorf("%s: the exact exponent is %v", r.Result, r.Theory)
		}
	}
	points, lines := run.Deviations(theory.Scratch, None)
	_, d, y, bar := points.Curve(0)
	_, _, exact, none := lines.Curve(0)
	if none != nil || len(bar) != 4 {
		t.Fatal("points have error bars, lines have none")
	}
	for i := range d {
		const sigma2, gamma = 0.09, 2.0
		if want := sigma2*d[i]/(gamma*d[i]-d[i]-1) - sigma2/(gamma-1); math.Abs(exact[i]-want) > 1e-12 {
			t.Errorf("d = %v: the exact distance is %v, want %v", d[i], exact[i], want)
		}
		if math.Abs(y[i]-exact[i]) > 4*bar[i] {
			t.Errorf("d = %v: the distance is %v ± %v, want %v", d[i], y[i], bar[i], exact[i])
		}
	}
	for want, v := range map[string]*Verdict{
		"at least 3":      sizes(16, 32).Exponents(None, theory.Scratch),
		"do not differ":   Experiment{Method: Solve, Trials: 5, Procedures: []Procedure{Transfer}}.FromMeans(equal(16, 32, 64), false, nil).Exponents(None, theory.Linear),
		"not measured":    run.Exponents(None, theory.ScratchTuned),
		"two cells at":    sizes(16, 16, 32).Exponents(None, theory.Scratch),
		"was interrupted": Experiment{Method: Solve, Trials: 5}.FromMeans(equal(16, 32, 64), true, nil).Exponents(None, theory.Linear),
	} {
		if v.Err() == nil || !strings.Contains(v.Err().Error(), want) {
			t.Errorf("want an error with %q, got %v", want, v.Err())
		}
	}
}

// equal are means without spread.
func equal(d ...int) (out []Means) {
	for _, d := range d {
		out = append(out, Means{Setting: theory.Setting{D: d, N: 2 * d, Theta: 0.5, Sigma: 0.3, Depth: 2}, Trials: 5,
			Values: map[theory.Quantity]theory.Value{theory.RiskLinear: {Value: 0.3}}})
	}
	return out
}

// A run of means gives the points and the verdict of the run that they are from; what needs
// trials is an error.
func TestFromMeans(t *testing.T) {
	run := sizes(30, 60)
	var means []Means
	for _, c := range run.Cells {
		values := map[theory.Quantity]theory.Value{}
		for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.TLinear} {
			v, err := c.Mean(q)
			if err != nil {
				t.Fatal(err)
			}
			values[q] = v
		}
		means = append(means, Means{Setting: c.Setting, Trials: len(c.Risks), Values: values})
	}
	again := run.Experiment.FromMeans(means, false, nil)
	if again.String() != run.String() || !strings.Contains(run.String(), "d from 30 to 60") {
		t.Errorf("%v, want %v", again, run)
	}
	want, got := run.Verdict(theory.Scratch, theory.LinearTransferability), again.Verdict(theory.Scratch, theory.LinearTransferability)
	if got.Err() != nil || len(got.Rows) != 4 {
		t.Fatal(got.Err())
	}
	for i := range want.Rows {
		if got.Rows[i] != want.Rows[i] {
			t.Errorf("%v, want %v", got.Rows[i], want.Rows[i])
		}
	}
	if err := again.Pooled(theory.LinearTransferability).Err(); err == nil || !strings.Contains(err.Error(), "means alone") && !strings.Contains(err.Error(), "pooled") {
		t.Error(err)
	}
	if _, err := again.Cells[0].Median(theory.RiskScratch); err == nil {
		t.Error("the median of means is no error")
	}
	means[0].Trials = 1
	if err := run.Experiment.FromMeans(means, false, nil).Err(); err == nil || !strings.Contains(err.Error(), "Trials = 1") {
		t.Error(err)
	}
}
