package experiment

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// aTable returns a table of cells that hold a quantity: the trials of each setting.
func aTable(q theory.Quantity, settings []theory.Setting, trials func(cell int) []float64) *Table {
	t := &Table{study: Experiment{}, origin: origin{Solve, 7}}
	for i, s := range settings {
		x := trials(i)
		t.trials = len(x)
		t.Cells = append(t.Cells, Cell{Setting: s, values: map[theory.Quantity][]float64{q: x}})
	}
	return t
}

// alongTheta returns settings that differ in θ alone, far from n = d.
func alongTheta(theta ...float64) (out []theory.Setting) {
	for _, x := range theta {
		out = append(out, theory.Setting{N: 20, D: 60, Theta: x, Sigma: 0.5, Depth: 3})
	}
	return out
}

// gauss returns n normal numbers.
func gauss(rng *rand.Rand, n int, mean, sd float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = mean + sd*rng.NormFloat64()
	}
	return out
}

// predicts is a result with a given mean.
func predicts(q theory.Quantity, mean func(s theory.Setting) theory.Value) theory.Result {
	return theory.Result{Name: string(q), Source: "a source", Quantity: q,
		Mean: func(s theory.Setting) (theory.Value, error) { return mean(s), nil }}
}

// calibrated checks that the rows of many repetitions have z of mean 0 and mean square 1, as
// they do when both standard errors are right. Each row of a verdict is checked on its own.
func calibrated(t *testing.T, what string, repetitions int, rows func(rng *rand.Rand) *verdict.Verdict) {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, uint64(len(what))))
	var z, z2 [][]float64
	for range repetitions {
		v := rows(rng)
		if v.Err() != nil || len(v.Rows) == 0 {
			t.Fatalf("%s: %d rows, %v", what, len(v.Rows), v.Err())
		}
		for i, r := range v.Rows {
			if len(z) == i {
				z, z2 = append(z, nil), append(z2, nil)
			}
			z[i], z2[i] = append(z[i], r.Z), append(z2[i], r.Z*r.Z)
			own := (r.Measured.Value - r.Theory.Value) / math.Hypot(r.Measured.StdErr, r.Theory.StdErr)
			if r.Trials > 300 && r.Measured.StdErr > 0 && math.Abs(own-r.Z) > 0.02*(1+math.Abs(own)*own*own) {
				t.Fatalf("%s: row %d has z = %v, its numbers %v", what, i, r.Z, own)
			}
		}
	}
	for i := range z {
		if m := theory.Mean(z[i]); math.Abs(m.Value) > 4*m.StdErr {
			t.Errorf("%s, row %d: the mean of z is %v", what, i, m)
		}
		if m := theory.Mean(z2[i]); math.Abs(m.Value-1) > 4*m.StdErr {
			t.Errorf("%s, row %d: the mean of z² is %v", what, i, m)
		}
	}
}

// noisy returns a true mean with an error of the theory.
func noisy(rng *rand.Rand, mean, stderr float64) theory.Value {
	return theory.Value{Value: mean + stderr*rng.NormFloat64(), StdErr: stderr}
}

// The standard error of every kind of row is that of the difference between theory and
// measurement, with the errors of both.
func TestEveryRowIsCalibrated(t *testing.T) {
	const q, n = theory.TLinear, 400
	one := alongTheta(0.9)
	cell := func(rng *rand.Rand, mean float64) *Table { // a mean of standard error 0.03
		return aTable(q, one, func(int) []float64 { return gauss(rng, n, mean, 0.03*math.Sqrt(n)) })
	}
	calibrated(t, "verdict", 1500, func(rng *rand.Rand) *verdict.Verdict {
		return cell(rng, 0.4).Verdict(predicts(q, func(theory.Setting) theory.Value { return noisy(rng, 0.4, 0.04) }))
	})
	calibrated(t, "at the limit", 1500, func(rng *rand.Rand) *verdict.Verdict {
		return cell(rng, 1./3).AtLimit(theory.Result{Quantity: q, Limit: func(l theory.Limit) (float64, error) { return l.Gamma, nil }})
	})
	calibrated(t, "against", 1500, func(rng *rand.Rand) *verdict.Verdict {
		return cell(rng, 0.4).Against(q, "", func(Cell) (theory.Value, error) { return noisy(rng, 0.4, 0.04), nil })
	})
	calibrated(t, "as the prediction of another run", 1500, func(rng *rand.Rand) *verdict.Verdict {
		return cell(rng, 0.4).Verdict(cell(rng, 0.4).As("", "", q))
	})
	// Three cells share the data of a trial; two are positive and one is negative in theory.
	three := alongTheta(0.3, 0.6, 1.2)
	truth := []float64{2, 1, -3}
	calibrated(t, "pooled", 1500, func(rng *rand.Rand) *verdict.Verdict {
		shared := gauss(rng, n, 0, 0.5)
		r := aTable(q, three, func(i int) []float64 {
			x := gauss(rng, n, truth[i], 0.4)
			for k := range x {
				x[k] += shared[k]
			}
			return x
		})
		i := 0
		sizes := []float64{0.03, 0.05, 0.04}
		return inOrderOf(r, three, func(s theory.Setting) theory.Value { v := noisy(rng, truth[i], sizes[i]); i++; return v }, q, (*Table).Pooled)
	})
	calibrated(t, "change", 1500, func(rng *rand.Rand) *verdict.Verdict {
		shared := gauss(rng, n, 0, 3)
		r := aTable(q, three[:2], func(i int) []float64 {
			x := gauss(rng, n, truth[i], 0.4)
			for k := range x {
				x[k] += shared[k]
			}
			return x
		})
		i := 0
		sizes := []float64{0.03, 0.02}
		return r.Change(Theta, 0.3, 0.6, predicts(q, func(s theory.Setting) theory.Value { v := noisy(rng, truth[i], sizes[i]); i++; return v }))
	})
	// T = 2cosθ − 1, with noise that the angles share, and draws of the theory that they share.
	calibrated(t, "break-even angle", 1500, func(rng *rand.Rand) *verdict.Verdict {
		shared, lawError := gauss(rng, n, 0, 0.4), 0.03*rng.NormFloat64()
		angles := alongTheta(0.8, 0.9, 1.05, 1.2)
		r := aTable(q, angles, func(i int) []float64 {
			x := gauss(rng, n, 2*math.Cos(angles[i].Theta)-1, 0.2+0.3*float64(i))
			for k := range x {
				x[k] += shared[k]
			}
			return x
		})
		return r.BreakEven(predicts(q, func(s theory.Setting) theory.Value {
			return theory.Value{Value: 2*math.Cos(s.Theta) - 1 + lawError, StdErr: 0.03}
		}))
	})
	// q ∝ σ^1.7, with trials whose spread differs from cell to cell.
	sigmas := []theory.Setting{{N: 20, D: 60, Sigma: 0.1, Depth: 2}, {N: 20, D: 60, Sigma: 0.3, Depth: 2}, {N: 20, D: 60, Sigma: 0.5, Depth: 2}, {N: 20, D: 60, Sigma: 2, Depth: 2}}
	calibrated(t, "exponent", 1500, func(rng *rand.Rand) *verdict.Verdict {
		r := aTable(q, sigmas, func(i int) []float64 {
			x := gauss(rng, n, math.Log(3)+1.7*math.Log(sigmas[i].Sigma), []float64{0.1, 0.5, 0.2, 0.9}[i])
			for k := range x {
				x[k] = math.Exp(x[k])
			}
			return x
		})
		return r.Exponent(q, Sigma, None, "", func(c Cell) float64 { return 1.6 + c.Setting.Sigma })
	})
	tasks := divergence.Tasks{D: 3, Theta: 0.7, Sigma: 0.6}
	calibrated(t, "estimated distance", 400, func(rng *rand.Rand) *verdict.Verdict {
		return Estimated(divergence.KL, tasks, 1000, rng.Uint64())
	})
}

// inOrderOf asks a verdict for a result whose means are drawn in the order of the cells,
// whatever the order in which it needs them.
func inOrderOf(t *Table, settings []theory.Setting, mean func(s theory.Setting) theory.Value, q theory.Quantity, f func(*Table, ...theory.Result) *verdict.Verdict) *verdict.Verdict {
	means := map[theory.Setting]theory.Value{}
	for _, s := range settings {
		means[s] = mean(s)
	}
	return f(t, predicts(q, func(s theory.Setting) theory.Value { return means[s] }))
}

// The distance between two samples of one law has the mean, the spread and the z that the row
// says; one of two different laws is found.
func TestTheDistanceOfDistributionsIsCalibrated(t *testing.T) {
	const q, n, m, repetitions = theory.RiskScratch, 900, 1700, 400
	rng := rand.New(rand.NewPCG(5, 6))
	var z, z2, d, d2 []float64
	for range repetitions {
		a := aTable(q, alongTheta(1), func(int) []float64 { return gauss(rng, n, 0, 1) })
		b := aTable(q, alongTheta(1), func(int) []float64 { return gauss(rng, m, 0, 1) })
		row := a.SameLaw(b, q).Rows[0]
		own := (row.Measured.Value - row.Theory.Value) / row.Theory.StdErr
		z, z2, d, d2 = append(z, row.Z), append(z2, row.Z*row.Z), append(d, own), append(d2, own*own)
		if row.Trials != n || row.Agree != (row.Z <= verdict.Agreement) {
			t.Fatalf("%+v", row)
		}
	}
	for what, x := range map[string][]float64{"z": z, "(D − mean)/sd": d} {
		if v := theory.Mean(x); math.Abs(v.Value) > 4*v.StdErr {
			t.Errorf("the mean of %s is %v", what, v)
		}
	}
	for what, x := range map[string][]float64{"z²": z2, "((D − mean)/sd)²": d2} {
		if v := theory.Mean(x); math.Abs(v.Value-1) > 4*v.StdErr {
			t.Errorf("the mean of %s is %v", what, v)
		}
	}
	a := aTable(q, alongTheta(1), func(int) []float64 { return gauss(rng, n, 0, 1) })
	b := aTable(q, alongTheta(1), func(int) []float64 { return gauss(rng, m, 0.4, 1) })
	if row := a.SameLaw(b, q).Rows[0]; row.Agree || row.Z < verdict.Agreement {
		t.Errorf("a shift of 0.4 standard deviations passes: %+v", row)
	}
	// P(K > x) by its series for small x, √(2π)/x Σ exp(−(2j−1)²π²/8x²).
	for _, x := range []float64{0.4, 0.7, 1, 1.5, 2} {
		cdf := 0.0
		for j := 1.0; j < 40; j++ {
			cdf += math.Sqrt(2*math.Pi) / x * math.Exp(-(2*j-1)*(2*j-1)*math.Pi*math.Pi/(8*x*x))
		}
		if got := kolmogorovTail(x); math.Abs(got-(1-cdf)) > 1e-12 {
			t.Errorf("P(K > %v) = %v, by the other series %v", x, got, 1-cdf)
		}
	}
	for x, want := range map[float64]float64{20: 1e-15, 0.15: 1 - 1e-9, 0.02: 1 - 1e-9, 0: 1 - 1e-9} {
		if got := kolmogorovTail(x); got != want {
			t.Errorf("P(K > %v) = %v, want %v", x, got, want)
		}
	}
	// T_ft is 0 in every trial with n ≥ d: two such runs have the same law.
	zero := aTable(q, alongTheta(1), func(int) []float64 { return make([]float64, n) })
	if row := zero.SameLaw(zero, q).Rows[0]; !row.Agree || row.Measured.Value != 0 {
		t.Errorf("two constants: %+v", row)
	}
}

// Every row that compares can disagree, in both directions: a truth ten standard errors away
// is never within the claim.
func TestEveryRowCanDisagree(t *testing.T) {
	const q, n = theory.TLinear, 400
	rng := rand.New(rand.NewPCG(8, 9))
	angles := alongTheta(0.8, 0.9, 1.05, 1.2)
	r := aTable(q, angles, func(i int) []float64 { return gauss(rng, n, 2*math.Cos(angles[i].Theta)-1, 0.2) })
	for i := range r.Cells { // and a quantity that grows like a power
		x := gauss(rng, n, 3*math.Log(r.Cells[i].Setting.Theta), 0.1)
		for k := range x {
			x[k] = math.Exp(x[k])
		}
		r.Cells[i].values["power"] = x
	}
	for _, off := range []float64{-0.1, 0, 0.1} {
		want := off == 0
		truth := predicts(q, func(s theory.Setting) theory.Value { return theory.Value{Value: 2*math.Cos(s.Theta) - 1 + off} })
		sloped := predicts(q, func(s theory.Setting) theory.Value { return theory.Value{Value: (2 + 5*off) * math.Cos(s.Theta)} })
		for what, v := range map[string]*verdict.Verdict{
			"verdict": r.Verdict(truth), "pooled": r.Pooled(truth), "break-even": r.BreakEven(truth), "change": r.Change(Theta, 0.8, 1.2, sloped),
			"against":  r.Against(q, "", func(c Cell) (theory.Value, error) { return truth.Mean(c.Setting) }),
			"exponent": r.Exponent("power", Theta, None, "", func(Cell) float64 { return 3 + 10*off }),
			"limit":    r.AtLimit(theory.Result{Quantity: q, Limit: func(l theory.Limit) (float64, error) { return 2*math.Cos(l.Theta) - 1 + off, nil }}),
		} {
			if v.Err() != nil || len(v.Rows) == 0 {
				t.Fatalf("%s: %v", what, v.Err())
			}
			for _, row := range v.Rows {
				signed := what != "break-even" && what != "change" // whose predictions fall with the offset
				if row.Agree != want || !want && signed && math.Signbit(row.Z) != (off > 0) {
					t.Errorf("%s at an offset of %v: agrees = %v, z = %.2f", what, off, row.Agree, row.Z)
				}
			}
		}
	}
}
