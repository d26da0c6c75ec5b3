package sweep

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/mat"
)

// Estimate is what the cells of a sweep take on one core, in seconds.
type Estimate struct {
	Cells    []float64
	Measured int // sizes that were timed
}

// exponents are what the cost of a trial grows like in d and n where a calibration
// cannot tell.
var exponents = map[experiment.Method][2]float64{experiment.Law: {0, 0}, experiment.Solve: {1, 2}, experiment.Train: {2, 1}}

// Estimate times two trials at some sizes, the cheapest first, until the budget is
// spent, and fits a power of d and of n to them.
func (p *Plan) Estimate(budget time.Duration) (*Estimate, error) {
	sizes := slices.Clone(p.Cells)
	cost := func(s theory.Setting) float64 { return float64(s.D) * float64(s.N) * float64(max(1, s.Depth)) }
	slices.SortStableFunc(sizes, func(a, b theory.Setting) int { return cmp.Compare(cost(a), cost(b)) })
	const most = 8
	weight := 0.01 // of the exponents above, against one size
	prior := exponents[p.Sweep.Method]
	normal := mat.NewDense(3, 3, []float64{0, 0, 0, 0, weight, 0, 0, 0, weight})
	right := mat.NewVecDense(3, []float64{0, weight * prior[0], weight * prior[1]})
	e := &Estimate{}
	start := time.Now()
	for i := range most {
		s := sizes[i*(len(sizes)-1)/(most-1)]
		x := p.Sweep.experiment(experiment.Grid{})
		x.Trials, x.Workers, x.Seed = 2, 1, p.Sweep.Seed
		t := time.Now()
		if r := x.RunAt(s); r.Err() != nil {
			return nil, fmt.Errorf("calibration: %w", r.Err())
		}
		row := []float64{1, math.Log(float64(s.D)), math.Log(float64(s.N))}
		y := math.Log(time.Since(t).Seconds() / 2)
		for j := range row {
			for k := range row {
				normal.Set(j, k, normal.At(j, k)+row[j]*row[k])
			}
			right.SetVec(j, right.AtVec(j)+row[j]*y)
		}
		if e.Measured++; time.Since(start) > budget {
			break
		}
	}
	var fit mat.VecDense
	if err := fit.SolveVec(normal, right); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	for _, s := range p.Cells {
		y := fit.AtVec(0) + fit.AtVec(1)*math.Log(float64(s.D)) + fit.AtVec(2)*math.Log(float64(s.N))
		e.Cells = append(e.Cells, float64(p.Sweep.Trials)*math.Exp(y))
	}
	return e, nil
}

// Of returns the seconds of some cells.
func (e *Estimate) Of(cells []int) (seconds float64) {
	for _, c := range cells {
		seconds += e.Cells[c]
	}
	return seconds
}
