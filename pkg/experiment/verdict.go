package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
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
	Claim    string // "=", or "≠" for a formula that should fail here
	Theory   theory.Value
	Measured theory.Value
	Z        float64 // (measured − theory) / their joint standard error
	Trials   int
	Agree    bool // |Z| ≤ Agreement for "=", > Agreement for "≠"
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
		if result.Quantity != theory.RiskLinear && distance(c) <= heavy {
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
		for _, c := range r.Cells {
			row, err := row(c, result)
			if err != nil {
				return &Verdict{err: err}
			}
			v.Rows = append(v.Rows, row)
		}
	}
	return v
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

func distance(c Cell) int {
	if c.Setting.N > c.Setting.D {
		return c.Setting.N - c.Setting.D
	}
	return c.Setting.D - c.Setting.N
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
	return newRow(result.Name, result.Source, c.Setting.String(), predicted, measured, len(c.Risks)), nil
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
// diagram. Cells with |n−d| ≤ 7, whose means are not to be trusted, are left out.
func (r *Run) Pooled(results ...theory.Result) *Verdict {
	v := &Verdict{err: r.verdictError(results)}
	if v.err != nil {
		return v
	}
	for _, result := range results {
		type pool struct {
			cells, trials        int
			theory, measured     float64
			theoryVar, measured2 float64
		}
		var pools [2]pool
		for _, c := range r.Cells {
			if distance(c) <= heavy {
				continue
			}
			row, err := meanRow(c, result)
			if err != nil {
				return &Verdict{err: err}
			}
			p := &pools[0]
			if row.Theory.Value < 0 {
				p = &pools[1]
			}
			p.cells++
			p.trials += row.Trials
			p.theory += row.Theory.Value
			p.theoryVar += row.Theory.StdErr * row.Theory.StdErr
			p.measured += row.Measured.Value
			p.measured2 += row.Measured.StdErr * row.Measured.StdErr
		}
		s := r.Cells[0].Setting
		for i, region := range []string{"≥ 0", "< 0"} {
			p := pools[i]
			if p.cells == 0 {
				continue
			}
			n := float64(p.cells)
			v.Rows = append(v.Rows, newRow("mean "+result.Name, result.Source,
				fmt.Sprintf("%d cells with %s %s, d=%d σ=%.4g", p.cells, result.Quantity, region, s.D, s.Sigma),
				theory.Value{Value: p.theory / n, StdErr: math.Sqrt(p.theoryVar) / n},
				theory.Value{Value: p.measured / n, StdErr: math.Sqrt(p.measured2) / n}, p.trials))
		}
	}
	return v
}

// BreakEven fits T = A·cosθ − B to the measured transferability over the
// angles of the run (all else fixed) and compares the angle of the tie, in
// degrees, with theory's at this size. Near the tie T is linear in cosθ.
func (r *Run) BreakEven(result theory.Result) *Verdict {
	v := &Verdict{err: r.verdictError([]theory.Result{result})}
	if v.err != nil {
		return v
	}
	var cos, weights []float64
	for _, c := range r.Cells {
		m, err := c.Mean(result.Quantity)
		if err != nil {
			return &Verdict{err: err}
		}
		cos, weights = append(cos, math.Cos(c.Setting.Theta)), append(weights, 1/(m.StdErr*m.StdErr))
	}
	fit := func(value func(Cell) (theory.Value, error)) (zero, slope, worst float64, err error) {
		t := make([]float64, len(r.Cells))
		for i, c := range r.Cells {
			v, err := value(c)
			if err != nil {
				return 0, 0, 0, err
			}
			t[i], worst = v.Value, math.Max(worst, v.StdErr)
		}
		intercept, slope := stat.LinearRegression(cos, t, weights, false)
		zero = -intercept / slope
		if !(math.Abs(zero) < 1) {
			return 0, 0, 0, fmt.Errorf("experiment: no break-even angle: the fit T = %.4g·cosθ %+.4g has no zero", slope, intercept)
		}
		return zero, slope, worst, nil
	}
	zero, slope, _, err := fit(func(c Cell) (theory.Value, error) { return c.Mean(result.Quantity) })
	if err != nil {
		return &Verdict{err: err}
	}
	exact, exactSlope, worst, err := fit(func(c Cell) (theory.Value, error) { return result.Mean(c.Setting) })
	if err != nil {
		return &Verdict{err: err}
	}
	// The variance of a weighted least-squares line at its zero.
	mean, variance := stat.PopMeanVariance(cos, weights)
	sum := floats.Sum(weights)
	spread := math.Sqrt((1 + (zero-mean)*(zero-mean)/variance) / sum)
	degrees := func(zero, spread float64) theory.Value {
		return theory.Value{Value: math.Acos(zero) * 180 / math.Pi, StdErr: spread / math.Sqrt(1-zero*zero) * 180 / math.Pi}
	}
	measured := degrees(zero, spread/math.Abs(slope))
	// The angles share the draws of the law, so their errors do not average out.
	predicted := degrees(exact, worst/math.Abs(exactSlope))
	trials := 0
	for _, c := range r.Cells {
		trials += len(c.Risks)
	}
	s := r.Cells[0].Setting
	v.Rows = []Row{newRow("break-even angle in degrees", result.Source,
		fmt.Sprintf("n=%d d=%d σ=%.4g L=%d", s.N, s.D, s.Sigma, s.Depth), predicted, measured, trials)}
	return v
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
	out := &Verdict{Rows: slices.Clone(v.Rows), err: v.err}
	for i := range out.Rows {
		out.Rows[i].Claim = "≠"
		out.Rows[i].Agree = math.Abs(out.Rows[i].Z) > Agreement
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

// rowJSON is a row as it stands in a notebook: null for an infinite number.
type rowJSON struct {
	Result         string   `json:"result"`
	Source         string   `json:"source"`
	Setting        string   `json:"setting"`
	Claim          string   `json:"claim"`
	Theory         *float64 `json:"theory"`
	TheoryStdErr   *float64 `json:"theory_stderr"`
	Measured       *float64 `json:"measured"`
	MeasuredStdErr *float64 `json:"measured_stderr"`
	Z              *float64 `json:"z"`
	Trials         int      `json:"trials"`
	Agree          bool     `json:"agree"`
}

// MarshalJSON implements json.Marshaler.
func (r Row) MarshalJSON() ([]byte, error) {
	finite := func(x float64) *float64 {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return nil
		}
		return &x
	}
	return json.Marshal(rowJSON{r.Result, r.Source, r.Setting, r.Claim, finite(r.Theory.Value), finite(r.Theory.StdErr),
		finite(r.Measured.Value), finite(r.Measured.StdErr), finite(r.Z), r.Trials, r.Agree})
}

// UnmarshalJSON implements json.Unmarshaler; a null number is +Inf.
func (r *Row) UnmarshalJSON(b []byte) error {
	var j rowJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	number := func(x *float64) float64 {
		if x == nil {
			return math.Inf(1)
		}
		return *x
	}
	*r = Row{j.Result, j.Source, j.Setting, j.Claim, theory.Value{Value: number(j.Theory), StdErr: number(j.TheoryStdErr)},
		theory.Value{Value: number(j.Measured), StdErr: number(j.MeasuredStdErr)}, number(j.Z), j.Trials, j.Agree}
	return nil
}
