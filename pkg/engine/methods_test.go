package engine

import (
	"fmt"
	"strings"
	"testing"
)

// A type that a cell declares is handed to compiled code as each kind of interface.
func TestDeclaredTypesMeetCompiledInterfaces(t *testing.T) {
	const imports = `import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"sort"

	"github.com/features-are-fate/fate/pkg/verdict"
	"github.com/features-are-fate/fate/plotting"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)`
	for what, c := range map[string]struct {
		cells []string
		want  string
	}{
		"plotting.Field": {[]string{`type field struct{ n int }
func (f field) Values() (x, y []float64, z [][]float64) {
	return []float64{0, 1, 2}, []float64{0, 1}, [][]float64{[]float64{1, -1, 0.5}, []float64{0.2, 0.1, float64(f.n)}}
}
func (f field) Boundary() (x, y [][]float64) { return nil, nil }
func (f field) Err() error                   { return nil }`,
			"var f plotting.Field = field{n: 3}\nd := plotting.Draw(plotting.PhaseDiagram{Field: f, X: `a`, Y: `b`, Z: `c`})\nd.Err() == nil"}, "true"},
		"plotting.Curves": {[]string{`type curves struct{ err error }
func (c curves) Len() int { return 1 }
func (c curves) Curve(i int) (label string, x, y, stderr []float64) { return "a", []float64{0, 1}, []float64{1, 2}, nil }
func (c curves) Err() error { return c.err }`,
			"var c plotting.Curves = curves{}\nd := plotting.Draw(plotting.Slices{Lines: c, X: `a`, Y: `b`})\nd.Err() == nil"}, "true"},
		"its error": {[]string{`type broken struct{ err error }
func (c broken) Len() int { return 0 }
func (c broken) Curve(i int) (label string, x, y, stderr []float64) { return "", nil, nil, nil }
func (c broken) Err() error { return c.err }`,
			"var c plotting.Curves = broken{err: errors.New(\"of mine\")}\nd := plotting.Draw(plotting.Slices{Lines: c, X: `a`, Y: `b`})\nd.Err().Error()"}, "of mine"},
		"mat.Matrix": {[]string{`type ones struct{ n int }
func (o ones) Dims() (r, c int)        { return o.n, o.n }
func (o ones) At(i, j int) float64     { return 1 }
func (o ones) T() mat.Matrix           { return o }`, "mat.Sum(ones{n: 3})"}, "9"},
		"plotter.XYer": {[]string{`type points struct{ n int }
func (p points) Len() int                { return p.n }
func (p points) XY(i int) (x, y float64) { return float64(i), float64(i * i) }`,
			"xs, err := plotter.CopyXYs(points{n: 4})", "xs[3].Y"}, "9"},
		"plotter.GridXYZ": {[]string{`type heat struct{ n int }
func (h heat) Dims() (c, r int)   { return h.n, 2 }
func (h heat) Z(c, r int) float64 { return float64(c + r) }
func (h heat) X(c int) float64    { return float64(c) }
func (h heat) Y(r int) float64    { return float64(r) }`,
			"m := plotter.NewHeatMap(heat{n: 5}, nil)", "m.Max"}, "5"},
		"plot.Plotter": {[]string{`type mark struct{ at *float64 }
func (m mark) Plot(c draw.Canvas, p *plot.Plot) { *m.at = 7 }`,
			"seen := 0.0", "func drawn(at *float64) display.Data {\n\tp := plot.New()\n\tvar m plot.Plotter = mark{at: at}\n\tp.Add(m)\n\treturn display.Plot(p)\n}", "d := drawn(&seen)", "seen"}, "7"},
		"plot.Ticker": {[]string{`type ticks struct{ n int }
func (t ticks) Ticks(min, max float64) []plot.Tick { return []plot.Tick{plot.Tick{Value: max, Label: "end"}} }`,
			"p := plot.New()\nvar m plot.Ticker = ticks{n: 1}\np.X.Tick.Marker = m", "p.X.Tick.Marker.Ticks(0, 2)[0].Label"}, "end"},
		"image.Image": {[]string{`type flat struct{ n int }
func (f flat) ColorModel() color.Model { return color.GrayModel }
func (f flat) Bounds() image.Rectangle { return image.Rect(0, 0, f.n, 2) }
func (f flat) At(x, y int) color.Color { return color.Gray{Y: 7} }`,
			"d := display.Image(flat{n: 3})", "fmt.Sprintf(\"%v\", d.Data[\"text/plain\"])"}, "image, 3 × 2 pixels"},
		"sort.Interface": {[]string{`type down []int
func (d down) Len() int           { return len(d) }
func (d down) Less(i, j int) bool { return d[i] > d[j] }
func (d down) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }`, "d := down{3, 9, 4}\nsort.Sort(d)", "d[0]"}, "9"},
		"fmt.Stringer": {[]string{"type name struct{ s string }\nfunc (n name) String() string { return \"I am \" + n.s }",
			"var s fmt.Stringer = name{s: \"a\"}", "s.String()"}, "I am a"},
		"error": {[]string{"type bad struct{ n int }\nfunc (b bad) Error() string { return fmt.Sprint(\"bad \", b.n) }",
			"func fail() error { return bad{n: 3} }", "verdict.Failed(fail()).Err().Error()"}, "bad 3"},
		"io.Writer": {[]string{"type count struct{ n *int }\nfunc (c count) Write(b []byte) (int, error) { *c.n += len(b); return len(b), nil }",
			"n := 0", "k, err := fmt.Fprint(count{n: &n}, \"abcd\")", "n"}, "4"},
	} {
		for _, name := range []string{Gomacro, Yaegi} {
			got, err := lastText(name, append([]string{imports}, c.cells...)...)
			if err != nil || got != c.want {
				t.Errorf("%s: %s: got %q, want %q (%v)", name, what, got, c.want, err)
			}
		}
	}
}

// A value of a type that a cell declares is shown by its method, and one of an interface by
// that of the value in it. A method that panics does not end the process.
func TestDeclaredTypesShowThemselves(t *testing.T) {
	const imports = "import (\n\t\"fmt\"\n\t\"errors\"\n)"
	types := `type text struct{ n int }
func (t text) String() string { return fmt.Sprint("text ", t.n) }
type pointed struct{ n int }
func (p *pointed) String() string { return fmt.Sprint("pointed ", p.n) }
type number int
func (n number) String() string { return fmt.Sprint("number ", int(n)) }
type page struct{ n int }
func (p page) HTML() string   { return fmt.Sprintf("<b>%d</b>", p.n) }
func (p page) String() string { return "not this" }
type bad struct{ n int }
func (b bad) Error() string { return fmt.Sprint("bad ", b.n) }
type wild struct{ n int }
func (w wild) String() string { panic("in a method") }
type plain struct{ A, B int }`
	for cell, want := range map[string]string{
		"text{n: 1}":                         "text/plain: text 1",
		"x := &text{n: 2}\nx // a comment":   "text/plain: text 2",
		"&pointed{n: 3}":                     "text/plain: pointed 3",
		"number(4)":                          "text/plain: number 4",
		"page{n: 5}":                         "text/html: <b>5</b>",
		"bad{n: 6}":                          "text/plain: bad 6",
		"var s fmt.Stringer = text{n: 7}\ns": "text/plain: text 7",
		"var e error = bad{n: 8}\ne":         "text/plain: bad 8",
		"plain{A: 9, B: 10}":                 "text/plain: field  value\nA          9\nB         10",
		"errors.New(`a`)":                    "text/plain: a",
		"1 + 2":                              "text/plain: 3",
		"wild{n: 1}":                         "text/plain: %!v(PANIC=String method: in a method)",
	} {
		for _, name := range []string{Gomacro, Yaegi} {
			if name == Yaegi && strings.HasPrefix(cell, "var e error") {
				continue // yaegi forgets the type of a value in an error
			}
			e, err := New(name, func(any) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			var d Display
			for _, c := range []string{imports, types, cell} {
				if d, err = Run(e, c); err != nil {
					t.Errorf("%s: %s: %v", name, c, err)
				}
			}
			kind, text, _ := strings.Cut(want, ": ")
			if d.Data[kind] != text {
				t.Errorf("%s: %s: got %v, want %q", name, cell, d.Data, want)
			}
		}
	}
}

// lastText runs cells in a new engine and returns the text of the last one.
func lastText(name string, cells ...string) (string, error) {
	e, err := New(name, func(any) error { return nil })
	if err != nil {
		return "", err
	}
	var d Display
	for _, c := range cells {
		if d, err = Run(e, c); err != nil {
			return "", fmt.Errorf("%s: %w", c, err)
		}
	}
	return strings.TrimSpace(fmt.Sprint(d.Data["text/plain"])), nil
}
