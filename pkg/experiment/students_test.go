package experiment

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/google/go-cmp/cmp"
)

func small() Students {
	return Students{D: 6, Teacher: 6, Width: 40, Mu: []float64{1.0 / 3, 2.0 / 3}, N: []int{12, 24, 48}, Trials: 3, Seed: 2}
}

// One seed gives the same numbers on one core and on all of them; a value of the
// grid keeps its data when the grid around it changes.
func TestStudentsAreDeterministic(t *testing.T) {
	all := small().Run()
	if all.Err() != nil {
		t.Fatal(all.Err())
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := small().Run()
	if diff := cmp.Diff(all.Ends, one.Ends); diff != "" {
		t.Error("one core differs:", diff)
	}
	part := small()
	part.N, part.Mu, part.Trials = []int{24}, part.Mu[1:], 2
	r := part.Run()
	for i, e := range r.source(part.Mu[0]) {
		want := all.source(part.Mu[0])[i]
		if e.Linear[0] != want.Linear[1] || e.FineTune[0] != want.FineTune[1] || r.scratch(24)[i] != all.scratch(24)[i] {
			t.Errorf("trial %d: %+v in a smaller grid, %+v", i, e, want)
		}
	}
}

// A record that lacks parts goes on, and ends in the same bytes as one made at once; a damaged one, another one and one that is not complete are refused.
func TestRecordedGoesOn(t *testing.T) {
	s := small()
	dir := t.TempDir()
	whole, cut := filepath.Join(dir, "whole.json"), filepath.Join(dir, "data", "cut.json")
	if err := s.Recorded(cut).Err(); err == nil || !strings.Contains(err.Error(), `pace = "paper"`) {
		t.Errorf("no file at the quick pace: %v", err)
	}
	s.Pace = "paper"
	if err := s.Recorded(whole).Err(); err != nil {
		t.Fatal(err)
	}
	var half recorded
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &half); err != nil {
		t.Fatal(err)
	}
	half.Parts = slices.DeleteFunc(half.Parts, func(e StudentEnd) bool { return e.Trial == 1 || e.N == 24 })
	if err := writeJSON(cut, half); err != nil {
		t.Fatal(err)
	}
	s.Pace = "quick"
	if err := s.Recorded(cut).Err(); err == nil || !strings.Contains(err.Error(), "7 of 15 parts are missing") {
		t.Errorf("an incomplete record at the quick pace: %v", err)
	}
	s.Pace = "paper"
	if err := s.Recorded(cut).Err(); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, b) {
		t.Error("an interrupted record ends in other bytes")
	}
	s.Pace = "quick"
	if r := s.Recorded(cut); r.Err() != nil || len(r.Ends) != len(s.parts()) {
		t.Errorf("a complete record: %v", r.Err())
	}
	other := s
	other.Seed++
	if err := other.Recorded(cut).Err(); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("the record of another seed: %v", err)
	}
	if err := os.WriteFile(cut, b[:len(b)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Recorded(cut).Err(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("half a record: %v", err)
	}
}

// madeUp returns a run whose scratch risks follow a power law in every trial.
func madeUp() *StudentsRun {
	r := &StudentsRun{Students: Students{D: 10, Teacher: 10, Width: 10, Mu: []float64{0.5}, N: []int{10, 40, 160, 640}, Trials: 2, Seed: 1}}
	for trial, a := range []float64{3, 4} {
		r.Ends = append(r.Ends, StudentEnd{Trial: trial, Mu: 0.5, Floor: 0.3, Residual: 0.3, Linear: []float64{0.4, 0.3, 0.3, 0.3}})
		for _, n := range r.Students.N {
			r.Ends = append(r.Ends, StudentEnd{Trial: trial, N: n, Scratch: a * math.Pow(float64(n), -1.25)})
		}
	}
	return r
}

func TestScratchLaw(t *testing.T) {
	r := madeUp()
	law := r.ScratchLaw(40)
	if math.Abs(law.Nu.Value-1.25) > 1e-12 || law.Nu.StdErr > 1e-12 || math.Abs(law.LogA.Value-math.Log(12)/2) > 1e-12 || law.From != 40 || law.To != 640 {
		t.Errorf("%+v", law)
	}
	if n := law.meets(0.3); math.Abs(law.At(n)-0.3) > 1e-12 {
		t.Errorf("the law meets 0.3 at %v with %v", n, law.At(n))
	}
	if err := r.ScratchLaw(100).Err(); err == nil || !strings.Contains(err.Error(), "2 values") {
		t.Errorf("a fit to two points: %v", err)
	}
	m := r.Map(theory.TLinear, law)
	if m.Err() != nil {
		t.Fatal(m.Err())
	}
	if got, want := m.Value[1][0], 3.5*math.Pow(40, -1.25)-0.3; math.Abs(got-want) > 1e-12 {
		t.Errorf("T_lt = %v in the map, %v", got, want)
	}
	x, y := m.Boundary()
	_, rho, err := r.Students.floors()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rho {
		if n := y[0][i] * 10; math.Abs(law.At(n)-rho[i]) > 1e-12 {
			t.Errorf("boundary at μ = %v: the law is %v at n = %v, the floor %v", x[0][i], law.At(n), n, rho[i])
		}
	}
	// Below the floor everywhere: one row, and it lies below 0.
	if v := r.Signs(theory.TLinear, law); len(v.Rows) != 1 || v.Rows[0].Claim != "<" || !v.Agrees() {
		t.Errorf("%v", v)
	}
}

// The floors of students are those of teachers: the same teachers, the same ρ.
func TestTeachersAreTheTeachersOfStudents(t *testing.T) {
	s := small()
	mu, rho, err := s.floors()
	if err != nil {
		t.Fatal(err)
	}
	r := Teachers{D: s.D, Neurons: s.Teacher, Mu: mu, Trials: s.Trials, Seed: s.Seed}.Run()
	_, x, y, _ := r.Relative().Curve(0)
	if r.Err() != nil || !slices.Equal(x, mu) {
		t.Fatal(r.Err(), x)
	}
	for i := range rho {
		if math.Abs(y[i]-rho[i]) > 1e-12 {
			t.Errorf("μ = %v: ρ = %v and %v", mu[i], y[i], rho[i])
		}
	}
	// With equal output weights the target is almost all mean: more of it stays.
	equal := Teachers{D: s.D, Neurons: s.Teacher, Mu: mu, Trials: s.Trials, Seed: s.Seed, Equal: true}.Run()
	if _, _, e, _ := equal.Relative().Curve(0); e[2] > y[2]/2 {
		t.Errorf("ρ = %v with equal weights, %v with signs", e[2], y[2])
	}
}

func TestKernelsLearn(t *testing.T) {
	r := Kernels{D: 6, Teacher: 4, Width: 40, Mu: 0.5, Alpha: []float64{0.1, 2}, Trials: 3, Seed: 4}.Run()
	if v := r.Verdict(); !v.Agrees() || len(v.Rows) != 2 {
		t.Errorf("%v\n%v", r, v)
	}
	_, _, z := r.Source().Values()
	if len(z) != circlePoints || len(z[0]) != circlePoints {
		t.Fatal(r.Source().Err())
	}
	largest := 0.0
	for i := range z {
		for j := range z {
			if z[i][j] != z[j][i] {
				t.Fatalf("k(%d, %d) = %v, k(%d, %d) = %v", i, j, z[i][j], j, i, z[j][i])
			}
			largest = math.Max(largest, z[i][j])
		}
	}
	if largest != 1 {
		t.Errorf("largest entry %v", largest)
	}
	_, _, rich, _ := r.Angles.Curve(0)
	_, _, lazy, _ := r.Angles.Curve(1)
	if last := len(rich) - 1; len(rich) != 2 || rich[last] > 10 || rich[last] > lazy[last]/2 {
		t.Errorf("principal angles %v, from a lazy start %v", rich, lazy)
	}
	if err := r.Student(5).Err(); err == nil || !strings.Contains(err.Error(), "alpha = 5") {
		t.Errorf("a start that was not run: %v", err)
	}
}

func TestStudentsRefuse(t *testing.T) {
	change := func(f func(*Students)) error {
		s := small()
		f(&s)
		return s.Run().Err()
	}
	scratch := madeUp()
	scratch.Students.Procedures = []Procedure{Scratch}
	for want, err := range map[string]error{
		"D = 0":                       change(func(s *Students) { s.D = 0 }),
		"Teacher = 1":                 change(func(s *Students) { s.Teacher, s.Mu = 1, nil }),
		"Width = 2":                   change(func(s *Students) { s.Width = 2 }),
		"Mu has 0.01":                 change(func(s *Students) { s.Mu = []float64{0.01} }),
		"Mu is empty":                 change(func(s *Students) { s.Mu = nil }),
		"N has 1":                     change(func(s *Students) { s.N = []int{1} }),
		"N has 12 twice":              change(func(s *Students) { s.N = []int{12, 24, 12} }),
		"Mu has 0.5 twice":            change(func(s *Students) { s.Mu = []float64{0.5, 0.5} }),
		"Neurons = 1":                 Teachers{D: 4, Neurons: 1, Mu: []float64{0.5}, Trials: 2}.Run().Err(),
		"Trials = -1":                 Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: -1, Alpha: []float64{1}}.Run().Err(),
		"N is empty":                  change(func(s *Students) { s.N = nil }),
		"Trials = 1":                  change(func(s *Students) { s.Trials = 1 }),
		"Alpha = NaN":                 change(func(s *Students) { s.Alpha = math.NaN() }),
		`Pace = "slow"`:               change(func(s *Students) { s.Pace = "slow" }),
		`"tuned scratch"`:             change(func(s *Students) { s.Procedures = []Procedure{Tuned} }),
		"not measured on students":    madeUp().Measured(theory.RiskTuned).Err(),
		`lacks "linear transfer"`:     scratch.Measured(theory.RiskLinear).Err(),
		"no phase boundary":           madeUp().Map(theory.RiskLinear, PowerLaw{}).Err(),
		"mu = 0.2":                    madeUp().At(0.2).Err(),
		"Alpha is empty":              Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: 2}.Run().Err(),
		"Alpha has -1":                Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: 2, Alpha: []float64{-1}}.Run().Err(),
		"it is not one of Mu, [0.25]": Teachers{D: 4, Neurons: 4, Mu: []float64{0.25}, Trials: 2}.Run().Absolutely(0.5, 1).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
