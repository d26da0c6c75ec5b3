package score

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

// drawn returns features that tell something of the classes, each of at least two rows.
func drawn(t *rapid.T, n, k, c int) (*mat.Dense, []int) {
	seed := rapid.Uint64().Draw(t, "seed")
	shift := rapid.SampledFrom([]float64{0, 0.5, 3}).Draw(t, "shift")
	classes := make([]int, n)
	for i := range classes {
		classes[i] = i % c
		if i >= 2*c {
			classes[i] = rapid.IntRange(0, c-1).Draw(t, "class")
		}
	}
	f, means := gaussian(n, k, seed), gaussian(c, k, seed+1)
	f.Apply(func(i, j int, v float64) float64 { return v + 2 + shift*means.At(classes[i], j) }, f)
	return f, classes
}

// The H-score is the trace of the product of two covariances that are written out.
func TestHScoreIsOfTwoCovariances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.IntRange(2, 4).Draw(t, "classes")
		k := rapid.IntRange(1, 6).Draw(t, "k")
		n := rapid.IntRange(max(2*c, k+3), 40).Draw(t, "n")
		f, classes := drawn(t, n, k, c)
		got, err := HScore(f, classes)
		if err != nil {
			t.Fatal(err)
		}
		g := mat.NewDense(n, k, nil)
		g.Apply(func(i, j int, _ float64) float64 {
			sum, size := 0.0, 0.0
			for r := range n {
				if classes[r] == classes[i] {
					sum, size = sum+f.At(r, j), size+1
				}
			}
			return sum / size
		}, g)
		var covf, covg mat.SymDense
		stat.CovarianceMatrix(&covf, f, nil)
		stat.CovarianceMatrix(&covg, g, nil)
		var inverse, product mat.Dense
		if err := inverse.Inverse(&covf); err != nil {
			t.Skip("an ill-conditioned covariance")
		}
		product.Mul(&inverse, &covg)
		near(t, "H", got, mat.Trace(&product), 1e-7)
		if got < 0 || got > math.Min(float64(k), float64(c-1))+1e-9 {
			t.Errorf("H = %v of %d features and %d classes", got, k, c)
		}
	})
}

// The numbers are those of the Transfer-Learning-Library.
func TestClassScoresAreThoseOfTheirAuthors(t *testing.T) {
	f, classes, _ := wave()
	h, err := HScore(f, classes)
	near(t, "H", h, 1.6637141458482534, 1e-9)
	r, err2 := TransRate(f, classes) // of 3 classes of 10, scaled before to the trace n
	near(t, "TransRate", r, 0.8254697130163287, 1e-9)
	if err != nil || err2 != nil {
		t.Error(err, err2)
	}
}

// Directions without variance, and constant columns of any size, add nothing.
func TestHScoreOfDependentFeatures(t *testing.T) {
	f, classes, _ := wave()
	want, _ := HScore(f, classes)
	more := mat.NewDense(30, 10, nil)
	more.Apply(func(i, j int, _ float64) float64 {
		switch j {
		case 7:
			return 2*f.At(i, 0) - f.At(i, 3)
		case 8:
			return 1e6 / 3
		case 9:
			return 0
		}
		return f.At(i, j)
	}, more)
	got, err := HScore(more, classes)
	near(t, "H", got, want, 1e-9)
	if err != nil {
		t.Error(err)
	}
}

// With as many features as rows any labels have the largest score.
func TestHScoreOfManyFeatures(t *testing.T) {
	classes := []int{5, 0, 0, 5, -3, 5, 0, -3, 0, 0}
	got, err := HScore(gaussian(10, 9, 4), classes)
	near(t, "H", got, 2, 1e-9)
	if err != nil {
		t.Error(err)
	}
}

// TransRate is of determinants that are written out; knowing the class never costs anything.
func TestTransRateIsOfDeterminants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.IntRange(2, 4).Draw(t, "classes")
		k := rapid.IntRange(1, 12).Draw(t, "k")
		n := rapid.IntRange(2*c, 30).Draw(t, "n")
		f, classes := drawn(t, n, k, c)
		got, err := TransRate(f, classes)
		if err != nil {
			t.Fatal(err)
		}
		z := mat.NewDense(n, k, nil)
		trace := 0.0
		for j := range k {
			column := mat.Col(nil, j, f)
			mean, variance := stat.PopMeanVariance(column, nil)
			trace += variance
			for i, v := range column {
				z.Set(i, j, v-mean)
			}
		}
		rate := func(in func(class int) bool) (r, share float64) {
			m, size := mat.NewDense(k, k, nil), 0.0
			for i := range n {
				if in(classes[i]) {
					m.RankOne(m, 1/trace, z.RowView(i), z.RowView(i))
					size++
				}
			}
			m.Scale(1/(size*1e-4), m)
			for j := range k {
				m.Set(j, j, m.At(j, j)+1)
			}
			det, _ := mat.LogDet(m)
			return det / 2, size / float64(n)
		}
		want, _ := rate(func(int) bool { return true })
		for class := range c {
			r, share := rate(func(y int) bool { return y == class })
			want -= share * r
		}
		near(t, "TransRate", got, want, 1e-8)
		if got < -1e-9 {
			t.Errorf("TransRate = %v", got)
		}
		f.Scale(1e-20, f)
		again, _ := TransRate(f, classes)
		near(t, "TransRate in another unit", again, got, 1e-8)
	})
}

// Classes that mirror each other have the same second moments: TransRate is 0 where the H-score
// has found a perfect split.
func TestTransRateOfMirroredClasses(t *testing.T) {
	f, classes := gaussian(40, 2, 6), make([]int, 40)
	for i := range 20 {
		f.Set(i, 0, f.At(i, 0)+50)
		f.SetRow(20+i, []float64{-f.At(i, 0), -f.At(i, 1)})
		classes[i] = 1
	}
	r, err := TransRate(f, classes)
	near(t, "TransRate", r, 0, 1e-9)
	h, err2 := HScore(f, classes)
	if err != nil || err2 != nil || h < 0.99 {
		t.Errorf("H = %v, %v, %v", h, err, err2)
	}
}
