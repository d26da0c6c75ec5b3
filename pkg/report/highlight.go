package report

import (
	"go/scanner"
	"go/token"
	"html"
	"html/template"
	"strings"
)

// highlight marks the tokens of Go code for the style sheet: keywords (k), comments (c),
// strings (s), numbers (m) and called functions (f). Code that is not Go keeps its text.
func highlight(source string) template.HTML {
	source = strings.ReplaceAll(source, "\r", "") // which the scanner leaves out of its tokens
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(source))
	var scan scanner.Scanner
	scan.Init(file, []byte(source), nil, scanner.ScanComments)
	var out strings.Builder
	out.WriteString(`<pre class="go" tabindex="0"><code>`)
	done := 0 // bytes of source
	for {
		at, t, text := scan.Scan()
		if t == token.EOF {
			break
		}
		class := ""
		switch {
		case t.IsKeyword():
			class = "k"
		case t == token.COMMENT:
			class = "c"
		case t == token.STRING || t == token.CHAR:
			class = "s"
		case t.IsLiteral() && t != token.IDENT:
			class = "m"
		case t == token.IDENT && strings.HasPrefix(source[file.Offset(at)+len(text):], "("):
			class = "f"
		}
		if class == "" {
			continue
		}
		from := file.Offset(at)
		out.WriteString(html.EscapeString(source[done:from]))
		done = from + len(text)
		out.WriteString(`<span class="` + class + `">` + html.EscapeString(source[from:done]) + `</span>`)
	}
	out.WriteString(html.EscapeString(source[done:]) + "</code></pre>")
	return template.HTML(out.String())
}
