package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/trial"
)

func plan(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const small = `{"method": "solve", "trials": 3, "seed": 5, "grid": {"d": [10, 6], "gamma": [0.5, 1.5, 0.25], "sigma": [0.3, 0]}}`

// studies are a small sweep of each study.
var studies = map[string]string{
	"linear":      small,
	"law":         `{"method": "law", "trials": 3000, "seed": 5, "grid": {"d": [10, 6], "gamma": [0.5]}}`,
	"paired":      `{"experiment": "paired", "method": "solve", "trials": 9, "seed": 5, "grid": {"d": [10], "gamma": [0.5, 1.5], "theta": [0.5, 1]}}`,
	"drawn":       `{"experiment": "paired", "method": "law", "trials": 9000, "seed": 5, "grid": {"d": [10], "gamma": [0.5, 1.5]}}`,
	"trained":     `{"experiment": "paired", "method": "train", "trials": 4, "seed": 5, "grid": {"d": [5], "gamma": [0.5, 1.5], "sigma": [0.2]}}`,
	"pretraining": `{"experiment": "pretraining", "d": 5, "depth": [2, 3], "alpha": [0.1], "trials": 3, "seed": 1, "course": true}`,
	"transports":  `{"experiment": "transports", "d": [2, 3], "n": 6, "theta": [0, 1], "sigma": 0.2, "trials": 3, "seed": 1}`,
	"students":    `{"experiment": "students", "d": 3, "teacher": 3, "width": 8, "mu": [0.67, 0.33], "n": [20, 10], "trials": 2, "seed": 3}`,
	"teachers":    `{"experiment": "teachers", "d": 4, "neurons": 4, "mu": [0.25, 0.5], "trials": 8, "seed": 1}`,
	"kernels":     `{"experiment": "kernels", "d": 3, "teacher": 3, "width": 12, "mu": 0.34, "alpha": [0.1, 0.3], "trials": 2, "seed": 1}`,
	"curves":      `{"experiment": "curves", "setting": {"N": 3, "D": 5, "Theta": 1, "Sigma": 0.2, "Depth": 2}, "seed": 1, "alpha": 0.1}`,
	"flows":       `{"experiment": "flows", "setting": {"N": 3, "D": 5, "Theta": 1, "Sigma": 0.2}, "depths": [2, 3], "seed": 1, "step": 0.1}`,
}

// merged returns the bytes of the merged file.
func merged(t *testing.T, p *Plan, dir string) []byte {
	t.Helper()
	r, err := p.Merge(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func measure(t *testing.T, ctx context.Context, p *Plan, dir string, i, n, workers int) trial.Report {
	t.Helper()
	report, err := p.Run(ctx, dir, trial.Shard{Index: i, Of: n}, workers)
	if err != nil {
		t.Error(err)
	}
	return report
}

// Of every study: one shard, seven in any order, two at once on the same units, and one that
// is stopped and resumed give the same bytes; and the merged table is that of one process.
func TestShardsMergeToTheSameBytes(t *testing.T) {
	for name, text := range studies {
		t.Run(name, func(t *testing.T) {
			p := plan(t, text)
			one := t.TempDir()
			measure(t, t.Context(), p, one, 1, 1, 0)
			want := merged(t, p, one)

			seven := t.TempDir()
			for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(7) {
				measure(t, t.Context(), p, seven, i+1, 7, 1)
			}
			if !bytes.Equal(merged(t, p, seven), want) {
				t.Error("seven shards differ from one")
			}

			both := t.TempDir()
			var group sync.WaitGroup
			for range 2 {
				group.Go(func() { measure(t, t.Context(), p, both, 1, 1, 1) })
			}
			group.Wait()
			if !bytes.Equal(merged(t, p, both), want) {
				t.Error("two runs of the same units at once differ from one")
			}

			killed := t.TempDir()
			stopped, cancel := context.WithCancel(t.Context())
			cancel()
			if r := measure(t, stopped, p, killed, 1, 1, 1); !r.Interrupted || r.Done == r.Units {
				t.Errorf("a run that was stopped reports %+v", r)
			}
			if _, err := p.Merge(killed, false); err == nil || !strings.Contains(err.Error(), "units are missing") {
				t.Error(err)
			}
			measure(t, t.Context(), p, killed, 1, 1, 0)
			if !bytes.Equal(merged(t, p, killed), want) {
				t.Error("a run that was resumed differs")
			}

			for _, dir := range []string{one, seven, both, killed} {
				if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			}
			alone := p.Study.Run()
			table := experiment.Parse(want, nil)
			if alone.Err() != nil || table.Err() != nil || table.String() != alone.String() {
				t.Fatalf("%v, want %v", table, alone)
			}
			for i, c := range table.Cells {
				for _, q := range table.Quantities() {
					got, err := c.Mean(q)
					if w, errAlone := alone.Cells[i].Mean(q); (err == nil) != (errAlone == nil) || err == nil && got != w {
						t.Errorf("%v: %s = %v, %v, in one process %v, %v", c, q, got, err, w, errAlone)
					}
				}
			}
		})
	}
}

func TestHash(t *testing.T) {
	p := plan(t, small)
	if named := plan(t, strings.Replace(small, "{", `{"name": "x", "experiment": "linear", `, 1)); named.Hash != p.Hash || named.Name != "x" {
		t.Error("a name changes the sweep")
	}
	for name, other := range map[string]string{
		"the seed":   strings.Replace(small, `"seed": 5`, `"seed": 6`, 1),
		"the trials": strings.Replace(small, `"trials": 3`, `"trials": 4`, 1),
		"the grid":   strings.Replace(small, `0.25`, `0.75`, 1),
		"the method": strings.Replace(small, `solve`, `law`, 1),
		"the kind":   `{"experiment": "paired", "method": "law", "trials": 3, "seed": 5, "grid": {"d": [10], "gamma": [0.5]}}`,
	} {
		if plan(t, other).Hash == p.Hash {
			t.Errorf("%s does not change the sweep", name)
		}
	}
}

func TestBadSweeps(t *testing.T) {
	for want, text := range map[string]string{
		"not a sweep":          `hello`,
		`unknown field "rows"`: `{"rows": 1}`,
		"more after its end":   small + "{}",
		"D = 0":                `{"method": "law", "trials": 2, "grid": {"gamma": [1]}}`,
		"Gamma is empty":       `{"method": "law", "trials": 2, "grid": {"d": [10]}}`,
		`Method = "guess"`:     strings.Replace(small, "solve", "guess", 1),
		"Trials = 1":           strings.Replace(small, `"trials": 3`, `"trials": 1`, 1),
		"more than 1000000":    fmt.Sprintf(`{"method": "law", "trials": 2, "grid": {"d": [10], "gamma": [%s1], "sigma": [%s0]}}`, strings.Repeat("1,", 1100), strings.Repeat("0,", 1100)),
		"Sigma = -1":           strings.Replace(small, `"sigma": [0.3, 0]`, `"sigma": [-1]`, 1),
		`experiment = "trees"`: `{"experiment": "trees"}`,
		`unknown field "gamma`: strings.Replace(studies["students"], `"n"`, `"gamma": [1], "n"`, 1),
		"Width = 2":            strings.Replace(studies["students"], `"width": 8`, `"width": 2`, 1),
		"set Independent":      strings.Replace(studies["paired"], `[10]`, `[10, 20]`, 1),
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("no file is no error")
	}
	own := experiment.Measure{Name: "x", Trials: 2, Grid: experiment.Grid{D: 4, Gamma: []float64{1}}, Trial: func(experiment.Draw) experiment.Values { return nil }}
	if _, err := Of(own); err == nil || !strings.Contains(err.Error(), "calls a function") {
		t.Error(err)
	}
}

// A folder of another sweep or of other code is never merged, and damage is measured again.
func TestDamagedAndForeignFolders(t *testing.T) {
	p := plan(t, small)
	dir := t.TempDir()
	measure(t, t.Context(), p, dir, 1, 1, 0)
	want := merged(t, p, dir)
	logs, err := filepath.Glob(filepath.Join(dir, "*.trials"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	good, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(good)/2] ^= 1
	for name, bad := range map[string][]byte{"cut": good[:len(good)-9], "empty": nil, "flipped": flipped} {
		dir := t.TempDir()
		if err := p.Adopt(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(logs[0])), bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Merge(dir, false); err == nil || !strings.Contains(err.Error(), "missing") && !strings.Contains(err.Error(), "no unit") {
			t.Errorf("%s: %v", name, err)
		}
		measure(t, t.Context(), p, dir, 1, 1, 0)
		if !bytes.Equal(merged(t, p, dir), want) {
			t.Errorf("%s: it is not measured again", name)
		}
	}
	other := plan(t, strings.Replace(small, `"seed": 5`, `"seed": 6`, 1))
	if _, err := other.Run(t.Context(), dir, trial.Shard{}, 0); err == nil || !strings.Contains(err.Error(), "another sweep") {
		t.Errorf("units of another sweep: %v", err)
	}
	if _, err := other.Merge(dir, true); err == nil || !strings.Contains(err.Error(), "no unit") {
		t.Error(err)
	}
	for _, none := range []string{filepath.Join(dir, "none"), t.TempDir()} {
		if _, err := p.Merge(none, true); err == nil {
			t.Errorf("%s is no error", none)
		}
	}
}

// A partial record names what it lacks, and its table counts as interrupted.
func TestPartial(t *testing.T) {
	p := plan(t, small)
	dir := t.TempDir()
	measure(t, t.Context(), p, dir, 1, 3, 0)
	status, err := trial.StatusOf(dir)
	if err != nil || len(status) != 1 || len(status[0].Done) != 4 || len(status[0].Missing) != 8 || len(status[0].Running) != 0 {
		t.Fatalf("%+v, %v", status, err)
	}
	if again, err := status[0].ShardsOf(status[0].Missing, 3); err != nil || !slices.Equal(again, []int{2, 3}) {
		t.Errorf("shards to run again: %v, %v", again, err)
	}
	r, err := p.Merge(dir, true)
	if err != nil || !slices.Equal(r.Missing, status[0].Missing) {
		t.Fatal(r, err)
	}
	path := filepath.Join(t.TempDir(), "some.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	table := experiment.Load(path)
	if table.Err() != nil || !table.Interrupted || len(table.Cells) != 4 {
		t.Errorf("%v, %v", table.Err(), table)
	}
	if err := table.Verdict(theory.Scratch).Err(); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Error(err)
	}
}

// A record that is not what its study says is not loaded.
func TestLoad(t *testing.T) {
	b, err := Shards(2, plan(t, small).Study)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	table := experiment.Load(path)
	if table.Err() != nil || len(table.Cells) != 12 || !strings.Contains(table.String(), "12 cells × 3 trials at d from 6 to 10") {
		t.Fatal(table)
	}
	points := table.Where(func(s theory.Setting) bool { return s.Sigma == 0 }).Measured(theory.RiskLinear, experiment.Dimension, experiment.Gamma)
	if points.Err() != nil || points.Len() == 0 {
		t.Error(points.Err())
	}
	for want, change := range map[string]func(r *experiment.Record){
		"its unit 0 is": func(r *experiment.Record) {
			r.Study = json.RawMessage(strings.Replace(string(r.Study), "0.3", "0.4", 1))
		},
		"its unit 1 is":    func(r *experiment.Record) { r.Units[1].Unit = r.Units[0].Unit },
		"it has 11":        func(r *experiment.Record) { r.Units = r.Units[1:] },
		`experiment = "x"`: func(r *experiment.Record) { r.Kind = "x" },
	} {
		bad, _, err := experiment.ReadRecord(path)
		if err != nil {
			t.Fatal(err)
		}
		change(bad)
		other := filepath.Join(dir, "bad.json")
		if err := bad.Write(other); err != nil {
			t.Fatal(err)
		}
		if err := experiment.Load(other).Err(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "invalid record") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if experiment.Load(filepath.Join(dir, "none.json")).Err() == nil {
		t.Error("no file is no error")
	}
	bad := plan(t, small).Study.(experiment.Experiment)
	bad.Pace = "fast"
	if err := InShards(2, bad).Err(); err == nil || !strings.Contains(err.Error(), `Pace = "fast"`) {
		t.Error(err)
	}
	bad.Pace = ""
	if err := InShards(0, bad).Err(); err == nil || !strings.Contains(err.Error(), "shard 1/0") {
		t.Error(err)
	}
	if same, err := Same(bad, 1, 5); err != nil || !same {
		t.Errorf("one shard and five differ: %v", err)
	}
}

// The estimate of each unit is positive and finite.
func TestEstimate(t *testing.T) {
	for _, name := range []string{"linear", "law", "paired", "drawn", "trained", "students", "teachers"} {
		p := plan(t, studies[name])
		e, err := p.Estimate(0)
		if err != nil || e.Measured < 1 {
			t.Fatal(name, e, err)
		}
		for i := range p.Work().Units {
			if s := e.Of(trial.Share{First: i, Step: 1, Count: 1}); !(s > 0) || math.IsInf(s, 0) {
				t.Errorf("%s: unit %d takes %v s", name, i, s)
			}
		}
	}
}

// What 10,000 cells cost to plan and to merge; the cells themselves are made once.
func BenchmarkTenThousandCells(b *testing.B) {
	e := experiment.Experiment{Method: experiment.Law, Trials: 2, Independent: true,
		Grid: experiment.Grid{Dimension: []int{1000}, Gamma: experiment.Range(0.02, 2, 100), Theta: experiment.Range(0, 0.99, 100)}}
	p, err := Of(e)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if _, err := p.Run(b.Context(), dir, trial.Shard{}, 0); err != nil {
		b.Fatal(err)
	}
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Of(e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("merge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := p.Merge(dir, false)
			if err != nil || len(r.Units) != 10_000 {
				b.Fatal(err)
			}
			if err := r.Write(filepath.Join(dir, "result", "r.json")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("shard", func(b *testing.B) { // that finds its units in the folder
		for b.Loop() {
			if _, err := p.Run(b.Context(), dir, trial.Shard{Index: 1, Of: 100}, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
}
