package kernel

import (
	"fmt"
	"testing"
)

func TestHistory(t *testing.T) {
	var h history
	for i, code := range []string{"x := 1", "x", "y := 2", "x"} {
		h.add(entry{i + 1, code, nil})
	}
	h.entries[1].result = "1"
	for _, c := range []struct {
		request content
		want    string
	}{
		{content{"hist_access_type": "tail", "n": 2.0}, "[[1 3 y := 2] [1 4 x]]"},
		{content{"hist_access_type": "tail", "n": 3.0, "output": true}, "[[1 2 [x 1]] [1 3 [y := 2 <nil>]] [1 4 [x <nil>]]]"},
		{content{"hist_access_type": "range", "session": 0.0, "start": 2.0, "stop": 4.0}, "[[1 2 x] [1 3 y := 2]]"},
		{content{"hist_access_type": "range", "session": 1.0, "start": 3.0}, "[[1 3 y := 2] [1 4 x]]"},
		{content{"hist_access_type": "range", "session": 7.0}, "[]"},
		{content{"hist_access_type": "search", "pattern": "? := *"}, "[[1 1 x := 1] [1 3 y := 2]]"},
		{content{"hist_access_type": "search", "pattern": "x*", "unique": true}, "[[1 1 x := 1] [1 4 x]]"},
		{content{"hist_access_type": "search", "pattern": "*", "n": 1.0}, "[[1 4 x]]"},
		{content{"hist_access_type": "search", "pattern": "[x"}, "[]"},
	} {
		if got := fmt.Sprint(h.find(c.request)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.request, got, c.want)
		}
	}
}

func TestAsked(t *testing.T) {
	for code, want := range map[string]string{"x?": "x", " theory.Scale?? \n": "theory.Scale", "θ_1?": "θ_1", "x": "", "f()?": "", "a ? b": "", "1?": "", "x?\ny": ""} {
		if got, ok := asked(code); got != want || ok != (want != "") {
			t.Errorf("%q asks for %q", code, got)
		}
	}
}

// What is not Go is left out, and no line moves.
func TestGoOf(t *testing.T) {
	for code, want := range map[string]string{"x?": "", "x % 2": "x % 2", "%cd /\n\n$ ls\nx := 1\n% 2": "\n\n\nx := 1\n% 2"} {
		if got := goOf(code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
}
