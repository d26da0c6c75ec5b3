// Package report writes executed notebooks as one self-contained HTML page, without
// network, scripts or other files.
//
//	nb, err := ipynb.Read("analysis.ipynb")
//	if err != nil {
//		return err
//	}
//	err = report.Write(w, []report.Source{{Path: "analysis.ipynb", Notebook: nb}})
package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/verdict"
	"golang.org/x/image/draw"
)

//go:embed page.html
var pageSource string

//go:embed style.css
var styleSource string

// mathFont is a subset of STIX Two Math that plotting/fonts/make.py makes.
//
//go:embed math.woff2
var mathFont []byte

var page = template.Must(template.New("page").Parse(pageSource))

// Source is an executed notebook and the path of its file.
type Source struct {
	Path     string
	Notebook *ipynb.Notebook
}

// document is the data of the page template.
type document struct {
	Style     template.CSS
	Agree, Of int
	Notebooks []section
	Paper     []paperFigure
}

// section is the part of the page on one notebook.
type section struct {
	Name, Number string
	Title        template.HTML
	Agree, Of    int
	Failed       bool         // a cell failed
	Thumb        template.URL // of its first figure
	Cells        []part
}

// part is a cell, or an output of one.
type part struct {
	HTML    template.HTML // text, code or mathematics
	Code    bool
	Text    string // plain text
	Failed  bool
	Image   template.URL
	png     []byte // the image, if it is one
	Alt     string
	Width   int
	ID      string
	Paper   string // the figure of the paper that this one reproduces,
	Shows   template.HTML
	Columns []string
	Rows    []row
}

// row is a row of a verdict.
type row struct {
	Text  []string
	Agree bool
}

// paperFigure is a figure that reproduces one of the paper.
type paperFigure struct {
	Name, Notebook, ID, Alt string
	Shows                   template.HTML
	Thumb                   template.URL
}

type builder struct {
	md       *markdown
	lexer    chroma.Lexer
	code     *chromahtml.Formatter
	document document
}

// Write writes the report on executed notebooks, in the given order. A notebook that was not
// executed is an error.
func Write(w io.Writer, sources []Source) error {
	math, err := newTypesetter()
	if err != nil {
		return err
	}
	local := map[string]bool{}
	for _, s := range sources {
		local[name(s.Path)] = true
	}
	b := &builder{md: newMarkdown(math, local), lexer: lexers.Get("go"), code: chromahtml.New(chromahtml.WithClasses(true))}
	for _, s := range sources {
		if err := b.notebook(s); err != nil {
			return fmt.Errorf("%s: %w", s.Path, err)
		}
	}
	slices.SortStableFunc(b.document.Paper, func(p, q paperFigure) int { return strings.Compare(p.Name, q.Name) })
	if b.document.Style, err = b.style(); err != nil {
		return err
	}
	return page.Execute(w, b.document)
}

func name(path string) string { return strings.TrimSuffix(filepath.Base(path), ".ipynb") }

// style returns the CSS of the page, of code in light and dark mode, and the font.
func (b *builder) style() (template.CSS, error) {
	var light, dark bytes.Buffer
	if err := b.code.WriteCSS(&light, styles.Get("github")); err != nil {
		return "", err
	}
	if err := b.code.WriteCSS(&dark, styles.Get("github-dark")); err != nil {
		return "", err
	}
	font := "@font-face{font-family:'Report Math';src:url(data:font/woff2;base64," + base64.StdEncoding.EncodeToString(mathFont) + ")}\n"
	return template.CSS(font + "@media print,(prefers-color-scheme:light){" + light.String() + "}\n@media screen and (prefers-color-scheme:dark){" + dark.String() + "}\n" + styleSource), nil
}

var heading = regexp.MustCompile(`(?m)^# +(.+)$`)

func (b *builder) notebook(s Source) error {
	n := name(s.Path)
	number, _, _ := strings.Cut(n, "_")
	out := section{Name: n, Number: number, Title: template.HTML(template.HTMLEscapeString(n))}
	outputs := false
	for i, c := range s.Notebook.Cells {
		outputs = outputs || len(c.Outputs) > 0
		switch c.Kind {
		case "markdown":
			text := c.Source
			if m := heading.FindStringSubmatch(text); m != nil && i == 0 {
				title, err := b.md.html(m[1])
				if err != nil {
					return err
				}
				title = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(title), "<p>"), "</p>")
				out.Title = template.HTML(title)
				text = strings.Replace(text, m[0], "", 1)
			}
			html, err := b.md.html(text)
			if err != nil {
				return err
			}
			out.Cells = append(out.Cells, part{HTML: template.HTML(html)})
		case "code":
			html, err := b.highlight(c.Source)
			if err != nil {
				return err
			}
			out.Cells = append(out.Cells, part{HTML: html, Code: true})
			for k, o := range c.Outputs {
				p, err := b.output(o)
				if err != nil {
					return fmt.Errorf("cell %d: %w", i+1, err)
				}
				out.Failed = out.Failed || p.Failed
				p.ID = fmt.Sprintf("%s-%d-%d", n, i+1, k+1)
				if err := b.note(&p, c, &out); err != nil {
					return err
				}
				out.Cells = append(out.Cells, p)
			}
		default:
			out.Cells = append(out.Cells, part{Text: c.Source})
		}
	}
	if !outputs {
		return errors.New("it was not executed: a report needs notebooks with outputs (fate run writes them)")
	}
	b.document.Agree, b.document.Of = b.document.Agree+out.Agree, b.document.Of+out.Of
	b.document.Notebooks = append(b.document.Notebooks, out)
	return nil
}

// note adds an output to the summary of its notebook.
func (b *builder) note(p *part, c ipynb.Cell, s *section) error {
	for _, r := range p.Rows {
		s.Of++
		if r.Agree {
			s.Agree++
		}
	}
	if p.Image == "" {
		return nil
	}
	if s.Thumb == "" {
		s.Thumb = thumb(p.png, 240)
	}
	paper, shows := c.Paper()
	if paper == "" {
		return nil
	}
	html, err := b.md.html(shows)
	if err != nil {
		return err
	}
	p.Paper, p.Shows = paper, template.HTML(html)
	b.document.Paper = append(b.document.Paper, paperFigure{Name: paper, Notebook: s.Number, ID: p.ID, Alt: p.Alt, Shows: p.Shows, Thumb: thumb(p.png, 480)})
	return nil
}

// highlight highlights Go code.
func (b *builder) highlight(source string) (template.HTML, error) {
	tokens, err := b.lexer.Tokenise(nil, source)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = b.code.Format(&out, styles.Get("github"), tokens)
	return template.HTML(out.String()), err
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// output converts an output in its richest safe form; HTML of a notebook is not safe.
func (b *builder) output(o ipynb.Output) (part, error) {
	switch o.Kind {
	case "stream":
		return part{Text: escapes.ReplaceAllString(o.Text, "")}, nil
	case "error":
		return part{Text: o.Name + ": " + o.Text, Failed: true}, nil
	}
	if raw, ok := o.Data[verdict.MIME].(json.RawMessage); ok {
		var rows []verdict.Row
		if err := json.Unmarshal(raw, &rows); err != nil {
			return part{}, fmt.Errorf("verdict: %w", err)
		}
		p := part{Columns: verdict.Columns}
		for _, r := range rows {
			p.Rows = append(p.Rows, row{r.Text(), r.Agree})
		}
		return p, nil
	}
	plain, _ := o.Data["text/plain"].(string)
	for _, mime := range []string{"image/png", "image/jpeg", "image/svg+xml"} {
		s, ok := o.Data[mime].(string)
		if !ok {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
		if mime == "image/svg+xml" {
			data, err = []byte(s), nil
		}
		if err != nil {
			return part{}, fmt.Errorf("%s: %w", mime, err)
		}
		p := part{Image: dataURL(mime, data), Alt: describe(data, plain)}
		if mime == "image/png" {
			p.png = data
		}
		if size, ok := o.Metadata[mime].(map[string]any); ok {
			w, _ := size["width"].(float64)
			p.Width = int(w)
		}
		return p, nil
	}
	if s, ok := o.Data["text/markdown"].(string); ok {
		html, err := b.md.html(s)
		return part{HTML: template.HTML(html)}, err
	}
	if s, ok := o.Data["text/latex"].(string); ok {
		html, err := b.md.html(s)
		return part{HTML: template.HTML(html)}, err
	}
	return part{Text: plain}, nil
}

// describe returns a description of a figure in words.
func describe(data []byte, plain string) string {
	f, err := figure.Parse(data)
	switch {
	case err == nil && f.Recipe.Description != "":
		return f.Recipe.Description
	case err != nil || f.Data == nil:
		return plain
	}
	var panels []string
	for _, p := range f.Data.Panels {
		y := p.Y
		if p.Z != "" {
			y = p.Z + " over " + p.Y
		}
		panels = append(panels, strings.TrimSpace(fmt.Sprintf("%s %s: %s against %s", p.Kind, p.Title, y, p.X)))
	}
	return strings.ReplaceAll(strings.Join(panels, "; "), "$", "")
}

func dataURL(mime string, data []byte) template.URL {
	return template.URL("data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data))
}

// thumb returns a PNG of at most the given width, or "" if data is not a
// PNG.
func thumb(data []byte, width int) template.URL {
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	size := src.Bounds().Size()
	width = min(width, size.X)
	dst := image.NewRGBA(image.Rect(0, 0, width, max(1, size.Y*width/max(1, size.X))))
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if enc.Encode(&b, dst) != nil {
		return ""
	}
	return dataURL("image/png", b.Bytes())
}
