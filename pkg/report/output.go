package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/verdict"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// output converts an output in its richest safe form; HTML of a notebook is not safe.
func (b *builder) output(section, id string, o ipynb.Output) (part, error) {
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
		p := b.figure(id, data, plain)
		p.Image = dataURL(mime, data)
		if size, ok := o.Metadata[mime].(map[string]any); ok {
			w, _ := size["width"].(float64)
			p.Width = int(w)
		}
		return p, nil
	}
	if s, ok := o.Data["text/markdown"].(string); ok {
		html, err := b.md.html(section, s)
		return part{HTML: template.HTML(html)}, err
	}
	if s, ok := o.Data["text/latex"].(string); ok {
		html, err := b.md.html(section, s)
		return part{HTML: template.HTML(html)}, err
	}
	return part{Text: plain}, nil
}

// figure describes a figure, from its recipe and its numbers where its file carries them.
func (b *builder) figure(id string, data []byte, plain string) part {
	p := part{ID: id, Alt: plain}
	f, err := figure.Parse(data)
	if err != nil || f.Data == nil {
		return p
	}
	p.Alt, p.Caption = panels(f.Data), f.Recipe.Description
	// A picture that is not PNG is shown as it is.
	_ = p.stack(bytes.NewReader(data), f.Data)
	if b.Explorer != "" && b.State != nil {
		if state := b.State(f.Recipe); state != "" {
			p.Explorer = b.Explorer + "#" + state
		}
	}
	return p
}

// panels says in words what the panels of a figure show.
func panels(d *figure.Data) string {
	var out []string
	for _, p := range d.Panels {
		y := p.Y
		if p.Z != "" {
			y = p.Z + " over " + p.Y
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s: %s against %s", p.Kind, p.Title, y, p.X)))
	}
	return strings.ReplaceAll(strings.Join(out, "; "), "$", "")
}

func dataURL(mime string, data []byte) template.URL {
	return template.URL("data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data))
}
