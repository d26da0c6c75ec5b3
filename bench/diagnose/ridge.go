package main

import (
	"log"
	"math"

	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// ridges are the ridges of the measurement, in units of the mean eigenvalue.
var ridges = func() (out []float64) {
	for g := -7.0; g <= 2; g += 0.5 {
		out = append(out, math.Pow(10, g))
	}
	return out
}()

// ridge returns the mean squared error on the test rows, by label column and ridge, of ridge
// regression with an intercept by the normal equations.
func ridge(x, y, testX, testY *mat.Dense, kernel bool) [][]float64 {
	n, columns := y.Dims()
	labels, means := mat.DenseCopyOf(y), make([]float64, columns)
	for q := range columns {
		means[q] = stat.Mean(mat.Col(nil, q, y), nil)
	}
	labels.Apply(func(_, q int, v float64) float64 { return v - means[q] }, labels)
	var s mat.SymDense
	var right, left mat.Dense // fits on the test rows are left (s + δ)⁻¹ right
	if kernel {
		left = *centredKernel(x, testX, &s)
		right.CloneFrom(labels)
	} else {
		_, k := x.Dims()
		for j := range k {
			m := stat.Mean(mat.Col(nil, j, x), nil)
			for _, rows := range []*mat.Dense{x, testX} {
				for i := range rows.RawMatrix().Rows {
					rows.Set(i, j, rows.At(i, j)-m)
				}
			}
		}
		s.SymOuterK(1, x.T())
		left.CloneFrom(testX)
		right.Mul(x.T(), labels)
	}
	out := make([][]float64, columns)
	size := s.SymmetricDim()
	unit := mat.Trace(&s) / float64(n)
	for _, r := range ridges {
		shifted := mat.NewSymDense(size, nil)
		shifted.CopySym(&s)
		for i := range size {
			shifted.SetSym(i, i, s.At(i, i)+r*unit)
		}
		var chol mat.Cholesky
		if !chol.Factorize(shifted) {
			log.Fatal("the matrix is not positive definite")
		}
		var w, fits mat.Dense
		if err := chol.SolveTo(&w, &right); err != nil {
			log.Fatal(err)
		}
		fits.Mul(&left, &w)
		for q := range columns {
			sum := 0.0
			for i := range testY.RawMatrix().Rows {
				e := testY.At(i, q) - means[q] - fits.At(i, q)
				sum += e * e / float64(testY.RawMatrix().Rows)
			}
			out[q] = append(out[q], sum)
		}
	}
	return out
}

// centredKernel sets s to the arc-cosine kernel of the rows x and returns that of the test
// rows with them, both by the mean of x in the space of the kernel.
func centredKernel(x, test *mat.Dense, s *mat.SymDense) *mat.Dense {
	gram, cross := relu.Gram(x, x), relu.Gram(test, x)
	n, _ := x.Dims()
	rows, all := make([]float64, n), 0.0
	for i := range n {
		rows[i] = stat.Mean(gram.RawRowView(i), nil)
		all += rows[i] / float64(n)
	}
	*s = *mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, gram.At(i, j)-rows[i]-rows[j]+all)
		}
	}
	for i := range cross.RawMatrix().Rows {
		m := stat.Mean(cross.RawRowView(i), nil)
		for j, v := range cross.RawRowView(i) {
			cross.Set(i, j, v-m-rows[j]+all)
		}
	}
	return cross
}
