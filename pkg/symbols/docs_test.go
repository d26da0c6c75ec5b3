package symbols

import (
	"slices"
	"strings"
	"testing"
)

func TestDoc(t *testing.T) {
	for name, want := range map[string]string{
		"theory":                      "Package theory holds the results",
		"theory.Scale":                "r²·c^(2L/(L−1)) = a·c² + b",
		"theory.RiskScratch":          "β_sc − βt",
		"experiment.Table.Verdict":    "func (t *Table) Verdict(",
		"mat.NewDense":                "NewDense creates",
		"display":                     "Package display shows values",
		"display.Table":               "a row\nfor each grid cell",
		"fmt.Println":                 "func Println(a ...any)",
		"strings.Builder.WriteString": "WriteString appends the contents of s",
		"math.Pi":                     "const Pi",
		"math/rand.Intn":              "half-open interval",
		"github.com/features-are-fate/fate/pkg/theory.Setting": "type Setting struct",
	} {
		if text, ok := Doc(name); !ok || !strings.Contains(text, want) {
			t.Errorf("%s: %q", name, text)
		}
	}
	for _, name := range []string{"", "theory.", "theory.scale", "nothing", "theory.Scale.X", "fmt.println", "slices.Sort"} {
		if text, ok := Doc(name); ok {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text, ok := TypeDoc("display", "Table"); !ok || !strings.HasPrefix(text, "func Table(") {
		t.Errorf("%q", text)
	}
	if text, ok := TypeDoc("strings", "Builder"); !ok || !strings.HasPrefix(text, "type Builder struct {") {
		t.Errorf("%q", text)
	}
}

// The documentation of what belongs to a theorem ends with its notebook.
func TestNotebooks(t *testing.T) {
	for name, want := range map[string]string{
		"theory.FineTuneScale": "Notebooks: notebooks/06_fine_tuning.ipynb, notebooks/10_depth.ipynb", // it is their code
		"theory.Linear":        "Notebooks: notebooks/04_linear_transfer.ipynb, notebooks/05_ridge.ipynb, notebooks/12_many_features.ipynb, notebooks/13_sweeps.ipynb",
		"theory.BestRidge":     "Notebook: notebooks/05_ridge.ipynb",
	} {
		if text, _ := Doc(name); !strings.HasSuffix(text, "\n\n"+want) {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text, _ := Doc("mat.NewDense"); strings.Contains(text, "Notebook") {
		t.Error(text)
	}
}

func TestFieldDoc(t *testing.T) {
	const module = "github.com/features-are-fate/fate/"
	for _, c := range []struct{ path, typ, field, want string }{
		{module + "pkg/theory", "Setting", "SourceSigma", "SourceSigma float64"},
		{module + "pkg/theory", "Setting", "D", "D int\n\nSetting is one finite-size experiment."},
		{module + "pkg/theory", "Risks", "Tuned", "Tuned float64\n\nscratch with the best ridge"},
		{module + "plotting", "Field", "Err", "Err() error"},
		{"net/http", "Client", "Timeout", "Timeout time.Duration\n\nTimeout specifies a time limit"},
		{"image", "NRGBA", "Rect", "Rect Rectangle"},
		{"bufio", "ReadWriter", "Reader", "*Reader"},
		{"io", "ReadCloser", "Closer", "Closer"},
	} {
		if text, ok := FieldDoc(c.path, c.typ, c.field); !ok || !strings.HasPrefix(text, c.want) {
			t.Errorf("%s.%s: %q, want %q", c.typ, c.field, text, c.want)
		}
	}
	for _, c := range []struct{ path, typ, field string }{{module + "pkg/theory", "Setting", "d"}, {"fmt", "Stringer", ""}, {"fmt", "Nothing", "X"}, {"math", "Pi", "Pi"}} {
		if text, ok := FieldDoc(c.path, c.typ, c.field); ok {
			t.Errorf("%s.%s: %q", c.typ, c.field, text)
		}
	}
}

func TestMembers(t *testing.T) {
	for full, want := range map[string]string{
		"github.com/features-are-fate/fate/pkg/experiment.Method": "Law Solve Train",
		"github.com/features-are-fate/fate/pkg/theory.Law":        "Law.Medians Law.Sample NewLaw",
		"strings.Builder": "Builder.Cap Builder.Grow Builder.Len Builder.Reset Builder.String Builder.Write Builder.WriteByte Builder.WriteRune Builder.WriteString",
		"strings.Reader":  "NewReader Reader.Len",
		"bytes.Buffer":    "Buffer.Available",
	} {
		names, entries := Members(full)
		if got := strings.Join(names, " "); len(names) != len(entries) || !strings.Contains(got, want) {
			t.Errorf("%s: %s", full, got)
		}
	}
	names, _ := Members("math")
	if !slices.Contains(names, "Pi") || !slices.Contains(names, "Sqrt") || slices.ContainsFunc(names, func(s string) bool { return strings.Contains(s, ".") }) {
		t.Errorf("%q", names)
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"theory.Scael":             "theory.Scale",
		"theory.scale":             "theory.Scale",
		"NewDense":                 "mat.NewDense",
		"fmt.Printn":               "fmt.Print",
		"experiment.Table.Verdikt": "experiment.Table.Verdict",
		"thoery":                   "theory",
	} {
		if got := Nearest(name); len(got) == 0 || len(got) > 3 || got[0] != want {
			t.Errorf("%s: %q, want %s first", name, got, want)
		}
	}
	if got := Nearest("nothing.of.the.kind"); got != nil {
		t.Errorf("%q", got)
	}
}
