package relu

import (
	"math"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// refitted returns the mean square of the errors at each point of a fit to all others: by
// as many fits as there are points.
func refitted(t *testing.T, f *Network, x *mat.Dense, y []float64, ridge float64) (sum float64) {
	t.Helper()
	n, d := x.Dims()
	for out := range n {
		rest := mat.NewDense(n-1, d, nil)
		var left []float64
		for i := range n {
			if i != out {
				rest.SetRow(len(left), x.RawRowView(i))
				left = append(left, y[i])
			}
		}
		// The ridge is relative to the number of points.
		g, err := f.TransferAll(rest, left, ridge*float64(n)/float64(n-1))
		if err != nil {
			t.Fatal(err)
		}
		e := y[out] - g.Predict(mat.NewDense(1, d, x.RawRowView(out)))[0]
		sum += e * e / float64(n)
	}
	return sum
}

// The leave-one-out errors are those of refitting, with more and with fewer points than
// neurons, and the chosen ridge has the smallest.
func TestTransferTunedLeavesOneOut(t *testing.T) {
	for _, n := range []int{2, 6, 12, 13, 40} {
		student, teacher := networks(t, 12, 5, 4, 3)
		x := task.Normal(n, 4, task.Stream(4, uint64(n)))
		y := teacher.Predict(x)
		_, chosen, err := student.TransferTuned(x, y)
		if err != nil {
			t.Fatal(err)
		}
		mean := mat.Trace(student.Kernel(x)) / float64(n)
		all := ridges(mean)
		if len(all) != 19 || math.Abs(all[0]/mean-1e-9) > 1e-20 || math.Abs(all[18]/mean-1) > 1e-12 {
			t.Fatalf("%v of %v", all, mean)
		}
		all = all[6:] // below them, refitting loses its digits
		hidden := student.Features(x)
		hidden.Scale(1/math.Sqrt(12), hidden)
		got, err := leaveOneOut(hidden, smallGram(hidden), y, all)
		if err != nil {
			t.Fatal(err)
		}
		var want []float64
		for i, ridge := range all {
			want = append(want, refitted(t, student, x, y, ridge))
			if math.Abs(got[i]/want[i]-1) > 1e-6 {
				t.Errorf("n = %d, ridge %.2g: %v, by refitting %v", n, ridge, got[i], want[i])
			}
		}
		if i := slices.IndexFunc(all, func(r float64) bool { return math.Abs(r/chosen-1) < 1e-9 }); chosen >= all[0]*(1-1e-9) && (i < 0 || i != floats.MinIdx(want)) {
			t.Errorf("n = %d: chose %v, the smallest error is at %v", n, chosen, all[floats.MinIdx(want)])
		}
	}
}

// The choice does not depend on units: with y times 3 the ridge is the same, with neurons
// times 3 it is 9 times as large, and the fit is the same function.
func TestTransferTunedHasNoUnits(t *testing.T) {
	student, teacher := networks(t, 20, 5, 4, 5)
	x := task.Normal(30, 4, task.Stream(6))
	y := teacher.Predict(x)
	f, ridge, err := student.TransferTuned(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if risk, all := Risk(f, teacher), Inner(teacher, teacher); risk > all/2 {
		t.Errorf("risk %v of %v", risk, all)
	}
	floats.Scale(3, y)
	if _, r, err := student.TransferTuned(x, y); err != nil || r != ridge {
		t.Errorf("with y times 3 the ridge is %v, not %v: %v", r, ridge, err)
	}
	floats.Scale(1.0/3, y)
	larger := student.Clone()
	larger.W.Scale(3, larger.W)
	small := student.Clone()
	small.W.Scale(1e-6, small.W)
	if _, r, err := small.TransferTuned(x, y); err != nil || math.Abs(r/(1e-12*ridge)-1) > 1e-9 {
		t.Errorf("with neurons times 1e-6 the ridge is %v, not 1e-12 × %v: %v", r, ridge, err)
	}
	g, r, err := larger.TransferTuned(x, y)
	if err != nil || math.Abs(r/(9*ridge)-1) > 1e-12 {
		t.Errorf("with neurons times 3 the ridge is %v, not 9 × %v: %v", r, ridge, err)
	}
	if difference := Risk(f, g); difference > 1e-9*Inner(f, f) {
		t.Errorf("with neurons times 3 the fit differs by %v", difference)
	}
}
