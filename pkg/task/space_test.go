package task

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Linear features: the residual of a unit target at the angle θ to the span of k
// source tasks is sin²θ, whatever basis the features are; the principal angles
// between the span and the target's line are θ alone.
func TestSpaceOfLinearFeatures(t *testing.T) {
	const d, k = 12, 3
	for _, theta := range []float64{0, 0.4, 1.2, math.Pi / 2} {
		p, err := NewFamily(d, k, theta, 0, Stream(3))
		if err != nil {
			t.Fatal(err)
		}
		target := mat.NewDense(d, 1, p.Target)
		var mixed mat.Dense
		mixed.Mul(p.Sources, mat.NewDense(k, 4, []float64{1, 2, 0, 1, 0, 1, 5, 1, 0, 0, 0.1, 2})) // 4 features of 3 dimensions
		for _, features := range []*mat.Dense{p.Sources, &mixed} {
			space := spaceOf(t, features, 0)
			if space.Dim() != k {
				t.Fatalf("dimension %d", space.Dim())
			}
			var inner mat.VecDense
			inner.MulVec(features.T(), mat.NewVecDense(d, p.Target))
			rho, err := space.Residual(inner.RawVector().Data, 1)
			if want := math.Pow(math.Sin(theta), 2); err != nil || math.Abs(rho-want) > 1e-12 {
				t.Errorf("θ = %v: ρ = %v, want %v, %v", theta, rho, want, err)
			}
			var cross mat.Dense
			cross.Mul(features.T(), target)
			angles, err := space.Angles(spaceOf(t, target, 0), &cross)
			if err != nil || len(angles) != 1 || math.Abs(angles[0]-theta) > 1e-7 {
				t.Errorf("θ = %v: principal angles %v, %v", theta, angles, err)
			}
		}
	}
}

func spaceOf(t *testing.T, features *mat.Dense, k int) *Space {
	t.Helper()
	var gram mat.SymDense
	gram.SymOuterK(1, features.T())
	s, err := NewSpace(&gram, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The leading direction of two features of different size is the larger one.
func TestLeadingDirections(t *testing.T) {
	space := spaceOf(t, mat.NewDense(2, 2, []float64{3, 0, 0, 1}), 1)
	if rho, err := space.Residual([]float64{3, 0}, 1); err != nil || rho > 1e-12 {
		t.Errorf("along it: %v, %v", rho, err)
	}
	if rho, err := space.Residual([]float64{0, 1}, 1); err != nil || math.Abs(rho-1) > 1e-12 {
		t.Errorf("across it: %v, %v", rho, err)
	}
}

func TestAlignment(t *testing.T) {
	a := mat.NewSymDense(3, []float64{2, 1, 0, 1, 3, 1, 0, 1, 4})
	b := mat.NewSymDense(3, nil)
	for i := range 3 {
		for j := i; j < 3; j++ {
			b.SetSym(i, j, 5*a.At(i, j)+7)
		}
	}
	if v, err := Alignment(a, b); err != nil || math.Abs(v-1) > 1e-12 {
		t.Errorf("alignment with itself, scaled and shifted: %v, %v", v, err)
	}
	if _, err := Alignment(a, mat.NewSymDense(2, nil)); err == nil {
		t.Error("kernels of different sizes are no error")
	}
	if _, err := Alignment(a, mat.NewSymDense(3, nil)); err == nil || !strings.Contains(err.Error(), "constant") {
		t.Errorf("a constant kernel: %v", err)
	}
}

// The leading directions of a space are those of its features.
func TestLeadingOfASpace(t *testing.T) {
	features := mat.NewDense(4, 3, []float64{5, 1, 0, 0, 2, 1, 1, 0, 3, 2, 2, 1})
	want := spaceOf(t, features, 2).Basis()
	got, err := spaceOf(t, features, 0).Leading(2)
	if err != nil || !mat.Equal(got.Basis(), want) {
		t.Errorf("%v, want %v, %v", got, want, err)
	}
	if _, err := got.Leading(3); err == nil || !strings.Contains(err.Error(), "only 2 dimensions") {
		t.Errorf("three directions of two: %v", err)
	}
}

func TestSpaceRefuses(t *testing.T) {
	gram := mat.NewSymDense(2, []float64{1, 1, 1, 1})
	_, many := NewSpace(gram, 3)
	_, rank := NewSpace(gram, 2)
	_, zero := NewSpace(mat.NewSymDense(2, nil), 0)
	s, err := NewSpace(gram, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, length := s.Residual([]float64{1}, 1)
	_, square := s.Residual([]float64{1, 1}, math.NaN())
	_, cross := s.Angles(s, mat.NewDense(1, 2, nil))
	for want, err := range map[string]error{"k = 3": many, "only 1 dimensions": rank, "above 0": zero, "1 entries for 2": length, "NaN": square, "1×2": cross} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
