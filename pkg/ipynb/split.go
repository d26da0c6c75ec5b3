package ipynb

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

// Chunk is a top-level piece of a code cell: a declaration or a statement.
type Chunk struct {
	Source string
	Offset int        // of its first byte in the cell
	Line   int        // of its first character in the cell, from 1
	Decl   ast.Decl   // an import, func or type declaration; nil for statements
	Stmts  []ast.Stmt // statements otherwise
}

// Is reports whether the chunk is a declaration of this kind, such as token.TYPE.
func (c Chunk) Is(kind token.Token) bool {
	d, ok := c.Decl.(*ast.GenDecl)
	return ok && d.Tok == kind
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

// SyntaxError is the first error of a cell that does not parse. Line and Column, which
// counts bytes, start from 1.
type SyntaxError struct {
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

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
			scanErr = &SyntaxError{pos.Line, pos.Column, msg}
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
			c, err := parseChunk(src[start:], start, file.Position(file.Pos(start)))
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
			if c, err := parseChunk(src[start:at], start, file.Position(file.Pos(start))); err == nil {
				out, start = append(out, c), -1
			}
		}
	}
}

func parseChunk(src string, offset int, at token.Position) (Chunk, error) {
	c := Chunk{Source: src, Offset: offset, Line: at.Line}
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
		if first != "func" || namedFunc.MatchString(src) { // it may also begin a call of a function literal
			return c, syntaxError(err, src, at, head)
		}
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", head+body+src+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return c, syntaxError(err, src, at, head+body)
	}
	if len(f.Decls) != 1 {
		return c, &SyntaxError{at.Line, at.Column, "unexpected }"}
	}
	c.Stmts = f.Decls[0].(*ast.FuncDecl).Body.List
	return c, nil
}

var namedFunc = regexp.MustCompile(`^func\s+\pL`)

// syntaxError returns the first error of the parser with its place in the cell. The parser
// read a chunk, which starts at at, behind a prefix.
func syntaxError(err error, src string, at token.Position, prefix string) error {
	list, ok := err.(scanner.ErrorList)
	if !ok || len(list) == 0 {
		return &SyntaxError{at.Line, at.Column, "it must be one declaration"}
	}
	line, column := list[0].Pos.Line, list[0].Pos.Column
	if n := strings.Count(src, "\n"); line > n+1 { // at the bracket that closes the chunk
		msg, _, _ := strings.Cut(list[0].Msg, ", found")
		column = len(src) - strings.LastIndexByte(src, '\n')
		if n == 0 {
			column += at.Column - 1
		}
		return &SyntaxError{at.Line + n, column, msg + ", found the end of the cell"}
	}
	if line == 1 {
		column += at.Column - 1 - len(prefix)
	}
	return &SyntaxError{at.Line + line - 1, max(column, 1), list[0].Msg}
}

// Imports returns the paths that an import declaration imports and the names under which
// it does; nil for any other chunk.
func (c Chunk) Imports() (paths, names []string) {
	if !c.Is(token.IMPORT) {
		return nil, nil
	}
	for _, s := range c.Decl.(*ast.GenDecl).Specs {
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
