package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// Dialect is what an interpreter lacks.
type Dialect struct {
	// Constants: it cannot convert an untyped string constant to a named type.
	Constants bool
	// Forward: a function cannot call one that is declared below it.
	Forward bool
	// Literals: a statement cannot begin with a function literal.
	Literals bool
	// Single: the only argument of a call becomes two values where it could be, and a
	// pointer to a declared type cannot be an interface if a method's receiver is no pointer.
	Single bool
	// Blocks: a name that a block of the cell declares overwrites an outer one.
	Blocks bool
}

// Support is the import path and the name of the package of the functions that rewritten
// cells call: those of supportTable in package engine.
const Support = "fate__"

func (k *checker) rewrite(d Dialect) {
	if d.Forward {
		k.hold()
	}
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
	if d.Forward {
		k.forward()
	}
}

func (k *checker) refuse(n ast.Node, msg string) { k.fail(n.Pos(), n.Pos()+1, msg) }

// node rewrites what stands anywhere. It reports whether the parts of n are to be rewritten
// too.
func (k *checker) node(n ast.Node, d Dialect) bool {
	if d.Single {
		k.flows(n, k.asInterface)
	}
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Type.TypeParams != nil {
			k.refuse(n, "a cell cannot declare generic functions: write one for the types that you use")
		}
		if d.Single {
			k.nameParameters(n.Type)
			k.results(n.Type, n.Body)
		}
	case *ast.FuncLit:
		if d.Single {
			k.nameParameters(n.Type)
			k.results(n.Type, n.Body)
		}
	case *ast.SelectorExpr:
		if d.Single {
			k.methodValue(n)
		}
	case *ast.TypeAssertExpr:
		if d.Single {
			k.asserted(n)
		}
	case *ast.TypeSwitchStmt:
		if d.Single {
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
		if d.Single {
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
		if d.Single && k.bigConstant(n) {
			return false
		}
		if d.Constants {
			k.constant(n)
		}
	}
	return true
}

// foldedCall replaces min or max of constants by its value.
func (k *checker) foldedCall(c *ast.CallExpr) bool {
	id, ok := c.Fun.(*ast.Ident)
	tv := k.info.Types[c]
	if !ok || tv.Value == nil || id.Name != "min" && id.Name != "max" {
		return false
	}
	if _, ok := k.info.Uses[id].(*types.Builtin); !ok {
		return false
	}
	text := tv.Value.ExactString()
	if tv.Value.Kind() == constant.Float {
		x, _ := constant.Float64Val(tv.Value)
		text = strconv.FormatFloat(x, 'g', -1, 64)
	}
	if t, ok := k.typeText(types.Default(tv.Type)); ok {
		text = fmt.Sprintf("%s(%s)", t, text)
	}
	k.edits.replace(k.offset(c.Pos()), k.offset(c.End()), text)
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
	if d.Single && defers(s) {
		k.refuse(s, "a defer stands outside of a function: it would run at once")
		return
	}
	switch s := s.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.IfStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BlockStmt, *ast.LabeledStmt:
		if d.Blocks && !defers(s) {
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
		if f, ok := leftmost(s.X).(*ast.FuncLit); ok && d.Literals {
			k.edits.insert(from, "(")
			k.edits.insert(k.offset(f.End()), ")")
		}
	}
}

// defers reports whether a statement defers a call outside of functions of its own.
func defers(s ast.Stmt) (yes bool) {
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

// builtin rewrites min, max and clear.
func (k *checker) builtin(c *ast.CallExpr) {
	id, ok := c.Fun.(*ast.Ident)
	if !ok {
		return
	}
	if _, ok := k.info.Uses[id].(*types.Builtin); !ok {
		return
	}
	from, to := k.offset(id.Pos()), k.offset(id.End())
	switch id.Name {
	case "new": // of a value, since Go 1.26
		if len(c.Args) == 1 && !k.info.Types[c.Args[0]].IsType() {
			text, ok := k.typeText(types.Default(k.info.TypeOf(c.Args[0])))
			if !ok {
				k.refuse(c, fmt.Sprintf("new of the type %s, whose package the cell does not import", k.info.TypeOf(c.Args[0])))
				return
			}
			k.edits.replace(from, to, fmt.Sprintf("(func(x__ %s) *%s { return &x__ })", text, text))
		}
	case "copy": // gomacro does not give its value
		if !k.standing[c] {
			k.edits.replace(from, to, Support+".Copy")
		}
	case "clear":
		k.edits.replace(from, to, Support+".Clear")
	case "min", "max":
		tv := k.info.Types[c]
		if tv.Value != nil {
			return
		}
		name, t := map[string]string{"min": "Min", "max": "Max"}[id.Name], types.Default(tv.Type)
		if b, ok := types.Unalias(t).(*types.Basic); ok {
			for _, have := range []types.BasicKind{types.Float64, types.Int, types.String} {
				if b.Kind() == have {
					k.edits.replace(from, to, Support+"."+name+strings.ToUpper(b.Name()[:1])+b.Name()[1:])
					return
				}
			}
		}
		text, ok := k.typeText(t)
		if !ok {
			k.refuse(c, fmt.Sprintf("%s of the type %s, whose package the cell does not import", id.Name, tv.Type))
			return
		}
		op := map[string]string{"min": "<", "max": ">"}[id.Name]
		// A NaN stays: x != x holds for it alone.
		k.edits.replace(from, to, fmt.Sprintf("(func(xs__ ...%s) %s { m__ := xs__[0]; for _, x__ := range xs__ { if x__ %s m__ || x__ != x__ { m__ = x__ } }; return m__ })", text, text, op))
	}
}

// printed hands the values that a call of package fmt prints, and whose type a cell gave a
// method String or Error, to the interpreter as values with that method: it would print
// what is below the type.
func (k *checker) printed(c *ast.CallExpr) {
	if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "Display" && k.info.Uses[id] == k.Session.names["Display"] && len(c.Args) == 1 {
		k.asText(c.Args[0])
	}
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || c.Ellipsis.IsValid() {
		return
	}
	f, ok := k.info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" || !f.Signature().Variadic() {
		return
	}
	for _, a := range c.Args[min(f.Signature().Params().Len()-1, len(c.Args)):] {
		k.asText(a)
	}
}

// asText makes a value of its text and itself, if a cell has declared its type with a
// method String or Error, or if it is an error.
func (k *checker) asText(e ast.Expr) bool {
	t := k.info.TypeOf(e)
	how := k.textMethod(t)
	if how == "" {
		return false
	}
	open, end := Support+".Error(", ")"
	if !types.IsInterface(t) && how != "Error" {
		name, ok := k.typeText(t)
		if !ok {
			return false
		}
		open, end = fmt.Sprintf("(func(v__ %s) interface{} { return %s.Text(v__, v__.%s()) })((%s)(", name, Support, how, name), "))"
	}
	k.edits.insert(k.offset(e.Pos()), open)
	k.edits.insert(k.offset(e.End()), end)
	return true
}

// textMethod returns the method String or Error of a type that a cell has declared, or
// "Error" for the interface error, whose value may have such a type.
func (k *checker) textMethod(t types.Type) string {
	if t == nil {
		return ""
	}
	if types.Identical(t, types.Universe.Lookup("error").Type()) {
		return "Error"
	}
	named, ok := unpointer(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != sessionPath {
		return ""
	}
	for _, name := range []string{"Error", "String"} {
		m, _, _ := types.LookupFieldOrMethod(t, false, k.pkg, name)
		if f, ok := m.(*types.Func); ok && f.Signature().Params().Len() == 0 && f.Signature().Results().Len() == 1 &&
			types.Identical(f.Signature().Results().At(0).Type(), types.Typ[types.String]) {
			return name
		}
	}
	return ""
}

// constant converts an untyped string constant whose type is named.
func (k *checker) constant(e ast.Expr) {
	tv, ok := k.info.Types[e]
	if !ok || tv.Value == nil || !tv.IsValue() {
		return
	}
	switch e.(type) {
	case *ast.BasicLit, *ast.Ident:
	default:
		return
	}
	named, ok := types.Unalias(tv.Type).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() == sessionPath {
		return
	}
	if b, ok := named.Underlying().(*types.Basic); !ok || b.Info()&types.IsString == 0 {
		return
	}
	if id, ok := e.(*ast.Ident); ok {
		c, ok := k.info.Uses[id].(*types.Const)
		if !ok {
			return
		}
		if b, ok := c.Type().(*types.Basic); !ok || b.Info()&types.IsUntyped == 0 {
			return
		}
	}
	t, ok := k.typeText(named)
	if !ok {
		k.refuse(e, fmt.Sprintf("a constant of the type %s, whose package the cell does not import", tv.Type))
		return
	}
	k.edits.insert(k.offset(e.Pos()), t+"(string(")
	k.edits.insert(k.offset(e.End()), "))")
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
