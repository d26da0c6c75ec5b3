// Package verdict compares predictions with measurements. A [Row] has a z-score; a [Verdict]
// is a table of rows, which a notebook shows and a headless run reads.
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
	Result   string // the name of the predicted result
	Source   string // theorem and equation
	Setting  string
	Claim    string // "="; "≠" for a formula to be refuted; ">" or "<" for a bound
	Theory   theory.Value
	Measured theory.Value
	Z        float64 // (measured − theory) / their joint standard error
	Trials   int
	Agree    bool // |Z| ≤ Agreement for "=", |Z| > Agreement for "≠", Z > Agreement for ">", Z < −Agreement for "<"
}

// Verdict is a table of comparisons. As the value of a notebook cell it renders itself,
// with machine-readable rows that decide the exit code of a headless run.
type Verdict struct {
	Rows []Row
	err  error
}

// Of returns a verdict of the rows.
func Of(rows ...Row) *Verdict { return &Verdict{Rows: rows} }

// Failed returns a verdict without rows, with an error.
func Failed(err error) *Verdict { return &Verdict{err: err} }

// Compare returns a verdict of one row, see [NewRow].
func Compare(result, source, setting string, predicted, measured theory.Value, trials int) *Verdict {
	return Of(NewRow(result, source, setting, predicted, measured, trials))
}

// NewRow compares a prediction with a measurement over trials. result names the predicted
// result, source the theorem, setting the setting. NaN, an infinite value and an
// error that is negative or infinite never agree.
func NewRow(result, source, setting string, predicted, measured theory.Value, trials int) Row {
	r := Row{Result: result, Source: source, Setting: setting, Claim: "=", Theory: predicted, Measured: measured, Trials: trials}
	diff := measured.Value - predicted.Value
	switch se := math.Hypot(predicted.StdErr, measured.StdErr); {
	case math.IsNaN(diff) || math.IsNaN(se) || predicted.StdErr < 0 || measured.StdErr < 0:
		r.Z = math.NaN()
	case math.IsInf(diff, 0): // of two infinities diff is not a number
		r.Z = diff
	case math.IsInf(se, 0):
		r.Z = math.NaN()
	case math.Abs(diff) <= rounding*(1+math.Abs(predicted.Value)): // also with no spread
	case se == 0:
		r.Z = math.Copysign(math.Inf(1), diff)
	default:
		r.Z = diff / se
	}
	r.Agree = math.Abs(r.Z) <= Agreement
	return r
}

// And returns one verdict with the rows of all, and the first error among theirs.
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

// Refuted negates the claim of every row: a row agrees if theory and measurement are more
// than 4 standard errors apart. It is for printed formulas that an exact form corrects, at
// settings where the two differ measurably.
func (v *Verdict) Refuted() *Verdict {
	return v.claim("≠", func(z float64) bool { return math.Abs(z) > Agreement })
}

// Above makes every prediction a lower bound: a row agrees if the measurement is more than
// 4 standard errors above it.
func (v *Verdict) Above() *Verdict {
	return v.claim(">", func(z float64) bool { return z > Agreement })
}

// Below makes every prediction an upper bound: a row agrees if the measurement is more than
// 4 standard errors below it.
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

// Err returns the error for which there is no verdict, or nil. A row that disagrees is not
// an error.
func (v *Verdict) Err() error { return v.err }

// Agrees reports whether there is a verdict and every row of it agrees.
func (v *Verdict) Agrees() bool {
	return v.err == nil && len(v.Rows) > 0 && !slices.ContainsFunc(v.Rows, func(r Row) bool { return !r.Agree })
}
