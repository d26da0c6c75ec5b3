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
			if at, ok := place[name]; ok && at > i {
				early[name] = true
			}
			return true
		})
	}
	for _, p := range k.parts {
		f := p.function()
		if p.Decl == nil || f == nil || f.Body == nil || !early[funcName(f)] {
			continue
		}
		k.hoist(p, f, place)
	}
}

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
	held := receiver(f) + "_" + name + "__"
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
