package plotting

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"regexp"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// svgCanvas draws an SVG whose letters are outlines, so that it needs no font, with the same
// labels as transparent text, which can be selected and found.
type svgCanvas struct {
	*vgsvg.Canvas
	widths []vg.Length // of the labels, in their order
}

// label adds a label as transparent text. gonum writes text in black: bytes makes it
// transparent.
func (c *svgCanvas) label(txt string, sty text.Style, pt vg.Point) {
	if strings.TrimSpace(txt) == "" {
		return
	}
	c.Push()
	defer c.Pop()
	c.Translate(pt)
	c.Rotate(sty.Rotation)
	width := sty.Width(txt)
	at := vg.Point{X: vg.Length(sty.XAlign) * width, Y: vg.Length(sty.YAlign)*(ascent+descent)*sty.Font.Size + descent*sty.Font.Size}
	c.FillString(font.Face{Font: font.Font{Size: sty.Font.Size}, Face: faces[roman]}, at, plain(txt))
	c.widths = append(c.widths, width)
}

var (
	svgText = regexp.MustCompile(`<text x="([^"]*)" y="([^"]*)" transform="scale\(1, -1\)"\s*style="[^"]*font-size:([0-9.]+)px[^"]*">`)
	svgOpen = regexp.MustCompile(`(?s)<svg [^>]*>`)
)

// bytes returns the SVG with a title and a description for readers who do not see it.
func (c *svgCanvas) bytes(title, description string) ([]byte, error) {
	b, err := written(c.Canvas)
	if err != nil {
		return nil, err
	}
	i := 0
	b = svgText.ReplaceAllFunc(b, func(tag []byte) []byte {
		m := svgText.FindSubmatch(tag)
		width := c.widths[i]
		i++
		return fmt.Appendf(nil, `<text x="%s" y="%s" transform="scale(1, -1)" font-family="STIX Two Text, serif" font-size="%s" fill-opacity="0" textLength="%.4g" lengthAdjust="spacingAndGlyphs">`, m[1], m[2], m[3], math.Max(0.1, width.Points()))
	})
	open := svgOpen.FindIndex(b)
	if open == nil {
		return nil, fmt.Errorf("plotting: the SVG has no root")
	}
	var out bytes.Buffer
	out.Write(b[:open[1]-1])
	fmt.Fprintf(&out, " role=\"img\" aria-labelledby=\"fate-title fate-desc\">\n<title id=\"fate-title\">%s</title>\n<desc id=\"fate-desc\">%s</desc>",
		html.EscapeString(title), html.EscapeString(description))
	out.Write(b[open[1]:])
	return out.Bytes(), nil
}
