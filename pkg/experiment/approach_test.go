package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/verdict"
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

// sizes is an experiment on the law at several dimensions.
func sizes(d ...int) Experiment {
	return Experiment{Method: Law, Trials: 40000, Seed: 8, Independent: true, Grid: Grid{Dimension: d, Gamma: []float64{2}, Theta: []float64{0.5}, Sigma: []float64{0.3}}}
}

// The risks come to their limits like 1/d, with the constants of the exact means.
func TestExponents(t *testing.T) {
	run := must(t, sizes(16, 32, 64, 128).Run())
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
	view := run.Deviations(theory.Scratch, None)
	_, d, y, bar := view.Points().Curve(0)
	_, _, exact, none := view.Lines().Curve(0)
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
	equal := must(t, sizes(16, 32, 64).Run())
	for i := range equal.Cells {
		equal.Cells[i].means = &means{trials: 5, values: map[theory.Quantity]theory.Value{theory.RiskLinear: {Value: 0.3}}}
	}
	stopped := equal.Where(func(theory.Setting) bool { return true })
	stopped.Interrupted = true
	twice := equal.Where(func(theory.Setting) bool { return true })
	twice.Cells = append(twice.Cells, twice.Cells[0])
	for want, v := range map[string]*verdict.Verdict{
		"at least 3":      sizes(16, 32).Run().Exponents(None, theory.Scratch),
		"trials at d = ":  equal.Exponents(None, theory.Linear),
		"not measured":    run.Exponents(None, theory.ScratchTuned),
		"two cells at":    twice.Exponents(None, theory.Linear),
		"was interrupted": stopped.Exponents(None, theory.Linear),
	} {
		if v.Err() == nil || !strings.Contains(v.Err().Error(), want) {
			t.Errorf("want an error with %q, got %v", want, v.Err())
		}
	}
}

// Independent cells give the points and the verdict of their trials, whatever the grid
// around them; what needs trials is an error.
func TestIndependentCells(t *testing.T) {
	e := sizes(30, 60)
	run := must(t, e.Run())
	if !strings.Contains(run.String(), "d from 30 to 60") {
		t.Error(run)
	}
	for _, c := range run.Cells {
		alone, err := e.alone(c.Setting)
		if err != nil {
			t.Fatal(err)
		}
		trials, _ := alone.run(t.Context(), e, trial.Options{})
		if c.Trials() != e.Trials {
			t.Errorf("%v: the means are of %d trials, want %d", c, c.Trials(), e.Trials)
		}
		for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.TLinear} {
			want, err := trials.Cells[0].Mean(q)
			if got, _ := c.Mean(q); err != nil || got != want {
				t.Errorf("%v: %s = %v, of its trials %v, %v", c, q, got, want, err)
			}
		}
	}
	one := must(t, sizes(60).Run())
	if got, want := one.Cells[0].means.values[theory.RiskScratch], run.Cells[1].means.values[theory.RiskScratch]; got != want {
		t.Errorf("%v alone, %v in the grid", got, want)
	}
	if err := run.Where(func(s theory.Setting) bool { return s.D == 30 }).Pooled(theory.LinearTransferability).Err(); err == nil || !strings.Contains(err.Error(), "only their means") {
		t.Error(err)
	}
	if _, err := run.Cells[0].Median(theory.RiskScratch); err == nil {
		t.Error("the median of means is no error")
	}
	e.Independent = false
	if err := e.Run().Err(); err == nil || !strings.Contains(err.Error(), "set Independent") {
		t.Error(err)
	}
}
