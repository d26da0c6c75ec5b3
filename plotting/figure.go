// Package plotting draws the figures in one style: phase diagrams, and slices with
// theory as lines and measurements as points with error bars.
//
// [Draw] makes a figure from panels. As the value of a notebook cell it is shown
// inline; Save writes PNG, SVG or PDF. Every file carries its recipe and the plotted
// numbers (see fate figure show). Labels are plain text with math between dollar
// signs, as in `$\gamma = n/d$`.
package plotting

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dpi is the resolution of a PNG, twice that of a screen. It is stored in the file,
// so that a front end can show the figure at its size in inches.
const dpi = 192

// Panel is one part of a figure: a [PhaseDiagram], [Slices], a [Histogram] or a [Kernel].
type Panel interface {
	build() (*panel, error)
}

// panel is a panel that has been checked and is ready to be drawn.
type panel struct {
	title   string
	x, y    axis
	width   vg.Length // of its area
	paint   func(area draw.Canvas)
	curves  []one
	entries []entry        // of a legend
	legend  func() []entry // makes the entries from the styles of the curves
	own     []entry        // of the legend below this panel
	ends    []end          // labels at the right ends of curves, in place of a legend
	bar     *colorBar      // of a map
	data    figure.Panel   // plotted numbers
	methods []string       // methods by which they were measured
	seeds   []uint64       // seeds of the measurements
	noted   []string       // how a map was measured
}

// measured records the method and the seed of numbers of the panel.
func (p *panel) measured(method string, seed uint64) {
	if method != "" {
		p.methods, p.seeds = append(p.methods, method), append(p.seeds, seed)
	}
}

// transforms return the places of coordinates on an area.
func (p *panel) transforms(area draw.Canvas) (tx, ty func(v float64) vg.Length) {
	size := area.Size()
	return func(v float64) vg.Length { return area.Min.X + vg.Length(p.x.at(v))*size.X },
		func(v float64) vg.Length { return area.Min.Y + vg.Length(p.y.at(v))*size.Y }
}

// Figure is a picture of one or more panels side by side. It is never nil: if it could
// not be drawn, Err returns the error.
type Figure struct {
	panels  []*panel
	common  []entry // legend of all panels
	columns int     // width in publication columns, 0 for its own width
	caption string
	recipe  figure.Recipe
	err     error
}

// Draw returns a figure of panels side by side. Several panels have letters, share the range
// of the same quantity, its axis, a colour bar and a legend where they can.
func Draw(panels ...Panel) *Figure {
	f := &Figure{}
	if len(panels) == 0 {
		f.err = errors.New("plotting: Draw needs at least one panel")
	}
	for i, p := range panels {
		built, err := p.build()
		if err != nil {
			if len(panels) > 1 {
				err = fmt.Errorf("panel %d: %w", i+1, err)
			}
			f.err = err
			break
		}
		f.panels = append(f.panels, built)
	}
	if f.err == nil {
		shareStyles(f.panels)
		share(f.panels)
		joinBars(f.panels)
		f.legends()
	}
	f.recipe = figure.Add(f)
	return f
}

// Err returns the error for which there is no figure, or nil.
func (f *Figure) Err() error { return f.err }

// The widths of one column and of two columns with the space between, as in ICML.
const (
	oneColumn  = 3.25 * vg.Inch
	twoColumns = 6.75 * vg.Inch
)

// smallest is the least scale of a panel, with labels of 8 points.
const smallest = 0.73

// Columns returns the figure at the width of 1 (3.25 inches) or 2 (6.75 inches) columns
// of a publication. Panels that would become too small to read are placed below one
// another.
func (f *Figure) Columns(n int) *Figure {
	out := *f
	out.columns = n
	if n != 1 && n != 2 && f.err == nil {
		out.err = fmt.Errorf("plotting: Columns(%d): a figure is 1 or 2 columns wide", n)
	}
	return &out
}

// data returns the numbers that the figure shows.
func (f *Figure) data() figure.Data {
	var d figure.Data
	for _, p := range f.panels {
		d.Panels = append(d.Panels, p.data)
	}
	return d
}

// signed embeds the recipe and the data of the figure in its picture.
func (f *Figure) signed(picture []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	r := f.recipe
	r.Description = figure.Brief(f.Description())
	for _, p := range f.panels {
		r.Methods, r.Seeds = append(r.Methods, p.methods...), append(r.Seeds, p.seeds...)
	}
	slices.SortFunc(r.Methods, func(a, b string) int { return slices.Index(figure.Methods, a) - slices.Index(figure.Methods, b) })
	slices.Sort(r.Seeds)
	r.Methods, r.Seeds = slices.Compact(r.Methods), slices.Compact(r.Seeds)
	return figure.Embed(picture, r, f.data())
}

// PNG returns the figure as a PNG at 192 dots per inch.
func (f *Figure) PNG() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	w, h := f.Size()
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	f.draw(c)
	png, err := written(vgimg.PngCanvas{Canvas: c})
	if err != nil {
		return nil, err
	}
	return f.signed(withText(withResolution(png), f.heading(), f.Description()), nil)
}

// withText adds the title and the description as text in UTF-8, after the header.
func withText(png []byte, title, description string) []byte {
	const header = 8 + 8 + 13 + 4
	out := bytes.Clone(png[:header])
	for _, t := range [][2]string{{"Title", title}, {"Description", description}} {
		out = figure.AppendChunk(out, "iTXt", []byte(t[0]+"\x00\x00\x00\x00\x00"), []byte(t[1]))
	}
	return append(out, png[header:]...)
}

// withResolution adds the pHYs chunk, which encoding/png does not write, after the
// header.
func withResolution(png []byte) []byte {
	const header = 8 + 8 + 13 + 4 // signature, IHDR
	perMetre := uint32(math.Round(dpi / 0.0254))
	size := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, perMetre), perMetre), 1)
	return append(figure.AppendChunk(bytes.Clone(png[:header]), "pHYs", size), png[header:]...)
}

// SVG returns the figure as an SVG. It needs no fonts: letters are outlines, with transparent
// text over them to select and find. It has a title and a description.
func (f *Figure) SVG() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	c := &svgCanvas{Canvas: vgsvg.New(f.Size())}
	f.draw(c)
	return f.signed(c.bytes(f.heading(), f.Description()))
}

// PDF returns the figure as a PDF of one page with embedded fonts.
func (f *Figure) PDF() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	w, h := f.Size()
	c := newPDF(f.heading(), f.Description(), w, h)
	f.draw(c)
	return f.signed(c.bytes())
}

func written(w io.WriterTo) ([]byte, error) {
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	return b.Bytes(), err
}

// Save writes the figure to a file in the format of its extension, .png, .svg or .pdf.
// It returns the figure, or one with the error.
func (f *Figure) Save(path string) *Figure {
	var data []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".png":
		data, err = f.PNG()
	case ".svg":
		data, err = f.SVG()
	case ".pdf":
		data, err = f.PDF()
	default:
		err = fmt.Errorf("plotting: Save(%q): the format %q is not .png, .svg or .pdf", path, ext)
	}
	if err == nil {
		err = file.Write(path, data)
	}
	if err == nil {
		err = figure.NoteSaved(path)
	}
	if err != nil {
		return &Figure{err: err}
	}
	return f
}

// Render returns the figure for a notebook, as a PNG with its display size. The result
// has the type Data of gophernotes.
func (f *Figure) Render() struct{ Data, Metadata, Transient map[string]interface{} } {
	var out struct{ Data, Metadata, Transient map[string]interface{} }
	png, err := f.PNG()
	if err != nil {
		out.Data = map[string]interface{}{"text/plain": err.Error()}
		return out
	}
	w, h := f.Size()
	const screen = 96 // dots per inch of a browser
	out.Data = map[string]interface{}{
		"image/png":  png,
		"text/plain": fmt.Sprintf("figure, %.1f × %.1f in", float64(w/vg.Inch), float64(h/vg.Inch)),
	}
	out.Metadata = map[string]interface{}{
		"image/png": map[string]interface{}{"width": int(math.Round(float64(w / vg.Inch * screen))), "height": int(math.Round(float64(h / vg.Inch * screen))), "alt": f.Description()},
	}
	return out
}
