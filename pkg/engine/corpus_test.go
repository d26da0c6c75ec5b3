package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// prelude is the first cell of the corpora.
const prelude = `import (
	"errors"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)
n, m := 1, 2
xs := []int{1, 2, 3}
setting := theory.Setting{N: 50, D: 100}
study := experiment.Experiment{Method: experiment.Law}
`

// corpus calls f with the code and the expectation of each case of a file, in one engine
// that has run the prelude. A case that starts with "not in yaegi" is for gomacro alone.
func corpus(t *testing.T, file string, f func(t *testing.T, e Engine, code, want string)) {
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{Gomacro, Yaegi} {
		t.Run(name, func(t *testing.T) {
			e, err := New(name, func(any) error { return nil })
			if err == nil {
				_, err = Run(e, prelude)
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n---\n") {
				code, want, ok := strings.Cut(c, "\n=> ")
				if !ok {
					t.Fatalf("case %d has no =>: %q", i, c)
				}
				code, skip := strings.CutPrefix(code, "not in yaegi\n")
				if skip && name == Yaegi {
					continue
				}
				f(t, e, code, want)
			}
		})
	}
}

// Wrong cells give the error of the compiler, with its place, in both engines.
func TestWrongCells(t *testing.T) {
	corpus(t, "wrong.txt", func(t *testing.T, e Engine, code, want string) {
		d, err := Run(e, code)
		if err == nil {
			t.Errorf("%q: accepted with %v, want %q", code, d.Data, want)
		} else if start, open := strings.CutSuffix(want, "…"); err.Error() != want && !(open && strings.HasPrefix(err.Error(), start)) {
			t.Errorf("%q:\n got %q\nwant %q", code, err, want)
		}
	})
}

// Today's Go gives the values of Go.
func TestRightCells(t *testing.T) {
	corpus(t, "right.txt", func(t *testing.T, e Engine, code, want string) {
		d, err := Run(e, code)
		if got := fmt.Sprint(d.Data["text/plain"]); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", code, got, err, want)
		}
	})
}
