package diagnose

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/score"
	"gonum.org/v1/gonum/mat"
)

func TestRefusedData(t *testing.T) {
	x, y := rows(60, 4, 1)
	good := Data{Features: x, Inputs: x, Labels: column(y)}
	with := func(change func(*Data)) Data {
		d := good
		change(&d)
		return d
	}
	edited := func(edit func(*mat.Dense)) *mat.Dense {
		m := mat.DenseCopyOf(x)
		edit(m)
		return m
	}
	measured := func(m Measured) Data { return with(func(d *Data) { d.Measured = []Measured{m} }) }
	for _, c := range []struct {
		data Data
		want string
	}{
		{with(func(d *Data) { d.Labels = column(y[:40]) }), "40 rows: at least 50"},
		{with(func(d *Data) { d.Labels = nil }), "Labels is missing"},
		{with(func(d *Data) { d.Features = nil }), "Features is missing"},
		{with(func(d *Data) { d.Inputs = (*mat.Dense)(nil) }), "Inputs is missing"},
		{with(func(d *Data) { d.Maps = []Map{{"a", x}} }), "Features and Maps are given"},
		{with(func(d *Data) { d.Features, d.Maps = nil, []Map{{"a", x}, {"a", x}} }), `"a" is not a free name`},
		{with(func(d *Data) { d.Features, d.Maps = nil, []Map{{"kernel", x}} }), `"kernel" is not a free name`},
		{with(func(d *Data) { d.Inputs = x.Slice(0, 59, 0, 4) }), "Inputs has 59 rows, Labels has 60"},
		{with(func(d *Data) { d.Features = edited(func(m *mat.Dense) { m.Set(7, 2, math.NaN()) }) }), "features: row 7, column 2 is NaN"},
		{with(func(d *Data) { d.Features = mat.NewDense(60, 3, nil) }), "all columns of features are constant"},
		{with(func(d *Data) { d.Features = edited(func(m *mat.Dense) { m.SetCol(1, y) }) }), "features: column 1 is the label y"},
		{with(func(d *Data) { d.Labels = mat.NewVecDense(60, nil) }), "all labels of column 0 are equal"},
		{with(func(d *Data) { d.Names = []string{"a", "b"} }), "2 names for 1 label columns"},
		{with(func(d *Data) { d.Classes = true }), "60 different values: want whole numbers"},
		{with(func(d *Data) { d.Classes, d.Labels = true, x }), "4 columns: want one"},
		{with(func(d *Data) {
			d.Inputs = edited(func(m *mat.Dense) { m.Slice(0, 4, 0, 4).(*mat.Dense).Copy(m.Slice(4, 8, 0, 4)) })
		}), "4 of 60 rows repeat"},
		{with(func(d *Data) { d.Source = x.Slice(10, 13, 0, 4) }), "3 of 60 rows are in Source"},
		{with(func(d *Data) { d.Source = mat.NewDense(2, 3, nil) }), "Source has 3 columns, Inputs has 4"},
		{with(func(d *Data) { d.At = []int{10} }), "At: 10 labels: want 20 to 960"},
		{with(func(d *Data) { d.At = []int{1000} }), "At: 1000 labels: want 20 to 960"},
		{with(func(d *Data) { d.At = []int{60, 60} }), "60 follows 60"},
		{measured(Measured{Name: "kernel"}), `the name is "kernel"`},
		{measured(Measured{Name: "net", N: []float64{10}, Risk: []float64{1}}), "at least two"},
		{measured(Measured{Name: "net", N: []float64{10, 20}, Risk: []float64{1, 0}}), "Risk[1] = 0"},
		{measured(Measured{Name: "net", N: []float64{20, 10}, Risk: []float64{1, 1}}), "N[1] = 10"},
		{measured(Measured{Name: "net", N: []float64{10, 20}, Risk: []float64{1, 1}, SE: []float64{0, -1}}), "SE[1] = -1"},
		{measured(Measured{Name: "net", N: []float64{1000, 2000}, Risk: []float64{1, 1}}), "no number of labels from 30 to 240"},
	} {
		if _, err := Run(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, err := Run(with(func(d *Data) { d.Labels = x })); err == nil {
		t.Error("Run takes four label columns")
	}
}

func TestWarnings(t *testing.T) {
	x, y := rows(120, 4, 1)
	rng := rand.New(rand.NewPCG(1, 2))
	wide := mat.NewDense(120, 5, nil) // with a constant column
	wide.Slice(0, 120, 0, 4).(*mat.Dense).Copy(x)
	twice := mat.DenseCopyOf(x)
	twice.SetRow(0, x.RawRowView(1))
	classes := mat.NewVecDense(120, nil)
	for i := range 120 {
		classes.SetVec(i, float64(rng.IntN(3)))
		if i < 5 {
			classes.SetVec(i, 3)
		}
	}
	exact := mat.NewVecDense(120, nil)
	exact.MulVec(x, mat.NewVecDense(4, []float64{1, 2, 3, 4}))
	other := normal(rng, 120, 4)
	far := mat.DenseCopyOf(x)
	far.Set(7, 3, 200)
	for _, c := range []struct {
		data Data
		want string
	}{
		{Data{Features: wide, Inputs: x, Labels: column(y)}, "1 of the 5 columns of features are constant"},
		{Data{Features: x, Inputs: twice, Labels: column(y)}, "1 of 120 rows of Inputs repeat"},
		{Data{Features: x, Inputs: x, Labels: classes}, "the labels are 4 whole numbers"},
		{Data{Features: x, Inputs: x, Labels: classes, Classes: true}, "class 3 has 5 rows"},
		{Data{Features: x, Inputs: x, Labels: exact}, "the difference is of no importance"},
		{Data{Features: x, Inputs: other, Labels: exact}, "make sure that they do not hold it"},
		{Data{Features: far, Inputs: x, Labels: column(y)}, "1 rows alone decide their fit by the features"},
	} {
		r, err := Compare(c.data)
		if err != nil {
			t.Error(err)
			continue
		}
		if text := strings.Join(strings.Fields(r.String()), " "); !strings.Contains(text, c.want) {
			t.Errorf("no %q in\n%s", c.want, text)
		}
	}
}

// The risk over all classes is the mean of those of the classes, weighted by their variances.
func TestSumOverClasses(t *testing.T) {
	x, y := rows(150, 6, 3)
	classes := mat.NewVecDense(150, nil)
	for i, v := range y {
		classes.SetVec(i, math.Max(0, math.Min(2, math.Round(v+1))))
	}
	r, err := Compare(Data{Features: x.Slice(0, 150, 0, 2), Inputs: x, Labels: classes, Classes: true, Names: []string{"low", "middle", "high"}, At: []int{150, 300}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 4 || r.Results[2].Label != "high" || r.Results[3].Label != "all classes" {
		t.Fatalf("%d results", len(r.Results))
	}
	for arm := range 3 {
		sum, unit := 0.0, 0.0
		for c, res := range r.Results[:3] {
			share := 0.0
			for i := range 150 {
				if classes.AtVec(i) == float64(c) {
					share += 1.0 / 150
				}
			}
			sum += share * (1 - share) * res.Arms[arm].Risk[1]
			unit += share * (1 - share)
		}
		if got := r.Results[3].Arms[arm].Risk[1]; math.Abs(got-sum/unit) > 1e-12 {
			t.Errorf("%s: %v over all classes, %v by hand", r.Results[3].Arms[arm].Name, got, sum/unit)
		}
	}
}

// Standardised columns do not depend on their units, and columns that are not do.
func TestStandardize(t *testing.T) {
	x, y := rows(100, 5, 1)
	scaled := mat.DenseCopyOf(x)
	for i := range 100 {
		scaled.Set(i, 0, 1000*x.At(i, 0))
	}
	run := func(features *mat.Dense, standardize bool) float64 {
		r, err := Run(Data{Features: features, Inputs: x, Labels: column(y), At: []int{40}, Standardize: standardize})
		if err != nil {
			t.Fatal(err)
		}
		return r.Arms[0].Risk[0]
	}
	if a, b := run(x, true), run(scaled, true); math.Abs(a-b) > 1e-9 {
		t.Errorf("standardised: %v and %v", a, b)
	}
	if a, b := run(x, false), run(scaled, false); math.Abs(a-b) < 1e-6 {
		t.Errorf("as they are: %v and %v", a, b)
	}
}

// The scores of classes are those of all classes together, and stand beside that result only.
func TestScores(t *testing.T) {
	x, y := rows(120, 5, 3)
	classes, numbers := mat.NewVecDense(120, nil), make([]int, 120)
	for i, v := range y {
		numbers[i] = int(math.Max(0, math.Min(2, math.Round(v+1))))
		classes.SetVec(i, float64(5*numbers[i]))
	}
	for what, in := range map[string]Data{
		"classes": {Features: x, Inputs: x, Labels: classes, Classes: true, At: []int{60}, Source: normal(rand.New(rand.NewPCG(1, 1)), 30, 5)},
		"numbers": {Features: x, Inputs: x, Labels: column(y), At: []int{60}},
	} {
		r, err := Compare(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Score(in); err != nil {
			t.Fatal(err)
		}
		last := r.Results[len(r.Results)-1]
		want, err := score.LogME(x, y)
		h, err2 := score.HScore(x, numbers)
		if what == "classes" {
			want, err = score.LogMEClasses(x, numbers)
			if r.Results[0].Scores != nil || len(r.Distances) != 3 {
				t.Errorf("%v, %v", r.Results[0].Scores, r.Distances)
			}
		} else {
			var bins []int
			if bins, err2 = score.Bins(y, 4); err2 == nil {
				h, err2 = score.HScore(x, bins)
			}
		}
		if err != nil || err2 != nil || last.Scores["LogME"] != want || last.Scores["H-score"] != h {
			t.Errorf("%s: %v, want LogME %v and H-score %v (%v, %v)", what, last.Scores, want, h, err, err2)
		}
	}
	bad := column(y)
	if _, err := scoresOf(x, bad.RawVector().Data, make([]int, 120), false, 1); err == nil {
		t.Error("one class is accepted")
	}
}
