package report

import (
	"html"
	"regexp"
	"strings"
	"testing"

	_ "github.com/features-are-fate/fate/pkg/internal/property"
	"pgregory.net/rapid"
)

func TestHighlight(t *testing.T) {
	got := string(highlight("// α < β\nfor i := range 10 {\n\tf(\"a<b\", 2.5, 'x', `raw\r\n`)\n}"))
	want := `<pre class="go" tabindex="0"><code><span class="c">// α &lt; β</span>
<span class="k">for</span> i := <span class="k">range</span> <span class="m">10</span> {
	<span class="f">f</span>(<span class="s">&#34;a&lt;b&#34;</span>, <span class="m">2.5</span>, <span class="s">&#39;x&#39;</span>, <span class="s">` + "`raw\n`" + `</span>)
}</code></pre>`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever a cell holds, its text is in the page, and no other markup.
func TestHighlightKeepsTheText(t *testing.T) {
	tags := regexp.MustCompile(`</?(pre|code|span)( class="[a-z]+")?( tabindex="0")?>`)
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.StringN(0, 4, -1),
			rapid.SampledFrom([]string{"\"", "`", "'", "/*", "*/", "//", "\n", "\r\n", "f(", "<script>", "&amp;", "1e", "0x", "\xff", "\x00", "func", "%%bash"}))).Draw(t, "parts"), "")
		text := tags.ReplaceAllString(string(highlight(source)), "")
		if strings.ContainsAny(text, "<>") {
			t.Fatalf("markup in %q", text)
		}
		if got, want := html.UnescapeString(text), strings.ReplaceAll(source, "\r", ""); got != want {
			t.Fatalf("text %q, want %q", got, want)
		}
	})
}
