package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/display"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
)

// Display is the form in which a notebook shows a value: its data and their metadata,
// keyed by MIME type.
type Display = display.Data

// render returns the display of the values of the last expression of a cell: that of a
// single value, or else all values as text. nil values are not shown, nor are the count and
// the nil error that a print function returns.
func render(values []any) (d Display, err error) {
	defer func() {
		if p := recover(); p != nil { // of a method of the value
			d, err = Display{}, panicked("panic", p)
		}
	}()
	var some []any
	for _, v := range values {
		if v != nil {
			some = append(some, v)
		}
	}
	switch {
	case len(some) == 0 || len(values) == 2 && isPrint(values):
		return Display{}, nil
	case len(some) == 1:
		if it, ok := some[0].(*widget.Interaction); ok {
			d = it.Shown(func(v any) Display { shown, _ := render([]any{v}); return shown })
			return d, nil
		}
		d = display.Auto(some[0])
		return d, display.Err(d)
	}
	return display.MakeData(display.MIMETypeText, strings.TrimSuffix(fmt.Sprintln(some...), "\n")), nil
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
	return render([]any{v})
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
