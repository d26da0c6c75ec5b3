package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
)

// Display is the form in which a notebook shows a value: its data and their metadata,
// keyed by MIME type. The type, and the functions of the package display that cells see,
// are those of gophernotes, so that a cell works in both.
type Display = struct {
	Data      map[string]interface{}
	Metadata  map[string]interface{}
	Transient map[string]interface{}
}

func shown(mime string, data interface{}) Display {
	return Display{Data: map[string]interface{}{mime: data}}
}

// displayTable returns the symbols of the package display of gophernotes.
func displayTable() map[string]reflect.Value {
	out := map[string]reflect.Value{
		"MakeData": reflect.ValueOf(shown),
		"Any":      reflect.ValueOf(func(mime string, v interface{}) Display { return shown(mime, v) }),
		"Auto":     reflect.ValueOf(func(v interface{}) Display { return render([]any{v}) }),
		"MakeData3": reflect.ValueOf(func(mime, plain string, v interface{}) Display {
			d := shown(mime, v)
			d.Data["text/plain"] = plain
			return d
		}),
		"MIME": reflect.ValueOf(func(data, metadata map[string]interface{}) Display { return Display{Data: data, Metadata: metadata} }),
		"Math": reflect.ValueOf(func(s string) Display { return shown("text/latex", "$$"+strings.Trim(s, "$")+"$$") }),
		"JSON": reflect.ValueOf(func(v map[string]interface{}) Display { return shown("application/json", v) }),
	}
	for name, mime := range map[string]string{"HTML": "text/html", "JavaScript": "application/javascript", "Latex": "text/latex", "Markdown": "text/markdown", "SVG": "image/svg+xml"} {
		out[name] = reflect.ValueOf(func(s string) Display { return shown(mime, s) })
	}
	for name, mime := range map[string]string{"JPEG": "image/jpeg", "PDF": "application/pdf", "PNG": "image/png"} {
		out[name] = reflect.ValueOf(func(b []byte) Display { return shown(mime, b) })
	}
	return out
}

// render returns the display of the values of the last expression of a cell, by the
// interfaces of gophernotes: that of a single value that renders itself, or else all
// values as text. nil values are not shown, nor are the count and the nil error that a
// print function returns.
func render(values []any) Display {
	var some []any
	for _, v := range values {
		if v != nil {
			some = append(some, v)
		}
	}
	if len(some) == 0 || len(values) == 2 && isPrint(values) {
		return Display{}
	}
	if len(some) == 1 {
		switch v := some[0].(type) {
		case Display:
			return v
		case *widget.Interaction:
			return v.Shown(func(v any) Display { return render([]any{v}) })
		case interface{ Render() Display }:
			return v.Render()
		case interface {
			SimpleRender() map[string]interface{}
		}:
			return Display{Data: v.SimpleRender()}
		case interface{ HTML() string }:
			return shown("text/html", v.HTML())
		case interface{ SVG() string }:
			return shown("image/svg+xml", v.SVG())
		case interface{ PNG() []byte }:
			return shown("image/png", v.PNG())
		case interface{ Markdown() string }:
			return shown("text/markdown", v.Markdown())
		case interface{ Latex() string }:
			return shown("text/latex", v.Latex())
		}
	}
	return shown("text/plain", strings.TrimSuffix(fmt.Sprintln(some...), "\n"))
}

func isPrint(values []any) bool {
	_, count := values[0].(int)
	return count && values[1] == nil
}

// failure returns the error that the values of a cell carry: an error that is not the
// first of several results, or the result of an Err method.
func failure(values []any) error {
	for i, v := range values {
		if e, ok := v.(error); ok && i > 0 {
			return e
		}
		if e, ok := v.(interface{ Err() error }); ok && !isNilPointer(v) && e.Err() != nil {
			return e.Err()
		}
	}
	return nil
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// Show returns the display of a value, or the error that it carries.
func Show(v any) (Display, error) {
	if err := failure([]any{v}); err != nil {
		return Display{}, err
	}
	return render([]any{v}), nil
}

// Output returns a display as an output of the given kind; ok is false if the display is
// empty.
func Output(kind string, d Display) (out ipynb.Output, ok bool, err error) {
	if len(d.Data) == 0 {
		return out, false, nil
	}
	out = ipynb.Output{Kind: kind, Data: map[string]any{}, Metadata: d.Metadata}
	for mime, v := range d.Data {
		switch v := v.(type) {
		case []byte:
			if strings.HasPrefix(mime, "text/") || mime == "image/svg+xml" && utf8.Valid(v) {
				out.Data[mime] = string(v)
				continue
			}
			out.Data[mime] = base64.StdEncoding.EncodeToString(v)
		default:
			if ipynb.IsJSON(mime) {
				raw, err := json.Marshal(v)
				if err == nil {
					err = file.CheckNesting(raw, ipynb.MaxNesting)
				}
				if err != nil {
					return out, false, fmt.Errorf("output of type %s: %w", mime, err)
				}
				out.Data[mime] = json.RawMessage(raw)
				continue
			}
			out.Data[mime] = fmt.Sprint(v)
		}
	}
	return out, true, nil
}
