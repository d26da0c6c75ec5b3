package display

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

type itself struct{ Self *itself }

type point struct {
	Name string
	X    float64
	Mean theory.Value
}

func lines(s ...string) string { return strings.Join(s, "\n") }

func TestText(t *testing.T) {
	loop := &itself{}
	loop.Self = loop
	hundred := make([]float64, 100)
	hundred[99] = 1.0 / 3
	for what, c := range map[string]struct {
		value any
		want  string
	}{
		"matrix": {mat.NewDense(2, 3, []float64{1, -0.5, 1.0 / 3, math.NaN(), math.Inf(-1), 1e-12}), lines(
			"     0     1         2", "0    1  -0.5  0.333333", "1  NaN    −∞     1e-12", "2 × 3")},
		"vector of mat": {mat.NewVecDense(2, []float64{1, 2}), lines("   0", "0  1", "1  2", "2 × 1")},
		"symmetric":     {mat.NewSymDense(1, []float64{4}), lines("   0", "0  4", "1 × 1")},
		"slice":         {[]float64{0.1 + 0.2, math.Copysign(0, -1), math.Inf(1)}, "[0.3 0 ∞]"},
		"ints":          {[]int{1, 2}, "[1 2]"},
		"strings":       {[]string{"a", "b"}, "[a b]"},
		"long slice":    {hundred, "[" + strings.Repeat("0 ", 10) + "… " + strings.Repeat("0 ", 9) + "0.333333] (100 values)"},
		"slices":        {[][]float64{{1, 2}, {3, 4}}, lines("   0  1", "0  1  2", "1  3  4", "2 × 2")},
		"ragged":        {[][]int{{1}, {2, 3}}, lines("   0  1", "0  1", "1  2  3", "2 rows of 1 to 2 values")},
		"structs": {[]point{{"a", 1, theory.Value{Value: 0.5, StdErr: 0.01}}, {"b", 22, theory.Value{Value: 1}}}, lines(
			"   Name   X           Mean", "0  a      1  0.500 ± 0.010", "1  b     22              1")},
		"pointers":  {[]*point{{Name: "a"}, nil}, lines("   Name  X  Mean", "0  a     0     0", "1")},
		"struct":    {point{Name: "a", X: 2}, lines("field  value", "Name   a", "X      2", "Mean   0")},
		"pointer":   {&point{Name: "a"}, lines("field  value", "Name   a", "X      0", "Mean   0")},
		"loop":      {loop, lines("field  value", "Self   &{Self: &…}")},
		"map":       {map[int]float64{10: 1, 9: 0.25}, lines("key  value", "  9   0.25", " 10      1")},
		"named map": {map[string][]int{"b": {1}, "a": nil}, lines("key  value", "a    []", "b    [1]")},
		"records":   {map[string]itself{"a": {}}, lines("key  Self", "a    nil")},
		"empty map": {map[string]int{}, "map[]"},
		"stringer":  {time.Second, "1s"},
		"setting":   {theory.Setting{N: 5, D: 10, Depth: 2}, "n=5 d=10 θ=0° σ=0 L=2"},
		"value":     {theory.Value{Value: 0.5, StdErr: 0.01}, "0.500 ± 0.010"},
		"number":    {math.Nextafter(0.3, 1), "0.30000000000000004"},
		"text":      {"a\nb", "a\nb"},
		"func":      {math.Sqrt, "func(float64) float64"},
		"nil":       {(*point)(nil), "<nil>"},
		"nil plot":  {(*plot.Plot)(nil), "<nil>"},
		"error":     {errors.New("a"), "a"},
		"errors": {fmt.Errorf("b: %w", errors.Join(fs.ErrExist, fs.ErrClosed)), lines("b: file already exists", "file already closed",
			"  *errors.joinError: file already exists", "file already closed", "    *errors.errorString: file already exists", "    *errors.errorString: file already closed")},
	} {
		d := Auto(c.value)
		if got := d.Data[MIMETypeText]; got != c.want || Err(d) != nil {
			t.Errorf("%s:\n%v\nwant\n%s\n(%v)", what, got, c.want, Err(d))
		}
	}
}

// Of what is large the first and the last rows and columns are shown.
func TestLarge(t *testing.T) {
	m := mat.NewDense(1000, 50, nil)
	m.Set(0, 49, 7)
	m.Set(999, 0, 8)
	got := Auto(m).Data[MIMETypeText].(string)
	rows := strings.Split(got, "\n")
	if len(rows) != 23 || rows[22] != "1000 × 50" || !strings.HasSuffix(rows[1], "…   0   0   0   0   0   7") || !strings.HasPrefix(rows[21], "999  8") || !strings.HasPrefix(strings.TrimSpace(rows[11]), "⋮") {
		t.Errorf("%d rows:\n%s", len(rows), got)
	}
	if len(got) > 4000 {
		t.Errorf("%d bytes", len(got))
	}
	big := map[int]bool{}
	for i := range 1000 {
		big[i] = i == 999
	}
	if got := Auto(big).Data[MIMETypeText].(string); !strings.HasSuffix(got, "999  true\n1000 entries") {
		t.Error(got)
	}
}

// The HTML of a table is a table without styles and scripts, and quotes what it shows.
func TestHTML(t *testing.T) {
	d := Auto([]point{{Name: "<script>alert(1)</script>", X: math.Inf(1)}})
	got := d.Data[MIMETypeHTML].(string)
	if !strings.Contains(got, `<td align="left">&lt;script&gt;alert(1)&lt;/script&gt;</td><td align="right">∞</td>`) || strings.Contains(got, "style") {
		t.Error(got)
	}
}

// A run is shown by its line, and by Table with the means of each cell; so are its series.
func TestRuns(t *testing.T) {
	run := experiment.Experiment{Method: experiment.Law, Trials: 10, Seed: 1,
		Grid: experiment.Grid{D: 20, Gamma: []float64{0.5, 1.5}, Theta: []float64{1}, Sigma: []float64{0.2}}}.Run()
	if got := Auto(run).Data[MIMETypeText]; got != run.String() {
		t.Errorf("%v", got)
	}
	mean, err := run.Cells[1].Mean(theory.RiskLinear)
	if err != nil {
		t.Fatal(err)
	}
	got := Table(run).Data[MIMETypeText].(string)
	rows := strings.Split(got, "\n")
	if len(rows) != 3 || !strings.HasPrefix(rows[2], run.Cells[1].String()) || !strings.Contains(rows[0], "R_lt") || !strings.Contains(rows[2], Auto(mean).Data[MIMETypeText].(string)) {
		t.Errorf("%s\nmean %v", got, mean)
	}
	s := run.Measured(theory.RiskLinear, experiment.Gamma, experiment.None)
	if got := Auto(s).Data[MIMETypeText].(string); !strings.Contains(got, "curve") || !strings.Contains(got, " ± ") || len(strings.Split(got, "\n")) != 3 {
		t.Error(got)
	}
	failed := experiment.Experiment{}.Run()
	if d := Table(failed); Err(d) == nil || Err(d).Error() != failed.Err().Error() {
		t.Errorf("%v", d)
	}
}

// Pictures are PNG files of the stated size.
func TestPictures(t *testing.T) {
	p := plot.New()
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(line)
	for what, c := range map[string]struct {
		d    Data
		w, h int
		text string
	}{
		"image":      {Auto(image.NewGray(image.Rect(0, 0, 7, 5))), 7, 5, "image, 7 × 5 pixels"},
		"plot":       {Auto(p), 845, 634, "plot, 4.4 × 3.3 in"},
		"sized plot": {Plot(p, 2, 1), 384, 192, "plot, 2 × 1 in"},
	} {
		b, _ := c.d.Data[MIMETypePNG].([]byte)
		got, format, err := image.DecodeConfig(strings.NewReader(string(b)))
		if err != nil || format != "png" || got.Width != c.w || got.Height != c.h || c.d.Data[MIMETypeText] != c.text {
			t.Errorf("%s: %v × %v %q: %v, %v", what, got.Width, got.Height, c.d.Data[MIMETypeText], err, Err(c.d))
		}
	}
}

// What cannot be shown is an error that says why.
func TestErrors(t *testing.T) {
	empty := plot.New()
	empty.X.Scale = plot.LogScale{}
	empty.X.Min, empty.X.Max = -1, 1
	for want, d := range map[string]Data{
		"display: open nowhere":                                     File("", "nowhere"),
		"display: an image of ":                                     Image(image.NewUniform(image.Black)),
		"display: the plot is nil":                                  Plot(nil),
		"display: the plot cannot be drawn: ":                       Plot(empty),
		"display: a plot of 0 × 3.3 inches":                         Plot(empty, 0),
		"display: Plot(p, [1 2 3]): behind":                         Plot(empty, 1, 2, 3),
		"display: a value of type int is not a table: it must be a": Table(3),
	} {
		if err := Err(d); err == nil || !strings.HasPrefix(err.Error(), want) || len(d.Data) > 0 {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
}

// The type of a file is found from its first bytes, unless it is given.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, []byte("\x89PNG\r\n\x1a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := File("", name).Data[MIMETypePNG].([]byte); !ok {
		t.Errorf("%v", File("", name))
	}
	if got := File("text/markdown", name).Data["text/markdown"]; got != "\x89PNG\r\n\x1a\n" {
		t.Errorf("%q", got)
	}
}
