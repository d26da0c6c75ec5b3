package sweep

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/google/go-cmp/cmp"
)

const students = `{"experiment": "students", "method": "train", "trials": 2, "seed": 3,
	"grid": {"d": [4, 3], "teacher": [3], "width": [8], "mu": [0.67, 0.33], "n": [20, 10]}}`

// A sweep of students gives the trainings of Students with the same seed, in any shards.
func TestStudents(t *testing.T) {
	p := plan(t, students)
	if len(p.Cells) != 2*2*(2+2) {
		t.Fatalf("%v", p.Cells)
	}
	r := p.Sweep.InShards(3)
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	if same, err := r.Same(p.Sweep.InShards(1)); err != nil || !same {
		t.Errorf("three shards differ from one: %v", err)
	}
	for i, d := range []int{3, 4} {
		want := experiment.Students{D: d, Teacher: 3, Width: 8, Mu: []float64{0.33, 0.67}, N: []int{10, 20}, Trials: 2, Seed: 3}.Run()
		got := r.Students(i)
		if got.Err() != nil || want.Err() != nil {
			t.Fatal(got.Err(), want.Err())
		}
		if diff := cmp.Diff(want.Ends, got.Ends); diff != "" {
			t.Error(diff)
		}
		if got.String() != want.String() {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for want, err := range map[string]error{
		"Students(2): the sweep has 2": r.Students(2).Err(),
		"take Students":                r.Run().Err(),
		"take Run":                     Load(filepath.Join(write1(t), "result.json")).Students(0).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// write1 writes the result of a small sweep of linear networks to a folder.
func write1(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	r := plan(t, small).Sweep.InShards(2)
	if err := r.Write(filepath.Join(dir, "result.json")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPartialStudents(t *testing.T) {
	p := plan(t, students)
	dir := t.TempDir()
	if err := p.Run(t.Context(), dir, p.all(t, 1, 2), 2, none); err != nil {
		t.Fatal(err)
	}
	r, err := p.Merge(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Students(0).Err(); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Error(err)
	}
}

func TestBadStudents(t *testing.T) {
	for want, text := range map[string]string{
		`experiment = "trees"`:             strings.Replace(students, `"students"`, `"trees"`, 1),
		`grid.teacher is an axis`:          strings.Replace(students, `"experiment": "students",`, ``, 1),
		`grid.gamma is an axis`:            strings.Replace(students, `"n"`, `"gamma": [1], "n"`, 1),
		`method = "law"`:                   strings.Replace(students, `"train"`, `"law"`, 1),
		`exact_fit`:                        strings.Replace(students, `"trials"`, `"exact_fit": true, "trials"`, 1),
		`grid.teacher is empty`:            strings.Replace(students, `"teacher": [3], `, ``, 1),
		`grid.width is empty`:              strings.Replace(students, `"width": [8], `, ``, 1),
		`Width = 2`:                        strings.Replace(students, `"width": [8]`, `"width": [2]`, 1),
		`Mu has 2`:                         strings.Replace(students, `0.67`, `2`, 1),
		`N is empty`:                       strings.Replace(students, `, "n": [20, 10]`, ``, 1),
		`the grid has more than 1000000 c`: strings.Replace(students, `"trials": 2`, `"trials": 2000000`, 1),
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// The estimate is positive, finite, and larger for a larger training.
func TestEstimate(t *testing.T) {
	for _, text := range []string{small, students} {
		p := plan(t, text)
		e, err := p.Estimate(0)
		if err != nil || len(e.Cells) != len(p.Cells) || e.Measured < 2 {
			t.Fatal(e, err)
		}
		for i, s := range e.Cells {
			if !(s > 0) || math.IsInf(s, 0) {
				t.Errorf("cell %d takes %v s", i, s)
			}
		}
	}
}

// A result that is not what its sweep says is not loaded.
func TestLoad(t *testing.T) {
	dir := write1(t)
	path := filepath.Join(dir, "result.json")
	r := Load(path)
	if r.Err() != nil || len(r.Cells) != 12 || !strings.Contains(r.String(), "12 cells × 3 trials at d from 6 to 10") {
		t.Fatal(r)
	}
	points := r.Run().Where(func(s theory.Setting) bool { return s.Sigma == 0 }).Measured(theory.RiskLinear, experiment.Dimension, experiment.Gamma)
	if points.Err() != nil || points.Len() == 0 {
		t.Error(points.Err())
	}
	for want, change := range map[string]func(r *Result){
		"its hash is":   func(r *Result) { r.Sweep.Seed++ },
		"its cell 1 is": func(r *Result) { r.Cells[1].Setting = r.Cells[0].Setting },
		"its cell 0 is": func(r *Result) { r.Cells[1], r.Cells[0] = r.Cells[0], r.Cells[1] },
		"it has 11":     func(r *Result) { r.Cells = r.Cells[1:] },
		"lacks 1":       func(r *Result) { r.Missing = []int{3} },
		"its cell 12":   func(r *Result) { r.Cells[11].Index = 12 },
	} {
		bad := Load(path)
		change(bad)
		other := filepath.Join(t.TempDir(), "bad.json")
		if err := bad.Write(other); err != nil {
			t.Fatal(err)
		}
		err := Load(other).Err()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "is not the result of a sweep") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
		if Load(other).Run().Err() == nil || Load(other).Write(other) == nil {
			t.Error("what could not be loaded is used")
		}
	}
	if Load(filepath.Join(dir, "none.json")).Err() == nil {
		t.Error("no file is no error")
	}
	bad := plan(t, small).Sweep
	bad.Pace = "fast"
	if err := bad.InShards(2).Err(); err == nil || !strings.Contains(err.Error(), `Pace = "fast"`) {
		t.Error(err)
	}
	bad.Pace = ""
	if err := bad.InShards(0).Err(); err == nil || !strings.Contains(err.Error(), "shard 1/0") {
		t.Error(err)
	}
}

// What a shard costs beside the measurement of its cells: to list the cells of a sweep of
// 1000, find that the folder has them, and end.
func BenchmarkShard(b *testing.B) {
	gamma := experiment.Range(0.1, 2, 1000)
	s := Sweep{Method: experiment.Law, Trials: 2, Grid: Grid{D: []int{1000}, Gamma: gamma}}
	p, err := s.Plan()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := p.Run(b.Context(), dir, p.all(b, 1, 100), 1, none); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, err := s.Plan()
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Run(b.Context(), dir, p.all(b, 1, 100), 1, none); err != nil {
			b.Fatal(err)
		}
	}
}
