package score

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"github.com/features-are-fate/fate/pkg/task"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// gaussian returns an n×k matrix of N(0, 1).
func gaussian(n, k int, seed uint64) *mat.Dense {
	rng := task.Stream(seed, 77)
	out := mat.NewDense(n, k, nil)
	out.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, out)
	return out
}

// wave returns the features, classes and labels on which the authors' programs were run.
func wave() (features *mat.Dense, classes []int, labels []float64) {
	const n, k = 30, 7
	features = mat.NewDense(n, k, nil)
	for i := range n {
		classes = append(classes, i%3)
		for j := range k {
			a, b := float64(i), float64(j)
			features.Set(i, j, math.Sin(1.3*a+2.1*b+0.37*a*b)+0.2*b+0.8*math.Cos(float64(i%3)*(b+1)))
		}
		labels = append(labels, features.At(i, 0)-0.5*features.At(i, 2)+0.3*math.Cos(5*float64(i)))
	}
	return features, classes, labels
}

func near(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

// calls are all scores of features with labels, classes, and a second sample.
func calls(features *mat.Dense, labels []float64, classes []int, other *mat.Dense) map[string]func() (float64, error) {
	return map[string]func() (float64, error){
		"LogME":                func() (float64, error) { return LogME(features, labels) },
		"LogME of classes":     func() (float64, error) { return LogMEClasses(features, classes) },
		"H-score":              func() (float64, error) { return HScore(features, classes) },
		"N-LEEP":               func() (float64, error) { return NLEEP(features, classes, 3) },
		"TransRate":            func() (float64, error) { return TransRate(features, classes) },
		"MMD":                  func() (float64, error) { return MMD(features, other) },
		"Fréchet":              func() (float64, error) { return Frechet(features, other) },
		"Sliced Wasserstein-1": func() (float64, error) { return SlicedWasserstein(features, other, 20, 3) },
	}
}

func TestAllDescribesEveryScore(t *testing.T) {
	have := calls(nil, nil, nil, nil)
	for _, s := range All {
		if have[s.Name] == nil || s.Cites == "" || strings.Count(s.Says, ".") != 1 || !strings.HasSuffix(s.Says, ".") {
			t.Errorf("%q is no score with one sentence: %+v", s.Name, s)
		}
	}
	if len(All) != len(have)-1 { // LogME has two functions
		t.Errorf("%d scores are described, there are %d", len(All), len(have)-1)
	}
}

// A number does not depend on the number of cores, and what is drawn depends on the seed.
func TestNumbersDoNotDependOnCores(t *testing.T) {
	features, other := gaussian(300, 90, 1), gaussian(200, 90, 2)
	labels := mat.Col(nil, 0, gaussian(300, 1, 3))
	classes, err := Bins(labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range calls(features, labels, classes, other) {
		old := runtime.GOMAXPROCS(1)
		one, err1 := f()
		runtime.GOMAXPROCS(4)
		four, err4 := f()
		runtime.GOMAXPROCS(old)
		if one != four || err1 != nil || err4 != nil {
			t.Errorf("%s: %v on one core, %v on four, %v, %v", name, one, four, err1, err4)
		}
	}
	a, _ := NLEEP(features, classes, 1)
	b, _ := NLEEP(features, classes, 2)
	c, _ := SlicedWasserstein(features, other, 5, 1)
	d, _ := SlicedWasserstein(features, other, 5, 2)
	if a == b || c == d {
		t.Errorf("two seeds give the same number: %v, %v; %v, %v", a, b, c, d)
	}
}

// No input gives a panic, or a number that is none.
func TestEveryInputGivesANumberOrAnError(t *testing.T) {
	entry := rapid.SampledFrom([]float64{0, 0, 1, 1, -1, 2, 1e-300, 1e-9, 1e9, 1e99, -1e100, 1e200, math.NaN(), math.Inf(1)})
	tame := rapid.SampledFrom([]float64{0, 1, 1, -1, 2.5, 1e6})
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(1, 14).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "k")
		from := tame
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			from = entry
		}
		draw := func(n, k int) *mat.Dense {
			return mat.NewDense(n, k, rapid.SliceOfN(from, n*k, n*k).Draw(t, "x"))
		}
		classes := rapid.SliceOfN(rapid.IntRange(-1, 1), n, n).Draw(t, "classes")
		labels := draw(n, 1).RawMatrix().Data
		for name, f := range calls(draw(n, k), labels, classes, draw(rapid.IntRange(1, 9).Draw(t, "m"), k)) {
			if v, err := f(); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
				t.Errorf("%s = %v", name, v)
			} else if err != nil && !strings.HasPrefix(err.Error(), "score: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	features, classes, labels := wave()
	with := func(v float64) *mat.Dense {
		m := mat.DenseCopyOf(features)
		m.Set(4, 2, v)
		return m
	}
	of := func(change func(c []int)) []int { c := slices.Clone(classes); change(c); return c }
	flat := mat.NewDense(30, 2, slices.Repeat([]float64{0.1, 7}, 30))
	one := of(func(c []int) { c[0] = 9 })
	same := make([]int, 30)
	for want, f := range map[string]func() (float64, error){
		"features has 30 rows, labels has 29":              func() (float64, error) { return LogME(features, labels[:29]) },
		"features has 30 rows, classes has 29":             func() (float64, error) { return HScore(features, classes[:29]) },
		"features: row 4, column 2 of 7 is NaN":            func() (float64, error) { return TransRate(with(math.NaN()), classes) },
		"features: row 4, column 2 of 7 is 2e+100":         func() (float64, error) { return NLEEP(with(2e100), classes, 1) },
		"b: row 4, column 2 of 7 is +Inf":                  func() (float64, error) { return MMD(features, with(math.Inf(1))) },
		"labels: number 1 is NaN":                          func() (float64, error) { return LogME(features, []float64{1, math.NaN()}) },
		"class 9 has one row of 30":                        func() (float64, error) { return HScore(features, one) },
		"1 class in 30 rows":                               func() (float64, error) { return LogMEClasses(features, same) },
		"features: all 30 rows are equal":                  func() (float64, error) { return TransRate(flat, classes) },
		"features: the matrix is missing":                  func() (float64, error) { return LogME(nil, labels) },
		"a has 1 row":                                      func() (float64, error) { return Frechet(gaussian(1, 7, 1), features) },
		"a has 7 columns, b has 6":                         func() (float64, error) { return Frechet(features, gaussian(9, 6, 1)) },
		"projections = 0: it must be from 1 to 100000":     func() (float64, error) { return SlicedWasserstein(features, features, 0, 1) },
		"a and b have 10001 rows: at most 10000":           func() (float64, error) { return MMD(gaussian(5001, 1, 1), gaussian(5000, 1, 2)) },
		"the median distance between rows is 0":            func() (float64, error) { return MMD(flat, flat) },
		"features has 15 rows: N-LEEP of 3 classes fits":   func() (float64, error) { return NLEEP(gaussian(15, 2, 1), classes[:15], 1) },
		"labels: all are 2: equal labels":                  func() (float64, error) { return LogME(features, slices.Repeat([]float64{2}, 30)) },
		"labels: they are a linear function":               func() (float64, error) { return LogME(features, mat.Col(nil, 3, features)) },
		"score: labels: they are a linear function of the": func() (float64, error) { return LogMEClasses(onehot(classes), classes) },
	} {
		if v, err := f(); err == nil || !strings.Contains(err.Error(), want) || v != 0 {
			t.Errorf("%v, %v; want an error with %q", v, err, want)
		}
	}
}

func onehot(classes []int) *mat.Dense {
	out := mat.NewDense(len(classes), 3, nil)
	for i, c := range classes {
		out.Set(i, c, 1)
	}
	return out
}

func TestBins(t *testing.T) {
	for _, c := range []struct {
		labels []float64
		bins   int
		want   string
	}{
		{[]float64{5, 1, 4, 2, 3, 6}, 3, "[2 0 1 0 1 2]"},
		{[]float64{5, 1, 4, 2, 3, 6, 7}, 2, "[1 0 1 0 0 1 1]"},      // 3 and 4
		{[]float64{-1, 3, -1, -1, -1, 3}, 2, "[0 1 0 0 0 1]"},       // each value is a class
		{[]float64{0, 0, 0, 0, 0, 0, 2, 1}, 2, "[0 0 0 0 0 0 1 1]"}, // the ties do not fill both
		{[]float64{9, 8, 7, 7, 7, 7, 7, 1, 2, 3, 4, 5}, 2, "[1 1 1 1 1 1 1 0 0 0 0 0]"},
		{[]float64{1, 2, 3, 4, 5, 5, 5, 5, 5, 7, 8}, 2, "[0 0 0 0 1 1 1 1 1 1 1]"},
		{[]float64{1, 2, 3, 3, 3, 3, 3, 5, 6, 7, 8}, 2, "[0 0 0 0 0 0 0 1 1 1 1]"},
	} {
		got, err := Bins(c.labels, c.bins)
		if fmt.Sprint(got) != c.want || err != nil {
			t.Errorf("%v in %d: %v, %v, want %s", c.labels, c.bins, got, err, c.want)
		}
	}
	for want, f := range map[string]func() ([]int, error){
		"bins = 1: it must be from 2 to 3":     func() ([]int, error) { return Bins([]float64{1, 2, 3, 4, 5, 6}, 1) },
		"bins = 4: it must be from 2 to 3":     func() ([]int, error) { return Bins([]float64{1, 2, 3, 4, 5, 6}, 4) },
		"number 2 is +Inf":                     func() ([]int, error) { return Bins([]float64{1, 2, math.Inf(1), 4}, 2) },
		"bins = 3: the labels have too many":   func() ([]int, error) { return Bins([]float64{0, 0, 0, 0, 0, 0, 1, 2, 3}, 3) },
		"class 1 has one row of 6: each class": func() ([]int, error) { return Bins([]float64{0, 0, 0, 0, 0, 1}, 2) },
		"1 class in 4 rows: at least 2":        func() ([]int, error) { return Bins([]float64{3, 3, 3, 3}, 2) },
	} {
		if got, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want an error with %q", got, err, want)
		}
	}
}

// Without ties the classes are equally large up to one row, and in the order of the labels.
func TestBinsAreQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(4, 60).Draw(t, "n")
		bins := rapid.IntRange(2, n/2).Draw(t, "bins")
		labels := mat.Col(nil, 0, gaussian(n, 1, rapid.Uint64().Draw(t, "seed")))
		classes, err := Bins(labels, bins)
		if err != nil {
			t.Fatal(err)
		}
		size := make([]int, bins)
		for i, c := range classes {
			size[c]++
			for j, d := range classes {
				if labels[i] < labels[j] && c > d {
					t.Fatalf("%v is in class %d, %v in %d", labels[i], c, labels[j], d)
				}
			}
		}
		if slices.Max(size)-slices.Min(size) > 1 {
			t.Errorf("sizes %v", size)
		}
	})
}
