package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
	"pgregory.net/rapid"
)

// A record holds all of a study: the table that is read back has the values, courses and
// labels of the table that was measured, whatever the study.
func TestRecordsHoldAllOfAStudy(t *testing.T) {
	for name, study := range studies {
		s := study(3)
		if Kind(s) == "" {
			continue // a function
		}
		want := must(t, s.Run())
		p, err := PlanOf(s)
		if err != nil {
			t.Fatal(err)
		}
		store, err := trial.OpenFolder(t.TempDir(), trial.Shard{Index: 1, Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		if table, _ := p.Run(context.Background(), trial.Options{Store: store}); table.Err() != nil {
			t.Fatal(table.Err())
		}
		r, err := p.Record(store, false)
		if err != nil {
			t.Fatal(name, err)
		}
		path := filepath.Join(t.TempDir(), "record.json")
		if err := r.Write(path); err != nil {
			t.Fatal(err)
		}
		got := must(t, Load(path))
		if d := diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if got.trials != want.trials || got.origin != want.origin || got.String() != want.String() || got.Interrupted || !reflect.DeepEqual(got.origins, want.origins) {
			t.Errorf("%s: %d trials of %v, %d of %v", name, got.trials, got.origin, want.trials, want.origin)
		}
		for i := range want.Cells {
			a, b := want.Cells[i], got.Cells[i]
			if !reflect.DeepEqual(a.courses, b.courses) || !reflect.DeepEqual(a.means, b.means) || a.Setting != b.Setting || !reflect.DeepEqual(a.at, b.at) || a.String() != b.String() {
				t.Errorf("%s: cell %v differs from %v", name, b, a)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s: the record is written in two ways, %v", name, err)
		}
		if parsed := must(t, Parse(b, nil)); diff(want, parsed) != "" {
			t.Errorf("%s: parsing differs from loading", name)
		}
		if want := len(r.Units) + 2; bytes.Count(b, []byte("\n")) != want {
			t.Errorf("%s: %d lines, want one for each unit", name, bytes.Count(b, []byte("\n")))
		}
		if r.Kind != Kind(s) || r.Module != pkg.Module || r.Version != pkg.Source() || r.Go != runtime.Version() || r.Arch != runtime.GOARCH || r.Missing != nil {
			t.Errorf("%s: %+v", name, r)
		}
		back, err := Decode(r.Kind, r.Study)
		if err != nil || !reflect.DeepEqual(keysOf(t, back), keysOf(t, s)) {
			t.Errorf("%s: the study of the record has other keys, %v", name, err)
		}
		for unit := range r.Units {
			if r.Units[unit].Unit != p.plan.work.Title(unit) {
				t.Errorf("%s: unit %d is %q", name, unit, r.Units[unit].Unit)
			}
		}
	}
	if err := Parse(nil, errors.New("no file")).Err(); err == nil || err.Error() != "no file" {
		t.Error(err)
	}
}

// A vector comes back from JSON to the bit, with NaN and infinities.
func TestRecordsKeepEveryNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := vector(rapid.SliceOf(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.MaxFloat64, 5e-324}))).Draw(t, "v"))
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back vector
		if err := json.Unmarshal(b, &back); err != nil || len(back) != len(v) || back == nil && v != nil {
			t.Fatal(string(b), err)
		}
		for i := range v {
			if back[i] != v[i] && !(math.IsNaN(v[i]) && math.IsNaN(back[i])) {
				t.Fatalf("%v comes back as %v", v[i], back[i])
			}
		}
	})
	var none vector
	if b, err := json.Marshal(none); err != nil || string(b) != "null" || json.Unmarshal(b, &none) != nil || none != nil {
		t.Errorf("%s, %v", b, err)
	}
	for _, bad := range []string{`["Inf"]`, `["inf"]`, `[true]`, `{}`, `[[1]]`, `"x"`} {
		if err := json.Unmarshal([]byte(bad), &none); err == nil {
			t.Errorf("%s is no error", bad)
		}
	}
	// Packed vectors, empty ones too, come back.
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.SliceOf(rapid.Float64())).Draw(t, "vectors")
		out := unpack(pack(in...))
		if len(out) != len(in) {
			t.Fatalf("%d vectors of %d", len(out), len(in))
		}
		for i := range in {
			if !slices.Equal(in[i], out[i]) {
				t.Fatalf("%v comes back as %v", in[i], out[i])
			}
		}
	})
}

// A record of a part of a study gives the trials that it has, as of an interrupted run, or an
// error where they are of no use; an incomplete or foreign record is refused.
func TestRecordsOfAPart(t *testing.T) {
	e := Experiment{Method: Solve, Trials: 6, Seed: 1, Grid: Grid{D: 6, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.2}}}
	want := must(t, e.Run())
	p, err := PlanOf(e)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	store, err := trial.OpenFolder(dir, trial.Shard{Index: 2, Of: 3})
	if err != nil {
		t.Fatal(err)
	}
	table, report := p.Run(context.Background(), trial.Options{Store: store, Shard: trial.Shard{Index: 2, Of: 3}})
	var owed *Owed
	if !errors.As(table.Err(), &owed) || owed.Owed != 4 || owed.Units != 6 || owed.Waits || report.Done != 2 || owed.Study != "risks by solve" {
		t.Fatal(table.Err())
	}
	if _, err := p.Record(store, false); err == nil || !strings.Contains(err.Error(), "4 of 6 units are missing, first trial 0") {
		t.Error(err)
	}
	r, err := p.Record(store, true)
	if err != nil || len(r.Missing) != 4 || r.Units[1].Parts[0] == nil {
		t.Fatal(err, r)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	part := must(t, Parse(b, nil))
	if !part.Interrupted || len(part.Cells) != 2 {
		t.Fatalf("interrupted = %v, %d cells", part.Interrupted, len(part.Cells))
	}
	for i, c := range part.Cells {
		for q, x := range want.Cells[i].values {
			if got := c.values[q]; c.Trials() != 2 || len(got) != 2 || !(got[0] == x[1] && got[1] == x[4] || math.IsNaN(x[1])) {
				t.Errorf("%v: %s = %v, of %v", c, q, got, x)
			}
		}
	}
	// A cell without any trial is left out.
	law := Experiment{Method: Law, Trials: 3, Seed: 1, Grid: e.Grid}
	lp, err := PlanOf(law)
	if err != nil {
		t.Fatal(err)
	}
	half, err := lp.newRecord()
	if err != nil {
		t.Fatal(err)
	}
	half.Units[1].Parts[0] = make(vector, 3*drawn)
	half.findMissing()
	if got := must(t, lp.table(half)); len(got.Cells) != 1 || got.Cells[0].Setting.N != 9 || got.Cells[0].Trials() != 3 || !got.Interrupted {
		t.Errorf("%d cells of a half", len(got.Cells))
	}
	empty, err := trial.OpenFolder(t.TempDir(), trial.Shard{Index: 1, Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Record(empty, true); err == nil || !strings.Contains(err.Error(), "no unit of this study") {
		t.Error(err)
	}
	s := studies["pretraining"](1)
	sp, err := PlanOf(s)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := sp.newRecord()
	if err != nil {
		t.Fatal(err)
	}
	rest.findMissing()
	if got := sp.table(rest); !errors.As(got.Err(), &owed) {
		t.Errorf("pretrainings without units: %v", got.Err())
	}
	for what, change := range map[string]func(r *Record){
		"units, its study 6": func(r *Record) { r.Units = r.Units[1:] }, "its unit 1 is": func(r *Record) { r.Units[1].Unit = "x" },
		"with 1 parts": func(r *Record) { r.Units[0].Parts = r.Units[0].Parts[:1] }, "experiment = ": func(r *Record) { r.Kind = "x" },
		"Trials = 1": func(r *Record) { r.Study = bytes.Replace(r.Study, []byte(`"trials":6`), []byte(`"trials":1`), 1) },
	} {
		bad, err := p.newRecord()
		if err != nil {
			t.Fatal(err)
		}
		change(bad)
		b, err := bad.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := Parse(b, nil).Err(); err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "invalid record") {
			t.Errorf("want an error with %q, got %v", what, err)
		}
	}
}

// Students are recorded once: a second run trains nothing, an incomplete record is completed
// at the pace of the paper and refused at the other, one of other students always.
func TestRecordsOfStudents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	s := Students{D: 2, Teacher: 2, Width: 6, Mu: []float64{0.5}, N: []int{4}, Trials: 2, Seed: 1}
	want := must(t, s.Run())
	if err := s.Recorded(path).Err(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	s.Pace = "paper"
	if d := diff(want, must(t, s.Recorded(path))); d != "" {
		t.Error(d)
	}
	r, p, err := ReadRecord(path)
	if err != nil || len(r.Missing) != 0 {
		t.Fatal(err)
	}
	// What a record says is not measured again.
	r.Units[0].Parts[0][0] = 77
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	for _, pace := range []string{"quick", "paper"} {
		s.Pace = pace
		if got := must(t, s.Recorded(path)).Cells[0].values[theory.FeatureResidual][0]; got != 77 {
			t.Errorf("%s: %v, the record says 77", pace, got)
		}
	}
	r.Units[1].Parts[0] = nil
	if err := r.Write(path); err != nil || !slices.Equal(r.Missing, []int{1}) {
		t.Fatal(err, r.Missing)
	}
	s.Pace = "quick"
	if err := s.Recorded(path).Err(); err == nil || !strings.Contains(err.Error(), "1 of 4 units are missing") {
		t.Error(err)
	}
	s.Pace = "paper"
	full := must(t, s.Recorded(path))
	if full.Cells[0].values[theory.FeatureResidual][0] != 77 {
		t.Error("a unit that was there is measured again")
	}
	if again, _, err := ReadRecord(path); err != nil || len(again.Missing) != 0 || again.Units[1].Parts[0] == nil {
		t.Error("the record is not complete", err)
	}
	if d := diff(full, must(t, p.table(mustRead(t, path)))); d != "" {
		t.Error(d)
	}
	s.Seed = 2
	if err := s.Recorded(path).Err(); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Error(err)
	}
}

func mustRead(t *testing.T, path string) *Record {
	t.Helper()
	r, _, err := ReadRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A study in shards is the study: each shard owes the units of the others, and together they
// owe nothing.
func TestPlansInShards(t *testing.T) {
	s := studies["law"](4).(Experiment)
	s.Trials = 3 * block
	want := must(t, s.Run())
	dir := t.TempDir()
	for i := 1; i <= 3; i++ {
		shard := trial.Shard{Index: i, Of: 3}
		store, err := trial.OpenFolder(dir, shard)
		if err != nil {
			t.Fatal(err)
		}
		p, err := PlanOf(s)
		if err != nil {
			t.Fatal(err)
		}
		got, report := p.Run(context.Background(), trial.Options{Store: store, Shard: shard})
		if (got.Err() == nil) != (i == 3) || report.Done != 4*i || report.Owed != 12-4*i {
			t.Errorf("shard %d: %+v, %v", i, report, got.Err())
		}
		if i == 3 && diff(want, got) != "" {
			t.Error("the shards differ from the whole")
		}
		if p.Work().Name != "risks by law" {
			t.Error(p.Work().Name)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for want, o := range map[string]Owed{"experiment: x: 2 of 5 units are those of other shards": {Study: "x", Owed: 2, Units: 5},
		"experiment: x: it waits for the trials of other shards of the studies before it": {Study: "x", Owed: 5, Units: 5, Waits: true}} {
		if o.Error() != want {
			t.Error(o.Error())
		}
	}
}

// The sizes from which times are estimated: d and n for linear networks, the cost of a
// gradient and d for students; what a unit holds is in its scale.
func TestPlansEstimateTheirSizes(t *testing.T) {
	grid := Grid{D: 10, Gamma: []float64{2, 0.5, 1}, Sigma: []float64{0.1}}
	for name, c := range map[string]struct {
		e     Experiment
		scale float64
		sizes []float64 // n of each unit
		prior [2]float64
	}{
		"law":         {Experiment{Method: Law, Trials: block + 1, Grid: grid}, block, []float64{20, 20, 5, 5, 10, 10}, [2]float64{0, 0}},
		"one block":   {Experiment{Method: Law, Trials: block, Grid: grid}, block, []float64{20, 5, 10}, [2]float64{0, 0}},
		"few draws":   {Experiment{Method: Law, Trials: 7, Grid: grid}, 7, []float64{20, 5, 10}, [2]float64{0, 0}},
		"solve":       {Experiment{Method: Solve, Trials: 3, Grid: grid}, 1, []float64{20, 20, 20}, [2]float64{1, 2}},
		"train":       {Experiment{Method: Train, Trials: 2, Grid: grid}, 1, []float64{20, 20, 5, 5, 10, 10}, [2]float64{2, 1}},
		"independent": {Experiment{Method: Solve, Trials: 9, Independent: true, Grid: grid}, 9, []float64{20, 5, 10}, [2]float64{1, 2}},
	} {
		p, err := c.e.plan()
		if err != nil {
			t.Fatal(err)
		}
		if p.cost.scale != c.scale || p.cost.prior != c.prior || p.work.Units != len(c.sizes) || len(p.cost.calibrate) != 8 {
			t.Errorf("%s: scale %v, prior %v, %d units, %d timings", name, p.cost.scale, p.cost.prior, p.work.Units, len(p.cost.calibrate))
		}
		for unit, n := range c.sizes {
			if got := p.cost.size(unit); got != [2]float64{10, n} {
				t.Errorf("%s: unit %d has the sizes %v, want 10 and %v", name, unit, got, n)
			}
		}
		// The cheapest cell is timed first and the largest last.
		for i, n := range map[int]float64{0: 5, 7: 20} {
			if _, size, err := p.cost.calibrate[i](); err != nil || size != [2]float64{10, n} {
				t.Errorf("%s: timing %d is of %v, %v", name, i, size, err)
			}
		}
	}
	s := Students{D: 20, Teacher: 30, Width: 40, Mu: []float64{0.5, 0.7}, N: []int{100, 400}, Trials: 3, Alpha: 0.1}
	p, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	parts := s.units(2, 2)
	if len(parts) != 12 || parts[0] != (studentPart{0, 0, -1}) || parts[3] != (studentPart{0, -1, 1}) || parts[11] != (studentPart{2, -1, 1}) {
		t.Errorf("units %v", parts)
	}
	for unit, part := range parts {
		want := [2]float64{40*(40+30)*20 + 500*40*20, 20}
		if part.source < 0 {
			want[0] = float64(s.N[part.scratch] * 40 * 20)
		}
		if got := p.cost.size(unit); got != want {
			t.Errorf("unit %v has the sizes %v, want %v", part, got, want)
		}
	}
	if p.cost.scale != 1 || p.cost.prior != [2]float64{1, 1} || len(p.cost.calibrate) != 24 {
		t.Errorf("scale %v, prior %v", p.cost.scale, p.cost.prior)
	}
	for d, want := range map[int]Students{10: {D: 10, Teacher: 15, Width: 20, N: []int{25, 100}}, 5: {D: 5, Teacher: 8, Width: 10, N: []int{6, 25}}, 1: {D: 1, Teacher: 2, Width: 4, N: []int{2}}} {
		got := s.like(d)
		if got.D != want.D || got.Teacher != want.Teacher || got.Width != want.Width || !slices.Equal(got.N, want.N) || !slices.Equal(got.Mu, []float64{0.5}) || got.Trials != 2 || got.check() != nil {
			t.Errorf("students like these in %d dimensions: %+v", d, got)
		}
	}
	for i := range 6 {
		_, size, err := p.cost.calibrate[i]()
		if d := []float64{4, 4, 6, 6, 9, 9}[i]; err != nil || size[1] != d {
			t.Errorf("timing %d is of %v, %v", i, size, err)
		}
	}
}

// The times of units follow the power law of the timings, which the prior hardly moves, and
// where timings do not tell, the prior does.
func TestPlansFitTheirTimes(t *testing.T) {
	f := newFit([2]float64{1, 2})
	for _, size := range [][2]float64{{2, 3}, {4, 30}, {8, 5}, {16, 100}, {3, 7}, {50, 11}} {
		f.add(size, 5e-3*math.Pow(size[0], 1.5)*math.Pow(size[1], 0.5))
	}
	seconds, err := f.solve()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]float64{{10, 10}, {100, 20}, {3, 200}} {
		if want := 5e-3 * math.Pow(size[0], 1.5) * math.Pow(size[1], 0.5); math.Abs(math.Log(seconds(size)/want)) > 0.1 {
			t.Errorf("at %v: %v s, want %v", size, seconds(size), want)
		}
	}
	prior := newFit([2]float64{1, 2})
	prior.add([2]float64{1, 1}, 3)
	if seconds, err = prior.solve(); err != nil || math.Abs(seconds([2]float64{1, 1})-3) > 1e-9 || math.Abs(seconds([2]float64{2, 5})-3*2*25) > 1e-6 {
		t.Errorf("%v s from the prior, want 150, %v", seconds([2]float64{2, 5}), err)
	}
	calls := 0
	p := &Plan{plan: &plan{work: trial.Work{Units: 3}, cost: cost{scale: 7, prior: [2]float64{1, 0}, size: func(unit int) [2]float64 { return [2]float64{float64(unit + 1), 1} }}}}
	for range 5 {
		p.plan.cost.calibrate = append(p.plan.cost.calibrate, func() (float64, [2]float64, error) { calls++; return 2, [2]float64{1, 1}, nil })
	}
	e, err := p.Estimate(0)
	if err != nil || e.Measured != 2 || calls != 2 || len(e.Units) != 3 {
		t.Fatal(e, err, calls)
	}
	for unit, want := range []float64{14, 28, 42} {
		if math.Abs(e.Units[unit]-want) > 1e-6 {
			t.Errorf("unit %d takes %v s, want %v", unit, e.Units[unit], want)
		}
	}
	if got := e.Of([]int{0, 2}); math.Abs(got-56) > 1e-6 {
		t.Errorf("two units take %v s, want 56", got)
	}
	if e, err = p.Estimate(time.Hour); err != nil || e.Measured != 5 {
		t.Errorf("%d timings in an hour, %v", e.Measured, err)
	}
	p.plan.cost.calibrate[1] = func() (float64, [2]float64, error) { return 0, [2]float64{}, errors.New("broken") }
	if _, err := p.Estimate(0); err == nil || err.Error() != "experiment: estimate: broken" {
		t.Error(err)
	}
}

// A study without an estimate of its own is timed by its units, which count the same, all
// parts of each.
func TestPlansTimeTheirUnits(t *testing.T) {
	var seen []string
	p := &Plan{plan: &plan{work: trial.Work{Units: 11, Parts: func(unit int) int { return unit + 1 }, Title: func(int) string { return "a unit" },
		Measure: func(ctx context.Context, unit int, missing []int, done func(int, []float64)) error {
			seen = append(seen, fmt.Sprint(unit, missing))
			time.Sleep(time.Millisecond)
			return nil
		}}}}
	e, err := p.Estimate(time.Hour)
	if err != nil || e.Measured != 8 || len(e.Units) != 11 || !slices.Equal(seen[:3], []string{"0 [0]", "1 [0 1]", "2 [0 1 2]"}) || len(seen) != 8 {
		t.Fatal(e, err, seen)
	}
	for _, s := range e.Units {
		if s != e.Units[0] || s < 1e-3 {
			t.Errorf("units take %v", e.Units)
		}
	}
	if e, err = p.Estimate(0); err != nil || e.Measured != 2 { // it waits for a unit all the same
		t.Error(e, err)
	}
	p.plan.work.Units = 3
	if e, err = p.Estimate(time.Hour); err != nil || e.Measured != 3 {
		t.Error(e, err)
	}
}

// A pretrained student and one from scratch are kept for every study that needs them,
// whatever the procedures, the other n and the other μ of the study.
func TestPlansShareTheKeysOfStudents(t *testing.T) {
	s := Students{D: 3, Teacher: 4, Width: 8, Mu: []float64{0.25, 0.5}, N: []int{5, 9}, Trials: 2, Seed: 1}
	all := keysOf(t, s)
	for _, c := range []struct {
		procedures []Procedure
		shared     int // of its keys
	}{{nil, 12}, {[]Procedure{Scratch}, 4}, {[]Procedure{Transfer}, 4}, {[]Procedure{Scratch, FineTune}, 8}} {
		part := s
		part.Procedures = c.procedures
		if c.procedures == nil {
			part.Mu, part.N, part.Trials = s.Mu[1:], []int{9, 7}, 5
			c.shared = 2 * (1 + 1 + 1) // the source, a transfer and a start from scratch of two trials
		}
		shared := 0
		for key := range keysOf(t, part) {
			if all[key] {
				shared++
			}
		}
		if shared != c.shared {
			t.Errorf("%q: %d keys are shared, want %d", c.procedures, shared, c.shared)
		}
	}
}
