package experiment

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// studyOf returns the study of a table, which must be of the type S.
func studyOf[S Study](t *Table) (S, error) {
	s, ok := t.study.(S)
	if t.err == nil && !ok {
		return s, fmt.Errorf("experiment: the table is of %T, not of %s", t.study, reflect.TypeFor[S]().Name())
	}
	return s, t.err
}

// removed returns the Mu of the table, in the order of its cells.
func (t *Table) removed() (out []float64) {
	for _, c := range t.Cells {
		if mu, ok := c.at[Mu]; ok && !slices.Contains(out, mu) {
			out = append(out, mu)
		}
	}
	return out
}

// student returns the cell at mu and n points; NaN stands for no μ, 0 for no n.
func (t *Table) student(mu float64, n int) (Cell, error) {
	for _, c := range t.Cells {
		at, hasMu := c.at[Mu]
		if c.Setting.N == n && (hasMu && at == mu || !hasMu && math.IsNaN(mu)) {
			return c, nil
		}
	}
	return Cell{}, fmt.Errorf("experiment: the table has no grid cell at μ = %v and n = %d", mu, n)
}

// OverSquare returns the mean risk from scratch of [Students] against n/d², the number of
// points relative to the order of the number of quadratic terms in the inputs. The label is
// the dimension.
func (t *Table) OverSquare() Series {
	out := t.Measured(theory.RiskScratch, Points, None)
	students, err := studyOf[Students](t)
	if err != nil {
		return Series{err: err}
	}
	for _, c := range out.curves {
		floats.Scale(1/float64(students.D*students.D), c.x)
	}
	return out.Named(fmt.Sprintf("$d = %d$", students.D))
}

// onFeatures returns the mean risk of linear transfer on k features with residual rho, by
// the law of linear networks.
func onFeatures(rho float64, k, n int) (float64, error) {
	v, err := theory.Linear.Mean(theory.Setting{N: n, D: n + k + 2, Theta: math.Asin(math.Sqrt(math.Min(1, rho))), Features: k, Depth: 2})
	return v.Value, err
}

// onFeatures returns the mean of onFeatures over the teachers, at the measured residual q.
func (t *Table) onFeatures(mu float64, n int, q theory.Quantity) (mean float64, err error) {
	students, err := studyOf[Students](t)
	if err != nil {
		return 0, err
	}
	c, err := t.student(mu, 0)
	if err != nil {
		return 0, err
	}
	rho := c.values[q]
	for _, x := range rho {
		v, err := onFeatures(x, students.features(mu), n)
		if err != nil {
			return 0, err
		}
		mean += v / float64(len(rho))
	}
	return mean, nil
}

// FeatureLaw returns the k-feature law ρ(1 + k/(n−k−1)) of linear networks as lines
// against n, with k the neurons of the source of [Students] and the measured ρ of the
// student's k leading directions, for each Mu.
func (t *Table) FeatureLaw() Series {
	students, err := studyOf[Students](t)
	if err != nil {
		return Series{err: err}
	}
	var s Series
	lo, hi := float64(slices.Min(students.N)), float64(slices.Max(students.N))
	for _, mu := range t.removed() {
		c := curve{label: Mu.Label(mu)}
		k := students.features(mu)
		for _, x := range Ratios(lo, hi, exactPoints) {
			n := int(math.Round(x))
			if n <= k+2 {
				continue
			}
			v, err := t.onFeatures(mu, n, theory.FeatureResidual)
			if err != nil {
				return Series{err: err}
			}
			c.x, c.y = append(c.x, x), append(c.y, v)
		}
		s.curves = append(s.curves, c)
	}
	return s
}

// PowerLaw is a power law A·n^(−Nu) of the risk from scratch, fitted in each trial. LogA
// and Nu are means over trials with their standard errors.
type PowerLaw struct {
	LogA, Nu theory.Value
	From, To int // the range of n of the fit
	Trials   int
	err      error
}

// ScratchLaw fits a power law of n to the risk from scratch of [Students], over the N at or
// above from, of which it needs at least 3 (Section 4).
func (t *Table) ScratchLaw(from int) PowerLaw {
	law := PowerLaw{Trials: t.trials}
	students, err := studyOf[Students](t)
	if law.err = err; err != nil {
		return law
	}
	var x []float64
	var n []int
	for _, size := range slices.Sorted(slices.Values(students.N)) {
		if size >= from {
			n, x = append(n, size), append(x, math.Log(float64(size)))
		}
	}
	switch {
	case !students.runs(Scratch):
		law.err = fmt.Errorf("experiment: the risk from scratch was not measured: Procedures lacks %q", Scratch)
	case len(n) < 3:
		law.err = fmt.Errorf("experiment: from = %d: N has %d values at or above it: a fit needs at least 3", from, len(n))
	}
	if law.err != nil {
		return law
	}
	law.From, law.To = n[0], n[len(n)-1]
	a, nu := make([]float64, law.Trials), make([]float64, law.Trials)
	for i := range nu {
		y := make([]float64, len(n))
		for j, size := range n {
			c, err := t.student(math.NaN(), size)
			if err != nil {
				return PowerLaw{err: err}
			}
			y[j] = math.Log(c.values[theory.RiskScratch][i])
		}
		a[i], nu[i] = stat.LinearRegression(x, y, nil, false)
	}
	floats.Scale(-1, nu)
	law.LogA, law.Nu = theory.Mean(a), theory.Mean(nu)
	return law
}

// Err returns the error of the fit, or nil.
func (l PowerLaw) Err() error { return l.err }

// At returns the risk A·n^(−Nu) at n points.
func (l PowerLaw) At(n float64) float64 { return math.Exp(l.LogA.Value - l.Nu.Value*math.Log(n)) }

// meets returns the n at which the law equals rho.
func (l PowerLaw) meets(rho float64) float64 {
	return math.Exp((l.LogA.Value - math.Log(rho)) / l.Nu.Value)
}

// Line returns the law as a line over the range of the fit.
func (l PowerLaw) Line() Series {
	if l.err != nil {
		return Series{err: l.err}
	}
	c := curve{label: "scratch"}
	for _, n := range Ratios(float64(l.From), float64(l.To), 2) {
		c.x, c.y = append(c.x, n), append(c.y, l.At(n))
	}
	return Series{curves: []curve{c}}
}

// Verdict compares the exponent with a published one, nu; source names the publication.
func (l PowerLaw) Verdict(source string, nu float64) *verdict.Verdict {
	if l.err != nil {
		return verdict.Failed(l.err)
	}
	return verdict.Compare("exponent ν of the scratch risk", source, fmt.Sprintf("n from %d to %d", l.From, l.To), theory.Value{Value: nu}, l.Nu, l.Trials)
}

// floors returns the mean ρ outside the neurons of the source for every number of
// neurons that can be removed, in rising order of μ.
func (s Students) floors() (mu, rho []float64, err error) {
	for removed := 1; removed < s.Teacher; removed++ {
		mu = append(mu, float64(removed)/float64(s.Teacher))
	}
	rho = make([]float64, len(mu))
	for i := range s.Trials {
		target, err := s.teacher(i)
		if err != nil {
			return nil, nil, err
		}
		for j := range mu {
			floor, _, err := floor(target, mu[j])
			if err != nil {
				return nil, nil, err
			}
			rho[j] += floor / float64(s.Trials)
		}
	}
	return mu, rho, nil
}

// LawPlane returns a measured transferability of [Students], theory.TLinear or
// theory.TFineTune, over μ and n/d. The boundary for linear transfer is the n/d at which
// the power law of training from scratch equals the floor, the mean ρ outside the neurons
// of the source (Figure 3e). Fine-tuning has none.
func (t *Table) LawPlane(q theory.Quantity, law PowerLaw) Plane {
	p := Plane{X: t.removed(), x: Mu.Title(), y: `$n/d$`, z: "$" + q.Symbol() + "$", origin: t.origin, facts: t.facts(t.origin)}
	students, err := studyOf[Students](t)
	if p.err = errors.Join(err, law.err); p.err != nil {
		return p
	}
	if q != theory.TLinear && q != theory.TFineTune {
		p.err = fmt.Errorf("experiment: %s has no phase boundary: the plane of a power law needs a transferability", q)
		return p
	}
	d := float64(students.D)
	for _, n := range students.N {
		p.Y = append(p.Y, float64(n)/d)
		row := make([]float64, len(p.X))
		for i, mu := range p.X {
			c, err := t.student(mu, n)
			if err != nil {
				return Plane{err: err}
			}
			x, err := c.Values(q)
			if err != nil {
				return Plane{err: err}
			}
			row[i] = stat.Mean(x, nil)
		}
		p.Value = append(p.Value, row)
	}
	if q == theory.TFineTune {
		return p
	}
	mu, rho, err := students.floors()
	if err != nil {
		return Plane{err: err}
	}
	boundary := theory.Curve{X: mu}
	for _, v := range rho {
		boundary.Y = append(boundary.Y, law.meets(v)/d)
	}
	p.boundary = []theory.Curve{boundary}
	return p
}

// FittingBoundary returns where the power law of training from scratch equals the risk
// ρ(1 + k/(n−k−1)) on the k neurons of the source, with the mean ρ outside them, as lines over
// μ and n/d: the boundary of [Table.LawPlane] with the cost of fitting k numbers. Where this
// cost is large, at n of a few k, it is far below the other, and has a second, lower line:
// under it linear transfer loses again.
func (t *Table) FittingBoundary(law PowerLaw) Series {
	students, err := studyOf[Students](t)
	if err := errors.Join(err, law.err); err != nil {
		return Series{err: err}
	}
	mu, rho, err := students.floors()
	if err != nil {
		return Series{err: err}
	}
	var upper, lower curve
	for i := range mu {
		k := float64(students.features(mu[i]))
		gains := func(n float64) bool { return law.At(n) > rho[i]*(1+k/(n-k-1)) }
		first, last := 0.0, 0.0 // crossings
		n := Ratios(k+2, 2*float64(slices.Max(students.N)), 2000)
		for j := 1; j < len(n); j++ {
			switch before, after := gains(n[j-1]), gains(n[j]); {
			case before && !after:
				last = n[j] / float64(students.D)
			case !before && after && first == 0:
				first = n[j] / float64(students.D)
			}
		}
		if last > 0 {
			upper.x, upper.y = append(upper.x, mu[i]), append(upper.y, last)
		}
		if first > 0 {
			lower.x, lower.y = append(lower.x, mu[i]), append(lower.y, first)
		}
	}
	var out Series
	for _, c := range []curve{upper, lower} {
		if c.x != nil {
			out.curves = append(out.curves, c)
		}
	}
	return out
}

// outside returns the mean ‖P⊥f_t‖² of teachers from which a number of neurons is removed,
// by the law of random neurons (see relu.Unspanned).
func (t Teachers) outside(removed int) (float64, error) {
	own, common, err := relu.Unspanned(t.Neurons-removed, t.D)
	r, all := float64(removed), float64(t.Neurons)
	if !t.Equal { // the signs are independent: what neurons have in common cancels
		common = 0
	}
	return (r*own + r*(r-1)*common) / (all * all), err
}

// OutsideLaw returns the mean OutsideNorm of [Teachers] in closed form, as a line over the
// range of Mu (see relu.Unspanned).
func (t *Table) OutsideLaw() Series {
	teachers, err := studyOf[Teachers](t)
	if err != nil {
		return Series{err: err}
	}
	var c curve
	lo, hi := slices.Min(teachers.Mu), slices.Max(teachers.Mu)
	for removed := 1; removed < teachers.Neurons; removed++ {
		if mu := float64(removed) / float64(teachers.Neurons); mu >= lo-1e-9 && mu <= hi+1e-9 {
			y, err := teachers.outside(removed)
			if err != nil {
				return Series{err: err}
			}
			c.x, c.y = append(c.x, mu), append(c.y, y)
		}
	}
	return Series{curves: []curve{c}}
}

// Outside compares the mean OutsideNorm of [Teachers] with its closed form, in a row for
// each Mu.
func (t *Table) Outside() *verdict.Verdict {
	teachers, err := studyOf[Teachers](t)
	if err != nil {
		return verdict.Failed(err)
	}
	return t.Against(OutsideNorm, "Figure 3d", func(c Cell) (theory.Value, error) {
		outside, err := teachers.outside(int(math.Round(c.At(Mu) * float64(teachers.Neurons))))
		return theory.Value{Value: outside}, err
	})
}
