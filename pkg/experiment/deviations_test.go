package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// means of independent cells along d: the exact mean of R_lt is s² + τ²/(n−2).
func alongD(exactError float64, measured func(d int, exact float64) theory.Value, d ...int) (*Table, theory.Result) {
	r := &Table{study: Experiment{}, trials: 50, origin: origin{Law, 3}}
	result := theory.Result{Name: "r", Source: "s", Quantity: theory.RiskLinear,
		Limit: func(l theory.Limit) (float64, error) { return l.Sigma + l.Gamma, nil },
		Mean: func(s theory.Setting) (theory.Value, error) {
			return theory.Value{Value: s.Sigma + s.Gamma() - 3*math.Pow(float64(s.D), -1.2), StdErr: exactError}, nil
		}}
	for _, x := range d {
		s := theory.Setting{N: x / 2, D: x, Sigma: 0.3, Depth: 2}
		r.Cells = append(r.Cells, Cell{Setting: s, means: &means{trials: 50, values: map[theory.Quantity]theory.Value{
			theory.RiskLinear: measured(x, s.Sigma+s.Gamma())}}})
	}
	return r, result
}

// Distances from the limit have the sign for which the exact one is positive, and their
// exponent is that of the fit; a theory that is itself sampled is drawn as its power law.
func TestSeeAllOfDeviations(t *testing.T) {
	measured := func(d int, limit float64) theory.Value {
		return theory.Value{Value: limit - 2*math.Pow(float64(d), -1.1), StdErr: 1e-4 * float64(d)}
	}
	r, result := alongD(0, measured, 40, 10, 20, 80)
	v := r.Deviations(result, None)
	_, x, y, bar := v.Points().Curve(0)
	_, lx, ly, _ := v.Lines().Curve(0)
	for i, d := range []float64{40, 10, 20, 80} {
		if x[i] != d || lx[i] != d || math.Abs(y[i]-2*math.Pow(d, -1.1)) > 1e-12 || bar[i] != 1e-4*d || math.Abs(ly[i]-3*math.Pow(d, -1.2)) > 1e-12 {
			t.Errorf("d = %v: %v ± %v, exactly %v", x[i], y[i], bar[i], ly[i])
		}
	}
	if title, name := v.Titles(); title != Dimension.Title() || !strings.Contains(name, "infty") {
		t.Error(title, name)
	}
	if method, seed := v.Points().Origin(0); method != "law" || seed != 3 {
		t.Errorf("%q %d", method, seed)
	}
	row := r.Exponents(None, result).Rows[0]
	if math.Abs(row.Measured.Value-1.1) > 1e-9 || math.Abs(row.Theory.Value-1.2) > 1e-9 || row.Theory.StdErr != 0 || !(row.Measured.StdErr > 0) || row.Trials != 50 || row.Source != "s" ||
		row.Setting != "d from 10 to 80, γ=0.5 θ=0° σ=0.3 L=2" {
		t.Errorf("%+v", row)
	}
	// Sampled exact means: the line is their fit, at every d.
	r, result = alongD(1e-3, measured, 10, 20, 40, 80)
	exact := result.Mean
	result.Mean = func(s theory.Setting) (theory.Value, error) {
		v, err := exact(s)
		v.Value += map[int]float64{10: 1e-3, 40: -1e-3}[s.D]
		return v, err
	}
	_, lx, ly, _ = r.Deviations(result, None).Lines().Curve(0)
	for i := 1; i < 3; i++ { // a power law: the logarithms lie on a line
		if a, b := math.Log(ly[i]/ly[i-1]), math.Log(ly[i+1]/ly[i]); math.Abs(a-b) > 1e-9 || math.Abs(ly[i]-3*math.Pow(lx[i], -1.2)) > 4e-3 {
			t.Errorf("the line is %v", ly)
		}
	}
	loose := result // a mean that is hardly known has no weight
	loose.Mean = func(s theory.Setting) (theory.Value, error) {
		v, err := exact(s)
		v.StdErr = 1e-3
		if s.D == 20 {
			v.Value, v.StdErr = v.Value+0.02, 1e3
		}
		return v, err
	}
	_, lx, ly, _ = r.Deviations(loose, None).Lines().Curve(0)
	for i := range lx {
		if math.Abs(ly[i]-3*math.Pow(lx[i], -1.2)) > 1e-8 {
			t.Errorf("d = %v: the line is at %v, want %v", lx[i], ly[i], 3*math.Pow(lx[i], -1.2))
		}
	}
	_, _, three, _ := r.Where(func(s theory.Setting) bool { return s.D < 80 }).Deviations(result, None).Lines().Curve(0)
	if a, b := math.Log(three[1]/three[0]), math.Log(three[2]/three[1]); math.Abs(a-b) > 1e-9 { // three are one
		t.Errorf("the line through three dimensions is %v", three)
	}
	few := r.Where(func(s theory.Setting) bool { return s.D < 40 }) // two dimensions are no fit: the means themselves
	_, _, ly, _ = few.Deviations(result, None).Lines().Curve(0)
	if math.Abs(ly[0]-(3*math.Pow(10, -1.2)-1e-3)) > 1e-12 {
		t.Errorf("%v", ly)
	}
	if row := r.Exponents(None, result).Rows[0]; !(row.Theory.StdErr > 0) || math.Abs(row.Theory.Value-1.2) > 4*row.Theory.StdErr {
		t.Errorf("a sampled exponent %v", row.Theory)
	}
	// Errors that do not move: none of the trials differ.
	still, _ := alongD(0, func(d int, limit float64) theory.Value { return theory.Value{Value: limit - 1/float64(d)} }, 10, 20, 40)
	if err := still.Exponents(None, result).Err(); err == nil || !strings.Contains(err.Error(), "all trials at d = 10 are equal") {
		t.Error(err)
	}
	// Above the limit the sign is the other one.
	above := result
	above.Mean = func(s theory.Setting) (theory.Value, error) {
		return theory.Value{Value: s.Sigma + s.Gamma() + 1/float64(s.D)}, nil
	}
	if _, _, y, _ := r.Deviations(above, None).Points().Curve(0); y[0] >= 0 {
		t.Errorf("measured below the limit and exactly above: %v", y)
	}
	none := above
	none.Mean = func(s theory.Setting) (theory.Value, error) { return theory.Value{Value: s.Sigma + s.Gamma()}, nil }
	if _, _, y, _ := r.Deviations(none, None).Points().Curve(0); math.Abs(y[0]+2*math.Pow(10, -1.1)) > 1e-12 {
		t.Errorf("measured below the limit, which is exact: %v", y)
	}
	if err := r.Exponents(None, none).Err(); err == nil || !strings.Contains(err.Error(), "needs one above 0") {
		t.Error(err)
	}
}

// The exponent that a table says has the error that it says, with sampled exact means.
func TestExponentsAreCalibrated(t *testing.T) {
	calibrated(t, "exponents of d", 600, func(rng *rand.Rand) *verdict.Verdict {
		const theoryError = 3e-4
		r, result := alongD(theoryError, func(d int, limit float64) theory.Value {
			sd := 1e-3 / math.Sqrt(float64(d)/10)
			return theory.Value{Value: limit - 3*math.Pow(float64(d), -1.2) + sd*rng.NormFloat64(), StdErr: sd}
		}, 10, 20, 40, 80)
		off := map[int]float64{}
		for _, c := range r.Cells {
			off[c.Setting.D] = theoryError * rng.NormFloat64()
		}
		exact := result.Mean
		result.Mean = func(s theory.Setting) (theory.Value, error) {
			v, err := exact(s)
			v.Value += off[s.D]
			return v, err
		}
		return r.Exponents(None, result)
	})
}
