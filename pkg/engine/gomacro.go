package engine

import (
	"go/ast"
	"go/build"
	"os"
	"regexp"

	"github.com/cosmos72/gomacro/ast2"
	"github.com/cosmos72/gomacro/base"
	basereflect "github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

type gomacroEngine struct {
	ir *fast.Interp
}

func newGomacro(show func(any) error) *gomacroEngine {
	LinkPackages()
	// Without a GOROOT gomacro learns the types of packages by reflection alone. With
	// one it asks the go command for them, which is slow, depends on what is installed,
	// and prints warnings into the first cell. A kernel built with -trimpath has no
	// GOROOT either.
	build.Default.GOROOT = ""
	ir := fast.New()
	plainGo(ir)
	ir.ImportPackage("display", "display")
	ir.DeclFunc("Display", show)
	return &gomacroEngine{ir}
}

// plainGo restricts an interpreter to Go: it removes the macros of gomacro, which could
// run code that [Judge] does not see, and the functions that evaluate strings.
func plainGo(ir *fast.Interp) {
	ir.Comp.Options &^= base.OptShowPrompt | base.OptTrapPanic
	ir.Comp.MacroChar = '\U0010FFFF' // no valid cell contains it; 0 would mean the default ~
	for c := ir.Comp; c != nil; c = c.Outer {
		for _, name := range evaluators {
			delete(c.Binds, name)
		}
	}
}

func (e *gomacroEngine) Interrupt() { e.ir.Interrupt(os.Interrupt) }

func (e *gomacroEngine) Eval(src string) (values []any, err error) {
	chunks, err := ipynb.Split(src)
	if err != nil {
		return nil, &Error{Name: "syntax error", Reason: err.Error()}
	}
	if err := checkImports(chunks); err != nil {
		return nil, &Error{Name: "import error", Reason: err.Error()}
	}
	phase := "compile error"
	defer func() {
		if p := recover(); p == base.SigInterrupt {
			values, err = nil, &Error{Name: "interrupted", Reason: "the cell was stopped; its variables are kept"}
		} else if p != nil {
			e := panicked(phase, p)
			if phase == "compile error" {
				e.Reason = gomacroPosition.ReplaceAllString(e.Reason, "line $1: ")
				e.Reason = gomacroOperand.ReplaceAllString(e.Reason, "what a method is called on does not compile: assign it to a variable to see why")
			}
			e.Reason = gomacroLiteral.ReplaceAllString(e.Reason, `a string literal cannot have type $1 here: use one of its named constants, or $1(string("…"))`)
			values, err = nil, e
		}
	}()
	// Lines in messages count from the top of the cell.
	e.ir.Comp.Line = 0
	nodes := e.ir.Comp.ParseBytes([]byte(src))
	if len(nodes) == 0 { // such as after the special commands of the kernel were removed
		return nil, nil
	}
	form := ast2.AnyToAst(nodes, "cell")
	if form == nil {
		return nil, nil
	}
	compiled := e.ir.CompileAst(form)
	phase = "panic"
	results, types := e.ir.RunExpr(compiled)
	if _, ok := nodes[len(nodes)-1].(ast.Expr); !ok {
		return nil, nil
	}
	for i, r := range results {
		values = append(values, withMethod(e.ir, basereflect.ValueInterface(r), types[i]))
	}
	return values, nil
}

// gomacroLiteral matches the error of gomacro when it cannot convert an untyped string
// constant to a named type.
var gomacroLiteral = regexp.MustCompile(`^reflect\.Value\.Convert: value of type reflect\.Value cannot be converted to type (\S+)$`)

// gomacroOperand matches the error of gomacro when the operand of a method call does not
// compile: it takes it for the name of a type.
var gomacroOperand = regexp.MustCompile(`invalid qualified type, expecting packagename\.identifier, found: .*`)

var gomacroPosition = regexp.MustCompile(`^repl\.go:(\d+):\d+: `)
