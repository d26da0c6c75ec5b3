package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// source returns the ends at one Mu, by trial.
func (r *StudentsRun) source(mu float64) (out []StudentEnd) {
	for _, e := range r.Ends {
		if e.N == 0 && e.Mu == mu {
			out = append(out, e)
		}
	}
	return out
}

// scratch returns the risks from scratch on n points, by trial.
func (r *StudentsRun) scratch(n int) (out []float64) {
	for _, e := range r.Ends {
		if e.N == n {
			out = append(out, e.Scratch)
		}
	}
	return out
}

// risks returns the trials of a risk or a transferability at one Mu, which scratch
// does not depend on, and the j-th number of points.
func (r *StudentsRun) risks(q theory.Quantity, mu float64, j int) ([]float64, error) {
	s := r.Students
	var needs []Procedure
	var of func(e StudentEnd) []float64
	switch q {
	case theory.RiskScratch:
		needs = []Procedure{Scratch}
	case theory.RiskLinear, theory.TLinear:
		needs, of = []Procedure{Transfer}, func(e StudentEnd) []float64 { return e.Linear }
	case theory.RiskFineTune, theory.TFineTune:
		needs, of = []Procedure{FineTune}, func(e StudentEnd) []float64 { return e.FineTune }
	default:
		return nil, fmt.Errorf("experiment: %s is not measured on students", q)
	}
	change := q == theory.TLinear || q == theory.TFineTune
	if change {
		needs = append(needs, Scratch)
	}
	for _, p := range needs {
		if !s.runs(p) {
			return nil, fmt.Errorf("experiment: %s was not measured: Procedures lacks %q", q, p)
		}
	}
	scratch := r.scratch(s.N[j])
	if of == nil {
		return scratch, nil
	}
	var out []float64
	for i, e := range r.source(mu) {
		v := of(e)[j]
		if change {
			v = scratch[i] - v
		}
		out = append(out, v)
	}
	return out, nil
}

// At returns the part of the run at some of its Mu, with all of scratch.
func (r *StudentsRun) At(mu ...float64) *StudentsRun {
	out := &StudentsRun{Students: r.Students, err: r.err}
	out.Students.Mu = mu
	for _, v := range mu {
		if out.err == nil && !slices.Contains(r.Students.Mu, v) {
			out.err = fmt.Errorf("experiment: mu = %v: it is not one of Mu, %v", v, r.Students.Mu)
		}
	}
	for _, e := range r.Ends {
		if e.N > 0 || slices.Contains(mu, e.Mu) {
			out.Ends = append(out.Ends, e)
		}
	}
	return out
}

// muLabel names a curve by its Mu.
func muLabel(mu float64) string { return fmt.Sprintf(`$\mu = %.4g$`, mu) }

// sizes returns the numbers of points as numbers.
func (s Students) sizes() []float64 {
	out := make([]float64, len(s.N))
	for j, n := range s.N {
		out[j] = float64(n)
	}
	return out
}

// Measured returns the means of a risk or a transferability against n with their
// standard errors over teachers: one set of points for each Mu, or one for the risk
// from scratch.
func (r *StudentsRun) Measured(q theory.Quantity) Series {
	mus := r.Students.Mu
	if q == theory.RiskScratch {
		mus = []float64{math.NaN()}
	}
	return r.series(mus, func(mu float64, j int) ([]float64, error) { return r.risks(q, mu, j) })
}

// OverSquare returns the mean risk from scratch against n/d², the number of points for
// each quadratic form of the inputs, named by the dimension.
func (r *StudentsRun) OverSquare() Series {
	s := r.Measured(theory.RiskScratch).Named(fmt.Sprintf("$d = %d$", r.Students.D))
	for _, c := range s.curves {
		floats.Scale(1/float64(r.Students.D*r.Students.D), c.x)
	}
	return s
}

// AllNeurons returns the mean risk of linear transfer on all neurons of the student,
// with a small ridge, against n.
func (r *StudentsRun) AllNeurons() Series {
	return r.series(r.Students.Mu, func(mu float64, j int) (x []float64, err error) {
		if !r.Students.runs(Transfer) {
			return nil, fmt.Errorf("experiment: linear transfer was not measured: Procedures lacks %q", Transfer)
		}
		for _, e := range r.source(mu) {
			x = append(x, e.All[j])
		}
		return x, nil
	})
}

func (r *StudentsRun) series(mus []float64, values func(mu float64, j int) ([]float64, error)) Series {
	if r.err != nil {
		return Series{err: r.err}
	}
	var s Series
	for _, mu := range mus {
		c := curve{label: "scratch", x: r.Students.sizes()}
		if !math.IsNaN(mu) {
			c.label = muLabel(mu)
		}
		for j := range c.x {
			x, err := values(mu, j)
			if err != nil {
				return Series{err: err}
			}
			m := theory.Mean(x)
			c.y, c.bar = append(c.y, m.Value), append(c.bar, m.StdErr)
		}
		s.curves = append(s.curves, c)
	}
	return s.from(r.origin())
}

func (r *StudentsRun) origin() origin { return origin{Train, r.Students.Seed} }

// onFeatures is the mean risk of linear transfer on k features that leave out ρ, by
// the law of linear networks.
func onFeatures(rho float64, k, n int) (float64, error) {
	v, err := theory.Linear.Mean(theory.Setting{N: n, D: n + k + 2, Theta: math.Asin(math.Sqrt(math.Min(1, rho))), Features: k, Depth: 2})
	return v.Value, err
}

// onFeatures is the mean of onFeatures over the teachers, at the ρ that of takes.
func (r *StudentsRun) onFeatures(mu float64, n int, of func(e StudentEnd) float64) (mean float64, err error) {
	ends := r.source(mu)
	for _, e := range ends {
		v, err := onFeatures(of(e), r.Students.features(mu), n)
		if err != nil {
			return 0, err
		}
		mean += v / float64(len(ends))
	}
	return mean, nil
}

// Predicted returns the k-feature law ρ(1 + k/(n−k−1)) of linear networks as lines
// against n, with k the neurons of the source and the measured ρ of the student's k
// leading directions, for each Mu.
func (r *StudentsRun) Predicted() Series {
	if r.err != nil {
		return Series{err: r.err}
	}
	var s Series
	sizes := r.Students.sizes()
	for _, mu := range r.Students.Mu {
		c := curve{label: muLabel(mu)}
		k := r.Students.features(mu)
		for _, x := range Ratios(slices.Min(sizes), slices.Max(sizes), 60) {
			n := int(math.Round(x))
			if n <= k+2 {
				continue
			}
			v, err := r.onFeatures(mu, n, func(e StudentEnd) float64 { return e.Residual })
			if err != nil {
				return Series{err: err}
			}
			c.x, c.y = append(c.x, x), append(c.y, v)
		}
		s.curves = append(s.curves, c)
	}
	return s
}

// Residuals returns ρ against μ with standard errors over teachers: outside the k
// leading directions of the student's features, and outside the neurons of the
// source teacher.
func (r *StudentsRun) Residuals() (student, source Series) {
	if r.err != nil {
		return Series{err: r.err}, Series{err: r.err}
	}
	curves := [2]curve{{label: "features of the student"}, {label: "neurons of the source"}}
	for _, mu := range r.Students.Mu {
		var of [2][]float64
		for _, e := range r.source(mu) {
			of[0], of[1] = append(of[0], e.Residual), append(of[1], e.Floor)
		}
		for i := range curves {
			m := theory.Mean(of[i])
			curves[i].x, curves[i].y, curves[i].bar = append(curves[i].x, mu), append(curves[i].y, m.Value), append(curves[i].bar, m.StdErr)
		}
	}
	return Series{curves: curves[:1]}.from(r.origin()), Series{curves: curves[1:]}.from(origin{Solve, r.Students.Seed})
}

// PowerLaw is the risk A·n^(−Nu) from scratch, fitted to each trial; the errors are
// over trials.
type PowerLaw struct {
	LogA, Nu theory.Value
	From, To int // the range of n of the fit
	Trials   int
	err      error
}

// ScratchLaw fits the risk from scratch to a power law of n, on from and more points.
func (r *StudentsRun) ScratchLaw(from int) PowerLaw {
	law := PowerLaw{err: r.err, Trials: r.Students.Trials}
	if law.err != nil {
		return law
	}
	var x []float64
	var n []int
	for _, size := range slices.Sorted(slices.Values(r.Students.N)) {
		if size >= from {
			n, x = append(n, size), append(x, math.Log(float64(size)))
		}
	}
	switch {
	case !r.Students.runs(Scratch):
		law.err = fmt.Errorf("experiment: the risk from scratch was not measured: Procedures lacks %q", Scratch)
	case len(n) < 3:
		law.err = fmt.Errorf("experiment: from = %d: N has %d values from there on; a fit needs at least 3", from, len(n))
	}
	if law.err != nil {
		return law
	}
	law.From, law.To = n[0], n[len(n)-1]
	a, nu := make([]float64, law.Trials), make([]float64, law.Trials)
	for i := range nu {
		y := make([]float64, len(n))
		for j, size := range n {
			y[j] = math.Log(r.scratch(size)[i])
		}
		a[i], nu[i] = stat.LinearRegression(x, y, nil, false)
	}
	floats.Scale(-1, nu)
	law.LogA, law.Nu = theory.Mean(a), theory.Mean(nu)
	return law
}

// Err returns why there is no law, or nil.
func (l PowerLaw) Err() error { return l.err }

// At returns A·n^(−Nu).
func (l PowerLaw) At(n float64) float64 { return math.Exp(l.LogA.Value - l.Nu.Value*math.Log(n)) }

// meets returns the n at which the law has the value rho.
func (l PowerLaw) meets(rho float64) float64 {
	return math.Exp((l.LogA.Value - math.Log(rho)) / l.Nu.Value)
}

// Line returns the law as a line over the range of its fit.
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

// Verdict compares the exponent with one that somebody else found.
func (l PowerLaw) Verdict(source string, nu float64) *Verdict {
	if l.err != nil {
		return &Verdict{err: l.err}
	}
	return Compare("exponent ν of the scratch risk", source, fmt.Sprintf("n from %d to %d", l.From, l.To), theory.Value{Value: nu}, l.Nu, l.Trials)
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

// Map returns a measured transferability over μ and n/d. That of linear transfer has
// as its boundary where the power law of scratch meets the floor, the mean ρ outside
// the neurons of the source (Figure 3e).
func (r *StudentsRun) Map(q theory.Quantity, law PowerLaw) Map {
	m := Map{X: r.Students.Mu, origin: r.origin(), err: errors.Join(r.err, law.err)}
	if m.err != nil {
		return m
	}
	if q != theory.TLinear && q != theory.TFineTune {
		m.err = fmt.Errorf("experiment: %s has no phase boundary: a map needs a transferability", q)
		return m
	}
	d := float64(r.Students.D)
	for j, n := range r.Students.sizes() {
		m.Gamma = append(m.Gamma, n/d)
		row := make([]float64, len(m.X))
		for i, mu := range m.X {
			x, err := r.risks(q, mu, j)
			if err != nil {
				return Map{err: err}
			}
			row[i] = stat.Mean(x, nil)
		}
		m.Value = append(m.Value, row)
	}
	if q == theory.TFineTune {
		return m
	}
	mu, rho, err := r.Students.floors()
	if err != nil {
		return Map{err: err}
	}
	boundary := theory.Curve{X: mu}
	for _, v := range rho {
		boundary.Y = append(boundary.Y, law.meets(v)/d)
	}
	m.boundary = []theory.Curve{boundary}
	return m
}
