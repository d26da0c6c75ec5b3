package notebook

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/google/go-cmp/cmp"
)

// Everything printed before a flush has been emitted after it, whole characters at a time,
// and a stream that a cell closed is there again for the next one.
func TestCapture(t *testing.T) {
	stdout, stderr := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	var mu sync.Mutex
	got := map[string]string{}
	c, err := newCapture(func(name, text string) {
		mu.Lock()
		defer mu.Unlock()
		got[name] += text
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, name, want string) {
		t.Helper()
		c.flush()
		mu.Lock()
		defer mu.Unlock()
		if got[name] != want {
			t.Errorf("%s: %d bytes on %s, the last %q, want %d", what, len(got[name]), name, got[name][max(0, len(got[name])-20):], len(want))
		}
		got = map[string]string{}
	}
	long := strings.Repeat("aθ∑\n", 50000)
	fmt.Print(long)
	check("long", "stdout", long)
	os.Stderr.Write([]byte{0xce})
	os.Stderr.Write([]byte{0xb8, 'x', 0xce})
	check("half a character", "stderr", "θx�")
	fmt.Print("a\x1efate b")
	check("the beginning of a token", "stdout", "a\x1efate b")
	os.Stdout.Close()
	if err := c.restore(); err != nil {
		t.Fatal(err)
	}
	fmt.Print("again")
	check("closed", "stdout", "again")
}

// ClearOutput removes what came before: at once, or when something follows.
func TestCollectorClears(t *testing.T) {
	text := func(s string) ipynb.Output { return ipynb.Output{Kind: "stream", Name: "stdout", Text: s} }
	for want, outputs := range map[string][]ipynb.Output{
		"":   {text("a"), *ipynb.ClearOutput(false)},
		"a":  {text("a"), *ipynb.ClearOutput(true)},
		"b":  {text("a"), *ipynb.ClearOutput(true), text("b")},
		"cd": {text("a"), *ipynb.ClearOutput(false), text("c"), text("d")},
	} {
		var kept []ipynb.Output
		c := collector{into: &kept}
		for _, o := range outputs {
			c.add(o)
		}
		c.close()
		var expected []ipynb.Output
		if want != "" {
			expected = []ipynb.Output{text(want)}
		}
		if d := cmp.Diff(expected, kept); d != "" {
			t.Errorf("want %q: %s", want, d)
		}
	}
}
