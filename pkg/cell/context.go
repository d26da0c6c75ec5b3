package cell

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// What is wanted at a place of a cell.

// context is what may stand in place of a name.
type context struct {
	objects []types.Object
	before  map[types.Object]string // the package of a name that needs one
	free    bool                    // any statement or expression may stand there
}

func (k *checker) context(id *ast.Ident) context {
	path := k.pathTo(id)
	parent := func(i int) ast.Node {
		if len(path) > i {
			return path[len(path)-1-i]
		}
		return nil
	}
	if sel, ok := parent(1).(*ast.SelectorExpr); ok && sel.Sel == id {
		c := context{objects: k.objects(sel.X)}
		want := k.wanted(path[:len(path)-1])
		slices.SortStableFunc(c.objects, func(a, b types.Object) int { return cmp.Compare(fit(b, want), fit(a, want)) })
		return c
	}
	lit, inLiteral := parent(1).(*ast.CompositeLit)
	if kv, ok := parent(1).(*ast.KeyValueExpr); ok && kv.Key == id {
		lit, inLiteral = parent(2).(*ast.CompositeLit)
	}
	if inLiteral && lit.Type != id {
		if fields := k.missing(lit); fields != nil {
			return context{objects: fields}
		}
	}
	c := context{free: true, before: map[types.Object]string{}}
	want := k.wanted(path)
	for _, o := range k.scopeObjects(id.Pos()) {
		c.objects = append(c.objects, o)
	}
	if named, ok := want.(*types.Named); ok && named.Obj().Pkg() != nil && !ofSession(named.Obj()) {
		if name, ok := k.typeText(named); ok { // constants and functions of the package of the type
			pkg, _, _ := strings.Cut(name, ".")
			scope := named.Obj().Pkg().Scope()
			for _, n := range scope.Names() {
				if o := scope.Lookup(n); o.Exported() && fit(o, want) > 0 {
					c.before[o] = pkg + "."
					c.objects = append(c.objects, o)
				}
			}
		}
	}
	own := func(o types.Object) int { // the names of the cells come before those of the language
		if o.Parent() == types.Universe {
			return 0
		}
		return 1
	}
	slices.SortFunc(c.objects, func(a, b types.Object) int {
		return cmp.Or(cmp.Compare(fit(b, want), fit(a, want)), cmp.Compare(own(b), own(a)), strings.Compare(a.Name(), b.Name()))
	})
	return c
}

// missing returns the fields of a struct literal that it does not give, or nil if it is
// no struct literal with keys.
func (k *checker) missing(lit *ast.CompositeLit) (out []types.Object) {
	t := k.info.TypeOf(lit)
	if t == nil {
		return nil
	}
	given := map[string]bool{}
	for _, e := range lit.Elts {
		switch e := e.(type) {
		case *ast.KeyValueExpr:
			if key, ok := e.Key.(*ast.Ident); ok && !strings.HasSuffix(key.Name, cursorMark) {
				given[key.Name] = true
			}
		case *ast.Ident:
		default:
			return nil // a literal without keys
		}
	}
	for _, f := range fieldsOf(t, false) {
		if !given[f.Name()] {
			out = append(out, f)
		}
	}
	return out
}

// fit tells how well an object serves where the type want is wanted: 3 for a value of the
// type, 2 for a function that returns it, 1 for one that can be assigned.
func fit(o types.Object, want types.Type) int {
	if want == nil || o.Type() == nil {
		return 0
	}
	switch o := o.(type) {
	case *types.Const, *types.Var:
		if types.Identical(o.Type(), want) {
			return 3
		}
		if o.Type() != types.Typ[types.Invalid] && types.AssignableTo(o.Type(), want) && !isEmptyInterface(want) {
			return 1
		}
	case *types.Func:
		if r := o.Signature().Results(); r.Len() > 0 && types.Identical(r.At(0).Type(), want) {
			return 2
		}
	case *types.TypeName:
		if types.Identical(o.Type(), want) {
			return 2
		}
	}
	return 0
}

func isEmptyInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() == 0
}

// wanted returns the type of the value that the last node of the path must have, or nil.
func (k *checker) wanted(path []ast.Node) types.Type {
	if len(path) < 2 {
		return nil
	}
	n, up := path[len(path)-1], path[len(path)-2]
	switch up := up.(type) {
	case *ast.KeyValueExpr:
		if len(path) < 3 || up.Value != n {
			return nil
		}
		lit, ok := path[len(path)-3].(*ast.CompositeLit)
		if !ok {
			return nil
		}
		switch t := deref(k.info.TypeOf(lit)).(type) {
		case *types.Struct:
			if key, ok := up.Key.(*ast.Ident); ok {
				for i := range t.NumFields() {
					if t.Field(i).Name() == key.Name {
						return t.Field(i).Type()
					}
				}
			}
		case *types.Map:
			return t.Elem()
		}
	case *ast.CompositeLit:
		switch t := deref(k.info.TypeOf(up)).(type) {
		case *types.Slice:
			return t.Elem()
		case *types.Array:
			return t.Elem()
		}
	case *ast.CallExpr:
		sig, ok := k.info.TypeOf(up.Fun).(*types.Signature)
		if !ok {
			return nil
		}
		for i, a := range up.Args {
			if a != n || sig.Params().Len() == 0 {
				continue
			}
			last := sig.Params().Len() - 1
			t := sig.Params().At(min(i, last)).Type()
			if s, ok := t.(*types.Slice); ok && sig.Variadic() && i >= last {
				t = s.Elem()
			}
			return t
		}
	case *ast.BinaryExpr:
		if up.X == n {
			return k.info.TypeOf(up.Y)
		}
		return k.info.TypeOf(up.X)
	case *ast.AssignStmt:
		for i, r := range up.Rhs {
			if r == n && i < len(up.Lhs) && up.Tok != token.DEFINE {
				return k.info.TypeOf(up.Lhs[i])
			}
		}
	case *ast.ValueSpec:
		if up.Type != nil && up.Type != n {
			return k.info.TypeOf(up.Type)
		}
	}
	return nil
}

func deref(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.Underlying()
}

// pathTo returns the nodes from a file to a name in it.
func (k *checker) pathTo(id *ast.Ident) (path []ast.Node) {
	for _, p := range k.parts {
		if p.file == nil {
			continue
		}
		var stack []ast.Node
		ast.Inspect(p.file, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, n)
			if n == ast.Node(id) {
				path = slices.Clone(stack)
			}
			return true
		})
	}
	return path
}

func kindOf(o types.Object) string {
	switch o := o.(type) {
	case *types.PkgName:
		return "module"
	case *types.Const:
		return "constant"
	case *types.TypeName:
		return "type"
	case *types.Func:
		if o.Signature().Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Builtin:
		return "function"
	case *types.Var:
		if o.IsField() {
			return "field"
		}
	}
	return "variable"
}
