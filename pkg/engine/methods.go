package engine

import (
	"reflect"

	basereflect "github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/xreflect"
	"github.com/features-are-fate/fate/pkg/display"
)

// shownBy are the interfaces by which a value of a type that a cell declares may show itself,
// the first one first.
var shownBy = []reflect.Type{
	reflect.TypeFor[display.Renderer](), reflect.TypeFor[display.SimpleRenderer](), reflect.TypeFor[display.HTMLer](),
	reflect.TypeFor[display.SVGer](), reflect.TypeFor[display.PNGer](), reflect.TypeFor[display.JPEGer](),
	reflect.TypeFor[display.Markdowner](), reflect.TypeFor[display.Latexer](), reflect.TypeFor[display.PDFer](),
	reflect.TypeFor[display.JSONer](), reflect.TypeFor[display.JavaScripter](),
	reflect.TypeFor[error](), reflect.TypeFor[display.Stringer](),
}

// withMethod returns a value of gomacro, whose type is typ, as one on which compiled code can
// call the method that shows it: the methods of a type that a cell declares are known to the
// interpreter only. Other values are returned as they are.
func withMethod(ir *fast.Interp, v any, typ xreflect.Type) (out any) {
	if v == nil || typ == nil || typ.Kind() == reflect.Interface {
		return v
	}
	defer func() {
		if recover() != nil {
			out = v // gomacro cannot convert it
		}
	}()
	for _, t := range shownBy {
		if reflect.TypeOf(v).Implements(t) {
			return v
		}
		to := ir.Comp.Universe.FromReflectType(t)
		if !typ.Implements(to) {
			continue
		}
		if convert := ir.Comp.Converter(typ, to); convert != nil {
			return basereflect.ValueInterface(convert(xreflect.ValueOf(v)))
		}
		return v
	}
	return v
}
