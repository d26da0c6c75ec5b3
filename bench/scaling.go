package main

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/stat"
)

// sweep is the time of a trial along one axis, on one core.
type sweep struct {
	Method   experiment.Method `json:"method"`
	Axis     string            `json:"axis"`
	Expected float64           `json:"expected"` // exponent
	Why      string            `json:"why"`
	Measured float64           `json:"measured"` // exponent, of the upper half of d and n
	X        []float64         `json:"x"`
	Seconds  []float64         `json:"seconds"`
}

// plan lists the sweeps with the expected exponents of the algorithms.
var plan = []struct {
	sweep
	experiment func(x float64) experiment.Experiment
}{
	{sweep{Method: experiment.Law, Axis: "d", Expected: 0, Why: "a draw is of 3×3 matrices", X: []float64{100, 1000, 10000, 100000, 1000000}}, lawOf("d")},
	{sweep{Method: experiment.Solve, Axis: "d", Expected: 3, Why: "Gram matrix n²d and Cholesky n³/3, n = d/2", X: []float64{100, 200, 400, 800, 1600}}, solveOf("d")},
	{sweep{Method: experiment.Train, Axis: "d", Expected: 3, Why: "singular vectors of X, n²d; a gradient is d²/4", X: []float64{50, 100, 200, 400}}, trainOf("d")},
	{sweep{Method: experiment.Law, Axis: "n", Expected: 0, Why: "a draw is of 3×3 matrices", X: []float64{10, 30, 100, 300, 900}}, lawOf("n")},
	{sweep{Method: experiment.Solve, Axis: "n", Expected: 2, Why: "Gram matrix n²d, d = 1600", X: []float64{100, 200, 400, 800}}, solveOf("n")},
	{sweep{Method: experiment.Train, Axis: "n", Expected: 2, Why: "singular vectors of X, n²d, and gradients of n²; d = 400", X: []float64{25, 50, 100, 200}}, trainOf("n")},
	{sweep{Method: experiment.Law, Axis: "L", Expected: 0, Why: "one root of one equation", X: []float64{2, 4, 8, 16}}, lawOf("L")},
	{sweep{Method: experiment.Solve, Axis: "L", Expected: 0, Why: "one root of one equation", X: []float64{2, 4, 8, 16}}, solveOf("L")},
	{sweep{Method: experiment.Train, Axis: "L", Expected: 1, Why: "a gradient passes each layer once, d = 40, balanced start; deep networks take some more of them", X: []float64{3, 4, 6, 8, 12}}, trainOf("L")},
	{sweep{Method: experiment.Law, Axis: "trials", Expected: 1, Why: "", X: []float64{20000, 40000, 80000, 160000}}, lawOf("trials")},
	{sweep{Method: experiment.Solve, Axis: "trials", Expected: 1, Why: "", X: []float64{8, 16, 32, 64}}, solveOf("trials")},
	{sweep{Method: experiment.Train, Axis: "trials", Expected: 1, Why: "", X: []float64{8, 16, 32, 64}}, trainOf("trials")},
}

// at sets the axis of e to x; n = d/2 unless the axis is n.
func at(e experiment.Experiment, axis string, x float64) experiment.Experiment {
	switch axis {
	case "d":
		e.Grid.D = int(x)
	case "n":
		e.Grid.Gamma = []float64{x / float64(e.Grid.D)}
	case "L":
		e.Grid.Depth = []int{int(x)}
	case "trials":
		e.Trials = int(x)
	}
	return e
}

func grid(d int) experiment.Grid {
	return experiment.Grid{D: d, Gamma: []float64{0.5}, Theta: []float64{1}, Sigma: []float64{0.2}, Depth: []int{2}}
}

func lawOf(axis string) func(x float64) experiment.Experiment {
	return func(x float64) experiment.Experiment {
		return at(experiment.Experiment{Method: experiment.Law, Trials: 40000, Grid: grid(1000)}, axis, x)
	}
}

func solveOf(axis string) func(x float64) experiment.Experiment {
	return func(x float64) experiment.Experiment {
		e := experiment.Experiment{Method: experiment.Solve, Trials: 10, Grid: grid(400)}
		if axis == "n" {
			e.Grid.D = 1600
		}
		return at(e, axis, x)
	}
}

func trainOf(axis string) func(x float64) experiment.Experiment {
	return func(x float64) experiment.Experiment {
		e := experiment.Experiment{Method: experiment.Train, Trials: 2, Procedures: []experiment.Procedure{experiment.Scratch}, Grid: grid(100)}
		switch axis {
		case "n":
			e.Grid.D = 400
		case "L": // deep networks take too long to escape a small start
			e.Procedures, e.Balanced = []experiment.Procedure{experiment.FineTune}, true
			e.Grid.D = 40
		}
		return at(e, axis, x)
	}
}

func once(e experiment.Experiment) (float64, error) {
	start := time.Now()
	r := e.Run()
	return time.Since(start).Seconds(), r.Err()
}

// scaling measures the sweeps on one core and draws them.
func scaling(r *results) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, p := range plan {
		s := p.sweep
		fmt.Println("scaling:", s.Method, "along", s.Axis)
		s.Seconds = make([]float64, len(s.X))
		for round := range 6 { // the least of each, in rounds, because the speed of a machine drifts
			for i, x := range s.X {
				e := p.experiment(x)
				t, err := once(e)
				if err != nil {
					return err
				}
				if s.Axis != "trials" {
					t /= float64(e.Trials)
				}
				if round == 0 || t < s.Seconds[i] {
					s.Seconds[i] = t
				}
			}
		}
		first := 0
		if s.Axis == "d" || s.Axis == "n" { // where lower powers are negligible
			first = len(s.X) / 2
		}
		_, s.Measured = stat.LinearRegression(logs(s.X[first:]), logs(s.Seconds[first:]), nil, false)
		r.Scaling = append(r.Scaling, s)
	}
	return draw(r.Scaling).Save(filepath.Join(folder, "scaling.png")).Err()
}

func logs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Log(v)
	}
	return out
}

// lines is a set of curves to plot.
type lines struct {
	labels []string
	x, y   [][]float64
}

func (l *lines) Len() int   { return len(l.labels) }
func (l *lines) Err() error { return nil }
func (l *lines) Curve(i int) (label string, x, y, stderr []float64) {
	return l.labels[i], l.x[i], l.y[i], nil
}

func (l *lines) add(label string, x, y []float64) {
	l.labels, l.x, l.y = append(l.labels, label), append(l.x, x), append(l.y, y)
}

// draw makes one panel for each axis: measured times as points, the expected exponent
// as a line through the last of them.
func draw(sweeps []sweep) *plotting.Figure {
	var panels []plotting.Panel
	for _, axis := range []struct{ name, label, y string }{
		{"d", `dimension $d$`, `seconds a trial`}, {"n", `sample size $n$`, `seconds a trial`},
		{"L", `layers $L$`, `seconds a trial`}, {"trials", `trials`, `seconds`},
	} {
		var points, expected lines
		for _, s := range sweeps {
			if s.Axis != axis.name {
				continue
			}
			label := string(s.Method)
			points.add(label, s.X, s.Seconds)
			last := len(s.X) - 1
			line := make([]float64, len(s.X))
			for i, x := range s.X {
				line[i] = s.Seconds[last] * math.Pow(x/s.X[last], s.Expected)
			}
			expected.add(label, s.X, line)
		}
		panels = append(panels, plotting.Slices{Title: "against " + axis.label, X: axis.label, Y: axis.y, Points: &points, Lines: &expected, LogX: true, LogY: true})
	}
	return plotting.Draw(panels...)
}

// efficiency measures the time on one core over that on all cores, divided by their
// number.
func efficiency(r *results) error {
	// With a heap of a few MB this process would collect garbage all the time; a notebook,
	// whose heap holds its interpreter, collects seldom.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	cores := runtime.GOMAXPROCS(0)
	for _, c := range []struct {
		name string
		e    experiment.Experiment
	}{
		{"law, 400,000 draws", experiment.Experiment{Method: experiment.Law, Trials: 400000, Grid: grid(500)}},
		{"solve, phase diagram of 8 trials at d = 500", experiment.Experiment{Method: experiment.Solve, Trials: 8, Grid: experiment.Grid{D: 500,
			Gamma: experiment.Range(0.05, 1.95, 20), Theta: experiment.Range(math.Pi/80, 39*math.Pi/80, 20), Sigma: []float64{0, 0.2}}}},
		{"train, 600 trials at d = 30", experiment.Experiment{Method: experiment.Train, Trials: 600, Grid: grid(30)}},
	} {
		fmt.Println("efficiency:", c.name)
		// The least of twelve each, alternating, because the speed of a machine drifts.
		one, all := math.Inf(1), math.Inf(1)
		for range 12 {
			for _, best := range []*float64{&one, &all} {
				if best == &one {
					runtime.GOMAXPROCS(1)
				}
				t, err := once(c.e)
				runtime.GOMAXPROCS(cores)
				if err != nil {
					return err
				}
				*best = math.Min(*best, t)
			}
		}
		r.add(result{Name: fmt.Sprintf("parallel efficiency on %d cores, %s", cores, c.name), Value: 100 * one / all / float64(cores), Unit: "%", Limit: "≥ 85 %"})
	}
	return nil
}
