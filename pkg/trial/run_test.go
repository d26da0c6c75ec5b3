package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func ignore(int, int, []float64) {}

// Of work with fewer units than shards, Run, UnitsOf and ShardsOf give each unit to the same
// shard, whatever the study; and over many studies every shard gets the same share.
func TestSmallWorkIsSpreadEvenly(t *testing.T) {
	const shards, studies = 4, 400
	var count [shards]float64
	for i := range studies {
		w := squares(new(atomic.Int64))
		w.Kind, w.Units = fmt.Sprintf("study %d", i), 1
		found := 0
		for k := 1; k <= shards; k++ {
			units, err := unitsOf(w, Shard{k, shards})
			if err != nil {
				t.Fatal(err)
			}
			found += len(units)
			count[k-1] += float64(len(units))
		}
		if found != 1 {
			t.Fatalf("%d shards measure the unit of %s", found, w.Kind)
		}
	}
	for k, c := range count {
		if z := (c - studies/shards) / math.Sqrt(studies*(1./shards)*(1-1./shards)); math.Abs(z) > 4 {
			t.Errorf("shard %d has %v of %d studies, z = %.2f", k+1, c, studies, z)
		}
	}
	// The first two bytes of the key choose between 65536 shards.
	distinct := map[int]bool{}
	for i := range studies {
		w := squares(new(atomic.Int64))
		w.Kind = fmt.Sprintf("study %d", i)
		key, err := w.key(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		distinct[shardOf(0, 1, 1<<16, key)] = true
	}
	if len(distinct) < studies-8 { // 1.2 coincidences are expected
		t.Errorf("%d studies begin at %d shards", studies, len(distinct))
	}
	for i := range 12 {
		var measured atomic.Int64
		w := squares(&measured)
		w.Kind, w.Units = fmt.Sprintf("work %d", i), 1+i%3
		dir := t.TempDir()
		if err := Register(dir, w); err != nil {
			t.Fatal(err)
		}
		status, err := StatusOf(dir)
		if err != nil || len(status) != 1 || len(status[0].Missing) != w.Units {
			t.Fatal(status, err)
		}
		for k := 1; k <= 7; k++ {
			shard := Shard{k, 7}
			units, err := unitsOf(w, shard)
			if err != nil {
				t.Fatal(err)
			}
			before := measured.Load()
			store := folder(t, dir, shard)
			run(t, w, Options{Store: store, Shard: shard})
			store.Close()
			if got := int(measured.Load()-before) / 3; got != len(units) {
				t.Errorf("%d units: shard %v measured %d of them, UnitsOf says %v", w.Units, shard, got, units)
			}
			for _, unit := range units {
				if of, err := status[0].ShardsOf([]int{unit}, 7); err != nil || !slices.Equal(of, []int{k}) {
					t.Errorf("%d units: unit %d is in shard %v, ShardsOf says %v, %v", w.Units, unit, shard, of, err)
				}
			}
		}
	}
}

// The edges of what is a shard.
func TestShardEdges(t *testing.T) {
	for shard, ok := range map[Shard]bool{
		{}: true, {1, 1}: true, {1, 2}: true, {2, 2}: true, {MaxShards, MaxShards}: true, {1, MaxShards}: true,
		{1, MaxShards + 1}: false, {0, 1}: false, {1, 0}: false, {2, 1}: false, {-1, 1}: false, {1, -1}: false, {0, 3}: false, {-1, -1}: false,
	} {
		if err := shard.Validate(); (err == nil) != ok {
			t.Errorf("%v: %v", shard, err)
		}
	}
	if units, err := unitsOf(squares(new(atomic.Int64)), NoShard()); err != nil || units != nil {
		t.Errorf("no shard has the units %v, %v", units, err)
	}
	for i := range 3 {
		w := squares(new(atomic.Int64))
		w.Units, w.Kind = 20+i, fmt.Sprintf("study %d", i)
		if units, err := unitsOf(w, Shard{2, 20}); err != nil || !slices.Equal(units, []int{1, 21}[:1+i/2]) {
			t.Errorf("%d units: shard 2/20 has %v, %v", w.Units, units, err)
		}
	}
	w := squares(new(atomic.Int64))
	if _, err := Run(t.Context(), w, Options{Shard: Shard{1, 1}}, ignore); err == nil || !strings.Contains(err.Error(), "needs a store") {
		t.Errorf("shard 1/1 without a store: %v", err)
	}
	w.Units, w.Key = 0, func(int, int) any { panic("there is no unit") }
	if units, err := unitsOf(w, Shard{1, 1}); err != nil || units != nil {
		t.Errorf("no units: %v, %v", units, err)
	}
	if report, err := Run(t.Context(), w, Options{Store: folder(t, t.TempDir(), Shard{})}, ignore); err != nil || report != (Report{}) {
		t.Errorf("no units: %+v, %v", report, err)
	}
	w = squares(new(atomic.Int64))
	w.Key = nil
	if units, err := unitsOf(w, Shard{2, 10}); err != nil || !slices.Equal(units, []int{1, 11}) {
		t.Errorf("without keys: %v, %v", units, err)
	}
}

// A part's key holds its kind and all of its struct; a key that has no JSON is an error that
// names the unit.
func TestKey(t *testing.T) {
	type key struct {
		A, B float64
		C    string
	}
	w := Work{Kind: "kind", Units: 1, Title: func(int) string { return "unit 0" }, Parts: func(int) int { return 1 }}
	of := func(kind string, k any) Key {
		t.Helper()
		w.Kind, w.Key = kind, func(int, int) any { return k }
		key, err := w.key(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	seen := map[Key]bool{}
	for _, kind := range []string{"a", "b", ""} {
		for _, k := range []key{{1, 2, ""}, {2, 1, ""}, {1, 2, "x"}, {1, math.Nextafter(2, 3), ""}} {
			seen[of(kind, k)] = true
		}
	}
	if len(seen) != 12 || !seen[of("a", key{1, 2, ""})] {
		t.Errorf("%d keys of 12 parts", len(seen))
	}
	if of("study 1", 2) == of("study ", 12) {
		t.Error("the kind runs into the part")
	}
	w.Key = func(int, int) any { return math.NaN() }
	_, run := Run(t.Context(), w, Options{Store: folder(t, t.TempDir(), Shard{})}, ignore)
	_, units := unitsOf(w, Shard{1, 2})
	for name, err := range map[string]error{"Run": run, "UnitsOf": units, "Register": Register(t.TempDir(), w)} {
		if err == nil || !strings.Contains(err.Error(), "the key of unit 0") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Units, w.Parts = 3, func(int) int { return 2 }
	for bad := range 3 {
		w.Key = func(unit, part int) any {
			if unit == bad && part == 1 {
				return math.NaN()
			}
			return unit
		}
		if _, err := Run(t.Context(), w, Options{Store: folder(t, t.TempDir(), Shard{})}, ignore); err == nil || !strings.Contains(err.Error(), "the key of") {
			t.Errorf("a part of unit %d: %v", bad, err)
		}
	}
}

// Workers are so many at a time, all cores by default, and one for inner work, whose units get
// the workers and the progress.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for name, c := range map[string]struct {
		o     Options
		inner bool
		want  int
	}{"two": {Options{Workers: 2}, false, 2}, "five": {Options{Workers: 5}, false, 5}, "all": {Options{}, false, 3}, "inner": {Options{Workers: 2}, true, 1}} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			w := squares(new(atomic.Int64))
			w.Inner = c.inner
			c.o.Progress = func(Progress) {}
			w.Measure = func(ctx context.Context, _ int, missing []int, done func(int, []float64)) error {
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second) // until all workers sleep
				now.Add(-1)
				inner := InnerOptions(ctx)
				if c.inner != (inner.Progress != nil) || c.inner && inner.Workers != c.o.Workers {
					t.Errorf("%s: the options within a unit are %+v", name, inner)
				}
				for _, part := range missing {
					done(part, nil)
				}
				return nil
			}
			start := time.Now()
			report, err := Run(context.Background(), w, c.o, ignore)
			if err != nil || report.Done != 20 || int(most.Load()) != c.want {
				t.Errorf("%s: %d at a time, want %d: %+v, %v", name, most.Load(), c.want, report, err)
			}
			if rounds := time.Since(start) / time.Second; int(rounds) != (20+c.want-1)/c.want {
				t.Errorf("%s: %d rounds", name, rounds)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var calls [7]atomic.Int64
		start := time.Now()
		if err := Each(7, func(i int) error { calls[i].Add(1); time.Sleep(time.Second); return nil }); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("seven on three cores take %v, %v", time.Since(start), err)
		}
		for i := range calls {
			if n := calls[i].Load(); n != 1 {
				t.Errorf("%d is called %d times", i, n)
			}
		}
	})
	if runtime.GOMAXPROCS(0) != 3 {
		t.Error("the number of cores is changed")
	}
	for want, f := range map[string]func(int) error{"no": func(i int) error {
		if i == 2 {
			return errors.New("no")
		}
		return nil
	}, "panic: ouch": func(int) error { panic("ouch") }} {
		if err := Each(4, f); err == nil || err.Error() != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// Progress is reported every quarter of a second and at the end, in trials; never for a run
// that was faster, and by the units themselves where they use all cores.
func TestProgress(t *testing.T) {
	reports := func(t *testing.T, unit time.Duration, trials func(int) int, inner bool) (out []string) {
		synctest.Test(t, func(t *testing.T) {
			w := squares(new(atomic.Int64))
			w.Units, w.Trials, w.Inner = 4, trials, inner
			w.Measure = func(_ context.Context, _ int, missing []int, done func(int, []float64)) error {
				time.Sleep(unit)
				for _, part := range missing {
					done(part, nil)
				}
				return nil
			}
			var mu sync.Mutex
			o := Options{Workers: 1, Progress: func(p Progress) {
				mu.Lock()
				defer mu.Unlock()
				out = append(out, fmt.Sprintf("%v %d/%d", p.Elapsed, p.Done, p.Total))
			}}
			if _, err := Run(context.Background(), w, o, ignore); err != nil {
				t.Error(err)
			}
		})
		return out
	}
	for name, c := range map[string]struct{ got, want []string }{
		"slow":   {reports(t, 200*time.Millisecond, nil, false), []string{"250ms 1/4", "500ms 2/4", "750ms 3/4", "800ms 4/4"}},
		"trials": {reports(t, 130*time.Millisecond, func(unit int) int { return 10 + unit }, false), []string{"250ms 10/46", "500ms 33/46", "520ms 46/46"}},
		"fast":   {reports(t, 60*time.Millisecond, nil, false), nil},
		"just":   {reports(t, 62500*time.Microsecond, nil, false), []string{"250ms 4/4"}},
		"inner":  {reports(t, time.Second, nil, true), nil},
	} {
		if name == "just" && len(c.got) > 0 { // a last report for certain
			c.got = c.got[len(c.got)-1:]
		}
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for want, p := range map[string]Progress{
		"  7 %  7 of 100 trials, 3s":    {7, 100, 3400 * time.Millisecond},
		" 37 %  3 of 8 trials, 1m1s":    {3, 8, 61 * time.Second},
		"100 %  200 of 200 trials, 0s":  {200, 200, 0},
		"  0 %  0 of 1000 trials, 2s":   {0, 1000, 1600 * time.Millisecond},
		" 99 %  999 of 1000 trials, 1s": {999, 1000, time.Second},
	} {
		if p.String() != want {
			t.Errorf("%q, want %q", p, want)
		}
	}
}

// A run that takes too long is interrupted, like one that is cancelled.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		w := squares(new(atomic.Int64))
		w.Measure = func(ctx context.Context, _ int, missing []int, done func(int, []float64)) error {
			time.Sleep(time.Second)
			if ctx.Err() != nil {
				return errors.New("too late")
			}
			for _, part := range missing {
				done(part, nil)
			}
			return nil
		}
		report, err := Run(ctx, w, Options{Workers: 1}, ignore)
		if want := (Report{Units: 20, Done: 2, Interrupted: true}); err != nil || report != want {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// A stored part that the work would not measure ends the run; what it measures is not asked
// for.
func TestStoredPartsAreChecked(t *testing.T) {
	dir := t.TempDir()
	w := squares(new(atomic.Int64))
	store := folder(t, dir, Shard{})
	asked := 0
	w.Check = func(int, int, []float64) error { asked++; return nil }
	run(t, w, Options{Store: store, Workers: 1})
	if asked > 0 {
		t.Errorf("%d measured parts were checked", asked)
	}
	w.Check = func(unit, part int, values []float64) error {
		if unit == 3 && part == 1 {
			return fmt.Errorf("part %d is %v", part, values)
		}
		return nil
	}
	if _, err := Run(t.Context(), w, Options{Store: store}, func(int, int, []float64) {}); err == nil || !strings.Contains(err.Error(), "part 1 is [") {
		t.Error(err)
	}
}
