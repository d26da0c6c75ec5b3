package notebook

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// The engines.
const (
	Gomacro = "gomacro" // the interpreter of the gophernotes kernel, in process
	Yaegi   = "yaegi"   // the second interpreter
	Kernel  = "kernel"  // an installed Jupyter kernel
)

// Engines lists the names that Options.Engine may have.
var Engines = []string{Gomacro, Yaegi, Kernel}

// engine runs cells one after another in one interpreter.
type engine interface {
	// eval runs a cell and returns the values of its last statement, if that
	// is an expression.
	eval(src string) ([]any, error)
	// interrupt stops the interpreted code that is running, if it can.
	interrupt()
}

// shownBy runs a cell and returns what to show of its last expression; an error
// that the value carries is an error of the cell.
func shownBy(e engine, code string) (display, error) {
	values, err := e.eval(code)
	if err == nil {
		err = failure(values)
	}
	if err != nil {
		return display{}, err
	}
	return render(values), nil
}

// newEngine returns the engine of a name. show is what the cell's Display
// function does.
func newEngine(name string, show func(v any) error) (engine, error) {
	switch name {
	case Gomacro:
		return newGomacro(show), nil
	case Yaegi:
		return newYaegi(show)
	}
	return nil, fmt.Errorf("engine %q: it is one of %s", name, strings.Join(Engines, ", "))
}

// checkImports refuses packages that are not linked in: an interpreter would
// try to fetch them over the network, or fail without saying what is there.
func checkImports(chunks []chunk) error {
	for _, c := range chunks {
		paths, _ := c.imports()
		for _, p := range paths {
			if _, ok := imports.Packages[p]; !ok {
				return fmt.Errorf("line %d: package %q is not linked in; there are the standard library (except its generic packages) and %s; to have it here, add it to pkg/symbols/symbols.go, run go generate ./pkg/symbols and install the kernel again",
					c.line, p, strings.Join(Linked(), ", "))
			}
		}
	}
	return nil
}

// Linked lists the packages outside the standard library that a notebook may
// import.
func Linked() []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(symbols.Symbols)) {
		out = append(out, path.Dir(key))
	}
	return out
}

// cellError is the error of a cell, as a notebook shows it.
type cellError struct{ name, text string }

func (e *cellError) Error() string { return e.text }

// errorName is the kind of an error of a cell, "error" for what a value says.
func errorName(err error) string {
	var c *cellError
	if errors.As(err, &c) {
		return c.name
	}
	return "error"
}

// panicked turns what a recover returned into an error of one line.
func panicked(name string, p any) error {
	return &cellError{name: name, text: firstLine(fmt.Sprint(p))}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
