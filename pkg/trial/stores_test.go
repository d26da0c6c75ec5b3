package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A folder and a cache both get every part; what only one of them holds is read from it, and
// goes from the cache to the folder.
func TestFolderAndCache(t *testing.T) {
	var measured atomic.Int64
	want, _ := run(t, squares(new(atomic.Int64)), Options{})
	again := func(what string, o Options, parts int) {
		t.Helper()
		measured.Store(0)
		got, report := run(t, squares(&measured), o)
		if d := cmp.Diff(want, got); d != "" || int(measured.Load()) != parts || report.Done != 20 || report.Owed != 0 {
			t.Errorf("%s: %d parts measured, want %d: %+v\n%s", what, measured.Load(), parts, report, d)
		}
	}
	home := t.TempDir()
	kept, first, second := cache(t, home), folder(t, t.TempDir(), Shard{}), folder(t, t.TempDir(), Shard{})
	again("both are new", Options{Store: first, Cache: kept}, 60)
	again("the folder", Options{Store: first}, 0)
	again("the cache", Options{Cache: kept}, 0)
	again("a new folder and the cache", Options{Store: second, Cache: kept}, 0)
	again("the new folder", Options{Store: second}, 0)
	// A log holds each part once: none is written again when it is read.
	for _, s := range []*Store{kept, first, second} {
		b, err := os.ReadFile(s.Path())
		if err != nil || len(b) != 60*(recordHead+3*8+recordTail) {
			t.Errorf("%d bytes of 60 parts, %v", len(b), err)
		}
	}
	w := squares(&measured)
	w.Key = nil
	measured.Store(0)
	if run(t, w, Options{Store: first}); measured.Load() != 60 {
		t.Errorf("work without keys: %d parts measured", measured.Load())
	}
	if _, err := Run(t.Context(), w, Options{Store: first, Shard: Shard{1, 2}}, ignore); err == nil || !strings.Contains(err.Error(), "needs a store") {
		t.Errorf("a shard of work without keys: %v", err)
	}
}

// Known parts are neither measured nor stored, and the others are stored under their own keys.
func TestKnown(t *testing.T) {
	var measured atomic.Int64
	dir := t.TempDir()
	known := func(unit, part int) ([]float64, bool) { return []float64{-1, float64(part)}, part == 1 }
	store := folder(t, dir, Shard{})
	got, _ := run(t, squares(&measured), Options{Store: store, Known: known})
	if measured.Load() != 40 || store.Len() != 40 || got[[2]int{5, 1}][0] != -1 || got[[2]int{5, 2}][0] != 25 {
		t.Errorf("%d parts measured, %d stored: %v", measured.Load(), store.Len(), got)
	}
	store.Close()
	measured.Store(0)
	want, _ := run(t, squares(new(atomic.Int64)), Options{})
	got, _ = run(t, squares(&measured), Options{Store: folder(t, dir, Shard{})})
	if d := cmp.Diff(want, got); d != "" || measured.Load() != 20 {
		t.Errorf("%d parts measured\n%s", measured.Load(), d)
	}
	// A shard needs no store where the parts are known; the units of others are owed.
	measured.Store(0)
	if _, report := run(t, squares(&measured), Options{Known: known, Shard: Shard{2, 4}}); measured.Load() != 10 || report != (Report{Units: 20, Done: 5, Owed: 15}) {
		t.Errorf("%d parts measured, %+v", measured.Load(), report)
	}
}

// The status of a folder tells finished units, those of a shard that runs, and the others. A
// process without a sign of life for a minute does not run.
func TestStatus(t *testing.T) {
	dir := t.TempDir()
	w := squares(new(atomic.Int64))
	w.Name, w.Units = "b", 9
	other := squares(new(atomic.Int64))
	other.Name, other.Kind, other.Units = "a", "other", 1
	for _, w := range []Work{w, other} {
		if err := Register(dir, w); err != nil {
			t.Fatal(err)
		}
	}
	if logs, err := filepath.Glob(filepath.Join(dir, "*"+logSuffix)); err != nil || len(logs) > 0 {
		t.Errorf("the list of a study leaves the logs %v, %v", logs, err)
	}
	check := func(what string, done, running, missing []int) {
		t.Helper()
		status, err := StatusOf(dir)
		if err != nil || len(status) != 2 || status[0].Study != "a" || status[1].Study != "b" {
			t.Fatalf("%s: %+v, %v", what, status, err)
		}
		if s := status[1]; !slices.Equal(s.Done, done) || !slices.Equal(s.Running, running) || !slices.Equal(s.Missing, missing) {
			t.Errorf("%s: %+v", what, s)
		}
		if !slices.Equal(status[0].Missing, []int{0}) && len(running) == 0 {
			t.Errorf("%s: %+v", what, status[0])
		}
		for unit := range 9 { // whatever its state
			for n := 2; n <= 9; n++ {
				if of, err := status[1].ShardsOf([]int{unit}, n); err != nil || !slices.Equal(of, []int{unit%n + 1}) {
					t.Errorf("%s: unit %d is in shard %v of %d, %v", what, unit, of, n, err)
				}
			}
		}
		if of, err := status[1].ShardsOf([]int{8, 1, 3, 6}, 5); err != nil || !slices.Equal(of, []int{2, 4}) {
			t.Errorf("%s: the shards of four units are %v, %v", what, of, err)
		}
	}
	check("new", nil, nil, []int{0, 1, 2, 3, 4, 5, 6, 7, 8})
	store := folder(t, dir, Shard{2, 4})
	run(t, w, Options{Store: store, Shard: Shard{2, 4}})
	check("shard 2/4 runs on", []int{1, 5}, nil, []int{0, 2, 3, 4, 6, 7, 8})
	third := folder(t, dir, Shard{3, 4})
	check("shard 3/4 begins", []int{1, 5}, []int{2, 6}, []int{0, 3, 4, 7, 8})
	left, err := filepath.Glob(filepath.Join(dir, ".running-3-of-4-*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	for age, running := range map[time.Duration][]int{50 * time.Second: {2, 6}, 70 * time.Second: nil} {
		then := time.Now().Add(-age)
		if err := os.Chtimes(left[0], then, then); err != nil {
			t.Fatal(err)
		}
		missing := []int{0, 2, 3, 4, 6, 7, 8}
		if running != nil {
			missing = []int{0, 3, 4, 7, 8}
		}
		check("the last sign of life is old", []int{1, 5}, running, missing)
	}
	third.Close()
	store.Close()
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	check("both ended", []int{1, 5}, nil, []int{0, 2, 3, 4, 6, 7, 8})
	logs, err := filepath.Glob(filepath.Join(dir, "*"+logSuffix))
	if err != nil || len(logs) != 1 || !strings.HasPrefix(filepath.Base(logs[0]), "2-of-4-") {
		t.Errorf("the logs are %v, %v", logs, err)
	}
	// All units of a folder without shards are measured by shard 1/1.
	whole := folder(t, dir, Shard{})
	check("one process", []int{1, 5}, []int{0, 2, 3, 4, 6, 7, 8}, nil)
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	host = regexp.MustCompile(`[^A-Za-z0-9.]`).ReplaceAllString(host, "_")
	if name := filepath.Base(whole.Path()); !strings.HasPrefix(name, fmt.Sprintf("1-of-1-%s-%d-", host, os.Getpid())) {
		t.Errorf("its log is %s", name)
	}
}

// Half of the parts of a unit are not the unit, and a unit without parts is done.
func TestStatusCountsParts(t *testing.T) {
	dir := t.TempDir()
	w := squares(new(atomic.Int64))
	w.Units, w.Parts = 3, func(unit int) int { return unit }
	if err := Register(dir, w); err != nil {
		t.Fatal(err)
	}
	store := folder(t, dir, Shard{})
	key, err := w.key(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	store.put(key, nil)
	if key, err = w.key(1, 0); err != nil {
		t.Fatal(err)
	}
	store.put(key, []float64{1})
	store.Close()
	if s, err := StatusOf(dir); err != nil || !slices.Equal(s[0].Done, []int{0, 1}) || !slices.Equal(s[0].Missing, []int{2}) {
		t.Errorf("%+v, %v", s, err)
	}
	for n, ok := range map[int]bool{1: true, MaxShards: true, 0: false, -1: false, MaxShards + 1: false} {
		if _, err := (Status{Missing: []int{0}}).ShardsOf([]int{0}, n); (err == nil) != ok {
			t.Errorf("%d shards: %v", n, err)
		}
	}
}

// A listing that was changed is an error.
func TestBadListings(t *testing.T) {
	for want, text := range map[string]string{
		"invalid listing": `{"Study":"x","Parts":[-1],"Keys":""}`,
		"listing of a st": `{"Study":"x","Parts":[2],"Keys":"AAAAAAAAAAA="}`,
		"of a study":      `{"Study":"x","Parts":[1],"Keys":""}`,
		"invalid":         `hello`,
	} {
		dir := t.TempDir()
		if err := MakeFolder(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "study-x.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := StatusOf(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := StatusOf(t.TempDir()); err == nil {
		t.Error("a folder without a manifest has a status")
	}
	if _, err := ReadFolder(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no folder is no error")
	}
	odd := t.TempDir()
	if err := MakeFolder(odd); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(odd, "x"+logSuffix), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFolder(odd); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a log that is a folder: %v", err)
	}
	// Files that are no logs are not read.
	plain := t.TempDir()
	if err := MakeFolder(plain); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(plain, "notes"), appendRecord(nil, Key{1}, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := ReadFolder(plain); err != nil || s.Len() != 0 || s.Damaged() != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
