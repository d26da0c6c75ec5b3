// Package symbols holds the symbol tables of the packages that a notebook may
// import beside the standard library. yaegi extracts them; both interpreters
// use the same ones.
package symbols

import (
	"maps"
	"path"
	"reflect"
	"slices"
)

//go:generate go tool yaegi extract -name symbols github.com/features-are-fate/fate/pkg/diagnose github.com/features-are-fate/fate/pkg/display github.com/features-are-fate/fate/pkg/divergence github.com/features-are-fate/fate/pkg/experiment github.com/features-are-fate/fate/pkg/linear github.com/features-are-fate/fate/pkg/predict github.com/features-are-fate/fate/pkg/relu github.com/features-are-fate/fate/pkg/rows github.com/features-are-fate/fate/pkg/score github.com/features-are-fate/fate/pkg/sweep github.com/features-are-fate/fate/pkg/task github.com/features-are-fate/fate/pkg/theory github.com/features-are-fate/fate/pkg/verdict github.com/features-are-fate/fate/pkg/widget github.com/features-are-fate/fate/plotting
//go:generate go tool yaegi extract -name symbols gonum.org/v1/gonum/diff/fd gonum.org/v1/gonum/floats gonum.org/v1/gonum/integrate gonum.org/v1/gonum/interp gonum.org/v1/gonum/mat gonum.org/v1/gonum/optimize gonum.org/v1/gonum/stat gonum.org/v1/gonum/stat/distmv gonum.org/v1/gonum/stat/distuv
//go:generate go tool yaegi extract -name symbols gonum.org/v1/plot gonum.org/v1/plot/font gonum.org/v1/plot/palette gonum.org/v1/plot/plotter gonum.org/v1/plot/text gonum.org/v1/plot/vg gonum.org/v1/plot/vg/draw
//go:generate rm -f proxies.go
//go:generate go run ./genproxies
//go:generate go run ./genallowed

// Symbols maps "import/path/name" to the exported names of a package, as
// interp.Interpreter.Use of yaegi takes it: functions and variables by value,
// types as nil pointers, untyped constants as go/constant values.
var Symbols = map[string]map[string]reflect.Value{}

// Linked returns the import paths of the packages outside the standard library that a
// notebook can import.
func Linked() (out []string) {
	for _, key := range slices.Sorted(maps.Keys(Symbols)) {
		out = append(out, path.Dir(key))
	}
	return out
}
