package pkg

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// What a process decides for its studies is in session: in these packages no function
// assigns to a variable of the package, takes its address, or locks it.
func TestNoMutablePackageState(t *testing.T) {
	for _, name := range []string{"trial", "experiment", "sweep"} {
		files := token.NewFileSet()
		paths, err := filepath.Glob(filepath.Join(name, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatal(name, err)
		}
		variables := map[string]bool{}
		var all []*ast.File
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, spec := range g.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						variables[id.Name] = true
					}
				}
			}
		}
		for _, f := range all {
			for _, d := range f.Decls {
				if function, ok := d.(*ast.FuncDecl); ok {
					for _, id := range changed(function) {
						if variables[id.Name] {
							t.Errorf("%s: %s changes %s", files.Position(id.Pos()), function.Name.Name, id.Name)
						}
					}
				}
			}
		}
	}
}

// changed lists the names, of those that the function does not declare, at the root of what
// it assigns to, increments or takes the address of.
func changed(f *ast.FuncDecl) (out []*ast.Ident) {
	local := map[string]bool{}
	var found []*ast.Ident
	root := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			case *ast.Ident:
				found = append(found, x)
				return
			default:
				return
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				local[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				local[id.Name] = true
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					local[id.Name] = true
				}
			}
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					local[id.Name] = true
					continue
				}
				root(e)
			}
		case *ast.IncDecStmt:
			root(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				root(n.X)
			}
		}
		return true
	})
	for _, id := range found {
		if !local[id.Name] {
			out = append(out, id)
		}
	}
	return out
}
