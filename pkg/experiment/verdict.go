package experiment

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/theory"
	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Agreement is the largest |z| at which theory and measurement agree. A true
// formula exceeds it once in 16,000 rows.
const Agreement = 4

// heavy is the distance |n−d| up to which a scratch risk has no fourth moment,
// so that a z-score from the sample variance means little: there the medians
// are compared.
const heavy = 7

// rounding is the difference below which two numbers are the same.
const rounding = 1e-12

// Row compares one prediction with one measurement.
type Row struct {
	Result   string // what is predicted, from theory.Result
	Source   string // theorem and equation
	Setting  string
	Claim    string // "="; "≠" for a formula that should fail here; ">" or "<" for a bound
	Theory   theory.Value
	Measured theory.Value
	Z        float64 // (measured − theory) / their joint standard error
	Trials   int
	Agree    bool // |Z| ≤ Agreement for "=", > Agreement for "≠", Z on its side of it for a bound
}

// Verdict is a table of comparisons. As the value of a cell it renders itself
// and carries machine-readable rows, from which the headless run decides its
// exit code.
type Verdict struct {
	Rows []Row
	err  error
}

// Compare makes one row from any prediction and any measurement.
func Compare(result, source, setting string, predicted, measured theory.Value, trials int) *Verdict {
	return &Verdict{Rows: []Row{newRow(result, source, setting, predicted, measured, trials)}}
}

func newRow(result, source, setting string, predicted, measured theory.Value, trials int) Row {
	r := Row{Result: result, Source: source, Setting: setting, Claim: "=", Theory: predicted, Measured: measured, Trials: trials}
	diff := measured.Value - predicted.Value
	switch se := math.Hypot(predicted.StdErr, measured.StdErr); {
	case math.Abs(diff) <= rounding*(1+math.Abs(predicted.Value)): // also with no spread
	case se == 0:
		r.Z = math.Copysign(math.Inf(1), diff)
	default:
		r.Z = diff / se
	}
	r.Agree = math.Abs(r.Z) <= Agreement
	return r
}

// Verdict compares the mean of every cell with the exact finite-size mean of
// each result, one row a cell. Within |n−d| ≤ 7, where scratch risks have heavy
// tails, it compares the medians with those of the exact law.
func (r *Run) Verdict(results ...theory.Result) *Verdict {
	return r.verdict(results, func(c Cell, result theory.Result) (Row, error) {
		if heavyTailed(c, result.Quantity) {
			return medianRow(c, result)
		}
		return meanRow(c, result)
	})
}

func (r *Run) verdict(results []theory.Result, row func(Cell, theory.Result) (Row, error)) *Verdict {
	v := &Verdict{err: r.verdictError(results)}
	if v.err != nil {
		return v
	}
	for _, result := range results {
		rows := make([]Row, len(r.Cells))
		if v.err = overCells(r.Cells, func(i int, c Cell) (err error) {
			rows[i], err = row(c, result)
			return err
		}); v.err != nil {
			return &Verdict{err: v.err}
		}
		v.Rows = append(v.Rows, rows...)
	}
	return v
}

// overCells does f for all cells, on all cores: exact means can take draws of the law.
func overCells(cells []Cell, f func(i int, c Cell) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range cells {
		group.Go(func() error { return recovered(func() error { return f(i, c) }) })
	}
	return group.Wait()
}

func (r *Run) verdictError(results []theory.Result) error {
	switch {
	case r.err != nil:
		return r.err
	case r.Interrupted:
		return errors.New("experiment: the run was interrupted: run it to the end for a verdict")
	case len(results) == 0:
		return errors.New("experiment: a verdict needs at least one theory result")
	}
	return nil
}

// heavyTailed reports whether q is a least-squares risk near n = d, or depends on
// the norm of a noisy fit of the source near n_s = d.
func heavyTailed(c Cell, q theory.Quantity) bool {
	near := func(n int) bool { return n-c.Setting.D <= heavy && c.Setting.D-n <= heavy }
	switch q {
	case theory.RiskLinear, theory.RiskTuned, theory.TLinearTuned, theory.FeatureResidual:
		return false
	case theory.RiskFineTune, theory.TFineTune:
		if c.Setting.SourceSigma > 0 && near(c.Setting.SourceN) {
			return true
		}
	}
	return near(c.Setting.N) && c.Setting.Decay == 0
}

func meanRow(c Cell, result theory.Result) (Row, error) {
	predicted, err := result.Mean(c.Setting)
	if err != nil {
		return Row{}, err
	}
	measured, err := c.Mean(result.Quantity)
	if err != nil {
		return Row{}, err
	}
	return newRow(result.Name, result.Source, c.Setting.String(), predicted, measured, c.trials()), nil
}

// medianRow compares medians: z is the deviation of the share of trials below
// the law's median from ½, in binomial standard errors.
func medianRow(c Cell, result theory.Result) (Row, error) {
	const draws = 1 << 16
	law, err := theory.NewLaw(c.Setting)
	if err != nil {
		return Row{}, err
	}
	sample := make([]float64, draws)
	for i, r := range law.Sample(draws, 1) {
		sample[i] = r.Of(result.Quantity)
	}
	slices.Sort(sample)
	predicted := stat.Quantile(0.5, stat.LinInterp, sample, nil)
	x, err := c.Values(result.Quantity)
	if err != nil {
		return Row{}, err
	}
	measured, err := c.Median(result.Quantity)
	if err != nil {
		return Row{}, err
	}
	below, trials := 0.0, float64(len(x))
	for _, v := range x {
		if v < predicted {
			below++
		}
	}
	row := newRow(result.Name+", median", "exact law", c.Setting.String(), theory.Value{Value: predicted}, theory.Value{Value: measured}, len(x))
	if row.Z != 0 { // newRow found the medians to differ
		row.Z = (0.5 - below/trials) / math.Sqrt(0.25/trials+0.25/draws)
	}
	row.Agree = math.Abs(row.Z) <= Agreement
	return row, nil
}

// Pooled compares the average of a transferability over all cells where theory
// has it positive, and over all where it is negative: two rows for a whole phase
// diagram. Cells share the data of a trial, so the error is that of the average over
// trials. Cells with |n−d| ≤ 7, whose means are not to be trusted, are left out.
func (r *Run) Pooled(results ...theory.Result) *Verdict {
	v := &Verdict{err: r.verdictError(results)}
	if v.err == nil {
		v.err = r.constant("a pooled verdict is over θ and γ alone", func(s *theory.Setting) { s.Theta, s.N = 0, 1 })
	}
	if v.err != nil {
		return v
	}
	for _, result := range results {
		type pool struct {
			cells             int
			theory, theoryVar float64
			data              []float64 // the sum over cells, for each trial
		}
		var pools [2]pool
		means := make([]theory.Value, len(r.Cells))
		if v.err = overCells(r.Cells, func(i int, c Cell) (err error) {
			if !heavyTailed(c, result.Quantity) {
				means[i], err = result.Mean(c.Setting)
			}
			return err
		}); v.err != nil {
			return &Verdict{err: v.err}
		}
		for i, c := range r.Cells {
			if heavyTailed(c, result.Quantity) {
				continue
			}
			predicted := means[i]
			x, err := c.Values(result.Quantity)
			if err != nil {
				return &Verdict{err: err}
			}
			p := &pools[0]
			if predicted.Value < 0 {
				p = &pools[1]
			}
			if p.data == nil {
				p.data = make([]float64, len(x))
			}
			p.cells++
			p.theory += predicted.Value
			p.theoryVar += predicted.StdErr * predicted.StdErr
			floats.Add(p.data, x)
		}
		s := r.Cells[0].Setting
		for i, region := range []string{"≥ 0", "< 0"} {
			p := pools[i]
			if p.cells == 0 {
				continue
			}
			n := float64(p.cells)
			floats.Scale(1/n, p.data)
			v.Rows = append(v.Rows, newRow("mean "+result.Name, result.Source,
				fmt.Sprintf("%d cells with %s %s, %s", p.cells, result.Quantity, region, fixed(s, "n", "θ")),
				theory.Value{Value: p.theory / n, StdErr: math.Sqrt(p.theoryVar) / n}, theory.Mean(p.data), len(p.data)))
		}
	}
	return v
}

// fixed prints what a setting has beside the symbols that vary, as n and θ.
func fixed(s theory.Setting, vary ...string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(s.String()), func(f string) bool {
		symbol, _, _ := strings.Cut(f, "=")
		return slices.Contains(vary, symbol)
	}), " ")
}

// And joins verdicts into one table.
func (v *Verdict) And(others ...*Verdict) *Verdict {
	out := &Verdict{Rows: slices.Clone(v.Rows), err: v.err}
	for _, o := range others {
		out.Rows = append(out.Rows, o.Rows...)
		if out.err == nil {
			out.err = o.err
		}
	}
	return out
}

// Refuted turns every claim around: a row agrees if theory and measurement are
// more than 4 standard errors apart. It is for printed forms that the exact
// form corrects, at settings where the two can be told apart.
func (v *Verdict) Refuted() *Verdict {
	return v.claim("≠", func(z float64) bool { return math.Abs(z) > Agreement })
}

// Above makes a bound of every row: it agrees if the measurement is more than 4
// standard errors above the theory.
func (v *Verdict) Above() *Verdict {
	return v.claim(">", func(z float64) bool { return z > Agreement })
}

// Below is Above for measurements below the theory.
func (v *Verdict) Below() *Verdict {
	return v.claim("<", func(z float64) bool { return z < -Agreement })
}

func (v *Verdict) claim(claim string, agrees func(z float64) bool) *Verdict {
	out := &Verdict{Rows: slices.Clone(v.Rows), err: v.err}
	for i, r := range out.Rows {
		out.Rows[i].Claim, out.Rows[i].Agree = claim, agrees(r.Z)
	}
	return out
}

// Err returns why there is no verdict, or nil. A row that disagrees is not an
// error.
func (v *Verdict) Err() error { return v.err }

// Agrees reports whether there is a verdict and every row of it agrees.
func (v *Verdict) Agrees() bool {
	return v.err == nil && len(v.Rows) > 0 && !slices.ContainsFunc(v.Rows, func(r Row) bool { return !r.Agree })
}
