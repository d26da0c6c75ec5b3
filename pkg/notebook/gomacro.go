package notebook

import (
	"go/ast"
	"go/build"
	"os"
	"reflect"
	"regexp"

	"github.com/cosmos72/gomacro/ast2"
	"github.com/cosmos72/gomacro/base"
	basereflect "github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/imports"
)

type gomacroEngine struct {
	ir *fast.Interp
}

func newGomacro(show func(any) error) *gomacroEngine {
	LinkPackages()
	// Without a GOROOT gomacro knows packages by reflection alone. With one it
	// asks the go command for their types, which is slow, depends on what is
	// installed, and prints warnings into the first cell. A kernel that is built
	// with -trimpath has none either.
	build.Default.GOROOT = ""
	imports.Packages["display"] = imports.Package{Name: "display", Binds: displayTable(),
		Types: map[string]reflect.Type{"Data": reflect.TypeFor[display]()}}
	ir := fast.New()
	plainGo(ir)
	ir.ImportPackage("display", "display")
	ir.DeclFunc("Display", show)
	return &gomacroEngine{ir}
}

// plainGo makes an interpreter one of Go: without gomacro's macros, which could run code
// that was never looked at, and without the functions that evaluate any text.
func plainGo(ir *fast.Interp) {
	ir.Comp.Options &^= base.OptShowPrompt | base.OptTrapPanic
	ir.Comp.MacroChar = '\U0010FFFF' // no cell can hold it; 0 would be ~
	for c := ir.Comp; c != nil; c = c.Outer {
		for _, name := range evaluators {
			delete(c.Binds, name)
		}
	}
}

func (e *gomacroEngine) interrupt() { e.ir.Interrupt(os.Interrupt) }

func (e *gomacroEngine) eval(src string) (values []any, err error) {
	chunks, err := split(src)
	if err != nil {
		return nil, &cellError{"syntax error", err.Error()}
	}
	if err := checkImports(chunks); err != nil {
		return nil, &cellError{"import error", err.Error()}
	}
	phase := "compile error"
	defer func() {
		if p := recover(); p == base.SigInterrupt {
			values, err = nil, &cellError{"interrupted", "the cell was stopped; its variables are kept"}
		} else if p != nil {
			values, err = nil, panicked(phase, p)
			if c, ok := err.(*cellError); ok && phase == "compile error" {
				c.text = gomacroPosition.ReplaceAllString(c.text, "line $1: ")
				c.text = gomacroLiteral.ReplaceAllString(c.text, "a string literal cannot stand for type $1 here: use one of its named constants")
			}
		}
	}()
	// Lines in messages count from the top of the cell.
	e.ir.Comp.Line = 0
	nodes := e.ir.Comp.ParseBytes([]byte(src))
	if len(nodes) == 0 { // nothing is left after the special commands of the kernel
		return nil, nil
	}
	form := ast2.AnyToAst(nodes, "cell")
	if form == nil {
		return nil, nil
	}
	compiled := e.ir.CompileAst(form)
	phase = "panic"
	results, _ := e.ir.RunExpr(compiled)
	if _, ok := nodes[len(nodes)-1].(ast.Expr); !ok {
		return nil, nil
	}
	for _, r := range results {
		values = append(values, basereflect.ValueInterface(r))
	}
	return values, nil
}

// gomacroLiteral is how gomacro fails to give an untyped string a named type.
var gomacroLiteral = regexp.MustCompile(`^reflect\.Value\.Convert: value of type reflect\.Value cannot be converted to type (\S+)$`)

var gomacroPosition = regexp.MustCompile(`^repl\.go:(\d+):\d+: `)
