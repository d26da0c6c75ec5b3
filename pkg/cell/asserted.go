package cell

import (
	"fmt"
	"go/ast"
	"go/types"
)

// What gomacro cannot ask of a value in an interface: a value in an interface{} has lost the
// name of its type, and the methods that a cell gave it.

// asserted refuses a type assertion whose answer would be wrong.
func (k *checker) asserted(e *ast.TypeAssertExpr) {
	if e.Type == nil { // of a type switch
		return
	}
	_, asks := k.info.TypeOf(e).(*types.Tuple)
	k.canTell(e.Type, k.info.TypeOf(e.X), asks)
}

// switched refuses the cases of a type switch that would be chosen wrongly.
func (k *checker) switched(s *ast.TypeSwitchStmt) {
	var x ast.Expr
	ast.Inspect(s.Assign, func(n ast.Node) bool {
		if a, ok := n.(*ast.TypeAssertExpr); ok && x == nil {
			x = a.X
		}
		return x == nil
	})
	for _, c := range s.Body.List {
		for _, t := range c.(*ast.CaseClause).List {
			k.canTell(t, k.info.TypeOf(x), true)
		}
	}
}

// canTell refuses to look for the type that e names in a value of the type from. asks tells
// that the value may be of another type.
func (k *checker) canTell(e ast.Expr, from types.Type, asks bool) {
	want := k.info.TypeOf(e)
	if want == nil || from == nil {
		return
	}
	name := types.TypeString(want, k.qualify)
	if isInterfaceWithMethods(want) {
		if named, ok := want.(*types.Named); ok && ofSession(named.Obj()) {
			k.refuse(e, fmt.Sprintf("a cell cannot ask whether a value is a %s: name the types that are", name))
		}
		return
	}
	if !asks || !isEmptyInterface(from) || !isDeclared(want) {
		return
	}
	shape := unpointer(want).Underlying()
	if _, ok := shape.(*types.Struct); !ok {
		k.refuse(e, fmt.Sprintf("a cell cannot tell a %s in an interface{} from a value of its underlying type: use a struct, or an interface with methods", name))
		return
	}
	for _, names := range []map[string]types.Object{k.Session.names, k.names} {
		for n, o := range names {
			if t, ok := o.(*types.TypeName); ok && k.lookup(n) == o && !types.Identical(t.Type(), unpointer(want)) && types.Identical(t.Type().Underlying(), shape) {
				k.refuse(e, fmt.Sprintf("a cell cannot tell a %s in an interface{} from a type with the same fields: use an interface with methods", name))
				return
			}
		}
	}
}
