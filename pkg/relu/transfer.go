package relu

import (
	"fmt"
	"math"

	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
)

// Transfer returns the network that linear transfer ends with: the neurons of n with new
// output weights, fitted to the points by least squares in a space of functions of those
// neurons (see [Network.Space]). With fewer points than dimensions of the space it is
// the fit of the smallest norm E f².
func (n *Network) Transfer(space *task.Space, x *mat.Dense, y []float64) (*Network, error) {
	points, _ := x.Dims()
	if len(y) != points {
		return nil, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), points)
	}
	var z, w, c mat.VecDense
	var design mat.Dense
	design.Mul(n.Features(x), space.Basis())
	z.CloneFromVec(mat.NewVecDense(points, y))
	var err error
	if points >= space.Dim() {
		var qr mat.QR
		qr.Factorize(&design)
		err = qr.SolveVecTo(&w, false, &z)
	} else {
		var lq mat.LQ
		lq.Factorize(&design)
		err = lq.SolveVecTo(&w, false, &z)
	}
	if err != nil {
		return nil, fmt.Errorf("relu: linear transfer on %d features from %d points: %w", space.Dim(), points, err)
	}
	c.MulVec(space.Basis(), &w)
	c.ScaleVec(float64(len(n.C)), &c)
	return &Network{W: n.W, C: c.RawVector().Data}, nil
}

// TransferAll is [Network.Transfer] on all neurons with a ridge: the new output weights
// c minimise the mean of (f(x) − y)² plus lambda·‖c‖²/m, which is kernel ridge
// regression with [Network.Kernel]. It needs lambda > 0.
func (n *Network) TransferAll(x *mat.Dense, y []float64, lambda float64) (*Network, error) {
	points, _ := x.Dims()
	switch {
	case len(y) != points:
		return nil, fmt.Errorf("relu: y has %d entries, X has %d rows", len(y), points)
	case !(lambda > 0) || math.IsInf(lambda, 0):
		return nil, fmt.Errorf("relu: lambda = %v: the ridge must be a finite number above 0", lambda)
	}
	hidden := n.scaled(x)
	return n.ridge(hidden, smallGram(hidden), y, lambda)
}

// scaled returns the features φ/√m at the points, one row a point.
func (n *Network) scaled(x *mat.Dense) *mat.Dense {
	hidden := n.Features(x)
	hidden.Scale(1/math.Sqrt(float64(len(n.C))), hidden)
	return hidden
}

// smallGram returns the Gram matrix of the rows of features if there are fewer of them than
// columns, else that of the columns.
func smallGram(features *mat.Dense) *mat.SymDense {
	var gram mat.SymDense
	if points, m := features.Dims(); points < m {
		gram.SymOuterK(1, features)
	} else {
		gram.SymOuterK(1, features.T())
	}
	return &gram
}

// ridge is TransferAll on scaled features: with u = c/√m it is ordinary ridge regression. It
// adds the ridge to gram.
func (n *Network) ridge(hidden *mat.Dense, gram *mat.SymDense, y []float64, lambda float64) (*Network, error) {
	points, m := hidden.Dims()
	target := mat.NewVecDense(points, y)
	var rhs, u mat.VecDense
	if points < m {
		rhs.CloneFromVec(target)
	} else {
		rhs.MulVec(hidden.T(), target)
	}
	for i := range gram.SymmetricDim() {
		gram.SetSym(i, i, gram.At(i, i)+float64(points)*lambda)
	}
	var chol mat.Cholesky
	if !chol.Factorize(gram) {
		return nil, fmt.Errorf("relu: lambda = %.4g: the ridge is too small for these features", lambda)
	}
	if err := chol.SolveVecTo(&u, &rhs); err != nil {
		return nil, fmt.Errorf("relu: lambda = %.4g: %w", lambda, err)
	}
	if points < m {
		var dual mat.VecDense
		dual.MulVec(hidden.T(), &u)
		u = dual
	}
	u.ScaleVec(math.Sqrt(float64(m)), &u)
	return &Network{W: n.W, C: u.RawVector().Data}, nil
}
