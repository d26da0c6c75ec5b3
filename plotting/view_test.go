package plotting

import (
	"errors"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/google/go-cmp/cmp"
)

// view is a view with lines and points in turn.
type view struct {
	lines
	err error
}

func (v view) Err() error                             { return v.err }
func (v view) Measured(i int) bool                    { return i%2 == 1 }
func (v view) Titles() (x, y string)                  { return "x of the view", "y of the view" }
func (v view) Origin(i int) (method string, _ uint64) { return []string{"", "solve"}[i%2], 7 }

func aView() view {
	return view{lines: lines{
		{"a", []float64{1, 2, 3}, []float64{1, 2, 3}, nil},
		{"a", []float64{1, 3}, []float64{1.1, 2.9}, []float64{0.1, 0.2}},
		{"b", []float64{1, 2, 3}, []float64{3, 2, 1}, nil},
		{"b", []float64{2}, []float64{2.1}, []float64{0.3}},
	}}
}

// shownBy returns what the only panel of a figure shows.
func shownBy(t *testing.T, p Panel) figure.Panel {
	t.Helper()
	svg, err := Draw(p).SVG()
	if err != nil {
		t.Fatal(err)
	}
	file, err := figure.Parse(svg)
	if err != nil {
		t.Fatal(err)
	}
	return file.Data.Panels[0]
}

func curveOf(role, label, method string, x, y, bar []float64) figure.Curve {
	return figure.Curve{Role: role, Label: label, Method: method, X: x, Y: y, Err: bar}
}

// A view gives the labels of the axes, its lines, and its points with their error bars and
// methods.
func TestViewGivesLabelsLinesAndPoints(t *testing.T) {
	want := figure.Panel{Kind: "slices", Title: "t", X: "x of the view", Y: "y of the view", Curves: []figure.Curve{
		curveOf("line", "a", "", []float64{1, 2, 3}, []float64{1, 2, 3}, nil),
		curveOf("line", "b", "", []float64{1, 2, 3}, []float64{3, 2, 1}, nil),
		curveOf("points", "a", "solve", []float64{1, 3}, []float64{1.1, 2.9}, []float64{0.1, 0.2}),
		curveOf("points", "b", "solve", []float64{2}, []float64{2.1}, []float64{0.3}),
	}}
	if d := cmp.Diff(want, shownBy(t, Slices{Title: "t", View: aView()})); d != "" {
		t.Error(d)
	}
}

// What a panel sets itself wins over the view, field by field.
func TestFieldsWinOverView(t *testing.T) {
	own := lines{{"own", []float64{0, 4}, []float64{0.5, 0.6}, nil}}
	shown := func(s Slices) string {
		s.View = aView()
		p := shownBy(t, s)
		out := []string{p.X, p.Y}
		for _, c := range p.Curves {
			out = append(out, c.Role+" "+c.Label)
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct {
		s    Slices
		want string
	}{
		{Slices{X: "own x"}, "own x, y of the view, line a, line b, points a, points b"},
		{Slices{Y: "own y"}, "x of the view, own y, line a, line b, points a, points b"},
		{Slices{Lines: own}, "x of the view, y of the view, line own, points a, points b"},
		{Slices{Points: own}, "x of the view, y of the view, line a, line b, points own"},
		{Slices{Dashed: own}, "x of the view, y of the view, line a, line b, dashed own, points a, points b"},
		{Slices{X: "own x", Y: "own y", Lines: own, Points: own}, "own x, own y, line own, points own"},
	} {
		if got := shown(c.s); got != c.want {
			t.Errorf("%+v shows\n%s, want\n%s", c.s, got, c.want)
		}
	}
}

// A view of lines alone draws no points, and the error of a view is that of the figure.
func TestViewWithoutPoints(t *testing.T) {
	only := aView()
	only.lines = only.lines[:1]
	if p := shownBy(t, Slices{View: only}); len(p.Curves) != 1 || p.Curves[0].Role != "line" {
		t.Errorf("%+v", p)
	}
	failed := view{err: errors.New("no data today")}
	if err := Draw(Slices{View: failed}).Err(); err == nil || err.Error() != "no data today" {
		t.Errorf("the error is %v", err)
	}
	if err := Draw(Slices{View: view{}}).Err(); err == nil || !strings.Contains(err.Error(), "no curve") {
		t.Errorf("an empty view: the error is %v", err)
	}
}

// titled is a field that has labels.
type titled struct{ field }

func (titled) Titles() (x, y, z string) { return "x of the field", "y of the field", "z of the field" }

// A phase diagram and a kernel take the labels of their field, unless they have their own.
func TestFieldGivesTitles(t *testing.T) {
	axis := []float64{0.1, 0.3, 0.5} // cos² − γ is above 0 there
	f := titled{field{axis, axis}}
	for name, make := range map[string]func(x, y, z string) Panel{
		"phase diagram": func(x, y, z string) Panel { return PhaseDiagram{X: x, Y: y, Z: z, Field: f} },
		"kernel":        func(x, y, z string) Panel { return Kernel{X: x, Y: y, Z: z, Field: f} },
	} {
		for _, c := range []struct{ x, y, z, want string }{
			{"", "", "", "x of the field, y of the field, z of the field"},
			{"own x", "", "", "own x, y of the field, z of the field"},
			{"", "own y", "", "x of the field, own y, z of the field"},
			{"", "", "own z", "x of the field, y of the field, own z"},
		} {
			p := shownBy(t, make(c.x, c.y, c.z))
			if got := strings.Join([]string{p.X, p.Y, p.Z}, ", "); p.Kind != name || got != c.want {
				t.Errorf("%s with %q, %q, %q has %s, want %s", p.Kind, c.x, c.y, c.z, got, c.want)
			}
		}
	}
	plain := shownBy(t, PhaseDiagram{X: "x", Y: "y", Z: "z", Field: field{axis, axis}})
	if plain.X != "x" || plain.Y != "y" || plain.Z != "z" {
		t.Errorf("a field without labels: %+v", plain)
	}
}
