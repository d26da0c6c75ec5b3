package experiment

import (
	"cmp"
	"fmt"

	"github.com/features-are-fate/fate/pkg/divergence"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// between returns the tasks of a setting.
func between(s theory.Setting) divergence.Tasks {
	return divergence.Tasks{D: s.D, Theta: s.Theta, Sigma: s.Sigma, Norm: s.Norm}
}

// AgainstDistance returns the means of q with their standard errors against a distance
// between the tasks, one set of points for each value of the axis by.
func (t *Table) AgainstDistance(d divergence.Distance, q theory.Quantity, by theory.Axis) Series {
	s := t.Measured(q, Theta, by)
	_, groups, err := t.group(q, Theta, by)
	if err := cmp.Or(s.err, err); err != nil {
		return Series{err: err}
	}
	for g, cells := range groups {
		for i, c := range cells {
			if s.curves[g].x[i], err = d.Of(between(c.Setting)); err != nil {
				return Series{err: err}
			}
		}
	}
	return s
}

// TheoryAgainstDistance returns the proportional limit of a result against a distance
// between the tasks, as lines over the range of angles of the run, one for each value of
// the axis by.
func (t *Table) TheoryAgainstDistance(d divergence.Distance, result theory.Result, by theory.Axis) Series {
	const points = 121 // a bound can require an optimization at each point
	return t.lines(Theta, by, func(s theory.Setting, lo, hi float64) (c curve, err error) {
		for _, theta := range Range(lo, hi, points) {
			s.Theta = theta
			x, err := d.Of(between(s))
			if err != nil {
				return c, err
			}
			y, err := result.Limit(s.Limit())
			if err != nil {
				return c, err
			}
			c.x, c.y = append(c.x, x), append(c.y, y)
		}
		return c, nil
	})
}

// DistanceCurve returns a distance between tasks as a line along Theta, Sigma or Norm; the
// other parameters are those of tasks.
func DistanceCurve(label string, d divergence.Distance, tasks divergence.Tasks, along theory.Axis, values []float64) Series {
	c := curve{label: label}
	for _, x := range values {
		switch along {
		case Theta:
			tasks.Theta = x
		case Sigma:
			tasks.Sigma = x
		case Norm:
			tasks.Norm = x
		default:
			return Series{err: fmt.Errorf("experiment: a distance is along %q, %q or %q, not %q", Theta, Sigma, Norm, along)}
		}
		y, err := d.Of(tasks)
		if err != nil {
			return Series{err: err}
		}
		c.x, c.y = append(c.x, x), append(c.y, y)
	}
	return Series{curves: []curve{c}}
}

// Estimated compares a distance between tasks with its estimate from n samples of each. A
// distance without an estimator is an error.
func Estimated(d divergence.Distance, tasks divergence.Tasks, n int, seed uint64) *verdict.Verdict {
	if d.Estimate == nil {
		return verdict.Failed(fmt.Errorf("experiment: %s has no estimator", d.Name))
	}
	want, err := d.Of(tasks)
	if err != nil {
		return verdict.Failed(err)
	}
	m, se, err := d.Estimate(tasks, n, seed)
	if err != nil {
		return verdict.Failed(err)
	}
	return verdict.Compare(d.Name, "Appendix A", tasks.String(), theory.Value{Value: want}, theory.Value{Value: m, StdErr: se}, n)
}
