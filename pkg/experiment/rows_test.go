package experiment

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/stat/distuv"
)

const closeTo = 1e-12 // rounding of a few operations

func near(a, b float64) bool { return math.Abs(a-b) <= closeTo*(1+math.Abs(b)) }

// Pooled rows are of the cells that theory says are positive, and of those that it says are
// negative; each is the mean over its cells.
func TestPooledRowsAreOfTheirRegion(t *testing.T) {
	const q = theory.TLinear
	settings := alongTheta(0.1, 0.2, 0.3, 0.4, 0.5)
	data := [][]float64{{1, 2}, {3, 5}, {-2, -4}, {-1, -5}, {-6, 0}}
	r := aTable(q, settings, func(i int) []float64 { return data[i] })
	means := map[float64]theory.Value{0.1: {Value: 1, StdErr: 0.3}, 0.2: {Value: 0, StdErr: 0.4}, 0.3: {Value: -2, StdErr: 1}, 0.4: {Value: -3, StdErr: 2}, 0.5: {Value: -4, StdErr: 2}}
	v := r.Pooled(predicts(q, func(s theory.Setting) theory.Value { return means[s.Theta] }))
	if v.Err() != nil || len(v.Rows) != 2 {
		t.Fatal(v.Err(), v)
	}
	for i, want := range []struct {
		where    string
		theory   theory.Value
		measured float64
		spread   float64
	}{
		{"2 cells with T_lt ≥ 0, d=60 σ=0.5 L=3", theory.Value{Value: 0.5, StdErr: 0.25}, 2.75, 0.75}, // trials 2 and 3.5
		{"3 cells with T_lt < 0, d=60 σ=0.5 L=3", theory.Value{Value: -3, StdErr: 1}, -3, 0},
	} {
		row := v.Rows[i]
		if row.Setting != want.where || !near(row.Theory.Value, want.theory.Value) || !near(row.Theory.StdErr, want.theory.StdErr) ||
			!near(row.Measured.Value, want.measured) || !near(row.Measured.StdErr, want.spread) || row.Trials != 2 {
			t.Errorf("%+v, want %+v", row, want)
		}
	}
}

// Near n = d means are not compared: from 7 points below d to 7 above, for the risks that have
// no fourth moment there; near n_s = d only after a noisy fit of the source.
func TestHeavyTailsAreLeftOut(t *testing.T) {
	const d = 40
	for _, c := range []struct {
		q     theory.Quantity
		s     theory.Setting
		heavy bool
	}{
		{theory.RiskScratch, theory.Setting{N: 32}, false}, {theory.RiskScratch, theory.Setting{N: 33}, true}, {theory.RiskScratch, theory.Setting{N: 40}, true},
		{theory.RiskScratch, theory.Setting{N: 47}, true}, {theory.RiskScratch, theory.Setting{N: 48}, false},
		{theory.TLinear, theory.Setting{N: 33}, true}, {theory.TLinear, theory.Setting{N: 47}, true}, {theory.TLinear, theory.Setting{N: 48}, false},
		{theory.TFineTune, theory.Setting{N: 33}, true}, {theory.RiskFineTune, theory.Setting{N: 47}, true}, {theory.RiskFineTune, theory.Setting{N: 20}, false},
		{theory.RiskLinear, theory.Setting{N: 40}, false}, {theory.RiskTuned, theory.Setting{N: 40}, false}, {theory.TLinearTuned, theory.Setting{N: 40}, false},
		{theory.FeatureResidual, theory.Setting{N: 40}, false}, {theory.RiskScratch, theory.Setting{N: 40, Decay: 0.1}, false},
		{theory.TFineTune, theory.Setting{N: 20, SourceN: 47, SourceSigma: 0.3}, true}, {theory.RiskFineTune, theory.Setting{N: 20, SourceN: 33, SourceSigma: 0.3}, true},
		{theory.TFineTune, theory.Setting{N: 20, SourceN: 48, SourceSigma: 0.3}, false}, {theory.TFineTune, theory.Setting{N: 20, SourceN: 40}, false},
		{theory.TLinear, theory.Setting{N: 20, SourceN: 40, SourceSigma: 0.3}, false}, {theory.RiskLinear, theory.Setting{N: 20, SourceN: 40, SourceSigma: 0.3}, false},
	} {
		c.s.D, c.s.Depth = d, 2
		r := aTable(c.q, []theory.Setting{c.s}, func(int) []float64 { return []float64{1, 2} })
		v := r.Pooled(predicts(c.q, func(theory.Setting) theory.Value { return theory.Value{Value: 1} }))
		if v.Err() != nil || (len(v.Rows) == 0) != c.heavy {
			t.Errorf("%s at %v: %d rows, %v", c.q, c.s, len(v.Rows), v.Err())
		}
	}
}

// Near n = d the median of the trials is compared with that of the law, which for n > d is
// σ²·d/(n−d+1) times the median of an F distribution; the share of the trials below it is
// binomial. Both a sample that is too low and one that is too high disagree.
func TestMediansAreThoseOfTheLaw(t *testing.T) {
	s := theory.Setting{N: 25, D: 20, Theta: 0.8, Sigma: 0.7, Depth: 2}
	f := distuv.F{D1: 20, D2: 6}
	scale := s.Sigma * s.Sigma * 20 / 6
	quantile := func(p float64) float64 { return scale * f.Quantile(p) }
	const n, draws = 1000, 1 << 16
	sample := func(shift float64) *Table {
		return aTable(theory.RiskScratch, []theory.Setting{s}, func(int) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = quantile((float64(i)+0.5)/n) * shift
			}
			return x
		})
	}
	for _, shift := range []float64{0.8, 1, 1.25} {
		r := sample(shift)
		v := r.Verdict(theory.Scratch)
		if v.Err() != nil || len(v.Rows) != 1 {
			t.Fatal(v.Err())
		}
		row := v.Rows[0]
		density := f.Prob(quantile(0.5)/scale) / scale
		if z := (row.Theory.Value - quantile(0.5)) * 2 * density * math.Sqrt(draws); math.Abs(z) > 4 {
			t.Errorf("the median is %v, of the F distribution %v, z = %.2f", row.Theory.Value, quantile(0.5), z)
		}
		below := 0.0
		for _, x := range r.Cells[0].values[theory.RiskScratch] {
			if x < row.Theory.Value {
				below++
			}
		}
		want := (0.5 - below/n) / math.Sqrt(0.25/n+0.25/draws)
		if row.Agree != (shift == 1) || math.Abs(row.Z-want) > 0.05*math.Abs(want)+0.05 || row.Trials != n || !near(row.Measured.Value, quantileOf(r, 0.5)) {
			t.Errorf("trials times %v: agrees = %v, z = %.2f, want %.2f, median %v", shift, row.Agree, row.Z, want, row.Measured)
		}
	}
	// A transferability that is always 0 has the median 0.
	zero := aTable(theory.TFineTune, []theory.Setting{s}, func(int) []float64 { return make([]float64, 50) })
	if row := zero.Verdict(theory.FineTuneTransferability).Rows[0]; !row.Agree || row.Z != 0 {
		t.Errorf("T_ft = 0: %+v", row)
	}
}

// quantileOf is the quantile of the only cell of a table, by counting.
func quantileOf(t *Table, p float64) float64 {
	x, _ := t.Cells[0].Values(theory.RiskScratch)
	slices.Sort(x)
	return x[int(p*float64(len(x)))-1]
}

// Wins compares the share of wins with its probability under the law, whose binomial error is
// that of the probability.
func TestWinsAreBinomial(t *testing.T) {
	s := theory.Setting{N: 6, D: 10, Theta: 1.3, Sigma: 0.9, Depth: 4}
	law, err := theory.NewLaw(s)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	draws := law.Sample(n, 99)
	r := aTable(theory.RiskScratch, []theory.Setting{s}, func(int) []float64 { return make([]float64, n) })
	c := &r.Cells[0]
	c.values[theory.RiskLinear], c.values[theory.RiskFineTune] = make([]float64, n), make([]float64, n)
	count := map[theory.Quantity]float64{}
	for i, d := range draws {
		c.values[theory.RiskScratch][i], c.values[theory.RiskLinear][i], c.values[theory.RiskFineTune][i] = d.Scratch, d.Linear, d.FineTune
		if d.Scratch > d.Linear {
			count[theory.TLinear] += 1. / n
		}
		if d.Scratch > d.FineTune {
			count[theory.TFineTune] += 1. / n
		}
	}
	v := r.Wins(theory.LinearTransferability, theory.FineTuneTransferability)
	if v.Err() != nil || !v.Agrees() || len(v.Rows) != 2 {
		t.Fatal(v.Err(), v)
	}
	if math.Abs(count[theory.TLinear]-count[theory.TFineTune]) < 0.02 {
		t.Fatalf("the shares %v are too near each other to tell them apart", count)
	}
	for i, q := range []theory.Quantity{theory.TLinear, theory.TFineTune} {
		row := v.Rows[i]
		p := row.Theory.Value
		if !near(row.Measured.Value, count[q]) || !near(row.Measured.StdErr, math.Sqrt(p*(1-p)/n)) || row.Trials != n {
			t.Errorf("%s: %+v, want the share %v", q, row, count[q])
		}
		w, err := c.Wins(q)
		if err != nil || !near(w.Value, count[q]) || !near(w.StdErr, math.Sqrt(count[q]*(1-count[q])/n)) {
			t.Errorf("%s: %v, want %v, %v", q, w, count[q], err)
		}
	}
	if err := r.Wins(theory.Scratch).Err(); err == nil || !strings.Contains(err.Error(), "not \"R_sc\"") {
		t.Errorf("the wins of a risk: %v", err)
	}
}

// The numbers of a cell: a tie is no win, the median of an even number of trials lies between
// two, a transferability is the risk from scratch minus that of transfer, a mean has the
// sample's standard error.
func TestNumbersOfACell(t *testing.T) {
	c := Cell{values: map[theory.Quantity][]float64{
		theory.RiskScratch: {5, 1, 4, 2}, theory.RiskLinear: {1, 2, 4, 1}, theory.RiskFineTune: {2, 5, 1, 1}, theory.RiskTuned: {0, 3, 1, 2}}}
	for q, want := range map[theory.Quantity][]float64{theory.TLinear: {4, -1, 0, 1}, theory.TFineTune: {3, -4, 3, 1}, theory.TLinearTuned: {-1, 1, -3, 1}} {
		if x, err := c.Values(q); err != nil || !slices.Equal(x, want) {
			t.Errorf("%s = %v, want %v, %v", q, x, want, err)
		}
	}
	if w, err := c.Wins(theory.TLinear); err != nil || w.Value != 0.5 || w.StdErr != 0.25 {
		t.Errorf("%v, %v", w, err)
	}
	if m, err := c.Median(theory.RiskScratch); err != nil || m < 2 || m > 4 {
		t.Errorf("median %v, %v", m, err)
	}
	if v, err := c.Mean(theory.RiskScratch); err != nil || v.Value != 3 || !near(v.StdErr, math.Sqrt(10./3/4)) {
		t.Errorf("mean %v, %v", v, err)
	}
	two := &Table{Cells: []Cell{c, c}}
	if v, err := two.Mean(theory.RiskScratch); err == nil || !math.IsNaN(v.Value) || !math.IsNaN(v.StdErr) {
		t.Errorf("the mean of two cells is %v, %v", v, err)
	}
	if v, err := (&Table{Cells: []Cell{c}}).Mean(theory.RiskLinear); err != nil || v.Value != 2 {
		t.Errorf("%v, %v", v, err)
	}
	for n, x := range [][]float64{{}, {1}, {1, 2}, {1, math.NaN()}} {
		c.values["x"] = x
		if v, err := c.Mean("x"); (err == nil) != (n == 2) || n != 2 && !math.IsNaN(v.Value) {
			t.Errorf("the mean of %v is %v, %v", x, v, err)
		}
	}
	m := Cell{means: &means{trials: 9, values: map[theory.Quantity]theory.Value{theory.TLinear: {Value: 3, StdErr: 1}}}}
	if v, err := m.Mean(theory.TLinear); err != nil || v.Value != 3 || v.StdErr != 1 || m.Trials() != 9 || !m.has(theory.TLinear) || m.has(theory.RiskScratch) {
		t.Errorf("%v, %v, %d trials", v, err, m.Trials())
	}
	if v, err := m.Mean(theory.RiskScratch); err == nil || !math.IsNaN(v.Value) {
		t.Errorf("%v, %v", v, err)
	}
	if (Cell{}).Trials() != 0 || c.Trials() == 0 {
		t.Error("trials of an empty cell")
	}
}

// A break-even angle is the zero of the weighted fit in cos θ, in degrees.
func TestBreakEvenByHand(t *testing.T) {
	const q = theory.TFineTune
	angles := alongTheta(2.4, 2.0, 1.5)
	r := aTable(q, angles, func(i int) []float64 {
		mean := 4 * (math.Cos(angles[i].Theta) + 0.3)
		return []float64{mean - 0.1, mean + 0.1}
	})
	v := r.BreakEven(predicts(q, func(s theory.Setting) theory.Value {
		return theory.Value{Value: 2 * (math.Cos(s.Theta) + 0.5), StdErr: 0.1}
	}))
	if v.Err() != nil {
		t.Fatal(v.Err())
	}
	row, degree := v.Rows[0], 180/math.Pi
	if !near(row.Measured.Value, math.Acos(-0.3)*degree) || !near(row.Theory.Value, math.Acos(-0.5)*degree) {
		t.Errorf("%v and %v, want %v and 120", row.Measured, row.Theory, math.Acos(-0.3)*degree)
	}
	if want := 0.1 / 2 / math.Sqrt(1-0.25) * degree; !near(row.Theory.StdErr, want) {
		t.Errorf("the error of the theory is %v, want %v", row.Theory.StdErr, want)
	}
	// Both trials are parallel lines, ±0.1 apart: the zero moves by ±0.1/4.
	if want := 0.1 / 4 / math.Sqrt(1-0.09) * degree; math.Abs(row.Measured.StdErr-want) > 1e-9 {
		t.Errorf("the error is %v, want %v", row.Measured.StdErr, want)
	}
	if row.Setting != "n=20 d=60 σ=0.5 L=3" || row.Trials != 2 {
		t.Errorf("%+v", row)
	}
	flat := aTable(q, angles, func(i int) []float64 { return []float64{5 + math.Cos(angles[i].Theta), 6 + math.Cos(angles[i].Theta)} })
	if err := flat.BreakEven(theory.FineTuneTransferability).Err(); err == nil || !strings.Contains(err.Error(), "no zero") {
		t.Errorf("a line without a zero: %v", err)
	}
	both := aTable(q, append(alongTheta(2.4, 1.5), theory.Setting{N: 20, D: 60, Theta: 2, Sigma: 0.6, Depth: 3}), func(int) []float64 { return []float64{1, 2} })
	if err := both.BreakEven(theory.FineTuneTransferability).Err(); err == nil || !strings.Contains(err.Error(), "differ in θ alone") {
		t.Errorf("cells of two σ: %v", err)
	}
	view := r.BreakEvens(predicts(q, func(s theory.Setting) theory.Value {
		return theory.Value{Value: 2 * (math.Cos(s.Theta) + 0.5), StdErr: 0.1}
	}), Sigma)
	_, x, y, bar := view.Points().Curve(0)
	_, lx, ly, _ := view.Lines().Curve(0)
	if view.Err() != nil || !slices.Equal(x, []float64{0.5}) || !slices.Equal(lx, x) || y[0] != row.Measured.Value || bar[0] != row.Measured.StdErr || ly[0] != row.Theory.Value {
		t.Errorf("%v: %v %v ± %v, line %v %v", view.Err(), x, y, bar, lx, ly)
	}
	if method, seed := view.Origin(1); method != "solve" || seed != 7 || view.Len() != 2 || !view.Measured(1) || view.Measured(0) {
		t.Errorf("%s %d", method, seed)
	}
}

// Change has a row for every setting of the other axes, with the later minus the earlier.
func TestChangeByHand(t *testing.T) {
	const q = theory.RiskLinear
	var settings []theory.Setting
	for _, sigma := range []float64{0.1, 0.4} {
		for _, lambda := range []float64{0.2, 0, 0.5} {
			settings = append(settings, theory.Setting{N: 20, D: 60, Sigma: sigma, Lambda: lambda, Depth: 2})
		}
	}
	data := [][]float64{{1, 5}, {2, 2}, {4, 9}, {3, 4}, {7, 7}, {5, 7}}
	r := aTable(q, settings, func(i int) []float64 { return data[i] })
	v := r.Change(Lambda, 0.2, 0.5, predicts(q, func(s theory.Setting) theory.Value {
		return theory.Value{Value: 10*s.Lambda + s.Sigma, StdErr: 3 + 5*(s.Lambda-0.2)/1.5}
	}))
	if v.Err() != nil || len(v.Rows) != 2 {
		t.Fatal(v.Err(), v)
	}
	for i, want := range []theory.Value{{Value: 3.5, StdErr: 0.5}, {Value: 2.5, StdErr: 0.5}} {
		row := v.Rows[i]
		if !near(row.Theory.Value, 3) || !near(row.Theory.StdErr, 5) || !near(row.Measured.Value, want.Value) || !near(row.Measured.StdErr, want.StdErr) || row.Trials != 2 ||
			!strings.Contains(row.Result, "0.2 → 0.5") || row.Setting != settings[3*i].String() {
			t.Errorf("%+v", row)
		}
	}
	zero := predicts(q, func(theory.Setting) theory.Value { return theory.Value{} })
	if back := r.Change(Lambda, 0.5, 0.2, zero); back.Err() != nil || !near(back.Rows[0].Measured.Value, -3.5) { // to the first cell
		t.Errorf("back: %v, %v", back, back.Err())
	}
	if err := r.Change(Lambda, 0.2, 0.7, theory.Linear).Err(); err == nil {
		t.Error("a change to a cell that is not there is no error")
	}
}

// An exponent is the weighted slope of the mean logarithms.
func TestExponentByHand(t *testing.T) {
	settings := []theory.Setting{{N: 20, D: 60, Sigma: 1, Depth: 2}, {N: 20, D: 60, Sigma: math.E, Depth: 2}, {N: 20, D: 60, Sigma: math.E * math.E, Depth: 2}}
	logs := [][]float64{{-0.1, 0.1}, {1.8, 2.2}, {2.9, 3.1}} // means 0, 2, 3 with errors 0.1, 0.2, 0.1
	r := aTable("x", settings, func(i int) []float64 { return []float64{math.Exp(logs[i][0]), math.Exp(logs[i][1])} })
	v := r.Exponent("x", Sigma, None, "Lemma", func(c Cell) float64 { return 1.2 + c.Setting.Sigma })
	if v.Err() != nil {
		t.Fatal(v.Err())
	}
	// Weights 100, 25, 100: x̄ = 1, Σw(x−x̄)² = 200, slope 100·(3−0)/200.
	if row := v.Rows[0]; !near(row.Measured.Value, 1.5) || !near(row.Measured.StdErr, 1/math.Sqrt(200)) || !near(row.Theory.Value, 2.2) || row.Trials != 6 || row.Source != "Lemma" {
		t.Errorf("%+v", row)
	}
	for want, err := range map[string]error{
		"at least 2 values": r.At(Sigma, 1).Exponent("x", Sigma, None, "", nil).Err(),
		"no logarithm":      aTable("x", settings, func(int) []float64 { return []float64{0, 1} }).Exponent("x", Sigma, None, "", nil).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A row of Against is left out where the quantity was not measured; nothing measured is an
// error that says what there is.
func TestAgainstWhatWasMeasured(t *testing.T) {
	r := aTable("b", alongTheta(0.1, 0.2), func(int) []float64 { return []float64{1, 3} })
	r.Cells[1].values = map[theory.Quantity][]float64{"a": {1, 2}}
	v := r.Against("b", "source", Constant(2))
	if len(v.Rows) != 1 || v.Rows[0].Setting != r.Cells[0].String() || v.Rows[0].Z != 0 || v.Rows[0].Source != "source" {
		t.Errorf("%v", v)
	}
	if err := r.Against("c", "", Constant(1)).Err(); err == nil || !strings.Contains(err.Error(), `["a" "b"]`) {
		t.Errorf("%v", err)
	}
	r.Interrupted = true
	for what, v := range map[string]*verdict.Verdict{"against": r.Against("b", "", Constant(2)), "exponent": r.Exponent("b", Theta, None, "", nil), "pooled": r.Pooled(theory.Scratch),
		"the same law": r.SameLaw(r, "b"), "change": r.Change(Theta, 0.1, 0.2, theory.Scratch), "break-even": r.BreakEven(theory.LinearTransferability)} {
		if v.Err() == nil || !strings.Contains(v.Err().Error(), "interrupted") {
			t.Errorf("%s of an interrupted run: %v", what, v.Err())
		}
	}
}

// |z| of a median is at most √trials, so a row of 16 trials cannot disagree by more than
// 4: it is trivial. One of 17 can.
func TestMediansOfFewTrialsAreTrivial(t *testing.T) {
	s := theory.Setting{N: 25, D: 20, Theta: 0.8, Sigma: 0.7, Depth: 2}
	for _, trials := range []int{4, 16, 17} {
		r := aTable(theory.RiskScratch, []theory.Setting{s}, func(int) []float64 { return gauss(rand.New(rand.NewPCG(1, 2)), trials, 1, 0.1) })
		row, err := medianRow(r.Cells[0], theory.Scratch)
		if err != nil || row.Trivial != (trials <= 16) {
			t.Errorf("%d trials: trivial = %v, %v", trials, row.Trivial, err)
		}
	}
}

// An interrupted experiment says how many trials of all cells it has.
func TestInterruptedExperimentCountsTrials(t *testing.T) {
	r := aTable(theory.RiskScratch, alongTheta(0.1, 0.2), func(cell int) []float64 { return make([]float64, 3+2*cell) })
	r.study, r.Interrupted = Experiment{Method: Solve, Trials: 9}, true
	if got := r.String(); !strings.Contains(got, "(interrupted: 8 of 18 trials)") {
		t.Errorf("%q", got)
	}
}

// The risk from scratch of one trial, measured in another cell, is found.
func TestRiskFromScratchOfOneTrial(t *testing.T) {
	r := aTable(theory.RiskScratch, alongTheta(0.1), func(int) []float64 { return nil })
	r.Cells[0].values = map[theory.Quantity][]float64{}
	r.Cells[0].scratch = map[theory.Quantity][]float64{theory.RiskScratch: {2.5}}
	r.Cells[0].at = map[theory.Axis]float64{Mu: 0.5}
	if x, err := r.of(theory.RiskScratch, 0.5, r.Cells[0].Setting.N, 0); err != nil || x != 2.5 {
		t.Errorf("%v, %v", x, err)
	}
}

// The largest number of workers is allowed, one more is not.
func TestMostWorkers(t *testing.T) {
	for workers, ok := range map[int]bool{maxWorkers: true, maxWorkers + 1: false, -1: false} {
		e := Experiment{Grid: Grid{D: 10, Gamma: []float64{0.5}}, Method: Law, Trials: 2, Workers: workers}
		if err := e.Run().Err(); (err == nil) != ok {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}
