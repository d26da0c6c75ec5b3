package engine

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"sync/atomic"

	"github.com/cosmos72/gomacro/base"
	"github.com/features-are-fate/fate/pkg/cell"
)

// supportName is the name of the package of the functions that a cell calls where package
// cell has rewritten it.
const supportName = cell.Support

// supportTable returns the functions that a cell calls where package cell has rewritten
// it.
func supportTable() map[string]reflect.Value {
	return map[string]reflect.Value{
		"Clear": reflect.ValueOf(func(v any) { reflect.ValueOf(v).Clear() }),
		"Text":  reflect.ValueOf(func(v any, s string) any { return text{v, s} }),
		"Error": reflect.ValueOf(func(err error) any {
			if err == nil {
				return nil
			}
			return text{err, err.Error()}
		}),
		"MinFloat64": reflect.ValueOf(func(x ...float64) float64 { return least(x) }),
		"MaxFloat64": reflect.ValueOf(func(x ...float64) float64 { return most(x) }),
		"MinInt":     reflect.ValueOf(func(x ...int) int { return least(x) }),
		"MaxInt":     reflect.ValueOf(func(x ...int) int { return most(x) }),
		"MinString":  reflect.ValueOf(func(x ...string) string { return least(x) }),
		"MaxString":  reflect.ValueOf(func(x ...string) string { return most(x) }),
		"Fail": reflect.ValueOf(func(name string, err error) {
			panic(&Error{Name: "error", Reason: fmt.Sprintf("%s: %v", name, err)})
		}),
		// A goroutine begins with Go, and hands the result to Panicked if it panics.
		"Go":       reflect.ValueOf(func() any { return lastCell.Load() }),
		"Panicked": reflect.ValueOf(func(of, p any) { of.(*started).panicked(p) }),
	}
}

// started is a cell that a gomacro engine runs or ran; nil for yaegi, where a goroutine that
// panics ends the process.
type started struct {
	engine *gomacroEngine
	ended  chan struct{}
}

var lastCell atomic.Pointer[started]

func (s *started) panicked(p any) {
	switch {
	case s == nil:
		panic(p)
	case p == base.SigInterrupt:
	case !s.engine.fail(s.ended, &Error{Name: "panic", Reason: "in a goroutine: " + firstLine(fmt.Sprint(p))}):
		fmt.Fprintf(os.Stderr, "panic in a goroutine: %v\n", p)
	}
}

func least[T cmp.Ordered](x []T) T {
	out := x[0]
	for _, v := range x[1:] {
		out = min(out, v)
	}
	return out
}

func most[T cmp.Ordered](x []T) T {
	out := x[0]
	for _, v := range x[1:] {
		out = max(out, v)
	}
	return out
}

// text is a value of a type that a cell has declared, and what its method String or Error
// returns.
type text struct {
	value any
	text  string
}

func (t text) String() string { return t.text }

// Format formats the text for the verbs that call the method, and else the value itself.
func (t text) Format(s fmt.State, verb rune) {
	format := fmt.FormatString(s, verb)
	if (verb == 'v' && !s.Flag('#')) || verb == 's' || verb == 'q' {
		fmt.Fprintf(s, format, t.text)
		return
	}
	fmt.Fprintf(s, format, t.value)
}
