package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Dialect is the interpreter for which a cell is rewritten.
type Dialect int

const (
	Gomacro Dialect = iota
	Yaegi
)

// Support is the import path and the name of the package of the functions that rewritten
// cells call: those of supportTable in package engine.
const Support = "fate__"

func (k *checker) rewrite(d Dialect) {
	k.hold()
	for i, p := range k.parts {
		if p.file == nil {
			continue
		}
		for _, decl := range p.file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				return k.node(n, d)
			})
		}
		if s := p.statement(); s != nil {
			k.topLevel(s, d, i == len(k.parts)-1)
		}
	}
	k.forward()
}

func (k *checker) refuse(n ast.Node, msg string) { k.fail(n.Pos(), n.Pos()+1, msg) }

// node rewrites what stands anywhere. It reports whether the parts of n are to be rewritten
// too.
func (k *checker) node(n ast.Node, d Dialect) bool {
	if d == Gomacro {
		k.flows(n, k.asInterface)
	}
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Type.TypeParams != nil {
			k.refuse(n, "a cell cannot declare generic functions: write one for the types that you use")
		}
		if d == Gomacro {
			k.nameParameters(n.Type)
			k.results(n.Type, n.Body)
		}
	case *ast.FuncLit:
		if d == Gomacro {
			k.nameParameters(n.Type)
			k.results(n.Type, n.Body)
		}
	case *ast.SelectorExpr:
		if d == Gomacro {
			k.methodValue(n)
		}
	case *ast.TypeAssertExpr:
		if d == Gomacro {
			k.asserted(n)
		}
	case *ast.TypeSwitchStmt:
		if d == Gomacro {
			k.switched(n)
		}
	case *ast.CommClause:
		k.received(n)
	case *ast.AssignStmt:
		k.blanks(n)
	case *ast.MapType:
		if t := k.info.TypeOf(n.Key); t != nil && isInterfaceWithMethods(t) {
			k.refuse(n, fmt.Sprintf("a cell cannot have a map with keys of the interface type %s: use a type that is no interface", types.TypeString(t, k.qualify)))
		}
	case *ast.InterfaceType:
		for _, m := range n.Methods.List {
			if len(m.Names) == 0 && !types.IsInterface(k.info.TypeOf(m.Type)) {
				k.refuse(n, "a cell cannot declare constraints of generic types")
			}
		}
	case *ast.TypeSpec:
		if n.TypeParams != nil {
			k.refuse(n, "a cell cannot declare generic types: write one for the types that you use")
		}
	case *ast.RangeStmt:
		k.ranging(n)
	case *ast.ForStmt:
		k.perIteration(n)
	case *ast.ExprStmt:
		k.standing[n.X] = true
	case *ast.CallExpr:
		if k.foldedCall(n) {
			return false
		}
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && !k.deferred[n] {
			k.called[sel] = true
		}
		k.builtin(n)
		k.printed(n)
		if d == Gomacro {
			k.single(n)
		}
	case *ast.GoStmt:
		k.guard(n)
	case *ast.DeferStmt:
		k.deferredBuiltin(n.Call)
		if sel, ok := ast.Unparen(n.Call.Fun).(*ast.SelectorExpr); ok && k.heldMethod(sel) == "" {
			k.deferred[n.Call] = true
		}
	case ast.Expr:
		if d == Gomacro && k.bigConstant(n) {
			return false
		}
		k.constant(n)
	}
	return true
}

// outside refuses what may stand only in a function.
func (k *checker) outside(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt:
		k.refuse(s, "a return stands outside of a function")
		return true
	case *ast.BranchStmt:
		if s.Tok == token.GOTO {
			k.refuse(s, "a goto stands outside of a function")
			return true
		}
	}
	return false
}

// topLevel rewrites a statement of the cell itself.
func (k *checker) topLevel(s ast.Stmt, d Dialect, last bool) {
	if d == Gomacro && Defers(s) {
		k.refuse(s, "a defer stands outside of a function: it would run at once")
		return
	}
	switch s := s.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.IfStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BlockStmt, *ast.LabeledStmt:
		if d == Yaegi && !Defers(s) { // where a name that a block declares overwrites an outer one
			k.edits.insertFirst(k.offset(s.Pos()), "_ = func() int { ")
			k.edits.insert(k.offset(s.End()), "; return 0 }()")
		}
	case *ast.ExprStmt:
		from, to := k.offset(s.Pos()), k.offset(s.End())
		if call, ok := s.X.(*ast.CallExpr); ok && !last {
			if blanks, ok := k.ignoredError(call); ok {
				k.edits.insert(from, fmt.Sprintf("if %serr__ := ", blanks))
				k.edits.insert(to, fmt.Sprintf("; err__ != nil { %s.Fail(%q, err__) }", Support, k.text(call.Fun)))
				return
			}
		}
		if f, ok := leftmost(s.X).(*ast.FuncLit); ok && d == Gomacro { // a statement there cannot begin with one
			k.edits.insert(from, "(")
			k.edits.insert(k.offset(f.End()), ")")
		}
	}
}

// Defers reports whether a statement defers a call outside of functions of its own.
func Defers(s ast.Stmt) (yes bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		_, function := n.(*ast.FuncLit)
		_, is := n.(*ast.DeferStmt)
		yes = yes || is
		return !function
	})
	return yes
}

// leftmost returns the operand with which an expression begins.
func leftmost(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.CallExpr:
			e = x.Fun
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.BinaryExpr:
			e = x.X
		default:
			return e
		}
	}
}

// ignoredError reports whether the last result of a call is an error, with blanks for the
// results before it. The errors of printing are not of interest.
func (k *checker) ignoredError(call *ast.CallExpr) (blanks string, ok bool) {
	typ := k.info.Types[call].Type
	last := typ
	if t, ok := typ.(*types.Tuple); ok {
		if t.Len() == 0 {
			return "", false
		}
		last = t.At(t.Len() - 1).Type()
		blanks = strings.Repeat("_, ", t.Len()-1)
	}
	if last == nil || !types.Identical(last, types.Universe.Lookup("error").Type()) || k.info.Types[call.Fun].IsType() {
		return "", false
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if f, ok := k.info.Uses[sel.Sel].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" {
			return "", false
		}
	}
	return blanks, true
}

func (k *checker) text(n ast.Node) string { return k.src[k.offset(n.Pos()):k.offset(n.End())] }

// fresh returns a name for a variable that the rewriting adds.
func (k *checker) fresh(pos token.Pos, name string) string {
	return fmt.Sprintf("%s%d__", name, k.offset(pos))
}

// guard makes a panic of a goroutine an error of the cell that started it, and what it
// prints text of that cell.
func (k *checker) guard(s *ast.GoStmt) {
	begin := fmt.Sprintf("defer %s.Go(g__)(); defer func() { if p__ := recover(); p__ != nil { %s.Panicked(g__, p__) } }(); ", Support, Support)
	sig, ok := k.info.TypeOf(s.Call.Fun).(*types.Signature)
	if !ok || sig.Variadic() || len(s.Call.Args) != sig.Params().Len() {
		return
	}
	// The arguments are evaluated by the go statement, and the cell is one more.
	params, args := []string{"g__ interface{}"}, []string(nil)
	for i := range sig.Params().Len() {
		t, ok := k.typeText(sig.Params().At(i).Type())
		if !ok {
			return
		}
		args = append(args, fmt.Sprintf("p%d__", i))
		params = append(params, args[i]+" "+t)
	}
	comma := ", "
	if len(args) == 0 {
		comma = ""
	}
	paren := k.offset(s.Call.Lparen) + 1
	if f, ok := s.Call.Fun.(*ast.FuncLit); ok {
		from := k.offset(f.Type.Params.Opening) + 1
		if named := f.Type.Params; len(named.List) > 0 && len(named.List[0].Names) == 0 {
			k.edits.replace(from, k.offset(named.Closing), strings.Join(params, ", "))
		} else {
			k.edits.insert(from, params[0]+comma)
		}
		k.edits.insert(k.offset(f.Body.Lbrace)+1, begin)
	} else {
		from := k.offset(s.Call.Fun.Pos())
		k.edits.replace(from, k.offset(s.Call.Fun.End()), fmt.Sprintf("func(%s) { %s%s(%s) }", strings.Join(params, ", "), begin, k.text(s.Call.Fun), strings.Join(args, ", ")))
	}
	k.edits.insert(paren, Support+".Cell()"+comma)
}

// typeText returns a type as the cell writes it; ok is false if the cell has no name for
// a package in it.
func (k *checker) typeText(t types.Type) (text string, ok bool) {
	ok = true
	text = types.TypeString(t, func(p *types.Package) string {
		if p.Path() == sessionPath {
			return ""
		}
		for _, names := range []map[string]types.Object{k.names, k.Session.names} {
			for name, obj := range names {
				if n, is := obj.(*types.PkgName); is && n.Imported() == p && k.lookup(name) == obj {
					return name
				}
			}
		}
		ok = false
		return p.Name()
	})
	return text, ok
}
