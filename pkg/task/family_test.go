package task

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// A family is what its comment says: unit sources, orthogonal to Outside, Source in their span
// and the nearest there to the target, and βt = cosθ·βs + sinθ·Outside.
func TestFamilyIsGeometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(2, 20).Draw(t, "d")
		k := rapid.IntRange(1, d-1).Draw(t, "k")
		theta := rapid.Float64Range(-4, 4).Draw(t, "theta")
		p, err := NewFamily(d, k, theta, 0.3, Stream(rapid.Uint64().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		if p.D != d || p.Theta != theta || p.Sigma != 0.3 {
			t.Fatalf("d = %d, θ = %v, σ = %v", p.D, p.Theta, p.Sigma)
		}
		// The least-squares fit of a vector by the sources.
		fit := func(b []float64) []float64 {
			var w, at mat.VecDense
			if err := w.SolveVec(p.Sources, mat.NewVecDense(d, b)); err != nil {
				t.Skip("sources that are nearly dependent: ", err)
			}
			at.MulVec(p.Sources, &w)
			return at.RawVector().Data
		}
		combination := make([]float64, d)
		floats.AddScaledTo(combination, combination, math.Cos(theta), p.Source)
		floats.AddScaled(combination, math.Sin(theta), p.Outside)
		nearest := fit(p.Target)
		floats.AddScaled(nearest, -math.Cos(theta), p.Source)
		errors := map[string]float64{
			"‖βs‖":            floats.Norm(p.Source, 2) - 1,
			"‖Outside‖":       floats.Norm(p.Outside, 2) - 1,
			"βs in the span":  floats.Distance(fit(p.Source), p.Source, 2),
			"nearest to βt":   floats.Norm(nearest, 2),
			"βt":              floats.Distance(combination, p.Target, 2),
			"risk of nothing": p.Risk(make([]float64, d)) - 1,
		}
		if k == 1 {
			errors["the only source"] = floats.Distance(mat.Col(nil, 0, p.Sources), p.Source, 2)
		}
		for j := range k {
			source := mat.Col(nil, j, p.Sources)
			errors["‖source‖"] = max(errors["‖source‖"], math.Abs(floats.Norm(source, 2)-1))
			errors["source·Outside"] = max(errors["source·Outside"], math.Abs(floats.Dot(source, p.Outside)))
		}
		for name, e := range errors {
			if math.Abs(e) > 1e-7 {
				t.Errorf("d = %d, k = %d, θ = %v: %s is off by %v", d, k, theta, name, e)
			}
		}
	})
}

// The plane is uniformly random: a squared coordinate of βs and of Outside has the mean 1/d and
// the variance 2(d−1)/(d²(d+2)), and so has the product of two sources in d−1 dimensions. βs is
// as often on one side of a source as on the other.
func TestPlaneIsUniform(t *testing.T) {
	const d, trials = 5, 4000
	var source, outside, product, side float64
	for i := range uint64(trials) {
		p, err := NewFamily(d, 2, 1, 0, Stream(11, i))
		if err != nil {
			t.Fatal(err)
		}
		source += p.Source[0] * p.Source[0] / trials
		outside += p.Outside[d-1] * p.Outside[d-1] / trials
		product += math.Pow(mat.Dot(p.Sources.ColView(0), p.Sources.ColView(1)), 2) / trials
		side += math.Copysign(1/math.Sqrt(trials), mat.Dot(p.Sources.ColView(0), mat.NewVecDense(d, p.Source)))
	}
	for name, c := range map[string]struct{ mean, d float64 }{"βs": {source, d}, "Outside": {outside, d}, "two sources": {product, d - 1}} {
		sd := math.Sqrt(2 * (c.d - 1) / (c.d * c.d * (c.d + 2)) / trials)
		if z := (c.mean - 1/c.d) / sd; math.Abs(z) > 4 {
			t.Errorf("%s: mean square %v, want %v, z = %.2f", name, c.mean, 1/c.d, z)
		}
	}
	if math.Abs(side) > 4 {
		t.Errorf("the sides of a source: z = %.2f", side)
	}
}

// Turning a target changes only what it says, and leaves the first pair as it was.
func TestAt(t *testing.T) {
	p, err := NewPair(6, 0.4, 0.2, Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(p.Target)
	q, err := p.At(2, 0.5)
	if err != nil || q.Theta != 2 || q.Sigma != 0.5 || math.Abs(q.Overlap()-math.Cos(2)) > 1e-14 || !slices.Equal(p.Target, before) || p.Theta != 0.4 {
		t.Errorf("%+v, %v", q, err)
	}
	back, err := q.At(0.4, 0.2)
	if err != nil || !slices.Equal(back.Target, before) {
		t.Errorf("turned back: %v, before %v, %v", back.Target, before, err)
	}
}

// Labels are Xβ + σ·noise to rounding: of the target with the noise of the pair, of the source
// with a noise of its own. A longer draw begins with the shorter one.
func TestDrawIsLinear(t *testing.T) {
	p, err := NewPair(4, 2, 0.7, Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	x, noise := Sample(9, 4, Stream(2))
	target, err := p.Draw(9, Stream(2))
	if err != nil {
		t.Fatal(err)
	}
	source, err := p.DrawSource(9, 0.3, Stream(2))
	if err != nil {
		t.Fatal(err)
	}
	short, err := p.Draw(5, Stream(2))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		row := x.RawRowView(i)
		if !slices.Equal(row, target.X.RawRowView(i)) || !slices.Equal(row, source.X.RawRowView(i)) {
			t.Errorf("point %d differs", i)
		}
		for name, c := range map[string]struct{ got, want float64 }{
			"target": {target.Y[i], floats.Dot(row, p.Target) + 0.7*noise[i]},
			"source": {source.Y[i], floats.Dot(row, p.Source) + 0.3*noise[i]},
		} {
			if math.Abs(c.got-c.want) > 1e-14*(1+math.Abs(c.want)) {
				t.Errorf("%s: label %d is %v, want %v", name, i, c.got, c.want)
			}
		}
		if i < 5 && (!slices.Equal(short.X.RawRowView(i), row) || short.Y[i] != target.Y[i]) {
			t.Errorf("point %d of a shorter draw differs", i)
		}
	}
	if n, d := Normal(7, 3, Stream(1)).Dims(); n != 7 || d != 3 {
		t.Errorf("%d points in %d dimensions", n, d)
	}
}

// Every coordinate, and the noise, is standard normal and independent of the others: the means
// of all products of two have the errors of their theory, and a fourth power has the mean 3
// and the variance 96.
func TestSampleIsStandardNormal(t *testing.T) {
	const n, d = 20000, 3
	x, noise := Sample(n, d, Stream(5))
	y := Normal(n, d, Stream(6))
	var all mat.Dense
	all.Augment(x, mat.NewDense(n, 1, noise))
	var both mat.Dense
	both.Augment(&all, y)
	var gram mat.Dense
	gram.Mul(both.T(), &both)
	for i := range 2*d + 1 {
		if z := mat.Sum(both.ColView(i)) / math.Sqrt(n); math.Abs(z) > 4 {
			t.Errorf("column %d: the mean has z = %.2f", i, z)
		}
		fourth := 0.0
		for _, v := range mat.Col(nil, i, &both) {
			fourth += v * v * v * v / n
		}
		if z := (fourth - 3) / math.Sqrt(96./n); math.Abs(z) > 4 {
			t.Errorf("column %d: the fourth power has z = %.2f", i, z)
		}
		for j := range i + 1 {
			want, sd := 0.0, 1.0
			if i == j {
				want, sd = 1, math.Sqrt2
			}
			if z := (gram.At(i, j)/n - want) / (sd / math.Sqrt(n)); math.Abs(z) > 4 {
				t.Errorf("columns %d and %d: z = %.2f", i, j, z)
			}
		}
	}
}

// The edges of what is allowed.
func TestEdges(t *testing.T) {
	for _, c := range []struct {
		d, k         int
		theta, sigma float64
		field        string // "" if it is allowed
	}{
		{2, 1, 0, 0, ""}, {1, 1, 0, 0, "d = 1"}, {3, 2, 0, 0, ""}, {3, 3, 0, 0, "k = 3"}, {3, 0, 0, 0, "k = 0"},
		{3, 1, math.Inf(1), 0, "theta = +Inf"}, {3, 1, math.Inf(-1), 0, "theta = -Inf"}, {3, 1, 1, math.NaN(), "sigma = NaN"}, {3, 1, 1, 1e300, ""},
	} {
		_, err := NewFamily(c.d, c.k, c.theta, c.sigma, Stream(1))
		if (err == nil) != (c.field == "") || err != nil && !strings.Contains(err.Error(), c.field) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	p, err := NewPair(2, 1, 0, Stream(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n     int
		sigma float64
		field string
	}{{1, 0, ""}, {0, 0, "n = 0"}, {2, -1, "sigma = -1"}, {2, math.Inf(1), "sigma = +Inf"}, {2, math.NaN(), "sigma = NaN"}} {
		data, err := p.DrawSource(c.n, c.sigma, Stream(1))
		if (err == nil) != (c.field == "") || err != nil && (!strings.Contains(err.Error(), c.field) || data.X != nil) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
