package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/features-are-fate/fate/pkg/linear"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Quantities of [Pretraining]: properties of the features W₁⋯W_{L−1} when the loss has
// converged.
const (
	EscapeTime     theory.Quantity = "time to escape"              // the time at which β·βs first reaches ½
	SecondSingular theory.Quantity = "second/first singular value" // of the features
	Misalignment   theory.Quantity = "1 − |cos(u₁, βs)|"           // u₁ the first left singular vector
	Drift          theory.Quantity = "drift of D"                  // the largest ‖D_l(t) − D_l(0)‖ over layers l, 0 along gradient flow (Lemma 3.3)
	EffectiveRank  theory.Quantity = "effective rank"              // (Σs²)²/Σs⁴ of the singular values s: 1 for rank one
	GradientSteps  theory.Quantity = "steps"
	// Spectrum is the course of the singular values of the features: the first four, and
	// the last.
	Spectrum theory.Quantity = "singular values"
)

// Pretraining trains networks on unlimited data of one source task in D dimensions, at each
// depth, size of the random start and learning rate, and measures their features (Theorem
// 3.4). An empty Step means the default of linear.Options. With Course, the table has the
// courses of Spectrum, Misalignment and Drift in the first trial of each cell, against the
// time of gradient flow (steps × learning rate). Trials is at least 1; a mean needs 2.
type Pretraining struct {
	D      int       `json:"d"`
	Depth  []int     `json:"depth"`
	Alpha  []float64 `json:"alpha"`
	Step   []float64 `json:"step,omitempty"`
	Trials int       `json:"trials"`
	Seed   uint64    `json:"seed"`
	Course bool      `json:"course,omitempty"`
}

// pretrainingCell is a grid cell of a Pretraining.
type pretrainingCell struct {
	D, Depth    int
	Alpha, Step float64
	Seed        uint64
}

var pretrained = [...]theory.Quantity{EscapeTime, SecondSingular, Misalignment, Drift, EffectiveRank, GradientSteps}

// Run pretrains on the cores of the machine. The same seed gives the same numbers on any
// number of them.
func (p Pretraining) Run() *Table { return run(p) }

func (p Pretraining) cells() (out []pretrainingCell) {
	steps := p.Step
	if len(steps) == 0 {
		steps = []float64{0}
	}
	for _, depth := range p.Depth {
		for _, step := range steps {
			for _, alpha := range p.Alpha {
				out = append(out, pretrainingCell{D: p.D, Depth: depth, Alpha: alpha, Step: step, Seed: p.Seed})
			}
		}
	}
	return out
}

func (p Pretraining) plan() (*plan, error) {
	if len(p.Depth) == 0 || len(p.Alpha) == 0 {
		return nil, errors.New("experiment: Depth and Alpha need at least one value each")
	}
	cells := p.cells()
	if p.Trials != 1 {
		if err := checkTrials(p.Trials, len(cells)); err != nil {
			return nil, err
		}
	}
	out := &plan{name: "pretraining", quantities: pretrained[:], trials: p.Trials, origin: origin{Train, p.Seed}}
	for _, c := range cells {
		if err := c.check(); err != nil {
			return nil, err
		}
		out.cells = append(out.cells, Cell{Setting: theory.Setting{D: c.D, Depth: c.Depth},
			at: map[theory.Axis]float64{Alpha: c.Alpha, Step: c.Step}, name: fmt.Sprintf("d=%d L=%d α=%.4g", c.D, c.Depth, c.Alpha)})
	}
	followed := func(trial int) bool { return p.Course && trial == 0 }
	eachTrial{kind: "pretraining",
		title: func(cell, trial int) string {
			return fmt.Sprintf("pretraining of %d layers from α = %.4g, trial %d", cells[cell].Depth, cells[cell].Alpha, trial)
		},
		key: func(cell, trial int) any {
			return struct {
				Pretraining pretrainingCell
				Trial       int
				Course      bool
			}{cells[cell], trial, followed(trial)}
		},
		measure: func(ctx context.Context, cell, trial int) ([]float64, error) {
			return cells[cell].train(ctx, trial, followed(trial))
		},
		fill: func(c *Cell, trial int, v []float64) {
			parts := unpack(v)
			c.set(trial, parts[0])
			if followed(trial) {
				c.follow(out.origin, parts[1:])
			}
		}}.work(out)
	p.estimate(out)
	return out, nil
}

func (p pretrainingCell) check() error {
	if p.Depth < 2 {
		return fmt.Errorf("experiment: Depth = %d: a network has features from 2 layers on", p.Depth)
	}
	if p.D < 2 || p.Depth > maxEntries {
		return fmt.Errorf("experiment: D = %d, Depth = %d: they must be at least 2, and at most %d", p.D, p.Depth, maxEntries)
	}
	return cmp.Or(checkMatrix("D × D", p.D, p.D), checkMatrix("(D × D) × Depth", p.D*p.D, p.Depth), checkAlpha(p.Alpha, DefaultAlpha), finiteStep(p.Step))
}

// shown returns the indices of the singular values in Spectrum, in d dimensions.
func shown(d int) []int {
	out := []int{0, 1, 2, 3, d - 1}
	if d < 5 {
		out = out[:d]
	}
	return out
}

// follow stores the courses: time, misalignment, drift and the singular values.
func (c *Cell) follow(o origin, v [][]float64) {
	label := Depth.Label(float64(c.Setting.Depth))
	c.keep(Misalignment, o, label, v[0], v[1])
	c.keep(Drift, o, label, v[0], v[2])
	for i, k := range shown(c.Setting.D) {
		c.keep(Spectrum, o, fmt.Sprintf(`$s_{%d}$`, k+1), v[0], v[3+i])
	}
}

// features holds the measurements of a network during pretraining.
type features struct {
	values       []float64
	misalignment float64
	drift        float64
}

// look measures the features of a network; start is its conserved quantity at the start.
func look(net *linear.Network, start []*mat.Dense, source []float64) (f features, err error) {
	var svd mat.SVD
	if !svd.Factorize(net.Features(), mat.SVDThin) {
		return f, errors.New("experiment: the singular values of the features did not converge")
	}
	var u mat.Dense
	svd.UTo(&u)
	f.values = svd.Values(nil)
	// 1 − |cos| from the part of u₁ orthogonal to βs, without cancellation.
	first := mat.Col(nil, 0, &u)
	cos := floats.Dot(first, source)
	floats.AddScaled(first, -cos, source)
	sin := floats.Norm(first, 2)
	f.misalignment = sin * sin / (1 + math.Abs(cos))
	for l, d := range net.Conserved() {
		d.Sub(d, start[l])
		f.drift = math.Max(f.drift, mat.Norm(d, 2))
	}
	return f, nil
}

// train pretrains the network of a trial and returns its measurements, packed, followed by
// the courses if follow is set.
func (p pretrainingCell) train(ctx context.Context, trial int, follow bool) ([]float64, error) {
	if p.Alpha == 0 {
		p.Alpha = DefaultAlpha
	}
	// Networks of different depth, start or learning rate have different random streams.
	stream := func(kind uint64) *rand.Rand {
		return task.Stream(p.Seed, uint64(p.D), uint64(p.Depth), math.Float64bits(p.Alpha), math.Float64bits(p.Step), uint64(trial), kind)
	}
	pair, err := task.NewPair(p.D, 0, 0, stream(streamTasks))
	if err != nil {
		return nil, err
	}
	net, err := linear.NewNetwork(p.D, p.Depth, p.Alpha, stream(streamWeights))
	if err != nil {
		return nil, err
	}
	start := net.Conserved()
	var steps []int
	var misalignment, drift []float64
	spectrum := make([][]float64, len(shown(p.D)))
	record := func(step int) error {
		f, err := look(net, start, pair.Source)
		if err != nil {
			return err
		}
		steps = append(steps, step)
		for i, k := range shown(p.D) {
			spectrum[i] = append(spectrum[i], f.values[k])
		}
		misalignment, drift = append(misalignment, f.misalignment), append(drift, f.drift)
		return nil
	}
	var failed error
	next, seen := 0, 0.0
	escaped := -1
	rep, err := net.Train(ctx, linear.PopulationLoss(pair.Source), linear.Options{Step: p.Step, Observe: func(step int, beta []float64) {
		overlap := floats.Dot(beta, pair.Source)
		if escaped < 0 && overlap >= 0.5 {
			escaped = step
		}
		// A few per cent apart in time, and closer during the escape.
		if !follow || step < next && math.Abs(overlap-seen) < 0.02 {
			return
		}
		next, seen = step+1+step/40, overlap
		failed = errors.Join(failed, record(step))
	}})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	if follow && steps[len(steps)-1] != rep.Steps {
		if err := record(rep.Steps); err != nil {
			return nil, err
		}
	}
	last, err := look(net, start, pair.Source)
	if err != nil {
		return nil, err
	}
	var s2, s4 float64
	for _, s := range last.values {
		s2, s4 = s2+s*s, s4+s*s*s*s
	}
	out := pack([]float64{float64(escaped) * rep.Step, last.values[1] / last.values[0], last.misalignment, last.drift, s2 * s2 / s4, float64(rep.Steps)})
	if !follow {
		return out, nil
	}
	t := make([]float64, len(steps))
	for i, s := range steps {
		t[i] = float64(s) * rep.Step
	}
	return append(out, pack(append([][]float64{t, misalignment, drift}, spectrum...)...)...), nil
}

func (p Pretraining) about(t *Table) string {
	if p.Trials > 1 {
		return fmt.Sprintf("pretraining: %s × %d networks at d = %d, seed %d", cells(len(t.Cells)), p.Trials, p.D, p.Seed)
	}
	out := ""
	for i, c := range t.Cells {
		if i > 0 {
			out += "\n\n"
		}
		if len(t.Cells) > 1 {
			out += c.String() + "\n"
		}
		out += fmt.Sprintf("%.0f steps, β·βs = ½ at t = %.4g\nsecond/first singular value   %.2g\n1 − |cos(u₁, βs)|              %.2g\ndrift of D                     %.2g\neffective rank                 %.4g",
			c.last(GradientSteps), c.last(EscapeTime), c.last(SecondSingular), c.last(Misalignment), c.last(Drift), c.last(EffectiveRank))
	}
	return out
}
