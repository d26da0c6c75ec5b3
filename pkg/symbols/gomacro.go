package symbols

import (
	"fmt"
	"go/constant"
	"path"
	"reflect"
	"strings"

	"github.com/cosmos72/gomacro/base/untyped"
	"github.com/cosmos72/gomacro/imports"
	"github.com/traefik/yaegi/stdlib"
)

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
			Proxies:  map[string]reflect.Type{},
			Untypeds: map[string]string{},
			Wrappers: map[string][]string{},
		}
		add(p, names)
		imports.Packages[path.Dir(key)] = p
	}
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
