package sweep

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
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

func (p *Plan) all(t testing.TB, i, n int) []int {
	t.Helper()
	out, err := p.Shard(i, n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// merged runs shards in some order and returns the bytes of the merged file.
func merged(t *testing.T, p *Plan, dir string) []byte {
	t.Helper()
	r, err := p.Merge(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "result.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func none(int) {}

// One shard, seven in any order, two at once on the same cells, and one that is killed and
// resumed give the same bytes.
func TestShardsMergeToTheSameBytes(t *testing.T) {
	p := plan(t, small)
	ctx := t.Context()
	one := t.TempDir()
	if err := p.Run(ctx, one, p.all(t, 1, 1), 0, none); err != nil {
		t.Fatal(err)
	}
	want := merged(t, p, one)

	seven := t.TempDir()
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(7) {
		cells := p.all(t, i+1, 7)
		slices.Reverse(cells)
		if err := p.Run(ctx, seven, cells, 1, none); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(merged(t, p, seven), want) {
		t.Error("seven shards differ from one")
	}

	both := t.TempDir()
	failed := make(chan error)
	for range 2 {
		go func() { failed <- p.Run(ctx, both, p.all(t, 1, 1), 1, none) }()
	}
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if !bytes.Equal(merged(t, p, both), want) {
		t.Error("two runs of the same cells at once differ from one")
	}

	killed := t.TempDir()
	stopped, cancel := context.WithCancel(ctx)
	n := 0
	err := p.Run(stopped, killed, p.all(t, 1, 1), 1, func(int) {
		if n++; n == 4 {
			cancel()
		}
	})
	if err == nil {
		t.Error("a run that was stopped reports no error")
	}
	s, err := p.Status(killed)
	if err != nil || len(s.Done) != 4 || len(s.Missing) != len(p.Cells)-4 || len(s.Running) != 0 {
		t.Errorf("after 4 cells: %+v, %v", s, err)
	}
	if _, err := p.Merge(killed, false); err == nil || !strings.Contains(err.Error(), "cell 4 is missing; 8 of 12") {
		t.Error(err)
	}
	if r, err := p.Merge(killed, true); err != nil || !r.Partial || len(r.Missing) != 8 {
		t.Error(err)
	}
	if err := p.Run(ctx, killed, p.all(t, 1, 1), 0, none); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(merged(t, p, killed), want) {
		t.Error("a run that was resumed differs")
	}
	if left, _ := filepath.Glob(filepath.Join(killed, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCellsAreCanonical(t *testing.T) {
	p := plan(t, small)
	if len(p.Cells) != 12 || p.Cells[0].Linear.D != 6 || p.Cells[11].Linear.D != 10 {
		t.Fatalf("%v", p.Cells)
	}
	for name, same := range map[string]string{
		"the order of values": `{"method": "solve", "trials": 3, "seed": 5, "grid": {"sigma": [0, 0.3, 0], "d": [6, 10], "gamma": [0.25, 0.5, 1.5]}}`,
		"a name":              strings.Replace(small, "{", `{"name": "x", `, 1),
	} {
		if q := plan(t, same); q.Hash != p.Hash || !slices.Equal(q.Cells, p.Cells) {
			t.Errorf("%s changes the sweep", name)
		}
	}
	for name, other := range map[string]string{
		"the seed":   strings.Replace(small, `"seed": 5`, `"seed": 6`, 1),
		"the trials": strings.Replace(small, `"trials": 3`, `"trials": 4`, 1),
		"the grid":   strings.Replace(small, `0.25`, `0.75`, 1),
		"the tier":   strings.Replace(small, `solve`, `law`, 1),
	} {
		if plan(t, other).Hash == p.Hash {
			t.Errorf("%s does not change the sweep", name)
		}
	}
	// A larger grid keeps the seeds of its cells, which are all different.
	larger := plan(t, strings.Replace(small, `[10, 6]`, `[10, 6, 8]`, 1))
	seeds := map[uint64]bool{}
	next := plan(t, strings.Replace(small, `"seed": 5`, `"seed": 6`, 1))
	for i := range next.Cells {
		seed, err := next.seed(i)
		if err != nil {
			t.Fatal(err)
		}
		seeds[seed] = true
	}
	for i, s := range larger.Cells {
		seed, err := larger.seed(i)
		if err != nil {
			t.Fatal(err)
		}
		seeds[seed] = true
		if k := slices.Index(p.Cells, s); k >= 0 {
			if was, _ := p.seed(k); was != seed {
				t.Errorf("cell %v has another seed in a larger grid", s)
			}
		}
	}
	if len(seeds) != len(larger.Cells)+len(next.Cells) {
		t.Error("two cells have one seed, or the next sweep has a cell of this one")
	}
}

// The values are those of the experiment with the seed of the cell.
func TestValues(t *testing.T) {
	p := plan(t, small)
	f, ok, err := p.measure(3, 1)
	if err != nil || !ok {
		t.Fatal(err)
	}
	run := experiment.Experiment{Method: experiment.Solve, Trials: 3, Seed: f.Cell.Seed}.RunAt(p.Cells[3].Linear)
	for _, q := range []theory.Quantity{theory.RiskScratch, theory.TLinear, theory.ScaleC} {
		v, err := run.Cells[0].Mean(q)
		if err != nil || f.Cell.Values[q] != v {
			t.Errorf("%s: %v, want %v: %v", q, f.Cell.Values[q], v, err)
		}
	}
	if _, ok := f.Cell.Values[theory.RiskTuned]; ok {
		t.Error("there is a tuned risk, which was not asked for")
	}
}

func TestShardsCoverTheCellsOnce(t *testing.T) {
	p := plan(t, small)
	for n := 1; n <= 14; n++ {
		seen := map[int]int{}
		for i := 1; i <= n; i++ {
			for _, c := range p.all(t, i, n) {
				seen[c]++
			}
		}
		for c := range p.Cells {
			if seen[c] != 1 {
				t.Errorf("%d shards: cell %d is in %d of them", n, c, seen[c])
			}
		}
	}
	for _, bad := range [][2]int{{0, 3}, {4, 3}, {1, 0}, {-1, -1}} {
		if _, err := p.Shard(bad[0], bad[1]); err == nil {
			t.Errorf("shard %d/%d is no error", bad[0], bad[1])
		}
	}
}

func TestBadSweeps(t *testing.T) {
	for want, text := range map[string]string{
		"not a sweep":          `hello`,
		`unknown field "rows"`: `{"rows": 1}`,
		"more after its end":   small + "{}",
		"grid.d is empty":      `{"method": "law", "trials": 2, "grid": {"gamma": [1]}}`,
		"Gamma is empty":       `{"method": "law", "trials": 2, "grid": {"d": [10]}}`,
		`Method = "guess"`:     strings.Replace(small, "solve", "guess", 1),
		"Trials = 1":           strings.Replace(small, `"trials": 3`, `"trials": 1`, 1),
		"more than 1000000":    fmt.Sprintf(`{"method": "law", "trials": 2, "grid": {"d": [10], "gamma": [%s1], "sigma": [%s0]}}`, strings.Repeat("1,", 1100), strings.Repeat("0,", 1100)),
		"Sigma = -1":           strings.Replace(small, `"sigma": [0.3, 0]`, `"sigma": [-1]`, 1),
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("no file is no error")
	}
}

// A file that is cut, flipped, of another cell, sweep or code is never merged.
func TestDamagedAndForeignCells(t *testing.T) {
	p := plan(t, small)
	dir := t.TempDir()
	if err := p.Run(t.Context(), dir, p.all(t, 1, 1), 0, none); err != nil {
		t.Fatal(err)
	}
	path := cellPath(dir, 2)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	neighbour, err := os.ReadFile(cellPath(dir, 3))
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(good, []byte(`"Value":`)) + 9
	flipped := bytes.Clone(good)
	flipped[i+2] ^= 1
	for name, bad := range map[string][]byte{"cut": good[:len(good)/2], "empty": nil, "flipped": flipped, "another cell": neighbour} {
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if s, err := p.Status(dir); err != nil || !slices.Equal(s.Damaged, []int{2}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if _, err := p.Merge(dir, false); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Run(t.Context(), dir, []int{2}, 0, none); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, good) {
			t.Errorf("%s: it is not measured again", name)
		}
	}
	other := plan(t, strings.Replace(small, `"seed": 5`, `"seed": 6`, 1))
	if s, err := other.Status(dir); err != nil || len(s.Other) != 12 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, err := range []error{other.Run(t.Context(), dir, []int{2}, 0, none), func() error { _, err := other.Merge(dir, true); return err }()} {
		if err == nil || !strings.Contains(err.Error(), "its sweep is") && !strings.Contains(err.Error(), "another sweep") {
			t.Errorf("cells of another sweep: %v", err)
		}
	}
	if _, err := p.Merge(filepath.Join(dir, "none"), true); err == nil {
		t.Error("no folder is no error")
	}
	if _, err := p.Merge(t.TempDir(), true); err == nil {
		t.Error("an empty folder is no error")
	}
}

func TestList(t *testing.T) {
	for want, in := range map[string][]int{"": nil, "3": {3}, "1-3,7,9-10": {1, 2, 3, 7, 9, 10}} {
		if got := List(in); got != want {
			t.Errorf("%v: %q", in, got)
		}
	}
}

// What 10,000 cells cost to plan and to merge; the cells themselves are made once.
func BenchmarkTenThousandCells(b *testing.B) {
	gamma := make([]string, 100)
	theta := make([]string, 100)
	for i := range gamma {
		gamma[i], theta[i] = fmt.Sprint(0.02*float64(i+1)), fmt.Sprint(0.01*float64(i))
	}
	text := fmt.Sprintf(`{"method": "law", "trials": 2, "grid": {"d": [1000], "gamma": [%s], "theta": [%s]}}`, strings.Join(gamma, ","), strings.Join(theta, ","))
	p := plan(b, text)
	dir := b.TempDir()
	if err := p.Run(b.Context(), dir, p.all(b, 1, 1), 0, none); err != nil {
		b.Fatal(err)
	}
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plan(b, text)
		}
	})
	b.Run("merge", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := p.Merge(dir, false)
			if err != nil || len(r.Cells) != 10_000 {
				b.Fatal(len(r.Cells), err)
			}
			if err := r.Write(filepath.Join(dir, "result", "r.json")); err != nil {
				b.Fatal(err)
			}
		}
	})
}
