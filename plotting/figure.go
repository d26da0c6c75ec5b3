// Package plotting draws the figures: phase diagrams, and slices with theory
// as lines and measurements as points with error bars, in one style.
//
// A figure is made from panels by [Draw]. As the value of a notebook cell it
// renders itself; Save writes PNG, SVG or PDF. Labels are plain text with math
// between dollar signs, as in `$\gamma = n/d$`.
package plotting

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// FigureMIME is the type of the plotted numbers that go with an inline figure:
// a JSON object, rounded to six digits.
const FigureMIME = "application/vnd.fate.figure+json"

// dpi is the resolution of a PNG: twice that of a screen. The file says so,
// and a front end that heeds it shows the figure at its size in inches.
const dpi = 192

// Panel is one part of a figure: a [PhaseDiagram], [Slices] or a [Kernel].
type Panel interface {
	build() (*panel, error)
}

// panel is a panel that has been checked and is ready to be drawn.
type panel struct {
	width, height vg.Length
	draw          func(c draw.Canvas)
	data          panelData
}

// panelData are the plotted numbers.
type panelData struct {
	Kind   string      `json:"kind"`
	Title  string      `json:"title,omitempty"`
	X      string      `json:"x"`
	Y      string      `json:"y"`
	Curves []curveData `json:"curves,omitempty"`
	Grid   *gridData   `json:"grid,omitempty"`
}

type curveData struct {
	Role  string   `json:"role"`
	Label string   `json:"label,omitempty"`
	X     []number `json:"x"`
	Y     []number `json:"y"`
	Err   []number `json:"err,omitempty"`
}

type gridData struct {
	X []number   `json:"x"`
	Y []number   `json:"y"`
	Z [][]number `json:"z"`
}

// number is a float64 with six digits in JSON, null where it is not finite.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', 6, 64), nil
}

func numbers(x []float64) []number {
	out := make([]number, len(x))
	for i, v := range x {
		out[i] = number(v)
	}
	return out
}

// Figure is a picture of one or more panels side by side. It is never nil: if
// it could not be made, Err says why.
type Figure struct {
	panels []*panel
	err    error
}

// Draw makes a figure of panels side by side.
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
	return f
}

// Err returns why there is no figure, or nil.
func (f *Figure) Err() error { return f.err }

// Size returns the width and the height of the figure.
func (f *Figure) Size() (width, height vg.Length) {
	for _, p := range f.panels {
		width += p.width
		height = max(height, p.height)
	}
	return width, height
}

func (f *Figure) draw(c vg.CanvasSizer) {
	all := draw.New(c)
	all.SetColor(transferStops[len(transferStops)/2])
	all.Fill(all.Rectangle.Path())
	var left vg.Length
	width, _ := f.Size()
	for _, p := range f.panels {
		p.draw(draw.Crop(all, left, left+p.width-width, 0, 0))
		left += p.width
	}
}

// PNG returns the figure as a PNG at 192 dots per inch.
func (f *Figure) PNG() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	w, h := f.Size()
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	f.draw(c)
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		return nil, err
	}
	return withResolution(b.Bytes()), nil
}

// withResolution adds the pHYs chunk, which encoding/png does not write, after
// the header.
func withResolution(png []byte) []byte {
	const header = 8 + 8 + 13 + 4 // signature, IHDR
	perMetre := uint32(math.Round(dpi / 0.0254))
	chunk := []byte("pHYs")
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = append(chunk, 1)
	out := bytes.Clone(png[:header])
	out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4))
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, png[header:]...)
}

// SVG returns the figure as an SVG that needs no font: letters are outlines.
func (f *Figure) SVG() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	c := vgsvg.New(f.Size())
	f.draw(c)
	return written(c)
}

// pdfDate stands in for the time of day in a PDF, so that the same figure has
// the same bytes.
var pdfDate = time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)

// PDF returns the figure as a PDF of one page.
func (f *Figure) PDF() ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	fpdf.SetDefaultCreationDate(pdfDate)
	fpdf.SetDefaultModificationDate(pdfDate)
	fpdf.SetDefaultCatalogSort(true)
	c := vgpdf.New(f.Size())
	f.draw(c)
	return written(c)
}

func written(w io.WriterTo) ([]byte, error) {
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	return b.Bytes(), err
}

// Save writes the figure to a file; its extension, .png, .svg or .pdf, says in
// which format. It returns the figure, with the error if there was one.
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
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		return &Figure{err: err}
	}
	return f
}

// Render shows the figure in a notebook: a PNG with the size to show it at, and
// beside it the plotted numbers as JSON. Its result is the Data of gophernotes.
func (f *Figure) Render() struct{ Data, Metadata, Transient map[string]interface{} } {
	var out struct{ Data, Metadata, Transient map[string]interface{} }
	png, err := f.PNG()
	var raw []byte
	if err == nil {
		data := make([]panelData, len(f.panels))
		for i, p := range f.panels {
			data[i] = p.data
		}
		raw, err = json.Marshal(map[string][]panelData{"panels": data})
	}
	if err != nil {
		out.Data = map[string]interface{}{"text/plain": err.Error()}
		return out
	}
	w, h := f.Size()
	const screen = 96 // dots per inch of a browser
	out.Data = map[string]interface{}{
		"image/png":  png,
		FigureMIME:   json.RawMessage(raw),
		"text/plain": fmt.Sprintf("figure, %.1f × %.1f in", float64(w/vg.Inch), float64(h/vg.Inch)),
	}
	out.Metadata = map[string]interface{}{
		"image/png": map[string]interface{}{"width": int(w / vg.Inch * screen), "height": int(h / vg.Inch * screen)},
	}
	return out
}
