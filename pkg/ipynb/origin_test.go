package ipynb

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/google/go-cmp/cmp"
)

func originBook() *Notebook {
	code := func(id, source string, tags ...any) Cell {
		return Cell{ID: id, Kind: "code", Source: source, Metadata: map[string]any{"tags": tags}}
	}
	return &Notebook{Minor: 5, Cells: []Cell{
		{ID: "title", Kind: "markdown", Source: "# Title"},
		code("imports", `import "math"`),
		code("params", "d := 20\nsigma := 0.2 // noise\npace := \"quick\"\nseed := uint64(3)\nlist := []int{1, 2}\nloud := true", "parameters"),
		code("run", "x := math.Sqrt(sigma)"),
		code("figure", "draw(x)"),
		code("after", "y := 1"),
	}}
}

func TestOriginHasParametersAndCode(t *testing.T) {
	nb := originBook()
	o := NewOrigins(nb, "book.ipynb").At(4)
	want := map[string]string{"d": "20", "sigma": "0.2", "pace": "quick", "seed": "3", "loud": "true"}
	if d := cmp.Diff(want, o.Parameters); d != "" || o.Cell != "figure" || o.Notebook != "book.ipynb" {
		t.Errorf("%+v %s", o, d)
	}
	// The parameters of a recipe can be set again.
	if err := SetParameters(nb, o.Parameters); err != nil {
		t.Error(err)
	}
	// A cell of papermill changes the parameters and not the code.
	nb.Cells = slices.Insert(nb.Cells, 3, Cell{ID: "new", Kind: "code", Source: "// Parameters\npace = \"paper\"\nseed = 4\n"})
	with := NewOrigins(nb, "book.ipynb").At(5)
	want["pace"], want["seed"] = "paper", "4"
	if d := cmp.Diff(want, with.Parameters); d != "" || with.Code != o.Code {
		t.Errorf("with papermill: %+v %s", with, d)
	}
	nb.Cells[3].Source += "list = []int{3}\n"
	if with := NewOrigins(nb, "book.ipynb").At(5); with.Code == o.Code {
		t.Error("a list of papermill, which no recipe has, leaves the code as it is")
	}
	code := func(change func(nb *Notebook)) string {
		nb := originBook()
		change(nb)
		return NewOrigins(nb, "book.ipynb").At(4).Code
	}
	for name, same := range map[string]func(nb *Notebook){
		"a parameter":  func(nb *Notebook) { nb.Cells[2].Source = strings.Replace(nb.Cells[2].Source, "0.2", "1e-3", 1) },
		"a cell below": func(nb *Notebook) { nb.Cells[5].Source = "y := 2" },
		"text":         func(nb *Notebook) { nb.Cells[0].Source = "# Another" },
	} {
		if code(same) != o.Code {
			t.Errorf("%s changes the code", name)
		}
	}
	for name, other := range map[string]func(nb *Notebook){
		"the cell":            func(nb *Notebook) { nb.Cells[4].Source += " " },
		"a cell above":        func(nb *Notebook) { nb.Cells[3].Source = "x := 1" },
		"a list of parameter": func(nb *Notebook) { nb.Cells[2].Source = strings.Replace(nb.Cells[2].Source, "1, 2", "1, 3", 1) },
		"the order":           func(nb *Notebook) { nb.Cells[1], nb.Cells[3] = nb.Cells[3], nb.Cells[1] },
	} {
		if code(other) == o.Code {
			t.Errorf("%s does not change the code", name)
		}
	}
}

func TestFiles(t *testing.T) {
	nb := &Notebook{Cells: []Cell{{Kind: "code", Source: "import (\n\t\"math\"\n\t\"os/exec\"\n\t\"github.com/features-are-fate/fate/plotting\"\n)"},
		{Kind: "code", Source: `x := read("data/a.json") + "data/../../b" + "/etc/passwd" + "nothing" // "data/c.json"`}}}
	dir := t.TempDir()
	for _, name := range []string{"data/a.json", "data/c.json"} {
		if err := file.Write(filepath.Join(dir, name), nil); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"data/a.json"}, Files(nb, dir)); d != "" {
		t.Error(d)
	}
}
