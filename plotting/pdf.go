package plotting

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfCanvas draws on one page of a PDF. The canvas of gonum writes text only in the
// Windows code page; this one embeds the used subset of the fonts of the figures.
type pdfCanvas struct {
	doc   *fpdf.Fpdf
	w, h  vg.Length
	width []vg.Length // line widths, a stack
}

// pdfDate is a fixed date, so that the same figure has the same bytes.
var pdfDate = time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)

func newPDF(title, subject string, w, h vg.Length) *pdfCanvas {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: w.Points(), Ht: h.Points()}})
	doc.SetCreationDate(pdfDate)
	doc.SetModificationDate(pdfDate)
	doc.SetCatalogSort(true)
	doc.SetTitle(title, true)
	doc.SetSubject(subject, true)
	doc.SetCreator("fate", false)
	doc.SetProducer("fate", false)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	for i, name := range pdfFonts {
		doc.AddUTF8FontFromBytes(name, "", fontFiles[i])
	}
	doc.AddPage()
	c := &pdfCanvas{doc: doc, w: w, h: h, width: []vg.Length{0}}
	vg.Initialize(c)
	c.Push()
	c.Translate(vg.Point{Y: h})
	c.Scale(1, -1) // the y axis points up
	return c
}

// pdfFonts are the names of the faces, by weight.
var pdfFonts = [3]string{roman: "stixtwotext", italic: "stixtwotextitalic", symbol: "stixtwomath"}

func (c *pdfCanvas) bytes() ([]byte, error) {
	c.Pop()
	var b bytes.Buffer
	err := c.doc.Output(&b)
	return b.Bytes(), err
}

func (c *pdfCanvas) Size() (w, h vg.Length) { return c.w, c.h }

func (c *pdfCanvas) SetLineWidth(w vg.Length) {
	c.width[len(c.width)-1] = w
	c.doc.SetLineWidth(w.Points())
}

func (c *pdfCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	d := make([]float64, len(pattern))
	for i, l := range pattern {
		d[i] = l.Points()
	}
	c.doc.SetDashPattern(d, offset.Points())
}

func (c *pdfCanvas) SetColor(col color.Color) {
	n := color.NRGBAModel.Convert(col).(color.NRGBA)
	r, g, b := int(n.R), int(n.G), int(n.B)
	c.doc.SetFillColor(r, g, b)
	c.doc.SetDrawColor(r, g, b)
	c.doc.SetTextColor(r, g, b)
	c.doc.SetAlpha(float64(n.A)/255, "Normal")
}

func (c *pdfCanvas) Rotate(rad float64)    { c.doc.TransformRotate(-rad*180/math.Pi, 0, 0) }
func (c *pdfCanvas) Translate(pt vg.Point) { c.doc.TransformTranslate(pt.X.Points(), pt.Y.Points()) }
func (c *pdfCanvas) Scale(x, y float64)    { c.doc.TransformScale(100*x, 100*y, 0, 0) }
func (c *pdfCanvas) Fill(p vg.Path)        { c.path(p, "F") }

func (c *pdfCanvas) Push() {
	c.width = append(c.width, c.width[len(c.width)-1])
	c.doc.TransformBegin()
}

func (c *pdfCanvas) Pop() {
	c.doc.TransformEnd()
	c.width = c.width[:len(c.width)-1]
}

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.width[len(c.width)-1] > 0 {
		c.path(p, "D")
	}
}

// text writes characters of one face, starting at a point.
func (c *pdfCanvas) text(face weight, s string, at vg.Point, size vg.Length) {
	c.doc.SetFont(pdfFonts[face], "", size.Points())
	c.Push()
	defer c.Pop()
	c.Translate(at)
	c.Scale(1, -1)
	c.doc.Text(0, 0, s)
}

// FillString and DrawImage are not used: the text handler calls text, and the grid cells of
// a map are shapes.
func (c *pdfCanvas) FillString(font.Face, vg.Point, string) { c.unused() }

func (c *pdfCanvas) DrawImage(vg.Rectangle, image.Image) { c.unused() }

func (c *pdfCanvas) unused() {
	c.doc.SetError(errors.New("plotting: a figure has only letters and shapes"))
}

func (c *pdfCanvas) path(path vg.Path, style string) {
	var start vg.Point
	for _, comp := range path {
		x, y := comp.Pos.X.Points(), comp.Pos.Y.Points()
		switch comp.Type {
		case vg.MoveComp:
			start = comp.Pos
			c.doc.MoveTo(x, y)
		case vg.LineComp:
			c.doc.LineTo(x, y)
		case vg.ArcComp:
			c.arc(comp)
		case vg.CurveComp:
			a := comp.Control[0]
			if len(comp.Control) == 1 {
				c.doc.CurveTo(a.X.Points(), a.Y.Points(), x, y)
				continue
			}
			b := comp.Control[1]
			c.doc.CurveBezierCubicTo(a.X.Points(), a.Y.Points(), b.X.Points(), b.Y.Points(), x, y)
		case vg.CloseComp:
			c.doc.LineTo(start.X.Points(), start.Y.Points())
			c.doc.ClosePath()
		}
	}
	c.doc.DrawPath(style)
}

// arc appends an arc, as one cubic per quarter turn.
func (c *pdfCanvas) arc(a vg.PathComp) {
	steps := int(math.Ceil(math.Abs(a.Angle) / (math.Pi / 2)))
	by := a.Angle / float64(steps)
	k := 4.0 / 3 * math.Tan(by/4) // distance of the controls, in radii
	at := func(angle, out float64) (x, y float64) {
		sin, cos := math.Sincos(angle)
		return (a.Pos.X + a.Radius*vg.Length(cos-out*sin)).Points(), (a.Pos.Y + a.Radius*vg.Length(sin+out*cos)).Points()
	}
	c.doc.LineTo(at(a.Start, 0))
	for i := range steps {
		from := a.Start + float64(i)*by
		x0, y0 := at(from, k)
		x1, y1 := at(from+by, -k)
		x, y := at(from+by, 0)
		c.doc.CurveBezierCubicTo(x0, y0, x1, y1, x, y)
	}
}
