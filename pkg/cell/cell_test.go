package cell_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/cell"
	"github.com/features-are-fate/fate/pkg/symbols"
)

const prelude = `import (
	"fmt"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/mat"
)
study := experiment.Experiment{Method: "law", Trials: 2}
run := study.Run()
m := mat.NewDense(2, 2, nil)
type Pair struct { Left, Right int; hidden string }
func (p Pair) Sum() int { return p.Left + p.Right }
pair := Pair{1, 2, ""}
`

func session(t testing.TB) *cell.Session {
	t.Helper()
	symbols.RegisterGomacro()
	s := cell.NewSession()
	c, err := s.Check(prelude, cell.Gomacro)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	return s
}

// at returns code without the mark of its cursor, and the place of the cursor.
func at(code string) (string, int) {
	before, after, _ := strings.Cut(code, "¦")
	return before + after, len([]rune(before))
}

func TestComplete(t *testing.T) {
	s := session(t)
	for _, c := range []struct {
		code, first string // the completions that come first
		without     string // a name that is none
		start       int    // of the text that is replaced, from the cursor
	}{
		{"experiment.Experiment{¦}", "Method Trials Seed Procedures Grid", "Display", 0},
		{"experiment.Experiment{\n\tMethod: experiment.Law,\n\t¦\n}", "Trials Seed", "Method", 0},
		{"experiment.Experiment{\n\tTri¦\n\tSeed: 1,\n}", "Trials", "Seed", 3},
		{"experiment.Experiment{\n\tT¦: 3,\n}", "Trials", "theory", 1},
		{"experiment.Experiment{Method: ¦", "experiment.Law experiment.Solve experiment.Train", "", 0},
		{"experiment.Experiment{Method: experiment.L¦", "Law", "Solve", 1},
		{"var how experiment.Method = ¦", "experiment.Law experiment.Solve", "", 0},
		{"if study.Method == ¦ { }", "experiment.Law", "", 0},
		{"study.¦", "Alpha", "plan", 0},
		{"study.Run().Wh¦", "Where", "", 2},
		{"run.Where(nil).Ver¦", "Verdict", "", 3},
		{"m.T().¦", "At Dims T", "", 0},
		{"pair.¦", "Left Right Sum hidden", "", 0},
		{"Pair{Left: 1, ¦}", "Right hidden", "Left", 0},
		{"fmt.Pri¦", "Print Printf Println", "Sprint", 3},
		{"fmt.pri¦", "Print Printf Println", "", 3},
		{"import \"gonum.org/v1/gonum/m¦", "gonum.org/v1/gonum/mat", "", 20},
		{"import (\n\t\"fmt\"\n\t\"mat¦\n)", "math math/big", "fmt", 3},
		{"import \"plotting¦\"", "github.com/features-are-fate/fate/plotting", "", 8},
		{"stu¦", "study", "", 3},
		{"func f(values []float64) {\n\tfor i, value := range values {\n\t\tval¦\n\t}\n}", "value values", "", 3},
		{"func f(values []float64) {\n\tfor i, value := range values {\n\t\tval¦", "value values", "", 3},
		{"f := func(alpha float64) float64 { return al¦ }", "alpha", "", 2},
		{"plotting.Draw(plotting.Slices{¦", "Title X Y", "", 0},
		{"for i := range 10 { fmt.Println(theory.Sca¦", "Scale ScaleC", "Setting", 3},
		{"σ := 1\nfmt.Println(σ, stu¦)", "study", "", 3},
		{"swi¦", "switch", "", 3},
		{"\"a string with stu¦\"", "", "study", 0},
		{"// a comment about stu¦", "", "study", 0},
		{"nothing.¦", "", "study", 0},
	} {
		code, cursor := at(c.code)
		got := s.Complete(code, cursor)
		var names []string
		for _, m := range got.Matches {
			names = append(names, m.Text)
		}
		first := strings.Fields(c.first)
		if len(names) < len(first) || !slices.Equal(names[:len(first)], first) || slices.Contains(names, c.without) || len(first) == 0 && len(names) > 0 {
			t.Errorf("%q: got %.300q, want first %q, not %q", c.code, names, first, c.without)
		}
		if got.End != cursor || len(first) > 0 && got.Start != cursor-c.start {
			t.Errorf("%q: it replaces %d to %d; the cursor is at %d", c.code, got.Start, got.End, cursor)
		}
	}
}

// Every position of a cell may be asked about, and none panics.
func TestQuestionsEverywhere(t *testing.T) {
	s := session(t)
	for _, code := range []string{prelude, "func f(x int) {\n\tif x > 3 {\n\t\tfmt.Println(x, study.Run(\n", "x := experiment.Experiment{Grid: experiment.Grid{D: 10}, Method: }", "σ := \"é\"; σ.\n}", "import (\"fmt\n"} {
		for i := range len([]rune(code)) + 2 {
			s.Complete(code, i)
			s.Inspect(code, i)
			s.Complete(string([]rune(code)[:min(i, len([]rune(code)))]), i)
		}
	}
}

func TestInspect(t *testing.T) {
	s := session(t)
	for _, c := range []struct{ code, want string }{
		{"theory.Sca¦le(1)", "r²·c^(2L/(L−1)) = a·c² + b"},
		{"theory.Scale(1, ¦)", "r²·c^(2L/(L−1)) = a·c² + b"},
		{"theory.Scale(1, study.Seed¦)", "Seed"},
		{"experiment.Experiment{Alp¦ha: 3}", "size of the random start"},
		{"run.Ver¦dict", "func (t *Table) Verdict("},
		{"m.A¦t(0, 0)", "At returns the element at row i, column j"},
		{"fmt.Print¦ln(\"a\")", "func Println(a ...any) (n int, err error)"},
		{"¦fmt.Println", "Package fmt implements formatted I/O"},
		{"import \"fm¦t\"", "Package fmt implements formatted I/O"},
		{"stu¦dy", "var study experiment.Experiment"},
		{"pair.Su¦m()", "func (Pair).Sum() int"},
		{"x := 2.5\nx¦", "var x float64"},
		{"ma¦ke([]int, 3)", "builtin make"},
		{"nothing¦", ""},
	} {
		code, cursor := at(c.code)
		if got := s.Inspect(code, cursor); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%q: got %.200q, want %q", c.code, got, c.want)
		}
	}
}

func TestIsComplete(t *testing.T) {
	for code, want := range map[string]string{
		"": "complete", "x := 1": "complete", "func f() {\n}": "complete", "fmt.Println(1)": "complete",
		"func f() {": "incomplete", "x := (1 +": "incomplete", "x := 1 +": "incomplete", "fmt.Println(": "incomplete", "s := `a": "incomplete", "if x {": "incomplete",
		"x := experiment.Experiment{": "incomplete", "for {\n": "incomplete",
		"x := )": "invalid", "func 3() {}": "invalid", "\"a": "invalid", "x = = 3": "invalid", "}": "invalid",
	} {
		if got, _ := cell.IsComplete(code); got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
	if _, indent := cell.IsComplete("func f() {\n\tif true {"); indent != "\t\t" {
		t.Errorf("indent %q, want two tabs", indent)
	}
}

// A cell that fails its check leaves no names, nor does one that is not committed.
func TestNamesComeWithCommit(t *testing.T) {
	s := session(t)
	if _, err := s.Check("a := 1\nb := nothing", cell.Gomacro); err == nil {
		t.Fatal("accepted")
	}
	c, err := s.Check("a := 1", cell.Gomacro)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check("a", cell.Gomacro); err == nil {
		t.Error("a name is known before its cell ran")
	}
	c.Commit()
	if _, err := s.Check("a", cell.Gomacro); err != nil {
		t.Error(err)
	}
}

// A cell may redefine what earlier cells have declared, as another kind of thing too.
func TestRedefinition(t *testing.T) {
	s := session(t)
	for _, code := range []string{"a := 1", "a := \"text\"", "func a() int { return 1 }", "type a struct{ x int }", "a := a{3}", "var a = 2.5", "const a = 3", "fmt := a"} {
		c, err := s.Check(code, cell.Gomacro)
		if err != nil {
			t.Fatalf("%q: %v", code, err)
		}
		c.Commit()
	}
	if _, err := s.Check("fmt.Println()", cell.Gomacro); err == nil {
		t.Error("the package is still there behind a variable of its name")
	}
}

// The rewritten cell has the lines of the cell.
func TestRewritingKeepsLines(t *testing.T) {
	s := session(t)
	code := "func f() int {\n\treturn g(\n\t\t1,\n\t)\n}\n\nfunc g(\n\tx int,\n) int {\n\treturn max(x,\n\t\t2)\n}\nfor i :=\n\trange 3 {\n\tfmt.Println(i)\n}\nf()"
	for _, d := range []cell.Dialect{cell.Gomacro, cell.Yaegi} {
		c, err := s.Check(code, d)
		if err != nil {
			t.Fatal(err)
		}
		before, after := strings.Split(code, "\n"), strings.Split(c.Source, "\n")
		if len(before) != len(after) {
			t.Fatalf("%d lines became %d: %s", len(before), len(after), c.Source)
		}
		for i, word := range map[int]string{1: "return g(", 9: "return ", 14: "fmt.Println(i)", 16: "f()"} {
			if !strings.Contains(after[i], word) {
				t.Errorf("line %d is %q, want %q in it", i+1, after[i], word)
			}
		}
	}
}

func BenchmarkCheckHundredthCell(b *testing.B) {
	s := session(b)
	for i := range 100 {
		c, err := s.Check(fmt.Sprintf("v%d := %d\nfunc f%d(x float64) float64 { return x * float64(v%d) }", i, i, i, i), cell.Gomacro)
		if err != nil {
			b.Fatal(err)
		}
		c.Commit()
	}
	code := "a := experiment.Experiment{Method: \"law\", Trials: 3, Grid: experiment.Grid{D: 10, Gamma: []float64{.5}}}\nr := a.Run()\nfor i := range 10 {\n\tfmt.Println(i, f3(2), min(v4, v5))\n}\nplotting.Draw(plotting.Slices{Title: fmt.Sprint(r)})"
	if _, err := s.Check(code, cell.Gomacro); err != nil {
		b.Fatal(err)
	}
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			_, _ = s.Check(code, cell.Gomacro)
		}
	})
	b.Run("complete", func(b *testing.B) {
		for b.Loop() {
			s.Complete(code+"\na.", len([]rune(code))+3)
		}
	})
}
