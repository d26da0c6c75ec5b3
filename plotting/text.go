package plotting

import (
	"math"
	"strings"

	"github.com/go-fonts/stix/stix2mathregular"
	"github.com/go-fonts/stix/stix2textitalic"
	"github.com/go-fonts/stix/stix2textregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// faces are the STIX Two fonts, by weight of a piece.
var faces = func() (out [3]*sfnt.Font) {
	for i, ttf := range [][]byte{roman: stix2textregular.TTF, italic: stix2textitalic.TTF, symbol: stix2mathregular.TTF} {
		f, err := opentype.Parse(ttf)
		if err != nil {
			panic("plotting: embedded font: " + err.Error())
		}
		out[i] = f
	}
	return out
}()

// mathText is a text handler that sets labels with math and draws glyphs as
// outlines, so that a figure looks the same in every format and needs no font
// where it is read.
type mathText struct{ fonts *font.Cache }

var handler text.Handler = mathText{font.DefaultCache}

func (h mathText) Cache() *font.Cache { return h.fonts }

func (h mathText) Lines(txt string) []string {
	return strings.Split(strings.TrimRight(txt, "\n"), "\n")
}

// The box of a line without scripts, in units of the font size; its middle is
// that of a digit.
const ascent, descent = 0.88, 0.22

func (h mathText) Extents(fnt font.Font) font.Extents {
	return font.Extents{Ascent: ascent * fnt.Size, Descent: descent * fnt.Size, Height: (ascent + descent) * fnt.Size}
}

// pieces never fails: labels are checked before a figure is drawn.
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
			for _, r := range p.text {
				path, advance := glyph(p.face, r)
				origin := vg.Point{X: at.X, Y: at.Y + vg.Length(p.rise)*sty.Font.Size}
				if len(path) > 0 {
					c.Fill(place(path, origin, size))
				}
				at.X += vg.Length(advance) * size
			}
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

// glyph returns the outline of a character at size 1 and its advance. A
// character that the face lacks is looked up in the other faces.
func glyph(face weight, r rune) (vg.Path, float64) {
	var buf sfnt.Buffer
	f := faces[face]
	index, err := f.GlyphIndex(&buf, r)
	for _, other := range []weight{roman, symbol} {
		if err == nil && index != 0 {
			break
		}
		f = faces[other]
		index, err = f.GlyphIndex(&buf, r)
	}
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
