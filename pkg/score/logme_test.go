package score

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// direct maximises log N(y; 0, s²(1 + FFᵀ/λ))/n over s and λ with dense matrices: at each λ
// the best s² is yᵀ(1 + FFᵀ/λ)⁻¹y/n, and λ is on a grid, since there are several maxima.
func direct(f *mat.Dense, y []float64) float64 {
	n := float64(len(y))
	at := func(log float64) float64 {
		var cov mat.SymDense
		cov.SymOuterK(math.Exp(-log), f)
		for i := range y {
			cov.SetSym(i, i, cov.At(i, i)+1)
		}
		var chol mat.Cholesky
		v := mat.NewVecDense(len(y), y)
		var solved mat.VecDense
		if !chol.Factorize(&cov) || chol.SolveVecTo(&solved, v) != nil {
			return math.Inf(-1)
		}
		return -(n*math.Log(2*math.Pi*mat.Dot(v, &solved)/n) + chol.LogDet() + n) / (2 * n)
	}
	place, best := 0.0, math.Inf(-1)
	search := func(from, to, step float64) {
		for log := from; log <= to; log += step {
			if v := at(log); v > best {
				place, best = log, v
			}
		}
	}
	search(-30, 30, 0.02)
	search(place-0.02, place+0.02, 0.0005)
	return best
}

// LogME is the maximum of the evidence that is written down as a normal density.
func TestLogMEIsTheMaximumOfTheEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(3, 10).Draw(t, "n"), rapid.IntRange(1, 12).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "seed")
		noise := rapid.SampledFrom([]float64{0.1, 1, 10}).Draw(t, "noise")
		f, y := gaussian(n, k, seed), mat.Col(nil, 0, gaussian(n, 1, seed+1))
		floats.Scale(noise, y)
		floats.Add(y, mat.Col(nil, 0, f))
		got, err := LogME(f, y)
		if err != nil {
			t.Fatal(err)
		}
		want := direct(f, y)
		if got < want-1e-9 || got > want+1e-5 {
			t.Errorf("n = %d, k = %d: %.9f, by dense matrices %.9f", n, k, got, want)
		}
	})
}

// The numbers are of thuml/LogME, whose iteration stops early and adds 10⁻⁵ to its
// denominators: it cannot be above the maximum, and is close to it.
func TestLogMEIsThatOfItsAuthors(t *testing.T) {
	f, classes, y := wave()
	for _, c := range []struct {
		name string
		of   func() (float64, error)
		want float64
	}{
		{"labels", func() (float64, error) { return LogME(f, y) }, -0.5228002129677216},
		{"classes", func() (float64, error) { return LogMEClasses(f, classes) }, -0.30521294674024446},
	} {
		got, err := c.of()
		if err != nil || got < c.want || got > c.want+2e-5 {
			t.Errorf("%s: %.9f, %v, want %.9f or a little more", c.name, got, err, c.want)
		}
	}
}

// A rotation and the unit of the features change nothing; the unit of the labels shifts it.
func TestLogMEUnits(t *testing.T) {
	f, _, y := wave()
	want, err := LogME(f, y)
	if err != nil {
		t.Fatal(err)
	}
	var qr mat.QR
	qr.Factorize(gaussian(7, 7, 5))
	var q, rotated mat.Dense
	qr.QTo(&q)
	rotated.Mul(f, &q)
	rotated.Scale(1e30, &rotated)
	got, err := LogME(&rotated, y)
	near(t, "rotated, in another unit", got, want, 1e-9)
	floats.Scale(1e-40, y)
	small, err2 := LogME(f, y)
	near(t, "small labels", small, want+40*math.Ln10, 1e-9)
	if err != nil || err2 != nil {
		t.Error(err, err2)
	}
}

// For labels without any relation to the features the evidence is that of noise alone.
func TestLogMEOfNoise(t *testing.T) {
	f := mat.NewDense(4, 1, []float64{1, -1, 1, -1})
	got, err := LogME(f, []float64{3, 3, -3, -3}) // orthogonal
	near(t, "the evidence", got, -0.5*(math.Log(2*math.Pi*9)+1), 1e-12)
	if err != nil {
		t.Error(err)
	}
}
