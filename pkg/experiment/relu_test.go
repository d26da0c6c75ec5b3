package experiment

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// overlap is E relu(w·x)relu(v·x), from the angle by atan2.
func overlap(w, v []float64) float64 {
	a, b := floats.Norm(w, 2), floats.Norm(v, 2)
	u, x := slices.Clone(w), slices.Clone(v)
	floats.Scale(1/a, u)
	floats.Scale(1/b, x)
	sum := slices.Clone(u)
	floats.Add(sum, x)
	phi := 2 * math.Atan2(floats.Distance(u, x, 2), floats.Norm(sum, 2))
	return a * b * (math.Sin(phi) + (math.Pi-phi)*math.Cos(phi)) / (2 * math.Pi)
}

// gramOf holds the overlaps of the rows of two matrices.
func gramOf(w, v *mat.Dense) *mat.Dense {
	m, _ := w.Dims()
	k, _ := v.Dims()
	out := mat.NewDense(m, k, nil)
	for i := range m {
		for j := range k {
			out.Set(i, j, overlap(w.RawRowView(i), v.RawRowView(j)))
		}
	}
	return out
}

// square is E(Σaᵢ relu(wᵢ·x) − Σbⱼ relu(vⱼ·x))².
func square(w *mat.Dense, a []float64, v *mat.Dense, b []float64) float64 {
	x, y := mat.NewVecDense(len(a), a), mat.NewVecDense(len(b), b)
	return mat.Inner(x, gramOf(w, w), x) - 2*mat.Inner(x, gramOf(w, v), y) + mat.Inner(y, gramOf(v, v), y)
}

// over returns c/m, the weights of the sum.
func over(c []float64, m int) []float64 {
	out := slices.Clone(c)
	floats.Scale(1/float64(m), out)
	return out
}

// schur is aᵀ_R Schur(K_RR) a_R / aᵀKa for the first neurons of a network.
func schur(w *mat.Dense, a []float64, removed int) (rho, norm float64) {
	m, d := w.Dims()
	part := func(first, last int) *mat.Dense { return w.Slice(first, last, 0, d).(*mat.Dense) }
	rr, rs, ss := gramOf(part(0, removed), part(0, removed)), gramOf(part(0, removed), part(removed, m)), gramOf(part(removed, m), part(removed, m))
	var inside mat.Dense
	inside.Product(rs, bySVD(ss), rs.T())
	rr.Sub(rr, &inside)
	x, y := mat.NewVecDense(removed, a[:removed]), mat.NewVecDense(m, a)
	norm = mat.Inner(y, gramOf(w, w), y)
	return mat.Inner(x, rr, x) / norm, norm
}

// leading returns orthonormal functions of neurons, the largest eigenvalues first: f_j = Σ_i
// out_ij relu(wᵢ·x).
func leading(w *mat.Dense, k int) *mat.Dense {
	m, _ := w.Dims()
	sym := mat.NewSymDense(m, nil)
	gram := gramOf(w, w)
	for i := range m {
		for j := i; j < m; j++ {
			sym.SetSym(i, j, (gram.At(i, j)+gram.At(j, i))/2)
		}
	}
	var eig mat.EigenSym
	eig.Factorize(sym, true)
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	values := eig.Values(nil)
	out := mat.NewDense(m, k, nil)
	for j := range k {
		for i := range m {
			out.Set(i, j, vectors.At(i, m-1-j)/math.Sqrt(values[m-1-j]))
		}
	}
	return out
}

// outsideOf is the part of a target outside orthonormal functions of neurons.
func outsideOf(basis, w, v *mat.Dense, b []float64) float64 {
	y := mat.NewVecDense(len(b), b)
	var inner, along mat.VecDense
	inner.MulVec(gramOf(w, v), y)
	along.MulVec(basis.T(), &inner)
	return 1 - mat.Dot(&along, &along)/mat.Inner(y, gramOf(v, v), y)
}

// hidden is relu(XWᵀ).
func hidden(x, w *mat.Dense) *mat.Dense {
	var out mat.Dense
	out.Mul(x, w.T())
	out.Apply(func(_, _ int, v float64) float64 { return math.Max(0, v) }, &out)
	return &out
}

// centredAlignment is the correlation of two kernels after the means of rows and columns are
// taken off.
func centredAlignment(k, l mat.Matrix) float64 {
	n, _ := k.Dims()
	centre := func(k mat.Matrix) []float64 {
		out := mat.DenseCopyOf(k)
		for range 2 { // rows, then the columns
			for i := range n {
				row := out.RawRowView(i)
				floats.AddConst(-floats.Sum(row)/float64(n), row)
			}
			out = mat.DenseCopyOf(out.T())
		}
		return out.RawMatrix().Data
	}
	a, b := centre(k), centre(l)
	return floats.Dot(a, b) / (floats.Norm(a, 2) * floats.Norm(b, 2))
}

func kernelOf(f *relu.Network, x *mat.Dense) *mat.Dense {
	var out mat.Dense
	phi := hidden(x, f.W)
	out.Mul(phi, phi.T())
	return &out
}

// Every number of a trial of students is that of the closed forms and of dense algebra on its
// networks; only the training is the library's.
func TestStudentsByHand(t *testing.T) {
	s := Students{D: 3, Teacher: 5, Width: 9, Mu: []float64{0.4, 0.6}, N: []int{14, 4}, Alpha: 0.3, Trials: 2, Seed: 31}
	r := must(t, s.Run())
	for trial := range s.Trials {
		stream := func(path ...uint64) []uint64 { return append([]uint64{uint64(trial)}, path...) }
		target, err := relu.NewTeacher(s.Teacher, s.D, task.Stream(s.Seed, stream(0)...))
		if err != nil {
			t.Fatal(err)
		}
		start, err := relu.NewStudent(s.Width, s.D, s.Alpha, task.Stream(s.Seed, stream(1)...))
		if err != nil {
			t.Fatal(err)
		}
		probe := task.Normal(200, s.D, task.Stream(s.Seed, stream(3)...))
		a := over(target.C, s.Teacher)
		whole := mat.Inner(mat.NewVecDense(5, a), gramOf(target.W, target.W), mat.NewVecDense(5, a))
		check := func(mu float64, n int, want map[theory.Quantity]float64) {
			t.Helper()
			c, err := r.student(mu, n)
			if err != nil {
				t.Fatal(err)
			}
			known := len(want)
			if n == 0 {
				known += 3 // Expected, Missed and Gap have tests of their own
			}
			if len(c.values) != known {
				t.Errorf("%v has %d quantities, want %d", c, len(c.values), known)
			}
			for q, v := range want {
				if got := c.values[q][trial]; math.Abs(got-v) > 1e-6*(1+math.Abs(v)) {
					t.Errorf("%v, trial %d: %s = %v, by hand %v", c, trial, q, got, v)
				}
			}
		}
		trained := func(f *relu.Network, loss *relu.Loss, want map[theory.Quantity]float64) {
			report, err := f.Train(t.Context(), loss, relu.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want[TrainingLoss], want[Gradients], want[LocalMinima] = report.Loss, float64(report.Gradients), 0
			if report.Settled {
				want[LocalMinima] = 1
			}
		}
		risk := func(w *mat.Dense, c []float64) float64 { return square(w, c, target.W, a) / whole }
		sampled := map[int]*mat.Dense{}
		labels := map[int][]float64{}
		for _, n := range s.N {
			x := task.Normal(n, s.D, task.Stream(s.Seed, stream(2, uint64(n))...))
			y := times(hidden(x, target.W), a)
			sampled[n], labels[n] = x, y
			loss, err := relu.SampleLoss(x, y)
			if err != nil {
				t.Fatal(err)
			}
			f, want := start.Clone(), map[theory.Quantity]float64{}
			trained(f, loss, want)
			want[theory.RiskScratch] = risk(f.W, over(f.C, s.Width))
			check(math.NaN(), n, want)
		}
		for i, mu := range s.Mu {
			removed := []int{2, 3}[i]
			k := 5 - removed
			source := &relu.Network{W: mat.DenseCopyOf(target.W.Slice(removed, 5, 0, 3)), C: slices.Clone(target.C[removed:])}
			floats.Scale(float64(k)/5, source.C) // the mean is over the neurons that are left
			f, want := start.Clone(), map[theory.Quantity]float64{}
			trained(f, relu.PopulationLoss(source), want)
			want[Floor], want[SquareNorm] = schur(target.W, a, removed)
			basis := leading(f.W, k)
			want[theory.FeatureResidual] = outsideOf(basis, f.W, target.W, a)
			want[OutsideAll] = outsideOf(bySVDBasis(f.W), f.W, target.W, a)
			want[Alignment] = centredAlignment(kernelOf(f, probe), kernelOf(source, probe))
			check(mu, 0, want)
			for _, n := range s.N {
				x, y, want := sampled[n], labels[n], map[theory.Quantity]float64{}
				var design mat.Dense
				design.Mul(hidden(x, f.W), basis)
				want[theory.RiskLinear] = risk(f.W, times(basis, times(bySVD(&design), y)))
				// Kernel ridge regression with k(x, x′) = (1/m)Σφφ′ and the ridge of 19 that
				// predicts each point best from the others.
				kernel := kernelOf(f, x)
				kernel.Scale(1/float64(s.Width), kernel)
				ridged := func(ridge float64, without int) []float64 {
					k, rest := mat.DenseCopyOf(kernel), slices.Clone(y)
					for j := range n {
						k.Set(j, j, k.At(j, j)+float64(n)*ridge)
						if j != without && without >= 0 {
							k.Set(j, without, 0)
							k.Set(without, j, 0)
						}
					}
					if without >= 0 {
						rest[without] = 0
					}
					return times(bySVD(k), rest)
				}
				best, least := 0.0, math.Inf(1)
				for half := -18; half <= 0; half++ {
					ridge, sum := mat.Trace(kernel)/float64(n)*math.Pow(10, float64(half)/2), 0.0
					for i := range n {
						e := y[i] - floats.Dot(mat.Row(nil, i, kernel), ridged(ridge, i))
						sum += e * e
					}
					if sum < least {
						best, least = ridge, sum
					}
				}
				dual := ridged(best, -1)
				want[AllNeurons] = risk(f.W, over(times(hidden(x, f.W).T(), dual), s.Width))
				loss, err := relu.SampleLoss(x, y)
				if err != nil {
					t.Fatal(err)
				}
				tuned := f.Clone()
				trained(tuned, loss, want)
				want[theory.RiskFineTune] = risk(tuned.W, over(tuned.C, s.Width))
				check(mu, n, want)
			}
		}
	}
	// A transferability is that of the same n and trial.
	for _, mu := range s.Mu {
		for _, n := range s.N {
			c, _ := r.student(mu, n)
			from, _ := r.student(math.NaN(), n)
			for trial := range s.Trials {
				if got, want := trialOf(c, theory.TLinear, trial), from.values[theory.RiskScratch][trial]-c.values[theory.RiskLinear][trial]; got != want {
					t.Errorf("%v, trial %d: T_lt = %v, want %v", c, trial, got, want)
				}
				for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.TFineTune} {
					got, err := r.of(q, mu, n, trial)
					want := trialOf(c, q, trial)
					if q == theory.RiskScratch {
						want = from.values[q][trial]
					}
					if err != nil || got != want {
						t.Errorf("%v, trial %d: %s = %v, want %v, %v", c, trial, q, got, want, err)
					}
				}
			}
		}
	}
}

// bySVDBasis returns orthonormal functions that span all neurons, but for what is nothing.
func bySVDBasis(w *mat.Dense) *mat.Dense {
	m, _ := w.Dims()
	rank := 0
	var eig mat.EigenSym
	sym := mat.NewSymDense(m, gramOf(w, w).RawMatrix().Data)
	eig.Factorize(sym, false)
	values := eig.Values(nil)
	for _, v := range values {
		if v > 1e-10*values[m-1] {
			rank++
		}
	}
	return leading(w, rank)
}

// Teachers measure the Schur complement of the neurons that are removed, with output weights
// ±1 or 1.
func TestTeachersByHand(t *testing.T) {
	for _, equal := range []bool{false, true} {
		r := must(t, Teachers{D: 4, Neurons: 6, Mu: []float64{0.5, 1. / 6}, Equal: equal, Trials: 3, Seed: 17}.Run())
		for i, removed := range []int{3, 1} {
			for trial := range 3 {
				target, err := relu.NewTeacher(6, 4, task.Stream(17, uint64(trial), 0))
				if err != nil {
					t.Fatal(err)
				}
				if equal {
					target.C = []float64{1, 1, 1, 1, 1, 1}
				}
				rho, norm := schur(target.W, over(target.C, 6), removed)
				for q, want := range map[theory.Quantity]float64{theory.FeatureResidual: rho, SquareNorm: norm, OutsideNorm: rho * norm} {
					if got := r.Cells[i].values[q][trial]; math.Abs(got-want) > 1e-9 {
						t.Errorf("equal = %v, %v, trial %d: %s = %v, by hand %v", equal, r.Cells[i], trial, q, got, want)
					}
				}
			}
		}
		if want := map[bool]string{false: "m*=d=4 c=±1 μ=0.5", true: "m*=d=4 c=1 μ=0.5"}[equal]; r.Cells[0].String() != want {
			t.Errorf("%q, want %q", r.Cells[0], want)
		}
	}
}

// What students say of themselves: starts, gradients, minima, and the alignment of each μ.
func TestStudentsAbout(t *testing.T) {
	s := Students{D: 3, Teacher: 3, Width: 12, Mu: []float64{0.34, 0.67}, N: []int{5, 9}, Trials: 3, Seed: 2}
	r := must(t, s.Run())
	gradients, minima, starts := 0.0, 0.0, 0
	for _, c := range r.Cells {
		gradients += floats.Sum(c.values[Gradients])
		minima += floats.Sum(c.values[LocalMinima])
	}
	starts = 3 * (2 + 2) // two sources and two sizes from scratch
	want := fmt.Sprintf("students: %d starts of m = 12 on teachers of m* = 3 neurons at d = 3, α = 0.1, 3 trials, seed 2, %.0f gradients", starts, gradients)
	if minima > 0 {
		want += fmt.Sprintf("; %.0f trainings ended in a local minimum", minima)
	}
	if text := r.String(); len(text) <= len(want) || text[:len(want)] != want {
		t.Errorf("%q, want %q", text, want)
	}
	for i, c := range r.Cells {
		if want := []string{"μ=0.34 k=2 d=3", "μ=0.34 k=2 n=5 d=3", "μ=0.34 k=2 n=9 d=3", "μ=0.67 k=1 d=3", "μ=0.67 k=1 n=5 d=3", "μ=0.67 k=1 n=9 d=3", "n=5 d=3", "n=9 d=3"}[i]; c.String() != want {
			t.Errorf("cell %d is %q, want %q", i, c, want)
		}
	}
	if method, seed := r.Measured(Floor, Mu, None).Origin(0); method != "solve" || seed != 2 {
		t.Errorf("the floor is by %q", method)
	}
	if method, _ := r.Measured(theory.FeatureResidual, Mu, None).Origin(0); method != "train" {
		t.Errorf("ρ is by %q", method)
	}
}
