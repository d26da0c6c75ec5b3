// Package verdict compares predictions with measurements: rows with a z-score, and tables
// of them that a notebook shows and a headless run reads.
//
//	v := verdict.Compare("scratch risk", "Theorem 3.6", "n=50 d=100", predicted, measured, 200)
//	v.Agrees() // |z| ≤ 4
package verdict

import (
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
)

// Agreement is the largest |z| at which theory and measurement agree. A true
// formula exceeds it once in 16,000 rows.
const Agreement = 4

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

// Of returns a table of the rows.
func Of(rows ...Row) *Verdict { return &Verdict{Rows: rows} }

// Failed returns the verdict that could not be reached because of err.
func Failed(err error) *Verdict { return &Verdict{err: err} }

// Compare returns a verdict of one row, see [NewRow].
func Compare(result, source, setting string, predicted, measured theory.Value, trials int) *Verdict {
	return Of(NewRow(result, source, setting, predicted, measured, trials))
}

// NewRow compares a prediction with a measurement over trials: result says of what, source
// names the theorem, setting the place. A prediction or measurement that is not a number
// does not agree.
func NewRow(result, source, setting string, predicted, measured theory.Value, trials int) Row {
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
