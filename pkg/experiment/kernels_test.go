package experiment

import (
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/relu"
	"github.com/features-are-fate/fate/pkg/task"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The kernels, alignments and angles of a pretrained student are those by hand, on a circle
// of radius √d in the plane of two neurons of the source.
func TestKernelsByHand(t *testing.T) {
	k := Kernels{D: 3, Teacher: 4, Width: 10, Mu: 0.25, Alpha: []float64{0.2, 1.5, 0.6}, Trials: 2, Seed: 8}
	r := must(t, k.Run())
	for i, alpha := range k.Alpha {
		for trial := range k.Trials {
			target, err := relu.NewTeacher(4, 3, task.Stream(k.Seed, uint64(trial), 0))
			if err != nil {
				t.Fatal(err)
			}
			student, err := relu.NewStudent(10, 3, alpha, task.Stream(k.Seed, uint64(trial), 1))
			if err != nil {
				t.Fatal(err)
			}
			probe := task.Normal(200, 3, task.Stream(k.Seed, uint64(trial), 3))
			source := &relu.Network{W: mat.DenseCopyOf(target.W.Slice(1, 4, 0, 3)), C: slices.Clone(target.C[1:])}
			floats.Scale(0.75, source.C)
			var times, alignments []float64
			if _, err := student.Train(t.Context(), relu.PopulationLoss(source), relu.Options{Observe: func(time float64, f *relu.Network) {
				times, alignments = append(times, time), append(alignments, centredAlignment(kernelOf(f, probe), kernelOf(source, probe)))
			}}); err != nil {
				t.Fatal(err)
			}
			c, last := r.Cells[i], len(alignments)-1
			if c.At(Alpha) != alpha || c.At(Mu) != 0.25 {
				t.Fatalf("cell %d is at α = %v", i, c.At(Alpha))
			}
			for q, want := range map[theory.Quantity]float64{StartAlignment: alignments[0], Alignment: alignments[last]} {
				if got := c.values[q][trial]; math.Abs(got-want) > 1e-9 {
					t.Errorf("α = %v, trial %d: %s = %v, by hand %v", alpha, trial, q, got, want)
				}
			}
			if trial > 0 {
				continue
			}
			course := c.courses[Alignment][0]
			if len(course.x) != last || course.x[0] != times[1] || math.Abs(course.y[0]-alignments[1]) > 1e-9 || math.Abs(course.y[last-1]-alignments[last]) > 1e-9 {
				t.Errorf("α = %v: a course of %d points of %d", alpha, len(course.x), last)
			}
			// Principal angles: singular values of A ᵀ K B for orthonormal functions A and B.
			var between mat.Dense
			between.Product(leading(student.W, 3).T(), gramOf(student.W, source.W), leading(source.W, 3))
			var svd mat.SVD
			svd.Factorize(&between, mat.SVDNone)
			angles := c.courses[PrincipalAngles][0]
			for j, cos := range svd.Values(nil) {
				want := math.Acos(math.Min(1, cos)) * 180 / math.Pi
				if angles.x[j] != float64(j+1) || math.Abs(angles.y[j]-want) > 1e-4 {
					t.Errorf("α = %v: angle %v is %v, by hand %v", alpha, angles.x[j], angles.y[j], want)
				}
			}
			pictures(t, r, alpha, student, source)
		}
	}
	for i, phi := range circleAngles() {
		if math.Abs(phi-2*math.Pi*float64(i)/48) > 1e-12 || len(circleAngles()) != 48 {
			t.Errorf("angle %d of the circle is %v", i, phi)
		}
	}
	// The rich start learns the kernel: the later minus the earlier, and rich minus lazy.
	v := r.Richer()
	if len(v.Rows) != 3 {
		t.Fatal(v.Err(), v)
	}
	a := func(i, trial int, q theory.Quantity) float64 { return r.Cells[i].values[q][trial] }
	for i, value := range []func(trial int) float64{
		func(k int) float64 { return a(0, k, Alignment) - a(0, k, StartAlignment) },
		func(k int) float64 { return a(0, k, Alignment) - a(1, k, Alignment) },
		func(k int) float64 { return a(0, k, Alignment) - a(2, k, Alignment) },
	} {
		want := theory.Mean([]float64{value(0), value(1)})
		if row := v.Rows[i]; row.Claim != ">" || row.Theory.Value != 0 || !near(row.Measured.Value, want.Value) || !near(row.Measured.StdErr, want.StdErr) || row.Trials != 2 {
			t.Errorf("row %d: %+v, want %v", i, row, want)
		}
	}
	if one := r.At(Alpha, 0.2).Richer(); one.Err() != nil || len(one.Rows) != 1 || one.Rows[0] != v.Rows[0] {
		t.Errorf("one start: %v, %v", one, one.Err())
	}
	// It can fail: a start that does not raise the alignment.
	flat := *r
	flat.Cells = slices.Clone(r.Cells)
	flat.Cells[0].values = map[theory.Quantity][]float64{StartAlignment: {0.5, 0.6}, Alignment: {0.51, 0.59}}
	if rows := flat.Richer().Rows; rows[0].Agree {
		t.Errorf("no rise passes: %+v", rows[0])
	}
}

func pictures(t *testing.T, r *Table, alpha float64, student, source *relu.Network) {
	t.Helper()
	u, v := slices.Clone(source.W.RawRowView(0)), slices.Clone(source.W.RawRowView(1))
	floats.AddScaled(v, -floats.Dot(u, v), u)
	floats.Scale(1/floats.Norm(v, 2), v)
	at := mat.NewDense(48, 3, nil)
	for i := range 48 {
		phi := 2 * math.Pi * float64(i) / 48
		for j := range 3 {
			at.Set(i, j, math.Sqrt(3)*(math.Cos(phi)*u[j]+math.Sin(phi)*v[j]))
		}
	}
	for what, c := range map[string]struct {
		f *relu.Network
		p Plane
	}{"student": {student, r.StudentKernel(alpha)}, "source": {source, r.SourceKernel()}} {
		kernel := kernelOf(c.f, at)
		largest := mat.Max(kernel)
		x, y, z := c.p.Values()
		if method, _ := c.p.Origin(); c.p.Err() != nil || (method == "train") != (what == "student") || !slices.Equal(x, y) || len(x) != 48 {
			t.Errorf("%s: %v, %q", what, c.p.Err(), method)
		}
		for i := range z {
			for j := range z[i] {
				if want := kernel.At(i, j) / largest; math.Abs(z[i][j]-want) > 0.5/pictureDigits+1e-9 {
					t.Fatalf("α = %v, the kernel of the %s at (%d, %d): %v, by hand %v", alpha, what, i, j, z[i][j], want)
				}
			}
		}
		// The points of the circle have a radius of √d: k(x, x) of the whole has its scale.
		for i := range 48 {
			if got := floats.Norm(circle(source).RawRowView(i), 2); math.Abs(got-math.Sqrt(3)) > 1e-9 {
				t.Fatalf("a point at the radius %v", got)
			}
		}
	}
}

// A plane through one neuron alone is that of the first axis.
func TestCircleOfOneNeuron(t *testing.T) {
	one := &relu.Network{W: mat.NewDense(1, 3, []float64{0, 0.6, 0.8}), C: []float64{1}}
	p := circle(one)
	for i := range circlePoints {
		row := p.RawRowView(i)
		if phi := 2 * math.Pi * float64(i) / circlePoints; math.Abs(row[0]-math.Sqrt(3)*math.Sin(phi)) > 1e-9 || math.Abs(row[1]-0.6*math.Sqrt(3)*math.Cos(phi)) > 1e-9 {
			t.Fatalf("point %d is %v", i, row)
		}
	}
}
