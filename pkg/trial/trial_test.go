package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// squares is work of 20 units of 3 parts, and how many parts it has measured.
func squares(measured *atomic.Int64) Work {
	return Work{Name: "squares", Kind: "square", Units: 20, Parts: func(int) int { return 3 },
		Title: func(unit int) string { return fmt.Sprintf("unit %d", unit) },
		Key:   func(unit, part int) any { return [2]int{unit, part} },
		Measure: func(ctx context.Context, unit int, missing []int, done func(int, []float64)) error {
			for _, part := range missing {
				measured.Add(1)
				done(part, []float64{float64(unit * unit), float64(part), math.NaN()})
			}
			return nil
		}}
}

// kept collects what a run hands over.
type kept struct {
	mu     sync.Mutex
	values map[[2]int][]float64
}

func (k *kept) keep(unit, part int, values []float64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil {
		k.values = map[[2]int][]float64{}
	}
	k.values[[2]int{unit, part}] = slices.Clone(values[:2])
}

func run(t *testing.T, w Work, o Options) (map[[2]int][]float64, Report) {
	t.Helper()
	var k kept
	report, err := Run(t.Context(), w, o, k.keep)
	if err != nil {
		t.Fatal(err)
	}
	return k.values, report
}

func folder(t *testing.T, dir string, shard Shard) *Store {
	t.Helper()
	s, err := OpenFolder(dir, shard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Shards measure each part once between them, say what others owe, and what they keep is
// what one process measures.
func TestShards(t *testing.T) {
	var measured atomic.Int64
	want, _ := run(t, squares(&measured), Options{Workers: 4})
	for _, n := range []int{1, 3, 7, 50} {
		dir := t.TempDir()
		measured.Store(0)
		for i := n; i >= 1; i-- { // the last one first, before others have done anything
			shard := Shard{i, n}
			store := folder(t, dir, shard)
			before := measured.Load()
			_, report := run(t, squares(&measured), Options{Store: store, Shard: shard})
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			if mine := int(measured.Load() - before); mine > 3*(20/n+1) {
				t.Errorf("shard %v measured %d parts", shard, mine)
			}
			if done := int(measured.Load()) / 3; report.Done != done || report.Owed != 20-done {
				t.Errorf("shard %v: %+v after %d units", shard, report, done)
			}
		}
		if measured.Load() != 60 {
			t.Errorf("%d shards measured %d parts, not 60", n, measured.Load())
		}
		got, report := run(t, squares(&measured), Options{Store: folder(t, dir, Shard{})})
		if d := cmp.Diff(want, got); d != "" || report.Done != 20 || measured.Load() != 60 {
			t.Errorf("%d shards: %+v, %d parts measured\n%s", n, report, measured.Load(), d)
		}
	}
}

// unitsOf lists the units of a shard.
func unitsOf(w Work, s Shard) (out []int, err error) {
	share, err := w.Share(s)
	for i := range share.Count {
		out = append(out, share.Unit(i))
	}
	return out, err
}

// Shard i of n holds units i−1, i−1+n, …; where there are fewer units than shards, each unit
// is in one of them.
func TestUnitsOf(t *testing.T) {
	w := squares(new(atomic.Int64))
	if units, err := unitsOf(w, Shard{2, 7}); err != nil || !slices.Equal(units, []int{1, 8, 15}) {
		t.Error(units, err)
	}
	w.Units = 2
	var all []int
	for i := 1; i <= 5; i++ {
		units, err := unitsOf(w, Shard{i, 5})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, units...)
	}
	if slices.Sort(all); !slices.Equal(all, []int{0, 1}) {
		t.Errorf("5 shards hold the units %v of 2", all)
	}
}

// A unit whose parts are not all there measures the missing ones alone.
func TestMissingParts(t *testing.T) {
	var measured atomic.Int64
	dir := t.TempDir()
	few := squares(&measured)
	few.Parts = func(int) int { return 1 }
	run(t, few, Options{Store: folder(t, dir, Shard{})})
	measured.Store(0)
	want, _ := run(t, squares(new(atomic.Int64)), Options{})
	got, _ := run(t, squares(&measured), Options{Store: folder(t, dir, Shard{})})
	if d := cmp.Diff(want, got); d != "" || measured.Load() != 40 {
		t.Errorf("%d parts measured\n%s", measured.Load(), d)
	}
}

// A log that is cut in the middle of a record loses that record, and only it.
func TestFolderSurvivesDamage(t *testing.T) {
	var measured atomic.Int64
	dir := t.TempDir()
	store := folder(t, dir, Shard{})
	run(t, squares(&measured), Options{Store: store, Workers: 1})
	store.Close()
	b, err := os.ReadFile(store.Path())
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string][]byte{"cut": b[:len(b)-5], "changed": slices.Concat(b[:len(b)/2], []byte{b[len(b)/2] ^ 1}, b[len(b)/2+1:])} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "1-of-1-elsewhere-1"+logSuffix), damage, 0o644); err != nil {
			t.Fatal(err)
		}
		measured.Store(0)
		again := folder(t, dir, Shard{})
		if again.Damaged() == 0 || again.Len() != 59 {
			t.Errorf("%s: %d parts and %d damaged bytes", what, again.Len(), again.Damaged())
		}
		if _, report := run(t, squares(&measured), Options{Store: again}); report.Done != 20 || measured.Load() != 1 {
			t.Errorf("%s: %+v, %d parts measured", what, report, measured.Load())
		}
	}
}

// A folder of another version, compiler or architecture is refused, and so is a shard
// without a store.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	folder(t, dir, Shard{}).Close()
	path := filepath.Join(dir, manifestName)
	for _, field := range []string{"version", "go", "arch", "module"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(b, []byte(`"`+field+`":"`), []byte(`"`+field+`":"x`), 1)
		if err := os.WriteFile(path, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, open := range []func() (*Store, error){func() (*Store, error) { return OpenFolder(dir, Shard{}) }, func() (*Store, error) { return ReadFolder(dir) }} {
			if _, err := open(); err == nil || !strings.Contains(err.Error(), "use an empty folder") {
				t.Errorf("another %s: %v", field, err)
			}
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Run(t.Context(), squares(new(atomic.Int64)), Options{Shard: Shard{1, 2}}, func(int, int, []float64) {}); err == nil || !strings.Contains(err.Error(), "needs a store") {
		t.Error(err)
	}
	for _, text := range []string{"", "1", "0/3", "4/3", "1/0", "-1/2", "1/2 ", "1/1000001"} {
		if s, err := ParseShard(text); err == nil {
			t.Errorf("%q is shard %v", text, s)
		}
	}
	if s, err := ParseShard("3/7"); err != nil || s != (Shard{3, 7}) {
		t.Error(s, err)
	}
}

// An error and a panic name their unit; an interrupt is a report.
func TestEnds(t *testing.T) {
	w := squares(new(atomic.Int64))
	for what, measure := range map[string]func() error{
		"no luck": func() error { return errors.New("no luck") }, "panic: ouch": func() error { panic("ouch") }, "0 of 3 parts": func() error { return nil },
	} {
		w.Measure = func(context.Context, int, []int, func(int, []float64)) error { return measure() }
		if _, err := Run(t.Context(), w, Options{Workers: 1}, func(int, int, []float64) {}); err == nil || err.Error() != "unit 0: "+what && !strings.HasPrefix(err.Error(), "unit 0: "+what) {
			t.Errorf("want %q at unit 0, got %v", what, err)
		}
	}
	w.Measure = func(_ context.Context, _ int, missing []int, done func(int, []float64)) error {
		done(missing[0], nil)
		return nil
	}
	if r, err := Run(t.Context(), w, Options{Workers: 1}, func(int, int, []float64) {}); err == nil || !strings.Contains(err.Error(), "1 of 3 parts") || r.Done != 0 {
		t.Errorf("a third of a unit: %+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.Parts = func(int) int { return 1 }
	w.Measure = func(ctx context.Context, unit int, _ []int, done func(int, []float64)) error {
		if unit == 5 {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		done(0, []float64{1})
		return nil
	}
	if report, err := Run(ctx, w, Options{Workers: 1}, func(int, int, []float64) {}); err != nil || !report.Interrupted || report.Done != 5 {
		t.Errorf("%+v, %v", report, err)
	}
}

// A cache that takes no more costs time; a folder that takes no more is an error, since its
// shard would be lost.
func TestFullStore(t *testing.T) {
	for _, cache := range []bool{true, false} {
		store := folder(t, t.TempDir(), Shard{})
		store.folder = !cache
		full, err := os.Open(os.DevNull) // for reading: every write fails
		if err != nil {
			t.Fatal(err)
		}
		store.log.Close()
		store.log = full
		report, err := Run(t.Context(), squares(new(atomic.Int64)), Options{Store: store}, func(int, int, []float64) {})
		if cache != (err == nil) || cache && report.Done != 20 {
			t.Errorf("cache = %v: %+v, %v", cache, report, err)
		}
	}
}

// Cheap work is kept by a folder and not by a cache; work without keys by neither.
func TestCheapWork(t *testing.T) {
	store := folder(t, t.TempDir(), Shard{})
	w := squares(new(atomic.Int64))
	w.Cheap = true
	store.folder = false
	if run(t, w, Options{Store: store}); store.Len() != 0 {
		t.Errorf("a cache holds %d parts of cheap work", store.Len())
	}
	store.folder = true
	if run(t, w, Options{Store: store}); store.Len() != 60 {
		t.Errorf("a folder holds %d parts of cheap work", store.Len())
	}
}

// Any bytes are a log: what is read are whole records, and reading them again gives
// the same.
func FuzzLogRead(f *testing.F) {
	f.Add([]byte("\xfaF9\n\x00\x00\x00\x00"))
	f.Add(appendRecord(nil, Key{1}, make([]byte, 16)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, again := &Store{values: map[Key][]byte{}}, &Store{values: map[Key][]byte{}}
		whole := s.read(b)
		if len(whole)+s.damaged != len(b) {
			t.Errorf("%d whole and %d damaged bytes of %d", len(whole), s.damaged, len(b))
		}
		if !bytes.Equal(again.read(whole), whole) || again.damaged != 0 || len(again.values) != len(s.values) {
			t.Error("whole records are not whole")
		}
	})
}
