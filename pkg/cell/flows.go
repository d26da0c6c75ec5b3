package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// A value that flows into a place of an interface type. gomacro converts it only in some
// of the places.

// flows calls f for each expression to which n gives a place of the type want.
func (k *checker) flows(n ast.Node, f func(e ast.Expr, want types.Type)) {
	switch n := n.(type) {
	case *ast.CallExpr:
		k.arguments(n, f)
	case *ast.AssignStmt:
		for i, r := range n.Rhs {
			if len(n.Lhs) == len(n.Rhs) && n.Tok == token.ASSIGN {
				f(r, k.info.TypeOf(n.Lhs[i]))
			}
		}
	case *ast.ValueSpec:
		for _, v := range n.Values {
			if n.Type != nil {
				f(v, k.info.TypeOf(n.Type))
			}
		}
	case *ast.CompositeLit:
		k.elements(n, f)
	case *ast.SendStmt:
		if c, ok := k.info.TypeOf(n.Chan).Underlying().(*types.Chan); ok {
			f(n.Value, c.Elem())
		}
	case *ast.IndexExpr:
		if m, ok := k.info.TypeOf(n.X).Underlying().(*types.Map); ok {
			f(n.Index, m.Key())
		}
	case *ast.FuncDecl:
		k.returned(n.Type, n.Body, f)
	case *ast.FuncLit:
		k.returned(n.Type, n.Body, f)
	}
}

func (k *checker) arguments(c *ast.CallExpr, f func(e ast.Expr, want types.Type)) {
	sig, ok := k.info.TypeOf(c.Fun).(*types.Signature)
	if !ok || k.info.Types[c.Fun].IsType() {
		return
	}
	if k.info.Types[c.Fun].IsBuiltin() && k.text(c.Fun) != "append" && k.text(c.Fun) != "delete" {
		return
	}
	for i, a := range c.Args {
		last := sig.Params().Len() - 1
		switch {
		case sig.Variadic() && i >= last && !c.Ellipsis.IsValid():
			if s, ok := sig.Params().At(last).Type().(*types.Slice); ok {
				f(a, s.Elem())
			}
		case i <= last:
			f(a, sig.Params().At(i).Type())
		}
	}
}

func (k *checker) elements(lit *ast.CompositeLit, f func(e ast.Expr, want types.Type)) {
	for i, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		if keyed {
			e = kv.Value
		}
		switch t := deref(k.info.TypeOf(lit)).(type) {
		case *types.Struct:
			if !keyed && i < t.NumFields() {
				f(e, t.Field(i).Type())
			} else {
				f(e, k.wanted([]ast.Node{lit, kv, e}))
			}
		case *types.Map:
			if keyed {
				f(kv.Key, t.Key())
			}
			f(e, t.Elem())
		case *types.Slice:
			f(e, t.Elem())
		case *types.Array:
			f(e, t.Elem())
		}
	}
}

func (k *checker) returned(typ *ast.FuncType, body *ast.BlockStmt, f func(e ast.Expr, want types.Type)) {
	all := k.resultList(typ)
	returns(body, func(r *ast.ReturnStmt) {
		for i, e := range r.Results {
			if len(r.Results) == len(all) {
				f(e, all[i])
			}
		}
	})
}

// returns calls f for the return statements of a function, not for those of functions in it.
func returns(body *ast.BlockStmt, f func(r *ast.ReturnStmt)) {
	if body == nil {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			f(r)
		}
		_, function := n.(*ast.FuncLit)
		return !function
	})
}

// asInterface converts a value of a type that is no interface to the interface with methods
// for which it is given.
func (k *checker) asInterface(e ast.Expr, want types.Type) {
	have := k.info.TypeOf(e)
	if want == nil || have == nil || !isInterfaceWithMethods(want) || types.IsInterface(have) || !isDeclared(have) {
		return
	}
	k.pointerAs(e, want)
	open, end := "", ""
	if k.info.Types[e].Value != nil { // gomacro would convert the constant below the type
		if t, ok := k.typeText(have); ok {
			open, end = fmt.Sprintf("(func(v__ %s) %s { return v__ })(", t, t), ")"
		}
	}
	if t, ok := k.typeText(want); ok {
		k.edits.wrap(k.offset(e.Pos()), k.offset(e.End()), t+"("+open, ")"+end)
	}
}

func isInterfaceWithMethods(t types.Type) bool { return types.IsInterface(t) && !isEmptyInterface(t) }
