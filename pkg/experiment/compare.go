package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// As returns the measured means of q as a result at the settings of the run, to predict
// another experiment, such as training by solving. The two must be independent: give them
// different seeds.
func (t *Table) As(name, source string, q theory.Quantity) theory.Result {
	return theory.Result{Name: name, Source: source, Quantity: q,
		Limit: func(theory.Limit) (float64, error) {
			return 0, fmt.Errorf("experiment: %s is measured at the settings of a run and has no limit", name)
		},
		Mean: func(s theory.Setting) (theory.Value, error) {
			if t.err != nil {
				return theory.Value{}, t.err
			}
			i := t.find(s)
			if i < 0 {
				return theory.Value{}, fmt.Errorf("experiment: %s was not measured at %v", name, s)
			}
			return t.Cells[i].Mean(q)
		},
	}
}

// find returns the index of the cell at s, or −1.
func (t *Table) find(s theory.Setting) int {
	return slices.IndexFunc(t.Cells, func(c Cell) bool { return c.Setting == s })
}

// AtLimit compares the mean of every cell with the proportional limit of each result, for
// runs so large that finite-size corrections are far below the standard errors.
func (t *Table) AtLimit(results ...theory.Result) *verdict.Verdict {
	return t.verdict(results, func(c Cell, result theory.Result) (verdict.Row, error) {
		limit := result
		limit.Name += ", limit"
		limit.Mean = func(s theory.Setting) (theory.Value, error) {
			v, err := result.Limit(s.Limit())
			return theory.Value{Value: v}, err
		}
		return meanRow(c, limit)
	})
}

// Change compares the change of a result from one value of an axis to another with its
// prediction. The cells of a trial share their data, and differences are taken trial by
// trial, so changes far below the spread between data sets are resolved. There is one row
// for each setting of the other axes.
func (t *Table) Change(along theory.Axis, from, to float64, results ...theory.Result) *verdict.Verdict {
	if err := t.verdictError(results); err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, result := range results {
		for _, a := range t.Cells {
			if a.At(along) != from {
				continue
			}
			i := t.find(a.moved(along, to).Setting)
			if i < 0 {
				return verdict.Failed(fmt.Errorf("experiment: the run has no grid cell at %s = %v to compare with %v", along, to, a.Setting))
			}
			row, err := changeRow(a, t.Cells[i], result)
			if err != nil {
				return verdict.Failed(err)
			}
			row.Result = fmt.Sprintf("change of %s, %s %.4g → %.4g", result.Name, along, from, to)
			v.Rows = append(v.Rows, row)
		}
	}
	if len(v.Rows) == 0 {
		return verdict.Failed(fmt.Errorf("experiment: the run has no grid cell at %s = %v", along, from))
	}
	return v
}

func changeRow(a, b Cell, result theory.Result) (row verdict.Row, err error) {
	var mean [2]theory.Value
	var x [2][]float64
	for i, c := range []Cell{a, b} {
		if mean[i], err = result.Mean(c.Setting); err != nil {
			return row, err
		}
		if x[i], err = c.Values(result.Quantity); err != nil {
			return row, err
		}
	}
	diff := make([]float64, len(x[0]))
	for i := range diff {
		diff[i] = x[1][i] - x[0][i]
	}
	return verdict.NewRow("", result.Source, a.Setting.String(),
		theory.Value{Value: mean[1].Value - mean[0].Value, StdErr: math.Hypot(mean[0].StdErr, mean[1].StdErr)},
		theory.Mean(diff), len(diff)), nil
}

// Wins compares, cell by cell, the share of data sets on which transfer beats training from
// scratch with its probability under the exact joint law. The results must be
// [theory.LinearTransferability] or [theory.FineTuneTransferability].
func (t *Table) Wins(results ...theory.Result) *verdict.Verdict {
	const draws = 1 << 17
	return t.verdict(results, func(c Cell, result theory.Result) (verdict.Row, error) {
		sum, err := c.Setting.Summary(draws)
		if err != nil {
			return verdict.Row{}, err
		}
		p := sum.PLinearWins
		switch result.Quantity {
		case theory.TLinear:
		case theory.TFineTune:
			p = sum.PFineTuneWins
		default:
			return verdict.Row{}, fmt.Errorf("experiment: Wins is for the quantities %q and %q, not %q", theory.TLinear, theory.TFineTune, result.Quantity)
		}
		measured, err := c.Wins(result.Quantity)
		if err != nil {
			return verdict.Row{}, err
		}
		// From the probability under the law: a measured share of 0 or 1 has no spread.
		measured.StdErr = math.Sqrt(p.Value * (1 - p.Value) / float64(c.Trials()))
		return verdict.NewRow(fmt.Sprintf("P(%s > 0)", result.Quantity), "exact joint law", c.Setting.String(), p, measured, c.Trials()).Known(), nil
	})
}

// Mean and standard deviation of the Kolmogorov distribution, the law of √(nm/(n+m)) times
// the distance between large samples of one distribution, of sizes n and m.
const kolmogorovMean, kolmogorovSD = 0.8687311606361591, 0.26033

// SameLaw compares the distributions of quantities in two runs, cell by cell, by the
// two-sample Kolmogorov–Smirnov distance. The predicted distance is the mean for two
// samples of one law; z is the standard normal quantile at the p-value of the measured
// distance.
func (t *Table) SameLaw(other *Table, quantities ...theory.Quantity) *verdict.Verdict {
	if err := cmp.Or(t.verdictError(make([]theory.Result, len(quantities))), other.verdictError(make([]theory.Result, 1))); err != nil {
		return verdict.Failed(err)
	}
	v := verdict.Of()
	for _, q := range quantities {
		for _, a := range t.Cells {
			i := other.find(a.Setting)
			if i < 0 {
				return verdict.Failed(fmt.Errorf("experiment: the other run has no grid cell at %v", a.Setting))
			}
			x, err := a.Values(q)
			if err != nil {
				return verdict.Failed(err)
			}
			y, err := other.Cells[i].Values(q)
			if err != nil {
				return verdict.Failed(err)
			}
			slices.Sort(x)
			slices.Sort(y)
			d := stat.KolmogorovSmirnov(x, nil, y, nil)
			n, m := float64(len(x)), float64(len(y))
			scale := math.Sqrt((n + m) / (n * m))
			row := verdict.NewRow(fmt.Sprintf("distribution of %s, distance", q), "exact joint law", a.Setting.String(),
				theory.Value{Value: kolmogorovMean * scale, StdErr: kolmogorovSD * scale}, theory.Value{Value: d}, min(len(x), len(y)))
			row.Z = distuv.UnitNormal.Quantile(1 - kolmogorovTail(d/scale))
			row = row.Known()
			row.Agree = row.Z <= verdict.Agreement // a distance below its mean is no disagreement
			v.Rows = append(v.Rows, row)
		}
	}
	return v
}

// kolmogorovTail is P(K > x) = 2Σ(−1)^(j−1) exp(−2j²x²), clamped away from 0 and 1. Below
// x = 0.1 it is 1 to 50 digits, and the series converges too slowly.
func kolmogorovTail(x float64) float64 {
	if x < 0.1 {
		return 1 - 1e-9
	}
	sum := 0.0
	for j := 1.0; j <= 100; j++ {
		sum += 2 * math.Pow(-1, j-1) * math.Exp(-2*j*j*x*x)
	}
	return math.Min(1-1e-9, math.Max(1e-15, sum))
}

// Distribution returns the cumulative distribution P(q ≤ t) over data sets at a number of
// points t, with binomial standard errors, one curve for each value of the axis by. For a
// transferability, its value at 0 is the probability that transfer loses.
func (t *Table) Distribution(q theory.Quantity, by theory.Axis, points int) Series {
	if points < 2 {
		return Series{err: fmt.Errorf("experiment: points = %d: a distribution needs at least 2", points)}
	}
	along := by
	if by == None {
		along = Gamma
	}
	labels, groups, err := t.group(q, along, by)
	s := Series{err: err}
	for g, cells := range groups {
		if len(cells) > 1 {
			return Series{err: fmt.Errorf("experiment: a curve is the distribution in one grid cell, but the run has %v and %v: select one with Where, or split by an axis", cells[0].Setting, cells[1].Setting)}
		}
		c := curve{label: labels[g]}
		x, err := cells[0].Values(q)
		if err != nil {
			return Series{err: err}
		}
		slices.Sort(x)
		n := float64(len(x))
		// From the 0.5 % to the 99.5 % quantile, in equal steps of probability.
		for _, p := range Range(0.005, 0.995, points) {
			c.x = append(c.x, stat.Quantile(p, stat.LinInterp, x, nil))
			c.y, c.bar = append(c.y, p), append(c.bar, math.Sqrt(p*(1-p)/n))
		}
		s.curves = append(s.curves, c)
	}
	return t.noting(s.from(t.origin))
}
