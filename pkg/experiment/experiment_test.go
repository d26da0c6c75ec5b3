package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat"
)

func must(t *testing.T, r *Table) *Table {
	t.Helper()
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return r
}

// trialOf returns a quantity in one trial, NaN where it was not measured.
func trialOf(c Cell, q theory.Quantity, trial int) float64 {
	if x := c.column(q); x != nil {
		return x[trial]
	}
	return math.NaN()
}

// diff compares the values of two tables.
func diff(a, b *Table) string {
	var x, y []map[theory.Quantity][]float64
	for _, c := range a.Cells {
		x = append(x, c.values)
	}
	for _, c := range b.Cells {
		y = append(y, c.values)
	}
	return cmp.Diff(x, y, cmpopts.EquateNaNs())
}

func sorted(t *testing.T, c Cell, q theory.Quantity) []float64 {
	t.Helper()
	x, err := c.Values(q)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(x)
	return x
}

// The joint law is the law of what the solvers measure: Kolmogorov–Smirnov on
// every risk, on their differences and on the scale, on both sides of n = d.
func TestLawIsTheLawOfSolve(t *testing.T) {
	const draws, trials = 20000, 10000
	for _, grid := range []Grid{
		{D: 12, Gamma: []float64{0.17, 0.5, 0.92, 1, 1.5}, Theta: []float64{1.2}, Sigma: []float64{0.5}, Lambda: []float64{0.1}, Depth: []int{3}},
		{D: 12, Gamma: []float64{0.5, 1.5}, Theta: []float64{1.2}, Sigma: []float64{0.5}, Depth: []int{3}, SourceGamma: []float64{0.08, 0.5, 1, 1.5}, SourceSigma: []float64{0.7}},
	} {
		law := must(t, Experiment{Grid: grid, Method: Law, Trials: draws, Seed: 1}.Run())
		solve := must(t, Experiment{Grid: grid, Method: Solve, Trials: trials, Seed: 2}.Run())
		for i, c := range law.Cells {
			for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, theory.TLinear, theory.TFineTune, theory.ScaleC} {
				a, b := sorted(t, c, q), sorted(t, solve.Cells[i], q)
				if a[0] == a[len(a)-1] { // T_ft = 0 for n ≥ d
					if b[0] != a[0] || b[len(b)-1] != a[0] {
						t.Errorf("%v: %s is constant in the law and not in the experiment", c.Setting, q)
					}
					continue
				}
				z := stat.KolmogorovSmirnov(a, nil, b, nil) * math.Sqrt(draws*trials/float64(draws+trials))
				if z > 2.3 { // exceeded with probability 5e-5
					t.Errorf("%v: %s: KS = %.2f", c.Setting, q, z)
				}
			}
		}
	}
}

// The exact means hold for solve, in every regime: of the paper, with finite
// source data, with several features, against the tuned baseline.
func TestSolveAgreesWithTheory(t *testing.T) {
	for _, c := range []struct {
		grid    Grid
		runs    []Procedure
		results []theory.Result
	}{
		{Grid{D: 30, Gamma: []float64{0.3, 0.7, 1, 1.6}, Theta: []float64{0.5, 2}, Sigma: []float64{0, 0.4}, Lambda: []float64{0.2}, Depth: []int{1, 3}}, nil,
			[]theory.Result{theory.Scratch, theory.Linear, theory.LinearTransferability, theory.FineTuneTransferability, theory.FineTune, theory.FineTuneScale}},
		{Grid{D: 30, Gamma: []float64{0.5, 1.4}, Theta: []float64{0.5, 2}, Sigma: []float64{0.4}, Depth: []int{1, 2, 3}, SourceGamma: []float64{0.5, 1, 1.6}, SourceSigma: []float64{0, 0.5}}, nil,
			[]theory.Result{theory.Linear, theory.LinearTransferability, theory.FineTuneTransferability, theory.FineTuneScale}},
		{Grid{D: 30, Gamma: []float64{0.6, 1.4}, Theta: []float64{0, 0.7}, Sigma: []float64{0.4}, Features: []int{1, 2, 5}}, []Procedure{Scratch, Transfer},
			[]theory.Result{theory.Linear, theory.LinearTransferability}},
		{Grid{D: 30, Gamma: []float64{0.3, 1, 1.4}, Theta: []float64{0.7}, Sigma: []float64{0, 0.4, 1}}, []Procedure{Tuned, Transfer},
			[]theory.Result{theory.ScratchTuned, theory.LinearTunedTransferability}},
		{Grid{D: 30, Gamma: []float64{0.5, 1.6}, Theta: []float64{0.7}, Sigma: []float64{0.4}, Norm: []float64{0.5, 10}}, []Procedure{Scratch, Tuned, Transfer},
			[]theory.Result{theory.Scratch, theory.ScratchTuned, theory.Linear, theory.LinearTransferability, theory.LinearTunedTransferability}},
	} {
		r := must(t, Experiment{Grid: c.grid, Method: Solve, Trials: 1000, Seed: 3, Procedures: c.runs}.Run())
		if v := r.Verdict(c.results...); !v.Agrees() {
			t.Errorf("%v", v.Err())
			for _, row := range v.Rows {
				if !row.Agree {
					t.Error(row.Text())
				}
			}
		}
	}
}

// Weight decay in the limit: at d = 400 the mean over data sets is near it, on
// both sides of n = d and of the decay that leaves nothing.
func TestDecayApproachesTheLimit(t *testing.T) {
	r := must(t, Experiment{Grid: Grid{D: 400, Gamma: []float64{0.5, 1, 2}, Sigma: []float64{0.5}, Decay: []float64{0.05, 0.5, 3}},
		Method: Solve, Trials: 4, Seed: 3, Procedures: []Procedure{Scratch}}.Run())
	for _, c := range r.Cells {
		want, err := theory.Scratch.Limit(c.Setting.Limit())
		if err != nil {
			t.Fatal(err)
		}
		if m, err := c.Mean(theory.RiskScratch); err != nil || math.Abs(m.Value-want) > 4*m.StdErr+4./400 {
			t.Errorf("%v: %v, limit %v, %v", c.Setting, m, want, err)
		}
	}
}

// Training of all weights ends where the solvers say: same data, network by
// network, up to O(α) and the step. paper.md, sections 6 to 8.
func TestTrainEndsWhereSolveEnds(t *testing.T) {
	one := []float64{1}
	for _, e := range []Experiment{
		{Grid: Grid{D: 30, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 3}, Sigma: one, Depth: []int{2, 3}}},
		{Grid: Grid{D: 30, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 3}, Sigma: one, Depth: []int{2, 5}}, Balanced: true, Procedures: []Procedure{FineTune}},
		{Grid: Grid{D: 20, Gamma: []float64{0.5}, Theta: one, Sigma: one, SourceGamma: []float64{0.5}, SourceSigma: one}},
		{Grid: Grid{D: 20, Gamma: []float64{0.5}, Theta: []float64{0.5}, Sigma: []float64{0.2}, Features: []int{1, 4}}, Procedures: []Procedure{Transfer}, Alpha: 1e-3},
		{Grid: Grid{D: 20, Gamma: []float64{0.5, 1, 2}, Sigma: one, Decay: []float64{0.1, 0.5, 9}}, Procedures: []Procedure{Scratch}},
		{Grid: Grid{D: 20, Gamma: []float64{0.5, 1, 2}, Sigma: one}, Procedures: []Procedure{Tuned}},
	} {
		e.Trials, e.Seed, e.Method = 4, 1, Solve
		solve := must(t, e.Run())
		e.Method = Train
		train := must(t, e.Run())
		compared := 0
		for i, c := range train.Cells {
			for k := range e.Trials {
				for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskTuned, theory.RiskLinear, theory.RiskFineTune, theory.ScaleC} {
					g, w := trialOf(c, q, k), trialOf(solve.Cells[i], q, k)
					if math.IsNaN(g) || math.IsNaN(w) { // not run by one of them
						continue
					}
					compared++
					if math.Abs(g-w) > 0.03*w {
						t.Errorf("%v, data set %d: %s = %.5f by training, %.5f by solving", c.Setting, k, q, g, w)
					}
				}
				if scale := trialOf(solve.Cells[i], theory.ScaleC, k); scale < 1.02 {
					t.Errorf("%v, data set %d: c = %.3f is too near 1 to tell the forms apart", c.Setting, k, scale)
				}
			}
		}
		if compared < 4*len(train.Cells) {
			t.Errorf("%v: only %d numbers compared", train, compared)
		}
	}
}

func TestTheNumbersDoNotDependOnWorkers(t *testing.T) {
	for _, m := range []Method{Law, Solve, Train} {
		grid := Grid{D: 8, Gamma: []float64{0.5, 2}, Theta: []float64{0, 1}, Sigma: []float64{0.2}}
		e := Experiment{Grid: grid, Method: m, Trials: 3, Seed: 4, Workers: 1}
		one := must(t, e.Run())
		e.Workers = 16
		many := must(t, e.Run())
		if d := diff(one, many); d != "" {
			t.Errorf("%s: 1 and 16 workers differ:\n%s", m, d)
		}
		e.Seed = 5
		if other := must(t, e.Run()); diff(one, other) == "" {
			t.Errorf("%s: another seed gives the same numbers", m)
		}
		// A cell keeps its numbers when the grid around it changes.
		e.Seed, e.Grid.Theta = 4, []float64{1}
		if part := must(t, e.Run()); cmp.Diff(part.Cells[0].values, one.Cells[2].values, cmpopts.EquateNaNs()) != "" {
			t.Errorf("%s: a cell changed with the grid around it", m)
		}
	}
}

// A verdict must be able to fail: each planted error in a copy of the theory
// is found, in means and in medians, and refuting a true formula fails too.
func TestVerdictFindsPlantedErrors(t *testing.T) {
	grid := Grid{D: 40, Gamma: []float64{0.5, 1, 1.5}, Theta: []float64{0.6}, Sigma: []float64{0.5}}
	r := must(t, Experiment{Grid: grid, Method: Law, Trials: 4000, Seed: 6}.Run())
	for _, result := range []theory.Result{theory.Scratch, theory.Linear, theory.LinearTransferability, theory.FineTuneTransferability} {
		if v := r.Verdict(result); !v.Agrees() {
			t.Errorf("the true formula fails: %v\n%v", v.Err(), v)
		}
		wrong := result
		wrong.Mean = func(s theory.Setting) (theory.Value, error) {
			v, err := result.Mean(s)
			return theory.Value{Value: 1.2*v.Value + 0.01}, err
		}
		away := r.Where(func(s theory.Setting) bool { return s.N != s.D })
		if v := away.Verdict(wrong); v.Agrees() {
			t.Errorf("a planted error passes:\n%v", v)
		}
		if v := away.Verdict(result).Refuted(); v.Agrees() {
			t.Errorf("refuting the truth passes:\n%v", v)
		}
		if v := away.Verdict(wrong).Refuted(); !v.Agrees() {
			t.Errorf("refuting an error fails: %v\n%v", v.Err(), v)
		}
		if v := away.Verdict(result).And(away.Verdict(wrong)); v.Agrees() {
			t.Error("a joined verdict hides a row that disagrees")
		}
	}
}

func TestGridCountsASettingOnce(t *testing.T) {
	s, err := Grid{D: 10, Gamma: []float64{0.5, 0.51, 1}, Sigma: []float64{0.2, 0.2}}.Settings()
	if err != nil || len(s) != 2 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestPooledAndBreakEven(t *testing.T) {
	grid := Grid{D: 60, Gamma: []float64{0.5}, Theta: Range(0.6, 1.2, 7), Sigma: []float64{1}}
	r := must(t, Experiment{Grid: grid, Method: Law, Trials: 20000, Seed: 6}.Run())
	if v := r.Pooled(theory.FineTuneTransferability).And(r.BreakEven(theory.FineTuneTransferability)); !v.Agrees() || len(v.Rows) != 3 {
		t.Errorf("%v\n%v", v.Err(), v)
	}
	if v := r.Pooled(theory.FineTuneTransferabilityPrinted); v.Agrees() {
		t.Errorf("the printed form passes at σ = 1:\n%v", v)
	}
	if v := r.BreakEven(theory.FineTuneTransferabilityPrinted); v.Agrees() {
		t.Errorf("the printed break-even angle passes at σ = 1:\n%v", v)
	}
}

func TestVerdictRowsAreJSON(t *testing.T) {
	v := verdict.Compare("a", "b", "c", theory.Value{Value: 1}, theory.Value{Value: 2}, 5)
	data, err := json.Marshal(v.SimpleRender()[verdict.MIME])
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if rows[0]["z"] != nil || rows[0]["agree"] != false || rows[0]["measured"] != 2.0 {
		t.Errorf("%s", data)
	}
}

func TestBadInput(t *testing.T) {
	good := Experiment{Grid: Grid{D: 10, Gamma: []float64{0.5}}, Method: Law, Trials: 2}
	for want, change := range map[string]func(*Experiment){
		"Gamma is empty":       func(e *Experiment) { e.Grid.Gamma = nil },
		"Gamma = NaN":          func(e *Experiment) { e.Grid.Gamma = []float64{math.NaN()} },
		"N = 0":                func(e *Experiment) { e.Grid.Gamma = []float64{0.01} },
		"D = 0":                func(e *Experiment) { e.Grid.D = 0; e.Grid.Gamma = []float64{0.5} },
		"Theta = +Inf":         func(e *Experiment) { e.Grid.Theta = []float64{math.Inf(1)} },
		"Sigma = -1":           func(e *Experiment) { e.Grid.Sigma = []float64{-1} },
		"Lambda = -2":          func(e *Experiment) { e.Grid.Lambda = []float64{-2} },
		"Depth = 0":            func(e *Experiment) { e.Grid.Depth = []int{0} },
		"Depth = 1":            func(e *Experiment) { e.Grid.Depth = []int{1}; e.Method = Train },
		"SourceGamma = -1":     func(e *Experiment) { e.Grid.SourceGamma = []float64{-1} },
		"less than one point":  func(e *Experiment) { e.Grid.SourceGamma = []float64{0.01} },
		"Features = 10":        func(e *Experiment) { e.Grid.Features = []int{10} },
		"from one source task": func(e *Experiment) { e.Grid.Features, e.Method = []int{2}, Solve },
		"Decay = 1":            func(e *Experiment) { e.Grid.Decay, e.Method = []float64{1}, Solve },
		"no tuned baseline":    func(e *Experiment) { e.Procedures = []Procedure{Tuned} },
		"Method":               func(e *Experiment) { e.Method = "guess" },
		"Trials = 1":           func(e *Experiment) { e.Trials = 1 },
		"Workers = -1":         func(e *Experiment) { e.Workers = -1 },
		"Alpha = NaN":          func(e *Experiment) { e.Alpha = math.NaN() },
		"Procedures":           func(e *Experiment) { e.Procedures = []Procedure{"x"} },
	} {
		e := good
		change(&e)
		r := e.Run()
		if r.Err() == nil || !strings.Contains(r.Err().Error(), want) {
			t.Errorf("want an error about %s, got %v", want, r.Err())
			continue
		}
		// Everything made from a failed run carries the error.
		for _, err := range []error{r.Verdict(theory.Scratch).Err(), r.Pooled(theory.Scratch).Err(), r.Measured(theory.RiskScratch, Gamma, "").Err(),
			r.Theory(theory.Scratch, Gamma, "").Err(), r.Plane(theory.LinearTransferability, Theta, Gamma).Err(), r.Where(func(theory.Setting) bool { return true }).Err()} {
			if err != r.Err() {
				t.Errorf("%s: a product of the run says %v", want, err)
			}
		}
	}
	r := must(t, good.Run())
	for want, err := range map[string]error{
		"axis":            r.Measured(theory.RiskScratch, "nothing", "").Err(),
		"keeps no grid":   r.Where(func(theory.Setting) bool { return false }).Err(),
		"boundary":        r.Plane(theory.Scratch, Theta, Gamma).Err(),
		"at least one th": r.Verdict().Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	part := Experiment{Grid: good.Grid, Method: Solve, Trials: 2, Procedures: []Procedure{Transfer}}.Run()
	if err := part.Verdict(theory.Scratch).Err(); err == nil || !strings.Contains(err.Error(), "R_sc was not measured") {
		t.Errorf("want an error about an unmeasured quantity, got %v", err)
	}
}

// An interrupted run returns the trials that had finished.
func TestInterrupt(t *testing.T) {
	done := make(chan *Table)
	go func() {
		done <- Experiment{Grid: Grid{D: 300, Gamma: []float64{0.9}, Sigma: []float64{0.1}}, Method: Train, Trials: 1000, Alpha: 1e-3}.Run()
	}()
	for stopped := false; !stopped; {
		select {
		case r := <-done:
			if r.Err() != nil || !r.Interrupted || r.Cells[0].Trials() >= 1000 {
				t.Errorf("interrupted = %v, %d trials, %v", r.Interrupted, r.Cells[0].Trials(), r.Err())
			}
			if err := r.Verdict(theory.Scratch).Err(); err == nil || !strings.Contains(err.Error(), "interrupted") {
				t.Errorf("a verdict on an interrupted run: %v", err)
			}
			stopped = true
		case <-time.After(10 * time.Millisecond):
			session.Interrupt()
		}
	}
}

func TestCurvesEndAtTheExactRisks(t *testing.T) {
	r := Curves{Setting: theory.Setting{N: 20, D: 40, Theta: 0.8, Sigma: 0.2, Depth: 2}, Seed: 1}.Run()
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune} {
		if g, w := r.Cells[0].last(q), r.Cells[0].last(solved(q)); math.Abs(g-w) > 0.03*w {
			t.Errorf("%s = %.4f by training, %.4f by solving", q, g, w)
		}
	}
	if r := (Curves{Setting: theory.Setting{N: 20, D: 40, Depth: 1}}).Run(); r.Err() == nil {
		t.Error("learning curves at depth 1 are no error")
	}
}

// One trial of the paper's phase diagram: 20 angles, 20 sample sizes, both noise levels.
func BenchmarkPhaseDiagramTrial(b *testing.B) {
	e := Experiment{Method: Solve, Trials: 2, Grid: Grid{D: 500, Gamma: Range(0.05, 1.95, 20), Theta: Range(math.Pi/80, 39*math.Pi/80, 20), Sigma: []float64{0, 0.2}}}
	benchmarkTrials(b, e)
}

func BenchmarkTrainTrial(b *testing.B) {
	for _, depth := range []int{2, 3} {
		b.Run(fmt.Sprintf("L=%d", depth), func(b *testing.B) {
			benchmarkTrials(b, Experiment{Grid: Grid{D: 30, Gamma: []float64{0.5}, Theta: []float64{1}, Sigma: []float64{0.2}, Depth: []int{depth}}, Method: Train, Trials: 4})
		})
	}
}

// A trial of the phase diagram that the cache holds.
func BenchmarkCachedTrial(b *testing.B) {
	withCache(b, b.TempDir())
	e := Experiment{Method: Solve, Trials: 2, Grid: Grid{D: 100, Gamma: Range(0.05, 1.95, 20), Theta: Range(math.Pi/80, 39*math.Pi/80, 20), Sigma: []float64{0, 0.2}}}
	e.Run()
	benchmarkTrials(b, e)
}

func benchmarkTrials(b *testing.B, e Experiment) {
	b.ReportAllocs()
	for b.Loop() {
		if r := e.Run(); r.Err() != nil {
			b.Fatal(r.Err())
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N*e.Trials), "ms/trial")
}
