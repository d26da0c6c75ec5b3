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
			"d := plotting.Draw(plotting.PhaseDiagram{Field: field{n: 3}, X: `a`, Y: `b`, Z: `c`})\nd.Err() == nil"}, "true"},
		"plotting.Curves": {[]string{`type curves struct{ err error }
func (c curves) Len() int { return 1 }
func (c curves) Curve(i int) (label string, x, y, stderr []float64) { return "a", []float64{0, 1}, []float64{1, 2}, nil }
func (c curves) Err() error { return c.err }`,
			"d := plotting.Draw(plotting.Slices{Lines: curves{}, X: `a`, Y: `b`})\nd.Err() == nil"}, "true"},
		"its error": {[]string{`type broken struct{ err error }
func (c broken) Len() int { return 0 }
func (c broken) Curve(i int) (label string, x, y, stderr []float64) { return "", nil, nil, nil }
func (c broken) Err() error { return c.err }`,
			"d := plotting.Draw(plotting.Slices{Lines: broken{err: errors.New(\"of mine\")}, X: `a`, Y: `b`})\nd.Err().Error()"}, "of mine"},
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
func (m mark) Plot(c draw.Canvas, p *plot.Plot) { *m.at = p.X.Max }
func (m mark) DataRange() (xmin, xmax, ymin, ymax float64) { return 0, 7, 0, 1 }`,
			"seen := 0.0", "p := plot.New()\np.Add(mark{at: &seen})\nd := display.Plot(p)", "seen"}, "7"},
		"plot.Ticker": {[]string{`type ticks struct{ n int }
func (t ticks) Ticks(min, max float64) []plot.Tick { return []plot.Tick{plot.Tick{Value: max, Label: "end"}} }`,
			"p := plot.New()\np.X.Tick.Marker = ticks{n: 1}", "p.X.Tick.Marker.Ticks(0, 2)[0].Label"}, "end"},
		"image.Image": {[]string{`type flat struct{ n int }
func (f flat) ColorModel() color.Model { return color.GrayModel }
func (f flat) Bounds() image.Rectangle { return image.Rect(0, 0, f.n, 2) }
func (f flat) At(x, y int) color.Color { return color.Gray{Y: 7} }`,
			"d := display.Image(flat{n: 3})", "d.Data[\"text/plain\"]"}, "image, 3 × 2 pixels"},
		"sort.Interface": {[]string{`type down []int
func (d down) Len() int           { return len(d) }
func (d down) Less(i, j int) bool { return d[i] > d[j] }
func (d down) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }`, "d := down{3, 9, 4}\nsort.Sort(d)", "d[0]"}, "9"},
		"fmt.Stringer": {[]string{"type name struct{ s string }\nfunc (n name) String() string { return \"I am \" + n.s }",
			"var s fmt.Stringer = name{s: \"a\"}", "fmt.Sprint(s)"}, "I am a"},
		"error": {[]string{"type bad struct{ n int }\nfunc (b bad) Error() string { return fmt.Sprint(\"bad \", b.n) }",
			"func fail() error { return bad{n: 3} }", "fmt.Errorf(\"it was: %w\", fail()).Error()"}, "it was: bad 3"},
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
