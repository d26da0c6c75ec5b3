package relu

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ridges returns the ridges among which TransferTuned chooses: 10⁻⁹, 10⁻⁸·⁵, …, 1, relative
// to the mean of the kernel over the points.
func ridges(mean float64) (out []float64) {
	for half := -18; half <= 0; half++ {
		out = append(out, mean*math.Pow(10, float64(half)/2))
	}
	return out
}

// TransferTuned is [Network.TransferAll] with a ridge that is chosen from the points alone:
// of 19 ridges, from 10⁻⁹ to 1 relative to the mean of the kernel over the points, the one
// with the smallest leave-one-out error. It returns the ridge beside the network.
func (n *Network) TransferTuned(x *mat.Dense, y []float64) (*Network, float64, error) {
	points, _ := x.Dims()
	if len(y) != points {
		return nil, 0, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), points)
	}
	if points < 2 {
		return nil, 0, errors.New("relu: X has 1 row: a ridge is chosen from at least 2 points")
	}
	hidden := n.scaled(x)
	gram := smallGram(hidden)
	norm := mat.Norm(hidden, 2)
	if !(norm > 0) {
		return nil, 0, errors.New("relu: every neuron is 0 at every point: there is nothing to fit")
	}
	all := ridges(norm * norm / float64(points))
	left, err := leaveOneOut(hidden, gram, y, all)
	if err != nil {
		return nil, 0, err
	}
	best := 0
	for i := range left {
		if left[i] < left[best] {
			best = i
		}
	}
	f, err := n.ridge(hidden, gram, y, all[best])
	return f, all[best], err
}

// leaveOneOut returns, for each ridge, the mean square of the errors of a ridge regression
// on the scaled features at each point, fitted to all other points. With H the matrix from y to the
// fit, the error of a point is (y − Hy)ᵢ/(1 − Hᵢᵢ).
func leaveOneOut(features *mat.Dense, gram *mat.SymDense, y, ridges []float64) ([]float64, error) {
	points, m := features.Dims()
	var eig mat.EigenSym
	if !eig.Factorize(gram, true) {
		return nil, errors.New("relu: the eigenvalues of the kernel did not converge")
	}
	values := eig.Values(nil)
	var vectors, u mat.Dense // the columns of u are the left singular vectors of the features
	eig.VectorsTo(&vectors)
	if points < m {
		u = vectors
	} else {
		u.Mul(features, &vectors)
	}
	largest := values[len(values)-1]
	for j, s := range values {
		// Beyond rounding a direction has a fit of 0 in any case.
		if s <= 1e-15*largest {
			values[j] = 0
			s = math.Inf(1)
		}
		if points >= m {
			for i := range points {
				u.Set(i, j, u.At(i, j)/math.Sqrt(s))
			}
		}
	}
	var along mat.VecDense
	along.MulVec(u.T(), mat.NewVecDense(points, y))
	out := make([]float64, len(ridges))
	shrink := make([]float64, len(values))
	for r, ridge := range ridges {
		for j, s := range values {
			shrink[j] = s / (s + float64(points)*ridge)
		}
		for i := range points {
			fit, own := 0.0, 0.0
			for j, e := range u.RawRowView(i) {
				fit += shrink[j] * e * along.AtVec(j)
				own += shrink[j] * e * e
			}
			e := (y[i] - fit) / (1 - own)
			out[r] += e * e / float64(points)
		}
	}
	return out, nil
}
