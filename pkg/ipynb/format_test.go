package ipynb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Writing a notebook that was read changes nothing, in either form of text.
func TestFormatRoundTrip(t *testing.T) {
	const file = `{"nbformat":4,"nbformat_minor":5,"metadata":{"kernelspec":{"name":"gophernotes"},"x":[1,2]},"cells":[
{"cell_type":"markdown","id":"a","metadata":{},"source":"one\ntwo","attachments":{"p":{"image/png":"AA=="}}},
{"cell_type":"raw","metadata":{},"source":[]},
{"cell_type":"code","id":"b","metadata":{"tags":["parameters"]},"execution_count":3,"source":["x := 1\n","x"],"outputs":[
 {"output_type":"stream","name":"stdout","text":["a\n","b"]},
 {"output_type":"execute_result","execution_count":3,"metadata":{"image/png":{"width":4}},"data":{"text/plain":["1"],"image/png":"iVBO\n","application/vnd.x+json":{"a":[0.1,1e30]}}},
 {"output_type":"error","ename":"e","evalue":"v","traceback":["t"]}]}]}`
	first, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	data, err := first.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	second, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := second.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(data), string(again)); d != "" {
		t.Error(d)
	}
	c := second.Cells[2]
	if c.Source != "x := 1\nx" || !c.Tagged("parameters") || c.Outputs[0].Text != "a\nb" || c.Outputs[2].Name != "e" || c.Outputs[2].Text != "v" || c.Count != 3 {
		t.Errorf("%+v", c)
	}
	if d := Differences(first, second); d != nil {
		t.Error(d)
	}
}

func TestReadErrors(t *testing.T) {
	for content, want := range map[string]string{
		"hello":                          "not a notebook",
		"{}":                             "no nbformat",
		`{"nbformat":3,"worksheets":[]}`: "nbformat 3 is not supported",
		`{"nbformat":5,"cells":[]}`:      "nbformat 5 is not supported",
		`{"nbformat":4,"cells":[{"cell_type":"code","source":"1","outputs":[{"output_type":"execute_result","data":{"text/plain":7}}]}]}`: "cell 1",
		`{"nbformat":4,"cells":[{"cell_type":"heading"}]}`: "cell_type",
	} {
		path := write(t, "a.ipynb", content)
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want the file and %q", content, err, want)
		}
	}
	if _, err := Read("nowhere.ipynb"); err == nil {
		t.Error("a missing file is no error")
	}
}

// book returns a notebook with code cells.
func book(cells ...string) *Notebook {
	nb := &Notebook{Minor: 5}
	for _, c := range cells {
		nb.Cells = append(nb.Cells, Cell{Kind: "code", Source: c})
	}
	return nb
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a"],"outputs":[{"output_type":"stream","text":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if nb, err := Parse(b); err == nil {
			if _, err := nb.Marshal(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestDifferences(t *testing.T) {
	base := func() *Notebook {
		nb := book("a")
		nb.Cells[0].Outputs = []Output{
			{Kind: "stream", Name: "stdout", Text: "risk 0.12345 ± 0.002\n"},
			{Kind: "execute_result", Data: map[string]any{"image/png": "AAAA", "application/vnd.fate.figure+json": map[string]any{"y": []any{1.0, 2.0}}}},
		}
		return nb
	}
	for name, c := range map[string]struct {
		change func(*Notebook)
		want   string
	}{
		"nothing": {func(*Notebook) {}, ""},
		"pixels":  {func(n *Notebook) { n.Cells[0].Outputs[1].Data["image/png"] = "BBBB" }, ""},
		"rounding": {func(n *Notebook) {
			n.Cells[0].Outputs[1].Data["application/vnd.fate.figure+json"] = map[string]any{"y": []any{1.0, 2.000001}}
		}, ""},
		"number": {func(n *Notebook) { n.Cells[0].Outputs[0].Text = "risk 0.12346 ± 0.002\n" }, "0.12346, committed 0.12345"},
		"word":   {func(n *Notebook) { n.Cells[0].Outputs[0].Text = "risky 0.12345 ± 0.002\n" }, "risky, committed risk"},
		"less":   {func(n *Notebook) { n.Cells[0].Outputs[0].Text = "risk 0.12345 ±" }, "less text"},
		"data": {func(n *Notebook) {
			n.Cells[0].Outputs[1].Data["application/vnd.fate.figure+json"] = map[string]any{"y": []any{1.0, 2.1}}
		}, "y[1]: 2.1, committed 2"},
		"no figure": {func(n *Notebook) { delete(n.Cells[0].Outputs[1].Data, "image/png") }, "image/png is missing"},
		"output":    {func(n *Notebook) { n.Cells[0].Outputs = n.Cells[0].Outputs[:1] }, "1 outputs, committed 2"},
		"cells":     {func(n *Notebook) { n.Cells = nil }, "0 cells, committed 1"},
	} {
		now := base()
		c.change(now)
		if d := strings.Join(Differences(base(), now), "\n"); c.want == "" && d != "" || !strings.Contains(d, c.want) {
			t.Errorf("%s: got %q, want %q", name, d, c.want)
		}
	}
}

func TestSetParameters(t *testing.T) {
	const source = "// the size\nd := 500 // dimensions\nsigma := 0.2\npace := \"quick\"\nfast := true\nseed := uint64(4)\ngrid := []float64{1}"
	set := func(name, value string) (string, error) {
		nb := book("1", source)
		nb.Cells[1].Metadata = map[string]any{"tags": []any{"parameters"}}
		err := SetParameters(nb, map[string]string{name: value})
		return nb.Cells[1].Source, err
	}
	for _, c := range [][3]string{
		{"d", "60", "d := 60 // dimensions"}, {"sigma", "1", "sigma := 1.0"}, {"sigma", "1e-3", "sigma := 1e-3"},
		{"pace", "paper", `pace := "paper"`}, {"pace", `"paper"`, `pace := "paper"`}, {"pace", `a"; os.Exit(1); "`, `pace := "a\"; os.Exit(1); \""`},
		{"fast", "false", "fast := false"}, {"seed", "9", "seed := uint64(9)"},
	} {
		got, err := set(c[0], c[1])
		if err != nil || !strings.Contains(got, c[2]) || strings.Count(got, "\n") != strings.Count(source, "\n") {
			t.Errorf("%s=%s: %v\n%s", c[0], c[1], err, got)
		}
	}
	for _, c := range [][3]string{
		{"x", "1", `no parameter "x"; there are d, sigma, pace`}, {"d", "1.5", "not an integer"}, {"d", "f()", "not an integer"}, {"sigma", "NaN", "not a finite number"},
		{"sigma", "os.Exit(1)", "not a finite number"}, {"fast", "2", "not true or false"}, {"grid", "1", "change the cell by hand"},
	} {
		if got, err := set(c[0], c[1]); err == nil || !strings.Contains(err.Error(), c[2]) || got != source {
			t.Errorf("%s=%s: got %v, want %q", c[0], c[1], err, c[2])
		}
	}
	if err := SetParameters(book("d := 1"), map[string]string{"d": "2"}); err == nil {
		t.Error("a notebook without a parameters cell is no error")
	}
}

// The chunks of a cell contain its text in order.
func TestSplitKeepsTheText(t *testing.T) {
	statements := []string{"x := 1", "for i := 0; i < 3; i++ {\n\tx += i\n}", "import \"fmt\"", "func f(a, b int) (int, error) {\n\treturn a, nil\n}",
		"type p struct {\n\tA, B int\n}", "if x := 3; x > 2 {\n} else {\n}", "y := p{\n\tA: 1,\n}", "f(1,\n\t2)", "z := `a;\nb`", "// a comment", "var v = func() int { return 1 }()",
		"switch x := 2; x {\ncase 1:\n\ty = 2\ndefault:\n}", "x.\n\tf().\n\tg()"}
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfN(rapid.SampledFrom(statements), 0, 8).Draw(t, "statements")
		chunks, err := Split(strings.Join(chosen, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, s := range chosen {
			if !strings.HasPrefix(s, "//") {
				want = append(want, s)
			}
		}
		var got []string
		for _, c := range chunks {
			got = append(got, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(c.Source), "// a comment")))
		}
		for i := range got { // a comment belongs to a chunk beside it
			got[i] = strings.TrimSpace(strings.ReplaceAll(got[i], "// a comment", ""))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}
