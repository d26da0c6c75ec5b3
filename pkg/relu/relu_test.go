package relu

import (
	"math"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func residual(t testing.TB, features, f *Network, k int) float64 {
	t.Helper()
	space, err := features.Space(k)
	if err != nil {
		t.Fatal(err)
	}
	rho, err := features.Residual(space, f)
	if err != nil {
		t.Fatal(err)
	}
	return rho
}

func networks(t testing.TB, m, k, d int, seed uint64) (student, teacher *Network) {
	t.Helper()
	student, err := NewStudent(m, d, 1, task.Stream(seed, 1))
	if err != nil {
		t.Fatal(err)
	}
	if teacher, err = NewTeacher(k, d, task.Stream(seed, 2)); err != nil {
		t.Fatal(err)
	}
	return student, teacher
}

// Reference values of the specification: unit vectors at four angles.
func TestKernelReference(t *testing.T) {
	for angle, want := range map[float64]float64{0: 0.5, math.Pi / 4: 0.377705, math.Pi / 2: 0.159155, 3 * math.Pi / 4: 0.024151, math.Pi: 0} {
		w := mat.NewDense(1, 2, []float64{1, 0})
		v := mat.NewDense(1, 2, []float64{math.Cos(angle), math.Sin(angle)})
		if got := Gram(w, v).At(0, 0); math.Abs(got-want) > 5e-7 {
			t.Errorf("k at %v = %.7f, want %.6f", angle, got, want)
		}
	}
}

// The closed forms are the means over samples: inner product, risk and gradient.
func TestClosedFormsMeetMonteCarlo(t *testing.T) {
	const n, d = 200000, 4
	f, g := networks(t, 3, 5, d, 7)
	x := task.Normal(n, d, task.Stream(8))
	check := func(name string, sample []float64, want float64) {
		t.Helper()
		m, sd := stat.MeanStdDev(sample, nil)
		if z := (m - want) / stat.StdErr(sd, n); math.Abs(z) > 4 {
			t.Errorf("%s: %.6g by samples, closed form %.6g, z = %.2f", name, m, want, z)
		}
	}
	a, b := f.Predict(x), g.Predict(x)
	product, square := make([]float64, n), make([]float64, n)
	for i := range n {
		product[i], square[i] = a[i]*b[i], (a[i]-b[i])*(a[i]-b[i])
	}
	check("E fg", product, Inner(f, g))
	check("E (f−g)²", square, Risk(f, g))
	value, grad := PopulationLoss(g).Gradient(f)
	if want := Risk(f, g) / 2; math.Abs(value-want) > 1e-14 {
		t.Errorf("loss %v, half the risk %v", value, want)
	}
	hidden := f.Features(x)
	for i := range f.C {
		byC := make([]float64, n)
		byW := make([]float64, n)
		for r := range n {
			byC[r] = (a[r] - b[r]) * hidden.At(r, i)
			if hidden.At(r, i) > 0 {
				byW[r] = f.C[i] * (a[r] - b[r]) * x.At(r, 1)
			}
		}
		check("gradient in c", byC, grad.C[i])
		check("gradient in w", byW, grad.W.At(i, 1))
	}
}

// m times the gradient of half the risk, by finite differences.
func TestPopulationGradientIsTheGradient(t *testing.T) {
	f, g := networks(t, 4, 3, 5, 3)
	m, d := f.W.Dims()
	at := func(w []float64) float64 {
		h := &Network{W: mat.NewDense(m, d, w[:m*d]), C: w[m*d:]}
		return Risk(h, g) / 2
	}
	w := append(append([]float64(nil), f.W.RawMatrix().Data...), f.C...)
	want := fd.Gradient(nil, at, w, &fd.Settings{Formula: fd.Central})
	floats.Scale(float64(m), want)
	_, grad := PopulationLoss(g).Gradient(f)
	got := append(append([]float64(nil), grad.W.RawMatrix().Data...), grad.C...)
	if off := floats.Distance(got, want, 2); off > 1e-6*floats.Norm(want, 2) {
		t.Errorf("off by %.2g of %.2g", off, floats.Norm(want, 2))
	}
}

// The part of the target outside the remaining neurons, output weights ±1, m* =
// d = 100: the specification has .0487, .2995 and .7022 from 1,000 teachers.
func TestResidualReference(t *testing.T) {
	const teachers = 60
	for _, c := range []struct{ mu, want, se float64 }{{0.1, 0.0487, 0.0005}, {0.5, 0.2995, 0.0028}, {0.9, 0.7022, 0.0048}} {
		x := make([]float64, teachers)
		for i := range x {
			_, target := networks(t, 1, 100, 100, uint64(i))
			source, err := target.Without(c.mu)
			if err != nil {
				t.Fatal(err)
			}
			x[i] = residual(t, source, target, 0)
		}
		m, sd := stat.MeanStdDev(x, nil)
		if z := (m - c.want) / math.Hypot(c.se, stat.StdErr(sd, teachers)); math.Abs(z) > 4 {
			t.Errorf("μ = %v: ρ = %.4f, want %.4f, z = %.2f", c.mu, m, c.want, z)
		}
	}
}

// A target in the span of the features has no residual, one in another half space
// of one dimension is all residual; the source is what is left of the target.
func TestResidualAndWithout(t *testing.T) {
	_, g := networks(t, 1, 6, 8, 4)
	if rho := residual(t, g, g, 0); rho > 1e-9 {
		t.Errorf("ρ of its own features = %v", rho)
	}
	line := func(w float64) *Network { return &Network{W: mat.NewDense(1, 1, []float64{w}), C: []float64{1}} }
	if rho := residual(t, line(1), line(-1), 0); math.Abs(rho-1) > 1e-12 {
		t.Errorf("ρ of the other half line = %v", rho)
	}
	source, err := g.Without(0.5)
	if err != nil {
		t.Fatal(err)
	}
	removed := &Network{W: mat.DenseCopyOf(g.W.Slice(0, 3, 0, 8)), C: []float64{g.C[0] / 2, g.C[1] / 2, g.C[2] / 2}}
	x := mat.NewDense(1, 8, []float64{1, -2, 3, -4, 5, 6, 7, 8})
	if sum := source.Predict(x)[0] + removed.Predict(x)[0]; math.Abs(sum-g.Predict(x)[0]) > 1e-12 {
		t.Errorf("the parts add up to %v, the whole is %v", sum, g.Predict(x)[0])
	}
}

// Benchmarks of a gradient at the paper's size, in flops of the two products with
// every neuron: one for the angles or activities, one for the gradient.
func BenchmarkPopulationGradient(b *testing.B) {
	const m, k, d = 1000, 100, 100
	f, g := networks(b, m, k, d, 1)
	benchmarkGradient(b, f, PopulationLoss(g), m*(m+k)*d)
}

func BenchmarkSampleGradient(b *testing.B) {
	const m, k, d, n = 1000, 100, 100, 2000
	f, g := networks(b, m, k, d, 1)
	x, y := sample(n, d, g, 1)
	benchmarkGradient(b, f, sampleLoss(b, x, y), m*n*d)
}

// The same at the size of a quick notebook, where the products are thin.
func BenchmarkSmallGradients(b *testing.B) {
	const m, k, d, n = 100, 10, 10, 400
	f, g := networks(b, m, k, d, 1)
	b.Run("population", func(b *testing.B) { benchmarkGradient(b, f, PopulationLoss(g), m*(m+k)*d) })
	x, y := sample(n, d, g, 1)
	b.Run("sample", func(b *testing.B) { benchmarkGradient(b, f, sampleLoss(b, x, y), m*n*d) })
}

func benchmarkGradient(b *testing.B, f *Network, loss *Loss, products float64) {
	w := loss.newWork(f)
	_, out := loss.Gradient(f)
	b.ReportAllocs()
	for b.Loop() {
		w.gradient(f, out)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "gradients/s")
	b.ReportMetric(4*products*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFlop/s")
}
