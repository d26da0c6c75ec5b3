package kernel

import (
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// What a file has under controls is shown as a picture and text, and never as HTML.
func TestSavedModel(t *testing.T) {
	for _, c := range []struct {
		o          ipynb.Output
		has, hasNo string
	}{
		{ipynb.Output{Data: map[string]any{"text/plain": "σ = 1\nfigure", "image/png": "AA\nAA\n"}, Metadata: map[string]any{"image/png": map[string]any{"width": 3.0, "height": "1\" onload=\""}}},
			`<pre>σ = 1</pre><img width="3" src="data:image/png;base64,AAAA">`, "onload"},
		{ipynb.Output{Data: map[string]any{"text/plain": "<b>", "image/png": `"><script>`, "text/html": "<i>"}}, "<pre>&lt;b&gt;</pre>", "<img"},
		{ipynb.Output{}, "run the cell again", "<img"},
	} {
		state := savedModel(c.o)["state"].(map[string]any)
		if page := state["value"].(string); !strings.Contains(page, c.has) || strings.Contains(page, c.hasNo) || strings.Contains(page, "script") || strings.Contains(page, "<i>") {
			t.Errorf("%v: %s", c.o, page)
		}
	}
}
