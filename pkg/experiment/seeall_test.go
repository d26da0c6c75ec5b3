package experiment

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
)

// A grid has every combination once, each axis in its own field, gamma innermost.
func TestSeeAllOfAGrid(t *testing.T) {
	g := Grid{Dimension: []int{20, 40}, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.1, 2}, Sigma: []float64{0.2, 0.3}, Depth: []int{2, 3},
		SourceGamma: []float64{0.4, 0.6}, SourceSigma: []float64{0.7, 0.8}, Norm: []float64{5, 6}}
	settings, err := g.Settings()
	if err != nil || len(settings) != 256 {
		t.Fatal(len(settings), err)
	}
	i := 0
	for _, d := range []int{20, 40} {
		for _, norm := range g.Norm {
			for _, ss := range g.SourceSigma {
				for _, sg := range g.SourceGamma {
					for _, depth := range g.Depth {
						for _, sigma := range g.Sigma {
							for _, theta := range g.Theta {
								for _, gamma := range g.Gamma {
									want := theory.Setting{N: int(math.Round(gamma * float64(d))), D: d, Theta: theta, Sigma: sigma, Depth: depth, SourceN: int(math.Round(sg * float64(d))), SourceSigma: ss, Norm: norm}
									if settings[i] != want {
										t.Fatalf("setting %d is %+v, want %+v", i, settings[i], want)
									}
									i++
								}
							}
						}
					}
				}
			}
		}
	}
	other := Grid{D: 20, Gamma: []float64{0.5}, Lambda: []float64{0.1, 0.2}}
	if s, err := other.Settings(); err != nil || len(s) != 2 || s[0].Lambda != 0.1 || s[1].Lambda != 0.2 {
		t.Error(s, err)
	}
	other = Grid{D: 20, Gamma: []float64{0.5}, Decay: []float64{0.1, 0.2}, Features: []int{1, 3}}
	if s, err := other.Settings(); err == nil && (len(s) != 4 || s[0].Decay != 0.1 || s[3].Decay != 0.2 || s[1].Features != 3) {
		t.Error(s)
	}
	other = Grid{D: 20, Dimension: []int{20}, Gamma: []float64{0.5}}
	if _, err := other.Settings(); err == nil || !strings.Contains(err.Error(), "takes one of them") {
		t.Error(err)
	}
	many := Grid{D: 20, Gamma: Range(0.1, 1, 1000), Sigma: Range(0.1, 1, 1000)}
	if _, err := many.Settings(); err != nil { // 10⁶ cells are allowed, most of them the same
		t.Error(err)
	}
	many.Theta = []float64{0, 1}
	if _, err := many.Settings(); err == nil || !strings.Contains(err.Error(), "more than 1000000 cells") {
		t.Error(err)
	}
	if x := Range(2, 8, 4); !slices.Equal(x, []float64{2, 4, 6, 8}) {
		t.Error(x)
	}
	if x := Range(2, 8, 1); !slices.Equal(x, []float64{2}) || len(Range(1, 2, -3)) != 0 {
		t.Error(x)
	}
	for i, x := range Ratios(3, 48, 5) {
		if !near(x, 3*math.Pow(2, float64(i))) {
			t.Errorf("ratio %d: %v", i, x)
		}
	}
	for i, x := range Angles([]float64{0, 0.25, 0.75, 1}) {
		if want := []float64{0, math.Pi / 6, math.Pi / 3, math.Pi / 2}[i]; !near(x, want) {
			t.Errorf("the angle %v, want %v", x, want)
		}
	}
	lab := Lab{Pace: "paper", Seed: 4, D: 30, Sigma: 0.2}
	if lab.At(1, 2) != 2 || (Lab{Pace: "quick"}).At(1, 2) != 1 || (Lab{}).At(1, 2) != 1 {
		t.Error("the pace of a lab")
	}
	e := lab.Describe(Train, 7, Grid{Dimension: []int{5}, Gamma: []float64{1}, Sigma: []float64{0.9}}, FineTune)
	if e.Grid.D != 0 || e.Grid.Sigma[0] != 0.9 || e.Seed != 4 || e.Trials != 7 || e.Method != Train || e.Pace != "paper" || !slices.Equal(e.Procedures, []Procedure{FineTune}) {
		t.Errorf("%+v", e)
	}
	if e := lab.Describe(Law, 2, Grid{Gamma: []float64{1}}); e.Grid.D != 30 || e.Grid.Sigma[0] != 0.2 {
		t.Errorf("%+v", e)
	}
	if s := lab.Setting(0.25, 1, 3); s != (theory.Setting{N: 8, D: 30, Theta: 1, Sigma: 0.2, Depth: 3}) {
		t.Errorf("%+v", s)
	}
}

// Cells share a random stream only if they differ in nothing but ridge, depth or decay, in an
// experiment and in a measurement of one's own; another trial or stream differs.
func TestSeeAllFieldsInTheStreams(t *testing.T) {
	s := theory.Setting{N: 5, D: 9, Theta: 0.3, Sigma: 0.2, Depth: 2}
	streams := map[string]func(s theory.Setting, trial, k int) uint64{
		"cell": func(s theory.Setting, trial, k int) uint64 { return ownStream(3, s, trial, k).Uint64() },
		"own": func(s theory.Setting, trial, k int) uint64 {
			return Draw{Setting: s, Trial: trial, seed: 3}.Rand(k).Uint64()
		},
		"by hand": func(s theory.Setting, trial, k int) uint64 { return ownByHand(3, s, trial, uint64(k)).Uint64() },
	}
	for name, draw := range streams {
		was := draw(s, 1, 2)
		if draw(s, 1, 2) != was || draw(s, 2, 2) == was || draw(s, 1, 3) == was {
			t.Errorf("%s: the stream of a trial", name)
		}
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			field := v.Type().Field(i).Name
			for _, x := range bumped(v.Field(i)) {
				c := reflect.New(v.Type()).Elem()
				c.Set(v)
				c.Field(i).Set(x)
				same := draw(c.Interface().(theory.Setting), 1, 2) == was
				if want := slices.Contains([]string{"Lambda", "Depth", "Decay"}, field); same != want {
					t.Errorf("%s: another %s has the same stream: %v", name, field, same)
				}
			}
		}
	}
	if a, b := (Draw{Setting: s, seed: 3}).Rand(0).Uint64(), (Draw{Setting: s, seed: 4}).Rand(0).Uint64(); a == b {
		t.Error("two seeds have the same stream")
	}
	if ownStream(3, s, 1, 2).Uint64() != ownByHand(3, s, 1, 2).Uint64() {
		t.Error("the stream of a cell is another one than documented")
	}
	seen := map[uint64]string{}
	for _, seed := range []uint64{1, 2} {
		for _, d := range []int{4, 5} {
			for trial := range 3 {
				for stream := range 3 {
					x, place := dataStream(seed, d, trial, stream).Uint64(), fmt.Sprint(seed, d, trial, stream)
					if other, ok := seen[x]; ok {
						t.Errorf("%s and %s have the same data", place, other)
					}
					seen[x] = place
				}
			}
		}
	}
}

// The draw that a measurement sees is the one by hand, with a source sample where there is one.
func TestSeeAllOfADraw(t *testing.T) {
	m := Measure{Name: "see", Trials: 2, Seed: 9, Grid: Grid{D: 6, Gamma: []float64{0.5}, Theta: []float64{2}, Sigma: []float64{0.3}, SourceGamma: []float64{0, 0.67}, Norm: []float64{1.5}},
		Trial: func(d Draw) Values {
			h := drawByHand(t, 9, d.Setting, d.Trial)
			v := Values{"target": task.Pair{Target: h.target}.Risk(d.Tasks.Target), "y": task.Pair{Target: h.y}.Risk(d.Data.Y), "x": norm2(minus(d.Data.X.RawMatrix().Data, h.x.RawMatrix().Data)), "source": 0}
			if d.Setting.SourceN > 0 {
				v["source"] = task.Pair{Target: h.sourceY}.Risk(d.Source.Y) + norm2(minus(d.Source.X.RawMatrix().Data, h.sourceX.RawMatrix().Data))
			} else if d.Source.X != nil {
				v["source"] = 1
			}
			return v
		}}
	r := must(t, m.Run())
	for _, c := range r.Cells {
		for q, x := range c.values {
			for k, v := range x {
				if v > 1e-20 {
					t.Errorf("%v, trial %d: %s is %v away", c, k, q, v)
				}
			}
		}
	}
	one := m
	one.Grid.SourceGamma, one.Trial = nil, func(d Draw) Values { return Values{"b": float64(d.Trial), "a": 7} }
	if text := must(t, one.Run()).String(); text != "see: 1 cell × 2 trials, seed 9\na: 7\nb: 0.50 ± 0.50" {
		t.Errorf("%q", text)
	}
	if text := r.String(); text != "see: 2 cells × 2 trials, seed 9" {
		t.Errorf("%q", text)
	}
}

// The largest and the smallest sizes that a study takes, and the next ones.
func TestSeeAllLimits(t *testing.T) {
	for _, c := range []struct {
		err  error
		good bool
	}{
		{checkTrials(2, 1), true}, {checkTrials(1, 1), false}, {checkTrials(maxTrials, 1), true}, {checkTrials(maxTrials+1, 1), false},
		{checkTrials(1000, maxTrials/1000), true}, {checkTrials(1000, maxTrials/1000+1), false},
		{checkMatrix("", 1000, maxEntries/1000), true}, {checkMatrix("", 1000, maxEntries/1000+1), false}, {checkMatrix("", 0, maxEntries+1), true}, {checkMatrix("", 1, maxEntries), true}, {checkMatrix("", 1, maxEntries+1), false},
		{checkAlpha(0, 1), true}, {checkAlpha(maxAlpha, 1), true}, {checkAlpha(2*maxAlpha, 1), false}, {checkAlpha(-1e-9, 1), false}, {checkAlpha(math.NaN(), 1), false},
		{finiteStep(0), true}, {finiteStep(1e300), true}, {finiteStep(math.Inf(1)), false}, {finiteStep(-1e-9), false}, {finiteStep(math.NaN()), false},
		{checkPace(""), true}, {checkPace("quick"), true}, {checkPace("paper"), true}, {checkPace("x"), false},
		{pretrainingCell{D: 2, Depth: 2}.check(), true}, {pretrainingCell{D: 1, Depth: 2}.check(), false}, {pretrainingCell{D: 2, Depth: 1}.check(), false},
		{pretrainingCell{D: 10000, Depth: 10}.check(), true}, {pretrainingCell{D: 10000, Depth: 11}.check(), false},
	} {
		if (c.err == nil) != c.good {
			t.Errorf("%v, want an error: %v", c.err, !c.good)
		}
	}
	if maxTrials != 1e8 || maxEntries != 1e9 || maxNeurons != 1e6 || maxWorkers != 1e4 || maxAlpha != 1e6 || maxCells != 1e6 {
		t.Error("a limit is not the one of the documentation")
	}
	students := Students{D: 3, Teacher: 3, Width: 3, Mu: []float64{0.34}, N: []int{2}, Trials: 2}
	for want, change := range map[string]func(s *Students){
		"": func(*Students) {}, "D = 1000001": func(s *Students) { s.D = 1_000_001 }, "Width = 2": func(s *Students) { s.Width = 2 }, "N has 1:": func(s *Students) { s.N = []int{1} },
		"Mu has 0.1": func(s *Students) { s.Mu = []float64{0.1} }, "Mu has 0.9": func(s *Students) { s.Mu = []float64{0.9} }, "Mu has -0.34": func(s *Students) { s.Mu = []float64{-0.34} },
		"Mu has NaN": func(s *Students) { s.Mu = []float64{math.NaN()} }, "× D = ": func(s *Students) { s.D, s.N = 1000, []int{1_000_000, 2}; s.D = 1001 },
		"× Width = ": func(s *Students) { s.Width = 31_623 }, "Trials = 50000000 in 3 cells": func(s *Students) { s.Trials, s.N = 50_000_000, []int{2, 3} },
		"Width = 1000001": func(s *Students) { s.Width = 1_000_001 }, "Teacher = 1000001": func(s *Students) { s.Teacher, s.Width, s.Mu = 1_000_001, 1_000_001, []float64{0.5} },
		"N = 1000001": func(s *Students) { s.N = []int{2, 1_000_001} },
	} {
		s := students
		change(&s)
		if err := s.check(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for want, e := range map[string]Experiment{
		"Workers = 10001":                          {Method: Law, Workers: 10001, Trials: 2, Grid: Grid{D: 5, Gamma: []float64{1}}},
		"weight decay is of training from scratch": {Method: Solve, Trials: 2, Procedures: []Procedure{Scratch, Transfer}, Grid: Grid{D: 5, Gamma: []float64{1}, Decay: []float64{1}}},
		"it is trained with 2 layers":              {Method: Train, Trials: 2, Procedures: []Procedure{Tuned}, Grid: Grid{D: 5, Gamma: []float64{1}, Depth: []int{3}}},
		"of a target of norm 1":                    {Method: Solve, Trials: 2, Grid: Grid{D: 5, Gamma: []float64{1}, Norm: []float64{2}}},
		"a target of any norm":                     {Method: Train, Trials: 2, Procedures: []Procedure{Scratch}, Grid: Grid{D: 5, Gamma: []float64{1}, Norm: []float64{2}}},
		"draws one feature":                        {Method: Law, Trials: 2, Procedures: []Procedure{Scratch}, Grid: Grid{D: 5, Gamma: []float64{1}, Features: []int{2}}},
		"Gamma is empty":                           {Method: Law, Trials: 2, Grid: Grid{D: 5}},
	} {
		if want == "it is trained with 2 layers" {
			want = "trained with 2 layers"
		}
		if err := e.Run().Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for _, method := range []Method{Law, Solve, Train} { // one feature is what there is without the field
		if _, err := (Experiment{Method: method, Trials: 2, Grid: Grid{D: 5, Gamma: []float64{1}, Features: []int{1}}}).plan(); err != nil {
			t.Error(err)
		}
	}
	for _, alpha := range []float64{0, 2 * maxAlpha, math.NaN()} {
		if err := (Kernels{D: 3, Teacher: 3, Width: 4, Mu: 0.34, Alpha: []float64{alpha}, Trials: 2}).check(); err == nil || !strings.Contains(err.Error(), "Alpha has") {
			t.Errorf("a start of %v: %v", alpha, err)
		}
	}
	flow := Flows{Setting: theory.Setting{N: 3, D: 5, Features: 1}, Depths: []int{1}, Step: 0.999}
	if _, err := flow.plan(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(f *Flows){"Step = 1:": func(f *Flows) { f.Step = 1 }, "Step = -": func(f *Flows) { f.Step = -1e-9 }, "Step = NaN": func(f *Flows) { f.Step = math.NaN() },
		"one source task": func(f *Flows) { f.Setting.Features = 2 }, "without weight decay": func(f *Flows) { f.Setting.Decay = 0.1 }, "N = 5 at D = 5": func(f *Flows) { f.Setting.N = 5 }} {
		f := flow
		change(&f)
		if _, err := f.plan(); err == nil || !strings.Contains(err.Error(), want) {
			if want != "without weight decay" || err == nil { // decay at depth 1 has no formula
				t.Errorf("want an error with %q, got %v", want, err)
			}
		}
	}
	for _, s := range []theory.Setting{{N: 3, D: 5, Depth: 2, Features: 2}, {N: 3, D: 5, Depth: 2, SourceN: 4}, {N: 3, D: 5, Depth: 2, Decay: 0.1}} {
		if err := (Curves{Setting: s}).Run().Err(); err == nil || !strings.Contains(err.Error(), "leave Features, SourceN and Decay 0") {
			t.Errorf("%v: %v", s, err)
		}
	}
}

// Each kind of study comes back from a file as itself; what only calls a function has no kind.
func TestSeeAllKinds(t *testing.T) {
	names := map[string]string{"law": "paired", "solve": "paired", "train": "paired", "independent": "linear", "course": "pretraining", "measure": ""}
	for name, study := range studies {
		want := name
		if n, ok := names[name]; ok {
			want = n
		}
		if got := Kind(study(1)); got != want {
			t.Errorf("%s is of the kind %q", name, got)
		}
	}
	if s, err := Decode("linear", []byte(`{"method":"law","trials":3}`)); err != nil || !s.(Experiment).Independent {
		t.Error(s, err)
	}
	if _, err := Decode("x", nil); err == nil || !strings.Contains(err.Error(), "linear, paired, pretraining, transports, students, teachers, kernels, curves, flows") {
		t.Error(err)
	}
	if cells(1) != "1 cell" || cells(0) != "0 cells" || cells(2) != "2 cells" {
		t.Error("the number of cells")
	}
}
