package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/features-are-fate/fate/pkg/suggest"
)

// explained returns an error of encoding/json in the words of the file: what a field must
// be instead of a type of Go, and the name that an unknown field was meant to be.
func explained(err error, into any) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		is := strings.TrimPrefix(wrong.Value, "number ")
		if is == wrong.Value {
			is = noun(map[string]string{"array": "list", "bool": "truth value"}[is], is)
		}
		want := kindOf(wrong.Type)
		switch t := fieldOf(reflect.TypeOf(into), strings.Split(wrong.Field, ".")); {
		case wrong.Field == "":
			return fmt.Errorf("it must be %s, not %s", want, is)
		case t != nil && t.Kind() == reflect.Slice && wrong.Type.Kind() != reflect.Slice:
			return fmt.Errorf("each value of `%s` must be %s, not %s", wrong.Field, want, is)
		}
		return fmt.Errorf("`%s` must be %s, not %s", wrong.Field, want, is)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown field %s%s", name, suggest.Mean(strings.Trim(name, `"`), fieldNames(reflect.TypeOf(into), 0)))
	}
	return err
}

// noun returns the first word that is not empty, with its article.
func noun(words ...string) string {
	for _, w := range words {
		switch {
		case w == "":
		case strings.ContainsRune("aeiou", rune(w[0])):
			return "an " + w
		default:
			return "a " + w
		}
	}
	return "nothing"
}

// kindOf says what JSON a type is read from.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice, reflect.Array:
		_, of, _ := strings.Cut(kindOf(t.Elem()), " ")
		return "a list of " + strings.Replace(of, "list of", "lists of", 1) + strings.Repeat("s", 1-strings.Count(of, "list of"))
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a truth value"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a nonnegative integer"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "an integer"
	}
	return "a value of another kind"
}

// structOf returns the struct that a type holds, behind pointers and in lists, or nil.
func structOf(t reflect.Type) reflect.Type {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// nameOf returns the name of a field in JSON.
func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}

// fieldOf returns the type of the field at a path, or nil.
func fieldOf(t reflect.Type, path []string) reflect.Type {
	for _, name := range path {
		s := structOf(t)
		if t = nil; s == nil {
			return nil
		}
		for _, f := range reflect.VisibleFields(s) {
			if strings.EqualFold(nameOf(f), name) {
				t = f.Type
			}
		}
	}
	return t
}

// fieldNames returns the names of all fields in JSON, those of nested structs too.
func fieldNames(t reflect.Type, depth int) (out []string) {
	const deepest = 4
	s := structOf(t)
	if s == nil || depth > deepest {
		return nil
	}
	for _, f := range reflect.VisibleFields(s) {
		if name := nameOf(f); f.IsExported() && name != "-" {
			out = append(append(out, name), fieldNames(f.Type, depth+1)...)
		}
	}
	return out
}
