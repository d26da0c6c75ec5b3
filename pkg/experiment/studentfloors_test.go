package experiment

import (
	"errors"
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// The closed form of what teachers leave out is the mean over teachers, for both kinds of
// output weights, and its line is that form; more neurons than dimensions keep γ and m*
// apart.
func TestOutsideIsTheMeanOverTeachers(t *testing.T) {
	study := Teachers{D: 12, Neurons: 20, Mu: []float64{0.1, 0.5, 0.9}, Trials: 600, Seed: 5}
	for _, equal := range []bool{false, true} {
		study.Equal = equal
		r := must(t, study.Run())
		v := r.Outside()
		_, x, y, _ := r.OutsideLaw().Curve(0)
		if len(v.Rows) != 3 || len(x) != 17 || math.Abs(x[0]-0.1) > 1e-12 || math.Abs(x[16]-0.9) > 1e-12 {
			t.Fatalf("%v\nμ = %v", v, x)
		}
		for i, row := range v.Rows {
			if !row.Agree || row.Theory.Value != y[8*i] {
				t.Errorf("equal = %v: %+v, on the line %v", equal, row, y[8*i])
			}
		}
	}
}

// Expected is computed without the directions of the removed neurons. Over teachers whose
// other neurons are the same it is the mean floor of the student: what random directions
// change has the mean 0, for output weights of one sign and of two. A student that was not
// trained misses much of its source.
func TestExpectedIsTheMeanFloor(t *testing.T) {
	const trials = 90
	power := 0.0
	for _, c := range []struct {
		teacher int
		weights []float64
	}{{6, []float64{1, 1}}, {6, []float64{1, -1}}, {8, []float64{-1, -1, -1, -1, -1, -1}}, {8, []float64{1, -1, 1, -1, 1, -1}}} {
		mu := float64(len(c.weights)) / float64(c.teacher)
		s := Students{D: 6, Teacher: c.teacher, Width: 30, Mu: []float64{mu}, N: []int{12}, Trials: 2, Seed: 3}.defaults()
		target, terr := s.teacher(0)
		student, serr := s.student(0)
		if err := errors.Join(terr, serr); err != nil {
			t.Fatal(err)
		}
		source, err := target.Without(mu)
		if err != nil {
			t.Fatal(err)
		}
		apart, moved := make([]float64, trials), make([]float64, trials)
		for i := range apart {
			other, err := relu.NewTeacher(len(c.weights), s.D, task.Stream(s.Seed, uint64(i), 17))
			if err != nil {
				t.Fatal(err)
			}
			all := target.Clone()
			for j, x := range c.weights {
				all.W.SetRow(j, other.W.RawRowView(j))
				all.C[j] = x
			}
			square := relu.Inner(all, all)
			v, _, err := training{students: s, trial: i, target: all, square: square}.compare(mu, student, source)
			if err != nil {
				t.Fatal(err)
			}
			// Absolute: relative to ‖f_t‖² the mean would be of a ratio.
			apart[i], moved[i] = (v[0]-v[4])*square, (v[0]-v[1])*square
		}
		z := func(x []float64) float64 {
			m, sd := stat.MeanStdDev(x, nil)
			return m / stat.StdErr(sd, trials)
		}
		if math.Abs(z(apart)) > 4 {
			t.Errorf("%v: ρ − Expected has z = %.2f", c.weights, z(apart))
		}
		power = max(power, math.Abs(z(moved)))
	}
	if power < 6 {
		t.Errorf("ρ − Floor has |z| of at most %.2f: the test has no power", power)
	}
}

// What a space holds of neurons and of their sums, by residuals and polarisation.
func TestHoldByPolarisation(t *testing.T) {
	s := small().defaults()
	student, serr := s.student(0)
	source, terr := relu.NewTeacher(4, s.D, task.Stream(1))
	random, rerr := relu.NewTeacher(3, s.D, task.Stream(2))
	space, err := student.Space(5)
	if err := errors.Join(serr, terr, rerr, err); err != nil {
		t.Fatal(err)
	}
	// inside is E(Pf)² of a sum of neurons with weights c.
	inside := func(w *mat.Dense, c ...float64) float64 {
		f := &relu.Network{W: w, C: c}
		rho, err := student.Residual(space, f)
		if err != nil {
			t.Fatal(err)
		}
		return (1 - rho) * relu.Inner(f, f)
	}
	one := 3 * (inside(random.W, 1, 0, 0) + inside(random.W, 0, 1, 0) + inside(random.W, 0, 0, 1))
	sum := 9 * inside(random.W, 1, 1, 1)
	want := held{one: one, two: (sum - 3*one) / 6}
	var both mat.Dense
	both.Stack(random.W, source.W)
	c := make([]float64, 0, 7)
	for range 3 {
		c = append(c, 7.0/3)
	}
	for _, x := range source.C {
		c = append(c, 7*x/4)
	}
	want.source = (inside(&both, c...) - inside(random.W, 1, 1, 1) - inside(source.W, source.C...)) / 2
	got := hold(student, space, source, random)
	for _, x := range [][2]float64{{got.one, want.one}, {got.two, want.two}, {got.source, want.source}} {
		if math.Abs(x[0]-x[1]) > 1e-9 {
			t.Errorf("%+v, by polarisation %+v", got, want)
			break
		}
	}
}

// On all neurons the ridge is the one that the points choose, and the risk is relative.
func TestAllNeuronsChooseTheirRidge(t *testing.T) {
	s := small().defaults()
	target, err := s.teacher(1)
	if err != nil {
		t.Fatal(err)
	}
	student, err := s.student(1)
	if err != nil {
		t.Fatal(err)
	}
	space, err := student.Space(3)
	if err != nil {
		t.Fatal(err)
	}
	s.Procedures = []Procedure{Transfer}
	v, err := training{students: s, trial: 1, target: target, square: relu.Inner(target, target)}.transfer(t.Context(), student, space, 24)
	if err != nil {
		t.Fatal(err)
	}
	x, y, _, err := s.sample(target, 1, 24)
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := student.TransferTuned(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if want := relu.Risk(f, target) / relu.Inner(target, target); v[1] != want {
		t.Errorf("the risk on all neurons is %v, with the ridge of the points %v", v[1], want)
	}
}

// The rows of floors and of ratios are those of numbers made up for two trials, with a
// standard error over pairs, weights, and at the largest n.
func TestFloorsAndRatiosByHand(t *testing.T) {
	r := madeUp()
	for _, c := range r.Cells {
		at := map[theory.Quantity][]float64{Floor: {0.3, 0.2}, theory.FeatureResidual: {0.35, 0.28}, Expected: {0.34, 0.26}, SquareNorm: {1, 3}}
		if c.Setting.N == 640 {
			at = map[theory.Quantity][]float64{AllNeurons: {0.15, 0.05}}
		}
		for q, x := range at {
			c.values[q] = x
		}
	}
	for i, row := range r.Floors().And(r.Over(AllNeurons, Floor), r.Over(Expected, AllNeurons), r.Over(Expected, theory.FeatureResidual)).Rows {
		want := [][]float64{{0.055, 0.0725, 0.0125}, {1, 0.375, 0.125}, {1, (0.34/0.15 + 0.26/0.05) / 2, (0.26/0.05 - 0.34/0.15) / 2}, {1, (34.0/35 + 26.0/28) / 2, (34.0/35 - 26.0/28) / 2}}[i]
		want = append(want, (want[1]-want[0])/want[2])
		for j, x := range []float64{row.Theory.Value, row.Measured.Value, row.Measured.StdErr, row.Z} {
			if math.Abs(x-want[j]) > 1e-9 {
				t.Errorf("row %d: %+v, by hand %v", i, row, want)
			}
		}
		if at := []string{"μ=0.5 k=5 d=10", "μ=0.5 n=640", "μ=0.5 n=640", "μ=0.5"}[i]; row.Setting != at {
			t.Errorf("row %d is at %q, not at %q", i, row.Setting, at)
		}
	}
}

// The gap is that of the spectrum E φ², here of orthogonal features of chosen norms, with
// the first one left out.
func TestGapIsTheRatioOfTheSpectrum(t *testing.T) {
	gram := mat.NewDiagDense(10, []float64{100, 10, 5, 4, 1, 0.5, 0.4, 1e-3, 1e-6, 1e-7})
	dense := mat.NewSymDense(10, nil)
	for i := range 10 {
		dense.SetSym(i, i, gram.At(i, i))
	}
	space, err := task.NewSpace(dense, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[int]float64{1: 10.0 / 4, 2: 2.0 / 4, 3: 1.25 / 4, 4: 4.0 / 2, 5: 2.0 / 4, 8: 1000.0 / 4} {
		if got := math.Exp(gap(space, k)); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("k = %d: a ratio of %v, by hand %v", k, got, want)
		}
	}
	if x := gap(space, 10); !math.IsNaN(x) {
		t.Errorf("a gap %v after the last direction", x)
	}
}
