package display

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"reflect"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
)

// Auto shows a value as a notebook shows the last value of a cell: by its own method (see
// [HTMLer] and the others), as the picture of a plot of gonum or of an image, as the text of
// its String method, or else as a table if it is a matrix, a struct, a slice of slices or of
// structs, or a map. An error is shown with the errors that it wraps. Tables have up to six
// digits, and the first and last rows and columns of what is large.
func Auto(data interface{}) Data {
	if d, ok := own(data); ok {
		return d
	}
	switch v := data.(type) {
	case nil:
		return Data{}
	case error:
		return MakeData(MIMETypeText, chain(v))
	case *plot.Plot:
		if v != nil {
			return Plot(v)
		}
	case image.Image:
		if !isNil(v) {
			return Image(v)
		}
	case theory.Setting:
		t, _ := structure(reflect.ValueOf(v))
		return MakeData3(MIMETypeHTML, v.String(), t.html())
	}
	if text, ok := special(data); ok {
		return MakeData(MIMETypeText, text)
	}
	if t, ok := tabular(data); ok {
		return t.data()
	}
	return MakeData(MIMETypeText, text(data))
}

// Table shows a value as a table: what [Auto] shows as one, and a run of a study, with a row
// for each grid cell and the mean of each quantity with its standard error.
func Table(data interface{}) Data {
	run, ok := data.(*experiment.Table)
	switch {
	case ok && run == nil:
		return failed(errors.New("the run is nil"))
	case ok && run.Err() != nil:
		return Data{Transient: MIMEMap{"error": run.Err()}}
	case ok:
		return cells(run).data()
	}
	if s, ok := data.(experiment.Series); ok && s.Err() != nil {
		return Data{Transient: MIMEMap{"error": s.Err()}}
	}
	t, ok := tabular(data)
	if !ok {
		return failed(fmt.Errorf("a value of type %T is not a table: it must be a matrix, a struct, a slice of slices or of structs, a map, a series or a run", data))
	}
	return t.data()
}

// own shows a value by its own method.
func own(v interface{}) (Data, bool) {
	if isNil(v) {
		return Data{}, false
	}
	switch v := v.(type) {
	case Data:
		return v, true
	case Renderer:
		return v.Render(), true
	case SimpleRenderer:
		return MIME(v.SimpleRender(), nil), true
	case HTMLer:
		return HTML(v.HTML()), true
	case SVGer:
		return SVG(v.SVG()), true
	case PNGer:
		return PNG(v.PNG()), true
	case JPEGer:
		return JPEG(v.JPEG()), true
	case Markdowner:
		return Markdown(v.Markdown()), true
	case Latexer:
		return MakeData(MIMETypeLatex, v.Latex()), true
	case PDFer:
		return PDF(v.PDF()), true
	case JSONer:
		return JSON(v.JSON()), true
	case JavaScripter:
		return JavaScript(v.JavaScript()), true
	}
	return Data{}, false
}

func isNil(v interface{}) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// special returns the text of a value that has one of its own.
func special(v interface{}) (text string, ok bool) {
	switch v := v.(type) {
	case theory.Value:
		return verdict.Format(v), true
	case error, fmt.Stringer, fmt.Formatter:
		return fmt.Sprint(v), true // which recovers from a panic of the method
	}
	return "", false
}

// chain returns the text of an error, and a line for each error that it wraps.
func chain(err error) string {
	lines := []string{fmt.Sprint(err)}
	var add func(err error, indent string)
	add = func(err error, indent string) {
		const most = 100 // an error may wrap itself
		var inner []error
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			inner = []error{e.Unwrap()}
		case interface{ Unwrap() []error }:
			inner = e.Unwrap()
		}
		for _, e := range inner {
			if e != nil && len(lines) < most {
				lines = append(lines, fmt.Sprintf("%s%T: %v", indent, e, e))
				add(e, indent+"  ")
			}
		}
	}
	if !isNil(err) {
		add(err, "  ")
	}
	return strings.Join(lines, "\n")
}

// tabular returns the table of a value.
func tabular(data interface{}) (table, bool) {
	if isNil(data) {
		return table{}, false
	}
	switch v := data.(type) {
	case mat.Matrix:
		n, m := v.Dims()
		return grid(n, m, func(i, j int) string { return number(v.At(i, j)) }), true
	case experiment.Series:
		return series(v), v.Err() == nil
	}
	v := reflect.ValueOf(data)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		return structure(v)
	case reflect.Map:
		return mapping(v)
	case reflect.Slice, reflect.Array:
		return sequence(v)
	}
	return table{}, false
}

// text prints what is no table.
func text(data interface{}) string {
	v := reflect.ValueOf(data)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		return vector(v, maxVector, 3)
	case reflect.Func, reflect.Chan:
		return cell(v)
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() != reflect.Struct {
			return cell(v)
		}
	}
	return fmt.Sprint(data)
}

// fieldsOf returns the names and the indices of the fields of a struct that are shown: the
// exported ones, which are all fields of a type that a cell declares. The interpreter marks
// the names of unexported and embedded ones with a letter before them (xreflect.StrGensymPrivate
// and StrGensymAnonymous of gomacro).
func fieldsOf(t reflect.Type) (names []string, indices []int) {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "_" {
			names = append(names, strings.TrimLeftFunc(f.Name, func(r rune) bool { return r == '\U00012038' || r == '\U00012039' }))
			indices = append(indices, i)
		}
	}
	return names, indices
}

func structure(v reflect.Value) (table, bool) {
	names, fields := fieldsOf(v.Type())
	t := table{head: []string{"field", "value"}, names: 1}
	for i, f := range fields {
		t.rows = append(t.rows, []string{names[i], cell(v.Field(f))})
	}
	return t, len(fields) > 0
}

// record returns the fields of values of a struct type, or of pointers to one; nil if the
// type is another one or has a text of its own.
func record(t reflect.Type) (names []string, values func(v reflect.Value) []string) {
	pointer := t.Kind() == reflect.Pointer
	if _, own := special(reflect.Zero(t).Interface()); own && t != reflect.TypeFor[theory.Setting]() {
		return nil, nil
	}
	if pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	names, fields := fieldsOf(t)
	return names, func(v reflect.Value) []string {
		out := make([]string, len(fields))
		if pointer {
			v = v.Elem()
		}
		for i, f := range fields {
			if v.IsValid() {
				out[i] = cell(v.Field(f))
			}
		}
		return out
	}
}

// sequence returns the table of a slice of structs or of slices.
func sequence(v reflect.Value) (table, bool) {
	e := v.Type().Elem()
	if v.Len() == 0 {
		return table{}, false
	}
	if names, values := record(e); len(names) > 0 {
		return list(append([]string{""}, names...), 1, v.Len(), "rows", func(i int) []string {
			return append([]string{fmt.Sprint(i)}, values(v.Index(i))...)
		}), true
	}
	if e.Kind() != reflect.Slice && e.Kind() != reflect.Array {
		return table{}, false
	}
	shortest, longest := v.Index(0).Len(), 0
	for i := range v.Len() {
		shortest, longest = min(shortest, v.Index(i).Len()), max(longest, v.Index(i).Len())
	}
	t := grid(v.Len(), longest, func(i, j int) string {
		if j >= v.Index(i).Len() {
			return ""
		}
		return cell(v.Index(i).Index(j))
	})
	if shortest != longest {
		t.caption = fmt.Sprintf("%d rows of %d to %d values", v.Len(), shortest, longest)
	}
	return t, true
}

func mapping(v reflect.Value) (table, bool) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.Kind() != b.Kind():
		case a.CanInt():
			return cmp.Compare(a.Int(), b.Int())
		case a.CanUint():
			return cmp.Compare(a.Uint(), b.Uint())
		case a.CanFloat():
			return cmp.Compare(a.Float(), b.Float())
		}
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	head, values := []string{"value"}, func(v reflect.Value) []string { return []string{cell(v)} }
	if names, fields := record(v.Type().Elem()); len(names) > 0 {
		head, values = names, fields
	}
	return list(append([]string{"key"}, head...), 1, len(keys), "entries", func(i int) []string {
		return append([]string{cell(keys[i])}, values(v.MapIndex(keys[i]))...)
	}), len(keys) > 0
}

// series returns the points of all curves.
func series(s experiment.Series) table {
	type point struct{ curve, i int }
	var points []point
	for c := range s.Len() {
		_, x, _, _ := s.Curve(c)
		for i := range x {
			points = append(points, point{c, i})
		}
	}
	return list([]string{"curve", "x", "y"}, 1, len(points), "points", func(i int) []string {
		label, x, y, bar := s.Curve(points[i].curve)
		k := points[i].i
		v := number(y[k])
		if bar != nil {
			v = verdict.Format(theory.Value{Value: y[k], StdErr: bar[k]})
		}
		return []string{label, number(x[k]), v}
	})
}

// cells returns the table of the grid cells of a run.
func cells(run *experiment.Table) table {
	quantities := run.Quantities()
	head := []string{"setting", "trials"}
	for _, q := range quantities {
		head = append(head, string(q))
	}
	return list(head, 1, len(run.Cells), "cells", func(i int) []string {
		c := run.Cells[i]
		row := []string{c.String(), fmt.Sprint(c.Trials())}
		for _, q := range quantities {
			text := ""
			if v, err := c.Mean(q); err == nil {
				text = verdict.Format(v)
			}
			row = append(row, text)
		}
		return row
	})
}
