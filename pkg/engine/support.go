package engine

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/features-are-fate/fate/pkg/cell"
)

// supportName is the name of the package of the functions that a cell calls where package
// cell has rewritten it.
const supportName = cell.Support

// supportTable returns the functions that a cell calls where package cell has rewritten
// it.
func supportTable() map[string]reflect.Value {
	return map[string]reflect.Value{
		"Clear":  reflect.ValueOf(func(v any) { reflect.ValueOf(v).Clear() }),
		"Copy":   reflect.ValueOf(func(to, from any) int { return reflect.Copy(reflect.ValueOf(to), reflect.ValueOf(from)) }),
		"Ignore": reflect.ValueOf(func(...any) {}),
		"Text":   reflect.ValueOf(func(v any, s string) any { return text{v, s} }),
		"Error": reflect.ValueOf(func(err error) any {
			if err == nil {
				return nil
			}
			return text{err, err.Error()}
		}),
		"MinFloat64": reflect.ValueOf(func(x ...float64) float64 { return slices.Min(x) }),
		"MaxFloat64": reflect.ValueOf(func(x ...float64) float64 { return slices.Max(x) }),
		"MinInt":     reflect.ValueOf(func(x ...int) int { return slices.Min(x) }),
		"MaxInt":     reflect.ValueOf(func(x ...int) int { return slices.Max(x) }),
		"MinString":  reflect.ValueOf(func(x ...string) string { return slices.Min(x) }),
		"MaxString":  reflect.ValueOf(func(x ...string) string { return slices.Max(x) }),
		"Fail": reflect.ValueOf(func(name string, err error) {
			panic(&Error{Name: "error", Reason: fmt.Sprintf("%s: %v", name, err)})
		}),
		// A go statement has the cell from Cell; its goroutine begins with Go and ends with what
		// that returns, and with Panicked if it panics.
		"Cell":     reflect.ValueOf(func() any { return cellOfGoroutine() }),
		"Go":       reflect.ValueOf(func(cell any) func() { return begin(cell.(*started)) }),
		"Panicked": reflect.ValueOf(func(cell, p any) { cell.(*started).panicked(p) }),
	}
}

// text is a value of a type that a cell has declared, and what its method String or Error
// returns.
type text struct {
	value any
	text  string
}

// errorf is [fmt.Errorf]. The verb %w needs the error itself.
func errorf(format string, args ...any) error {
	out := slices.Clone(args)
	for i, a := range out {
		if t, ok := a.(text); ok {
			if err, ok := t.value.(error); ok {
				out[i] = err
			}
		}
	}
	return fmt.Errorf(format, out...)
}

func (t text) String() string { return t.text }

// Format formats the text for the verbs that call the method, and else the value itself.
func (t text) Format(s fmt.State, verb rune) {
	format := fmt.FormatString(s, verb)
	if (verb == 'v' && !s.Flag('#')) || verb == 's' || verb == 'q' || verb == 'x' || verb == 'X' {
		fmt.Fprintf(s, format, t.text)
		return
	}
	fmt.Fprintf(s, format, t.value)
}
