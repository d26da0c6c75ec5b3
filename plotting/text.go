package plotting

import (
	_ "embed"
	"image/color"
	"math"
	"slices"
	"strings"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The fonts are STIX Two, made by fonts/make.py.
var (
	//go:embed fonts/regular.ttf
	regularTTF []byte
	//go:embed fonts/italic.ttf
	italicTTF []byte
	//go:embed fonts/script.ttf
	scriptTTF []byte

	fontFiles = [3][]byte{roman: regularTTF, italic: italicTTF, symbol: scriptTTF}
)

// faces are the fonts by weight.
var faces = func() (out [3]*sfnt.Font) {
	for i, ttf := range fontFiles {
		f, err := opentype.Parse(ttf)
		if err != nil {
			panic("plotting: embedded font: " + err.Error())
		}
		out[i] = f
	}
	return out
}()

// mathText is a text handler that typesets labels with math and draws glyphs as
// outlines, so that a figure looks the same in every format and needs no installed
// font.
type mathText struct{ fonts *font.Cache }

var handler text.Handler = mathText{font.DefaultCache}

func (h mathText) Cache() *font.Cache { return h.fonts }

func (h mathText) Lines(txt string) []string {
	return strings.Split(strings.TrimRight(txt, "\n"), "\n")
}

// The box of a line without scripts, in units of the font size; its middle is that of
// a digit.
const ascent, descent = 0.88, 0.22

func (h mathText) Extents(fnt font.Font) font.Extents {
	return font.Extents{Ascent: ascent * fnt.Size, Descent: descent * fnt.Size, Height: (ascent + descent) * fnt.Size}
}

// pieces does not fail: labels are checked before a figure is drawn.
func pieces(txt string) []piece {
	p, err := parseLabel(txt)
	if err != nil {
		return []piece{{text: txt, size: 1}}
	}
	return p
}

func (h mathText) Box(txt string, fnt font.Font) (width, height, depth vg.Length) {
	height, depth = ascent*fnt.Size, descent*fnt.Size
	for _, p := range pieces(txt) {
		width += vg.Length(p.dx) * fnt.Size
		size := vg.Length(p.size) * fnt.Size
		for _, r := range p.text {
			_, advance := glyph(p.face, r)
			width += vg.Length(advance) * size
		}
		rise := vg.Length(p.rise) * fnt.Size
		height, depth = max(height, rise+ascent*size), max(depth, descent*size-rise)
	}
	return width, height, depth
}

func (h mathText) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	switch canvas := under(c).(type) {
	case *pdfCanvas: // writes letters as text
		h.each(c, txt, sty, pt, nil, canvas.text)
	case *svgCanvas: // adds the label as text to select
		h.each(c, txt, sty, pt, c.Fill, nil)
		canvas.label(txt, sty, pt)
	default:
		h.each(c, txt, sty, pt, c.Fill, nil)
	}
}

// each calls shape with the outline of every letter of a label, or run with every run of
// letters of one face.
func (h mathText) each(c vg.Canvas, txt string, sty text.Style, pt vg.Point, shape func(vg.Path), run func(face weight, letters string, at vg.Point, size vg.Length)) {
	if strings.TrimSpace(txt) == "" {
		return
	}
	c.SetColor(sty.Color)
	c.Push()
	defer c.Pop()
	c.Translate(pt)
	c.Rotate(sty.Rotation)
	lines := h.Lines(txt)
	lineHeight := h.Extents(sty.Font).Height
	total := lineHeight * vg.Length(len(lines))
	for i, line := range lines {
		width, _, _ := h.Box(line, sty.Font)
		at := vg.Point{
			X: vg.Length(sty.XAlign) * width,
			Y: vg.Length(sty.YAlign)*total + descent*sty.Font.Size + lineHeight*vg.Length(len(lines)-1-i),
		}
		for _, p := range pieces(line) {
			at.X += vg.Length(p.dx) * sty.Font.Size
			size := vg.Length(p.size) * sty.Font.Size
			origin := vg.Point{X: at.X, Y: at.Y + vg.Length(p.rise)*sty.Font.Size}
			letters, from, in := "", origin, p.face // a run of letters of one face
			for _, r := range p.text {
				path, advance := glyph(p.face, r)
				if face, _, _ := find(p.face, r); run != nil {
					if letters != "" && face != in {
						run(in, letters, from, size)
						letters, from = "", origin
					}
					letters, in = letters+string(r), face
				} else if len(path) > 0 {
					shape(place(path, origin, size))
				}
				origin.X += vg.Length(advance) * size
			}
			if letters != "" {
				run(in, letters, from, size)
			}
			at.X = origin.X
		}
	}
}

// extent returns how far a label reaches above and below its baseline.
func extent(label string, size vg.Length) (up, down vg.Length) {
	_, up, down = mathText{}.Box(label, font.Font{Size: size})
	return up, down
}

// fitted returns a style in which the label is at most so wide.
func fitted(label string, size, width vg.Length) text.Style {
	sty := textStyle(size)
	if w := sty.Width(label); w > width {
		sty.Font.Size *= width / w
	}
	return sty
}

// haloed writes a label over colours or lines, with a white edge around its letters.
func haloed(c draw.Canvas, sty text.Style, pt vg.Point, label string) {
	edge := sty
	edge.Color = color.White
	edge.Handler = halo{handler.(mathText)}
	c.SetLineWidth(0.3 * sty.Font.Size)
	c.SetLineDash(nil, 0)
	c.FillText(edge, pt, label)
	c.FillText(sty, pt, label)
}

// halo draws the outlines of the letters with the line of the canvas.
type halo struct{ mathText }

func (h halo) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	h.mathText.each(c, txt, sty, pt, func(path vg.Path) { c.Stroke(path) }, nil)
}

// under returns the canvas that c draws on.
func under(c vg.Canvas) vg.Canvas {
	for {
		switch next := c.(type) {
		case *draw.Canvas:
			c = next.Canvas
		case draw.Canvas:
			c = next.Canvas
		default:
			return c
		}
	}
}

func place(path vg.Path, origin vg.Point, size vg.Length) vg.Path {
	out := make(vg.Path, len(path))
	for i, comp := range path {
		comp.Pos = origin.Add(comp.Pos.Scale(size))
		if comp.Control != nil {
			control := make([]vg.Point, len(comp.Control))
			for j, p := range comp.Control {
				control[j] = origin.Add(p.Scale(size))
			}
			comp.Control = control
		}
		out[i] = comp
	}
	return out
}

// find returns the glyph of a character, from another face if its own lacks it; ok is
// false if no face has it.
func find(face weight, r rune) (weight, sfnt.GlyphIndex, bool) {
	var buf sfnt.Buffer
	for _, in := range slices.Compact([]weight{face, roman, symbol}) {
		if i, err := faces[in].GlyphIndex(&buf, r); err == nil && i != 0 {
			return in, i, true
		}
	}
	return face, 0, false
}

// glyph returns the outline of a character at size 1 and its advance.
func glyph(face weight, r rune) (vg.Path, float64) {
	var buf sfnt.Buffer
	face, index, _ := find(face, r)
	f := faces[face]
	units := fixed.Int26_6(f.UnitsPerEm())
	scale := 1 / float64(units)
	segments, err := f.LoadGlyph(&buf, index, units, nil)
	if err != nil {
		return nil, 0.5
	}
	advance, err := f.GlyphAdvance(&buf, index, units, 0)
	if err != nil {
		return nil, 0.5
	}
	at := func(p fixed.Point26_6) vg.Point {
		return vg.Point{X: vg.Length(float64(p.X) * scale), Y: vg.Length(-float64(p.Y) * scale)}
	}
	var path vg.Path
	for i, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				path.Close()
			}
			path.Move(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			path.Line(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(at(s.Args[0]), at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
		}
	}
	if len(path) > 0 {
		path.Close()
	}
	return path, math.Max(0, float64(advance)*scale)
}
