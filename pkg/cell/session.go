// Package cell is the front end of the interpreters. It holds a session as go/types sees
// it: each cell is checked against the names of earlier cells and the linked packages
// before an interpreter runs it, rewritten where the interpreters lack what Go has, and
// completed and documented from the same types.
//
// A cell differs from a Go file in what a notebook needs: it may redefine the names of
// earlier cells, unused variables and imports are no errors, and its last expression is
// its value.
package cell

import (
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"sync"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// Session holds the names that the cells run so far have declared. Its methods may be
// called from several goroutines.
type Session struct {
	mu     sync.Mutex
	tables *tables
	pkg    *types.Package          // of what the cells declare
	names  map[string]types.Object // an import is a *types.PkgName
	held   map[string]bool         // methods that a variable holds
}

// NewSession returns a session in which the packages with these import paths are imported.
func NewSession(imported ...string) *Session {
	s := &Session{tables: newTables(), pkg: types.NewPackage(sessionPath, "cell"), names: map[string]types.Object{}, held: map[string]bool{}}
	for _, path := range imported {
		if p, err := s.tables.Import(path); err == nil {
			s.names[p.Name()] = types.NewPkgName(token.NoPos, nil, p.Name(), p)
		}
	}
	return s
}

// Declare adds a variable that the interpreter offers to all cells, with the type of the
// value v.
func (s *Session) Declare(name string, v any) {
	s.names[name] = types.NewVar(token.NoPos, nil, name, s.tables.convert(reflect.TypeOf(v)))
}

// Cell is a cell that has been checked.
type Cell struct {
	// Source is the cell as the interpreter takes it. Its lines are those of the cell.
	Source string
	// Values is the number of values of the last expression, or 0 if the cell does not end
	// in an expression.
	Values int
	// Funcs are the functions and methods that the cell declares, for the calls that lead
	// to a panic.
	Funcs []Func
	// Last is the line of the last statement.
	Last int

	session *Session
	names   map[string]types.Object
	held    map[string]bool
}

// Func is a function or a method that a cell declares between two lines.
type Func struct {
	Name     string
	From, To int
}

// Commit makes the names that the cell declares those of the session. The engine calls it
// when the interpreter accepts the cell.
func (c *Cell) Commit() {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	maps.Copy(c.session.names, c.names)
	maps.Copy(c.session.held, c.held)
}

// Check checks a cell and rewrites it for an interpreter. Its error is [Errors], or that
// of [ipynb.Split] for a cell that does not parse.
func (s *Session) Check(src string, d Dialect) (*Cell, error) {
	chunks, err := ipynb.Split(src)
	if err != nil {
		return nil, syntaxErrors(src, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.checker(src)
	k.check(chunks)
	if len(k.errors) == 0 {
		k.rewrite(d)
	}
	if len(k.errors) > 0 {
		return nil, k.sorted()
	}
	out := &Cell{session: s, names: k.names, held: k.held, Source: k.edits.apply(src), Values: k.values, Funcs: k.funcs}
	if n := len(chunks); n > 0 {
		out.Last = chunks[n-1].Line
	}
	return out, nil
}

const (
	head = "package cell;"
	body = "func _() {"
)
