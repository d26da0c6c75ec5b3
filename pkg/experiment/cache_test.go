package experiment

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// withCache opens a cache for the studies of the test.
func withCache(t testing.TB, dir string) *trial.Store {
	t.Helper()
	store, err := trial.OpenCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	session.Change(func(o *session.Options) { o.Store = store })
	t.Cleanup(func() {
		session.Change(func(o *session.Options) { o.Store = nil })
		store.Close()
	})
	return store
}

func cachedExperiment() Experiment {
	return Experiment{Method: Train, Trials: 6, Seed: 5, Procedures: []Procedure{Scratch, Transfer},
		Grid: Grid{D: 8, Gamma: []float64{0.5, 1.5}, Theta: []float64{0.5, 1}, Sigma: []float64{0.1}}}
}

// A second run takes every trial from the cache and gives the same numbers; a change of
// the grid, of the trials or of a parameter that matters measures what is new alone.
func TestCacheMeasuresOnlyWhatIsNew(t *testing.T) {
	dir := t.TempDir()
	want := cachedExperiment().Run()
	trials := func() int { return withCache(t, dir).Len() }
	if n := trials(); n != 0 {
		t.Fatalf("a new cache holds %d trials", n)
	}
	same := func(e Experiment, want *Table) {
		t.Helper()
		if d := diff(want, e.Run()); d != "" {
			t.Error(d)
		}
	}
	same(cachedExperiment(), want)
	if n := trials(); n != 24 {
		t.Fatalf("%d trials are kept, of 24", n)
	}
	same(cachedExperiment(), want)
	for what, c := range map[string]struct {
		change func(e *Experiment)
		more   int
	}{
		"again":          {func(*Experiment) {}, 0},
		"workers":        {func(e *Experiment) { e.Workers = 1 }, 0},
		"fewer cells":    {func(e *Experiment) { e.Grid.Theta = e.Grid.Theta[:1] }, 0},
		"another angle":  {func(e *Experiment) { e.Grid.Theta = []float64{0.5, 1, 1.5} }, 12},
		"more trials":    {func(e *Experiment) { e.Trials = 7 }, 4},
		"another start":  {func(e *Experiment) { e.Alpha = 0.02 }, 24},
		"other training": {func(e *Experiment) { e.ExactFit = true }, 24},
		"solved":         {func(e *Experiment) { e.Method = Solve }, 24},
		"another seed":   {func(e *Experiment) { e.Seed = 6 }, 24},
	} {
		before := trials()
		e := cachedExperiment()
		c.change(&e)
		if err := e.Run().Err(); err != nil {
			t.Fatal(err)
		}
		if more := trials() - before; more != c.more {
			t.Errorf("%s: %d new trials, want %d", what, more, c.more)
		}
	}
}

// What is damaged is found, left out and measured again: a cut tail, a changed byte in
// the middle, foreign bytes between records.
func TestCacheSurvivesDamage(t *testing.T) {
	want := cachedExperiment().Run()
	for what, damage := range map[string]func(b []byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)-7] },
		"changed": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"foreign": func(b []byte) []byte { return append([]byte("\xfaF9\nnot a record"), b...) },
		"empty":   func(b []byte) []byte { return make([]byte, 100) },
	} {
		dir := t.TempDir()
		path := withCache(t, dir).Path()
		cachedExperiment().Run()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(b), 0o644); err != nil {
			t.Fatal(err)
		}
		if s := withCache(t, dir); s.Damaged() == 0 {
			t.Errorf("%s: the damage was not found", what)
		}
		if d := diff(want, cachedExperiment().Run()); d != "" {
			t.Errorf("%s: %s", what, d)
		}
		if s := withCache(t, dir); s.Damaged() != 0 || s.Len() != 24 {
			t.Errorf("%s: %d trials and %d damaged bytes after the repair", what, s.Len(), s.Damaged())
		}
	}
}

// A process that is killed at any moment loses nothing that it had kept and leaves
// nothing wrong: 50 kills, then the numbers of an undisturbed run.
func TestCacheSurvivesKills(t *testing.T) {
	const variable, kills = "FATE_TEST_CACHE", 50
	e := cachedExperiment()
	e.Trials = 300
	if dir := os.Getenv(variable); dir != "" { // the process that is killed
		withCache(t, dir)
		e.Run()
		return
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	before := 0
	for range kills {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCacheSurvivesKills$")
		cmd.Env = append(os.Environ(), variable+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		s := withCache(t, dir)
		if s.Len() < before {
			t.Fatalf("%d trials are kept, %d were before the kill", s.Len(), before)
		}
		before = s.Len()
	}
	t.Logf("%d of %d trials were kept", before, 4*e.Trials)
	got := e.Run()
	session.Change(func(o *session.Options) { o.Store = nil })
	if d := diff(e.Run(), got); d != "" {
		t.Error(d)
	}
}
