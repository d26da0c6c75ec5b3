package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/stat/distuv"
)

func value(x, stderr float64) theory.Value { return theory.Value{Value: x, StdErr: stderr} }

// A row agrees within 4 standard errors of both sides together, and each claim has its own
// side.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		theory, measured      theory.Value
		z                     float64
		same, not, over, less bool
	}{
		{value(1, 0), value(1.3, 0.1), 3, true, false, false, false},
		{value(1, 0), value(1.5, 0.1), 5, false, true, true, false},
		{value(1, 0), value(0.5, 0.1), -5, false, true, false, true},
		{value(1, 0.3), value(3, 0.4), 4, true, false, false, false},
		{value(1, 0), value(1, 0), 0, true, false, false, false},
		{value(1, 0), value(1+1e-13, 0), 0, true, false, false, false},
		{value(-1e6, 0), value(-1e6-5e-7, 0), 0, true, false, false, false},
		{value(1e6, 0), value(1e6+5e-6, 0), math.Inf(1), false, true, true, false},
		{value(0, 0), value(1.2e-12, 0), math.Inf(1), false, true, true, false},
		{value(1, 0), value(2, 0), math.Inf(1), false, true, true, false},
		{value(2, 0), value(1, 0), math.Inf(-1), false, true, false, true},
		{value(math.NaN(), 0), value(1, 0.1), math.NaN(), false, false, false, false},
		{value(math.Inf(1), 0), value(1, 0.1), math.Inf(-1), false, true, false, true},
		{value(math.Inf(1), 0), value(math.Inf(1), 0), math.NaN(), false, false, false, false},
		{value(5, math.Inf(1)), value(1, 0.1), math.NaN(), false, false, false, false},
		{value(1, -1), value(1, 0.1), math.NaN(), false, false, false, false},
		{value(1, 0), value(math.NaN(), 0.1), math.NaN(), false, false, false, false},
	} {
		v := Compare("r", "s", "at", c.theory, c.measured, 0)
		if z := v.Rows[0].Z; math.Abs(z-c.z) > 1e-9 || math.IsNaN(z) != math.IsNaN(c.z) {
			t.Errorf("%v against %v: z = %v, want %v", c.theory, c.measured, z, c.z)
		}
		for claim, got := range map[string][2]bool{"=": {v.Agrees(), c.same}, "≠": {v.Refuted().Agrees(), c.not},
			">": {v.Above().Agrees(), c.over}, "<": {v.Below().Agrees(), c.less}} {
			if got[0] != got[1] {
				t.Errorf("%v %s %v: agrees is %v", c.measured, claim, c.theory, got[0])
			}
		}
		if !v.Agrees() && c.same {
			t.Error("a claim changed the verdict that it was made from")
		}
	}
}

// The z of a true prediction is standard normal.
func TestZIsCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const trials = 4000
	z, z2 := make([]float64, trials), make([]float64, trials)
	for i := range z {
		z[i] = NewRow("", "", "", value(1+0.3*rng.NormFloat64(), 0.3), value(1+0.4*rng.NormFloat64(), 0.4), 2).Z
		z2[i] = z[i] * z[i]
	}
	for what, m := range map[string]theory.Value{"mean z": theory.Mean(z), "mean z² − 1": {Value: theory.Mean(z2).Value - 1, StdErr: theory.Mean(z2).StdErr}} {
		if math.Abs(m.Value) > 4*m.StdErr {
			t.Errorf("%s = %v", what, m)
		}
	}
}

// Of an error that is estimated from few trials the limit is a quantile of Student's t, and
// theory's own error counts as known.
func TestLimit(t *testing.T) {
	row := func(theoryErr float64, trials int) Row {
		return NewRow("", "", "", value(1, theoryErr), value(2, 0.1), trials)
	}
	// The published quantiles of t at p = 0.9999683, and the normal one.
	for _, c := range []struct {
		row       Row
		df, limit float64
	}{
		{row(0, 4), 3, 32.616}, {row(0, 11), 10, 6.5672}, {row(0, 200), 199, 4.0871}, {row(0, 2), 1, 10050.44}, {row(0, 1), 0, 4}, {row(0, 0), 0, 4}, {row(0, 2_000_000), 0, 4},
		{row(0.1, 4), 12, 5.9878}, {row(1e3, 4), 0, 4}, {row(0.3, 4).Known(), 0, 4},
	} {
		if math.Abs(c.row.DF-c.df) > 1e-9 || math.Abs(c.row.Limit()/c.limit-1) > 1e-4 {
			t.Errorf("%d trials: %v degrees of freedom, limit %v; want %v and %v", c.row.Trials, c.row.DF, c.row.Limit(), c.df, c.limit)
		}
	}
	// Between 4 and the limit of 9 trials every claim turns around.
	near := Compare("", "", "", value(1, 0), value(1.6, 0.1), 9)
	for claim, got := range map[string]bool{"=": near.Agrees(), "≠": !near.Refuted().Agrees(), ">": !near.Above().Agrees()} {
		if !got {
			t.Errorf("z = 6 with 8 degrees of freedom: %q", claim)
		}
	}
	if low := Compare("", "", "", value(1.6, 0), value(1, 0.1), 9); low.Below().Agrees() {
		t.Error("z = −6 with 8 degrees of freedom is below")
	}
}

// True predictions disagree at the stated rate, whatever the number of trials: of means of
// normals, whose limit for the rate 1 % is drawn with it.
func TestZIsStudentsT(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, trials := range []int{3, 4, 8} {
		const rows = 20000
		beyond := 0.0
		limit := distuv.StudentsT{Sigma: 1, Nu: float64(trials - 1)}.Quantile(0.995)
		x := make([]float64, trials)
		for range rows {
			for i := range x {
				x[i] = 2 + rng.NormFloat64()
			}
			r := NewRow("", "", "", value(2, 0), theory.Mean(x), trials)
			if r.DF != float64(trials-1) {
				t.Fatalf("%v degrees of freedom", r.DF)
			}
			if math.Abs(r.Z) > limit {
				beyond++
			}
		}
		if z := (beyond/rows - 0.01) / math.Sqrt(0.01*0.99/rows); math.Abs(z) > 4 {
			t.Errorf("%d trials: %.2f %% of the rows are beyond the 1 %% limit, z = %.1f", trials, 100*beyond/rows, z)
		}
	}
}

// The last line tells rows that could not disagree, and rows that refute, from the others.
func TestSummary(t *testing.T) {
	same := Compare("an identity", "", "", value(1, 0), value(1, 0), 9)
	far := Compare("a bound", "", "", value(0, 0), value(41, 1), 0).Above()
	near := Compare("a bound", "", "", value(0, 0), value(39, 1), 0).Above()
	less := Compare("a bound", "", "", value(41, 0), value(0, 1), 0).Below()
	refuted := Compare("a formula", "", "", value(0, 0), value(900, 1), 0).Refuted()
	good := Compare("a formula", "", "", value(1, 0), value(1.1, 0.1), 20)
	bad := Compare("a formula", "", "", value(1, 0), value(9, 0.1), 20)
	all := same.And(far, near, less, refuted, good, bad)
	if got, want := Summary(all.Rows), "6 of 7 rows agree: 3 confirming, 1 refuting, 3 trivial"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, text := range []string{all.String(), fmt.Sprint(all.SimpleRender()["text/html"])} {
		if !strings.Contains(text, "3 confirming, 1 refuting, 3 trivial") {
			t.Error(text)
		}
	}
	for _, r := range []Row{NewRow("", "", "", value(1, 0), value(1, 0.1), 9), NewRow("", "", "", value(1, 0.1), value(1, 0), 9), NewRow("", "", "", value(1, 0), value(2, 0), 9)} {
		if r.Trivial {
			t.Errorf("%+v is trivial", r)
		}
	}
	if again := near.Refuted(); again.Rows[0].Trivial {
		t.Error("a refuted formula is trivial")
	}
}

// An error anywhere is the error of the whole, which then does not agree.
func TestAnd(t *testing.T) {
	good := Compare("a", "", "", value(1, 0), value(1, 0.1), 2)
	bad := Failed(errors.New("no data"))
	for _, v := range []*Verdict{good.And(bad), bad.And(good)} {
		if v.Agrees() || v.Err() == nil || v.String() != "no data" {
			t.Errorf("%v, %v", v, v.Err())
		}
	}
	if v := good.And(good, good); !v.Agrees() || len(v.Rows) != 3 || len(good.Rows) != 1 {
		t.Errorf("%v", v)
	}
	if Of().Agrees() {
		t.Error("an empty verdict agrees")
	}
}

// Numbers are shown with as many decimals as their error has meaning.
func TestFormat(t *testing.T) {
	for want, v := range map[string]theory.Value{"0.123 ± 0.046": value(0.12345, 0.0456), "12 ± 57": value(12.3, 56.7), "0": value(1e-14, 0), "0.33333": value(1./3, 0),
		"∞": value(math.Inf(1), 0), "−∞": value(math.Inf(-1), 0)} {
		if got := Format(v); got != want {
			t.Errorf("%v is shown as %q, want %q", v, got, want)
		}
	}
}

// What a notebook carries comes back: the machine-readable rows, with null for what is not
// finite, and the same table as text and as HTML with nothing unescaped.
func TestRender(t *testing.T) {
	v := Compare("<b>a</b>", "Theorem 1", "n=1", value(1, 0), value(2, 0), 5).And(Compare("b", "", "", value(1, 0.5), value(2, 0.5), 5).Refuted())
	data := v.SimpleRender()
	b, err := json.Marshal(data[MIME])
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	if err := json.Unmarshal(b, &rows); err != nil || !slices.Equal(rows, v.Rows) {
		t.Errorf("%v, %v", rows, err)
	}
	if html := fmt.Sprint(data["text/html"]); strings.Contains(html, "<b>a") || !strings.Contains(html, "not 1.00 ± 0.50") {
		t.Error(html)
	}
	if text := fmt.Sprint(data["text/plain"]); !strings.Contains(text, "+∞") && !strings.Contains(text, "∞") || !strings.Contains(text, "NO") {
		t.Error(text)
	}
	if data := Failed(errors.New("no data")).SimpleRender(); data["text/plain"] != "no data" || data[MIME] != nil {
		t.Errorf("%v", data)
	}
}

func ExampleCompare() {
	v := Compare("scratch risk", "Theorem 3.6, eq. 8", "n=50 d=100", theory.Value{Value: 0.54}, theory.Value{Value: 0.536, StdErr: 0.006}, 200)
	fmt.Print(v)
	fmt.Println(v.Agrees())
	// Output:
	// agrees  result        source              setting     theory  measured         z      limit       trials
	// yes     scratch risk  Theorem 3.6, eq. 8  n=50 d=100  0.54    0.5360 ± 0.0060  -0.67  4.09 (199)  200
	// 1 of 1 rows agree: 1 confirming, 0 refuting, 0 trivial
	// true
}
