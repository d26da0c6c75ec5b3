package report

import (
	"bytes"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"

	"github.com/gohugoio/hugo-goldmark-extensions/passthrough"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// markdown converts Markdown cells to HTML: it typesets mathematics, escapes HTML, and
// makes links to notebooks of the report internal.
type markdown struct {
	md    goldmark.Markdown
	math  *typesetter
	local map[string]string // the anchors of the notebooks and pages in the report, by file name
	taken map[string]bool   // the anchors of headings
}

func newMarkdown(math *typesetter, local map[string]string) *markdown {
	m := &markdown{math: math, local: local, taken: map[string]bool{}}
	one, two := passthrough.Delimiters{Open: "$", Close: "$"}, passthrough.Delimiters{Open: "$$", Close: "$$"}
	m.md = goldmark.New(
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithExtensions(extension.Table, extension.Strikethrough,
			passthrough.New(passthrough.Config{InlineDelimiters: []passthrough.Delimiters{two, one}, BlockDelimiters: []passthrough.Delimiters{two}})),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(m, 1))),
	)
	return m
}

// html converts Markdown of a section, whose name begins the anchors of its headings.
func (m *markdown) html(section, source string) (string, error) {
	var b bytes.Buffer
	context := parser.NewContext(parser.WithIDs(anchors{m, section}))
	err := m.md.Convert([]byte(source), &b, parser.WithContext(context))
	return b.String(), err
}

// anchors implements parser.IDs: the anchors of a section, as GitHub makes them.
type anchors struct {
	*markdown
	section string
}

func (a anchors) Generate(text []byte, _ ast.NodeKind) []byte {
	id := a.section + "-" + slug(string(text))
	for n := 1; a.taken[id]; n++ {
		id = fmt.Sprintf("%s-%s-%d", a.section, slug(string(text)), n)
	}
	a.taken[id] = true
	return []byte(id)
}

func (a anchors) Put(id []byte) { a.taken[string(id)] = true }

var notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

func slug(heading string) string {
	return strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// RegisterFuncs implements renderer.NodeRenderer.
func (m *markdown) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(passthrough.KindPassthroughInline, m.formula)
	reg.Register(passthrough.KindPassthroughBlock, m.formula)
	reg.Register(ast.KindRawHTML, m.escaped)
	reg.Register(ast.KindHTMLBlock, m.escaped)
	reg.Register(ast.KindImage, m.image)
	reg.Register(ast.KindLink, m.link)
	reg.Register(ast.KindHeading, m.heading)
	reg.Register(ast.KindCodeBlock, m.block)
	reg.Register(ast.KindFencedCodeBlock, m.block)
	reg.Register(extast.KindTable, m.table)
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
		_, err := w.WriteString(`<div class="formula" tabindex="0">` + m.math.html(text, true) + `</div>`)
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

// heading renders a heading one level lower, as the title of the section is above it, with a
// link to itself.
func (m *markdown) heading(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	level := min(6, max(3, node.(*ast.Heading).Level+1))
	id := ""
	if v, ok := node.AttributeString("id"); ok {
		id = html.EscapeString(string(v.([]byte)))
	}
	var err error
	if entering {
		_, err = fmt.Fprintf(w, `<h%d id="%s">`, level, id)
	} else {
		_, err = fmt.Fprintf(w, `<a class="anchor" href="#%s" aria-label="link to this heading">#</a></h%d>`+"\n", id, level)
	}
	return ast.WalkContinue, err
}

// block renders a block of code, which the keyboard can scroll.
func (m *markdown) block(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, err := w.WriteString(`<pre tabindex="0"><code>` + html.EscapeString(string(node.Lines().Value(source))) + "</code></pre>\n")
	return ast.WalkSkipChildren, err
}

// table lets a wide table scroll by itself.
func (m *markdown) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	var err error
	if entering {
		_, err = w.WriteString(`<div class="wide" tabindex="0" role="group" aria-label="table"><table>` + "\n")
	} else {
		_, err = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, err
}

// link renders links to the web and to notebooks and pages of the report, and drops others.
func (m *markdown) link(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	to := string(node.(*ast.Link).Destination)
	file, fragment, _ := strings.Cut(to, "#")
	anchor := m.local[path.Base(file)]
	switch {
	case strings.HasPrefix(to, "https://"), strings.HasPrefix(to, "http://"):
	case anchor != "" && fragment != "":
		to = "#" + anchor + "-" + fragment
	case anchor != "":
		to = "#" + anchor
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
