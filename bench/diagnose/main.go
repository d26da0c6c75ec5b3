// Command diagnose compares what 400 rows of real data tell with learning curves measured on
// the other rows, and prints the table of notebook 16:
//
//	go run ./bench/diagnose -data DIR
//
// DIR has fmA.npz, fmB.npz and fmC.npz.
package main

import (
	"encoding/gob"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/features-are-fate/fate/pkg/diagnose"
	"github.com/features-are-fate/fate/pkg/rows"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

var targets = map[string][]string{
	"A": {"y_tshirt", "y_pullover", "y_coat", "y_bright", "y_asym", "y_edge"},
	"B": {"y_sandal", "y_sneaker", "y_bag", "y_bright", "y_edge"},
	"C": {"y_footwear", "y_tops", "y_shirt", "y_evenclass", "y_edge"},
}

var maps = []string{"phi_cnn_lo", "phi_cnn_hi", "phi_cnn_rand"}

// counts are the numbers of labels of the table.
var counts = []int{200, 283, 400, 566, 800, 1131, 1600}

const used = 400

func main() {
	dir := flag.String("data", "", "the folder of fmA.npz, fmB.npz and fmC.npz")
	draws := flag.Int("draws", 4, "draws of the 400 rows")
	keep := flag.String("measured", "", "a file that keeps the measured curves, which take minutes")
	flag.Parse()
	known := map[string][]*diagnose.Result{}
	if f, err := os.Open(*keep); err == nil {
		if err := gob.NewDecoder(f).Decode(&known); err != nil {
			log.Fatal(err)
		}
		f.Close()
	}
	var t table
	for _, file := range []string{"A", "B", "C"} {
		for draw := range *draws {
			order := rand.New(rand.NewPCG(uint64(draw), 7)).Perm(2500)
			part := func(use, at []int) diagnose.Data {
				read := func(name string) *mat.Dense {
					m, err := rows.Read(filepath.Join(*dir, "fm"+file+".npz:"+name), use)
					if err != nil {
						log.Fatal(err)
					}
					return m
				}
				y := mat.NewDense(len(use), len(targets[file]), nil)
				for j, name := range targets[file] {
					y.SetCol(j, mat.Col(nil, 0, read(name)))
				}
				data := diagnose.Data{Inputs: read("x"), Labels: y, Names: targets[file], At: at, Seed: uint64(draw)}
				for _, m := range maps {
					data.Maps = append(data.Maps, diagnose.Map{Name: m, Features: read(m)})
				}
				return data
			}
			told, err := diagnose.Compare(part(order[:used], counts))
			if err != nil {
				log.Fatal(err)
			}
			// What a user would do without a theory: a power law through measured curves.
			law, err := diagnose.Measure(part(order[:used], []int{100, 141, 200, 283}), 4)
			if err != nil {
				log.Fatal(err)
			}
			key := fmt.Sprint(file, draw)
			if known[key] == nil {
				report, err := diagnose.Measure(part(order[used:], counts), 8)
				if err != nil {
					log.Fatal(err)
				}
				known[key] = report.Results
				if *keep != "" {
					save(*keep, known)
				}
			}
			for i, r := range told.Results {
				t.add(r, known[key][i], law.Results[i])
			}
		}
	}
	t.print()
}

func save(path string, known map[string][]*diagnose.Result) {
	f, err := os.Create(path)
	if err == nil {
		err = gob.NewEncoder(f).Encode(known)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
}

// extrapolate returns T by a power law through each measured curve.
func extrapolate(r *diagnose.Result, n float64) float64 {
	var risk []float64
	for _, arm := range r.Arms {
		x, y := make([]float64, len(r.N)), make([]float64, len(r.N))
		for i := range r.N {
			x[i], y[i] = math.Log(float64(r.N[i])), math.Log(arm.Risk[i])
		}
		a, b := stat.LinearRegression(x, y, nil, false)
		risk = append(risk, math.Exp(a+b*math.Log(n)))
	}
	return min(risk[1], risk[2]) - risk[0]
}

type table struct {
	off                             map[string][]float64
	bands, covered                  int
	cells, decided, wrong           int
	clear, right                    int
	crossings                       []float64
	onlyTold, onlyMeasured, neither int
	told, measured, law             []float64
	verdicts                        map[string]int
}

func (t *table) add(r, real, law *diagnose.Result) {
	if t.off == nil {
		t.off, t.verdicts = map[string][]float64{}, map[string]int{}
	}
	t.verdicts[r.Verdict()]++
	for i := range counts {
		for a, arm := range r.Arms {
			m := real.Arms[a].Risk[i]
			if m < 0.01 {
				continue
			}
			t.off[arm.Name] = append(t.off[arm.Name], math.Abs(arm.Risk[i]/m-1))
			t.bands++
			if math.Abs(arm.Risk[i]-m) <= 1.96*arm.SE[i] {
				t.covered++
			}
		}
		gain := real.T[i]
		t.told, t.measured = append(t.told, r.T[i]), append(t.measured, gain)
		t.law = append(t.law, extrapolate(law, float64(counts[i])))
		t.cells++
		if math.Abs(r.T[i]) > 1.96*r.SE[i] {
			t.decided++
			if r.T[i]*gain < 0 {
				t.wrong++
				fmt.Printf("wrong: %s %s n=%d T=%.4f ± %.4f measured %.4f ± %.4f\n", r.Label, r.Map, counts[i], r.T[i], r.SE[i], gain, real.SE[i])
			}
		}
		if math.Abs(gain) > 1.96*real.SE[i] {
			t.clear++
			if r.T[i]*gain > 0 {
				t.right++
			}
		}
	}
	n := crossing(real.T)
	c, ok := r.Crossing()
	switch {
	case ok && n > 0:
		t.crossings = append(t.crossings, math.Exp(math.Abs(math.Log(c.N/n))))
	case ok:
		t.onlyTold++
	case n > 0:
		t.onlyMeasured++
	default:
		t.neither++
	}
}

// crossing returns where the measured gain changes its sign once, or 0.
func crossing(gain []float64) (n float64) {
	for i := range len(gain) - 1 {
		if gain[i]*gain[i+1] < 0 {
			if n > 0 {
				return 0
			}
			f := gain[i] / (gain[i] - gain[i+1])
			n = float64(counts[i]) * math.Pow(float64(counts[i+1])/float64(counts[i]), f)
		}
	}
	return n
}

func (t *table) print() {
	for _, name := range []string{diagnose.Features, diagnose.Inputs, diagnose.Kernel} {
		e := t.off[name]
		fmt.Printf("%-9s %4d curves: median error %.3f, 90th percentile %.3f\n", name, len(e), quantile(0.5, e), quantile(0.9, e))
	}
	fmt.Printf("95 %% bands cover %d of %d (%.3f)\n", t.covered, t.bands, float64(t.covered)/float64(t.bands))
	fmt.Printf("decided %d of %d (%.3f), wrong %d; sign right in %d of %d clear cells (%.3f)\n", t.decided, t.cells, float64(t.decided)/float64(t.cells), t.wrong, t.right, t.clear, float64(t.right)/float64(t.clear))
	fmt.Printf("n*: %d in both, factor median %.2f, 90th percentile %.2f; only told %d, only measured %d, neither %d\n", len(t.crossings), quantile(0.5, t.crossings), quantile(0.9, t.crossings), t.onlyTold, t.onlyMeasured, t.neither)
	fmt.Printf("Kendall's tau with the measured T: %.3f, of a power law %.3f\n", stat.Kendall(t.told, t.measured, nil), stat.Kendall(t.law, t.measured, nil))
	fmt.Println(t.verdicts)
}

func quantile(p float64, x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	x = slices.Sorted(slices.Values(x))
	return stat.Quantile(p, stat.Empirical, x, nil)
}
