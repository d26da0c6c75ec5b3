package diagnose

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	_ "github.com/features-are-fate/fate/pkg/internal/blas" // its products of matrices
	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// The names of the arms: a ridge regression on the features, on the inputs, and on the
// arc-cosine kernel of the inputs, which is the ReLU network of infinite width.
const (
	Features = "features"
	Inputs   = "inputs"
	Kernel   = "kernel"
)

// groups is the number of groups of the jackknife.
const groups = 10

// Run diagnoses whether the features beat training from scratch on the inputs, for one
// feature map and one label column.
func Run(in Data) (*Result, error) {
	d, err := in.validate()
	if err != nil {
		return nil, err
	}
	if len(d.maps) > 1 || len(d.names) > 1 {
		return nil, fmt.Errorf("diagnose: %d feature maps and %d label columns: Run takes one of each, Compare takes several", len(d.maps), len(d.names))
	}
	report, err := d.compare()
	if err != nil {
		return nil, err
	}
	return report.Results[0], nil
}

// Compare diagnoses several feature maps and label columns on the same rows. Its results are
// by label column, and within one by feature map.
func Compare(in Data) (*Report, error) {
	d, err := in.validate()
	if err != nil {
		return nil, err
	}
	return d.compare()
}

func (d *data) compare() (*Report, error) {
	var ways []representation
	for _, m := range d.maps {
		ways = append(ways, featureRepresentation(m.name, m.x))
	}
	ways = append(ways, featureRepresentation(Inputs, d.inputs), kernelRepresentation(d.inputs))

	// A delete-a-group jackknife over all arms together, so that what they share cancels.
	// Sample 0 has all rows.
	order := rand.New(rand.NewPCG(d.seed, 0)).Perm(d.rows)
	samples := make([][]int, groups+1)
	for i, row := range order {
		for g := range samples {
			if g == 0 || i%groups != g-1 {
				samples[g] = append(samples[g], row)
			}
		}
	}
	at := append(slices.Clone(d.at), math.Inf(1)) // the last is the floor
	all := make([]sample, len(samples))
	for g := range all {
		all[g] = make(sample, len(ways))
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for w, way := range ways {
		for g, rows := range samples {
			work.Go(func() (err error) {
				all[g][w], err = d.curves(way, rows, at)
				return err
			})
		}
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	for g, rows := range samples {
		all[g].scale(d, d.variances(rows))
	}
	out := &Report{Rows: d.rows, Warnings: d.warnings}
	for q := range d.names {
		if d.rare[q] {
			continue
		}
		out.add(d, q, d.names[q], all)
	}
	if d.classes {
		out.add(d, len(d.labels), "all classes", all)
	}
	return out, nil
}

// sample has the curves of one sample of the jackknife, by representation.
type sample []*curves

// scale puts the risks into units of the variance of the labels, and adds the sum over all
// classes as one more column.
func (s sample) scale(d *data, variance []float64) {
	for _, c := range s {
		sum, check := make([]float64, len(c.risk[0])), 0.0
		for q, v := range variance {
			floats.Add(sum, c.risk[q])
			check += c.check[q]
			floats.Scale(1/v, c.risk[q])
			c.check[q] /= v
		}
		if d.classes {
			v := floats.Sum(variance)
			floats.Scale(1/v, sum)
			c.risk, c.check = append(c.risk, sum), append(c.check, check/v)
		}
	}
}

// jackknife returns the value of all rows and its standard error.
func jackknife(all []sample, of func(sample) float64) (value, se float64) {
	parts := make([]float64, groups)
	for g := range parts {
		parts[g] = of(all[g+1])
	}
	_, variance := stat.PopMeanVariance(parts, nil)
	return of(all[0]), math.Sqrt((groups - 1) * variance)
}

// add adds the results of a label column.
func (r *Report) add(d *data, q int, label string, all []sample) {
	for m, f := range d.maps {
		res := &Result{Label: label, Map: f.name, Rows: d.rows, N: make([]int, len(d.at))}
		for i, n := range d.at {
			res.N[i] = int(n)
		}
		ways := []int{m, len(d.maps), len(d.maps) + 1}
		for i, name := range []string{Features, Inputs, Kernel} {
			w := ways[i]
			arm := Arm{Name: name}
			for j := range d.at {
				v, se := jackknife(all, func(s sample) float64 { return s[w].risk[q][j] })
				arm.Risk, arm.SE = append(arm.Risk, v), append(arm.SE, se)
			}
			if q < len(d.labels) && all[0][w].alone[q] > 0 {
				res.Warnings = append(res.Warnings, fmt.Sprintf("%d rows alone decide their fit by the %s (leverage above 0.95): look for outliers", all[0][w].alone[q], name))
			}
			arm.Check, arm.CheckSE = jackknife(all, func(s sample) float64 { return s[w].check[q] })
			res.Arms = append(res.Arms, arm)
		}
		for _, c := range d.measured {
			arm := Arm{Name: c.Name, Measured: true}
			for _, n := range d.at {
				v, se := c.at(n)
				arm.Risk, arm.SE = append(arm.Risk, v), append(arm.SE, se)
			}
			res.Arms = append(res.Arms, arm)
		}
		for j := range d.at {
			measured, extra := math.Inf(1), 0.0
			for _, a := range res.Arms[3:] {
				if a.Risk[j] < measured {
					measured, extra = a.Risk[j], a.SE[j]
				}
			}
			t, se := jackknife(all, func(s sample) float64 {
				return min(measured, s[ways[1]].risk[q][j], s[ways[2]].risk[q][j]) - s[m].risk[q][j]
			})
			if measured < min(res.Arms[1].Risk[j], res.Arms[2].Risk[j]) {
				se = math.Hypot(se, extra)
			}
			res.T, res.SE = append(res.T, t), append(res.SE, se)
		}
		res.Noise.Features, res.Noise.Inputs = all[0][m].risk[q][len(d.at)], all[0][ways[1]].risk[q][len(d.at)]
		res.addWarnings()
		r.Results = append(r.Results, res)
	}
	if len(d.maps) > 1 {
		r.Rankings = append(r.Rankings, rank(d, q, label, all))
	}
}
