package experiment

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
	"gonum.org/v1/gonum/mat"
)

// Estimate is the estimated time of each unit of a study on one core. It is rough: for
// students it can be wrong by a factor of a few.
type Estimate struct {
	Measured int // number of timings
	seconds  func(unit int) float64
}

// cost describes how times are estimated: by calibrations, the cheapest first, and two
// sizes of each unit. The time of a unit is a product of powers of its sizes.
type cost struct {
	calibrate []calibration
	size      func(unit int) [2]float64
	scale     float64    // work of a unit of the study, relative to the calibration
	prior     [2]float64 // exponents of the sizes before any timing
}

// calibration times some work and returns its seconds and its two sizes.
type calibration func() (seconds float64, size [2]float64, err error)

// Estimate times a few trials or small trainings until the budget is spent, and fits a
// power law in the two sizes to the times.
func (p *Plan) Estimate(budget time.Duration) (*Estimate, error) {
	c := p.plan.cost
	if c.calibrate == nil {
		c = p.plan.ownUnits(budget)
	}
	f := newFit(c.prior)
	e := &Estimate{}
	for start := time.Now(); e.Measured < len(c.calibrate) && (e.Measured < 2 || time.Since(start) < budget); e.Measured++ {
		seconds, size, err := c.calibrate[e.Measured]()
		if err != nil {
			return nil, fmt.Errorf("experiment: estimate: %w", err)
		}
		f.add(size, seconds)
	}
	seconds, err := f.solve()
	if err != nil {
		return nil, fmt.Errorf("experiment: estimate: %w", err)
	}
	e.seconds = func(unit int) float64 { return c.scale * seconds(c.size(unit)) }
	return e, nil
}

// Of returns the seconds of some units, of very many by a sample of them.
func (e *Estimate) Of(share trial.Share) (seconds float64) {
	const most = 10_000
	n := min(share.Count, most)
	for i := range n {
		seconds += e.seconds(share.Unit(int(int64(i) * int64(share.Count) / int64(n))))
	}
	return seconds * float64(share.Count) / float64(max(1, n))
}

// ownUnits returns a cost that times units of the study itself and takes all units to have
// the same size.
func (p *plan) ownUnits(budget time.Duration) cost {
	patience := max(30*budget, 30*time.Second)
	c := cost{scale: 1, size: func(int) [2]float64 { return [2]float64{1, 1} }}
	for unit := range min(8, p.work.Units) {
		c.calibrate = append(c.calibrate, func() (float64, [2]float64, error) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			parts := make([]int, p.work.Parts(unit))
			for i := range parts {
				parts[i] = i
			}
			start := time.Now()
			err := p.work.Measure(ctx, unit, parts, func(int, []float64) {})
			if ctx.Err() != nil {
				err = fmt.Errorf("%s takes more than %v", p.work.Title(unit), patience)
			}
			return time.Since(start).Seconds(), c.size(unit), err
		})
	}
	return c
}

// estimate times two trials at cells of the experiment; the sizes are d and n.
func (e Experiment) estimate(p *plan, settings []theory.Setting) {
	const most = 8
	p.cost = cost{scale: 1, prior: map[Method][2]float64{Law: {0, 0}, Solve: {1, 2}, Train: {2, 1}}[e.Method]}
	size := func(s theory.Setting) [2]float64 { return [2]float64{float64(s.D), float64(s.N)} }
	sizes := slices.Clone(settings)
	product := func(s theory.Setting) float64 { return float64(s.D) * float64(s.N) * float64(max(1, s.Depth)) }
	slices.SortStableFunc(sizes, func(a, b theory.Setting) int { return cmp.Compare(product(a), product(b)) })
	for i := range most {
		s := sizes[i*(len(sizes)-1)/(most-1)]
		p.cost.calibrate = append(p.cost.calibrate, func() (float64, [2]float64, error) {
			few := e
			few.Trials, few.Independent = 2, true
			alone, err := few.alone(s)
			if err != nil {
				return 0, size(s), err
			}
			start := time.Now()
			t, _ := alone.run(context.Background(), few, trial.Options{Workers: 1})
			return time.Since(start).Seconds() / 2, size(s), t.err
		})
	}
	switch {
	case e.Independent: // a unit is a cell
		p.cost.scale = float64(e.Trials)
		p.cost.size = func(unit int) [2]float64 { return size(settings[unit]) }
	case e.Method == Law: // a block of draws of a cell
		blocks := (e.Trials + block - 1) / block
		p.cost.scale = float64(min(block, e.Trials))
		p.cost.size = func(unit int) [2]float64 { return size(settings[unit/blocks]) }
	case e.Method == Train: // a trial of a cell
		p.cost.size = func(unit int) [2]float64 { return size(settings[unit/e.Trials]) }
	default: // a trial of all cells, dominated by the largest
		p.cost.size = func(int) [2]float64 { return size(sizes[len(sizes)-1]) }
	}
}

// estimate times trainings of smaller students of the same proportions. The sizes are the
// cost of a gradient and d.
func (s Students) estimate(p *plan, units []studentPart) {
	p.cost = cost{scale: 1, prior: [2]float64{1, 1}, size: func(unit int) [2]float64 { return s.gradient(units[unit]) }}
	d := min(s.D, 4)
	for i := range 24 {
		small := s.like(d)
		p.cost.calibrate = append(p.cost.calibrate, func() (float64, [2]float64, error) {
			sources := len(small.Mu)
			if !small.runs(Transfer) && !small.runs(FineTune) {
				sources = 0
			}
			sizes := len(small.N)
			if !small.runs(Scratch) {
				sizes = 0
			}
			units := small.units(sources, sizes)
			unit := i * 7 % len(units) // sources and all N in turn
			work := small.work(units)
			parts := make([]int, work.Parts(unit))
			for j := range parts {
				parts[j] = j
			}
			start := time.Now()
			err := work.Measure(context.Background(), unit, parts, func(int, []float64) {})
			return time.Since(start).Seconds(), small.gradient(units[unit]), err
		})
		if i%2 == 1 { // two units at each d
			d = min(s.D, d+max(1, d/2))
		}
	}
}

// like returns students in d dimensions of the same proportions.
func (s Students) like(d int) Students {
	factor := float64(d) / float64(s.D)
	scaled := func(n int, power float64) int { return max(2, int(math.Round(float64(n)*math.Pow(factor, power)))) }
	small := s
	small.D, small.Teacher, small.Width = d, scaled(s.Teacher, 1), max(4, scaled(s.Width, 1))
	small.N, small.Mu, small.Trials = nil, nil, 2
	if len(s.Mu) > 0 {
		small.Mu = []float64{0.5}
	}
	for _, n := range s.N {
		small.N = append(small.N, scaled(n, 2))
	}
	slices.Sort(small.N)
	small.N = slices.Compact(small.N)
	return small
}

// gradient returns the sizes of a unit: the cost of one gradient, summed over all trainings
// of a source, and d.
func (s Students) gradient(p studentPart) [2]float64 {
	width, d := float64(s.Width), float64(s.D)
	if p.source < 0 {
		return [2]float64{float64(s.N[p.scratch]) * width * d, d}
	}
	sum := width * (width + float64(s.Teacher)) * d
	for _, n := range s.N {
		sum += float64(n) * width * d
	}
	return [2]float64{sum, d}
}

// timeFit is a regression of log seconds on the logarithms of two sizes, with a prior on
// the exponents.
type timeFit struct {
	normal *mat.SymDense
	right  *mat.VecDense
}

func newFit(prior [2]float64) timeFit {
	const weight = 0.01 // of the prior against one measurement
	return timeFit{mat.NewSymDense(3, []float64{0, 0, 0, 0, weight, 0, 0, 0, weight}), mat.NewVecDense(3, []float64{0, weight * prior[0], weight * prior[1]})}
}

func (f timeFit) add(size [2]float64, seconds float64) {
	row := mat.NewVecDense(3, []float64{1, math.Log(size[0]), math.Log(size[1])})
	f.normal.SymRankOne(f.normal, 1, row)
	f.right.AddScaledVec(f.right, math.Log(seconds), row)
}

func (f timeFit) solve() (seconds func(size [2]float64) float64, err error) {
	var x mat.VecDense
	if err := x.SolveVec(f.normal, f.right); err != nil {
		return nil, err
	}
	return func(size [2]float64) float64 {
		return math.Exp(x.AtVec(0) + x.AtVec(1)*math.Log(size[0]) + x.AtVec(2)*math.Log(size[1]))
	}, nil
}
