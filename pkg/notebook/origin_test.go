package notebook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
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
	o := newTrail(nb, "book.ipynb").next(4)
	want := map[string]string{"d": "20", "sigma": "0.2", "pace": "quick", "seed": "3", "loud": "true"}
	if d := cmp.Diff(want, o.Parameters); d != "" || o.Cell != "figure" || o.Notebook != "book.ipynb" {
		t.Errorf("%+v %s", o, d)
	}
	// What a recipe holds can be set again.
	if err := SetParameters(nb, o.Parameters); err != nil {
		t.Error(err)
	}
	code := func(change func(nb *Notebook)) string {
		nb := originBook()
		change(nb)
		return newTrail(nb, "book.ipynb").next(4).Code
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

// A kernel knows the same of a cell as a run from the top, if the cells ran in that
// order, and something else if they did not.
func TestOriginInAKernel(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(sessionVariable, "some/folder/book.ipynb")
	nb := originBook()
	if err := nb.Write(filepath.Join(dir, "book.ipynb")); err != nil {
		t.Fatal(err)
	}
	defer figure.Begin(figure.Origin{})
	want := newTrail(nb, "book.ipynb").next(4)
	var f kernelFile
	run := func(ids ...string) figure.Recipe {
		for _, id := range ids {
			for _, c := range nb.Cells {
				if c.ID == id {
					f.begin(id, c.Source)
				}
			}
		}
		return figure.Add(nil)
	}
	same := func(r figure.Recipe) bool {
		return r.Notebook == want.Notebook && r.Cell == want.Cell && r.Code == want.Code && cmp.Equal(r.Parameters, want.Parameters)
	}
	if r := run("imports", "params", "run", "figure"); !same(r) {
		t.Errorf("from the top: %+v, want %+v", r, want)
	}
	if r := run("after", "run", "figure"); !same(r) {
		t.Errorf("after cells below, and again: %+v", r)
	}
	if r := run("params", "figure"); same(r) {
		t.Error("parameters that ran after the experiment are those of the figure")
	}
	if r := run("run", "figure"); !same(r) {
		t.Errorf("put right again: %+v", r)
	}
	nb.Cells[3].Source = "x := 7" // edited, and not yet saved
	if r := run("run", "figure"); same(r) {
		t.Error("an edited cell has the code of the file")
	}
	nb = originBook()
	f = kernelFile{}
	for _, i := range []int{1, 2, 3, 4} {
		f.begin("", nb.Cells[i].Source) // a front end that does not tell the cell
	}
	if r := figure.Add(nil); !same(r) {
		t.Errorf("by source: %+v", r)
	}
	if err := os.Remove("book.ipynb"); err != nil {
		t.Fatal(err)
	}
	if r := run("imports"); r.Notebook != "" || r.Check() == nil && r.Cell != "" {
		t.Errorf("without a file: %+v", r)
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
