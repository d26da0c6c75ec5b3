package symbols

import (
	"fmt"
	"go/constant"
	"maps"
	"path"
	"reflect"
	"strings"

	"github.com/cosmos72/gomacro/base/untyped"
	"github.com/cosmos72/gomacro/imports"
	"github.com/traefik/yaegi/stdlib"
)

// Display is the package that cells have without an import and as "display".
const Display = "github.com/features-are-fate/fate/pkg/display"

// proxies are the types through which gomacro hands values of types that a cell declares to
// interfaces of the linked packages, by import path and name. proxies.go sets them.
var proxies map[string]map[string]reflect.Type

// RegisterGomacro hands the tables to gomacro, in every interpreter of this
// process: an import of one of these packages then needs no compiler. Its own tables of the
// standard library are older than those of yaegi, which add what they lack.
func RegisterGomacro() {
	for key, names := range stdlib.Symbols {
		if p, ok := imports.Packages[path.Dir(key)]; ok {
			add(p, names)
		}
	}
	for key, names := range Symbols {
		p := imports.Package{
			Name:     path.Base(key),
			Binds:    map[string]reflect.Value{},
			Types:    map[string]reflect.Type{},
			Proxies:  maps.Clone(proxies[path.Dir(key)]),
			Untypeds: map[string]string{},
			Wrappers: map[string][]string{},
		}
		add(p, names)
		imports.Packages[path.Dir(key)] = p
	}
	RegisterDisplay()
}

// add adds the names of a table that p does not have.
func add(p imports.Package, names map[string]reflect.Value) {
	for name, v := range names {
		if _, ok := p.Types[name]; ok || p.Binds[name].IsValid() {
			continue
		}
		switch c, isConst := v.Interface().(constant.Value); {
		case strings.HasPrefix(name, "_"): // yaegi's interface wrappers
		case v.Kind() == reflect.Pointer && v.IsNil() && !v.CanAddr():
			p.Types[name] = v.Type().Elem()
		case isConst:
			kind, value := untypedConstant(c)
			p.Untypeds[name] = untyped.Marshal(kind, c)
			p.Binds[name] = value
		default:
			p.Binds[name] = v
		}
	}
}

// RegisterDisplay makes package display importable as "display", also where gophernotes has
// registered its own.
func RegisterDisplay() { imports.Packages["display"] = imports.Packages[Display] }

func untypedConstant(c constant.Value) (untyped.Kind, reflect.Value) {
	switch c.Kind() {
	case constant.Bool:
		return untyped.Bool, reflect.ValueOf(constant.BoolVal(c))
	case constant.String:
		return untyped.String, reflect.ValueOf(constant.StringVal(c))
	case constant.Int:
		if i, exact := constant.Int64Val(c); exact {
			return untyped.Int, reflect.ValueOf(int(i))
		}
		f, _ := constant.Float64Val(c) // beyond int: only the untyped form is exact
		return untyped.Int, reflect.ValueOf(f)
	case constant.Float:
		f, _ := constant.Float64Val(c)
		return untyped.Float, reflect.ValueOf(f)
	}
	panic(fmt.Sprintf("symbols: constant %v has a kind that no linked package uses", c))
}
