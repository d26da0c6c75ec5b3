package diagnose

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func planted(t, se []float64) *Result {
	r := &Result{Label: "y", Map: Features, Rows: 100, N: []int{100, 200, 400, 800}, T: t, SE: se}
	ones := []float64{1, 1, 1, 1}
	for _, name := range []string{Features, Inputs, Kernel} {
		r.Arms = append(r.Arms, Arm{Name: name, Risk: ones, SE: se, CheckSE: 1})
	}
	return r
}

func TestVerdicts(t *testing.T) {
	small := []float64{0.01, 0.01, 0.01, 0.01}
	inf := math.Inf(1)
	for _, c := range []struct {
		t, se    []float64
		verdict  string
		crossing Crossing
		sentence string
	}{
		{[]float64{.4, .3, .2, .1}, small, Wins, Crossing{}, "Transfer wins from 100 to 800 labels."},
		{[]float64{-.4, -.3, -.2, -.1}, small, Loses, Crossing{}, "Training from scratch wins from 100 to 800 labels."},
		{[]float64{.4, .3, .01, .015}, small, Wins, Crossing{}, "Transfer wins: decided from 100 to 200 labels, and not contradicted from 100 to 800."},
		{[]float64{.01, .01, .01, .01}, small, Undecided, Crossing{}, "100 rows do not decide between transfer and training from scratch at 100 to 800 labels."},
		{[]float64{.01, .01, -.01, .01}, small, Undecided, Crossing{}, "100 rows do not decide between transfer and training from scratch at 100 to 800 labels."},
		{[]float64{.01, .01, -.01, -.01}, small, Undecided, Crossing{}, "100 rows do not decide between transfer and training from scratch at 100 to 800 labels."},
		{[]float64{.1, -.1, .1, .1}, small, Undecided, Crossing{}, "100 rows do not decide between transfer and training from scratch at 100 to 800 labels."},
		// Decided both ways more than once: no single crossing.
		{[]float64{.1, -.1, .1, -.1}, small, Undecided, Crossing{}, "100 rows do not decide between transfer and training from scratch at 100 to 800 labels."},
		// Zero is halfway between 200 and 400; the band (±.0196) reaches it at
		// 200·2^(.0804/.2) and 200·2^(.1196/.2).
		{[]float64{.3, .1, -.1, -.3}, small, Crosses, Crossing{N: 200 * math.Sqrt2, Low: 200 * math.Pow(2, .402), High: 200 * math.Pow(2, .598)}, "Transfer wins up to about 283 labels (264 to 303); beyond, training from scratch."},
		{[]float64{-.3, -.1, .1, .3}, small, Crosses, Crossing{N: 200 * math.Sqrt2, Low: 200 * math.Pow(2, .402), High: 200 * math.Pow(2, .598), Up: true}, "Training from scratch wins up to about 283 labels (264 to 303); beyond, transfer."},
		{[]float64{.3, .1, -.1, -.3}, []float64{.01, .01, .2, .2}, Crosses, Crossing{N: 200 * math.Sqrt2, Low: 200 * math.Pow(2, .0804/(.0804+.492)), High: inf}, "Transfer wins up to about 283 labels (at least 220); beyond, training from scratch."},
		{[]float64{.3, .1, -.1, -.3}, []float64{.2, .2, .01, .01}, Crosses, Crossing{N: 200 * math.Sqrt2, High: 200 * math.Pow(2, .492/(.0804+.492))}, "Transfer wins up to about 283 labels (at most 363); beyond, training from scratch."},
	} {
		r := planted(c.t, c.se)
		got, _ := r.Crossing()
		if r.Verdict() != c.verdict || r.Sentence() != c.sentence {
			t.Errorf("T = %v ± %v: %s, %q; want %s, %q", c.t, c.se, r.Verdict(), r.Sentence(), c.verdict, c.sentence)
		}
		near := func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-9*b }
		if !near(got.N, c.crossing.N) || !near(got.Low, c.crossing.Low) || !near(got.High, c.crossing.High) || got.Up != c.crossing.Up {
			t.Errorf("T = %v ± %v: crossing %+v, want %+v", c.t, c.se, got, c.crossing)
		}
	}
}

func TestCurve(t *testing.T) {
	r := planted([]float64{.4, .2, 0, -.2}, []float64{.1, .2, .3, .4})
	r.Arms[1].Risk = []float64{1, 3, 5, 7}
	p, err := r.Curve(200 * math.Sqrt2)
	if err != nil || math.Abs(p.T-.1) > 1e-12 || math.Abs(p.SE-.25) > 1e-12 || math.Abs(p.Risk[1]-4) > 1e-12 {
		t.Errorf("%+v, %v", p, err)
	}
	for i, n := range r.N {
		if p, err := r.Curve(float64(n)); err != nil || math.Abs(p.T-r.T[i]) > 1e-12 {
			t.Errorf("n = %d: %+v, %v", n, p, err)
		}
	}
	for _, n := range []float64{99, 801, math.NaN()} {
		if _, err := r.Curve(n); err == nil {
			t.Errorf("n = %v is accepted", n)
		}
	}
}

// The JSON is a contract with other programs.
func TestJSON(t *testing.T) {
	r := planted([]float64{.3, .1, -.1, -.3}, []float64{.01, .01, .2, .2})
	r.Noise.Features, r.Noise.Inputs = .2, .1
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	crossing := got["crossing"].(map[string]any)
	if crossing["high"] != nil || crossing["low"].(float64) < 200 || got["verdict"] != "crosses" || got["label"] != "y" || got["rows"] != 100.0 {
		t.Errorf("%s", b)
	}
	if !reflect.DeepEqual(got["noise"], map[string]any{"features": .2, "inputs": .1}) || !reflect.DeepEqual(got["t_se"], []any{.01, .01, .2, .2}) {
		t.Errorf("%s", b)
	}
	arm := got["arms"].([]any)[2].(map[string]any)
	if arm["name"] != "kernel" || len(arm["risk"].([]any)) != 4 || len(arm["se"].([]any)) != 4 {
		t.Errorf("%s", b)
	}
}

func TestTextFits(t *testing.T) {
	r := planted([]float64{.3, .1, -.1, -.3}, []float64{.01, .01, .2, .2})
	r.Arms = append(r.Arms, Arm{Name: "a network trained from scratch", Risk: []float64{1, 1, 1, 1}, SE: []float64{0, 0, 0, 0}, Measured: true})
	r.Warnings = []string{strings.Repeat("a long warning ", 20)}
	for line := range strings.Lines(r.String()) {
		if strings.HasPrefix(line, " a long") {
			t.Errorf("a line begins with a space: %q", line)
		}
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
