package cell

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/cosmos72/gomacro/base/untyped"
	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/suggest"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// tables turns the symbol tables of the interpreter into types, package by package, when a
// cell first imports one. So the checker knows what the interpreter has, and no more.
type tables struct {
	packages map[string]*types.Package
	complete map[string]bool
	types    map[reflect.Type]types.Type
	owners   map[*types.Var]*types.TypeName // of the fields of named structs
	sealed   []reflect.Type                 // interfaces with unexported methods
	concrete []reflect.Type                 // named types that are no interfaces
}

func newTables() *tables {
	return &tables{packages: map[string]*types.Package{"unsafe": types.Unsafe}, complete: map[string]bool{"unsafe": true},
		types: map[reflect.Type]types.Type{}, owners: map[*types.Var]*types.TypeName{}}
}

// generic are the packages of the standard library that consist of generic functions,
// which the interpreters cannot have.
var generic = map[string]bool{"cmp": true, "iter": true, "maps": true, "slices": true, "unique": true}

// Import returns a linked package. It is the method of [types.Importer].
func (t *tables) Import(importPath string) (*types.Package, error) {
	if t.complete[importPath] {
		return t.packages[importPath], nil
	}
	linked, ok := imports.Packages[importPath]
	switch {
	case generic[importPath]:
		return nil, fmt.Errorf("package %q consists of generic functions, which a cell cannot call", importPath)
	case !ok || importPath == Support:
		if best := suggest.Nearest(importPath, slices.Sorted(maps.Keys(imports.Packages))); best != "" && suggest.Distance(best, importPath) <= 2 {
			return nil, fmt.Errorf("package %q is not linked in; did you mean %q?", importPath, best)
		}
		return nil, fmt.Errorf("package %q is not linked in; there are the standard library (except its generic packages) and %s", importPath, strings.Join(symbols.Linked(), ", "))
	}
	p := t.pkg(importPath, linked.Name)
	t.complete[importPath] = true
	for name, rt := range linked.Types {
		typ := t.convert(rt)
		if p.Scope().Lookup(name) == nil {
			p.Scope().Insert(types.NewTypeName(token.NoPos, p, name, typ)) // an alias
		}
	}
	for name, v := range linked.Binds {
		if p.Scope().Lookup(name) == nil {
			p.Scope().Insert(t.object(p, name, v, linked.Untypeds[name]))
		}
	}
	p.MarkComplete()
	return p, nil
}

func (t *tables) pkg(importPath, name string) *types.Package {
	p := t.packages[importPath]
	if p == nil {
		if name == "" {
			name = path.Base(importPath)
		}
		p = types.NewPackage(importPath, name)
		t.packages[importPath] = p
	}
	return p
}

// object returns the constant, variable or function of a table.
func (t *tables) object(p *types.Package, name string, v reflect.Value, literal string) types.Object {
	if literal != "" {
		kind, value := untyped.Unmarshal(literal)
		return types.NewConst(token.NoPos, p, name, types.Typ[untypedKinds[kind]], value)
	}
	if !v.IsValid() {
		return types.NewVar(token.NoPos, p, name, types.Universe.Lookup("any").Type())
	}
	typ := t.convert(v.Type())
	if v.CanAddr() { // the tables hold variables by address
		return types.NewVar(token.NoPos, p, name, typ)
	}
	if sig, ok := typ.(*types.Signature); ok {
		return types.NewFunc(token.NoPos, p, name, sig)
	}
	if value := constantOf(v); value != nil {
		return types.NewConst(token.NoPos, p, name, typ, value)
	}
	return types.NewVar(token.NoPos, p, name, typ)
}

var untypedKinds = map[untyped.Kind]types.BasicKind{untyped.Bool: types.UntypedBool, untyped.Int: types.UntypedInt, untyped.Rune: types.UntypedRune,
	untyped.Float: types.UntypedFloat, untyped.Complex: types.UntypedComplex, untyped.String: types.UntypedString}

func constantOf(v reflect.Value) constant.Value {
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	}
	return nil
}

var basicKinds = map[reflect.Kind]types.BasicKind{reflect.Bool: types.Bool, reflect.Int: types.Int, reflect.Int8: types.Int8, reflect.Int16: types.Int16,
	reflect.Int32: types.Int32, reflect.Int64: types.Int64, reflect.Uint: types.Uint, reflect.Uint8: types.Uint8, reflect.Uint16: types.Uint16,
	reflect.Uint32: types.Uint32, reflect.Uint64: types.Uint64, reflect.Uintptr: types.Uintptr, reflect.Float32: types.Float32,
	reflect.Float64: types.Float64, reflect.Complex64: types.Complex64, reflect.Complex128: types.Complex128, reflect.String: types.String,
	reflect.UnsafePointer: types.UnsafePointer}

// convert returns the type that reflection knows as rt.
func (t *tables) convert(rt reflect.Type) types.Type {
	if out, ok := t.types[rt]; ok {
		return out
	}
	switch {
	case rt == reflect.TypeFor[error]():
		return types.Universe.Lookup("error").Type()
	case rt == reflect.TypeFor[any]():
		return types.Universe.Lookup("any").Type()
	case rt.Name() != "" && rt.PkgPath() != "":
		return t.named(rt)
	}
	out := t.structure(rt, nil)
	t.types[rt] = out
	return out
}

func (t *tables) named(rt reflect.Type) types.Type {
	name, _, _ := strings.Cut(rt.String(), ".")
	p := t.pkg(rt.PkgPath(), name)
	obj := types.NewTypeName(token.NoPos, p, rt.Name(), nil)
	out := types.NewNamed(obj, nil, nil)
	t.types[rt] = out
	if token.IsExported(rt.Name()) {
		p.Scope().Insert(obj)
	}
	out.SetUnderlying(t.structure(rt, obj))
	if rt.Kind() == reflect.Interface {
		if hasUnexported(rt) {
			t.sealed = append(t.sealed, rt)
			for _, c := range t.concrete {
				t.seal(c, rt)
			}
		}
		return out
	}
	t.concrete = append(t.concrete, rt)
	for _, i := range t.sealed {
		t.seal(rt, i)
	}
	pointer := reflect.PointerTo(rt)
	for i := range pointer.NumMethod() {
		m := pointer.Method(i)
		recv := types.Type(out)
		if _, ok := rt.MethodByName(m.Name); !ok {
			recv = types.NewPointer(out)
		}
		out.AddMethod(types.NewFunc(token.NoPos, p, m.Name, t.signature(m.Type, 1, types.NewVar(token.NoPos, p, "", recv))))
	}
	return out
}

func hasUnexported(rt reflect.Type) bool {
	for i := range rt.NumMethod() {
		if rt.Method(i).PkgPath != "" {
			return true
		}
	}
	return false
}

// seal adds the unexported methods of an interface to a type that implements it, since
// reflection does not list those of the type.
func (t *tables) seal(concrete, sealed reflect.Type) {
	if concrete.PkgPath() != sealed.PkgPath() || !reflect.PointerTo(concrete).Implements(sealed) {
		return
	}
	out := t.types[concrete].(*types.Named)
	recv := types.Type(out)
	if !concrete.Implements(sealed) {
		recv = types.NewPointer(out)
	}
	for i := range sealed.NumMethod() {
		if m := sealed.Method(i); m.PkgPath != "" {
			p := out.Obj().Pkg()
			out.AddMethod(types.NewFunc(token.NoPos, p, m.Name, t.signature(m.Type, 0, types.NewVar(token.NoPos, p, "", recv))))
		}
	}
}

func (t *tables) signature(rt reflect.Type, skip int, recv *types.Var) *types.Signature {
	var in, out []*types.Var
	for i := skip; i < rt.NumIn(); i++ {
		in = append(in, types.NewParam(token.NoPos, nil, "", t.convert(rt.In(i))))
	}
	for i := range rt.NumOut() {
		out = append(out, types.NewParam(token.NoPos, nil, "", t.convert(rt.Out(i))))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(in...), types.NewTuple(out...), rt.IsVariadic())
}

// structure returns the underlying type of rt, which obj names if it is not nil.
func (t *tables) structure(rt reflect.Type, obj *types.TypeName) types.Type {
	if kind, ok := basicKinds[rt.Kind()]; ok {
		return types.Typ[kind]
	}
	switch rt.Kind() {
	case reflect.Array:
		return types.NewArray(t.convert(rt.Elem()), int64(rt.Len()))
	case reflect.Slice:
		return types.NewSlice(t.convert(rt.Elem()))
	case reflect.Pointer:
		return types.NewPointer(t.convert(rt.Elem()))
	case reflect.Map:
		return types.NewMap(t.convert(rt.Key()), t.convert(rt.Elem()))
	case reflect.Chan:
		dir := map[reflect.ChanDir]types.ChanDir{reflect.BothDir: types.SendRecv, reflect.SendDir: types.SendOnly, reflect.RecvDir: types.RecvOnly}
		return types.NewChan(dir[rt.ChanDir()], t.convert(rt.Elem()))
	case reflect.Func:
		return t.signature(rt, 0, nil)
	case reflect.Interface:
		var methods []*types.Func
		for i := range rt.NumMethod() {
			m := rt.Method(i)
			methods = append(methods, types.NewFunc(token.NoPos, t.owner(m.PkgPath, rt), m.Name, t.signature(m.Type, 0, nil)))
		}
		return types.NewInterfaceType(methods, nil).Complete()
	case reflect.Struct:
		var fields []*types.Var
		var tags []string
		for i := range rt.NumField() {
			f := rt.Field(i)
			v := types.NewField(token.NoPos, t.owner(f.PkgPath, rt), f.Name, t.convert(f.Type), f.Anonymous)
			fields, tags = append(fields, v), append(tags, string(f.Tag))
			if obj != nil {
				t.owners[v] = obj
			}
		}
		return types.NewStruct(fields, tags)
	}
	panic(fmt.Sprintf("cell: type %v has the unknown kind %v", rt, rt.Kind()))
}

// owner returns the package of a field or method: the one that reflection names for an
// unexported one.
func (t *tables) owner(importPath string, rt reflect.Type) *types.Package {
	if importPath == "" {
		importPath = rt.PkgPath()
	}
	if importPath == "" {
		return nil
	}
	return t.pkg(importPath, "")
}
