package explore

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore/model"
	"github.com/features-are-fate/fate/pkg/predict"
	"github.com/features-are-fate/fate/pkg/theory"
)

const module = "../../../.."

// settings are where the program of the page is compared with this one.
func settings() (out []model.State) {
	add := func(change func(*model.State)) {
		s := Initial
		s.D = 40
		change(&s)
		out = append(out, s)
	}
	for _, gamma := range []float64{0.05, 0.5, 0.975, 1, 1.025, 1.7} { // n = d with its infinities, n = d ± 1, n > d
		for _, theta := range []float64{0, 45, 90, 180} {
			add(func(s *model.State) { s.Gamma, s.Theta = gamma, theta })
		}
		add(func(s *model.State) { s.Gamma, s.Sigma = gamma, 0 })
		add(func(s *model.State) { s.Gamma, s.Depth, s.Sigma = gamma, 5, 0.7 })
		add(func(s *model.State) { s.Gamma, s.Tuned = gamma, true })
	}
	add(func(s *model.State) { s.D, s.Gamma = 2, 0.5 })
	add(func(s *model.State) { s.Lambda = 0.3 })
	add(func(s *model.State) { s.Features = 4 })
	add(func(s *model.State) { s.Source = 0.6 })
	return out
}

const draws = 1000

// script runs the program in Node, and prints what it answers with NaN and the infinities as
// text.
const script = `
const fs = require('fs');
require(process.argv[2]);
(async () => {
  const go = new Go(), { instance } = await WebAssembly.instantiate(fs.readFileSync(process.argv[3]), go.importObject);
  go.run(instance);
  const write = (_, v) => v instanceof Float64Array ? Array.from(v) : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v;
  const out = JSON.parse(fs.readFileSync(0)).map(s => ({ limit: fate.predict(s, 0), mean: fate.predict(s, 1000), t: fate.transferability(s), map: fate.map(s, 'linear', 7, 5, 2), map2: fate.map(s, 'finetune', 7, 5, 2),
    boundary: fate.boundary(s, 'linear', 2), boundary2: fate.boundary(s, 'finetune', 2), risks: fate.risks(s, 9, 2), depths: fate.depths(s, 10), gain: fate.gain(s, 500), distance: fate.distance(s, s.theta) }));
  process.stdout.write(JSON.stringify(out, write), () => process.exit(0));
})();
`

// inNode returns the answers of the program for states.
func inNode(t *testing.T, states []model.State) (out []map[string]any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node is not installed")
	}
	program, err := Program(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	support, err := Support(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var in []map[string]any
	for _, s := range states {
		_, values := fields(s)
		in = append(in, values)
	}
	cmd := exec.CommandContext(t.Context(), node, path("run.js", script), path("support.js", compact(support)), path("fate.wasm", string(program)))
	cmd.Stdin, cmd.Stderr = strings.NewReader(asJSON(in)), t.Output()
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// compare compares a number of the page, or a list or an object of them, with ours.
func compare(t *testing.T, where string, got, want any) (worst float64) {
	t.Helper()
	number := func(v any) (float64, bool) {
		switch v := v.(type) {
		case float64:
			return v, true
		case predict.Number:
			return float64(v), true
		case string:
			switch v {
			case "NaN":
				return math.NaN(), true
			case "Infinity":
				return math.Inf(1), true
			case "-Infinity":
				return math.Inf(-1), true
			}
		}
		return 0, false
	}
	switch want := want.(type) {
	case []float64:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			t.Errorf("%s: %v, want %d numbers", where, got, len(want))
			return 0
		}
		for i, v := range want {
			worst = math.Max(worst, compare(t, where, list[i], v))
		}
	case []theory.Curve:
		list, _ := got.([]any)
		if len(list) != len(want) {
			t.Errorf("%s: %d curves, want %d", where, len(list), len(want))
			return 0
		}
		for i, c := range want {
			x := list[i].(map[string]any)
			worst = max(worst, compare(t, where+".x", x["x"], c.X), compare(t, where+".y", x["y"], c.Y))
		}
	default:
		a, ok := number(got)
		b, known := number(want)
		if !ok || !known {
			t.Errorf("%s: %v (%T) is not a number like %v", where, got, got, want)
			return 0
		}
		if a == b || math.IsNaN(a) && math.IsNaN(b) {
			return 0
		}
		if worst = math.Abs(a-b) / math.Max(1, math.Abs(b)); !(worst <= 1e-12) {
			t.Errorf("%s: %v in the page, %v here", where, a, b)
		}
	}
	return worst
}

// predictions are the numbers of a prediction by their names in JSON.
func predictions(p predict.Prediction) map[string]any {
	return map[string]any{"gamma": p.Gamma, "risk_scratch": p.RiskScratch, "risk_linear": p.RiskLinear, "risk_finetune_printed": p.RiskFineTunePrinted, "risk_finetune": p.RiskFineTune,
		"scale_c": p.ScaleC, "t_linear": p.TLinear, "t_finetune_printed": p.TFineTunePrinted, "t_finetune": p.TFineTune, "p_linear_wins": p.PLinearWins, "p_finetune_wins": p.PFineTuneWins, "break_even_deg": p.BreakEvenDeg}
}

// Every number of the page is that of fate predict, or of the package behind a panel, though
// another architecture computes it.
func TestNumbersOfThePage(t *testing.T) {
	states := settings()
	answers, worst, medians := inNode(t, states), 0.0, 0
	for i, s := range states {
		at := func(name string) string { return Fragment(s) + ": " + name }
		same := func(name string, got, want any) { worst = math.Max(worst, compare(t, at(name), got, want)) }
		setting, err := s.Setting()
		if err != nil {
			t.Fatal(err)
		}
		limit, err := predict.Limit(setting)
		if err != nil {
			t.Fatal(err)
		}
		mean, err := predict.Mean(setting, draws)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]predict.Prediction{"limit": limit, "mean": mean} {
			page := answers[i][name].(map[string]any)
			numbers := predictions(want)
			if len(page) != len(numbers)+4 {
				t.Errorf("%s: the page has %d fields, fate predict %d", at(name), len(page), len(numbers)+4)
			}
			for field, v := range numbers {
				same(name+"."+field, page[field], v)
			}
			errs, ours := page["std_err"].(map[string]any), want.StdErr
			for field, v := range map[string]predict.Number{"scale_c": ours.ScaleC, "t_finetune": ours.TFineTune, "p_linear_wins": ours.PLinearWins, "p_finetune_wins": ours.PFineTuneWins, "break_even_deg": ours.BreakEvenDeg} {
				same(name+".std_err."+field, errs[field], v)
			}
			negative := page["gamma_negative"].([]any)
			if len(negative) != len(want.GammaNegative) {
				t.Errorf("%s: %v, want %v", at(name), negative, want.GammaNegative)
				continue
			}
			for k, interval := range want.GammaNegative {
				same(name+".gamma_negative", negative[k].([]any)[0], interval[0])
				same(name+".gamma_negative", negative[k].([]any)[1], interval[1])
			}
			m, has := page["median"].(map[string]any)
			if has != (want.Median != nil) {
				t.Errorf("%s: medians %v, want %v", at(name), page["median"], want.Median)
			} else if has {
				medians++
				same(name+".median", m["risk_scratch"], want.Median.RiskScratch)
				same(name+".median", m["t_finetune"], want.Median.TFineTune)
				same(name+".median_std_err", page["median_std_err"].(map[string]any)["t_finetune"], want.MedianStdErr.TFineTune)
			}
		}
		gap, err := s.Transferability()
		if err != nil {
			t.Fatal(err)
		}
		same("t", answers[i]["t"].(map[string]any)["linear"], gap.Linear)
		same("t", answers[i]["t"].(map[string]any)["finetune"], gap.FineTune)
		for suffix, kind := range map[string]model.Transfer{"": model.Linear, "2": model.FineTune} {
			z, err := s.Map(kind, 7, 5, 2)
			if err != nil {
				t.Fatal(err)
			}
			same("map "+string(kind), answers[i]["map"+suffix], z)
			exact, printed, err := s.Boundary(kind, 2)
			if err != nil {
				t.Fatal(err)
			}
			curves := answers[i]["boundary"+suffix].(map[string]any)
			same("boundary "+string(kind), curves["exact"], exact)
			same("printed boundary "+string(kind), curves["printed"], printed)
		}
		risks, err := s.Risks(9, 2)
		if err != nil {
			t.Fatal(err)
		}
		page := answers[i]["risks"].(map[string]any)
		for name, v := range map[string][]float64{"scratch": risks.Scratch, "tuned": risks.Tuned, "linear": risks.Linear, "finetune": risks.FineTune, "meanscratch": risks.MeanScratch, "meanlinear": risks.MeanLinear, "tlinear": risks.TLinear} {
			same("risks."+name, page[name], v)
		}
		depths, err := s.Depths(10)
		if err != nil {
			t.Fatal(err)
		}
		same("depths.scale", answers[i]["depths"].(map[string]any)["scale"], depths.Scale)
		same("depths.breakeven", answers[i]["depths"].(map[string]any)["breakeven"], depths.BreakEven)
		gain, err := s.Gain(500)
		if err != nil {
			t.Fatal(err)
		}
		same("gain.linear", answers[i]["gain"].(map[string]any)["linear"], gain.Linear)
		same("gain.finetune", answers[i]["gain"].(map[string]any)["finetune"], gain.FineTune)
		d := s.Distances(s.Theta)
		for name, v := range map[string]float64{"kl": d.KL, "w1": d.W1, "mmd": d.MMD} {
			same("distance."+name, answers[i]["distance"].(map[string]any)[name], v)
		}
	}
	if medians == 0 {
		t.Error("no setting had medians")
	}
	t.Logf("%d settings, largest difference %.1e", len(states), worst)
}

// The page stays within its size, and lets nothing run but its own script and program.
func TestPage(t *testing.T) {
	var page bytes.Buffer
	if err := Write(t.Context(), &page, module, Initial); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 1_300_000 {
		t.Errorf("the page has %d bytes: at most 1.3 MB", page.Len())
	}
	text := page.String()
	if !strings.Contains(text, Title) || !strings.Contains(text, "Copyright 2018 The Go Authors") || !strings.Contains(text, "The Gonum Authors") {
		t.Error("the title or a notice is missing")
	}
	for _, loads := range []string{"src=", "<link", "@import", "url("} {
		if strings.Contains(text[:strings.Index(text, `id="worker"`)], loads) {
			t.Errorf("the page loads something: %s", loads)
		}
	}
	_, policy, _ := strings.Cut(text, `content="`)
	policy, _, _ = strings.Cut(policy, `"`)
	for _, part := range strings.Split(policy, ";") {
		for _, source := range strings.Fields(part)[1:] {
			if source != "'none'" && source != "'wasm-unsafe-eval'" && source != "blob:" && !strings.HasPrefix(source, "'sha256-") {
				t.Errorf("the policy allows %s in %q", source, part)
			}
		}
	}
	bad := Initial
	bad.Sigma = -1
	if err := Write(t.Context(), &page, module, bad); err == nil || !strings.Contains(err.Error(), "Sigma = -1") {
		t.Errorf("σ = −1: %v", err)
	}
}

// Each preset is a result of the index at a state that theory takes.
func TestPresets(t *testing.T) {
	found := presets()
	if len(found) != len(states) {
		t.Errorf("%d presets for %d states: a name is not in the index", len(found), len(states))
	}
	for name, change := range states {
		s := Initial
		change(&s)
		if _, err := s.Predict(0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFragment(t *testing.T) {
	s := Initial
	s.Gamma, s.Sigma, s.Tuned = 0.0000125, 1.5, true
	if got, want := Fragment(s), "gamma=0.0000125&theta=45&sigma=1.5&depth=2&d=500&lambda=0&k=1&source=0&baseline=tuned"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
