package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// forward declares the functions and methods that the cell mentions above their
// declaration: a variable holds each, which is assigned where it is declared. A method
// calls its variable.
func (k *checker) forward() {
	place := map[string]int{} // the part that declares a function, a method or a type
	for i, p := range k.parts {
		if f := p.function(); p.Decl != nil && f != nil {
			place[funcName(f)] = i
		}
		if p.isType() {
			for _, s := range p.file.Decls[0].(*ast.GenDecl).Specs {
				place[s.(*ast.TypeSpec).Name.Name] = i
			}
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
			if !ok || fn.Pkg() == nil || fn.Pkg().Path() != sessionPath {
				return true
			}
			name := fn.Name()
			if recv := fn.Signature().Recv(); recv != nil {
				t := recv.Type()
				if ptr, ok := t.(*types.Pointer); ok {
					t = ptr.Elem()
				}
				if named, ok := t.(*types.Named); ok {
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
		if t, ok := k.lookup(receiver(f)).(*types.TypeName); ok && f.Recv != nil && recursive(t.Type()) {
			early[funcName(f)] = true
			k.held[funcName(f)] = true
		}
		if early[funcName(f)] {
			k.hoist(p, f, place)
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
			return u.Obj().Pkg() != nil && u.Obj().Pkg().Path() == sessionPath && within(u.Underlying())
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
	s := k.info.Selections[sel]
	if s == nil || s.Kind() != types.MethodVal || len(s.Index()) != 1 {
		return
	}
	named, ok := unpointer(s.Recv()).(*types.Named)
	if !ok || !k.held[named.Obj().Name()+"."+sel.Sel.Name] && !k.Session.held[named.Obj().Name()+"."+sel.Sel.Name] {
		return
	}
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
	k.edits.insert(k.offset(sel.X.Pos()), heldName(named.Obj().Name(), sel.Sel.Name)+"("+adjust)
	k.edits.replace(k.offset(sel.X.End()), k.offset(c.Lparen)+1, comma)
}

func heldName(typ, method string) string { return typ + "_" + method + "__" }

// hoist declares f before the first statement of the cell, or behind the type of which it
// is a method, and makes an assignment of its declaration.
func (k *checker) hoist(p part, f *ast.FuncDecl, place map[string]int) {
	start := 0
	for _, q := range k.parts { // behind the imports
		if q.isImport() {
			start = q.Offset + len(q.Source)
		}
	}
	for _, q := range k.parts { // and behind the types that the cell declares
		if q.isType() {
			start = max(start, q.Offset+len(q.Source))
		}
	}
	params := k.src[k.offset(f.Type.Params.Opening)+1 : k.offset(f.Type.Params.Closing)]
	results := ""
	if f.Type.Results != nil {
		results = " " + k.text(f.Type.Results)
	}
	name := f.Name.Name
	from, to := k.offset(f.Pos()), k.offset(f.Type.Params.Opening)+1
	if f.Recv == nil {
		k.edits.insert(start, k.line(start, fmt.Sprintf("var %s func(%s)%s", name, params, results)))
		k.edits.replace(from, to, fmt.Sprintf("%s = func(", name))
		return
	}
	held := heldName(receiver(f), name)
	recv := k.text(f.Recv.List[0].Type)
	var all, args []string
	for _, field := range f.Type.Params.List {
		for range max(1, len(field.Names)) {
			arg := fmt.Sprintf("a%d__", len(args))
			typ := k.text(field.Type)
			all = append(all, arg+" "+typ)
			if strings.HasPrefix(typ, "...") {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	give := ""
	if f.Type.Results.NumFields() > 0 {
		give = "return "
	}
	own := "r__ " + recv
	k.edits.insert(start, k.line(start, fmt.Sprintf("var %s func(%s)%s; func (%s) %s(%s)%s { %s%s(%s) }",
		held, strings.Join(append([]string{own}, all...), ", "), results, own, name, strings.Join(all, ", "), results,
		give, held, strings.Join(append([]string{"r__"}, args...), ", "))))
	first := k.text(f.Recv.List[0].Type)
	receiverName := "_"
	if names := f.Recv.List[0].Names; len(names) > 0 {
		receiverName = names[0].Name
	}
	if len(f.Type.Params.List) > 0 {
		first += ", "
		if len(f.Type.Params.List[0].Names) == 0 { // named and unnamed parameters do not mix
			params = strings.Join(all, ", ")
			k.edits.replace(from, k.offset(f.Type.Params.Closing), fmt.Sprintf("%s = func(%s %s%s", held, receiverName, first, params))
			return
		}
	}
	k.edits.replace(from, to, fmt.Sprintf("%s = func(%s %s", held, receiverName, first))
}

// line returns text to insert at an offset without a new line.
func (k *checker) line(at int, text string) string {
	if at > 0 {
		return "; " + text
	}
	return text + "; "
}
