package cell

import (
	"go/ast"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// The Go syntax that the checker moves about.

func importPath(s *ast.ImportSpec) string { return strings.Trim(s.Path.Value, "`\"") }

// receiver returns the name of the type of which f is a method, or "".
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return ""
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func funcName(f *ast.FuncDecl) string {
	if r := receiver(f); r != "" {
		return r + "." + f.Name.Name
	}
	return f.Name.Name
}

// bare returns f without its body.
func bare(f *ast.FuncDecl) *ast.FuncDecl {
	out := *f
	out.Body = nil
	return &out
}

const plainMark = "\u00b7" // stands in no name of Go

func plainName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return receiver(f) + plainMark + f.Name.Name
}

// plain returns a method as a function whose first parameter is the receiver, since its
// type may have been declared in another file.
func plain(f *ast.FuncDecl) *ast.FuncDecl {
	if f.Recv == nil {
		return f
	}
	out, typ := *f, *f.Type
	params := &ast.FieldList{Opening: f.Recv.Opening, Closing: f.Recv.Closing}
	first := f.Recv.List[0]
	if len(first.Names) == 0 {
		first = &ast.Field{Names: []*ast.Ident{{Name: "_", NamePos: first.Pos()}}, Type: first.Type}
	}
	params.List = append(params.List, first)
	for _, p := range f.Type.Params.List {
		if len(p.Names) == 0 {
			p = &ast.Field{Names: []*ast.Ident{{Name: "_", NamePos: p.Pos()}}, Type: p.Type}
		}
		params.List = append(params.List, p)
	}
	typ.Params = params
	out.Recv, out.Type = nil, &typ
	out.Name = &ast.Ident{Name: plainName(f), NamePos: f.Name.Pos()}
	return &out
}

// IsComplete reports whether code is "complete", "incomplete" or "invalid" as a cell, and
// the indent of the next line if it is incomplete.
func IsComplete(code string) (status, indent string) {
	_, err := ipynb.Split(code)
	if err == nil {
		return "complete", ""
	}
	open := closing(code)
	for _, end := range []string{open, "`" + open, "\n" + open, " x" + open, " x; x" + open} {
		if _, err := ipynb.Split(code + end); err == nil {
			return "incomplete", strings.Repeat("\t", len(open))
		}
	}
	return "invalid", ""
}
