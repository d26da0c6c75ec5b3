package diagnose

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Data are rows of the target task. Features are of the pretrained network (N × k), Inputs
// what it sees (N × d); Labels have length N. At are the numbers of labels in question; if
// empty, from N/2 to 4N. Seed draws the groups of the standard errors.
type Data struct {
	Features, Inputs *mat.Dense
	Labels           []float64
	At               []int
	Seed             uint64
}

// The names of the arms: a ridge regression on the features, on the inputs, and on the
// arc-cosine kernel of the inputs, which is the ReLU network of infinite width.
const (
	Features = "features"
	Inputs   = "inputs"
	Kernel   = "kernel"
)

// Arm is the risk of one way to learn, in units of the variance of the labels and with
// their noise, at each of the numbers of labels, with its standard error.
type Arm struct {
	Name     string
	Risk, SE []float64
}

// Result tells for each number of labels N the risk of each arm and the transferability T,
// the least risk from scratch less that of the features, with its standard error.
type Result struct {
	Rows  int
	N     []int
	Arms  []Arm
	T, SE []float64
}

const (
	groups    = 10 // of the jackknife
	leastRows = 50
)

// Run diagnoses whether the features beat training from scratch on the inputs.
func Run(d Data) (*Result, error) {
	rows, err := d.validate()
	if err != nil {
		return nil, err
	}
	at := d.At
	if len(at) == 0 {
		for n := float64(rows) / 2; n <= 4*float64(rows)+1; n *= math.Sqrt2 {
			at = append(at, int(math.Round(n)))
		}
	}
	whole, err := d.risks(all(rows), at)
	if err != nil {
		return nil, err
	}
	// A delete-a-group jackknife over all arms together, so that what they share cancels.
	order := rand.New(rand.NewPCG(d.Seed, 0)).Perm(rows)
	var parts [][][]float64
	for g := range groups {
		var kept []int
		for i, row := range order {
			if i%groups != g {
				kept = append(kept, row)
			}
		}
		part, err := d.risks(kept, at)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	out := &Result{Rows: rows, N: at}
	for a, name := range []string{Features, Inputs, Kernel} {
		out.Arms = append(out.Arms, Arm{name, whole[a], spread(parts, a)})
	}
	out.T, out.SE = whole[3], spread(parts, 3)
	return out, nil
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// spread returns the standard errors of the jackknife for one curve.
func spread(parts [][][]float64, curve int) []float64 {
	out := make([]float64, len(parts[0][curve]))
	for i := range out {
		x := make([]float64, len(parts))
		for g, p := range parts {
			x[g] = p[curve][i]
		}
		_, variance := stat.PopMeanVariance(x, nil)
		out[i] = math.Sqrt(float64(len(parts)-1) * variance)
	}
	return out
}

func (d Data) validate() (rows int, err error) {
	rows = len(d.Labels)
	if rows < leastRows {
		return 0, fmt.Errorf("diagnose: %d rows: at least %d are needed", rows, leastRows)
	}
	for _, m := range []struct {
		name string
		m    *mat.Dense
	}{{"Features", d.Features}, {"Inputs", d.Inputs}, {"Labels", mat.NewDense(rows, 1, d.Labels)}} {
		if m.m == nil {
			return 0, fmt.Errorf("diagnose: %s is missing", m.name)
		}
		if n, _ := m.m.Dims(); n != rows {
			return 0, fmt.Errorf("diagnose: %s has %d rows, Labels has %d", m.name, n, rows)
		}
		for i := range rows {
			for j, v := range m.m.RawRowView(i) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return 0, fmt.Errorf("diagnose: %s: row %d, column %d is %v: it must be a finite number", m.name, i, j, v)
				}
			}
		}
	}
	if stat.Variance(d.Labels, nil) == 0 {
		return 0, errors.New("diagnose: all labels are equal")
	}
	for _, n := range d.At {
		if n < rows/2 {
			return 0, fmt.Errorf("diagnose: At = %d: it must be at least %d, half of the rows", n, rows/2)
		}
	}
	return rows, nil
}

// risks returns the curves of the features, the inputs, the kernel, and of the
// transferability, from some of the rows, in units of the variance of their labels.
func (d Data) risks(rows []int, at []int) ([][]float64, error) {
	y := make([]float64, len(rows))
	for i, r := range rows {
		y[i] = d.Labels[r]
	}
	unit := stat.Variance(y, nil)
	inputs := take(d.Inputs, rows)
	out := make([][]float64, 4)
	for i, x := range []*mat.Dense{take(d.Features, rows), inputs} {
		a, err := newFeatureArm(x)
		if err != nil {
			return nil, err
		}
		loo := a.leaveOneOut(y)
		for _, n := range at {
			r, err := a.risk(loo, float64(n))
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], r/unit)
		}
	}
	var err error
	if out[2], err = kernelRisks(inputs, y, at); err != nil {
		return nil, err
	}
	floats.Scale(1/unit, out[2])
	for i := range at {
		out[3] = append(out[3], math.Min(out[1][i], out[2][i])-out[0][i])
	}
	return out, nil
}

func take(m *mat.Dense, rows []int) *mat.Dense {
	_, c := m.Dims()
	out := mat.NewDense(len(rows), c, nil)
	for i, r := range rows {
		out.SetRow(i, m.RawRowView(r))
	}
	return out
}

// kernelRisks returns the risks of the arc-cosine kernel. Beyond the number of rows its
// small eigenvalues are not known: the risk goes on with the slope that the error of
// leaving one row out has between half of the rows and all.
func kernelRisks(x *mat.Dense, y []float64, at []int) ([]float64, error) {
	rows := len(y)
	gram := relu.Gram(x, x)
	// part returns the arm of every step-th row from one on, with its errors.
	part := func(from, step int) (*arm, []float64, error) {
		var of []int
		var labels []float64
		for i := from; i < rows; i += step {
			of, labels = append(of, i), append(labels, y[i])
		}
		a, err := newKernelArm(block(gram, of))
		if err != nil {
			return nil, nil, err
		}
		return a, a.leaveOneOut(labels), nil
	}
	a, loo, err := part(0, 1)
	if err != nil {
		return nil, err
	}
	half := 0.0
	for from := range 2 {
		_, l, err := part(from, 2)
		if err != nil {
			return nil, err
		}
		half += floats.Min(l) / 2
	}
	slope := math.Max(-2, math.Min(0, math.Log(floats.Min(loo)/half)/math.Ln2))
	var out []float64
	for _, n := range at {
		r, err := a.risk(loo, math.Min(float64(n), float64(rows)))
		if err != nil {
			return nil, err
		}
		if n > rows {
			r *= math.Pow(float64(n)/float64(rows), slope)
		}
		out = append(out, r)
	}
	return out, nil
}

// block returns the kernel of some of the rows.
func block(kernel *mat.Dense, rows []int) *mat.SymDense {
	out := mat.NewSymDense(len(rows), nil)
	for i, r := range rows {
		for j := i; j < len(rows); j++ {
			out.SetSym(i, j, kernel.At(r, rows[j]))
		}
	}
	return out
}
