package engine

import (
	"fmt"
	"os"
	"reflect"

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
		"Fail": reflect.ValueOf(func(name string, err error) {
			panic(&Error{Name: "error", Reason: fmt.Sprintf("%s: %v", name, err)})
		}),
		"Go":       reflect.ValueOf(func() func() { return func() {} }),
		"Panicked": reflect.ValueOf(func(p any) { fmt.Fprintf(os.Stderr, "panic in a goroutine: %v\n", p) }),
	}
}
