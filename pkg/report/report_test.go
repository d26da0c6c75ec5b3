package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/verdict"
	"golang.org/x/net/html"
)

// hostile returns a notebook with active content in every place for text.
func hostile() *ipynb.Notebook {
	const evil = `<script>alert(1)</script><img src="https://example.com/x.png" onerror="alert(2)">`
	rows, err := json.Marshal([]verdict.Row{{Result: evil, Source: evil, Setting: evil, Agree: true}})
	if err != nil {
		panic(err)
	}
	return &ipynb.Notebook{Cells: []ipynb.Cell{
		{Kind: "markdown", Source: "# Title " + evil + "\n\ntext " + evil + "\n\n<div onclick=\"alert(3)\">\nblock\n</div>\n\n" +
			"[a](javascript:alert(4)) [b](https://example.com/ok) [c](other.ipynb) [d](hostile.ipynb) ![picture](https://example.com/y.png) <https://example.com/auto>\n\n" +
			"$\\href{javascript:alert(5)}{x}$ $\\includegraphics{https://example.com/z.png}$ $x<y$ $\\nosuch$\n\n| a | b |\n|---|---|\n| " + evil + " | $|x|$ |"},
		{Kind: "raw", Source: evil},
		{Kind: "code", Source: `x := "` + evil + `"`, Count: 1, Outputs: []ipynb.Output{
			{Kind: "stream", Name: "stdout", Text: evil},
			{Kind: "error", Name: evil, Text: evil},
			{Kind: "execute_result", Data: map[string]any{"text/html": evil, "text/plain": evil}},
			{Kind: "execute_result", Data: map[string]any{"text/html": evil, verdict.MIME: json.RawMessage(rows)}},
			{Kind: "display_data", Data: map[string]any{"image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg">` + evil + `</svg>`, "text/plain": evil}},
			{Kind: "display_data", Data: map[string]any{"text/markdown": evil}},
			{Kind: "display_data", Data: map[string]any{"text/latex": "$$" + evil + "$$"}},
			{Kind: "display_data", Data: map[string]any{"application/javascript": "alert(6)"}},
		}},
	}}
}

func write(t *testing.T, sources ...Source) string {
	t.Helper()
	var b bytes.Buffer
	r := Report{Sources: sources, Explorer: "explore.html", State: func(figure.Recipe) string { return "theta=45" }}
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements calls visit for every start tag of a page.
func elements(t *testing.T, page string, visit func(html.Token)) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			visit(z.Token())
		}
	}
}

// outside reports elements that load from a network or run.
func outside(t *testing.T, page string) {
	t.Helper()
	elements(t, page, func(tag html.Token) {
		switch tag.Data {
		case "script", "iframe", "object", "embed", "link", "form", "base", "video", "audio", "foreignobject", "animate", "set":
			t.Errorf("the page has the element %v", tag)
		}
		for _, a := range tag.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style" && strings.Contains(a.Val, "url"):
				t.Errorf("the page has the attribute %s in %v", a.Key, tag.Data)
			case a.Key == "src" && !strings.HasPrefix(a.Val, "data:image/"):
				t.Errorf("the page loads %q", a.Val)
			case a.Key == "href" && tag.Data == "image":
				if !strings.HasPrefix(a.Val, "data:image/png") {
					t.Errorf("the page loads %q", a.Val)
				}
			case a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "explore.html") && !strings.HasPrefix(a.Val, "https://"):
				t.Errorf("the page links to %q", a.Val)
			}
		}
	})
	style := page[strings.Index(page, "<style>"):strings.Index(page, "</style>")]
	for _, url := range regexp.MustCompile(`url\(.{0,20}`).FindAllString(style, -1) {
		if !strings.HasPrefix(url, "url(data:font/woff2") {
			t.Errorf("the style loads %s", url)
		}
	}
	if strings.Contains(style, "@import") {
		t.Error("the style imports another one")
	}
}

func TestNotebookTextIsText(t *testing.T) {
	page := write(t, Source{"hostile.ipynb", hostile()})
	outside(t, page)
	if n := strings.Count(page, "&lt;script&gt;alert(1)"); n < 9 {
		t.Errorf("the text is shown %d times: it should be shown, as text", n)
	}
	for _, want := range []string{`href="https://example.com/ok"`, `href="#hostile"`, "<mo>&lt;</mo>", `<code class="unset">\nosuch</code>`, "[picture: picture]"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if !strings.Contains(page, "✗ a cell failed") {
		t.Error("the dashboard does not say that a cell failed")
	}
	if strings.Contains(page, "other.ipynb") {
		t.Error("a link to a file that is not in the report is kept")
	}
}

// The report on the committed notebooks typesets all mathematics, has all verdicts, and is
// small enough to send.
func TestCommittedNotebooks(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	var sources []Source
	verdicts, figures := 0, 0
	for _, f := range files {
		nb, err := ipynb.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := ipynb.Verdicts(nb)
		if err != nil {
			t.Fatal(err)
		}
		verdicts += len(rows)
		for _, c := range nb.Cells {
			for _, o := range c.Outputs {
				if o.Data["image/png"] != nil {
					figures++
				}
			}
		}
		sources = append(sources, Source{f, nb})
	}
	page := write(t, sources...)
	outside(t, page)
	if strings.Contains(page, `class="unset"`) {
		i := strings.Index(page, `class="unset"`)
		t.Errorf("a formula is not typeset: %.200s", page[i:])
	}
	rows, shown, alt, bytes, again := 0, 0, 0, 0, map[string]bool{}
	in := false
	elements(t, page, func(tag html.Token) {
		in = in && tag.Data != "table"
		for _, a := range tag.Attr {
			if tag.Data == "table" && a.Key == "class" {
				in = a.Val == "verdict"
			}
			if (tag.Data == "img" || tag.Data == "image") && (a.Key == "src" || a.Key == "href") {
				shown++
				bytes += len(a.Val)
				if again[a.Val] {
					t.Errorf("a figure is in the page twice")
				}
				again[a.Val] = true
			}
			if (tag.Data == "img" && a.Key == "alt" || tag.Data == "svg" && a.Key == "aria-label") && a.Val != "" {
				alt++
			}
		}
		if tag.Data == "tr" && in {
			rows++
		}
		if tag.Data == "tbody" && in {
			rows-- // the heading
		}
	})
	if rest := len(page) - bytes; rest > 2.5e6 {
		t.Errorf("%d bytes beside the figures", rest)
	}
	if rows != verdicts {
		t.Errorf("%d rows of verdicts, the notebooks have %d", rows, verdicts)
	}
	if shown != figures || alt < figures {
		t.Errorf("%d figures, %d with a description; the notebooks have %d", shown, alt, figures)
	}
	dollars := regexp.MustCompile(`\$[^$<>]*\\[a-z]+[^$<>]*\$`)
	for _, text := range regexp.MustCompile(`(?s)<div class="text">.*?</div>\n`).FindAllString(page, -1) {
		text = regexp.MustCompile(`(?s)<code>.*?</code>`).ReplaceAllString(text, "")
		if m := dollars.FindString(text); m != "" {
			t.Errorf("mathematics is left as source: %s", m)
		}
	}
}

func TestNotExecuted(t *testing.T) {
	err := Report{Sources: []Source{{"a.ipynb", &ipynb.Notebook{Cells: []ipynb.Cell{{Kind: "code", Source: "1"}}}}}}.Write(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "a.ipynb: it was not executed") {
		t.Error(err)
	}
}

func TestMath(t *testing.T) {
	m, err := newTypesetter()
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		`\mathcal{R}`:               "ℛ",
		`\mathcal{T}`:               "𝒯",
		`\mathbb{E}`:                "𝔼",
		`\tfrac12`:                  "<mfrac>",
		`\begin{cases}a\end{cases}`: "<mtable",
	} {
		if got := m.html(source, false); !strings.Contains(got, want) || !strings.HasPrefix(got, "<math") || strings.Contains(got, "annotation") {
			t.Errorf("%s: %s", source, got)
		}
	}
}
