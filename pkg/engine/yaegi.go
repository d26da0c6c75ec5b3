package engine

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"maps"
	"os"
	"reflect"
	"strings"

	"github.com/features-are-fate/fate/pkg/cell"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// yaegiEngine runs a cell in chunks, since yaegi takes source with an import for a whole
// file, and returns a value for statements that have none. It refuses what yaegi is known
// to get wrong at the top level of a cell (see refuse.go).
type yaegiEngine struct {
	in    *interp.Interpreter
	names declared
	cells int

	session *cell.Session
}

// liveStdout writes to the current os.Stdout, which the worker replaces for each cell.
type liveStdout struct{}

func (liveStdout) Write(b []byte) (int, error) { return os.Stdout.Write(b) }

func newYaegi(show func(any) error) (*yaegiEngine, error) {
	LinkPackages() // whose tables the session checks with
	in := interp.New(interp.Options{Stdout: liveStdout{}, Stderr: io.Discard})
	table := maps.Clone(symbols.Symbols[symbols.Display+"/display"])
	table["Show"], table["withMethod"] = reflect.ValueOf(show), reflect.ValueOf(same)
	standard := maps.Clone(stdlib.Symbols)
	standard["fmt/fmt"] = maps.Clone(standard["fmt/fmt"])
	standard["fmt/fmt"]["Errorf"] = reflect.ValueOf(errorf)
	support := supportName + "/" + supportName
	for _, table := range []interp.Exports{standard, symbols.Symbols, {"display/display": table, support: supportTable()}, methodsOfYaegi} {
		if err := in.Use(table); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"display", supportName} {
		if _, err := in.Eval(fmt.Sprintf("import %q", name)); err != nil {
			return nil, err
		}
	}
	e := &yaegiEngine{in: in, session: newSession(show), names: declared{packages: map[string]bool{"display": true, supportName: true}}}
	_, err := e.run("Display := display.Show", 1)
	return e, err
}

func (e *yaegiEngine) Interrupt() {}

func (e *yaegiEngine) Call(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked("panic", p)
		}
	}()
	f()
	return nil
}

func (e *yaegiEngine) Complete(code string, cursor int) Completion {
	return e.session.Complete(code, cursor)
}

func (e *yaegiEngine) Inspect(code string, cursor int) map[string]any {
	return inspected(e.session.Inspect(code, cursor))
}

// run evaluates a chunk or a part of one. line is its first line in the cell.
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
		if own, ok := panicking.Value.(*Error); ok { // of a call whose error the cell ignores
			return v, own
		}
		return v, panicked("panic", panicking.Value)
	case err != nil:
		return v, &Error{Name: "compile error", Reason: fmt.Sprintf("line %d: %s", line, firstLine(err.Error()))}
	}
	return v, nil
}

func (e *yaegiEngine) Eval(src string) ([]any, error) {
	checked, err := e.session.Check(src, cell.Yaegi)
	if err != nil {
		return nil, checkError(err)
	}
	chunks, err := ipynb.Split(checked.Source)
	if err != nil {
		return nil, &Error{Name: "syntax error", Reason: err.Error()}
	}
	if err := e.names.refuse(chunks); err != nil {
		return nil, &Error{Name: "refused by the yaegi engine", Reason: err.Error()}
	}
	checked.Commit()
	lastCell.Store(nil)
	e.cells++
	for _, c := range chunks {
		if c.Is(token.IMPORT) {
			if _, err := e.run(c.Source, c.Line); err != nil {
				return nil, err
			}
		}
	}
	types := ""
	for _, c := range chunks { // which may mention each other
		if c.Is(token.TYPE) {
			types += c.Source + "\n"
		}
	}
	if types != "" {
		if _, err := e.run(types, 1); err != nil {
			return nil, err
		}
	}
	for i, c := range chunks {
		if c.Is(token.IMPORT) || c.Is(token.TYPE) {
			continue
		}
		if i == len(chunks)-1 && c.Expr() != nil {
			return e.last(c)
		}
		if _, err := e.run(c.Source, c.Line); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// last evaluates the expression that ends a cell.
func (e *yaegiEngine) last(c ipynb.Chunk) ([]any, error) {
	call, ok := c.Expr().(*ast.CallExpr)
	if !ok {
		return e.value(c.Source, c.Line)
	}
	// The number of results comes from the type of the function. The receiver of a
	// method is evaluated once and stored in a variable.
	from, to := c.Range(call.Fun)
	callee, args := c.Source[from:to], c.Source[to:]
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && !e.names.isPackage(sel.X) {
		name := fmt.Sprintf("receiver%d_", e.cells)
		from, to := c.Range(sel.X)
		if _, err := e.run(name+" := "+c.Source[from:to], c.Line); err != nil {
			return nil, err
		}
		callee = name + "." + sel.Sel.Name
	}
	if id, ok := call.Fun.(*ast.Ident); ok && (builtins[id.Name] || !e.names.funcs[id.Name] && !e.names.vars[id.Name]) {
		return e.value(c.Source, c.Line) // a builtin or a conversion; refuse.go refuses builtins without a value
	}
	results := 1
	if f, err := e.run(callee, c.Line); err == nil && f.IsValid() && f.Kind() == reflect.Func {
		results = f.Type().NumOut()
	} else if n, ok := e.names.results[callee]; ok {
		results = n
	}
	switch results {
	case 0:
		_, err := e.run(callee+args, c.Line)
		return nil, err
	case 1:
		return e.value(callee+args, c.Line)
	}
	names := make([]string, results)
	for i := range names {
		names[i] = fmt.Sprintf("result%d_%d_", e.cells, i)
	}
	if _, err := e.run(strings.Join(names, ", ")+" := "+callee+args, c.Line); err != nil {
		return nil, err
	}
	var out []any
	for _, n := range names {
		v, err := e.value(n, c.Line)
		if err != nil {
			return nil, err
		}
		out = append(out, v...)
	}
	return out, nil
}

func (e *yaegiEngine) value(src string, line int) ([]any, error) {
	v, err := e.run(callWithMethod(src), line)
	if err != nil || !v.IsValid() || !v.CanInterface() {
		return []any{nil}, err
	}
	if v.Kind() == reflect.Interface && v.IsNil() {
		return []any{nil}, nil
	}
	return []any{v.Interface()}, nil
}
