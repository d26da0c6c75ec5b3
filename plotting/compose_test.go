package plotting

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"gonum.org/v1/plot/vg"
)

func straight(label string, y ...float64) lines {
	x := make([]float64, len(y))
	for i := range y {
		x[i] = float64(i)
	}
	return lines{{label, x, y, nil}}
}

// Panels of the same quantity have one range and one axis; a panel with its own range keeps
// it.
func TestPanelsShareAnAxis(t *testing.T) {
	a := Slices{X: "x", Y: "y", Lines: straight("", 0, 1)}
	b := Slices{X: "x", Y: "y", Lines: straight("", 0, 4)}
	f := Draw(a, b)
	row := f.arrange().rows[0]
	if !row.places[0].y.same(row.places[1].y) || row.places[0].y.high < 4 {
		t.Errorf("the axes are %+v and %+v", row.places[0].y, row.places[1].y)
	}
	if row.places[0].bare || !row.places[1].bare {
		t.Error("the second panel repeats the axis of the first")
	}
	b.YLow, b.YHigh = 0, 9
	row = Draw(a, b).arrange().rows[0]
	if row.places[0].y.high > 2 || row.places[1].y.high != 9 || row.places[1].bare {
		t.Errorf("the axes are %+v and %+v", row.places[0].y, row.places[1].y)
	}
	b.YLow, b.YHigh, b.Y = 0, 0, "z"
	if row = Draw(a, b).arrange().rows[0]; row.places[0].y.high > 2 || row.places[1].bare {
		t.Error("another quantity shares the axis")
	}
}

// Maps of one scale have one colour bar, and it has the arrows of all of them.
func TestMapsShareAColourBar(t *testing.T) {
	a := PhaseDiagram{X: "x", Y: "y", Z: "z", Field: field{theta8, theta8}, Limit: 5}
	b := a
	b.Field = shifted{field{theta8, theta8}, 7}
	row := Draw(a, b).arrange().rows[0]
	if row.places[0].scale || !row.places[1].scale {
		t.Error("two maps of one scale need one colour bar, at the right")
	}
	if bar := row.places[1].bar; !bar.above || bar.below {
		t.Errorf("values up to 8.5 on a scale of ±5: %+v", bar)
	}
	row = Draw(b, a).arrange().rows[0]
	if bar := row.places[1].bar; !bar.above {
		t.Error("the common bar does not show that the first map is clipped")
	}
	b.Limit = 10
	if row = Draw(a, b).arrange().rows[0]; !row.places[0].scale {
		t.Error("maps of two scales share a colour bar")
	}
}

// Curves of several panels are named in one legend, and those of one panel at their ends
// where there is room.
func TestCurvesAreNamedOnce(t *testing.T) {
	apart := Slices{X: "x", Y: "y", Lines: append(straight("a", 0, 1), straight("b", 1, 0)...)}
	two := Draw(apart, apart)
	if got := len(kinds(two.common, false)); got != 2 || two.panels[0].ends != nil || two.panels[1].own != nil {
		t.Errorf("%d entries in the common legend", got)
	}
	if one := Draw(apart); len(one.common) != 0 || len(one.panels[0].ends) != 2 || one.panels[0].own != nil {
		t.Errorf("one panel: %+v", one.panels[0].ends)
	}
	near := apart
	near.Lines = append(append(append(straight("a", 0, 1), straight("b", 1, 1)...), straight("c", 2, 1)...), straight("d", 3, 1)...)
	if one := Draw(near); one.panels[0].ends != nil || len(one.panels[0].own) != 4 {
		t.Error("four curves that end at one place are labelled there")
	}
	other := apart
	other.Lines = append(straight("c", 0, 1), straight("d", 1, 0)...)
	if f := Draw(apart, other); len(kinds(f.common, false)) != 0 {
		t.Error("a common legend gives one colour to two labels")
	}
}

// A dashed line that is the same for all curves is drawn once, in grey.
func TestCommonReferenceIsGrey(t *testing.T) {
	s := Slices{X: "x", Y: "y", Lines: append(straight("a", 0, 1), straight("b", 1, 0)...), Dashed: append(straight("a", 2, 2), straight("b", 2, 2)...)}
	curves, err := s.collect()
	if err != nil || len(curves) != 3 || !curves[2].common || curves[2].color != guideColor {
		t.Errorf("%+v, %v", curves, err)
	}
	s.Dashed = append(straight("a", 2, 2), straight("b", 2, 3)...)
	if curves, err = s.collect(); err != nil || len(curves) != 4 || curves[3].color != curves[1].color {
		t.Errorf("two references: %+v, %v", curves, err)
	}
}

// The marks of a tick and of its label are at one height.
func TestTickLabelsStandAtTheirTicks(t *testing.T) {
	size := tickSize
	// The middle of a digit above the baseline, from its outline.
	path, _ := glyph(roman, '0')
	low, high := vg.Length(1), vg.Length(-1)
	for _, c := range path {
		low, high = min(low, c.Pos.Y), max(high, c.Pos.Y)
	}
	middle := (low + high) / 2 * size
	baseline := (-0.5*(ascent+descent) + descent) * size // of text that is centred at 0
	if d := middle + baseline; d > 0.3 || d < -0.3 {
		t.Errorf("a digit is %.2f points above its tick", float64(d))
	}
}

// A subscript and a superscript of one letter stand above one another.
func TestScriptsAreStacked(t *testing.T) {
	sty := textStyle(labelSize)
	both, one, plain := sty.Width(`$R^*_{abc}$`), sty.Width(`$R_{abc}$`), sty.Width(`$R$`)
	if both > one+0.1 || both <= plain {
		t.Errorf("both scripts are %.2f wide, the wider one %.2f", float64(both), float64(one))
	}
	if a, b := sty.Width(`$R^*_{abc}x$`), sty.Width(`$R_{abc}x$`); a > b+0.1 || a < b-0.1 {
		t.Errorf("what stands after both scripts is at %.2f, not at %.2f", float64(a), float64(b))
	}
}

// Every format has the title and the description, with letters, labels and guides, and the
// caption first; in an SVG the labels can be selected.
func TestDescriptionsAreInTheFiles(t *testing.T) {
	s := exampleSlices()
	s.Guides = Horizontal(0.1).Named(`floor $\sin^2\theta$`)
	f := Draw(s, exampleDiagram()).Caption(`Transfer wins below $\gamma = \cos^2\theta$.`)
	description := f.Description()
	for _, want := range []string{"Transfer wins below γ = cos^2 θ.", "(a) a slice, σ = 0.2: T_lt against γ = n/d", "L = 1", "exact", "printed", "for comparison floor sin^2 θ", "(b) σ = 0: T over θ and γ", "Bars are one standard error."} {
		if !strings.Contains(description, want) {
			t.Errorf("no %q in %q", want, description)
		}
	}
	if strings.ContainsAny(description, `$\`) || !strings.HasPrefix(description, "Transfer wins") {
		t.Errorf("the description is %q", description)
	}
	if alt := f.Render().Metadata["image/png"].(map[string]interface{})["alt"]; alt != description {
		t.Errorf("a notebook has the description %q", alt)
	}
	png, err := f.PNG()
	if err != nil || !bytes.Contains(png, append([]byte("iTXtDescription\x00\x00\x00\x00\x00"), description...)) {
		t.Errorf("the PNG has no description: %v", err)
	}
	pdf, err := f.PDF()
	if err != nil || !bytes.Contains(pdf, []byte("/Title (")) || !bytes.Contains(pdf, []byte("/Subject (")) || bytes.Contains(pdf, []byte(`m\0a\0t\0h\0c`)) {
		t.Errorf("the PDF has no title or subject: %v", err)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	found, text, in := map[string]string{}, "", ""
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
		case xml.EndElement:
			in = ""
		case xml.CharData:
			if in == "text" {
				text += string(token) + "\n"
			} else if in == "title" || in == "desc" {
				found[in] = string(token)
			}
		}
	}
	if found["title"] != "a slice, σ = 0.2; σ = 0" || found["desc"] != description {
		t.Errorf("the SVG has %q", found)
	}
	for _, label := range []string{"(a)", "(b)", "a slice, σ = 0.2", "γ = n/d", "T_lt", "L = 2", "floor sin^2 θ"} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(label) + `$`).MatchString(text) {
			t.Errorf("%q cannot be selected in\n%s", label, text)
		}
	}
	if err := Draw(exampleDiagram()).Caption(`$\nothing$`).Err(); err == nil || !strings.Contains(err.Error(), `\nothing`) {
		t.Errorf("a wrong caption: %v", err)
	}
}

// The files that a notebook writes for a cell are of the figure that the cell drew: it must
// have the caption.
func TestCaptionIsOfTheDrawnFigure(t *testing.T) {
	figure.Begin(figure.Origin{Notebook: "a.ipynb", Cell: "c"})
	defer figure.Begin(figure.Origin{})
	Draw(exampleDiagram()).Caption("Found.")
	if f := figure.Drawn()[0].(*Figure); !strings.HasPrefix(f.Description(), "Found.") {
		t.Errorf("the drawn figure says %q", f.Description())
	}
}

// A label has one colour and one marker in all panels of a figure, so that they have one legend;
// panels without a common label keep their own.
func TestPanelsShareColours(t *testing.T) {
	set := func(labels ...string) Slices {
		s := Slices{X: "x", Y: "y"}
		var all lines
		for _, l := range labels {
			all = append(all, straight(l, 0, 1)...)
		}
		s.Points = all
		return s
	}
	a, b, c := `$\gamma = 0.25$`, `$\gamma = 0.5$`, `$\gamma = 0.9$`
	f := Draw(set(a, b, c, `$\gamma = 1.5$`), set(a, c, b), set("other", "more", "third"))
	styles := map[string]one{}
	for _, p := range f.panels[:2] {
		for _, o := range p.curves {
			if first, ok := styles[o.label]; ok && (o.color != first.color || o.glyph != first.glyph) {
				t.Errorf("%s has two styles: %v %T, %v %T", o.label, first.color, first.glyph, o.color, o.glyph)
			}
			styles[o.label] = o
		}
		for _, e := range p.legend() {
			if o := styles[e.label]; !e.kind && e.marker.Color != o.shaded {
				t.Errorf("%s has another colour in the legend", e.label)
			}
		}
	}
	if len(styles) != 4 || styles[a].color == styles[b].color {
		t.Errorf("%d labels", len(styles))
	}
	if f.panels[2].curves[0].color != curveColors[0] {
		t.Errorf("a panel of other curves begins with %v", f.panels[2].curves[0].color)
	}
	if two := Draw(set(a, b, c, "x"), set(a, b, c)); len(two.common) == 0 {
		t.Error("two panels of the same labels have two legends")
	}
}
