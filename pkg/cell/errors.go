package cell

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	pathpkg "path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/suggest"
)

// Error is an error of a cell. Line and Column, which counts characters, start from 1.
type Error struct {
	Line, Column int
	Msg          string
	Mark         string // the line of the cell, and below it a mark under the place
	from         int    // offset in the cell
	syntax       bool
}

// Errors are the errors of a cell, in the order of their places.
type Errors []Error

// Error returns the first error, and the number of the others.
func (e Errors) Error() string {
	out := fmt.Sprintf("%d:%d: %s", e[0].Line, e[0].Column, e[0].Msg)
	if n := len(e) - 1; n > 0 {
		out += fmt.Sprintf(" (and %d more)", n)
	}
	return out
}

// Kind returns what kind of errors they are.
func (e Errors) Kind() string {
	if e[0].syntax {
		return "syntax error"
	}
	return "compile error"
}

// Marked returns each error with its place underlined.
func (e Errors) Marked() (out []string) {
	for _, x := range e {
		out = append(out, fmt.Sprintf("%d:%d: %s\n%s", x.Line, x.Column, x.Msg, x.Mark))
	}
	return out
}

// most is the number of errors that are reported.
const most = 10

func (k *checker) sorted() Errors {
	slices.SortStableFunc(k.errors, func(a, b Error) int { return cmp.Compare(a.from, b.from) })
	return k.errors
}

// fail adds an error at the text between two positions.
func (k *checker) fail(from, to token.Pos, msg string) {
	k.failAt(k.offset(from), k.offset(to), msg)
}

func (k *checker) failAt(from, to int, msg string) {
	if len(k.errors) == most || slices.ContainsFunc(k.errors, func(e Error) bool { return e.from == from && e.Msg == msg }) {
		return
	}
	k.errors = append(k.errors, errorAt(k.src, from, to, msg))
}

func errorAt(src string, from, to int, msg string) Error {
	from = min(from, len(src))
	start := strings.LastIndexByte(src[:from], '\n') + 1
	line, _, _ := strings.Cut(src[start:], "\n")
	width := 1
	if to = min(to, start+len(line)); to > from {
		width = utf8.RuneCountInString(src[from:to])
	}
	before := src[start:from]
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before)
	return Error{Line: strings.Count(src[:start], "\n") + 1, Column: utf8.RuneCountInString(before) + 1, Msg: msg,
		Mark: line + "\n" + pad + strings.Repeat("^", width), from: from}
}

func syntaxErrors(src string, err error) error {
	var e *ipynb.SyntaxError
	if !errors.As(err, &e) {
		return err
	}
	at := 0
	for range e.Line - 1 {
		i := strings.IndexByte(src[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	at = min(at+e.Column-1, len(src))
	out := errorAt(src, at, at+1, e.Msg)
	out.syntax = true
	return Errors{out}
}

// collect receives the errors of the type checker.
func (k *checker) collect(err error) {
	var e types.Error
	if !errors.As(err, &e) || strings.HasPrefix(e.Msg, "\t") ||
		strings.Contains(e.Msg, "declared and not used") || strings.Contains(e.Msg, "imported and not used") {
		return
	}
	if strings.HasSuffix(e.Msg, "is not used") && k.isStatement(e.Pos) {
		return
	}
	k.pending = append(k.pending, e)
}

// report adds the errors that the type checker has found in a file. What was meant can be
// told only when all of it has been checked.
func (k *checker) report() {
	for _, e := range k.pending {
		to := e.Pos
		if id, _ := k.nodeAt(e.Pos); id != nil {
			to = id.End()
		}
		if strings.HasPrefix(e.Msg, "use of package ") && k.src[min(k.offset(to), len(k.src)-1)] == '.' {
			continue // an assignment to the member of a package gives this too
		}
		msg := strings.NewReplacer(sessionPath+".", "", "\n\t\thave ", ": have ", "\n\t\twant ", ", want ", "\n\thave ", ": have ", "\n\twant ", ", want ").Replace(e.Msg)
		k.fail(e.Pos, to, msg+k.meant(e))
	}
	k.pending = nil
}

// isStatement reports whether an expression that stands alone on the top level of the cell
// starts at a position.
func (k *checker) isStatement(pos token.Pos) bool {
	for _, p := range k.parts {
		if e, ok := p.statement().(*ast.ExprStmt); ok && e.X.Pos() <= pos && pos < e.X.End() {
			return true
		}
	}
	return false
}

// nodeAt returns the name at a position and the selector whose member it is, if any.
func (k *checker) nodeAt(pos token.Pos) (id *ast.Ident, sel *ast.SelectorExpr) {
	for _, p := range k.parts {
		if p.file == nil || pos < p.file.Package || pos > p.file.FileEnd {
			continue
		}
		ast.Inspect(p.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if n.Sel.Pos() == pos {
					sel = n
				}
			case *ast.Ident:
				if n.Pos() == pos {
					id = n
				}
			}
			return true
		})
	}
	return id, sel
}

// meant returns "; did you mean X?" for a name that does not exist and is like another, or
// "". What the type checker suggests itself stays alone.
func (k *checker) meant(e types.Error) string {
	if strings.Contains(e.Msg, "but does have") || strings.Contains(e.Msg, "but have") {
		return ""
	}
	id, sel := k.nodeAt(e.Pos)
	if id == nil {
		return ""
	}
	var names []string
	switch {
	case strings.HasPrefix(e.Msg, "unknown field "):
		if lit := k.literalOf(id); lit != nil {
			names = k.fieldNames(lit)
		}
	case sel != nil && strings.Contains(e.Msg, "undefined"):
		names = k.members(sel.X)
	case strings.HasPrefix(e.Msg, "undefined: "):
		if obj := k.laterIn(id); obj != "" {
			return obj
		}
		if path := packageNamed(id.Name); path != "" {
			return fmt.Sprintf("; import %q first", path)
		}
		names = k.visible(id.Pos())
	}
	return suggest.Mean(id.Name, names)
}

// packageNamed returns the import path of a linked package with this name, ours first.
func packageNamed(name string) (found string) {
	for path := range imports.Packages {
		if path != Support && pathpkg.Base(path) == name && (found == "" || strings.Contains(path, "features-are-fate") || len(path) < len(found) && !strings.Contains(found, "features-are-fate")) {
			found = path
		}
	}
	return found
}

// laterIn explains a name that the cell declares only below.
func (k *checker) laterIn(id *ast.Ident) string {
	for _, p := range k.parts {
		s, ok := p.statement().(*ast.AssignStmt)
		if !ok || s.Tok != token.DEFINE || s.Pos() <= id.Pos() {
			continue
		}
		for _, l := range s.Lhs {
			if v, ok := l.(*ast.Ident); ok && v.Name == id.Name {
				return fmt.Sprintf("; line %d of the cell declares it", p.Line)
			}
		}
	}
	return ""
}
