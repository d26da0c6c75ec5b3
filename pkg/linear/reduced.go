package linear

import (
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// reduced is a network in the coordinates in which it learns from a sample. With
// X = USVᵀ of rank at most r = min(n, d), the gradient in β is V(s²β̃ − s·uᵀy)/n, so
// of W₁ only VᵀW₁ (r×h) moves, and the data term is diagonal. In two layers the
// hidden side, too, stays in the span of the r rows of VᵀW₁ and of w₂ at the start.
// Descent in these coordinates is descent on all weights, step by step.
type reduced struct {
	network *Network
	loss    *Loss
	v       *mat.Dense // d×r
	q       *mat.Dense // d×(r+1), an orthonormal basis of the hidden span; nil for all of it
	outside *mat.Dense // d×h, the part of W₁ that does not move
}

func reduce(n *Network, loss *Loss) (*reduced, error) {
	points, d := loss.x.Dims()
	if err := loss.rotate(); err != nil {
		return nil, err
	}
	r := &reduced{v: loss.v, outside: &mat.Dense{}}
	var first mat.Dense
	first.Mul(r.v.T(), n.W[0])
	r.outside.Mul(r.v, &first)
	r.outside.Sub(n.W[0], r.outside)
	r.network = &Network{W: append([]*mat.Dense{&first}, n.W[1:]...)}
	rank := min(points, d)
	r.loss = &Loss{d: rank, diag: loss.squares, xty: loss.along, curved: loss.curved, idle: mat.Norm(r.outside, 2)}
	if len(n.W) != 2 || rank+1 >= d {
		return r, nil
	}
	// Gram–Schmidt by QR on the columns of [(VᵀW₁)ᵀ w₂].
	span := mat.NewDense(d, rank+1, nil)
	span.Slice(0, d, 0, rank).(*mat.Dense).Copy(first.T())
	span.SetCol(rank, mat.Col(nil, 0, n.W[1]))
	var qr mat.QR
	qr.Factorize(span)
	var q mat.Dense
	qr.QTo(&q)
	r.q = mat.DenseCopyOf(q.Slice(0, d, 0, rank+1))
	var in, out mat.Dense
	in.Mul(&first, r.q)
	out.Mul(r.q.T(), n.W[1])
	r.network.W = []*mat.Dense{&in, &out}
	return r, nil
}

// restore writes the weights of r to the network that it was made from; what did not
// learn has shrunk by weight decay.
func (r *reduced) restore(n *Network, shrunk float64) {
	first := r.network.W[0]
	if r.q != nil {
		first = &mat.Dense{}
		first.Mul(r.network.W[0], r.q.T())
		n.W[1].Mul(r.q, r.network.W[1])
	}
	n.W[0].Mul(r.v, first)
	floats.AddScaled(n.W[0].RawMatrix().Data, shrunk, r.outside.RawMatrix().Data)
}

// rotate finds the basis of the right singular vectors of X, once.
func (l *Loss) rotate() error {
	if l.v != nil {
		return nil
	}
	n, d := l.x.Dims()
	var svd mat.SVD
	if !svd.Factorize(l.x, mat.SVDThinV) {
		return errors.New("linear: the singular vectors of X did not converge")
	}
	l.v = &mat.Dense{}
	svd.VTo(l.v)
	l.squares = svd.Values(nil)
	floats.Mul(l.squares, l.squares)
	floats.Scale(1/float64(n), l.squares)
	xty := make([]float64, d)
	blas64.Gemv(blas.Trans, 1/float64(n), l.x.RawMatrix(), vec(l.y), 0, vec(xty))
	l.along = make([]float64, min(n, d))
	blas64.Gemv(blas.Trans, 1, l.v.RawMatrix(), vec(xty), 0, vec(l.along))
	return nil
}
