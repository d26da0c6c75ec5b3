package experiment

import (
	"errors"
	"fmt"

	"github.com/features-are-fate/fate/pkg/theory"
)

// byTrial makes a row from a value of every trial.
func (r *StudentsRun) byTrial(result, setting string, predicted float64, value func(trial int) (float64, error)) *Verdict {
	if r.err != nil {
		return &Verdict{err: r.err}
	}
	x := make([]float64, r.Students.Trials)
	for i := range x {
		var err error
		if x[i], err = value(i); err != nil {
			return &Verdict{err: err}
		}
	}
	return Compare(result, "Section 4, eq. 18", setting, theory.Value{Value: predicted}, theory.Mean(x), len(x))
}

// fitted returns the places in N of the numbers of points on which k features are
// fitted well, n ≥ 2k: near n = k the fit has a double descent of its own.
func (r *StudentsRun) fitted(mu float64) (js []int, k int) {
	k = r.Students.features(mu)
	for j, n := range r.Students.N {
		if n >= 2*k {
			js = append(js, j)
		}
	}
	return js, k
}

// Floors compares the part of the target outside the student's k leading directions
// with the part outside the k neurons of the source: their difference, mean over μ.
func (r *StudentsRun) Floors() *Verdict {
	return r.byTrial("floor: ρ of the student − ρ of the source", fmt.Sprintf("mean over %d μ", len(r.Students.Mu)), 0, func(trial int) (float64, error) {
		total := 0.0
		for _, mu := range r.Students.Mu {
			e := r.source(mu)[trial]
			total += (e.Residual - e.Floor) / float64(len(r.Students.Mu))
		}
		return total, nil
	})
}

// OnFeatures compares the risk of linear transfer with the k-feature law of linear
// networks at the student's own ρ (see Predicted): their ratio, mean over the n of at
// least 2k, for each Mu.
func (r *StudentsRun) OnFeatures() *Verdict {
	out := &Verdict{err: r.err}
	for _, mu := range r.Students.Mu {
		js, k := r.fitted(mu)
		out = out.And(r.byTrial("R_lt over ρ(1 + k/(n−k−1))", fmt.Sprintf("μ=%.4g k=%d n≥%d", mu, k, 2*k), 1, func(trial int) (float64, error) {
			e := r.source(mu)[trial]
			if len(js) == 0 || len(e.Linear) == 0 {
				return 0, fmt.Errorf("experiment: μ = %v: linear transfer was not measured on %d points or more", mu, 2*k)
			}
			total := 0.0
			for _, j := range js {
				want, err := onFeatures(e.Residual, k, r.Students.N[j])
				if err != nil {
					return 0, err
				}
				total += e.Linear[j] / want / float64(len(js))
			}
			return total, nil
		}))
	}
	return out
}

// Signs compares the sign of a transferability with the predicted one: its mean over
// the cells in which the law of scratch is above the risk that linear transfer has by
// the k-feature law on the neurons of the source, and over those in which it is below,
// n ≥ 2k in both. For n ≫ k that risk is the floor. A positive sign is a row that
// should lie above 0, a negative one below.
func (r *StudentsRun) Signs(q theory.Quantity, law PowerLaw) *Verdict {
	if err := errors.Join(r.err, law.err); err != nil {
		return &Verdict{err: err}
	}
	type cell struct {
		mu float64
		j  int
	}
	var wins, loses []cell
	for _, mu := range r.Students.Mu {
		js, _ := r.fitted(mu)
		for _, j := range js {
			n := r.Students.N[j]
			expected, err := r.onFeatures(mu, n, func(e StudentEnd) float64 { return e.Floor })
			if err != nil {
				return &Verdict{err: err}
			}
			if law.At(float64(n)) > expected {
				wins = append(wins, cell{mu, j})
			} else {
				loses = append(loses, cell{mu, j})
			}
		}
	}
	pooled := func(cells []cell, where string) *Verdict {
		if len(cells) == 0 {
			return &Verdict{}
		}
		return r.byTrial("mean "+string(q), fmt.Sprintf("%d cells with R_sc law %s R_lt law", len(cells), where), 0, func(trial int) (float64, error) {
			total := 0.0
			for _, c := range cells {
				x, err := r.risks(q, c.mu, c.j)
				if err != nil {
					return 0, err
				}
				total += x[trial] / float64(len(cells))
			}
			return total, nil
		})
	}
	return pooled(wins, ">").Above().And(pooled(loses, "<").Below())
}

// Changes compares two risks or transferabilities on the same data sets: the mean of
// the first minus the second over all n ≥ 2k, for each Mu, against 0.
func (r *StudentsRun) Changes(first, second theory.Quantity) *Verdict {
	out := &Verdict{err: r.err}
	for _, mu := range r.Students.Mu {
		js, k := r.fitted(mu)
		out = out.And(r.byTrial(fmt.Sprintf("%s − %s", first, second), fmt.Sprintf("μ=%.4g, mean over n≥%d", mu, 2*k), 0, func(trial int) (float64, error) {
			total := 0.0
			for _, j := range js {
				a, err := r.risks(first, mu, j)
				if err != nil {
					return 0, err
				}
				b, err := r.risks(second, mu, j)
				if err != nil {
					return 0, err
				}
				total += (a[trial] - b[trial]) / float64(len(js))
			}
			return total, nil
		}))
	}
	return out
}
