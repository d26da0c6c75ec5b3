package sweep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

// A folder is of one sweep: the same one in another form is welcome, another one and what is
// no sweep are not.
func TestAdopt(t *testing.T) {
	p := plan(t, small)
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := p.Adopt(dir); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o755 != 0o755 {
		t.Errorf("the mode of the folder is %v, %v", info.Mode(), err)
	}
	if s, err := trial.StatusOf(dir); err != nil || len(s) != 1 || len(s[0].Missing) != 12 {
		t.Errorf("its status is %+v, %v", s, err)
	}
	if q, err := Open(dir); err != nil || q.Hash != p.Hash {
		t.Errorf("%v, %v", q, err)
	}
	path := filepath.Join(dir, "sweep.json")
	for text, want := range map[string]string{
		strings.Replace(small, "{", "{\n \"name\": \"x\",", 1): "", string(p.file) + "\n\n": "",
		strings.Replace(small, "0.25", "0.75", 1): "another sweep", "hello": "not a sweep", "": "not a sweep",
		`{"experiment": 1}`: "experiment: json", `{"name": []}`: "name: json",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := p.Adopt(dir)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
		if b, _ := os.ReadFile(path); string(b) != text {
			t.Errorf("%q is changed to %q", text, b)
		}
	}
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := p.Adopt(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder for a file: %v", err)
	}
	if err := p.Adopt(filepath.Join(dir, "store.json")); err == nil {
		t.Error("a file for a folder is no error")
	}
}

// A folder that another version of the program filled is neither added to nor merged.
func TestOtherProgramsFolder(t *testing.T) {
	p := plan(t, small)
	dir := t.TempDir()
	measure(t, t.Context(), p, dir, 1, 1, 0)
	path := filepath.Join(dir, "store.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"version", "go", "arch"} {
		bad := strings.Replace(string(good), `"`+field+`":"`, `"`+field+`":"x`, 1)
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		_, run := p.Run(t.Context(), dir, trial.Shard{}, 0)
		_, merge := p.Merge(dir, true)
		for what, err := range map[string]error{"run": run, "merge": merge} {
			if err == nil || !strings.Contains(err.Error(), "another program") {
				t.Errorf("%s: another %s: %v", what, field, err)
			}
		}
	}
}

func TestRunLimits(t *testing.T) {
	p := plan(t, studies["teachers"])
	for _, c := range []struct {
		shard   trial.Shard
		workers int
		want    string
	}{
		{trial.Shard{}, -1, "workers -1"}, {trial.Shard{}, 10_001, "workers 10001"}, {trial.Shard{}, 10_000, ""}, {trial.Shard{}, 0, ""}, {trial.Shard{}, 1, ""},
		{trial.Shard{Index: 3, Of: 2}, 1, "shard 3/2"}, {trial.Shard{Index: 0, Of: 2}, 1, "shard 0/2"}, {trial.Shard{Index: 2, Of: 2}, 1, ""},
	} {
		dir := filepath.Join(t.TempDir(), "x")
		_, err := p.Run(t.Context(), dir, c.shard, c.workers)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		if _, none := os.Stat(dir); (none == nil) != (err == nil) {
			t.Errorf("%+v: %v, and the folder: %v", c, err, none)
		}
	}
	if _, err := p.Run(t.Context(), filepath.Join(os.DevNull, "x"), trial.Shard{}, 1); err == nil {
		t.Error("a folder in a device is no error")
	}
}

// A shard reports its own units and those that it owes, and an interrupted one is no error.
func TestReports(t *testing.T) {
	p := plan(t, small) // 12 units
	dir := t.TempDir()
	if r := measure(t, t.Context(), p, dir, 2, 5, 1); r != (trial.Report{Units: 12, Done: 3, Owed: 9}) {
		t.Errorf("shard 2/5: %+v", r)
	}
	if r := measure(t, t.Context(), p, dir, 1, 5, 1); r != (trial.Report{Units: 12, Done: 6, Owed: 6}) {
		t.Errorf("shard 1/5: %+v", r)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if r := measure(t, stopped, p, dir, 1, 1, 1); !r.Interrupted {
		t.Errorf("a stopped shard: %+v", r)
	}
}

// A unit that fails is the error of its shard, and of a study in shards.
func TestFailedUnit(t *testing.T) {
	p := plan(t, `{"experiment": "pretraining", "d": 5, "depth": [2], "alpha": [0.1], "step": [9], "trials": 2, "seed": 1}`)
	alone := p.Study.Run().Err()
	if alone == nil {
		t.Fatal("a step that is far too large is no error")
	}
	_, run := p.Run(t.Context(), t.TempDir(), trial.Shard{}, 1)
	_, shards := Shards(2, p.Study)
	for what, err := range map[string]error{"Run": run, "Shards": shards} {
		if err == nil || !strings.Contains(err.Error(), "trial") {
			t.Errorf("%s: %v, in one process %v", what, err, alone)
		}
	}
}

// Both numbers of shards are measured.
func TestSameMeasuresBoth(t *testing.T) {
	for _, n := range [][2]int{{1, 0}, {0, 1}} {
		if same, err := Same(plan(t, studies["teachers"]).Study, n[0], n[1]); err == nil || same || !strings.Contains(err.Error(), "shard 1/0") {
			t.Errorf("%v: %v, %v", n, same, err)
		}
	}
}

// A merged table holds as many trials as the study, and a mean is that of its trials.
func TestTrialsOfAMergedTable(t *testing.T) {
	paired := plan(t, studies["paired"]).Study.(experiment.Experiment)
	merged, whole := InShards(3, paired), paired.Run()
	if merged.Err() != nil || whole.Err() != nil {
		t.Fatal(merged.Err(), whole.Err())
	}
	for i, c := range merged.Cells {
		got, err := c.Values(theory.RiskScratch)
		want, wantErr := whole.Cells[i].Values(theory.RiskScratch)
		if err != nil || wantErr != nil || len(got) != paired.Trials || len(want) != paired.Trials {
			t.Fatalf("%v: %d and %d trials, want %d: %v, %v", c, len(got), len(want), paired.Trials, err, wantErr)
		}
		for k := range got {
			if got[k] != want[k] {
				t.Errorf("%v: trial %d is %v, want %v", c, k, got[k], want[k])
			}
		}
	}
}

// In a process that measures a shard, InShards is a run of the study, whose units it shares.
func TestInShardsOfAShard(t *testing.T) {
	store, err := trial.OpenFolder(t.TempDir(), trial.Shard{Index: 1, Of: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	session.Change(func(o *session.Options) { o.Store, o.Shard = store, trial.Shard{Index: 1, Of: 2} })
	defer session.Change(func(o *session.Options) { o.Store, o.Shard = nil, trial.Shard{} })
	table := InShards(3, plan(t, small).Study)
	var owed *experiment.Owed
	if !errors.As(table.Err(), &owed) || store.Len() == 0 {
		t.Errorf("%v: %d parts", table.Err(), store.Len())
	}
}

// An interrupt of the session ends a study in shards with an error, as it ends its run.
func TestInterruptedShards(t *testing.T) {
	session.Change(func(o *session.Options) { o.Progress = nil })
	p := plan(t, strings.Replace(studies["law"], "3000", "40000000", 1))
	go func() {
		for !session.Interrupt() { // until the study has begun
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := Shards(2, p.Study); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("an interrupted sweep: %v", err)
	}
}
