package notebook

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

func TestMain(m *testing.M) {
	ServeIfWorker()
	os.Exit(m.Run())
}

// book returns a notebook with code cells.
func book(cells ...string) *ipynb.Notebook {
	nb := &ipynb.Notebook{Minor: 5}
	for _, c := range cells {
		nb.Cells = append(nb.Cells, ipynb.Cell{Kind: "code", Source: c})
	}
	return nb
}

// lastShown runs cells and returns the outputs of the last one as text.
func lastShown(t *testing.T, name string, cells ...string) (string, error) {
	t.Helper()
	nb := book(cells...)
	_, err := Run(t.Context(), nb, Options{Engine: name, Timeout: 20 * time.Second})
	var out strings.Builder
	for _, o := range nb.Cells[len(nb.Cells)-1].Outputs {
		switch {
		case o.Kind == "stream":
			fmt.Fprintf(&out, "%s: %s", o.Name, o.Text)
		case o.Kind != "error":
			fmt.Fprintf(&out, "%s: %v", o.Kind, o.Data["text/plain"])
		}
	}
	return out.String(), err
}

const imp = `import (
	"fmt"
	"math"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/mat"
)`

// The same cells show the same outputs in both engines.
func TestEnginesAgree(t *testing.T) {
	for what, c := range map[string]struct {
		cells []string
		want  string
	}{
		"expression":      {[]string{"1 + 2"}, "execute_result: 3"},
		"assignment":      {[]string{"x := 4"}, ""},
		"two statements":  {[]string{"x := 4; y := x * 2", "y"}, "execute_result: 8"},
		"another type":    {[]string{"x := 4", `x := "a"`, "x"}, "execute_result: a"},
		"for header":      {[]string{"s := 0\nfor i := 0; i < 4; i++ { s += i }\ns"}, "execute_result: 6"},
		"if else":         {[]string{"x := 4\nif x > 3 {\n\tx = 1\n} else {\n\tx = 2\n}\nx"}, "execute_result: 1"},
		"print":           {[]string{imp, `fmt.Println("a")`}, "stdout: a\n"},
		"print and value": {[]string{imp, "fmt.Print(\"a\\n\")\n3"}, "stdout: a\nexecute_result: 3"},
		"function":        {[]string{"func f(x int) int { return 2 * x }", "f(4)"}, "execute_result: 8"},
		"no result":       {[]string{"3", "func f() {}", "f()"}, ""},
		"two results":     {[]string{"func f() (int, string) { return 1, \"b\" }", "f()"}, "execute_result: 1 b"},
		"struct":          {[]string{"type p struct{ X, Y int }", "q := p{X: 1, Y: 2}", "q.X + q.Y"}, "execute_result: 3"},
		"closure":         {[]string{"a := 3\nf := func(x int) int { return a * x }", "f(4)"}, "execute_result: 12"},
		"import and code": {[]string{"import \"math\"\nmath.Sqrt(16)"}, "execute_result: 4"},
		"gonum":           {[]string{imp, "a := mat.NewDense(2, 2, []float64{1, 2, 3, 4})", "mat.Det(a)"}, "execute_result: -2"},
		"theory":          {[]string{imp, "theory.Scratch.Limit(theory.Limit{Gamma: 0.5, Sigma: 0.2, Depth: 2})"}, "execute_result: 0.54"},
		"theory method":   {[]string{imp, "theory.Setting{N: 5, D: 10, Depth: 2}.Gamma()"}, "execute_result: 0.5"},
		"experiment": {[]string{imp, `run := experiment.Experiment{
	Grid:   experiment.Grid{D: 20, Gamma: []float64{0.5}, Theta: []float64{math.Pi / 4}, Sigma: []float64{0.2}},
	Method: experiment.Law, Trials: 10, Seed: 1,
}.Run()
run`}, "execute_result: law: 1 cell × 10 trials at d = 20, seed 1"},
		"closure to compiled code": {[]string{imp, `run := experiment.Experiment{Grid: experiment.Grid{D: 20, Gamma: []float64{0.5, 2}}, Method: experiment.Law, Trials: 10}.Run()`,
			"part := run.Where(func(s theory.Setting) bool { return s.N > s.D })\nlen(part.Cells)"}, "execute_result: 1"},
		"changed theory": {[]string{imp, `wrong := theory.Scratch
wrong.Mean = func(s theory.Setting) (theory.Value, error) { return theory.Value{Value: 7}, nil }`, "v, _ := wrong.Mean(theory.Setting{})", "v.Value"}, "execute_result: 7"},
		"display": {[]string{"Display(display.Markdown(\"a\"))\nDisplay(3)"}, "display_data: <nil>display_data: 3"},
	} {
		for _, name := range []string{engine.Gomacro, engine.Yaegi} {
			got, err := lastShown(t, name, c.cells...)
			if err != nil || got != c.want {
				t.Errorf("%s: %s: got %q, want %q (%v)", name, what, got, c.want, err)
			}
		}
	}
}

// An error in a cell is one line with the number of the cell, in both engines.
func TestCellErrors(t *testing.T) {
	for what, c := range map[string]struct {
		cells []string
		want  string
	}{
		"syntax":        {[]string{"x := 1", "\n\ny := (2"}, "cell 2: syntax error: 3:8: "},
		"compile":       {[]string{"x := 1", "x + \"a\"[0:1] + nothing"}, "cell 2: compile error"},
		"panic":         {[]string{"var m map[string]int", "m[\"a\"] = 1"}, "cell 2: panic"},
		"panic message": {[]string{"panic(\"at the\\ndisco\")\nx := 1"}, "cell 1: panic: at the"},
		"package":       {[]string{"import \"net/nothing\""}, `cell 1: compile error: 1:8: package "net/nothing" is not linked in`},
		"bad setting":   {[]string{imp, "experiment.Experiment{Grid: experiment.Grid{D: 0, Gamma: []float64{0.5}}, Method: experiment.Law, Trials: 2}.Run()"}, "cell 2: experiment: Grid: theory: D = 0"},
		"bad figure":    {[]string{imp, "plotting.Draw(plotting.Slices{X: `$\\nothing$`})"}, "cell 2: plotting: Slices has no curve"},
		"bad theory":    {[]string{imp, "theory.Scratch.Limit(theory.Limit{Gamma: math.NaN(), Depth: 2})"}, "cell 2: theory: Gamma = NaN"},
	} {
		for _, name := range []string{engine.Gomacro, engine.Yaegi} {
			_, err := lastShown(t, name, c.cells...)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %s: got %q, want one line that begins with %q", name, what, fmt.Sprint(err), c.want)
			}
		}
	}
}

// A cell that does not end is stopped, a cell that ends the process is reported, and the
// outputs of the cells before it are kept.
func TestRunawayCells(t *testing.T) {
	for what, c := range map[string]struct{ cell, want string }{
		"interpreted loop": {"for {}", "cell 2: timeout: the cell did not end within 1s"},
		"compiled code":    {"time.Sleep(time.Hour)", "cell 2: timeout"},
		"experiment":       {"experiment.Experiment{Grid: experiment.Grid{D: 500, Gamma: []float64{0.5}, Sigma: []float64{1}}, Method: experiment.Train, Trials: 10000}.Run()", "cell 2: timeout"},
		"goroutine panic":  {"go func() { panic(\"elsewhere\") }()\ntime.Sleep(time.Hour)", "cell 2: panic: in a goroutine: elsewhere"},
		"exit":             {"os.Exit(7)", "cell 2: crash: the process of the notebook died: exit status 7"},
	} {
		for _, name := range []string{engine.Gomacro, engine.Yaegi} {
			if name == engine.Yaegi && what == "exit" { // yaegi turns os.Exit into a panic
				continue
			}
			if name == engine.Yaegi && what == "goroutine panic" { // which ends its process
				c.want = "cell 2: crash: the process of the notebook died: panic: "
			}
			nb := book("import (\n\"os\"\n\"time\"\n\"github.com/features-are-fate/fate/pkg/experiment\"\n)\n1 + 1", c.cell, "2 + 2")
			_, err := Run(t.Context(), nb, Options{Engine: name, Timeout: time.Second})
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: %s: got %v, want %q", name, what, err, c.want)
			}
			if len(nb.Cells[0].Outputs) != 1 || nb.Cells[2].Count != 0 {
				t.Errorf("%s: %s: outputs before the failure are lost, or cells after it were run", name, what)
			}
		}
	}
}
