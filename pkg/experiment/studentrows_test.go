package experiment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
)

// students10 returns a table of students at d = 10 with numbers that follow from μ, n and the
// trial alone.
func students10(t *testing.T, n []int, value func(q theory.Quantity, mu float64, n, trial int) float64) *Table {
	t.Helper()
	s := Students{D: 10, Teacher: 8, Width: 10, Mu: []float64{0.75, 0.5}, N: n, Trials: 3, Seed: 1}
	p, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	r := &Table{study: s, trials: 3, origin: p.origin, origins: p.origins, Cells: p.columns()}
	for _, c := range r.Cells {
		for q, x := range c.values {
			for k := range x {
				x[k] = value(q, c.At(Mu), c.Setting.N, k)
			}
		}
	}
	if err := p.finish(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// The mean over trials and its error, by hand.
func meanByHand(x ...float64) (mean, stderr float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		stderr += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(stderr / float64(len(x)-1) / float64(len(x)))
}

// The power law of each trial is a fit to the n that are asked for; their mean and error are
// those over trials; the line, the plane and the law meet where they should.
func TestScratchLawByHand(t *testing.T) {
	nu := []float64{1.1, 1.3, 1.5}
	a := []float64{2, 3, 7}
	r := students10(t, []int{100, 4, 30, 10}, func(q theory.Quantity, mu float64, n, k int) float64 {
		if n < 10 {
			return 50 // not in the fit
		}
		return a[k] * math.Pow(float64(n), -nu[k])
	})
	law := r.ScratchLaw(10)
	mean, stderr := meanByHand(nu...)
	logA, logErr := meanByHand(math.Log(2), math.Log(3), math.Log(7))
	if law.Err() != nil || !near(law.Nu.Value, mean) || !near(law.Nu.StdErr, stderr) || !near(law.LogA.Value, logA) || !near(law.LogA.StdErr, logErr) || law.From != 10 || law.To != 100 || law.Trials != 3 {
		t.Fatalf("%+v", law)
	}
	at := func(n float64) float64 { return math.Exp(logA) * math.Pow(n, -mean) }
	if !near(law.At(17), at(17)) || math.Abs(law.meets(at(17))-17) > 1e-9 {
		t.Errorf("at 17: %v, want %v; it is there at %v", law.At(17), at(17), law.meets(at(17)))
	}
	label, x, y, _ := law.Line().Curve(0)
	if label != "scratch" || len(x) != 2 || math.Abs(x[0]-10) > 1e-9 || math.Abs(x[1]-100) > 1e-9 || !near(y[0], at(10)) || math.Abs(y[1]-at(100)) > 1e-9 {
		t.Errorf("the line %q is %v, %v", label, x, y)
	}
	row := law.Verdict("a source", 1.18).Rows[0]
	if row.Theory.Value != 1.18 || row.Measured != law.Nu || row.Trials != 3 || row.Source != "a source" {
		t.Errorf("%+v", row)
	}
	if err := r.ScratchLaw(11).Err(); err == nil {
		t.Error("a fit to two n is no error")
	}
	label, x, y, _ = r.OverSquare().Curve(0)
	if label != "$d = 10$" || !slices.Equal(x, []float64{1, 0.04, 0.3, 0.1}) || !near(y[1], 50) {
		t.Errorf("%q: %v, %v", label, x, y)
	}
}

// A plane of students has the mean transferability at μ and n/d, and the boundary where the
// law from scratch meets the floor of the teachers.
func TestLawPlaneByHand(t *testing.T) {
	value := func(q theory.Quantity, mu float64, n, k int) float64 {
		switch q {
		case theory.RiskScratch:
			return 10 / float64(n)
		case theory.RiskLinear:
			return mu + float64(k)
		case theory.RiskFineTune:
			return 2*mu + float64(k)
		}
		return 1
	}
	r := students10(t, []int{20, 5, 40}, value)
	law := PowerLaw{LogA: theory.Value{Value: math.Log(10)}, Nu: theory.Value{Value: 1}}
	for q, times := range map[theory.Quantity]float64{theory.TLinear: 1, theory.TFineTune: 2} {
		p := r.LawPlane(q, law)
		if p.Err() != nil || !slices.Equal(p.X, []float64{0.75, 0.5}) || !slices.Equal(p.Y, []float64{2, 0.5, 4}) {
			t.Fatalf("%v × %v, %v", p.X, p.Y, p.Err())
		}
		for i, n := range []float64{20, 5, 40} {
			for j, mu := range p.X {
				if want := 10/n - times*mu - 1; !near(p.Value[i][j], want) {
					t.Errorf("%s at μ = %v, n = %v: %v, want %v", q, mu, n, p.Value[i][j], want)
				}
			}
		}
		x, y := p.Boundary()
		if q == theory.TFineTune {
			if len(x) != 0 {
				t.Error("fine-tuning has a boundary")
			}
			continue
		}
		if len(x) != 1 || len(x[0]) != 7 {
			t.Fatalf("a boundary at %v", x)
		}
		for i := range x[0] {
			rho := 0.0
			for trial := range 3 {
				target, err := r.study.(Students).teacher(trial)
				if err != nil {
					t.Fatal(err)
				}
				one, _ := schur(target.W, over(target.C, 8), i+1)
				rho += one / 3
			}
			// 10/n = ρ, in units of d.
			if !near(x[0][i], float64(i+1)/8) || math.Abs(y[0][i]-1/rho) > 1e-6/rho {
				t.Errorf("the boundary at μ = %v is at n/d = %v, want %v", x[0][i], y[0][i], 1/rho)
			}
		}
	}
}

// The law of k features is ρ(1 + k/(n−k−1)), where n > k + 2, at the mean over teachers.
func TestFeatureLawByHand(t *testing.T) {
	rho := []float64{0.2, 0.5, 1}
	value := func(q theory.Quantity, mu float64, n, k int) float64 {
		switch {
		case q == theory.FeatureResidual:
			return rho[k] * mu
		case q == Floor:
			return rho[k] * mu / 2
		case q == theory.RiskLinear && mu == 0.5 && n == 4:
			return 99 // below 2k
		case q == theory.RiskLinear: // a factor of the law
			neurons := 8 - int(8*mu)
			return []float64{0.8, 1, 1.3}[k] * rho[k] * mu * (1 + float64(neurons)/float64(n-neurons-1)) * (1 + float64(n)/1000)
		case q == AllNeurons:
			return float64(n) + 10*mu + float64(k)
		case q == theory.RiskFineTune:
			return float64(n*k) * mu
		case q == theory.RiskScratch:
			return 0.6*float64(k+1)/float64(n) + 0.5
		}
		return 1
	}
	r := students10(t, []int{50, 8, 4}, value)
	s := r.FeatureLaw()
	for g, mu := range []float64{0.75, 0.5} {
		k := []float64{2, 4}[g]
		label, x, y, _ := s.Curve(g)
		if label != Mu.Label(mu) || x[len(x)-1] < 49.99 {
			t.Errorf("%q from %v to %v", label, x[0], x[len(x)-1])
		}
		points := 0
		for _, at := range Ratios(4, 50, exactPoints) {
			if math.Round(at) > k+2 {
				points++
			}
		}
		if points != len(x) {
			t.Errorf("μ = %v: %d points of %d", mu, len(x), points)
		}
		for i := range x {
			if want := mu * (1.7 / 3) * (1 + k/(math.Round(x[i])-k-1)); !near(y[i], want) {
				t.Errorf("μ = %v, n = %v: %v, want %v", mu, x[i], y[i], want)
			}
		}
	}
	// The ratio of the risk to the law is averaged over n ≥ 2k.
	v := r.OnFeatures()
	if v.Err() != nil || len(v.Rows) != 2 {
		t.Fatal(v.Err())
	}
	for i, want := range []float64{1 + (50.+8+4)/3/1000, 1 + (50.+8)/2/1000} {
		mean, stderr := meanByHand(0.8*want, 1*want, 1.3*want)
		if row := v.Rows[i]; row.Theory.Value != 1 || !near(row.Measured.Value, mean) || !near(row.Measured.StdErr, stderr) || row.Trials != 3 {
			t.Errorf("%+v, want %v ± %v", row, mean, stderr)
		}
	}
	// A change is the first minus the second, over the same n.
	v = r.Changes(AllNeurons, theory.RiskFineTune)
	for i, c := range []struct{ mu, n float64 }{{0.75, 62. / 3}, {0.5, 29}} {
		var x []float64
		for k := range 3 {
			x = append(x, c.n+10*c.mu+float64(k)-c.n*float64(k)*c.mu)
		}
		mean, stderr := meanByHand(x...)
		if row := v.Rows[i]; row.Theory.Value != 0 || !near(row.Measured.Value, mean) || !near(row.Measured.StdErr, stderr) {
			t.Errorf("%+v, want %v ± %v", row, mean, stderr)
		}
	}
	few := students10(t, []int{3, 5}, value)
	if err := few.OnFeatures().Err(); err == nil || !strings.Contains(err.Error(), "on 8 points or more") {
		t.Error(err)
	}
}

// Where the law from scratch is above that of the features transfer must win, and elsewhere
// lose; a mean of the wrong sign disagrees.
func TestSignsByHand(t *testing.T) {
	for _, sign := range []float64{1, -1} {
		r := students10(t, []int{10, 100}, func(q theory.Quantity, mu float64, n, k int) float64 {
			switch {
			case q == Floor:
				return 0.1
			case q == theory.FeatureResidual:
				return 0.9 // not what is predicted with
			case q == theory.RiskScratch:
				return 1
			case q == theory.RiskLinear && n == 10:
				return 1 - sign*(0.5+0.01*float64(k)+mu)
			case q == theory.RiskLinear:
				return 1 + sign*(0.2+0.01*float64(k)+mu)
			}
			return 1
		})
		// The law is 1/n·3: .3 at n = 10, .03 at 100; the features give .1·(1 + k/(n−k−1)), at most .18.
		v := r.Signs(theory.TLinear, PowerLaw{LogA: theory.Value{Value: math.Log(3)}, Nu: theory.Value{Value: 1}})
		if v.Err() != nil || len(v.Rows) != 2 || v.Rows[0].Claim != ">" || v.Rows[1].Claim != "<" {
			t.Fatal(v.Err(), v)
		}
		for i, base := range []float64{0.5 + 0.625, -(0.2 + 0.625)} {
			row := v.Rows[i]
			mean, stderr := meanByHand(base, base+math.Copysign(0.01, base), base+math.Copysign(0.02, base))
			if !near(row.Measured.Value, sign*mean) || !near(row.Measured.StdErr, stderr) || row.Agree != (sign > 0) || !strings.HasPrefix(row.Setting, "2 cells") {
				t.Errorf("%+v, want %v ± %v", row, sign*mean, stderr)
			}
		}
	}
	// All cells on one side: one row.
	r := madeUp()
	if v := r.Signs(theory.TLinear, PowerLaw{LogA: theory.Value{Value: 10}}); len(v.Rows) != 1 || v.Rows[0].Claim != ">" || v.Agrees() {
		t.Errorf("%v", v)
	}
}

// A part of a study has the cells that its procedures have.
func TestCellsOfSomeProcedures(t *testing.T) {
	for _, c := range []struct {
		runs  []Procedure
		cells int
		has   []theory.Quantity
	}{
		{nil, 2*3 + 2, []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, AllNeurons, theory.FeatureResidual, theory.TLinear, theory.TFineTune}},
		{[]Procedure{Scratch}, 2, []theory.Quantity{theory.RiskScratch}},
		{[]Procedure{Transfer}, 6, []theory.Quantity{theory.RiskLinear, AllNeurons, theory.FeatureResidual}},
		{[]Procedure{FineTune}, 6, []theory.Quantity{theory.RiskFineTune, theory.FeatureResidual}},
		{[]Procedure{Scratch, FineTune}, 8, []theory.Quantity{theory.RiskScratch, theory.RiskFineTune, theory.FeatureResidual, theory.TFineTune}},
	} {
		s := Students{D: 3, Teacher: 3, Width: 8, Mu: []float64{0.34, 0.67}, N: []int{5, 9}, Trials: 2, Seed: 3, Procedures: c.runs}
		r := must(t, s.Run())
		if len(r.Cells) != c.cells {
			t.Errorf("%q: %d cells, want %d", c.runs, len(r.Cells), c.cells)
		}
		for _, q := range []theory.Quantity{theory.RiskScratch, theory.RiskLinear, theory.RiskFineTune, AllNeurons, theory.FeatureResidual, theory.TLinear, theory.TFineTune} {
			has := slices.ContainsFunc(r.Cells, func(c Cell) bool { return c.has(q) })
			if has != slices.Contains(c.has, q) {
				t.Errorf("%q: %s is measured: %v", c.runs, q, has)
			}
		}
	}
}
