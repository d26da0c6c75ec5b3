package diagnose

import (
	"fmt"
	"math"
	"slices"
)

// Result is the diagnosis of one feature map on one label column. Risks are squared errors in
// units of the variance of the labels, and hold the noise of the labels.
type Result struct {
	Label string
	Map   string
	Rows  int

	// T is the transferability at each number of labels N: the least risk from scratch less
	// that of the features. SE is its standard error.
	N     []int
	T, SE []float64

	// Arms are the features, the inputs, the kernel, and what was measured.
	Arms []Arm

	// Noise is what no number of labels removes: the part of the labels outside the
	// features or the inputs, and their noise, ρ + σ². Labels alone do not tell the two apart.
	Noise struct{ Features, Inputs float64 }

	// Scores are other scores of the features, by name, after Report.Score.
	Scores map[string]float64

	Warnings []string

	measured bool // not computed
}

// Arm is the risk of one way to learn at each of the numbers of labels, with its standard
// error.
type Arm struct {
	Name     string
	Risk, SE []float64
	Measured bool

	// Check is the risk from all rows as half of them tell it, less what all of them show,
	// and CheckSE its standard error.
	Check, CheckSE float64
}

// Report are the results of several feature maps and label columns.
type Report struct {
	Rows     int
	Results  []*Result
	Rankings []Ranking
	Warnings []string

	// Distances are those between the inputs and the source, by name, after Score.
	Distances map[string]float64
}

// The verdicts.
const (
	Wins      = "wins"
	Loses     = "loses"
	Crosses   = "crosses"
	Undecided = "undecided"
)

// decided is the number of standard errors at which a difference is one.
const decided = 1.96

// sign returns the sign of T at the i-th number of labels if it is decided, and 0.
func (r *Result) sign(i int) int {
	switch {
	case r.T[i] > decided*r.SE[i]:
		return 1
	case r.T[i] < -decided*r.SE[i]:
		return -1
	}
	return 0
}

// Verdict says whether transfer wins, loses or crosses over in the numbers of labels in
// question, or whether the rows do not decide. A verdict needs one number of labels with
// |T| above 1.96 standard errors and none that contradicts.
func (r *Result) Verdict() string {
	if _, ok := r.Crossing(); ok {
		return Crosses
	}
	up, down := false, false
	for i := range r.N {
		up, down = up || r.sign(i) > 0, down || r.sign(i) < 0
	}
	estimates := func(sign float64) bool {
		return !slices.ContainsFunc(r.T, func(t float64) bool { return sign*t < 0 })
	}
	switch {
	case up && !down && estimates(1):
		return Wins
	case down && !up && estimates(-1):
		return Loses
	}
	return Undecided
}

// Crossing is the number of labels at which T changes its sign. Low and High bound it with
// 95 % each; Low is 0 and High +Inf where the rows give no bound. Up says that transfer wins
// beyond it, not below.
type Crossing struct {
	N, Low, High float64
	Up           bool
}

// Crossing returns where T changes its sign, if it does so once and is decided on one side.
func (r *Result) Crossing() (Crossing, bool) {
	at := -1
	for i := range len(r.N) - 1 {
		if r.T[i]*r.T[i+1] < 0 {
			if at >= 0 {
				return Crossing{}, false
			}
			at = i
		}
	}
	if at < 0 {
		return Crossing{}, false
	}
	c := Crossing{N: r.zero(at, func(i int) float64 { return r.T[i] }), High: math.Inf(1), Up: r.T[at] < 0}
	before := 1.0
	if c.Up {
		before = -1
	}
	// The bounds are where the lower and the upper end of the band meet zero: until Low the
	// sign before is certain, from High the sign after.
	sure := func(sign float64) func(int) float64 {
		return func(i int) float64 { return sign*r.T[i] - decided*r.SE[i] }
	}
	known := false
	for i := at; i >= 0 && !known; i-- {
		if sure(before)(i) > 0 {
			known, c.Low = true, r.zero(i, sure(before))
		}
	}
	for i := at + 1; i < len(r.N); i++ {
		if sure(-before)(i) > 0 {
			known, c.High = true, r.zero(i-1, sure(-before))
			break
		}
	}
	if !known {
		return Crossing{}, false
	}
	return c, true
}

// labels is the i-th number of labels.
func (r *Result) labels(i int) float64 { return float64(r.N[i]) }

// zero returns where a value that changes its sign between the i-th number of labels and the
// next is zero, on a logarithmic scale.
func (r *Result) zero(i int, of func(int) float64) float64 {
	a, b := of(i), of(i+1)
	return r.labels(i) * math.Pow(r.labels(i+1)/r.labels(i), a/(a-b))
}

// Point is a diagnosis at one number of labels: T with its standard error, and the risk of
// each arm.
type Point struct {
	N, T, SE float64
	Risk     []float64
}

// Curve returns the diagnosis at a number of labels between the first and the last of N, by
// straight lines in log n.
func (r *Result) Curve(n float64) (Point, error) {
	last := len(r.N) - 1
	if !(n >= r.labels(0)) || n > r.labels(last) {
		return Point{}, fmt.Errorf("diagnose: Curve: n = %v: want %d to %d, the numbers of labels of the result", n, r.N[0], r.N[last])
	}
	i := max(0, slices.IndexFunc(r.N, func(v int) bool { return float64(v) >= n })-1)
	j := min(i+1, last)
	f := 0.0
	if j > i {
		f = math.Log(n/r.labels(i)) / math.Log(r.labels(j)/r.labels(i))
	}
	between := func(v []float64) float64 { return (1-f)*v[i] + f*v[j] }
	p := Point{N: n, T: between(r.T), SE: between(r.SE)}
	for _, a := range r.Arms {
		p.Risk = append(p.Risk, between(a.Risk))
	}
	return p, nil
}
