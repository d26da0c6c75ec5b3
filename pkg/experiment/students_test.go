package experiment

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

func small() Students {
	return Students{D: 6, Teacher: 6, Width: 40, Mu: []float64{1.0 / 3, 2.0 / 3}, N: []int{12, 24, 48}, Trials: 3, Seed: 2}
}

// One seed gives the same numbers on one core and on all of them; a value of the
// grid keeps its data when the grid around it changes.
func TestStudentsAreDeterministic(t *testing.T) {
	all := must(t, small().Run())
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := small().Run()
	if d := diff(all, one); d != "" {
		t.Error("one core differs:", d)
	}
	part := small()
	part.N, part.Mu, part.Trials = []int{24}, part.Mu[1:], 2
	r := must(t, part.Run())
	for _, c := range r.Cells {
		mu := math.NaN()
		if at, ok := c.at[Mu]; ok {
			mu = at
		}
		want, err := all.student(mu, c.Setting.N)
		if err != nil {
			t.Fatal(err)
		}
		for q, x := range c.values {
			for trial := range x {
				if x[trial] != want.values[q][trial] {
					t.Errorf("%v, trial %d: %s = %v in a smaller grid, %v", c, trial, q, x[trial], want.values[q][trial])
				}
			}
		}
	}
}

// madeUp returns a table whose scratch risks follow a power law in every trial.
func madeUp(procedures ...Procedure) *Table {
	s := Students{D: 10, Teacher: 10, Width: 10, Mu: []float64{0.5}, N: []int{10, 40, 160, 640}, Trials: 2, Seed: 1, Procedures: procedures}
	p, err := s.plan()
	if err != nil {
		panic(err)
	}
	t := &Table{study: s, trials: 2, origin: p.origin, Cells: p.columns()}
	for _, c := range t.Cells {
		for trial, a := range []float64{3, 4} {
			for q, x := range map[theory.Quantity]float64{Floor: 0.3, theory.FeatureResidual: 0.3,
				theory.RiskScratch: a * math.Pow(float64(c.Setting.N), -1.25), theory.RiskLinear: map[bool]float64{true: 0.4, false: 0.3}[c.Setting.N == 10]} {
				if c.values[q] != nil {
					c.values[q][trial] = x
				}
			}
		}
	}
	if err := p.finish(t); err != nil {
		panic(err)
	}
	return t
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
	// The boundary with the cost of fitting is where the two risks are equal, below the other.
	slow := PowerLaw{LogA: theory.Value{Value: math.Log(8)}, Nu: theory.Value{Value: 0.5}}
	lines := r.FittingBoundary(slow)
	if lines.Err() != nil || lines.Len() == 0 {
		t.Fatal(lines.Err(), lines.Len())
	}
	of, err := studyOf[Students](r)
	if err != nil {
		t.Fatal(err)
	}
	mus, floors, err := of.floors()
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines.Len() {
		_, x, y, _ := lines.Curve(i)
		for j := range x {
			at, n := slices.Index(mus, x[j]), y[j]*float64(of.D)
			k := math.Round((1 - x[j]) * float64(of.Teacher))
			if risk := floors[at] * (1 + k/(n-k-1)); math.Abs(slow.At(n)/risk-1) > 0.02 || n > slow.meets(floors[at])*1.01 {
				t.Errorf("at μ = %v, n = %.1f scratch has %.4f and transfer %.4f", x[j], n, slow.At(n), risk)
			}
		}
	}
	m := r.LawPlane(theory.TLinear, law)
	if m.Err() != nil {
		t.Fatal(m.Err())
	}
	if got, want := m.Value[1][0], 3.5*math.Pow(40, -1.25)-0.3; math.Abs(got-want) > 1e-12 {
		t.Errorf("T_lt = %v in the map, %v", got, want)
	}
	x, y := m.Boundary()
	students, err := studyOf[Students](r)
	if err != nil {
		t.Fatal(err)
	}
	_, rho, err := students.floors()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rho {
		if n := y[0][i] * 10; math.Abs(law.At(n)-rho[i]) > 1e-12 {
			t.Errorf("boundary at μ = %v: the law is %v at n = %v, the floor %v", x[0][i], law.At(n), n, rho[i])
		}
	}
	// Below the floor everywhere: one row, and it lies below 0.
	if v := r.Signs(theory.TLinear, law); len(v.Rows) != 1 || v.Rows[0].Claim != "<" || !(v.Rows[0].Z < -4) {
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
	_, x, y, _ := r.Measured(theory.FeatureResidual, Mu, None).Curve(0)
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
	if _, _, e, _ := equal.Measured(theory.FeatureResidual, Mu, None).Curve(0); e[2] > y[2]/2 {
		t.Errorf("ρ = %v with equal weights, %v with signs", e[2], y[2])
	}
}

func TestKernelsLearn(t *testing.T) {
	r := Kernels{D: 6, Teacher: 4, Width: 40, Mu: 0.5, Alpha: []float64{0.1, 2}, Trials: 8, Seed: 4}.Run()
	if v := r.Richer(); !v.Agrees() || len(v.Rows) != 2 {
		t.Errorf("%v\n%v", r, v)
	}
	_, _, z := r.SourceKernel().Values()
	if len(z) != circlePoints || len(z[0]) != circlePoints {
		t.Fatal(r.SourceKernel().Err())
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
	_, _, rich, _ := r.Course(PrincipalAngles).Curve(0)
	_, _, lazy, _ := r.Course(PrincipalAngles).Curve(1)
	if last := len(rich) - 1; len(rich) != 2 || rich[last] > 10 || rich[last] > lazy[last]/2 {
		t.Errorf("principal angles %v, from a lazy start %v", rich, lazy)
	}
	if err := r.StudentKernel(5).Err(); err == nil || !strings.Contains(err.Error(), "alpha = 5") {
		t.Errorf("a start that was not run: %v", err)
	}
}

func TestStudentsRefuse(t *testing.T) {
	change := func(f func(*Students)) error {
		s := small()
		f(&s)
		return s.Run().Err()
	}
	transfer := madeUp(Transfer)
	for want, err := range map[string]error{
		"D = 0":                  change(func(s *Students) { s.D = 0 }),
		"Teacher = 1":            change(func(s *Students) { s.Teacher, s.Mu = 1, nil }),
		"Width = 2":              change(func(s *Students) { s.Width = 2 }),
		"Mu has 0.01":            change(func(s *Students) { s.Mu = []float64{0.01} }),
		"Mu is empty":            change(func(s *Students) { s.Mu = nil }),
		"N has 1":                change(func(s *Students) { s.N = []int{1} }),
		"N has 12 twice":         change(func(s *Students) { s.N = []int{12, 24, 12} }),
		"Mu has 0.5 twice":       change(func(s *Students) { s.Mu = []float64{0.5, 0.5} }),
		"Neurons = 1":            Teachers{D: 4, Neurons: 1, Mu: []float64{0.5}, Trials: 2}.Run().Err(),
		"Trials = -1":            Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: -1, Alpha: []float64{1}}.Run().Err(),
		"N is empty":             change(func(s *Students) { s.N = nil }),
		"Trials = 1":             change(func(s *Students) { s.Trials = 1 }),
		"Alpha = NaN":            change(func(s *Students) { s.Alpha = math.NaN() }),
		`Pace = "slow"`:          change(func(s *Students) { s.Pace = "slow" }),
		`"tuned scratch"`:        change(func(s *Students) { s.Procedures = []Procedure{Tuned} }),
		"R*_sc was not measured": madeUp().Measured(theory.RiskTuned, Points, Mu).Err(),
		"R_ft was not measured":  transfer.Measured(theory.RiskFineTune, Points, Mu).Err(),
		`lacks "scratch"`:        transfer.ScratchLaw(10).Err(),
		"T_lt was not measured":  transfer.Measured(theory.TLinear, Points, Mu).Err(),
		"of experiment.Teachers": Teachers{D: 4, Neurons: 4, Mu: []float64{0.25}, Trials: 2}.Run().FittingBoundary(PowerLaw{}).Err(),
		"no phase boundary":      madeUp().LawPlane(theory.RiskLinear, PowerLaw{}).Err(),
		"mu = 0.2":               madeUp().At(Mu, 0.2).Err(),
		"not of Teachers":        madeUp().Outside().Err(),
		"of experiment.Students": madeUp().OutsideLaw().Err(),
		"ρ expected was not":     madeUp().Floors().Err(),
		`Pace = "fast"`:          Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Alpha: []float64{1}, Trials: 2, Pace: "fast"}.Run().Err(),
		"nothing was not":        madeUp().Over(theory.RiskLinear, "nothing").Err(),
		"not of Students":        Teachers{D: 4, Neurons: 4, Mu: []float64{0.25}, Trials: 2}.Run().OnFeatures().Err(),
		"Alpha is empty":         Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: 2}.Run().Err(),
		"Alpha has -1":           Kernels{D: 4, Teacher: 4, Width: 4, Mu: 0.5, Trials: 2, Alpha: []float64{-1}}.Run().Err(),
		"mu = 0.5":               Teachers{D: 4, Neurons: 4, Mu: []float64{0.25}, Trials: 2}.Run().At(Mu, 0.5).Err(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
