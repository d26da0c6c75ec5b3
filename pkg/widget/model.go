package widget

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// model is a model of ipywidgets: its comm and the state that the front end has.
type model struct {
	id      string
	state   map[string]any
	of      *Interaction
	control *Control // nil if it is none
}

const (
	base     = "@jupyter-widgets/base"
	controls = "@jupyter-widgets/controls"
	version  = "2.0.0"
	protocol = "2.1.0"
)

// add opens a model of a class. c is nil if it is no control.
func (it *Interaction) add(class, viewModule, view string, c *Control, state map[string]any) *model {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	m := &model{id: hex.EncodeToString(id), of: it, control: c, state: map[string]any{
		"_model_module": controls, "_model_module_version": version, "_model_name": class,
		"_view_module": viewModule, "_view_module_version": version, "_view_name": view}}
	maps.Copy(m.state, state)
	comms.Lock()
	comms.models[m.id] = m
	comms.order = append(comms.order, m)
	comms.Unlock()
	open := message(m.id, map[string]any{"state": m.state, "buffer_paths": []any{}})
	open.Type, open.Target, open.Metadata = "comm_open", modelTarget, map[string]any{"version": protocol}
	send(open)
	return m
}

func (m *model) reference() string { return "IPY_MODEL_" + m.id }

// send sends a part of the state.
func (m *model) send(state map[string]any) {
	send(message(m.id, map[string]any{"method": "update", "state": state, "buffer_paths": []any{}}))
}

// set changes a field, here and in the front end.
func (m *model) set(field string, value any) {
	if m.state[field] != value {
		m.state[field] = value
		m.send(map[string]any{field: value})
	}
}

// open opens the models once: the controls, one below the other, and what shows the value
// and the printed text under them.
func (it *Interaction) open(shown map[string]any) {
	if it.root != nil {
		return
	}
	it.closeEarlier()
	// Labels have the width that they need.
	style := it.add("DescriptionStyleModel", base, "StyleView", nil, map[string]any{"description_width": "initial"})
	var children []string
	for i := range it.controls {
		c := &it.controls[i]
		class, state := c.state()
		state["description"] = c.label
		if c.kind != button { // which has another style
			state["style"] = style.reference()
		}
		children = append(children, it.add(class+"Model", controls, class+"View", c, state).reference())
	}
	it.picture = it.add("HTMLModel", controls, "HTMLView", nil, map[string]any{"value": page(shown)})
	it.under = it.add("HTMLModel", controls, "HTMLView", nil, map[string]any{"value": pre(it.printed, "")})
	children = append(children, it.picture.reference(), it.under.reference())
	it.root = it.add("VBoxModel", controls, "VBoxView", nil, map[string]any{"children": children})
}

// state returns the class of the control in ipywidgets, and its own state.
func (c *Control) state() (class string, state map[string]any) {
	switch c.kind {
	case slider:
		return "FloatSlider", map[string]any{"min": c.low, "max": c.high, "step": c.step, "value": c.value, "readout_format": fmt.Sprintf(".%df", max(decimals(c.low), decimals(c.step)))}
	case logSlider:
		return "FloatLogSlider", map[string]any{"min": math.Log10(c.low), "max": math.Log10(c.high), "base": 10.0, "step": c.step, "value": c.value, "readout_format": ".4~g"}
	case intSlider:
		return "IntSlider", map[string]any{"min": c.low, "max": c.high, "step": c.step, "value": c.value}
	case choice:
		return "Dropdown", map[string]any{"_options_labels": c.options, "index": slices.Index(c.options, c.value.(string))}
	case toggle:
		return "Checkbox", map[string]any{"value": c.value, "indent": false}
	case text:
		return "Text", map[string]any{"value": c.value, "continuous_update": false}
	}
	return "Button", map[string]any{}
}

// decimals returns the number of decimals of x, at most 9.
func decimals(x float64) int {
	_, after, _ := strings.Cut(strconv.FormatFloat(x, 'f', -1, 64), ".")
	return min(len(after), 9)
}

// movedBy returns the interaction that a message to the model moves, or nil.
func (m *model) movedBy(msg Message) *Interaction {
	var d data
	if m == nil || m.control == nil || msg.Type != "comm_msg" || json.Unmarshal(msg.Data, &d) != nil {
		return nil
	}
	if pressed := d.Method == "custom" && d.Content.Event == "click"; pressed == (m.control.kind == button) &&
		(pressed || d.Method == "update" && d.State[m.control.field()] != nil) {
		return m.of
	}
	return nil
}

// field is the field of the state that has the value.
func (c *Control) field() string {
	if c.kind == choice {
		return "index"
	}
	return "value"
}

// move sets the value that a message has, and, if it is the last one, shows the value of
// the function.
func (it *Interaction) move(m *model, d data, last bool) {
	c := m.control
	v, err := c.received(d)
	if err == nil && v != c.value {
		c.value, it.moved = v, true
		_, state := c.state()
		m.state[c.field()] = state[c.field()]
	}
	if err == nil && (!last || !it.moved) {
		return
	}
	var shown map[string]any
	var printed string
	if err == nil {
		it.moved = false
		shown, printed, err = it.again()
		comms.Lock()
		it.moved, it.stopped = it.stopped, false
		comms.Unlock()
		if it.moved { // the next move shows its value
			return
		}
	}
	if err != nil {
		it.under.set("value", pre(printed, err.Error()))
		return
	}
	it.picture.set("value", page(shown))
	it.under.set("value", pre(printed, ""))
}

// received returns the value that a move has.
func (c *Control) received(d data) (any, error) {
	if c.kind == button {
		return c.accept(c.value.(int) + 1)
	}
	var value any
	if err := json.Unmarshal(d.State[c.field()], &value); err != nil {
		return nil, fmt.Errorf("%s: %w", c.label, err)
	}
	if i, ok := value.(float64); ok && c.kind == choice && i >= 0 && i < float64(len(c.options)) && i == math.Trunc(i) {
		value = c.options[int(i)]
	}
	return c.accept(value)
}

// page returns data that show a value as HTML: a picture with its size, so that what is
// under it does not jump; HTML as it is; or else text.
func page(data map[string]any) string {
	for _, mime := range []string{"image/png", "image/svg+xml", "image/jpeg"} {
		if b := contents(mime, data[mime]); len(b) > 0 {
			return fmt.Sprintf(`<img%s src="data:%s;base64,%s">`, size(mime, b), mime, base64.StdEncoding.EncodeToString(b))
		}
	}
	if s, _ := data["text/html"].(string); s != "" {
		// As outputs look in JupyterLab, whose tables are in the middle of what they are in.
		return `<div class="jp-RenderedHTMLCommon" style="width: fit-content">` + s + "</div>"
	}
	for _, mime := range []string{"text/plain", "text/markdown", "text/latex"} {
		if s := string(contents(mime, data[mime])); s != "" {
			return pre(s, "")
		}
	}
	return ""
}

// contents returns what is in data: bytes, or text, which is in base 64 for pictures that
// are not text.
func contents(mime string, data any) []byte {
	switch data := data.(type) {
	case []byte:
		return data
	case string:
		if b, err := base64.StdEncoding.DecodeString(data); err == nil && mime != "image/svg+xml" && mime[:5] == "image" {
			return b
		}
		return []byte(data)
	}
	return nil
}

// pre returns a text and the message of an error as HTML.
func pre(text, failed string) string {
	out := ""
	if text != "" {
		out = "<pre>" + html.EscapeString(text) + "</pre>"
	}
	if failed != "" {
		out += `<pre style="color: var(--jp-error-color1, #b00)">` + html.EscapeString(failed) + "</pre>"
	}
	return out
}
