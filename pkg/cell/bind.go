package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// What the interpreters evaluate later than Go does, or assign in another order.

// methodValue binds the receiver of a method value where it is written: the interpreters
// would look it up at each call.
func (k *checker) methodValue(sel *ast.SelectorExpr) {
	s := k.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || k.called[sel] {
		return
	}
	recv, path := s.Recv(), ""
	for _, i := range s.Index()[:len(s.Index())-1] { // the embedded fields on the way
		field := deref(recv).(*types.Struct).Field(i)
		path, recv = path+"."+field.Name(), field.Type()
	}
	prefix, sig := "", s.Obj().(*types.Func).Signature()
	if !types.IsInterface(recv) {
		_, have := recv.(*types.Pointer)
		_, want := sig.Recv().Type().(*types.Pointer)
		switch {
		case want && !have:
			prefix, recv = "&", types.NewPointer(recv)
		case have && !want:
			prefix, recv = "*", unpointer(recv)
		}
	}
	own, ok := k.typeText(recv)
	all, args, results, ok2 := k.parameters(sig)
	if !ok || !ok2 {
		if isDeclared(recv) {
			k.refuse(sel, "a cell cannot take this method as a value: write a function literal that calls it")
		}
		return // the type of a linked package, whose methods seldom change what they belong to
	}
	typ := fmt.Sprintf("func(%s) %s", strings.Join(all, ", "), results)
	method := "r__." + sel.Sel.Name
	if held := k.heldBy(recv, sel.Sel.Name); held != "" {
		give := ""
		if results != "" {
			give = "return "
		}
		method = fmt.Sprintf("%s { %s%s(%s) }", typ, give, held, strings.Join(append([]string{"r__"}, args...), ", "))
	}
	k.edits.insert(k.offset(sel.X.Pos()), fmt.Sprintf("(func(r__ %s) %s { return %s })(%s", own, typ, method, prefix))
	k.edits.replace(k.offset(sel.X.End()), k.offset(sel.End()), path+")")
}

// parameters returns the parameters of a signature, named, the arguments that hand them on,
// and its results.
func (k *checker) parameters(sig *types.Signature) (all, args []string, results string, ok bool) {
	for i := range sig.Params().Len() {
		t, dots := sig.Params().At(i).Type(), ""
		if sig.Variadic() && i == sig.Params().Len()-1 {
			t, dots = t.(*types.Slice).Elem(), "..."
		}
		text, ok := k.typeText(t)
		if !ok {
			return nil, nil, "", false
		}
		arg := fmt.Sprintf("a%d__", i)
		all, args = append(all, arg+" "+dots+text), append(args, arg+dots)
	}
	if sig.Results().Len() == 0 {
		return all, args, "", true
	}
	var list []types.Type
	for v := range sig.Results().Variables() {
		list = append(list, v.Type())
	}
	results, ok = k.typeTexts(list)
	return all, args, results, ok
}

// typeTexts returns types as the list of results of a function.
func (k *checker) typeTexts(list []types.Type) (string, bool) {
	var out []string
	for _, t := range list {
		text, ok := k.typeText(t)
		if !ok {
			return "", false
		}
		out = append(out, text)
	}
	return "(" + strings.Join(out, ", ") + ")", true
}

// resultList returns the types of the results of a function.
func (k *checker) resultList(typ *ast.FuncType) (out []types.Type) {
	if typ.Results == nil {
		return nil
	}
	for _, f := range typ.Results.List {
		for range max(len(f.Names), 1) {
			out = append(out, k.info.TypeOf(f.Type))
		}
	}
	return out
}

// results evaluates all values of a return statement before it assigns the named results of
// the function, if one of them is in another value: gomacro assigns one after another.
func (k *checker) results(typ *ast.FuncType, body *ast.BlockStmt) {
	all := k.resultList(typ)
	if len(all) < 2 {
		return
	}
	place := map[types.Object]int{}
	for _, f := range typ.Results.List {
		for _, name := range f.Names {
			place[k.info.Defs[name]] = len(place)
		}
	}
	returns(body, func(r *ast.ReturnStmt) {
		mixed := false
		for i, e := range r.Results {
			ast.Inspect(e, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && k.info.Uses[id] != nil {
					at, named := place[k.info.Uses[id]]
					mixed = mixed || named && at < i
				}
				return true
			})
		}
		if !mixed {
			return
		}
		types, ok := k.typeTexts(all)
		if !ok {
			k.refuse(r, "the values of this return mention named results: assign them to other variables first")
			return
		}
		k.edits.insert(k.offset(r.Pos())+len("return"), fmt.Sprintf(" func() %s { return", types))
		k.edits.insertFirst(k.offset(r.End()), " }()")
	})
}

// rangeAssign gives a loop variables of its own where it assigns to others: gomacro would
// assign once too often, and yaegi not at all.
func (k *checker) rangeAssign(s *ast.RangeStmt) {
	if s.Tok != token.ASSIGN || s.Key == nil {
		return
	}
	var names []string
	assign := ""
	last := s.Key
	for i, e := range []ast.Expr{s.Key, s.Value} {
		if e == nil {
			continue
		}
		last = e
		if id, ok := e.(*ast.Ident); ok && id.Name == "_" {
			names = append(names, "_")
			continue
		}
		name := k.fresh(e.Pos(), fmt.Sprintf("v%d_", i))
		names = append(names, name)
		assign += fmt.Sprintf(" %s = %s;", k.text(e), name)
	}
	if assign == "" {
		return
	}
	k.edits.replace(k.offset(s.Key.Pos()), k.offset(last.End()), strings.Join(names, ", "))
	k.edits.replace(k.offset(s.TokPos), k.offset(s.TokPos)+1, ":=")
	k.edits.insert(k.offset(s.Body.Lbrace)+1, assign)
}

// received gives what a select statement receives to a variable of its own before it is
// assigned. gomacro's select does not know that a channel is closed.
func (k *checker) received(c *ast.CommClause) {
	s, ok := c.Comm.(*ast.AssignStmt)
	if !ok {
		return
	}
	if len(s.Lhs) == 2 {
		k.refuse(s, "a select in a cell cannot tell that a channel is closed: write v, ok := <-ch outside of the select")
		return
	}
	if s.Tok != token.ASSIGN {
		return
	}
	name := k.fresh(s.Lhs[0].Pos(), "v")
	k.edits.replace(k.offset(s.Pos()), k.offset(s.TokPos)+1, name+" :=")
	k.edits.insert(k.offset(c.Colon)+1, fmt.Sprintf(" %s = %s;", k.text(s.Lhs[0]), name))
}

// blanks evaluates values that an assignment to blanks alone drops: gomacro would crash.
func (k *checker) blanks(s *ast.AssignStmt) {
	if s.Tok != token.ASSIGN || len(s.Lhs) < 2 || len(s.Rhs) < 2 {
		return
	}
	for _, l := range s.Lhs {
		if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
			return
		}
	}
	k.edits.replace(k.offset(s.Pos()), k.offset(s.TokPos)+1, Support+".Ignore(")
	k.edits.insertFirst(k.offset(s.End()), ")")
}

// nameParameters names the parameters and results of a function that have no name: gomacro
// has no place for some of them.
func (k *checker) nameParameters(typ *ast.FuncType) {
	lists := []*ast.FieldList{typ.Params}
	if typ.Results != nil && len(typ.Results.List) > 0 && len(typ.Results.List[0].Names) > 0 {
		lists = append(lists, typ.Results)
	}
	for _, list := range lists {
		for _, f := range list.List {
			if len(f.Names) == 0 {
				k.edits.insertFirst(k.offset(f.Pos()), k.fresh(f.Pos(), "p")+" ")
			}
			for _, name := range f.Names {
				if name.Name == "_" {
					k.edits.replace(k.offset(name.Pos()), k.offset(name.End()), k.fresh(name.Pos(), "p"))
				}
			}
		}
	}
}

// deferredBuiltin defers a call of a builtin function, with its arguments of now.
func (k *checker) deferredBuiltin(c *ast.CallExpr) {
	id, ok := c.Fun.(*ast.Ident)
	if _, is := k.info.Uses[id].(*types.Builtin); !ok || !is {
		return
	}
	callee := id.Name
	if callee == "clear" {
		callee = Support + ".Clear"
	}
	var params, names []string
	for i, a := range c.Args {
		t, ok := k.typeText(types.Default(k.info.TypeOf(a)))
		if !ok || c.Ellipsis.IsValid() {
			k.edits.wrap(k.offset(c.Pos()), k.offset(c.End()), "func() { ", " }()")
			return
		}
		name := fmt.Sprintf("a%d__", i)
		params, names = append(params, name+" "+t), append(names, name)
	}
	k.edits.replace(k.offset(c.Pos()), k.offset(c.Lparen)+1, fmt.Sprintf("func(%s) { %s(%s) }(", strings.Join(params, ", "), callee, strings.Join(names, ", ")))
}
