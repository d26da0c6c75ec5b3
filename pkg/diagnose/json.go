package diagnose

import (
	"encoding/json"
	"math"
)

// MarshalJSON returns the object that fate diagnose --json prints.
func (r *Result) MarshalJSON() ([]byte, error) {
	type arm struct {
		Name string    `json:"name"`
		Risk []float64 `json:"risk"`
		SE   []float64 `json:"se"`
	}
	type crossing struct {
		N    float64  `json:"n"`
		Low  *float64 `json:"low"`
		High *float64 `json:"high"`
	}
	type noise struct {
		Features float64 `json:"features"`
		Inputs   float64 `json:"inputs"`
	}
	out := struct {
		Label    string    `json:"label"`
		Map      string    `json:"map"`
		Rows     int       `json:"rows"`
		Verdict  string    `json:"verdict"`
		Sentence string    `json:"sentence"`
		Crossing *crossing `json:"crossing"`
		Noise    noise     `json:"noise"`
		N        []int     `json:"n"`
		T        []float64 `json:"t"`
		TSE      []float64 `json:"t_se"`
		Arms     []arm     `json:"arms"`
		Warnings []string  `json:"warnings"`

		Scores map[string]float64 `json:"scores,omitempty"`
	}{
		Label: r.Label, Map: r.Map, Rows: r.Rows, Verdict: r.Verdict(), Sentence: r.Sentence(),
		Noise: noise{r.Noise.Features, r.Noise.Inputs},
		N:     r.N, T: r.T, TSE: r.SE, Warnings: append([]string{}, r.Warnings...), Scores: r.Scores,
	}
	if c, ok := r.Crossing(); ok {
		out.Crossing = &crossing{N: c.N}
		if c.Low > 0 {
			out.Crossing.Low = &c.Low
		}
		if !math.IsInf(c.High, 1) {
			out.Crossing.High = &c.High
		}
	}
	for _, a := range r.Arms {
		out.Arms = append(out.Arms, arm{a.Name, a.Risk, a.SE})
	}
	return json.Marshal(out)
}
