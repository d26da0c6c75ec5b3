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

// Panel is one part of a figure: a [PhaseDiagram], [Slices] or a [Kernel].
type Panel interface {
	build() (*panel, error)
}

// panel is a panel that has been checked and is ready to be drawn.
type panel struct {
	width, height vg.Length
	draw          func(c draw.Canvas)
	data          figure.Panel // plotted numbers
	methods       []string     // methods by which they were measured
	seeds         []uint64     // seeds of the measurements
}

// measured records the method and the seed of numbers of the panel.
func (p *panel) measured(method string, seed uint64) {
	if method != "" {
		p.methods, p.seeds = append(p.methods, method), append(p.seeds, seed)
	}
}

// Figure is a picture of one or more panels side by side. It is never nil: if it could
// not be drawn, Err returns the error.
type Figure struct {
	panels  []*panel
	columns int // width in publication columns, 0 for its own width
	recipe  figure.Recipe
	err     error
}

// Draw returns a figure of panels side by side.
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

// row is a row of panels.
type row struct {
	panels        []*panel
	width, height vg.Length
}

// layout returns the rows of the figure, its size, and the scale of its panels.
func (f *Figure) layout() (rows []row, scale float64, width, height vg.Length) {
	limit := vg.Length(math.Inf(1))
	switch f.columns {
	case 1:
		limit = oneColumn
	case 2:
		limit = twoColumns
	}
	for _, p := range f.panels {
		if n := len(rows); n == 0 || rows[n-1].width+p.width > limit/smallest {
			rows = append(rows, row{})
		}
		r := &rows[len(rows)-1]
		r.panels = append(r.panels, p)
		r.width, r.height = r.width+p.width, max(r.height, p.height)
	}
	for _, r := range rows {
		width, height = max(width, r.width), height+r.height
	}
	if f.columns == 0 {
		return rows, 1, width, height
	}
	scale = min(1, float64(limit/width))
	return rows, scale, limit, height * vg.Length(scale)
}

// Size returns the width and the height of the figure.
func (f *Figure) Size() (width, height vg.Length) {
	_, _, width, height = f.layout()
	return width, height
}

func (f *Figure) draw(c vg.CanvasSizer) {
	all := draw.New(c)
	all.SetColor(transferStops[len(transferStops)/2])
	all.Fill(all.Rectangle.Path())
	rows, scale, width, top := f.layout()
	for _, r := range rows {
		top -= r.height * vg.Length(scale)
		all.Push()
		all.Translate(vg.Point{X: (width - r.width*vg.Length(scale)) / 2, Y: top})
		all.Scale(scale, scale)
		var left vg.Length
		for _, p := range r.panels {
			p.draw(draw.Canvas{Canvas: all.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: left}, Max: vg.Point{X: left + p.width, Y: r.height}}})
			left += p.width
		}
		all.Pop()
	}
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
	return f.signed(withResolution(png), nil)
}

// withResolution adds the pHYs chunk, which encoding/png does not write, after the
// header.
func withResolution(png []byte) []byte {
	const header = 8 + 8 + 13 + 4 // signature, IHDR
	perMetre := uint32(math.Round(dpi / 0.0254))
	size := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, perMetre), perMetre), 1)
	return append(figure.AppendChunk(bytes.Clone(png[:header]), "pHYs", size), png[header:]...)
}

// SVG returns the figure as an SVG. It needs no fonts: letters are outlines.
func (f *Figure) SVG() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	c := vgsvg.New(f.Size())
	f.draw(c)
	return f.signed(written(c))
}

// PDF returns the figure as a PDF of one page with embedded fonts.
func (f *Figure) PDF() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	w, h := f.Size()
	c := newPDF(f.panels[0].data.Title, w, h)
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
		"image/png": map[string]interface{}{"width": int(w / vg.Inch * screen), "height": int(h / vg.Inch * screen)},
	}
	return out
}
