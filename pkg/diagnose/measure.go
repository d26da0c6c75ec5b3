package diagnose

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"github.com/features-are-fate/fate/pkg/relu"
	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Measure measures the curves that Compare tells, where there are enough rows: each arm is
// trained on At of the rows, with the ridge that does best, and tested on the others. It does
// so for some repeats with other rows. The standard errors are those of one repeat, since the
// repeats share rows.
func Measure(in Data, repeats int) (*Report, error) {
	d, err := in.validate()
	if err != nil {
		return nil, err
	}
	if repeats < 1 {
		return nil, fmt.Errorf("diagnose: Measure: repeats = %d: it must be at least 1", repeats)
	}
	if most := d.at[len(d.at)-1]; most > 0.9*float64(d.rows) {
		return nil, fmt.Errorf("diagnose: Measure: At: %.0f of %d labels: want at most %d, so that rows are left to test on", most, d.rows, d.rows*9/10)
	}
	if len(d.measured) > 0 {
		return nil, errors.New("diagnose: Measure: Measured is given: Measure measures itself")
	}
	ways := append([]named{}, d.maps...)
	ways = append(ways, named{Inputs, d.inputs}, named{Kernel, d.inputs})
	// lost are squared errors by way, number of labels, label column, repeat and test row.
	lost := make([][][][][]float64, len(ways))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for w, way := range ways {
		lost[w] = make([][][][]float64, len(d.at))
		for i, n := range d.at {
			work.Go(func() (err error) {
				lost[w][i], err = d.train(way, int(n), repeats)
				return err
			})
		}
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	out := &Report{Rows: d.rows, Warnings: d.warnings}
	for q, label := range d.names {
		if d.rare[q] {
			continue
		}
		unit := stat.Variance(d.labels[q], nil)
		for m, f := range d.maps {
			r := &Result{Label: label, Map: f.name, Rows: d.rows, measured: true}
			kinds := []int{m, len(d.maps), len(d.maps) + 1}
			for a, name := range []string{Features, Inputs, Kernel} {
				arm := Arm{Name: name, Measured: true}
				for i := range d.at {
					v, se := meanOver(lost[kinds[a]][i][q], nil)
					arm.Risk, arm.SE = append(arm.Risk, v/unit), append(arm.SE, se/unit)
				}
				r.Arms = append(r.Arms, arm)
			}
			for i, n := range d.at {
				best := kinds[1]
				if r.Arms[2].Risk[i] < r.Arms[1].Risk[i] {
					best = kinds[2]
				}
				t, se := meanOver(lost[best][i][q], lost[m][i][q])
				r.N, r.T, r.SE = append(r.N, int(n)), append(r.T, t/unit), append(r.SE, se/unit)
			}
			out.Results = append(out.Results, r)
		}
	}
	return out, nil
}

// meanOver returns the mean over repeats and rows of a, less that of b if it is given, and
// the standard error of one repeat.
func meanOver(a, b [][]float64) (mean, se float64) {
	for r := range a {
		x := append([]float64(nil), a[r]...)
		if b != nil {
			floats.Sub(x, b[r])
		}
		m, sd := stat.MeanStdDev(x, nil)
		mean += m / float64(len(a))
		se += stat.StdErr(sd, float64(len(x))) / float64(len(a))
	}
	return mean, se
}

// ridges are the ridges of the measurement, in units of the mean squared length of a row.
var ridges = func() (out []float64) {
	for g := -7.0; g <= 2; g += 0.5 {
		out = append(out, math.Pow(10, g))
	}
	return out
}()

// train returns the squared errors by label column, repeat and test row at the ridge with
// the least mean.
func (d *data) train(way named, n, repeats int) ([][][]float64, error) {
	sums := make([][]float64, len(d.labels))
	all := make([][][][]float64, len(d.labels)) // by label column, ridge, repeat, row
	for q := range all {
		sums[q], all[q] = make([]float64, len(ridges)), make([][][]float64, len(ridges))
	}
	for r := range repeats {
		order := rand.New(rand.NewPCG(d.seed, uint64(n)<<16+uint64(r))).Perm(d.rows)
		errs, err := d.ridge(way, order[:n], order[n:])
		if err != nil {
			return nil, err
		}
		for q := range errs {
			for g, e := range errs[q] {
				all[q][g] = append(all[q][g], e)
				sums[q][g] += stat.Mean(e, nil)
			}
		}
	}
	var out [][][]float64
	for q := range all {
		out = append(out, all[q][floats.MinIdx(sums[q])])
	}
	return out, nil
}

// ridge returns the squared errors by label column, ridge and test row of ridge regression
// with an intercept by the normal equations.
func (d *data) ridge(way named, train, test []int) ([][][]float64, error) {
	n, columns := len(train), len(d.labels)
	labels, means := mat.NewDense(n, columns, nil), make([]float64, columns)
	for q := range columns {
		y := pick(d.labels[q], train)
		means[q] = stat.Mean(y, nil)
		floats.AddConst(-means[q], y)
		labels.SetCol(q, y)
	}
	x, testX := take(way.x, train), take(way.x, test)
	// Fits on the test rows are left (gram + ridge)⁻¹ right.
	var gram *mat.SymDense
	var left, right *mat.Dense
	if _, k := x.Dims(); way.name != Kernel && k < n {
		gram, left, right = centredCovariance(x, testX, labels)
	} else {
		gram, left = centredKernel(x, testX, way.name != Kernel)
		right = labels
	}
	size := gram.SymmetricDim()
	unit := mat.Trace(gram) / float64(n)
	out := make([][][]float64, columns)
	for _, ridge := range ridges {
		shifted := mat.NewSymDense(size, nil)
		shifted.CopySym(gram)
		for i := range size {
			shifted.SetSym(i, i, gram.At(i, i)+ridge*unit)
		}
		var chol mat.Cholesky
		if !chol.Factorize(shifted) {
			return nil, fmt.Errorf("diagnose: %s: the matrix of %d rows is not positive definite", way.name, n)
		}
		var w, fits mat.Dense
		if err := chol.SolveTo(&w, right); err != nil && !isCondition(err) {
			return nil, err
		}
		fits.Mul(left, &w)
		for q, y := range d.labels {
			e := make([]float64, len(test))
			for i, r := range test {
				e[i] = math.Pow(y[r]-means[q]-fits.At(i, q), 2)
			}
			out[q] = append(out[q], e)
		}
	}
	return out, nil
}

// isCondition reports whether an error only warns of a large condition number, which small
// ridges have.
func isCondition(err error) bool {
	var c mat.Condition
	return errors.As(err, &c)
}

// centredCovariance returns XᵀX, the test rows and Xᵀy, of rows less the mean of x.
func centredCovariance(x, test, y *mat.Dense) (s *mat.SymDense, left, right *mat.Dense) {
	_, k := x.Dims()
	for j := range k {
		m := stat.Mean(mat.Col(nil, j, x), nil)
		for _, rows := range []*mat.Dense{x, test} {
			for i := range rows.RawMatrix().Rows {
				rows.Set(i, j, rows.At(i, j)-m)
			}
		}
	}
	s, right = &mat.SymDense{}, &mat.Dense{}
	s.SymOuterK(1, x.T())
	right.Mul(x.T(), y)
	return s, test, right
}

// centredKernel returns the kernel of the rows x, and of the test rows with them, both less
// the mean of x in the space of the kernel: the arc-cosine one, or the inner product.
func centredKernel(x, test *mat.Dense, linear bool) (*mat.SymDense, *mat.Dense) {
	n, _ := x.Dims()
	var gram, cross *mat.Dense
	if linear {
		gram, cross = &mat.Dense{}, &mat.Dense{}
		gram.Mul(x, x.T())
		cross.Mul(test, x.T())
	} else {
		gram, cross = relu.Gram(x, x), relu.Gram(test, x)
	}
	rows, all := make([]float64, n), 0.0
	for i := range n {
		rows[i] = stat.Mean(gram.RawRowView(i), nil)
		all += rows[i] / float64(n)
	}
	s := mat.NewSymDense(n, nil)
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
	return s, cross
}
