package diagnose

import (
	"math"

	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// A representation is a way to learn from all rows. Its arm is that of some of them.
type representation struct {
	name string
	arm  func(rows []int) (*arm, error)
	// slow says that the eigenvalues beyond the number of rows matter, as those of a kernel.
	slow bool
}

func featureRepresentation(name string, x *mat.Dense) representation {
	return representation{name: name, arm: func(rows []int) (*arm, error) { return newFeatureArm(take(x, rows)) }}
}

// kernelRepresentation is the ReLU network of infinite width: the arc-cosine kernel.
func kernelRepresentation(x *mat.Dense) representation {
	gram := relu.Gram(x, x)
	return representation{name: Kernel, slow: true, arm: func(rows []int) (*arm, error) {
		of := mat.NewSymDense(len(rows), nil)
		for i, r := range rows {
			for j := i; j < len(rows); j++ {
				of.SetSym(i, j, gram.At(r, rows[j]))
			}
		}
		return newKernelArm(of)
	}}
}

func take(m *mat.Dense, rows []int) *mat.Dense {
	_, c := m.Dims()
	out := mat.NewDense(len(rows), c, nil)
	for i, r := range rows {
		out.SetRow(i, m.RawRowView(r))
	}
	return out
}

// curves are the risks of a representation by label column, in units of the labels.
type curves struct {
	risk  [][]float64 // at each number of labels
	check []float64   // the risk from all rows as half of them tell it, less what all show
	alone []int       // rows with a leverage near 1
}

// curves returns the risks of r from some of the rows, in random order, at each number of
// labels.
func (d *data) curves(r representation, rows []int, at []float64) (*curves, error) {
	out := &curves{}
	whole, shown, err := d.fit(r, rows)
	if err != nil {
		return nil, err
	}
	// The slope of a curve is noisy: it is the mean over several ways to halve the rows.
	ways := 1
	if r.slow {
		ways = halvings
	}
	told := make([]float64, len(shown)) // of the risk from all rows, by halves
	slopes := make([]float64, len(shown))
	for way := range ways {
		for h := range 2 {
			part := half(rows, way, h)
			a, loo, err := d.fit(r, part)
			if err != nil {
				return nil, err
			}
			doublings := math.Log2(float64(len(rows)) / float64(len(part)))
			for q, l := range loo {
				slopes[q] += math.Log2(least(shown[q])/least(l)) / doublings / float64(2*ways)
			}
			if way > 0 {
				continue
			}
			end := math.Min(float64(len(rows)), d.beyond(r, len(part)))
			var quarter []float64
			if r.slow {
				if quarter, err = d.measure(r, part, len(part)/2); err != nil {
					return nil, err
				}
			}
			for q, l := range loo {
				risk, err := a.risk(l, end)
				if err != nil {
					return nil, err
				}
				if r.slow {
					risk *= math.Exp2(doublings * bounded(math.Log2(least(l)/quarter[q])))
				}
				told[q] += risk / 2
			}
		}
	}
	for q, l := range shown {
		out.check = append(out.check, told[q]-least(l))
		out.alone = append(out.alone, whole.outliers(l))
		out.risk = append(out.risk, make([]float64, len(at)))
	}
	for i, n := range at {
		if n < float64(len(rows)/2) {
			parts, err := d.measure(r, rows, int(n))
			if err != nil {
				return nil, err
			}
			for q, risk := range parts {
				out.risk[q][i] = risk
			}
			continue
		}
		end := math.Min(n, d.beyond(r, len(rows)))
		for q, l := range shown {
			risk, err := whole.risk(l, end)
			if err != nil {
				return nil, err
			}
			if r.slow && n > end {
				risk *= math.Pow(n/end, bounded(slopes[q]))
			}
			out.risk[q][i] = risk
		}
	}
	return out, nil
}

// halvings is the number of ways to halve the rows of a kernel.
const halvings = 4

// half returns one half of the rows: the first or the second, or, in another way, those whose
// place has a bit or lacks it.
func half(rows []int, way, which int) (out []int) {
	if way == 0 {
		return rows[which*len(rows)/2 : (which+1)*len(rows)/2]
	}
	for i, r := range rows {
		if i>>(way-1)&1 == which {
			out = append(out, r)
		}
	}
	return out
}

// beyond returns the largest number of labels that the eigenvalues of so many rows tell of.
// Those of a kernel that are too small to be seen are what the next rows learn from.
func (d *data) beyond(r representation, rows int) float64 {
	if r.slow {
		return float64(rows)
	}
	return math.Inf(1)
}

// bounded returns the slope of a risk in the number of labels, on logarithms.
func bounded(slope float64) float64 { return math.Max(-2, math.Min(0, slope)) }

// fit returns the arm of some rows, and the errors of leaving one out by label column.
func (d *data) fit(r representation, rows []int) (*arm, []perRidge, error) {
	a, err := r.arm(rows)
	if err != nil {
		return nil, nil, err
	}
	var out []perRidge
	for _, y := range d.labels {
		out = append(out, a.leaveOneOut(pick(y, rows)))
	}
	return a, out, nil
}

// measure returns the least error of leaving one out by label column, from n rows: the mean
// over parts that do not overlap.
func (d *data) measure(r representation, rows []int, n int) ([]float64, error) {
	out := make([]float64, len(d.labels))
	parts := len(rows) / n
	for p := range parts {
		_, loo, err := d.fit(r, rows[p*n:(p+1)*n])
		if err != nil {
			return nil, err
		}
		for q, l := range loo {
			out[q] += least(l) / float64(parts)
		}
	}
	return out, nil
}

func pick(y []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = y[r]
	}
	return out
}

// variances returns the variance of each label column over some rows.
func (d *data) variances(rows []int) []float64 {
	var out []float64
	for _, y := range d.labels {
		out = append(out, stat.Variance(pick(y, rows), nil))
	}
	return out
}
