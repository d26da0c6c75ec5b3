package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// lastError runs cells in a new engine and returns the first error.
func lastError(t *testing.T, name string, cells ...string) error {
	t.Helper()
	e, err := New(name, func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if _, err := Run(e, c); err != nil {
			return err
		}
	}
	return nil
}

// Each construct that yaegi runs wrongly without an error is refused, and similar code that
// it runs correctly is not.
func TestYaegiRefuses(t *testing.T) {
	for _, c := range []struct {
		cells []string
		want  string
	}{
		{[]string{"defer print(1)"}, "defer"},
		{[]string{"for i := 0; i < 3; i++ { defer print(1) }"}, "defer"},
		{[]string{"func() { }()"}, "func(){…}()"},
		{[]string{"type p struct{ A int }", "type p struct{ B int }"}, "type p is declared again"},
		{[]string{"func f() int { return 1 }", "func f() int { return 2 }"}, "func f is declared again"},
		{[]string{`import "github.com/features-are-fate/fate/pkg/theory"`, "theory.Scratch = theory.Linear"}, "theory.Scratch cannot be assigned"},
		{[]string{"3", "println(1)"}, "has no value"},
	} {
		err := lastError(t, Yaegi, c.cells...)
		if err == nil || !strings.Contains(err.Error(), "refused by the yaegi engine") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want a refusal with %q", c.cells, err, c.want)
		}
	}
	for _, cells := range [][]string{
		{"i := 5", "func f() int {\n\ti := 3\n\treturn i\n}", "f()"},
		{"i := 5", "f := func() int {\n\ti := 3\n\treturn i\n}", "f()"},
		{"i := 5", "i := 6", "i"},
		{"for k := 0; k < 3; k++ {}", "3"},
	} {
		if err := lastError(t, Yaegi, cells...); err != nil {
			t.Errorf("%q: %v", cells, err)
		}
	}
}

// A blank cell, such as after the special commands of the kernel were removed, is no
// error.
func TestEmptyCells(t *testing.T) {
	for _, name := range []string{Gomacro, Yaegi} {
		e, err := New(name, func(any) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{"", "\n", "\n\n  \t\n", "// a comment", "/* a\ncomment */\n", ";"} {
			if values, err := e.Eval(code); err != nil || len(values) > 0 {
				t.Errorf("%s: %q: %v, %v", name, code, values, err)
			}
		}
	}
}

// No engine has the evaluators and macros of gomacro, not even for trusted code.
func TestNoEvaluators(t *testing.T) {
	e := newGomacro(func(any) error { return nil })
	for _, name := range evaluators {
		if _, err := e.Eval(name); err == nil || !strings.Contains(err.Error(), "undefined") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.Eval("~quote{1}"); err == nil {
		t.Error("macros are there")
	}
	nodes := func() (err any) {
		defer func() { err = recover() }()
		e.ir.Comp.ParseBytes([]byte("~quote{1}"))
		return nil
	}
	if nodes() == nil { // independently of the checks before it
		t.Error("the parser of the interpreter knows macros")
	}
}

// Every hostile notebook is refused for the names in its code.
func TestJudgeRefusesHostileNotebooks(t *testing.T) {
	files, err := filepath.Glob("testdata/hostile/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d notebooks, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		nb := &ipynb.Notebook{}
		for _, source := range strings.Split(string(b), "\n----\n") {
			nb.Cells = append(nb.Cells, ipynb.Cell{Kind: "code", Source: source})
		}
		if found := Judge(nb); len(found) == 0 {
			t.Errorf("%s: no name in it is refused", f)
		} else {
			t.Logf("%s: %s", f, found[0])
		}
	}
}

// Closures of cells are called from many goroutines at a time, as by experiment.Measure: they
// read what they captured, allocate, call compiled and interpreted functions, and panic.
func TestClosuresInManyGoroutines(t *testing.T) {
	for _, name := range []string{Gomacro, Yaegi} {
		t.Run(name, func(t *testing.T) {
			e, err := New(name, func(any) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			var f func(experiment.Draw) experiment.Values
			for _, cell := range []string{`import (
	"errors"
	"math"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/floats"
)`, `name := theory.Quantity(string("a"))
scale := 2.0
table := map[int]float64{1: 3, 2: 5}`, `type point struct{ X, Y float64 }
func (p point) norm() float64 { return math.Hypot(p.X, p.Y) }`, `func sum(xs []float64, f func(float64) float64) float64 {
	out := 0.0
	for _, x := range xs {
		out += f(x)
	}
	return out
}`, `f := func(t experiment.Draw) experiment.Values {
	xs := make([]float64, 8)
	for i := range xs {
		xs[i] = scale * float64(t.Trial+i)
	}
	roots := []float64{}
	for _, x := range xs {
		roots = append(roots, math.Sqrt(x))
	}
	if t.Trial%17 == 16 {
		t.Check(errors.New("of trial 16"))
	}
	p := point{X: floats.Sum(roots), Y: table[1]}
	own := map[string]float64{"norm": p.norm()}
	g := func(x float64) float64 { return x*scale + own["norm"] }
	return experiment.Values{name: sum(roots, g)}
}
f`} {
				values, err := e.Eval(cell)
				if err != nil {
					t.Fatal(cell, err)
				}
				if len(values) == 1 {
					f, _ = values[0].(func(experiment.Draw) experiment.Values)
				}
			}
			if f == nil {
				t.Fatal("the closure has another type")
			}
			call := func(trial int) (out string) {
				defer func() {
					if p := recover(); p != nil {
						out = "panic"
					}
				}()
				return fmt.Sprint(f(experiment.Draw{Trial: trial}))
			}
			want := make([]string, 50)
			for i := range want {
				want[i] = call(i)
			}
			if want[16] != "panic" || want[3] != "map[a:284.8731314219502]" {
				t.Errorf("trial 16 gives %s, trial 3 %s", want[16], want[3])
			}
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					for i := range 500 {
						if got := call(i % 50); got != want[i%50] {
							t.Errorf("trial %d gives %s, want %s", i%50, got, want[i%50])
							return
						}
					}
				})
			}
			group.Wait()
		})
	}
}

// An interrupt ends a cell whatever runs in it, variables survive, and the next cell works.
func TestInterrupt(t *testing.T) {
	e, err := New(Gomacro, func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	run := func(code string) (string, error) {
		d, err := Run(e, code)
		return fmt.Sprint(d.Data["text/plain"]), err
	}
	if _, err := run("import (\"time\"; \"sort\"; \"fmt\")\nkept := 41\nafter := 0\nfunc loop() { for { kept += 0 } }\ntype endless int\nfunc (e endless) String() string { for { kept += 0 }; return \"\" }"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ code, want string }{
		{"for {\n}", "the cell was stopped; its variables"},
		{"loop()", "the cell was stopped; its variables"},
		{"fmt.Sprint(endless(3))", "the cell was stopped; its variables"},
		{"time.Sleep(time.Hour)\nafter = 1", "a compiled call in it goes on"},
		{"func() { time.Sleep(2 * time.Second); after = 2 }()", "a compiled call in it goes on"},
		{"sort.Slice(make([]int, 1000), func(i, j int) bool { for { kept += 0 } })", "the cell was stopped; its variables"},
	} {
		if e.(*gomacroEngine).patience = time.Hour; strings.Contains(c.want, "compiled") { // an interpreted cell stops, however busy the machine is
			e.(*gomacroEngine).patience = 0
		}
		timer := time.AfterFunc(50*time.Millisecond, e.Interrupt)
		_, err := run(c.code)
		timer.Stop()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.code, err, c.want)
		}
		kept := "kept"
		if got, err := run("kept++\n" + kept); err != nil {
			t.Errorf("after %q: %s, %v", c.code, got, err)
		}
	}
	time.Sleep(2 * time.Second) // the second call has ended
	if got, err := run("func twice(x int) int { return 2 * x }\nfmt.Sprint(kept, after, twice(4))"); err != nil || got != "47 0 8" {
		t.Errorf("at the end: %s, %v; want 47 0 8", got, err)
	}
}

// A panic names the line of each call that led to it, in the cells that declare them.
func TestPanicNamesTheCalls(t *testing.T) {
	err := lastError(t, Gomacro, "func inner(x []int) int {\n\treturn x[5]\n}\nfunc outer() int {\n\ty := 1\n\treturn y + inner([]int{1})\n}", "z := 1\n\nouter()")
	var e *Error
	if !errors.As(err, &e) || !slices.Equal(e.Trace, []string{"line 2 of cell 1, in inner", "line 6 of cell 1, in outer", "line 3, in the cell"}) || !strings.HasSuffix(e.Reason, "(line 2 of cell 1, in inner)") {
		t.Errorf("%v, calls %q", err, e.Trace)
	}
}

// A goroutine that panics ends the cell that started it, with its error.
func TestPanicOfAGoroutine(t *testing.T) {
	for _, start := range []string{"go func() { panic(\"elsewhere\") }()", "func fails(what string) { panic(what) }\ngo fails(\"elsewhere\")"} {
		err := lastError(t, Gomacro, "import \"time\"", start+"\ntime.Sleep(time.Hour)")
		if err == nil || err.Error() != "panic: in a goroutine: elsewhere" {
			t.Errorf("%q: %v", start, err)
		}
	}
}

// What a goroutine prints while a later cell runs is text of the cell that started it, also
// of a goroutine that it has started.
func TestLateTextGoesToItsCell(t *testing.T) {
	e, err := New(Gomacro, func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	late := func(number int, text string) { got[number] += text }
	defer Number(0, nil)
	for i, code := range []string{
		"import \"fmt\"\ngo1, go2, printed := make(chan int), make(chan int), make(chan int)",
		"go func() { <-go1; fmt.Print(\"two \"); go func() { <-go2; fmt.Print(\"still two\"); close(printed) }() }()",
		"close(go1)\nclose(go2)\n<-printed",
	} {
		Number(i+1, late)
		if _, err := Run(e, code); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 || got[2] != "two still two" {
		t.Errorf("late text by cell: %v", got)
	}
}
