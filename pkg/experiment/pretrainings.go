package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Feature names what Pretrainings measures.
type Feature string

// The features of a pretrained network, see FeatureEnd.
const (
	EscapeTime     Feature = "time to escape"
	SecondSingular Feature = "second/first singular value"
	Misalignment   Feature = "1 − |cos(u₁, βs)|"
	Drift          Feature = "drift of D"
	EffectiveRank  Feature = "effective rank"
)

func (e FeatureEnd) of(f Feature) float64 {
	switch f {
	case EscapeTime:
		return e.Escape
	case SecondSingular:
		return e.Second
	case Misalignment:
		return e.Misalignment
	case Drift:
		return e.Drift
	case EffectiveRank:
		return e.EffectiveRank
	}
	return math.NaN()
}

// Pretrainings pretrains Trials networks at each depth, size of the start and
// learning rate (see Pretraining). An empty Step is the default one.
type Pretrainings struct {
	D           int
	Depth       []int
	Alpha, Step []float64
	Trials      int
	Seed        uint64
}

// PretrainingsRun holds the ends of all pretrainings. It is never nil: if one
// failed, Err says why.
type PretrainingsRun struct {
	Pretrainings Pretrainings
	Cells        []PretrainingCell
	err          error
}

// PretrainingCell holds the trials at one depth, α and step.
type PretrainingCell struct {
	Pretraining Pretraining
	Ends        []FeatureEnd
}

// Err returns why pretraining failed, or nil.
func (r *PretrainingsRun) Err() error { return r.err }

// Run pretrains on all cores. The same seed gives the same numbers on any number
// of them.
func (p Pretrainings) Run() *PretrainingsRun {
	r := &PretrainingsRun{Pretrainings: p}
	switch {
	case len(p.Depth) == 0 || len(p.Alpha) == 0:
		r.err = errors.New("experiment: Depth and Alpha need at least one value each")
	}
	steps := p.Step
	if len(steps) == 0 {
		steps = []float64{0}
	}
	if r.err == nil {
		r.err = checkTrials(p.Trials, len(p.Depth)*len(p.Alpha)*len(steps))
	}
	if r.err != nil {
		return r
	}
	for _, depth := range p.Depth {
		for _, step := range steps {
			for _, alpha := range p.Alpha {
				r.Cells = append(r.Cells, PretrainingCell{Ends: make([]FeatureEnd, p.Trials),
					Pretraining: Pretraining{D: p.D, Depth: depth, Alpha: alpha, Step: step, Seed: p.Seed}})
			}
		}
	}
	ctx, stop := interruptible()
	defer stop()
	name := func(k int) string {
		c := r.Cells[k/p.Trials].Pretraining
		return fmt.Sprintf("pretraining of %d layers from α = %.4g, trial %d", c.Depth, c.Alpha, k%p.Trials)
	}
	r.err = each(ctx, len(r.Cells)*p.Trials, 0, 1, name, func(ctx context.Context, k int) (err error) {
		c, i := &r.Cells[k/p.Trials], k%p.Trials
		key := struct {
			Pretraining Pretraining
			Trial       int
		}{c.Pretraining, i}
		c.Ends[i], err = cached("pretraining", key, func() (FeatureEnd, error) { return c.Pretraining.train(ctx, i, nil) })
		return err
	})
	if errors.Is(r.err, context.Canceled) {
		r.err = errors.New("experiment: the pretrainings were interrupted")
	}
	return r
}

// String says what was run.
func (r *PretrainingsRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	p := r.Pretrainings
	return fmt.Sprintf("pretraining: %d cells × %d networks at d = %d, seed %d", len(r.Cells), p.Trials, p.D, p.Seed)
}

// SimpleRender shows the run in a notebook.
func (r *PretrainingsRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}

func (c PretrainingCell) values(f Feature) ([]float64, error) {
	out := make([]float64, len(c.Ends))
	for i, e := range c.Ends {
		if out[i] = e.of(f); math.IsNaN(out[i]) {
			return nil, fmt.Errorf("experiment: feature %q: it is one of %q, %q, %q, %q, %q", f, EscapeTime, SecondSingular, Misalignment, Drift, EffectiveRank)
		}
	}
	return out, nil
}

func (c PretrainingCell) mean(f Feature) (theory.Value, error) {
	x, err := c.values(f)
	if err != nil {
		return theory.Value{}, err
	}
	return theory.Mean(x), nil
}

// along returns the cells of each depth with the values of the axis Alpha or Step.
func (r *PretrainingsRun) along(axis Axis) (x map[int][]float64, cells map[int][]PretrainingCell, err error) {
	if r.err != nil {
		return nil, nil, r.err
	}
	if axis != Alpha && axis != Step {
		return nil, nil, fmt.Errorf("experiment: axis %q: pretrainings are along %q or %q", axis, Alpha, Step)
	}
	x, cells = map[int][]float64{}, map[int][]PretrainingCell{}
	for _, c := range r.Cells {
		p := c.Pretraining
		v, other, fixed := p.Alpha, p.Step, r.Cells[0].Pretraining.Step
		if axis == Step {
			v, other, fixed = p.Step, p.Alpha, r.Cells[0].Pretraining.Alpha
		}
		if other != fixed {
			return nil, nil, fmt.Errorf("experiment: along %q the rest must be the same in all cells: run the others apart", axis)
		}
		x[p.Depth], cells[p.Depth] = append(x[p.Depth], v), append(cells[p.Depth], c)
	}
	return x, cells, nil
}

// Measured returns the means of a feature along Alpha or Step, one set of points
// for each depth.
func (r *PretrainingsRun) Measured(f Feature, axis Axis) Series {
	x, cells, err := r.along(axis)
	if err != nil {
		return Series{err: err}
	}
	var s Series
	for _, depth := range r.Pretrainings.Depth {
		c := curve{label: Depth.Label(float64(depth)), x: x[depth]}
		for _, cell := range cells[depth] {
			v, err := cell.mean(f)
			if err != nil {
				return Series{err: err}
			}
			c.y, c.bar = append(c.y, v.Value), append(c.bar, v.StdErr)
		}
		s.curves = append(s.curves, c)
	}
	return s.from(origin{Train, r.Pretrainings.Seed})
}

// Power returns, for each depth, the line y = A·x^p through the last measured
// point along Alpha or Step, with the exponent p(depth).
func (r *PretrainingsRun) Power(f Feature, axis Axis, exponent func(depth int) float64) Series {
	s := r.Measured(f, axis)
	for i, c := range s.curves {
		last := len(c.x) - 1
		line := curve{label: c.label, x: c.x}
		for _, x := range c.x {
			line.y = append(line.y, c.y[last]*math.Pow(x/c.x[last], exponent(r.Pretrainings.Depth[i])))
		}
		s.curves[i] = line
	}
	return s
}

// Predicted returns a prediction as a line along Alpha or Step for each depth.
func (r *PretrainingsRun) Predicted(axis Axis, predict func(p Pretraining) (theory.Value, error)) Series {
	s := r.Measured(EscapeTime, axis)
	for i := range s.curves {
		c := &s.curves[i]
		depth := r.Pretrainings.Depth[i]
		line := curve{label: c.label}
		for _, x := range Ratios(slices.Min(c.x), slices.Max(c.x), exactPoints) {
			p := r.Cells[0].Pretraining
			p.Depth = depth
			if axis == Alpha {
				p.Alpha = x
			} else {
				p.Step = x
			}
			v, err := predict(p)
			if err != nil {
				return Series{err: err}
			}
			line.x, line.y = append(line.x, x), append(line.y, v.Value)
		}
		*c = line
	}
	return s
}

// Exponent fits a feature ∝ x^p over Alpha or Step, to the mean logarithms of
// independent networks, and compares p with the predicted one, for each depth. A
// prediction for a vanishing start or step wants small ones.
func (r *PretrainingsRun) Exponent(f Feature, axis Axis, source string, exponent func(depth int) float64) *Verdict {
	x, cells, err := r.along(axis)
	if err != nil {
		return &Verdict{err: err}
	}
	v := &Verdict{}
	for _, depth := range r.Pretrainings.Depth {
		at := x[depth]
		if len(at) < 2 {
			return &Verdict{err: fmt.Errorf("experiment: an exponent in %q needs at least 2 values of it", axis)}
		}
		var logx, logy, weights []float64
		for k, c := range cells[depth] {
			y, err := c.values(f)
			if err != nil {
				return &Verdict{err: err}
			}
			for i := range y {
				if !(y[i] > 0) {
					return &Verdict{err: fmt.Errorf("experiment: %s = %v has no logarithm", f, y[i])}
				}
				y[i] = math.Log(y[i])
			}
			m := theory.Mean(y)
			logx, logy, weights = append(logx, math.Log(at[k])), append(logy, m.Value), append(weights, 1/(m.StdErr*m.StdErr))
		}
		_, slope := stat.LinearRegression(logx, logy, weights, false)
		_, variance := stat.PopMeanVariance(logx, weights)
		v.Rows = append(v.Rows, newRow(fmt.Sprintf("exponent of %s in %s", f, axis), source,
			fmt.Sprintf("d=%d L=%d, %s %.4g … %.4g", r.Pretrainings.D, depth, axis, at[0], at[len(at)-1]),
			theory.Value{Value: exponent(depth)}, theory.Value{Value: slope, StdErr: 1 / math.Sqrt(variance*floats.Sum(weights))}, len(at)*r.Pretrainings.Trials))
	}
	return v
}

// Verdict compares the mean of a feature in every cell with a prediction.
func (r *PretrainingsRun) Verdict(f Feature, source string, predict func(p Pretraining) (theory.Value, error)) *Verdict {
	v := &Verdict{err: r.err}
	if r.err != nil {
		return v
	}
	for _, c := range r.Cells {
		want, err := predict(c.Pretraining)
		if err != nil {
			return &Verdict{err: err}
		}
		m, err := c.mean(f)
		if err != nil {
			return &Verdict{err: err}
		}
		p := c.Pretraining
		v.Rows = append(v.Rows, newRow(string(f), source, fmt.Sprintf("d=%d L=%d α=%.4g", p.D, p.Depth, p.Alpha),
			want, m, len(c.Ends)))
	}
	return v
}
