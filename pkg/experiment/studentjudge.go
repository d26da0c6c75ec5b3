package experiment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// byTrial returns a row that compares the mean of a value over trials with its prediction.
func (t *Table) byTrial(result, setting string, predicted float64, value func(trial int) (float64, error)) *verdict.Verdict {
	if t.err != nil {
		return verdict.Failed(t.err)
	}
	x := make([]float64, t.trials)
	for i := range x {
		var err error
		if x[i], err = value(i); err != nil {
			return verdict.Failed(err)
		}
	}
	return verdict.Compare(result, "Section 4, eq. 18", setting, theory.Value{Value: predicted}, theory.Mean(x), len(x))
}

// fitted returns the numbers of points n ≥ 2k of the study, at which a fit of k features is
// stable: near n = k it has a double descent.
func (s Students) fitted(mu float64) (sizes []int, k int) {
	k = s.features(mu)
	for _, n := range s.N {
		if n >= 2*k {
			sizes = append(sizes, n)
		}
	}
	return sizes, k
}

// of returns a quantity at mu and n points in one trial; n = 0 is the source.
func (t *Table) of(q theory.Quantity, mu float64, n, trial int) (float64, error) {
	c, err := t.student(mu, n)
	if err != nil {
		return 0, err
	}
	x := c.column(q)
	if x == nil && len(c.scratch[q]) > 0 { // training from scratch has no μ
		x = c.scratch[q]
	}
	if x == nil {
		return 0, fmt.Errorf("experiment: %s was not measured at %v: its procedure was not run", q, c)
	}
	return x[trial], nil
}

// Floors compares the floor of the students of [Students], the part ρ of the target outside
// the k leading directions, with Expected. Each Mu has a row with the difference from the
// floor of the source, Floor: the expected one and the measured one, whose standard error is
// that of ρ − Expected over the trials. Trials are weighted by ‖f_t‖², for the mean holds of
// parts of the target, not of their ratios to a random norm.
func (t *Table) Floors() *verdict.Verdict {
	if _, err := studyOf[Students](t); err != nil {
		return verdict.Failed(err)
	}
	out := verdict.Of()
	for _, mu := range t.removed() {
		c, err := t.student(mu, 0)
		if err != nil {
			return verdict.Failed(err)
		}
		floor, ferr := c.Values(Floor)
		own, oerr := c.Values(theory.FeatureResidual)
		want, werr := c.Values(Expected)
		weight, serr := c.Values(SquareNorm)
		if err := errors.Join(ferr, oerr, werr, serr); err != nil {
			return verdict.Failed(err)
		}
		all := theory.Mean(weight).Value
		expected, measured, apart := make([]float64, t.trials), make([]float64, t.trials), make([]float64, t.trials)
		for i := range apart {
			w := weight[i] / all
			expected[i], measured[i], apart[i] = w*(want[i]-floor[i]), w*(own[i]-floor[i]), w*(own[i]-want[i])
		}
		difference := theory.Value{Value: theory.Mean(measured).Value, StdErr: theory.Mean(apart).StdErr}
		out = out.And(verdict.Compare("ρ of the student − ρ of the source", "Section 4, eq. 18", c.String(),
			theory.Value{Value: theory.Mean(expected).Value}, difference, t.trials))
	}
	return out
}

// Over compares the ratio of two quantities of [Students] with 1, in a row for each Mu. A
// quantity that depends on n is taken at the largest N.
func (t *Table) Over(first, second theory.Quantity) *verdict.Verdict {
	students, err := studyOf[Students](t)
	if err != nil {
		return verdict.Failed(err)
	}
	largest := slices.Max(students.N)
	out := verdict.Of()
	for _, mu := range t.removed() {
		source, err := t.student(mu, 0)
		if err != nil {
			return verdict.Failed(err)
		}
		setting, n := fmt.Sprintf("μ=%.4g", mu), [2]int{}
		for i, q := range []theory.Quantity{first, second} {
			if source.column(q) == nil {
				n[i] = largest
				setting = fmt.Sprintf("μ=%.4g n=%d", mu, largest)
			}
		}
		out = out.And(t.byTrial(fmt.Sprintf("%s over %s", first, second), setting, 1, func(trial int) (float64, error) {
			a, err := t.of(first, mu, n[0], trial)
			if err != nil {
				return 0, err
			}
			b, err := t.of(second, mu, n[1], trial)
			return a / b, err
		}))
	}
	return out
}

// OnFeatures compares the risk of linear transfer of [Students] with the k-feature law of
// linear networks at the measured ρ of the student (see FeatureLaw). Each Mu has a row with
// their ratio, averaged over n ≥ 2k, against 1. It is an error if no n is that large.
func (t *Table) OnFeatures() *verdict.Verdict {
	students, err := studyOf[Students](t)
	if err != nil {
		return verdict.Failed(err)
	}
	out := verdict.Of()
	for _, mu := range t.removed() {
		sizes, k := students.fitted(mu)
		out = out.And(t.byTrial("R_lt over ρ(1 + k/(n−k−1))", fmt.Sprintf("μ=%.4g k=%d n≥%d", mu, k, 2*k), 1, func(trial int) (float64, error) {
			if len(sizes) == 0 {
				return 0, fmt.Errorf("experiment: μ = %v: linear transfer was not measured on %d points or more", mu, 2*k)
			}
			rho, err := t.of(theory.FeatureResidual, mu, 0, trial)
			if err != nil {
				return 0, err
			}
			total := 0.0
			for _, n := range sizes {
				want, err := onFeatures(rho, k, n)
				if err != nil {
					return 0, err
				}
				linear, err := t.of(theory.RiskLinear, mu, n, trial)
				if err != nil {
					return 0, err
				}
				total += linear / want / float64(len(sizes))
			}
			return total, nil
		}))
	}
	return out
}

// Signs compares the sign of a transferability q of [Students] with its prediction.
// Transfer is predicted to win where the power law of training from scratch is above the
// k-feature law on the neurons of the source, which is the floor for n ≫ k. The mean of q
// over the cells predicted to win must be above 0, and over the others below 0; each has a
// row. Cells have n ≥ 2k.
func (t *Table) Signs(q theory.Quantity, law PowerLaw) *verdict.Verdict {
	students, err := studyOf[Students](t)
	if err := errors.Join(err, law.err); err != nil {
		return verdict.Failed(err)
	}
	type cell struct {
		mu float64
		n  int
	}
	var wins, loses []cell
	for _, mu := range t.removed() {
		sizes, _ := students.fitted(mu)
		for _, n := range sizes {
			expected, err := t.onFeatures(mu, n, Floor)
			if err != nil {
				return verdict.Failed(err)
			}
			if law.At(float64(n)) > expected {
				wins = append(wins, cell{mu, n})
			} else {
				loses = append(loses, cell{mu, n})
			}
		}
	}
	pooled := func(cells []cell, where string) *verdict.Verdict {
		if len(cells) == 0 {
			return verdict.Of()
		}
		return t.byTrial("mean "+string(q), fmt.Sprintf("%d cells with R_sc law %s R_lt law", len(cells), where), 0, func(trial int) (float64, error) {
			total := 0.0
			for _, c := range cells {
				x, err := t.of(q, c.mu, c.n, trial)
				if err != nil {
					return 0, err
				}
				total += x / float64(len(cells))
			}
			return total, nil
		})
	}
	return pooled(wins, ">").Above().And(pooled(loses, "<").Below())
}

// Changes compares two risks or transferabilities of [Students] on the same data sets. Each
// Mu has a row with the first minus the second, averaged over n ≥ 2k, against 0.
func (t *Table) Changes(first, second theory.Quantity) *verdict.Verdict {
	students, err := studyOf[Students](t)
	if err != nil {
		return verdict.Failed(err)
	}
	out := verdict.Of()
	for _, mu := range t.removed() {
		sizes, k := students.fitted(mu)
		out = out.And(t.byTrial(fmt.Sprintf("%s − %s", first, second), fmt.Sprintf("μ=%.4g, mean over n≥%d", mu, 2*k), 0, func(trial int) (float64, error) {
			total := 0.0
			for _, n := range sizes {
				a, err := t.of(first, mu, n, trial)
				if err != nil {
					return 0, err
				}
				b, err := t.of(second, mu, n, trial)
				if err != nil {
					return 0, err
				}
				total += (a - b) / float64(len(sizes))
			}
			return total, nil
		}))
	}
	return out
}
