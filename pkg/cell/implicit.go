package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// What an interpreter makes of a value without being told: the second value of a map
// element, and a value of a declared type as an interface of a linked package.

// single makes the only argument of a call one value, where gomacro passes whether there
// is one too: of a map element, a received value, or a type assertion.
func (k *checker) single(c *ast.CallExpr) {
	if len(c.Args) != 1 || k.info.Types[c.Fun].IsType() || k.info.Types[c.Fun].IsBuiltin() {
		return
	}
	switch e := ast.Unparen(c.Args[0]).(type) {
	case *ast.IndexExpr:
		if t := k.info.TypeOf(e.X); t == nil || !isMap(t) {
			return
		}
	case *ast.UnaryExpr:
		if e.Op != token.ARROW {
			return
		}
	case *ast.TypeAssertExpr:
	default:
		return
	}
	t, ok := k.typeText(k.valueType(c.Args[0]))
	if !ok {
		k.refuse(c.Args[0], "a cell cannot pass this on: assign it to a variable first")
		return
	}
	if t[0] == '*' || t[0] == '<' || t[0] == 'f' {
		t = "(" + t + ")"
	}
	k.edits.wrap(k.offset(c.Args[0].Pos()), k.offset(c.Args[0].End()), t+"(", ")")
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// valueType returns the type of an expression, of the first value if there are two.
func (k *checker) valueType(e ast.Expr) types.Type {
	t := k.info.TypeOf(e)
	if pair, ok := t.(*types.Tuple); ok && pair.Len() > 0 {
		return pair.At(0).Type()
	}
	return t
}

// pointerAs refuses a pointer to a declared type as an interface of a linked package if a
// method of it has the type itself as its receiver: gomacro would panic.
func (k *checker) pointerAs(e ast.Expr, want types.Type) {
	p, ok := k.info.TypeOf(e).(*types.Pointer)
	if !ok || !isForeignInterface(want) || !isDeclared(p) {
		return
	}
	methods := want.Underlying().(*types.Interface)
	for i := range methods.NumMethods() {
		m, _, _ := types.LookupFieldOrMethod(p, false, k.pkg, methods.Method(i).Name())
		f, ok := m.(*types.Func)
		if !ok {
			continue
		}
		if _, ok := f.Signature().Recv().Type().(*types.Pointer); !ok {
			text := types.TypeString(p.Elem(), k.qualify)
			k.refuse(e, fmt.Sprintf("a *%s cannot serve as %s in a cell, since the receiver of %s is no pointer: use a value of %s, or pointers in all methods",
				text, types.TypeString(want, k.qualify), f.Name(), text))
			return
		}
	}
}

// isForeignInterface reports whether t is an interface with methods of a linked package.
func isForeignInterface(t types.Type) bool {
	named, ok := t.(*types.Named)
	return ok && named.Obj().Pkg() != nil && !ofSession(named.Obj()) && types.IsInterface(named) && !isEmptyInterface(named)
}

// isDeclared reports whether t, or what it points to, is a type that a cell has declared
// and no interface.
func isDeclared(t types.Type) bool {
	named, ok := unpointer(t).(*types.Named)
	return ok && ofSession(named.Obj()) && !types.IsInterface(named)
}
