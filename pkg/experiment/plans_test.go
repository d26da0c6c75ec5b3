package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg"
	_ "github.com/features-are-fate/fate/pkg/internal/property"
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
