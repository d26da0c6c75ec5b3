package figure_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"html"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/plotting"
	"github.com/google/go-cmp/cmp"
)

// points is a set of one curve.
type points struct{ x, y, bar []float64 }

func (p points) Len() int { return 1 }
func (p points) Curve(int) (string, []float64, []float64, []float64) {
	return `$\gamma = 0.5$`, p.x, p.y, p.bar
}
func (p points) Err() error                  { return nil }
func (p points) Origin(int) (string, uint64) { return "solve", 7 }

func example() points {
	return points{[]float64{1, 2, 3}, []float64{0.1, math.Pi, math.Inf(1)}, []float64{0.01, 1e-17, math.NaN()}}
}

// files draws the example in every format, as in a cell of a notebook.
func files(t testing.TB) map[string][]byte {
	figure.Begin(figure.Origin{Notebook: "04_linear_transfer.ipynb", Cell: "b24a13a9", Code: "0123456789abcdef",
		Parameters: map[string]string{"pace": "quick", "seed": "7"}})
	defer figure.Begin(figure.Origin{})
	f := plotting.Draw(plotting.Slices{Title: "a title (of sorts)", X: `$\gamma$`, Y: `$\mathcal{R}$`, Points: example()})
	out := map[string][]byte{}
	for name, make := range map[string]func() ([]byte, error){"png": f.PNG, "svg": f.SVG, "pdf": f.PDF} {
		b, err := make()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

func TestEveryFormatCarriesRecipeAndData(t *testing.T) {
	var recipes []figure.Recipe
	for name, file := range files(t) {
		f, err := figure.Parse(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := f.Data.Panels[0].Curves[0]
		e := example()
		for i := range e.x {
			same := func(a, b float64) bool {
				return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
			}
			if !same(c.X[i], e.x[i]) || !same(c.Y[i], e.y[i]) || !same(c.Err[i], e.bar[i]) {
				t.Errorf("%s: point %d is %v, %v, %v", name, i, c.X[i], c.Y[i], c.Err[i])
			}
		}
		r := f.Recipe
		if r.Notebook != "04_linear_transfer.ipynb" || r.Cell != "b24a13a9" || r.Figure != 1 || r.Parameters["seed"] != "7" ||
			!slices.Equal(r.Methods, []string{"solve"}) || !slices.Equal(r.Seeds, []uint64{7}) || r.Data != f.Data.Hash() {
			t.Errorf("%s: %+v", name, r)
		}
		recipes = append(recipes, r)
	}
	if d := cmp.Diff(recipes[0], recipes[1]) + cmp.Diff(recipes[0], recipes[2]); d != "" {
		t.Error("the formats carry different recipes:", d)
	}
}

// The same run gives the same bytes, which do not reveal the user, the folder or the time.
func TestNoTimeUserOrFolder(t *testing.T) {
	first := files(t)
	user := os.Getenv("USER")
	here, _ := os.Getwd()
	for name, file := range files(t) {
		if !bytes.Equal(file, first[name]) {
			t.Errorf("%s: two runs differ", name)
		}
		for _, secret := range []string{user, here, "/home/", "/root/"} {
			if len(secret) > 3 && bytes.Contains(file, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
		if name == "pdf" {
			for _, date := range regexp.MustCompile(`D:\d{8}`).FindAllString(string(file), -1) {
				if date != "D:20250701" {
					t.Errorf("the PDF has the date %s", date)
				}
			}
		}
	}
}

// A second recipe replaces the first; embedding the first again restores the file.
func TestEmbedReplaces(t *testing.T) {
	for name, file := range files(t) {
		f, err := figure.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		with := f.Recipe
		with.Verdict = &figure.Verdict{Agree: 1, Columns: []string{"result", "z"}, Rows: [][]string{{`T (lt) \ "≥"`, "+0.3"}, {"𝒯", "−9"}}}
		signed, err := f.WithVerdict(with.Verdict)
		if err != nil {
			t.Fatal(err)
		}
		g, err := figure.Parse(signed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(with, g.Recipe); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		back, err := figure.Embed(signed, f.Recipe, *f.Data)
		if err != nil || !bytes.Equal(back, file) {
			t.Errorf("%s: not the first file again: %v", name, err)
		}
	}
}

// Data of more than 256 KB compressed are not embedded; their hash is.
func TestLargeDataStayOut(t *testing.T) {
	var d figure.Data
	x := make(figure.Numbers, 20_000)
	for i := range x {
		x[i] = math.Sqrt(float64(i))
	}
	d.Panels = []figure.Panel{{Kind: "slices", Curves: []figure.Curve{{Role: "points", X: x, Y: x}}}}
	for name, file := range files(t) {
		f, err := figure.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		out, err := figure.Embed(file, f.Recipe, d)
		if err != nil {
			t.Fatal(err)
		}
		if f, err = figure.Parse(out); err != nil {
			t.Fatal(err)
		}
		if out, err = f.WithVerdict(&figure.Verdict{Columns: []string{"z"}, Rows: [][]string{{"+1"}}}); err != nil {
			t.Fatal(err)
		}
		if f, err = figure.Parse(out); err != nil || f.Data != nil || f.Recipe.Data != d.Hash() || f.Recipe.Verdict == nil {
			t.Errorf("%s: %v, data %v", name, err, f.Data != nil)
		}
	}
}

// svg returns a file with arbitrary text as its recipe and arbitrary bytes as its data.
func svg(recipe string, data []byte) []byte {
	const space = "https://github.com/features-are-fate/fate/figure"
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg"><metadata><recipe xmlns=%q>%s</recipe><data xmlns=%q>%s</data></metadata></svg>`,
		space, html.EscapeString(recipe), space, base64.StdEncoding.EncodeToString(data))
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

func TestFilesFromAnywhereAreRefused(t *testing.T) {
	good := files(t)
	f, err := figure.Parse(good["svg"])
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s)<recipe[^>]*>(.*?)</recipe>`).FindSubmatch(good["svg"])
	recipe := html.UnescapeString(string(text[1]))
	data := zipped(`{"panels":[{"kind":"slices","x":"","y":""}]}`)
	change := func(old, new string) []byte {
		if !strings.Contains(recipe, old) {
			t.Fatalf("%s is not in %s", old, recipe)
		}
		return svg(strings.Replace(recipe, old, new, 1), data)
	}
	damagedPNG := bytes.Clone(good["png"])
	damagedPNG[bytes.Index(damagedPNG, []byte("fate.recipe"))+20] ^= 1
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":              {nil, "not a PNG, SVG or PDF"},
		"text":               {[]byte("hello"), "not a PNG, SVG or PDF"},
		"other XML":          {[]byte("<html></html>"), "not a PNG, SVG or PDF"},
		"SVG without":        {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"></svg>`), "this SVG carries no recipe"},
		"PDF without":        {[]byte("%PDF-1.4\n%%EOF"), "this PDF carries no recipe"},
		"PNG cut":            {good["png"][:200], "damaged"},
		"PNG flipped":        {damagedPNG, "checksum"},
		"PDF cut":            {good["pdf"][:bytes.LastIndex(good["pdf"], []byte("/FateRecipe"))+50], "does not end"},
		"SVG cut":            {good["svg"][:bytes.Index(good["svg"], []byte("notebook"))], "damaged"},
		"no JSON":            {svg("hello", nil), "recipe is damaged"},
		"two values":         {svg(recipe+"{}", nil), "more after its end"},
		"unknown field":      {change(`{"fate":1`, `{"run":"rm","fate":1`), "unknown field"},
		"another format":     {change(`"fate":1`, `"fate":2`), "fate is"},
		"deep":               {svg(strings.Repeat("[", 100_000), nil), "nested more than"},
		"deep data":          {svg(recipe, zipped(strings.Repeat("[", 100_000))), "nested more than"},
		"huge recipe":        {svg(strings.Repeat("a", 1<<20), nil), "larger than fate writes"},
		"bomb":               {svg(recipe, zipped(strings.Repeat(" ", 64<<20))), "unpack to more than"},
		"folder up":          {change("04_linear_transfer.ipynb", "../04_linear_transfer.ipynb"), "without a folder"},
		"absolute":           {change("04_linear_transfer.ipynb", "/etc/passwd"), "without a folder"},
		"Windows folder":     {change("04_linear_transfer.ipynb", `..\\a.ipynb`), "without a folder"},
		"no notebook":        {change("04_linear_transfer.ipynb", "run.sh"), "without a folder"},
		"cell with code":     {change("b24a13a9", `os.Exit(1)`), "cell is"},
		"parameter name":     {change(`"pace"`, `"pace; import os"`), "parameters is"},
		"terminal escape":    {change("quick", `\u001b[2J`), "parameters.pace is"},
		"turned text":        {change("quick", `\u202Eabc`), "parameters.pace is"},
		"other method":       {change("solve", "guess"), "tiers is"},
		"a negative figure":  {change(`"figure":1`, `"figure":-1`), "figure is"},
		"data of another":    {svg(recipe, data), "not those of the recipe"},
		"data no zip":        {svg(recipe, []byte("hello")), "data are damaged"},
		"data without panel": {svg(recipe, zipped(`{"panels":[]}`)), "no panel"},
		"uneven curve":       {svg(recipe, zipped(`{"panels":[{"kind":"","x":"","y":"","curves":[{"role":"line","x":[1],"y":[1,2]}]}]}`)), "1 x, 2 y"},
		"uneven map":         {svg(recipe, zipped(`{"panels":[{"kind":"","x":"","y":"","grid":{"x":[1],"y":[1],"z":[[1,2]]}}]}`)), "a row of 2 values"},
		"null number":        {svg(recipe, zipped(`{"panels":[{"kind":"","x":"","y":"","curves":[{"role":"line","x":[null],"y":[1]}]}]}`)), "not a number"},
	} {
		_, err := figure.Parse(test.file)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want an error with %q, got %v", name, test.want, err)
		} else if strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 400 {
			t.Errorf("%s: the error is no plain line: %q", name, err)
		}
	}
	if _, err := figure.Read(t.TempDir()); err == nil {
		t.Error("a folder is no error")
	}
	if _, err := figure.Embed([]byte("hello"), f.Recipe, *f.Data); err == nil {
		t.Error("a recipe in a text is no error")
	}
}

// Any file is read or refused; a file that is read can be shown and written.
func FuzzParse(f *testing.F) {
	for _, file := range files(f) {
		f.Add(file)
	}
	f.Add(svg(`{"fate":1}`, zipped(`{"panels":[{"kind":"a","x":"b","y":"c"}]}`)))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := figure.Parse(file)
		if err != nil {
			return
		}
		if err := got.Recipe.Check(); err != nil {
			t.Error(err)
		}
		if got.Data != nil {
			if got.Data.Hash() != got.Recipe.Data {
				t.Error("the data are not those of the recipe")
			}
			var b bytes.Buffer
			if err := got.Data.WriteCSV(&b); err != nil {
				t.Error(err)
			}
			if d := figure.Compare(*got.Data, *got.Data); d.Where != "" {
				t.Errorf("the data differ from themselves: %+v", d)
			}
		}
	})
}

func TestCSV(t *testing.T) {
	f, err := figure.Parse(files(t)["png"])
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Data.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if y, err := strconv.ParseFloat(rows[2][5], 64); err != nil || y != math.Pi {
		t.Errorf("y = %v, not π to the last bit", rows[2][5])
	}
}

func TestCompareSaysWhere(t *testing.T) {
	data := func(change func(c *figure.Curve)) figure.Data {
		c := figure.Curve{Role: "points", Label: "a", X: figure.Numbers{1, 2, 3}, Y: figure.Numbers{-1, 0.5, 4}}
		change(&c)
		return figure.Data{Panels: []figure.Panel{{Kind: "slices", Curves: []figure.Curve{c}}}}
	}
	file := data(func(*figure.Curve) {})
	for name, test := range map[string]struct {
		again    figure.Data
		relative float64
		where    string
	}{
		"equal":   {data(func(*figure.Curve) {}), 0, ""},
		"rounded": {data(func(c *figure.Curve) { c.Y[1] += 4e-8 }), 1e-8, "panel 1, curve 1 (points a), y of point 2: 0.50000004, in the file 0.5"},
		"largest": {data(func(c *figure.Curve) { c.Y[0], c.Y[1] = -3, 0.6 }), 0.5, "panel 1, curve 1 (points a), y of point 1: -3, in the file -1"},
		"NaN":     {data(func(c *figure.Curve) { c.Y[2] = math.NaN() }), math.Inf(1), "panel 1, curve 1 (points a), y of point 3: NaN, in the file 4"},
		"longer":  {data(func(c *figure.Curve) { c.X, c.Y = append(c.X, 4), append(c.Y, 4) }), math.Inf(1), "panel 1, curve 1 (points a), x: 4 values, in the file 3"},
		"label":   {data(func(c *figure.Curve) { c.Label = "b" }), math.Inf(1), `panel 1, curve 1 (points a), now points "b" `},
	} {
		d := figure.Compare(file, test.again)
		if math.Abs(d.Relative-test.relative) > 1e-12 && d.Relative != test.relative || d.Where != test.where {
			t.Errorf("%s: %v %q", name, d.Relative, d.Where)
		}
	}
	// A rounding difference is allowed between architectures, not on the same one.
	here := &figure.File{Recipe: figure.Recipe{Arch: "amd64", Data: "1"}, Data: &file}
	rounded := data(func(c *figure.Curve) { c.Y[1] += 4e-8 })
	again := &figure.File{Recipe: figure.Recipe{Arch: "amd64", Data: "2"}, Data: &rounded}
	if figure.Same(here, again) == nil {
		t.Error("different data on one architecture are no difference")
	}
	if again.Recipe.Arch = "arm64"; figure.Same(here, again) != nil {
		t.Error("rounding on another architecture is a difference")
	}
}
