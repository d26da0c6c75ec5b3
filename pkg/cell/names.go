package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// What may be named at a place of a cell.

// fieldsOf returns the fields of a struct, those of embedded structs too if deep.
func fieldsOf(t types.Type, deep bool) (out []*types.Var) {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for i := range s.NumFields() {
		f := s.Field(i)
		if f.Exported() || ofSession(f) {
			out = append(out, f)
		}
		if deep && f.Embedded() {
			out = append(out, fieldsOf(f.Type(), true)...)
		}
	}
	return out
}

func (k *checker) fieldNames(lit *ast.CompositeLit) (out []string) {
	for _, f := range fieldsOf(k.info.TypeOf(lit), false) {
		out = append(out, f.Name())
	}
	return out
}

// literalOf returns the struct literal of which a name is a key.
func (k *checker) literalOf(id *ast.Ident) (out *ast.CompositeLit) {
	for _, p := range k.parts {
		if p.file == nil {
			continue
		}
		ast.Inspect(p.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key == id || e == id {
					out = lit
				}
			}
			return true
		})
	}
	return out
}

// objects returns what may stand behind the dot of x: the names of a package, or the
// fields and methods of a value.
func (k *checker) objects(x ast.Expr) (out []types.Object) {
	if id, ok := x.(*ast.Ident); ok {
		obj := k.info.Uses[id]
		if obj == nil {
			obj = k.lookup(id.Name)
		}
		if p, ok := obj.(*types.PkgName); ok {
			scope := p.Imported().Scope()
			for _, name := range scope.Names() {
				if token.IsExported(name) && !strings.Contains(name, "[") {
					out = append(out, scope.Lookup(name))
				}
			}
			return out
		}
	}
	tv := k.info.Types[x]
	if tv.Type == nil {
		return nil
	}
	t := tv.Type
	seen := map[string]bool{}
	add := func(o types.Object) {
		if (o.Exported() || ofSession(o)) && !seen[o.Name()] {
			seen[o.Name()] = true
			out = append(out, o)
		}
	}
	if !tv.IsType() {
		for _, f := range fieldsOf(t, true) {
			add(f)
		}
	}
	if _, ok := t.Underlying().(*types.Pointer); !ok && !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		add(set.At(i).Obj())
	}
	slices.SortFunc(out, func(a, b types.Object) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}

func (k *checker) members(x ast.Expr) (out []string) {
	for _, o := range k.objects(x) {
		out = append(out, o.Name())
	}
	return out
}

// scopeObjects returns what a name may mean at a position, keyed by the name.
func (k *checker) scopeObjects(pos token.Pos) map[string]types.Object {
	out := map[string]types.Object{}
	for _, name := range types.Universe.Names() {
		out[name] = types.Universe.Lookup(name)
	}
	maps.Copy(out, k.Session.names)
	maps.Copy(out, k.names)
	var inner *types.Scope
	for n, s := range k.info.Scopes {
		if _, ok := n.(*ast.File); ok || !s.Contains(pos) {
			continue
		}
		if inner == nil || s.Pos() >= inner.Pos() && s.End() <= inner.End() {
			inner = s
		}
	}
	var chain []*types.Scope
	for s := inner; s != nil && s.Parent() != nil && s.Parent() != types.Universe; s = s.Parent() {
		chain = append(chain, s)
	}
	for _, s := range slices.Backward(chain) {
		for _, name := range s.Names() {
			if o := s.Lookup(name); o.Pos() == token.NoPos || o.Pos() < pos {
				out[name] = o
			}
		}
	}
	delete(out, Support)
	return out
}

func (k *checker) visible(pos token.Pos) []string {
	return slices.Sorted(maps.Keys(k.scopeObjects(pos)))
}
