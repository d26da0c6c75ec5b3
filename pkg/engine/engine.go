// Package engine runs the cells of a Go notebook in an interpreter. There are two:
// gomacro, which the gophernotes kernel uses, and yaegi. Both import the packages of
// package symbols and the standard library. The package also judges by its names what the
// code of an untrusted notebook could do (see [Judge]).
//
//	e, err := engine.New(engine.Gomacro, func(v any) error { return nil })
//	if err != nil {
//		return err
//	}
//	shown, err := engine.Run(e, "x := 41\nx + 1")
//	// shown.Data is {"text/plain": "42"}
package engine

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/cell"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// The names of the engines.
const (
	Gomacro = "gomacro" // the interpreter of the gophernotes kernel
	Yaegi   = "yaegi"
)

// Engine runs cells one after another in one interpreter.
type Engine interface {
	// Eval runs a cell and returns the values of its last statement, if that
	// is an expression.
	Eval(src string) ([]any, error)
	// Call runs f, which may call functions that cells have declared, like a cell.
	Call(f func()) error
	// Interrupt stops the running cell or call; it then returns within 100 ms.
	Interrupt()
	// Complete returns what may stand at the cursor, which counts characters. It may be
	// called while a cell runs.
	Complete(code string, cursor int) Completion
	// Inspect returns the declaration and the documentation of the name at the cursor,
	// keyed by MIME type; nil if there is none. It may be called while a cell runs.
	Inspect(code string, cursor int) map[string]any
}

// Completion is what may replace a part of a cell.
type Completion = cell.Completion

// Match is one completion.
type Match = cell.Match

// IsComplete reports whether code is "complete", "incomplete" or "invalid" as a cell, and
// the indent of the next line if it is incomplete.
func IsComplete(code string) (status, indent string) { return cell.IsComplete(code) }

// New returns the engine with a name. The Display function of cells calls show.
func New(name string, show func(v any) error) (Engine, error) {
	switch name {
	case Gomacro:
		return newGomacro(show), nil
	case Yaegi:
		return newYaegi(show)
	}
	return nil, fmt.Errorf("engine %q: it must be %s or %s", name, Gomacro, Yaegi)
}

// Run runs a cell and returns the display of its last expression. If that value carries
// an error, the cell has failed with it. An error is an [*Error].
func Run(e Engine, code string) (Display, error) {
	values, err := do(e, code)
	if err != nil {
		return Display{}, AsError(err)
	}
	var d Display
	// The methods of a value may be those of a cell, and not end.
	if stopped := e.Call(func() { d, err = render(values) }); stopped != nil {
		err = stopped
	}
	if err != nil {
		return Display{}, AsError(err)
	}
	return d, nil
}

// Do runs a cell and shows nothing. Unlike [Run] it returns the error that a value carries
// as it is.
func Do(e Engine, code string) error {
	_, err := do(e, code)
	return err
}

func do(e Engine, code string) ([]any, error) {
	values, err := e.Eval(code)
	if err == nil {
		err = failure(values)
	}
	return values, err
}

var registerOnce sync.Once

// LinkPackages makes the packages of package symbols importable in every gomacro
// interpreter of this process. It must be called before the first one is made.
func LinkPackages() {
	registerOnce.Do(func() {
		symbols.RegisterGomacro()
		for name, f := range printing {
			imports.Packages["fmt"].Binds[name] = f
		}
		imports.Packages["fmt"].Binds["Errorf"] = reflect.ValueOf(errorf)
		imports.Packages[supportName] = imports.Package{Name: supportName, Binds: supportTable()}
	})
}

// Error is the error of a cell.
type Error struct {
	Name   string // the kind: "compile error", "panic", …; "error" if a value carried it
	Reason string
	Trace  []string // the place in the cell, or the calls that led to a panic; may be nil
}

func (e *Error) Error() string {
	if e.Name == "error" {
		return e.Reason
	}
	return e.Name + ": " + e.Reason
}

// AsError returns err as the error of a cell, with a reason of one line.
func AsError(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Name: "error", Reason: err.Error()}
	}
	return &Error{Name: e.Name, Reason: firstLine(e.Reason), Trace: e.Trace}
}

// panicked returns the error of a cell for a recovered value.
func panicked(name string, p any) *Error {
	return &Error{Name: name, Reason: firstLine(fmt.Sprint(p))}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
