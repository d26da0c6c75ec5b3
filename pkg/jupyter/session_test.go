package jupyter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/google/go-cmp/cmp"
)

func originBook() *ipynb.Notebook {
	code := func(id, source string, tags ...any) ipynb.Cell {
		return ipynb.Cell{ID: id, Kind: "code", Source: source, Metadata: map[string]any{"tags": tags}}
	}
	return &ipynb.Notebook{Minor: 5, Cells: []ipynb.Cell{
		{ID: "title", Kind: "markdown", Source: "# Title"},
		code("imports", `import "math"`),
		code("params", "d := 20\nsigma := 0.2 // noise\npace := \"quick\"\nseed := uint64(3)\nlist := []int{1, 2}\nloud := true", "parameters"),
		code("run", "x := math.Sqrt(sigma)"),
		code("figure", "draw(x)"),
		code("after", "y := 1"),
	}}
}

// The origin of a figure in a kernel is that of a run from the top if the cells ran in
// that order, and another one otherwise.
func TestSession(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(sessionVariable, "some/folder/book.ipynb")
	nb := originBook()
	if err := nb.Write(filepath.Join(dir, "book.ipynb")); err != nil {
		t.Fatal(err)
	}
	defer figure.Begin(figure.Origin{})
	want := ipynb.NewOrigins(nb, "book.ipynb").At(4)
	var s Session
	run := func(ids ...string) figure.Recipe {
		for _, id := range ids {
			for _, c := range nb.Cells {
				if c.ID == id {
					figure.Begin(s.Begin(id, c.Source))
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
	s = Session{}
	for _, i := range []int{1, 2, 3, 4} {
		figure.Begin(s.Begin("", nb.Cells[i].Source)) // a front end that does not send the id
	}
	if r := figure.Add(nil); !same(r) {
		t.Errorf("by source: %+v", r)
	}
	for _, c := range [][3]string{{"id", "x", "id"}, {"", "x", "x"}} {
		if o := s.Begin(c[0], c[1]); o.Key != c[2] || o.Cell == "" {
			t.Errorf("%q: %+v", c, o)
		}
	}
	if err := os.Remove("book.ipynb"); err != nil {
		t.Fatal(err)
	}
	if o := s.Begin("id", "x"); o.Key != "id" || o.Cell != "" {
		t.Errorf("without a file: %+v", o)
	}
	if r := run("imports"); r.Notebook != "" || r.Check() == nil && r.Cell != "" {
		t.Errorf("without a file: %+v", r)
	}
}

// Without the name of the notebook, the cells that ran tell it once they are those of one
// notebook of the folder.
func TestSessionSearch(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(sessionVariable, "")
	os.Unsetenv(sessionVariable)
	nb, other := originBook(), originBook()
	other.Cells[4].Source = "other(x)"
	for name, book := range map[string]*ipynb.Notebook{"book.ipynb": nb, "other.ipynb": other, "book.nbconvert.ipynb": nb} {
		if err := book.Write(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var s Session
	for i, c := range nb.Cells[1:4] {
		if o := s.Begin("", c.Source); o.Notebook != "" {
			t.Errorf("cell %d is in two notebooks, and %s was chosen", i+1, o.Notebook)
		}
	}
	got, want := s.Begin("vscode-notebook-cell:/a/b.ipynb#X1", nb.Cells[4].Source), ipynb.NewOrigins(nb, "book.ipynb").At(4)
	want.Key = "vscode-notebook-cell:/a/b.ipynb#X1"
	if !cmp.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if o := s.Begin("", "elsewhere()"); o.Notebook != "" {
		t.Errorf("a cell that is in no notebook is in %s", o.Notebook)
	}
	s = Session{}
	for _, source := range []string{nb.Cells[1].Source, nb.Cells[2].Source, "// Parameters\nseed = 9\n", nb.Cells[3].Source} {
		s.Begin("", source)
	}
	if o := s.Begin("", nb.Cells[4].Source); o.Code != want.Code || o.Parameters["seed"] != "9" {
		t.Errorf("with a cell of papermill: %+v", o)
	}
	s = Session{}
	if o := s.Begin("", "elsewhere()"); o.Notebook != "" {
		t.Errorf("a cell that is in no notebook is in %s", o.Notebook)
	}
	if o := s.Begin("", "other(x)"); o.Notebook != "other.ipynb" {
		t.Errorf("after a cell of no notebook: %+v", o)
	}
	large, err := os.Create(filepath.Join(dir, "large.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if err := large.Truncate(searchLimit); err != nil {
		t.Fatal(err)
	}
	s = Session{}
	if o := s.Begin("", "other(x)"); o.Notebook != "" {
		t.Errorf("searched more than the limit, found %s", o.Notebook)
	}
}

// What was shown under controls is found in the saved notebook by the id of its model.
func TestControlled(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(sessionVariable, "folder/book.ipynb")
	var s Session
	if got := s.Controlled(); len(got) != 0 {
		t.Errorf("without a file: %v", got)
	}
	const book = `{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "x", "execution_count": 1, "outputs": [
{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": ["σ = 1"],
"application/vnd.jupyter.widget-view+json": {"model_id": "m1", "version_major": 2, "version_minor": 0}}},
{"output_type": "display_data", "metadata": {}, "data": {"text/plain": "other", "application/vnd.jupyter.widget-view+json": 1}}]}],
"metadata": {}, "nbformat": 4, "nbformat_minor": 5}`
	if err := os.WriteFile("book.ipynb", []byte(book), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := s.Controlled(); len(got) != 1 || got["m1"].Data["text/plain"] != "σ = 1" {
		t.Errorf("%v", got)
	}
}
