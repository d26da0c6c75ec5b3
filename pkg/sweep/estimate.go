package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"gonum.org/v1/gonum/mat"
)

// Estimate is what the cells of a sweep take on one core, in seconds: roughly, and for
// students within a factor of a few.
type Estimate struct {
	Cells    []float64
	Measured int // sizes that were timed
}

// exponents are what the time grows like in the two sizes of a cell where a calibration
// cannot tell.
var exponents = map[experiment.Method][2]float64{experiment.Law: {0, 0}, experiment.Solve: {1, 2}, experiment.Train: {2, 1}}

// Estimate times a few trials or small trainings, the cheapest first, until the budget is
// spent, and fits a power of two sizes to the times: of d and n, for students of the cost
// of a gradient and of d.
func (p *Plan) Estimate(budget time.Duration) (*Estimate, error) {
	fit := newFit(exponents[p.Sweep.Method])
	var timed []timing
	scale, sizes := float64(p.Sweep.Trials), func(s Setting) [2]float64 {
		return [2]float64{float64(s.Linear.D), float64(s.Linear.N)}
	}
	if p.Sweep.kind() == Students {
		fit, timed, scale, sizes = newFit([2]float64{1, 1}), p.studentTimes(), 1, p.studentSizes
	} else {
		timed = p.linearTimes()
	}
	e := &Estimate{}
	for start := time.Now(); e.Measured < len(timed) && (e.Measured < 2 || time.Since(start) < budget); e.Measured++ {
		seconds, at, err := timed[e.Measured]()
		if err != nil {
			return nil, fmt.Errorf("calibration: %w", err)
		}
		fit.add(at, seconds)
	}
	seconds, err := fit.solve()
	if err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	for _, s := range p.Cells {
		e.Cells = append(e.Cells, scale*seconds(sizes(s)))
	}
	return e, nil
}

// timing measures something and returns its seconds and its two sizes.
type timing func() (seconds float64, at [2]float64, err error)

// linearTimes are two trials at cells of the sweep.
func (p *Plan) linearTimes() (out []timing) {
	const most = 8
	sizes := slices.Clone(p.Cells)
	cost := func(s Setting) float64 {
		return float64(s.Linear.D) * float64(s.Linear.N) * float64(max(1, s.Linear.Depth))
	}
	slices.SortStableFunc(sizes, func(a, b Setting) int { return cmp.Compare(cost(a), cost(b)) })
	for i := range most {
		s := sizes[i*(len(sizes)-1)/(most-1)].Linear
		out = append(out, func() (float64, [2]float64, error) {
			x := p.Sweep.experiment(experiment.Grid{})
			x.Trials, x.Workers, x.Seed = 2, 1, p.Sweep.Seed
			t := time.Now()
			err := x.RunAt(s).Err()
			return time.Since(t).Seconds() / 2, [2]float64{float64(s.D), float64(s.N)}, err
		})
	}
	return out
}

// studentTimes are trainings of students that are like those of the sweep, but smaller.
func (p *Plan) studentTimes() (out []timing) {
	c := p.Sweep.configurations()[0]
	d := min(c.D, 4)
	for i := range 24 {
		small := c
		factor := float64(d) / float64(c.D)
		scaled := func(n int, power float64) int { return max(2, int(math.Round(float64(n)*math.Pow(factor, power)))) }
		small.D, small.Teacher, small.Width = d, scaled(c.Teacher, 1), max(4, scaled(c.Width, 1))
		small.N, small.Trials = nil, 2
		small.Mu = nil
		if len(c.Mu) > 0 {
			small.Mu = []float64{0.5}
		}
		for _, n := range c.N {
			small.N = append(small.N, scaled(n, 2))
		}
		small.N = sorted(small.N)
		out = append(out, func() (float64, [2]float64, error) {
			parts, err := small.Parts()
			if err != nil {
				return 0, [2]float64{}, err
			}
			part := parts[i*7%len(parts)] // sources and all N in turn
			t := time.Now()
			_, ok, err := small.Train(part)
			if err == nil && !ok {
				err = errors.New("it was interrupted")
			}
			return time.Since(t).Seconds(), studentCost(small, part.N), err
		})
		if i%2 == 1 { // two parts of every size
			d = min(c.D, d+max(1, d/2))
		}
	}
	return out
}

func (p *Plan) studentSizes(s Setting) [2]float64 {
	return studentCost(p.Sweep.at(s.Student), s.Student.N)
}

// studentCost is the cost of a gradient of a training, for a source of one gradient of
// each of its trainings, and d.
func studentCost(c experiment.Students, n int) [2]float64 {
	width, d := float64(c.Width), float64(c.D)
	if n > 0 {
		return [2]float64{float64(n) * width * d, d}
	}
	sum := width * (width + float64(c.Teacher)) * d
	for _, n := range c.N {
		sum += float64(n) * width * d
	}
	return [2]float64{sum, d}
}

// fit is a regression of log seconds on the logs of two sizes, with exponents known
// beforehand.
type fit struct {
	normal *mat.SymDense
	right  *mat.VecDense
}

func newFit(prior [2]float64) fit {
	const weight = 0.01 // of the prior against one measurement
	return fit{mat.NewSymDense(3, []float64{0, 0, 0, 0, weight, 0, 0, 0, weight}), mat.NewVecDense(3, []float64{0, weight * prior[0], weight * prior[1]})}
}

func (f fit) add(at [2]float64, seconds float64) {
	row := mat.NewVecDense(3, []float64{1, math.Log(at[0]), math.Log(at[1])})
	f.normal.SymRankOne(f.normal, 1, row)
	f.right.AddScaledVec(f.right, math.Log(seconds), row)
}

func (f fit) solve() (seconds func(at [2]float64) float64, err error) {
	var x mat.VecDense
	if err := x.SolveVec(f.normal, f.right); err != nil {
		return nil, err
	}
	return func(at [2]float64) float64 {
		return math.Exp(x.AtVec(0) + x.AtVec(1)*math.Log(at[0]) + x.AtVec(2)*math.Log(at[1]))
	}, nil
}

// Of returns the seconds of some cells.
func (e *Estimate) Of(cells []int) (seconds float64) {
	for _, c := range cells {
		seconds += e.Cells[c]
	}
	return seconds
}
