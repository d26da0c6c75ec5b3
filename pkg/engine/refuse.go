package engine

import (
	"fmt"
	"go/ast"
	"go/token"

	"github.com/features-are-fate/fate/pkg/cell"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// declared holds the names that the cells run so far have declared at their top level.
// From these and from the syntax the yaegi engine recognizes, and refuses, code that
// yaegi v0.16.1 runs wrongly without an error.
type declared struct {
	vars, funcs, types, packages map[string]bool
	results                      map[string]int // of a declared function
}

// builtins are the predeclared functions.
var builtins = map[string]bool{"close": true, "copy": true, "delete": true, "panic": true, "print": true, "println": true, "clear": true,
	"append": true, "cap": true, "len": true, "make": true, "new": true, "complex": true, "imag": true, "real": true, "recover": true}

func (d *declared) isPackage(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && d.packages[id.Name]
}

// refuse checks a cell and adds the names that it declares.
func (d *declared) refuse(chunks []ipynb.Chunk) error {
	for _, m := range []*map[string]bool{&d.vars, &d.funcs, &d.types, &d.packages} {
		if *m == nil {
			*m = map[string]bool{}
		}
	}
	if d.results == nil {
		d.results = map[string]int{}
	}
	for _, c := range chunks {
		if err := d.declare(c); err != nil {
			return err
		}
	}
	for i, c := range chunks {
		for j, s := range c.Stmts {
			if err := d.statement(s, i == 0 && j == 0); err != nil {
				return fmt.Errorf("line %d: %w", c.Line, err)
			}
		}
	}
	if len(chunks) > 0 {
		c := chunks[len(chunks)-1]
		if call, ok := c.Expr().(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok {
				switch id.Name {
				case "close", "delete", "print", "println", "clear", "panic":
					return fmt.Errorf("line %d: a cell that ends in %s, which has no value, would show an earlier value", c.Line, id.Name)
				}
			}
		}
	}
	return nil
}

func (d *declared) declare(c ipynb.Chunk) error {
	_, names := c.Imports()
	for _, n := range names {
		d.packages[n] = true
	}
	switch decl := c.Decl.(type) {
	case *ast.FuncDecl:
		name := decl.Name.Name
		if decl.Recv != nil {
			return nil
		}
		if d.funcs[name] {
			return fmt.Errorf("line %d: func %s is declared again, which earlier callers would not see", c.Line, name)
		}
		d.funcs[name] = true
		d.results[name] = decl.Type.Results.NumFields()
	case *ast.GenDecl:
		for _, s := range decl.Specs {
			if t, ok := s.(*ast.TypeSpec); ok {
				if d.types[t.Name.Name] {
					return fmt.Errorf("line %d: type %s is declared again, which would keep its old fields", c.Line, t.Name.Name)
				}
				d.types[t.Name.Name] = true
			}
		}
	}
	for _, s := range c.Stmts {
		for _, name := range declares(s) {
			d.vars[name.Name] = true
		}
	}
	return nil
}

// declares returns the names that a statement itself declares.
func declares(s ast.Stmt) []*ast.Ident {
	var out []*ast.Ident
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			for _, e := range s.Lhs {
				if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
					out = append(out, id)
				}
			}
		}
	case *ast.RangeStmt:
		if s.Tok == token.DEFINE {
			for _, e := range []ast.Expr{s.Key, s.Value} {
				if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
					out = append(out, id)
				}
			}
		}
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok {
			for _, spec := range g.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					out = append(out, v.Names...)
				}
			}
		}
	}
	return out
}

// statement checks one top-level statement.
func (d *declared) statement(s ast.Stmt, first bool) error {
	if cell.Defers(s) {
		return fmt.Errorf("a defer at the top level would run again in every later cell")
	}
	if e, ok := s.(*ast.ExprStmt); ok && first {
		if call, ok := e.X.(*ast.CallExpr); ok {
			if _, ok := call.Fun.(*ast.FuncLit); ok {
				return fmt.Errorf("a cell that starts with func(){…}() would run it again in every later cell")
			}
		}
	}
	if a, ok := s.(*ast.AssignStmt); ok && a.Tok != token.DEFINE {
		for _, l := range a.Lhs {
			if sel, ok := l.(*ast.SelectorExpr); ok && d.isPackage(sel.X) {
				return fmt.Errorf("the package variable %s.%s cannot be assigned", sel.X.(*ast.Ident).Name, sel.Sel.Name)
			}
		}
	}
	return nil
}
