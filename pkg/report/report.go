// Package report writes executed notebooks as one self-contained HTML page, without
// network, scripts or other files.
//
//	nb, err := ipynb.Read("analysis.ipynb")
//	if err != nil {
//		return err
//	}
//	err = report.Report{Sources: []report.Source{{Path: "analysis.ipynb", Notebook: nb}}}.Write(w)
package report

import (
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
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

// Report is what one page shows.
type Report struct {
	Sources []Source // at least one, in the order of the page
	Manual  []Page   // pages in Markdown, after the notebooks
	// Explorer is the address of a page in which theory moves, "" for none. State returns the
	// fragment of that address at which a figure is shown, "" if it is not known.
	Explorer string
	State    func(figure.Recipe) string
}

// Page is a page in Markdown and the path of its file. Links to "notebooks.md" lead to the
// page whose file has that name.
type Page struct{ Path, Text string }

// document is the data of the page template.
type document struct {
	Style     template.CSS
	Agree, Of int
	Notebooks []*section
	Paper     []paperFigure
	Manual    []*section
	Explorer  string
}

// section is the part of the page on one notebook or one page of the manual.
type section struct {
	Name, Number   string
	Title          template.HTML
	Agree, Of      int
	Failed         bool // a cell failed
	Cells          []part
	HTML           template.HTML
	Previous, Next *section
}

// part is a cell, or an output of one.
type part struct {
	HTML     template.HTML // text, code or mathematics
	Lines    int           // of code
	Text     string        // plain text
	Failed   bool
	Image    template.URL
	Pixels   image.Point
	Panels   []slice
	Alt      string
	Caption  string
	Width    int
	ID       string
	Explorer string // the address of the explorer at the state of the figure
	Paper    string // the figure of the paper that this one reproduces,
	Shows    template.HTML
	Columns  []string
	Rows     []row
}

// row is a row of a verdict.
type row struct {
	Text  []string
	Agree bool
}

// paperFigure is a figure that reproduces one of the paper.
type paperFigure struct {
	Name, Notebook, ID string
	Shows              template.HTML
}

type builder struct {
	Report
	md       *markdown
	document document
}

// Write writes the page. A notebook that was not executed is an error.
func (r Report) Write(w io.Writer) error {
	math, err := newTypesetter()
	if err != nil {
		return err
	}
	local := map[string]string{}
	for _, s := range r.Sources {
		local[filepath.Base(s.Path)] = name(s.Path)
	}
	for _, p := range r.Manual {
		local[filepath.Base(p.Path)] = manualName(p.Path)
	}
	b := &builder{Report: r, md: newMarkdown(math, local)}
	b.document.Explorer = r.Explorer
	for _, s := range r.Sources {
		if err := b.notebook(s); err != nil {
			return fmt.Errorf("%s: %w", s.Path, err)
		}
	}
	for _, p := range r.Manual {
		if err := b.manual(p); err != nil {
			return fmt.Errorf("%s: %w", p.Path, err)
		}
	}
	slices.SortStableFunc(b.document.Paper, func(p, q paperFigure) int { return strings.Compare(p.Name, q.Name) })
	all := slices.Concat(b.document.Notebooks, b.document.Manual)
	for i, s := range all[1:] {
		s.Previous, all[i].Next = all[i], s
	}
	b.document.Style = style()
	return page.Execute(w, b.document)
}

func manualName(path string) string {
	return "manual-" + strings.TrimSuffix(filepath.Base(path), ".md")
}

// manual adds a page of the manual.
func (b *builder) manual(p Page) error {
	out := &section{Name: manualName(p.Path), Title: template.HTML(template.HTMLEscapeString(filepath.Base(p.Path)))}
	title, text, err := b.titled(out.Name, p.Text)
	if err != nil {
		return err
	}
	if title != "" {
		out.Title = title
	}
	out.HTML = text
	b.document.Manual = append(b.document.Manual, out)
	return nil
}

// titled converts Markdown and takes its first heading of level 1 as the title.
func (b *builder) titled(section, text string) (title, rest template.HTML, err error) {
	if m := heading.FindStringSubmatch(text); m != nil {
		t, err := b.md.html(section, m[1])
		if err != nil {
			return "", "", err
		}
		title = template.HTML(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(t), "<p>"), "</p>"))
		text = strings.Replace(text, m[0], "", 1)
	}
	html, err := b.md.html(section, text)
	return title, template.HTML(html), err
}

func name(path string) string { return strings.TrimSuffix(filepath.Base(path), ".ipynb") }

// style returns the CSS of the page and the font.
func style() template.CSS {
	return template.CSS("@font-face{font-family:'Report Math';src:url(data:font/woff2;base64," + base64.StdEncoding.EncodeToString(mathFont) + ")}\n" + styleSource)
}

var heading = regexp.MustCompile(`(?m)^# +(.+)$`)

func (b *builder) notebook(s Source) error {
	n := name(s.Path)
	number, _, _ := strings.Cut(n, "_")
	out := &section{Name: n, Number: number, Title: template.HTML(template.HTMLEscapeString(n))}
	outputs := false
	for i, c := range s.Notebook.Cells {
		outputs = outputs || len(c.Outputs) > 0
		switch c.Kind {
		case "markdown":
			if i == 0 {
				title, html, err := b.titled(n, c.Source)
				if err != nil {
					return err
				}
				if title != "" {
					out.Title = title
				}
				out.Cells = append(out.Cells, part{HTML: html})
				continue
			}
			html, err := b.md.html(n, c.Source)
			if err != nil {
				return err
			}
			out.Cells = append(out.Cells, part{HTML: template.HTML(html)})
		case "code":
			out.Cells = append(out.Cells, part{HTML: highlight(c.Source), Lines: 1 + strings.Count(strings.TrimSpace(c.Source), "\n")})
			for k, o := range c.Outputs {
				id := fmt.Sprintf("%s-%d-%d", n, i+1, k+1)
				p, err := b.output(n, id, o)
				if err != nil {
					return fmt.Errorf("cell %d: %w", i+1, err)
				}
				out.Failed = out.Failed || p.Failed
				p.ID = id
				if err := b.note(&p, c, out); err != nil {
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
	paper, shows := c.Paper()
	if paper == "" {
		return nil
	}
	html, err := b.md.html(s.Name, shows)
	if err != nil {
		return err
	}
	p.Paper, p.Shows = paper, template.HTML(html)
	b.document.Paper = append(b.document.Paper, paperFigure{Name: paper, Notebook: s.Number, ID: p.ID, Shows: p.Shows})
	return nil
}
