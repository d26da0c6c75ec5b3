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
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Pretraining trains one network on unlimited data of one source task in D
// dimensions and follows its features W₁⋯W_{L−1}. Alpha is the size of the random
// start (0 means 0.01), Step the learning rate (0 means that of linear.Options).
type Pretraining struct {
	D, Depth    int
	Alpha, Step float64
	Seed        uint64
}

// PretrainingRun holds the course of pretraining against the time of gradient
// flow (steps × learning rate).
type PretrainingRun struct {
	Spectrum     Series // the singular values of the features: the first four, and the last
	Misalignment Series // 1 − |cos(u₁, βs)|, u₁ the first left singular vector
	Drift        Series // the largest ‖D_l(t) − D_l(0)‖, which gradient flow keeps at 0 (Lemma 3.3)
	End          FeatureEnd
	err          error
}

// FeatureEnd is what pretraining leaves.
type FeatureEnd struct {
	Escape        float64 // time at which β·βs first reaches ½
	Second        float64 // second singular value of the features, relative to the first
	Misalignment  float64 // 1 − |cos(u₁, βs)|
	Drift         float64 // largest ‖D_l − D_l(0)‖
	EffectiveRank float64 // (Σs²)²/Σs⁴ of the singular values s: 1 for rank one
	Steps         int
}

// Err returns why pretraining failed, or nil.
func (r *PretrainingRun) Err() error { return r.err }

// Run trains until the loss has converged.
func (p Pretraining) Run() *PretrainingRun {
	r := &PretrainingRun{}
	ctx, stop := interruptible()
	defer stop()
	if r.End, r.err = p.train(ctx, 0, r); r.err != nil {
		for _, s := range []*Series{&r.Spectrum, &r.Misalignment, &r.Drift} {
			*s = Series{err: r.err}
		}
	}
	return r
}

// features is the state of the features of one network during pretraining.
type features struct {
	values       []float64
	misalignment float64
	drift        float64
}

func look(net *linear.Network, start []*mat.Dense, source []float64) (f features, err error) {
	var svd mat.SVD
	if !svd.Factorize(net.Features(), mat.SVDThin) {
		return f, errors.New("experiment: the singular values of the features did not converge")
	}
	var u mat.Dense
	svd.UTo(&u)
	f.values = svd.Values(nil)
	// 1 − |cos| from the part of u₁ across βs, which keeps digits that 1 − |cos| loses.
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

// train pretrains the trial-th network; r, if not nil, gets the course.
func (p Pretraining) train(ctx context.Context, trial int, r *PretrainingRun) (end FeatureEnd, err error) {
	if p.Depth < 2 {
		return end, fmt.Errorf("experiment: Depth = %d: a network has features from 2 layers on", p.Depth)
	}
	if p.D < 2 || p.Depth > maxEntries {
		return end, fmt.Errorf("experiment: D = %d, Depth = %d: they must be at least 2, and at most %d", p.D, p.Depth, maxEntries)
	}
	if err := cmp.Or(checkMatrix("D × D", p.D, p.D), checkMatrix("(D × D) × Depth", p.D*p.D, p.Depth), checkAlpha(p.Alpha, DefaultAlpha), finiteStep(p.Step)); err != nil {
		return end, err
	}
	if p.Alpha == 0 {
		p.Alpha = DefaultAlpha
	}
	// Every depth, start and step has networks of its own.
	stream := func(kind uint64) *rand.Rand {
		return task.Stream(p.Seed, uint64(p.D), uint64(p.Depth), math.Float64bits(p.Alpha), math.Float64bits(p.Step), uint64(trial), kind)
	}
	pair, err := task.NewPair(p.D, 0, 0, stream(streamTasks))
	if err != nil {
		return end, err
	}
	net, err := linear.NewNetwork(p.D, p.Depth, p.Alpha, stream(streamWeights))
	if err != nil {
		return end, err
	}
	start := net.Conserved()
	shown := []int{0, 1, 2, 3, p.D - 1}
	if p.D < 5 {
		shown = shown[:p.D]
	}
	spectrum := make([]curve, len(shown))
	for i, k := range shown {
		spectrum[i].label = fmt.Sprintf(`$s_{%d}$`, k+1)
	}
	label := Depth.Label(float64(p.Depth))
	misalignment, drift := curve{label: label}, curve{label: label}
	var steps []int
	record := func(step int) error {
		f, err := look(net, start, pair.Source)
		if err != nil {
			return err
		}
		steps = append(steps, step)
		for i, k := range shown {
			spectrum[i].y = append(spectrum[i].y, f.values[k])
		}
		misalignment.y, drift.y = append(misalignment.y, f.misalignment), append(drift.y, f.drift)
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
		// A few per cent apart in time, and closer through the escape.
		if r == nil || step < next && math.Abs(overlap-seen) < 0.02 {
			return
		}
		next, seen = step+1+step/40, overlap
		failed = errors.Join(failed, record(step))
	}})
	if err = errors.Join(err, failed); err != nil {
		return end, err
	}
	if r != nil && steps[len(steps)-1] != rep.Steps {
		if err := record(rep.Steps); err != nil {
			return end, err
		}
	}
	last, err := look(net, start, pair.Source)
	if err != nil {
		return end, err
	}
	var s2, s4 float64
	for _, s := range last.values {
		s2, s4 = s2+s*s, s4+s*s*s*s
	}
	end = FeatureEnd{Escape: float64(escaped) * rep.Step, Second: last.values[1] / last.values[0],
		Misalignment: last.misalignment, Drift: last.drift, EffectiveRank: s2 * s2 / s4, Steps: rep.Steps}
	if r != nil {
		t := make([]float64, len(steps))
		for i, s := range steps {
			t[i] = float64(s) * rep.Step
		}
		for i := range spectrum {
			spectrum[i].x = t
		}
		misalignment.x, drift.x = t, t
		r.Spectrum, r.Misalignment, r.Drift = Series{curves: spectrum}, Series{curves: []curve{misalignment}}, Series{curves: []curve{drift}}
		for _, s := range []Series{r.Spectrum, r.Misalignment, r.Drift} {
			s.from(origin{Train, p.Seed})
		}
	}
	return end, nil
}

// String says what pretraining left.
func (r *PretrainingRun) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	e := r.End
	return fmt.Sprintf("%d steps, β·βs = ½ at t = %.4g\nsecond/first singular value   %.2g\n1 − |cos(u₁, βs)|              %.2g\ndrift of D                     %.2g\neffective rank                 %.4g",
		e.Steps, e.Escape, e.Second, e.Misalignment, e.Drift, e.EffectiveRank)
}

// SimpleRender shows the end of pretraining in a notebook.
func (r *PretrainingRun) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
