// Package verdict compares predictions with measurements. A [Row] has a z-score; a [Verdict]
// is a table of rows, which a notebook shows and a headless run reads.
//
//	v := verdict.Compare("scratch risk", "Theorem 3.6", "n=50 d=100", predicted, measured, 200)
//	v.Agrees() // |z| ≤ 4.09, the limit for 199 degrees of freedom
package verdict

import (
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/stat/distuv"
)

// Agreement is the largest |z| at which theory and measurement agree if the standard error
// is known. A true formula exceeds it once in 16,000 rows. With an error that is estimated
// from few trials the limit is that quantile of Student's t: see [Row.Limit].
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
	DF       float64 // degrees of freedom of that error; 0 if it is known
	Trials   int
	Agree    bool // |Z| ≤ Limit for "=", |Z| > Limit for "≠", Z > Limit for ">", Z < −Limit for "<"
	// Trivial says that the row could hardly disagree: an identity, with no standard error on
	// either side; a bound that is more than ten limits away; too few trials to ever disagree.
	Trivial bool
}

// Limit returns the |z| that a true prediction exceeds once in 16,000 rows: 4 for a known
// standard error, and the quantile of Student's t for an estimated one, such as 4.09 with
// 199 degrees of freedom, 6.6 with 10 and 33 with 3.
func (r Row) Limit() float64 {
	if r.DF == 0 {
		return Agreement
	}
	tail := distuv.UnitNormal.Survival(Agreement)
	return -distuv.StudentsT{Sigma: 1, Nu: r.DF}.Quantile(tail)
}

// Known returns the row for a standard error that is known, such as a binomial one.
func (r Row) Known() Row {
	r.DF = 0
	return r.judge()
}

// judge sets Agree and Trivial from the other fields.
func (r Row) judge() Row {
	limit := r.Limit()
	switch r.Claim {
	case "≠":
		r.Agree = math.Abs(r.Z) > limit
	case ">":
		r.Agree = r.Z > limit
	case "<":
		r.Agree = r.Z < -limit
	default:
		r.Agree = math.Abs(r.Z) <= limit
	}
	const far = 10
	if r.Claim == ">" || r.Claim == "<" {
		r.Trivial = math.Abs(r.Z) > far*limit
	} else if r.Claim == "=" {
		r.Trivial = r.Z == 0 && r.Theory.StdErr == 0 && r.Measured.StdErr == 0
	}
	return r
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
// result, source the theorem, setting the setting. The error of the measurement has trials − 1
// degrees of freedom, that of the prediction counts as known, and their sum has those of
// Welch and Satterthwaite; fewer than 2 trials mean that both are known. NaN, an infinite
// value and an error that is negative or infinite never agree.
func NewRow(result, source, setting string, predicted, measured theory.Value, trials int) Row {
	r := Row{Result: result, Source: source, Setting: setting, Claim: "=", Theory: predicted, Measured: measured, Trials: trials}
	diff := measured.Value - predicted.Value
	se := math.Hypot(predicted.StdErr, measured.StdErr)
	switch {
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
	const many = 1e6 // degrees of freedom, at which Student's t is normal
	if share := measured.StdErr / se; trials > 1 && share > 0 {
		if df := float64(trials-1) / (share * share * share * share); df < many {
			r.DF = df
		}
	}
	return r.judge()
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

// Refuted negates the claim of every row: a row agrees if theory and measurement are farther
// apart than the limit. It is for printed formulas that an exact form corrects, at settings
// where the two differ measurably.
func (v *Verdict) Refuted() *Verdict { return v.claim("≠") }

// Above makes every prediction a lower bound: a row agrees if the measurement is above it by
// more than the limit.
func (v *Verdict) Above() *Verdict { return v.claim(">") }

// Below makes every prediction an upper bound: a row agrees if the measurement is below it
// by more than the limit.
func (v *Verdict) Below() *Verdict { return v.claim("<") }

func (v *Verdict) claim(claim string) *Verdict {
	out := &Verdict{Rows: slices.Clone(v.Rows), err: v.err}
	for i, r := range out.Rows {
		r.Claim, r.Trivial = claim, false
		out.Rows[i] = r.judge()
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
