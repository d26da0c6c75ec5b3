package notebook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/file"
)

// display is what a value looks like in a notebook. The type and the functions
// of the display package are those of gophernotes, so that a cell works in both.
type display = struct {
	Data      map[string]interface{}
	Metadata  map[string]interface{}
	Transient map[string]interface{}
}

func shown(mime string, data interface{}) display {
	return display{Data: map[string]interface{}{mime: data}}
}

// displayTable is the package display of gophernotes.
func displayTable() map[string]reflect.Value {
	out := map[string]reflect.Value{
		"MakeData": reflect.ValueOf(shown),
		"Any":      reflect.ValueOf(func(mime string, v interface{}) display { return shown(mime, v) }),
		"Auto":     reflect.ValueOf(func(v interface{}) display { return render([]any{v}) }),
		"MakeData3": reflect.ValueOf(func(mime, plain string, v interface{}) display {
			d := shown(mime, v)
			d.Data["text/plain"] = plain
			return d
		}),
		"MIME": reflect.ValueOf(func(data, metadata map[string]interface{}) display { return display{Data: data, Metadata: metadata} }),
		"Math": reflect.ValueOf(func(s string) display { return shown("text/latex", "$$"+strings.Trim(s, "$")+"$$") }),
		"JSON": reflect.ValueOf(func(v map[string]interface{}) display { return shown("application/json", v) }),
	}
	for name, mime := range map[string]string{"HTML": "text/html", "JavaScript": "application/javascript", "Latex": "text/latex", "Markdown": "text/markdown", "SVG": "image/svg+xml"} {
		out[name] = reflect.ValueOf(func(s string) display { return shown(mime, s) })
	}
	for name, mime := range map[string]string{"JPEG": "image/jpeg", "PDF": "application/pdf", "PNG": "image/png"} {
		out[name] = reflect.ValueOf(func(b []byte) display { return shown(mime, b) })
	}
	return out
}

// render shows the values of the last expression of a cell by the interfaces of
// gophernotes: one value that renders itself, or else all of them as text. nil
// values, and the count and nil error that a print returns, show nothing.
func render(values []any) display {
	var some []any
	for _, v := range values {
		if v != nil {
			some = append(some, v)
		}
	}
	if len(some) == 0 || len(values) == 2 && isPrint(values) {
		return display{}
	}
	if len(some) == 1 {
		switch v := some[0].(type) {
		case display:
			return v
		case interface{ Render() display }:
			return v.Render()
		case interface {
			SimpleRender() map[string]interface{}
		}:
			return display{Data: v.SimpleRender()}
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

// failure returns the error that the values of a cell carry: an error among
// several results, or what their Err method says.
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

// output turns a display into a notebook output; ok is false if there is
// nothing to show.
func (e displayOutput) output() (out Output, ok bool, err error) {
	if len(e.d.Data) == 0 {
		return out, false, nil
	}
	out = Output{Kind: e.kind, Data: map[string]any{}, Metadata: e.d.Metadata}
	for mime, v := range e.d.Data {
		switch v := v.(type) {
		case []byte:
			if strings.HasPrefix(mime, "text/") || mime == "image/svg+xml" && utf8.Valid(v) {
				out.Data[mime] = string(v)
				continue
			}
			out.Data[mime] = base64.StdEncoding.EncodeToString(v)
		default:
			if isJSON(mime) {
				raw, err := json.Marshal(v)
				if err == nil {
					err = file.CheckNesting(raw, maxNesting)
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

type displayOutput struct {
	kind string
	d    display
}
