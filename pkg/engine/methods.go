package engine

import (
	"go/parser"
	"reflect"

	basereflect "github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/xreflect"
	"github.com/features-are-fate/fate/pkg/display"
	"github.com/traefik/yaegi/interp"
)

// shownBy are the interfaces by which a value of a type that a cell declares may show itself,
// the first one first.
var shownBy = []reflect.Type{
	reflect.TypeFor[display.Renderer](), reflect.TypeFor[display.SimpleRenderer](), reflect.TypeFor[display.HTMLer](),
	reflect.TypeFor[display.SVGer](), reflect.TypeFor[display.PNGer](), reflect.TypeFor[display.JPEGer](),
	reflect.TypeFor[display.Markdowner](), reflect.TypeFor[display.Latexer](), reflect.TypeFor[display.PDFer](),
	reflect.TypeFor[display.JSONer](), reflect.TypeFor[display.JavaScripter](),
	reflect.TypeFor[display.Errorer](), reflect.TypeFor[display.Stringer](),
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
		// gomacro hands a *T to a method of T as it is.
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() && typ.Elem().Implements(to) {
			return withMethod(ir, r.Elem().Interface(), typ.Elem())
		}
		if convert := ir.Comp.Converter(typ, to); convert != nil {
			return basereflect.ValueInterface(convert(xreflect.ValueOf(v)))
		}
		return v
	}
	return v
}

// same returns its argument. yaegi hands it a value of a type that a cell declares as one
// that has the method which shows it, by the table methodsOfYaegi.
func same(v any) any { return v }

var methodsOfYaegi = interp.Exports{".": {
	"MapTypes": reflect.ValueOf(map[reflect.Value][]reflect.Type{reflect.ValueOf(same): shownBy}),
}}

// callWithMethod returns the source of an expression for yaegi with a call of same.
func callWithMethod(src string) string {
	x, err := parser.ParseExpr(src)
	if err != nil {
		return src
	}
	return "display.withMethod(" + src[x.Pos()-1:x.End()-1] + ")"
}
