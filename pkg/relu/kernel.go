package relu

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Gram returns the arc-cosine kernel between the rows of w (m×d) and of v (k×d),
//
//	E relu(w·x)relu(v·x) = ‖w‖‖v‖ (sin φ + (π−φ) cos φ)/2π,
//
// φ the angle between them (Cho and Saul 2009). For unit vectors it is 1/2 at
// φ = 0 and 0 at π.
func Gram(w, v *mat.Dense) *mat.Dense {
	a := newAngles(w, v)
	out := a.cos // overwritten
	m, k := out.Dims()
	for i := range m {
		row := out.RawRowView(i)
		for j := range k {
			phi, sin := angle(row[j])
			row[j] = a.w[i] * a.v[j] * (sin + (math.Pi-phi)*row[j]) / (2 * math.Pi)
		}
	}
	return out
}

// angles holds the norms of two sets of neurons and the cosines between them.
type angles struct {
	w, v []float64
	cos  *mat.Dense
}

func newAngles(w, v *mat.Dense) angles {
	a := angles{w: norms(w), v: norms(v), cos: &mat.Dense{}}
	a.cos.Mul(w, v.T())
	m, k := a.cos.Dims()
	for i := range m {
		row := a.cos.RawRowView(i)
		for j := range k {
			if n := a.w[i] * a.v[j]; n > 0 {
				row[j] = math.Max(-1, math.Min(1, row[j]/n))
			} else {
				row[j] = 0 // a zero neuron has no direction and no effect
			}
		}
	}
	return a
}

func norms(w *mat.Dense) []float64 {
	m, _ := w.Dims()
	out := make([]float64, m)
	for i := range out {
		out[i] = floats.Norm(w.RawRowView(i), 2)
	}
	return out
}

// angle returns φ and sin φ of a cosine.
func angle(cos float64) (phi, sin float64) {
	return math.Acos(cos), math.Sqrt((1 - cos) * (1 + cos))
}

// Residual returns ρ = ‖P⊥f‖²/‖f‖², the part of the target f outside the span of
// the features relu(wᵢ·x), wᵢ the rows of w: the floor of linear transfer on them
// (eq. 18), relative to the target. Directions of the Gram matrix of the features
// with an eigenvalue below 1e-10 of the largest are left out.
func Residual(w *mat.Dense, f *Network) (float64, error) {
	const cutoff = 1e-10
	total := Inner(f, f)
	if !(total > 0) {
		return 0, fmt.Errorf("relu: ‖f‖² = %v: the residual is relative to a target that is not zero", total)
	}
	m, _ := w.Dims()
	gram := mat.NewSymDense(m, Gram(w, w).RawMatrix().Data)
	var eig mat.EigenSym
	if !eig.Factorize(gram, true) {
		return 0, errors.New("relu: the eigenvalues of the kernel of the features did not converge")
	}
	var b, projected mat.VecDense
	b.MulVec(Gram(w, f.W), mat.NewVecDense(len(f.C), f.C))
	b.ScaleVec(1/float64(len(f.C)), &b)
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	projected.MulVec(vectors.T(), &b)
	inside, values := 0.0, eig.Values(nil)
	for i, l := range values {
		if l > cutoff*values[m-1] {
			inside += projected.AtVec(i) * projected.AtVec(i) / l
		}
	}
	return math.Max(0, 1-inside/total), nil
}

// Alignment returns the centred kernel alignment of two kernel matrices on the same
// n points, ⟨HKH, HLH⟩/(‖HKH‖‖HLH‖) with H = I − 11ᵀ/n: 1 for the same kernel up to
// scale and shift (Cortes, Mohri, Rostamizadeh 2012).
func Alignment(k, l mat.Symmetric) (float64, error) {
	n := k.SymmetricDim()
	if l.SymmetricDim() != n {
		return 0, fmt.Errorf("relu: kernel matrices of size %d and %d: they must be on the same points", n, l.SymmetricDim())
	}
	centred := func(k mat.Symmetric) []float64 {
		out := make([]float64, 0, n*n)
		rows := make([]float64, n)
		for i := range n {
			for j := range n {
				rows[i] += k.At(i, j) / float64(n)
			}
		}
		all := floats.Sum(rows) / float64(n)
		for i := range n {
			for j := range n {
				out = append(out, k.At(i, j)-rows[i]-rows[j]+all)
			}
		}
		return out
	}
	a, b := centred(k), centred(l)
	norm := floats.Norm(a, 2) * floats.Norm(b, 2)
	if norm == 0 {
		return 0, errors.New("relu: a constant kernel has no alignment")
	}
	return floats.Dot(a, b) / norm, nil
}
