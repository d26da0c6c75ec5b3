package suggest

import "testing"

func TestDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{{"", "abc"}: 3, {"title", "title"}: 0, {"titel", "title"}: 1, {"metod", "method"}: 1, {"cat", "cut"}: 1, {"abcd", "badc"}: 2, {"σθ", "θσ"}: 1} {
		if got := Distance(pair[0], pair[1]); got != want || got != Distance(pair[1], pair[0]) {
			t.Errorf("%q: %d, want %d", pair, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"gamma", "theta", "sigma", "source_gamma", "n", "04_linear_transfer"}
	for wrong, want := range map[string]string{"gama": "gamma", "Gamma": "gamma", "sgima": "sigma", "04_lin": "04_linear_transfer", "depth": "", "gamma": "", "m": "", "": ""} {
		if got := Nearest(wrong, names); got != want {
			t.Errorf("%q: %q, want %q", wrong, got, want)
		}
	}
	if got := Mean("gama", names) + Mean("zzz", names); got != "; did you mean gamma?" {
		t.Error(got)
	}
}
