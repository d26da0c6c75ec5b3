package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// Loops.

// ranging rewrites a loop over an integer, and the variables of a loop that a closure
// captures. Loops over functions are refused.
func (k *checker) ranging(s *ast.RangeStmt) {
	t := k.info.TypeOf(s.X)
	if t == nil {
		return
	}
	inside := k.offset(s.Body.Lbrace) + 1
	switch u := t.Underlying().(type) {
	case *types.Signature:
		k.refuse(s, "a cell cannot range over a function")
	case *types.Basic:
		if u.Info()&types.IsInteger == 0 {
			break
		}
		if u.Info()&types.IsUntyped != 0 {
			t = types.Typ[types.Int]
		}
		if s.Key != nil && s.Tok == token.DEFINE {
			if v := k.info.TypeOf(s.Key); v != nil {
				t = v
			}
		}
		name, ok := k.typeText(t)
		if !ok {
			k.refuse(s, fmt.Sprintf("a cell cannot range over the type %s, whose package it does not import", t))
			return
		}
		i, n := k.fresh(s.Pos(), "i"), k.fresh(s.Pos(), "n")
		k.edits.replace(k.offset(s.For)+len("for"), k.offset(s.X.Pos()), fmt.Sprintf(" %s, %s := %s(0), %s(", i, n, name, name))
		k.edits.insert(k.offset(s.X.End()), fmt.Sprintf("); %s < %s; %s++", i, n, i))
		if key, ok := s.Key.(*ast.Ident); s.Key != nil && (!ok || key.Name != "_") {
			k.edits.insert(inside, fmt.Sprintf(" %s %s %s;", k.text(s.Key), s.Tok, i))
		}
		return
	}
	k.rangeAssign(s)
	if s.Tok == token.DEFINE {
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if id, ok := e.(*ast.Ident); ok && k.captured(id, s.Body) {
				k.edits.insert(inside, fmt.Sprintf(" %s := %s;", id.Name, id.Name))
			}
		}
	}
}

// perIteration gives each iteration of a loop its own variable where a closure captures
// it, as Go does since 1.22.
func (k *checker) perIteration(s *ast.ForStmt) {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE {
		return
	}
	for _, e := range init.Lhs {
		id, ok := e.(*ast.Ident)
		if !ok || !k.captured(id, s.Body) {
			continue
		}
		if k.assigned(id, s.Body) {
			k.refuse(id, fmt.Sprintf("the loop variable %s is captured by a closure and changed in the body: copy it to a new variable first", id.Name))
		}
		k.edits.insert(k.offset(s.Body.Lbrace)+1, fmt.Sprintf(" %s := %s;", id.Name, id.Name))
	}
}

// captured reports whether a closure in the body uses the variable that id declares, or
// its address is taken.
func (k *checker) captured(id *ast.Ident, body ast.Node) (found bool) {
	obj := k.info.Defs[id]
	if obj == nil {
		return false
	}
	uses := func(n ast.Node) (yes bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			if x, ok := n.(*ast.Ident); ok && k.info.Uses[x] == obj {
				yes = true
			}
			return !yes
		})
		return yes
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			found = found || uses(n)
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && uses(n)
		}
		return !found
	})
	return found
}

func (k *checker) assigned(id *ast.Ident, body ast.Node) (found bool) {
	obj := k.info.Defs[id]
	is := func(e ast.Expr) bool { x, ok := e.(*ast.Ident); return ok && k.info.Uses[x] == obj }
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			found = found || slices.ContainsFunc(n.Lhs, is)
		case *ast.IncDecStmt:
			found = found || is(n.X)
		}
		return !found
	})
	return found
}
