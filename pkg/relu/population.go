package relu

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Gradient is a direction in the weights of a network.
type Gradient struct {
	W *mat.Dense // m×d
	C []float64  // length m
}

// PopulationGradient returns the gradient of the population loss ½E(f − g)² of the
// student f against the teacher g in the weights of f, times m: the velocity of the
// mean-field gradient flow, which does not shrink as the network grows. In closed
// form, with φ the angle between two neurons,
//
//	E relu′(w·x) relu(v·x) x = (‖v‖ sin φ·ŵ + (π−φ) v)/2π,
//
// at the cost of two products of m×(m+m*) and (m+m*)×d matrices.
func PopulationGradient(f, g *Network) Gradient {
	m, d := f.W.Dims()
	out := Gradient{W: mat.NewDense(m, d, nil), C: make([]float64, m)}
	add := func(h *Network, sign float64) {
		a := newAngles(f.W, h.W)
		k := len(h.C)
		scale := sign / (2 * math.Pi * float64(k))
		along := make([]float64, m) // what each neuron gets along itself
		for i := range m {
			row := a.cos.RawRowView(i)
			for j := range row {
				phi, sin := angle(row[j])
				weight := scale * h.C[j]
				out.C[i] += weight * a.w[i] * a.v[j] * (sin + (math.Pi-phi)*row[j])
				along[i] += weight * a.v[j] * sin
				row[j] = weight * (math.Pi - phi)
			}
		}
		var across mat.Dense
		across.Mul(a.cos, h.W)
		for i := range m {
			row := out.W.RawRowView(i)
			floats.Add(row, across.RawRowView(i))
			if a.w[i] > 0 {
				floats.AddScaled(row, along[i]/a.w[i], f.W.RawRowView(i))
			}
		}
	}
	add(f, 1)
	add(g, -1)
	for i := range m {
		floats.Scale(f.C[i], out.W.RawRowView(i))
	}
	return out
}
