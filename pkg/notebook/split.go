package notebook

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// chunk is a top-level piece of a cell: one declaration or one statement.
type chunk struct {
	src  string
	line int        // of its first character in the cell, from 1
	decl ast.Decl   // an import, func or type declaration
	stmt []ast.Stmt // else
}

// expr returns the expression that the chunk consists of, or nil.
func (c chunk) expr() ast.Expr {
	if len(c.stmt) != 1 {
		return nil
	}
	if s, ok := c.stmt[0].(*ast.ExprStmt); ok {
		return s.X
	}
	return nil
}

// split cuts a cell at its top-level semicolons (most of which the scanner
// puts at line ends), as far as the parser accepts the pieces: the semicolons
// in the header of a for do not count.
func split(src string) ([]chunk, error) {
	fset := token.NewFileSet()
	file := fset.AddFile("cell", -1, len(src))
	var s scanner.Scanner
	var scanErr error
	s.Init(file, []byte(src), func(pos token.Position, msg string) {
		if scanErr == nil {
			scanErr = fmt.Errorf("line %d: %s", pos.Line, msg)
		}
	}, 0)
	var out []chunk
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

func parseChunk(src string, line int) (chunk, error) {
	c := chunk{src: src, line: line}
	first := strings.TrimSpace(src)
	if i := strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
		first = first[:i]
	}
	const head = "package p;"
	if first == "import" || first == "type" || first == "func" {
		f, err := parser.ParseFile(token.NewFileSet(), "", head+src, parser.SkipObjectResolution)
		if err == nil && len(f.Decls) == 1 {
			c.decl = f.Decls[0]
			return c, nil
		}
		if first != "func" { // a func may be a literal that is called
			return c, lineError(err, line)
		}
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", head+"func _() {"+src+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return c, lineError(err, line)
	}
	if len(f.Decls) != 1 {
		return c, fmt.Errorf("line %d: unexpected }", line)
	}
	c.stmt = f.Decls[0].(*ast.FuncDecl).Body.List
	return c, nil
}

// lineError puts the line of the cell into the first error of the parser.
func lineError(err error, line int) error {
	if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
		return fmt.Errorf("line %d: %s", line+list[0].Pos.Line-1, list[0].Msg)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// imports returns the import paths of a chunk, if it is an import declaration.
func (c chunk) imports() (paths, names []string) {
	d, ok := c.decl.(*ast.GenDecl)
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
