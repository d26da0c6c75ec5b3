package notebook

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// yaegiEngine runs a cell in pieces: yaegi takes source with an import as a
// whole file, and gives a value for statements that have none. What it is known
// to get wrong at the top level of a cell it refuses, see refuse.go.
type yaegiEngine struct {
	in    *interp.Interpreter
	names declared
	cells int
}

// liveStdout writes to the os.Stdout of the moment, which is the running
// cell's.
type liveStdout struct{}

func (liveStdout) Write(b []byte) (int, error) { return os.Stdout.Write(b) }

func newYaegi(show func(any) error) (*yaegiEngine, error) {
	LinkPackages() // the list of packages that may be imported is one
	in := interp.New(interp.Options{Stdout: liveStdout{}, Stderr: io.Discard})
	table := displayTable()
	table["Data"] = reflect.ValueOf((*display)(nil))
	table["Show"] = reflect.ValueOf(show)
	for _, table := range []interp.Exports{stdlib.Symbols, symbols.Symbols, {"display/display": table}} {
		if err := in.Use(table); err != nil {
			return nil, err
		}
	}
	if _, err := in.Eval(`import "display"`); err != nil {
		return nil, err
	}
	e := &yaegiEngine{in: in, names: declared{packages: map[string]bool{"display": true}}}
	_, err := e.run("Display := display.Show", 1)
	return e, err
}

func (e *yaegiEngine) interrupt() {}

// run evaluates one piece, which starts at a line of the cell.
func (e *yaegiEngine) run(src string, line int) (v reflect.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked("panic", p)
		}
	}()
	v, err = e.in.Eval(src)
	var panicking interp.Panic
	switch {
	case errors.As(err, &panicking):
		return v, panicked("panic", panicking.Value)
	case err != nil:
		return v, &cellError{"compile error", fmt.Sprintf("line %d: %s", line, firstLine(err.Error()))}
	}
	return v, nil
}

func (e *yaegiEngine) eval(src string) ([]any, error) {
	chunks, err := split(src)
	if err != nil {
		return nil, &cellError{"syntax error", err.Error()}
	}
	if err := checkImports(chunks); err != nil {
		return nil, &cellError{"import error", err.Error()}
	}
	if err := e.names.refuse(chunks); err != nil {
		return nil, &cellError{"refused by the yaegi engine", err.Error()}
	}
	e.cells++
	for _, c := range chunks {
		if paths, _ := c.imports(); paths != nil {
			if _, err := e.run(c.src, c.line); err != nil {
				return nil, err
			}
		}
	}
	for i, c := range chunks {
		if paths, _ := c.imports(); paths != nil {
			continue
		}
		if i == len(chunks)-1 && c.expr() != nil {
			return e.last(c)
		}
		if _, err := e.run(c.src, c.line); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// last evaluates the expression that ends a cell.
func (e *yaegiEngine) last(c chunk) ([]any, error) {
	call, ok := c.expr().(*ast.CallExpr)
	if !ok {
		return e.value(c.src, c.line)
	}
	// The number of results is read off the function. The receiver of a method
	// is evaluated once, under a name of its own.
	callee := c.src[offset(call.Fun.Pos()):offset(call.Fun.End())]
	args := c.src[offset(call.Fun.End()):]
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && !e.names.isPackage(sel.X) {
		name := fmt.Sprintf("receiver%d_", e.cells)
		if _, err := e.run(name+" := "+c.src[offset(sel.X.Pos()):offset(sel.X.End())], c.line); err != nil {
			return nil, err
		}
		callee = name + "." + sel.Sel.Name
	}
	if id, ok := call.Fun.(*ast.Ident); ok && (builtins[id.Name] || !e.names.funcs[id.Name] && !e.names.vars[id.Name]) {
		return e.value(c.src, c.line) // a builtin or a conversion; builtins without a value are refused
	}
	results := 1
	if f, err := e.run(callee, c.line); err == nil && f.IsValid() && f.Kind() == reflect.Func {
		results = f.Type().NumOut()
	} else if n, ok := e.names.results[callee]; ok {
		results = n
	}
	switch results {
	case 0:
		_, err := e.run(callee+args, c.line)
		return nil, err
	case 1:
		return e.value(callee+args, c.line)
	}
	names := make([]string, results)
	for i := range names {
		names[i] = fmt.Sprintf("result%d_%d_", e.cells, i)
	}
	if _, err := e.run(strings.Join(names, ", ")+" := "+callee+args, c.line); err != nil {
		return nil, err
	}
	var out []any
	for _, n := range names {
		v, err := e.value(n, c.line)
		if err != nil {
			return nil, err
		}
		out = append(out, v...)
	}
	return out, nil
}

func (e *yaegiEngine) value(src string, line int) ([]any, error) {
	v, err := e.run(src, line)
	if err != nil || !v.IsValid() || !v.CanInterface() {
		return []any{nil}, err
	}
	if v.Kind() == reflect.Interface && v.IsNil() {
		return []any{nil}, nil
	}
	return []any{v.Interface()}, nil
}

// offset turns a position in a parsed statement into an index of its source.
func offset(p token.Pos) int { return int(p) - 1 - len("package p;func _() {") }
