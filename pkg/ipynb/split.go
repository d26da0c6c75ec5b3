package ipynb

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// Chunk is a top-level piece of a code cell: a declaration or a statement.
type Chunk struct {
	Source string
	Line   int        // line of its first character in the cell, from 1
	Decl   ast.Decl   // an import, func or type declaration; nil for statements
	Stmts  []ast.Stmt // statements otherwise
}

// Expr returns the expression if the chunk is a single expression statement, or nil.
func (c Chunk) Expr() ast.Expr {
	if len(c.Stmts) != 1 {
		return nil
	}
	if s, ok := c.Stmts[0].(*ast.ExprStmt); ok {
		return s.X
	}
	return nil
}

// Nodes returns the declaration and the statements of the chunk.
func (c Chunk) Nodes() (out []ast.Node) {
	if c.Decl != nil {
		out = append(out, c.Decl)
	}
	for _, s := range c.Stmts {
		out = append(out, s)
	}
	return out
}

// Range returns the byte range in Source of a node of Stmts.
func (c Chunk) Range(n ast.Node) (from, to int) {
	offset := func(p token.Pos) int { return int(p) - 1 - len(head+body) }
	return offset(n.Pos()), offset(n.End())
}

// What stands before the source of a chunk where it is parsed.
const (
	head = "package p;"
	body = "func _() {"
)

// Split splits a code cell into chunks at its top-level semicolons, most of which the
// scanner inserts at line ends. A semicolon before which the source does not parse, such
// as one in the header of a for statement, does not end a chunk.
func Split(src string) ([]Chunk, error) {
	fset := token.NewFileSet()
	file := fset.AddFile("cell", -1, len(src))
	var s scanner.Scanner
	var scanErr error
	s.Init(file, []byte(src), func(pos token.Position, msg string) {
		if scanErr == nil {
			scanErr = fmt.Errorf("line %d: %s", pos.Line, msg)
		}
	}, 0)
	var out []Chunk
	start, depth := -1, 0
	for {
		pos, tok, _ := s.Scan()
		if scanErr != nil {
			return nil, scanErr
		}
		at := file.Offset(pos)
		if tok == token.EOF {
			if start < 0 {
				return out, nil
			}
			c, err := parseChunk(src[start:], file.Line(file.Pos(start)))
			if err != nil {
				return nil, err
			}
			return append(out, c), nil
		}
		if start < 0 {
			if tok == token.SEMICOLON {
				continue
			}
			start = at
		}
		switch tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.SEMICOLON:
			if depth > 0 {
				continue
			}
			if c, err := parseChunk(src[start:at], file.Line(file.Pos(start))); err == nil {
				out, start = append(out, c), -1
			}
		}
	}
}

func parseChunk(src string, line int) (Chunk, error) {
	c := Chunk{Source: src, Line: line}
	first := strings.TrimSpace(src)
	if i := strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
		first = first[:i]
	}
	if first == "import" || first == "type" || first == "func" {
		f, err := parser.ParseFile(token.NewFileSet(), "", head+src, parser.SkipObjectResolution)
		if err == nil && len(f.Decls) == 1 {
			c.Decl = f.Decls[0]
			return c, nil
		}
		if first != "func" { // which may also begin a call of a function literal
			return c, lineError(err, line)
		}
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", head+body+src+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return c, lineError(err, line)
	}
	if len(f.Decls) != 1 {
		return c, fmt.Errorf("line %d: unexpected }", line)
	}
	c.Stmts = f.Decls[0].(*ast.FuncDecl).Body.List
	return c, nil
}

// lineError returns the first error of the parser with its line in the cell.
func lineError(err error, line int) error {
	if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
		return fmt.Errorf("line %d: %s", line+list[0].Pos.Line-1, list[0].Msg)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// Imports returns the paths that an import declaration imports and the names under which
// it does; nil for any other chunk.
func (c Chunk) Imports() (paths, names []string) {
	d, ok := c.Decl.(*ast.GenDecl)
	if !ok || d.Tok != token.IMPORT {
		return nil, nil
	}
	for _, s := range d.Specs {
		s := s.(*ast.ImportSpec)
		p := strings.Trim(s.Path.Value, "`\"")
		name := p[strings.LastIndex(p, "/")+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		paths, names = append(paths, p), append(names, name)
	}
	return paths, names
}
