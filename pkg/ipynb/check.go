package ipynb

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
)

// tolerance is the relative difference up to which two numbers are equal. It allows for
// the last of the six digits of figure data and for the rounding of another processor.
const tolerance = 2e-6

// Differences compares the outputs of an executed notebook with the committed ones and
// returns a line for each output that differs. Text is compared word by word, with a
// tolerance for numbers; verdicts value by value; figures by the data embedded in them,
// not by their pixels.
func Differences(committed, now *Notebook) []string {
	if len(committed.Cells) != len(now.Cells) {
		return []string{fmt.Sprintf("%d cells, committed %d", len(now.Cells), len(committed.Cells))}
	}
	var out []string
	for i, want := range committed.Cells {
		got := now.Cells[i]
		if want.Kind != "code" {
			continue
		}
		if len(want.Outputs) != len(got.Outputs) {
			out = append(out, fmt.Sprintf("cell %d: %d outputs, committed %d", i+1, len(got.Outputs), len(want.Outputs)))
			continue
		}
		for k := range want.Outputs {
			if d := difference(want.Outputs[k], got.Outputs[k]); d != "" {
				out = append(out, fmt.Sprintf("cell %d: output %d: %s", i+1, k+1, d))
			}
		}
	}
	return out
}

func difference(want, got Output) string {
	if want.Kind != got.Kind || want.Name != got.Name {
		return fmt.Sprintf("%s %s, committed %s %s", got.Kind, got.Name, want.Kind, want.Name)
	}
	if d := diffText(want.Text, got.Text); d != "" {
		return d
	}
	for _, mime := range keys(want.Data, got.Data) {
		w, inWant := want.Data[mime]
		g, inGot := got.Data[mime]
		switch {
		case !inGot:
			return mime + " is missing, it was committed"
		case !inWant:
			return mime + " was not committed"
		case strings.HasPrefix(mime, "image/"):
			if d := diffFigure(w, g); d != "" {
				return d
			}
		case IsJSON(mime):
			if d := diffJSON(mime, decode(w), decode(g)); d != "" {
				return d
			}
		default:
			if d := diffText(fmt.Sprint(w), fmt.Sprint(g)); d != "" {
				return mime + ": " + d
			}
		}
	}
	return ""
}

// diffFigure compares two images by the data embedded in them. Images without data are
// equal.
func diffFigure(want, got any) string {
	var data [2]*figure.Data
	for i, v := range []any{want, got} {
		s, _ := v.(string)
		b, err := decodeImage("image/png", s)
		if err != nil {
			continue
		}
		if f, err := figure.Parse(b); err == nil {
			data[i] = f.Data
		}
	}
	switch {
	case data[0] == nil && data[1] == nil:
		return ""
	case data[0] == nil:
		return "the figure has embedded data, the committed one has none"
	case data[1] == nil:
		return "the figure has no embedded data, the committed one has"
	}
	if d := figure.Compare(*data[0], *data[1]); d.Relative > figure.Tolerance {
		return "the figure: " + d.Where
	}
	return ""
}

func decode(v any) any {
	raw, ok := v.(json.RawMessage)
	if !ok {
		return v
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return string(raw)
	}
	return out
}

func keys(maps ...map[string]any) []string {
	var out []string
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func same(a, b float64) bool {
	return a == b || math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b)) || math.Max(math.Abs(a), math.Abs(b)) < 1e-12
}

func diffJSON(path string, want, got any) string {
	switch w := want.(type) {
	case float64:
		if g, ok := got.(float64); ok && same(w, g) {
			return ""
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, k := range keys(w, g) {
			if d := diffJSON(path+"."+k, w[k], g[k]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			break
		}
		for i := range w {
			if d := diffJSON(fmt.Sprintf("%s[%d]", path, i), w[i], g[i]); d != "" {
				return d
			}
		}
		return ""
	default:
		if want == got {
			return ""
		}
	}
	return fmt.Sprintf("%s: %s, committed %s", path, brief(got), brief(want))
}

var numberPattern = regexp.MustCompile(`[-+−]?\d+(\.\d+)?([eE][-+]?\d+)?`)

// diffText compares two texts word by word, with a tolerance for numbers.
func diffText(want, got string) string {
	if want == got {
		return ""
	}
	w, g := strings.Fields(want), strings.Fields(got)
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(w):
			return fmt.Sprintf("more text: %s", brief(g[i]))
		case i >= len(g):
			return fmt.Sprintf("less text: %s was committed", brief(w[i]))
		case w[i] != g[i] && !sameWord(w[i], g[i]):
			return fmt.Sprintf("%s, committed %s", brief(g[i]), brief(w[i]))
		}
	}
	return ""
}

func sameWord(w, g string) bool {
	if numberPattern.ReplaceAllString(w, "#") != numberPattern.ReplaceAllString(g, "#") {
		return false
	}
	ws, gs := numberPattern.FindAllString(w, -1), numberPattern.FindAllString(g, -1)
	for i := range ws {
		a, errA := strconv.ParseFloat(strings.ReplaceAll(ws[i], "−", "-"), 64)
		b, errB := strconv.ParseFloat(strings.ReplaceAll(gs[i], "−", "-"), 64)
		if errA != nil || errB != nil || !same(a, b) {
			return false
		}
	}
	return true
}

func brief(v any) string {
	s := fmt.Sprint(v)
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
