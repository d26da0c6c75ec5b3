package theory

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestReference checks every closed form against testdata/reference.txt, whose
// lines are: name, arguments key=value, the expected value, its half-width.
func TestReference(t *testing.T) {
	f, err := os.Open("testdata/reference.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		args, value, _ := strings.Cut(rest, "=> ")
		arg := map[string]float64{"L": 2}
		for _, kv := range strings.Fields(args) {
			k, v, _ := strings.Cut(kv, "=")
			arg[k] = number(t, v)
		}
		fields := strings.Fields(value)
		got, err := reference(name, arg)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		want := number(t, fields[0])
		if d := math.Abs(got - want); got != want && !(d <= number(t, fields[1])) {
			t.Errorf("%s: got %.8g", line, got)
		}
		seen++
	}
	if seen < 40 {
		t.Errorf("only %d reference lines read", seen)
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func reference(name string, a map[string]float64) (float64, error) {
	theta := a["deg"] * math.Pi / 180
	set := Setting{N: int(a["n"]), D: int(a["d"]), Theta: theta, Sigma: a["sigma"], Lambda: a["lambda"], Depth: int(a["L"])}
	lim := Limit{Gamma: a["gamma"], Theta: theta, Sigma: a["sigma"], Lambda: a["lambda"], Depth: int(a["L"])}
	mean := func(r Result) (float64, error) { v, err := r.Mean(set); return v.Value, err }
	switch name {
	case "scratch-mean":
		return mean(Scratch)
	case "scratch-limit":
		return Scratch.Limit(lim)
	case "linear-mean":
		return mean(Linear)
	case "linear-limit":
		return Linear.Limit(lim)
	case "best-ridge":
		l, _, err := BestRidge(set)
		return l, err
	case "best-ridge-risk":
		_, r, err := BestRidge(set)
		return r, err
	case "features-mean":
		set.Theta, set.Features, set.D = math.Asin(math.Sqrt(a["rho"])), int(a["k"]), int(a["k"])+1
		return mean(Linear)
	case "tuned-limit":
		return ScratchTuned.Limit(lim)
	case "tuned-tie": // γ = cos²θ(1 + σ²/sin²θ)
		curves, err := LinearTunedTransferability.Boundary(lim, 3)
		if err != nil {
			return 0, err
		}
		best := math.Inf(1)
		var gamma float64
		for _, c := range curves {
			for i := range c.X {
				if off := math.Abs(c.X[i] - theta); off < best {
					best, gamma = off, c.Y[i]
				}
			}
		}
		return gamma, nil
	case "finetune-printed-mean":
		set.SourceN, set.SourceSigma = int(a["ns"]), a["sigmas"]
		return mean(FineTuneTransferabilityPrinted)
	case "finetune-mean":
		set.SourceN, set.SourceSigma = int(a["ns"]), a["sigmas"]
		return mean(FineTuneTransferability)
	case "linear-source":
		set.SourceN, set.SourceSigma = int(a["ns"]), a["sigmas"]
		return mean(Linear)
	case "source-residual":
		set.SourceN, set.SourceSigma = int(a["ns"]), a["sigmas"]
		return 1 - set.sourceResidual().Value, nil
	case "scale-limit":
		return FineTuneScale.Limit(lim)
	case "break-even":
		v, ok, err := FineTuneBreakEven(lim)
		if !ok {
			return math.NaN(), err
		}
		return v * 180 / math.Pi, err
	case "loses":
		iv, err := LinearLoses(theta, a["sigma"])
		if err != nil || int(a["i"]) >= len(iv) {
			return math.NaN(), err
		}
		if a["end"] == 0 {
			return iv[int(a["i"])].From, nil
		}
		return iv[int(a["i"])].To, nil
	case "finetune-printed-limit":
		return FineTuneTransferabilityPrinted.Limit(lim)
	}
	return 0, fmt.Errorf("no quantity %q", name)
}
