package kernel

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
)

// withSaved returns the answer of the widgets to a front end that asks for all models. A
// notebook that was saved with controls of an earlier kernel refers to models that nobody
// has: JupyterLab would show an error in place of the picture. Here they are the pictures.
func (k *kernel) withSaved(m widget.Message) widget.Message {
	var answer map[string]any
	if m.Type != "comm_msg" || json.Unmarshal(m.Data, &answer) != nil || answer["method"] != "update_states" {
		return m
	}
	states, ok := answer["states"].(map[string]any)
	if !ok {
		return m
	}
	k.process.mu.Lock()
	saved := k.process.session.Controlled()
	k.process.mu.Unlock()
	for id, o := range saved {
		if states[id] == nil {
			states[id] = savedModel(o)
		}
	}
	if data, err := json.Marshal(answer); err == nil {
		m.Data = data
	}
	return m
}

// savedModel returns a model of ipywidgets that shows an output of a file, which is
// untrusted: as a picture and text.
func savedModel(o ipynb.Output) map[string]any {
	const module, version = "@jupyter-widgets/controls", "2.0.0"
	text, _ := o.Data["text/plain"].(string)
	page := ""
	if png, err := base64.StdEncoding.DecodeString(asText(o.Data["image/png"])); err == nil && len(png) > 0 {
		text, _, _ = strings.Cut(text, "\n") // the values of the controls
		size := ""
		if s, ok := o.Metadata["image/png"].(map[string]any); ok {
			for _, side := range []string{"width", "height"} {
				if n, ok := s[side].(float64); ok {
					size += fmt.Sprintf(` %s="%.0f"`, side, n)
				}
			}
		}
		page = fmt.Sprintf(`<img%s src="data:image/png;base64,%s">`, size, base64.StdEncoding.EncodeToString(png))
	}
	page = "<pre>" + html.EscapeString(text) + "</pre>" + page + "<pre>run the cell again to move it</pre>"
	return map[string]any{"model_name": "HTMLModel", "model_module": module, "model_module_version": version,
		"state": map[string]any{"_model_module": module, "_model_module_version": version, "_model_name": "HTMLModel",
			"_view_module": module, "_view_module_version": version, "_view_name": "HTMLView", "value": page}}
}

// asText returns text in base 64 without its line ends.
func asText(v any) string {
	s, _ := v.(string)
	return strings.Join(strings.Fields(s), "")
}
