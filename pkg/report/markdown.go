package report

import (
	"bytes"
	"html"
	"path"
	"strings"

	"github.com/gohugoio/hugo-goldmark-extensions/passthrough"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// markdown converts Markdown cells to HTML: it typesets mathematics, escapes HTML, and
// makes links to notebooks of the report internal.
type markdown struct {
	md    goldmark.Markdown
	math  *typesetter
	local map[string]bool // names of the notebooks in the report
}

func newMarkdown(math *typesetter, local map[string]bool) *markdown {
	m := &markdown{math: math, local: local}
	one, two := passthrough.Delimiters{Open: "$", Close: "$"}, passthrough.Delimiters{Open: "$$", Close: "$$"}
	m.md = goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough,
			passthrough.New(passthrough.Config{InlineDelimiters: []passthrough.Delimiters{two, one}, BlockDelimiters: []passthrough.Delimiters{two}})),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(m, 1))),
	)
	return m
}

func (m *markdown) html(source string) (string, error) {
	var b bytes.Buffer
	err := m.md.Convert([]byte(source), &b)
	return b.String(), err
}

// RegisterFuncs implements renderer.NodeRenderer.
func (m *markdown) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(passthrough.KindPassthroughInline, m.formula)
	reg.Register(passthrough.KindPassthroughBlock, m.formula)
	reg.Register(ast.KindRawHTML, m.escaped)
	reg.Register(ast.KindHTMLBlock, m.escaped)
	reg.Register(ast.KindImage, m.image)
	reg.Register(ast.KindLink, m.link)
}

func (m *markdown) formula(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	text := ""
	switch n := n.(type) {
	case *passthrough.PassthroughInline:
		text = string(n.Segment.Value(source))
	default:
		text = string(n.Lines().Value(source))
	}
	text = strings.TrimSpace(text)
	display := strings.HasPrefix(text, "$$")
	text = strings.Trim(text, "$")
	if display {
		_, err := w.WriteString(`<div class="formula">` + m.math.html(text, true) + `</div>`)
		return ast.WalkSkipChildren, err
	}
	_, err := w.WriteString(m.math.html(text, false))
	return ast.WalkSkipChildren, err
}

// escaped escapes raw HTML.
func (m *markdown) escaped(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var text []byte
	switch n := n.(type) {
	case *ast.RawHTML:
		text = n.Segments.Value(source)
	case *ast.HTMLBlock:
		text = n.Lines().Value(source)
		if n.HasClosure() {
			text = append(bytes.Clone(text), n.ClosureLine.Value(source)...)
		}
	}
	_, err := w.WriteString(html.EscapeString(string(text)))
	return ast.WalkSkipChildren, err
}

// image keeps the alternative text of a picture, which is not in the report.
func (m *markdown) image(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	var err error
	if entering {
		_, err = w.WriteString("[picture: ")
	} else {
		_, err = w.WriteString("]")
	}
	return ast.WalkContinue, err
}

// link renders links to the web and to notebooks of the report, and drops others.
func (m *markdown) link(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	to := string(node.(*ast.Link).Destination)
	name := strings.TrimSuffix(path.Base(to), ".ipynb")
	switch {
	case strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "http://"):
	case m.local[name] && strings.HasSuffix(to, ".ipynb"):
		to = "#" + name
	default:
		return ast.WalkContinue, nil
	}
	var err error
	if entering {
		_, err = w.WriteString(`<a rel="noreferrer" href="` + html.EscapeString(to) + `">`)
	} else {
		_, err = w.WriteString("</a>")
	}
	return ast.WalkContinue, err
}
