package diagnose

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/features-are-fate/fate/pkg/npy"
	"github.com/features-are-fate/fate/pkg/relu"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// The table compares what 400 rows tell with learning curves measured on the remaining
// rows of real data:
//
//	go test ./pkg/diagnose -run TestTable -v -args -data DIR -draws 4 -kernel
var (
	dataDir    = flag.String("data", "", "the folder of fmA.npz, fmB.npz and fmC.npz")
	dataDraws  = flag.Int("draws", 1, "draws of the 400 rows")
	withKernel = flag.Bool("kernel", false, "measure the curves of the kernel too, for minutes")
)

var targets = map[string][]string{
	"A": {"y_tshirt", "y_pullover", "y_coat", "y_bright", "y_asym", "y_edge"},
	"B": {"y_sandal", "y_sneaker", "y_bag", "y_bright", "y_edge"},
	"C": {"y_footwear", "y_tops", "y_shirt", "y_evenclass", "y_edge"},
}

func TestTable(t *testing.T) {
	if *dataDir == "" {
		t.Skip("needs -data")
	}
	at := []int{200, 400, 800, 1600}
	off := map[string][]float64{}
	var cells, decided, wrong, clear, right, bands, covered int
	for _, file := range []string{"A", "B", "C"} {
		load := func(name string) *mat.Dense {
			a, err := npy.Open(fmt.Sprintf("%s/fm%s.npz:%s", *dataDir, file, name))
			if err != nil {
				t.Fatal(err)
			}
			m, err := a.Dense(nil)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		x := load("x")
		for draw := range *dataDraws {
			order := rand.New(rand.NewPCG(uint64(draw), 7)).Perm(2500)
			use, rest := order[:400], order[400:]
			for _, target := range targets[file] {
				y := mat.Col(nil, 0, load(target))
				of := func(rows []int) []float64 { return mat.Col(nil, 0, take(mat.NewDense(len(y), 1, y), rows)) }
				measured := func(m *mat.Dense, kernel bool) (out []float64) {
					for _, n := range at {
						var r []float64
						for k := range min(4, 1600/n) { // parts of the rest that do not overlap
							rows := rest[k*n : (k+1)*n]
							r = append(r, best(t, take(m, rows), of(rows), kernel)/stat.Variance(y, nil))
						}
						out = append(out, stat.Mean(r, nil))
					}
					return out
				}
				raw := measured(x, false)
				kernel := slices.Repeat([]float64{math.Inf(1)}, len(at))
				if *withKernel {
					kernel = measured(x, true)
				}
				for _, features := range []string{"phi_cnn_lo", "phi_cnn_hi", "phi_cnn_rand"} {
					phi := load(features)
					told, err := Run(Data{Features: take(phi, use), Inputs: take(x, use), Labels: of(use), At: at, Seed: 1})
					if err != nil {
						t.Fatal(err)
					}
					probe := measured(phi, false)
					for i := range at {
						for a, m := range [][]float64{probe, raw, kernel} {
							if m[i] < 0.01 || math.IsInf(m[i], 1) {
								continue
							}
							name := told.Arms[a].Name
							off[name] = append(off[name], math.Abs(told.Arms[a].Risk[i]/m[i]-1))
							bands++
							if math.Abs(told.Arms[a].Risk[i]-m[i]) <= 1.96*told.Arms[a].SE[i] {
								covered++
							}
						}
						if !*withKernel {
							continue
						}
						gain := math.Min(raw[i], kernel[i]) - probe[i]
						cells++
						if math.Abs(told.T[i]) > 1.96*told.SE[i] {
							decided++
							if told.T[i]*gain < 0 {
								wrong++
							}
						}
						if math.Abs(gain) > 0.05*probe[i] {
							clear++
							if told.T[i]*gain > 0 {
								right++
							}
						}
					}
				}
			}
		}
	}
	for name, e := range off {
		slices.Sort(e)
		t.Logf("%-9s %4d curves: median error %.3f, 90th percentile %.3f", name, len(e), stat.Quantile(0.5, stat.Empirical, e, nil), stat.Quantile(0.9, stat.Empirical, e, nil))
	}
	t.Logf("coverage %d of %d; decided %d of %d, wrong %d; sign right in %d of %d clear cells", covered, bands, decided, cells, wrong, right, clear)
}

// best returns the risk of the best ridge on these rows, by leaving one out.
func best(t *testing.T, x *mat.Dense, y []float64, kernel bool) float64 {
	a, err := newFeatureArm(x)
	if kernel {
		a, err = newKernelArm(block(relu.Gram(x, x), all(len(y))))
	}
	if err != nil {
		t.Fatal(err)
	}
	return floats.Min(a.leaveOneOut(y))
}
