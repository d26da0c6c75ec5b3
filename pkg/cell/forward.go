package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// forward declares the functions and methods that the cell mentions above their
// declaration: a variable holds each, which is assigned where it is declared. A method
// calls its variable.
func (k *checker) forward() {
	place := map[string]int{} // the part that declares a function or a method
	for i, p := range k.parts {
		if f := p.function(); p.Decl != nil && f != nil {
			place[funcName(f)] = i
		}
	}
	early := map[string]bool{}
	for i, p := range k.parts {
		f := p.function()
		if f == nil {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			fn, ok := k.info.Uses[id].(*types.Func)
			if !ok || !ofSession(fn) {
				return true
			}
			name := fn.Name()
			if recv := fn.Signature().Recv(); recv != nil {
				if named, ok := unpointer(recv.Type()).(*types.Named); ok {
					name = named.Obj().Name() + "." + name
				}
			}
			// A method does not know itself either.
			if at, ok := place[name]; ok && (at > i || at == i && fn.Signature().Recv() != nil) {
				early[name] = true
			}
			return true
		})
	}
	for _, p := range k.parts {
		f := p.function()
		if p.Decl == nil || f == nil || f.Body == nil {
			continue
		}
		if early[funcName(f)] || k.held[funcName(f)] {
			k.hoist(f)
		}
	}
	for _, p := range k.parts {
		if p.file == nil {
			continue
		}
		ast.Inspect(p.file, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				k.callHeld(c)
			}
			return true
		})
	}
}

// hold marks the methods that gomacro does not find in their types: those of recursive
// types, and those that hide one of an embedded field.
func (k *checker) hold() {
	for _, p := range k.parts {
		f := p.function()
		if p.Decl == nil || f == nil || f.Body == nil || f.Recv == nil {
			continue
		}
		if t, ok := k.lookup(receiver(f)).(*types.TypeName); ok && (recursive(t.Type()) || hides(t.Type(), f.Name.Name)) {
			k.held[funcName(f)] = true
		}
	}
}

// hides reports whether an embedded field of a struct has a method of this name.
func hides(t types.Type, name string) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if !f.Embedded() {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(f.Type(), true, f.Pkg(), name)
		if _, ok := obj.(*types.Func); ok {
			return true
		}
	}
	return false
}

// heldBy returns the variable that holds a method of a type, or "".
func (k *checker) heldBy(recv types.Type, method string) string {
	named, ok := unpointer(recv).(*types.Named)
	if !ok || !k.held[named.Obj().Name()+"."+method] && !k.Session.held[named.Obj().Name()+"."+method] {
		return ""
	}
	return heldName(named.Obj().Name(), method)
}

// heldMethod returns the variable that holds the method that a selector names, or "".
func (k *checker) heldMethod(sel *ast.SelectorExpr) string {
	s := k.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || len(s.Index()) != 1 {
		return ""
	}
	return k.heldBy(s.Recv(), sel.Sel.Name)
}

// recursive reports whether values of a type hold values of the type. gomacro does not
// find the methods of those.
func recursive(t types.Type) bool {
	seen := map[types.Type]bool{}
	var within func(u types.Type) bool
	within = func(u types.Type) bool {
		if u == t && len(seen) > 0 {
			return true
		}
		if seen[u] {
			return false
		}
		seen[u] = true
		switch u := u.(type) {
		case *types.Named:
			return ofSession(u.Obj()) && within(u.Underlying())
		case *types.Pointer:
			return within(u.Elem())
		case *types.Slice:
			return within(u.Elem())
		case *types.Array:
			return within(u.Elem())
		case *types.Map:
			return within(u.Elem()) || within(u.Key())
		case *types.Struct:
			for i := range u.NumFields() {
				if within(u.Field(i).Type()) {
					return true
				}
			}
		}
		return false
	}
	return within(t)
}

// callHeld calls the variable that holds a method in place of the method.
func (k *checker) callHeld(c *ast.CallExpr) {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	held := k.heldMethod(sel)
	if held == "" {
		return
	}
	s := k.info.Selections[sel]
	_, have := s.Recv().(*types.Pointer)
	_, want := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	adjust := ""
	switch {
	case want && !have:
		adjust = "&"
	case have && !want:
		adjust = "*"
	}
	comma := ", "
	if len(c.Args) == 0 {
		comma = ""
	}
	k.edits.insert(k.offset(sel.X.Pos()), held+"("+adjust)
	k.edits.replace(k.offset(sel.X.End()), k.offset(c.Lparen)+1, comma)
}

func heldName(typ, method string) string { return typ + "_" + method + "__" }

// hoist declares f before the first statement of the cell, or behind the type of which it
// is a method, and makes an assignment of its declaration.
func (k *checker) hoist(f *ast.FuncDecl) {
	start := 0
	for _, p := range k.parts { // behind the imports and the types of the cell
		if p.Is(token.IMPORT) || p.Is(token.TYPE) {
			start = p.Offset + len(p.Source)
		}
	}
	name := f.Name.Name
	from, to := k.offset(f.Pos()), k.offset(f.Type.Params.Opening)+1
	if f.Recv == nil {
		t, ok := k.typeText(k.info.Defs[f.Name].Type())
		if !ok {
			return
		}
		k.edits.insert(start, line(start, fmt.Sprintf("var %s %s", name, t)))
		k.edits.replace(from, to, fmt.Sprintf("%s = func(", name))
		return
	}
	recv := k.info.TypeOf(f.Recv.List[0].Type)
	own, ok := k.typeText(recv)
	if !ok {
		return
	}
	held := heldName(receiver(f), name)
	sig := k.methodSignature(recv, name)
	if sig == nil {
		return
	}
	all, args, results, ok := k.parameters(sig)
	if !ok {
		return
	}
	all, args = append([]string{"r__ " + own}, all...), append([]string{"r__"}, args...)
	give := ""
	if results != "" {
		give = "return "
	}
	k.edits.insert(start, line(start, fmt.Sprintf("var %s func(%s)%s; func (%s) %s(%s)%s { %s%s(%s) }",
		held, strings.Join(all, ", "), results, all[0], name, strings.Join(all[1:], ", "), results, give, held, strings.Join(args, ", "))))
	// The parameters of the cell follow the receiver. Named and unnamed ones do not mix.
	first := "_ " + own
	if names := f.Recv.List[0].Names; len(names) > 0 {
		first = names[0].Name + " " + own
	}
	if list := f.Type.Params.List; len(list) > 0 && len(list[0].Names) == 0 {
		k.edits.replace(from, k.offset(f.Type.Params.Closing), fmt.Sprintf("%s = func(%s", held, strings.Join(append([]string{first}, all[1:]...), ", ")))
		return
	} else if len(list) > 0 {
		first += ", "
	}
	k.edits.replace(from, to, fmt.Sprintf("%s = func(%s", held, first))
}

// methodSignature returns the signature of a method without its receiver.
func (k *checker) methodSignature(recv types.Type, name string) *types.Signature {
	obj, _, _ := types.LookupFieldOrMethod(recv, true, k.pkg, name)
	f, ok := obj.(*types.Func)
	if !ok {
		return nil
	}
	return f.Signature()
}

// line returns text to insert at an offset without a new line.
func line(at int, text string) string {
	if at > 0 {
		return "; " + text
	}
	return text + "; "
}
