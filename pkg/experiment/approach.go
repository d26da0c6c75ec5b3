package experiment

import (
	"errors"
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/mat"
)

// deviation is the distance of the means of a result from its limit at one setting, with
// the sign for which the exact distance is positive.
type deviation struct {
	setting         theory.Setting
	measured, exact theory.Value
}

func (v deviation) d() float64 { return float64(v.setting.D) }

func (c Cell) deviation(result theory.Result) (deviation, error) {
	out := deviation{setting: c.Setting}
	limit, err := result.Limit(c.Setting.Limit())
	if err != nil {
		return out, err
	}
	if out.exact, err = result.Mean(c.Setting); err != nil {
		return out, err
	}
	if out.measured, err = c.Mean(result.Quantity); err != nil {
		return out, err
	}
	sign := 1.0
	if out.exact.Value < limit {
		sign = -1
	}
	out.exact.Value = sign * (out.exact.Value - limit)
	out.measured.Value = sign * (out.measured.Value - limit)
	return out, nil
}

// deviations returns the deviations of a result, grouped by the axis by.
func (t *Table) deviations(result theory.Result, by theory.Axis) (labels []string, groups [][]deviation, err error) {
	labels, cells, err := t.group("", Dimension, by)
	if err != nil {
		return nil, nil, err
	}
	groups = make([][]deviation, len(cells))
	for g := range cells {
		groups[g] = make([]deviation, len(cells[g]))
		if err := overCells(cells[g], func(i int, c Cell) (err error) {
			groups[g][i], err = c.deviation(result)
			return err
		}); err != nil {
			return nil, nil, err
		}
	}
	return labels, groups, nil
}

// Deviations returns the distance of a result from its proportional limit as a function of
// d: measured means with standard errors as points and exact means as lines, one for each
// value of the axis by. An exact mean that is itself sampled is replaced by the power of d
// fitted to it (see Exponents). Both distances change sign where the exact mean is below
// the limit. The limit is taken at the rounded ratio n/d of the cell.
func (t *Table) Deviations(result theory.Result, by theory.Axis) View {
	v := View{x: Dimension.Title(), y: `$|\mathcal{R}(d) - \mathcal{R}_\infty|$`}
	labels, groups, err := t.deviations(result, by)
	for g, group := range groups {
		p, l := curve{label: labels[g]}, curve{label: labels[g]}
		for _, d := range group {
			p.x, p.y, p.bar = append(p.x, d.d()), append(p.y, d.measured.Value), append(p.bar, d.measured.StdErr)
			l.x, l.y = append(l.x, d.d()), append(l.y, d.exact.Value)
		}
		if err = smooth(&l, group); err != nil {
			break
		}
		v.points.curves, v.lines.curves = append(v.points.curves, p), append(v.lines.curves, l)
	}
	if err != nil {
		v.lines, v.points = Series{err: err}, Series{err: err}
	}
	t.noting(v.points.from(t.origin))
	return v
}

// smooth replaces a line of sampled means by the power of d fitted to them.
func smooth(l *curve, group []deviation) error {
	var weights []float64
	for _, v := range group {
		if v.exact.StdErr == 0 || len(group) < 3 {
			return nil
		}
		weights = append(weights, 1/(v.exact.StdErr*v.exact.StdErr))
	}
	x, exact := logs(group, func(v deviation) theory.Value { return v.exact })
	a, nu, err := powerLaw(x, exact, weights)
	if err != nil {
		return fmt.Errorf("experiment: exact means: %w", err)
	}
	for i := range l.y {
		l.y[i] = math.Exp(a - nu.Value*x[i])
	}
	return nil
}

// logs returns log d and one of the two distances of each deviation.
func logs(group []deviation, of func(deviation) theory.Value) (x []float64, y []theory.Value) {
	for _, v := range group {
		x, y = append(x, math.Log(v.d())), append(y, of(v))
	}
	return x, y
}

// Exponents fits a power law A·d^(−ν) to the distance of each result from its limit, once
// for each value of the axis by, and compares ν with the exponent of the exact means,
// fitted with the same weights. It requires independent cells (Experiment.Independent) and
// at least 3 dimensions.
func (t *Table) Exponents(by theory.Axis, results ...theory.Result) *verdict.Verdict {
	if err := t.verdictError(results); err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, result := range results {
		_, groups, err := t.deviations(result, by)
		if err != nil {
			return verdict.Failed(err)
		}
		for _, group := range groups {
			row, err := t.exponentRow(result, group)
			if err != nil {
				return verdict.Failed(fmt.Errorf("experiment: exponent of %s at %s: %w", result.Quantity, rest(group), err))
			}
			v.Rows = append(v.Rows, row)
		}
	}
	return v
}

// rest prints the parameters that the cells along d share.
func rest(group []deviation) string {
	s := group[0].setting
	return fmt.Sprintf("γ=%.4g %s", s.Gamma(), fixed(s, "n", "d"))
}

func (t *Table) exponentRow(result theory.Result, group []deviation) (verdict.Row, error) {
	var weights []float64
	lo, hi := math.Inf(1), 0.0
	for _, v := range group {
		if !(v.measured.StdErr > 0) {
			return verdict.Row{}, fmt.Errorf("all trials at d = %v are equal: there is no standard error", v.d())
		}
		weights = append(weights, 1/(v.measured.StdErr*v.measured.StdErr))
		lo, hi = math.Min(lo, v.d()), math.Max(hi, v.d())
	}
	x, exact := logs(group, func(v deviation) theory.Value { return v.exact })
	_, predicted, err := powerLaw(x, exact, weights)
	if err != nil {
		return verdict.Row{}, fmt.Errorf("exact means: %w", err)
	}
	x, measured := logs(group, func(v deviation) theory.Value { return v.measured })
	_, nu, err := powerLaw(x, measured, weights)
	if err != nil {
		return verdict.Row{}, err
	}
	setting := fmt.Sprintf("d from %v to %v, %s", lo, hi, rest(group))
	return verdict.NewRow("exponent ν of |"+string(result.Quantity)+" − limit|", result.Source, setting, predicted, nu, t.trials), nil
}

// powerLaw fits y = exp(a − ν·x) by weighted least squares. The residuals are those of y,
// whose errors are normal, and not of its logarithm. It returns a, and ν with the standard
// error propagated from those of y.
func powerLaw(x []float64, y []theory.Value, weights []float64) (a float64, nu theory.Value, err error) {
	const parameters = 2
	if len(x) <= parameters {
		return 0, nu, fmt.Errorf("there are %d dimensions: a fit needs at least 3", len(x))
	}
	top := 0
	for i := range y {
		if y[i].Value > y[top].Value {
			top = i
		}
	}
	if largest := y[top].Value; !(largest > 0) || math.IsInf(largest, 0) {
		return 0, nu, fmt.Errorf("the largest distance from the limit is %v, and a power law needs one above 0: run more trials", largest)
	}
	nu.Value = 1
	a = math.Log(y[top].Value) + x[top] // the line of slope −1 through the largest
	for range 200 {
		normal := mat.NewSymDense(parameters, nil)
		right := mat.NewVecDense(parameters, nil)
		spread := mat.NewSymDense(parameters, nil)
		for i := range x {
			f := math.Exp(a - nu.Value*x[i])
			gradient := mat.NewVecDense(parameters, []float64{f, -f * x[i]})
			normal.SymRankOne(normal, weights[i], gradient)
			right.AddScaledVec(right, weights[i]*(y[i].Value-f), gradient)
			s := weights[i] * y[i].StdErr
			spread.SymRankOne(spread, s*s, gradient)
		}
		var chol mat.Cholesky
		var step mat.VecDense
		if !chol.Factorize(normal) || chol.SolveVecTo(&step, right) != nil {
			break
		}
		// A step changes the fit by at most a factor of e and its exponent by at most ½.
		shrink := 1 / math.Max(1, math.Max(math.Abs(step.AtVec(0)), 2*math.Abs(step.AtVec(1))))
		a += shrink * step.AtVec(0)
		nu.Value += shrink * step.AtVec(1)
		if math.Abs(step.AtVec(0))+math.Abs(step.AtVec(1)) < 1e-10 {
			var inverse mat.SymDense
			if err := chol.InverseTo(&inverse); err != nil {
				break
			}
			var cov mat.Dense
			cov.Product(&inverse, spread, &inverse)
			nu.StdErr = math.Sqrt(cov.At(1, 1))
			return a, nu, nil
		}
	}
	return 0, nu, errors.New("the fit of a power of d to the distances from the limit did not converge: run more trials")
}
