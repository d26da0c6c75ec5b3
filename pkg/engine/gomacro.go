package engine

import (
	"errors"
	"fmt"
	"go/build"
	"go/token"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cosmos72/gomacro/ast2"
	"github.com/cosmos72/gomacro/base"
	basereflect "github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/gls"
	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/cell"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// gomacroEngine runs all cells on one goroutine, since gomacro looks up the state of
// another one at each call.
type gomacroEngine struct {
	session  *cell.Session
	funcs    map[string][]cell.Func // of each cell, keyed by its name
	patience time.Duration          // of an interrupt, before a cell that does not stop is given up

	mu      sync.Mutex
	ir      *fast.Interp
	work    chan func()   // runs on the goroutine of ir
	running chan struct{} // closed when the running cell ends; nil if none runs
	giveUp  chan struct{} // closed when an interrupted call does not return
	failure *Error        // of a goroutine of the running cell
	cells   int
	proxies bool // the proxies of common interfaces are loaded
}

func newGomacro(show func(any) error) *gomacroEngine {
	LinkPackages()
	// Without a GOROOT gomacro learns the types of packages by reflection alone. With
	// one it asks the go command for them, which is slow, depends on what is installed,
	// and prints warnings into the first cell. A kernel built with -trimpath has no
	// GOROOT either.
	build.Default.GOROOT = ""
	e := &gomacroEngine{session: newSession(show), funcs: map[string][]cell.Func{}, patience: 60 * time.Millisecond}
	e.onGoroutine(func() {
		e.ir = fast.New()
		plainGo(e.ir)
		e.ir.ImportPackage("display", "display")
		e.ir.ImportPackage(supportName, supportName)
		e.ir.DeclFunc("Display", show)
	})
	return e
}

// plainGo restricts an interpreter to Go: it removes the macros of gomacro, which could
// run code that [Judge] does not see, and the functions that evaluate strings.
func plainGo(ir *fast.Interp) {
	ir.Comp.Options &^= base.OptShowPrompt | base.OptTrapPanic
	ir.Comp.MacroChar = '\U0010FFFF'                        // no valid cell contains it; 0 would mean the default ~
	ir.Comp.Stdout, ir.Comp.Stderr = io.Discard, io.Discard // warnings of what is allowed
	for c := ir.Comp; c != nil; c = c.Outer {
		for _, name := range evaluators {
			delete(c.Binds, name)
		}
	}
}

// onGoroutine starts a goroutine for the interpreter, and runs f there.
func (e *gomacroEngine) onGoroutine(f func()) {
	work := make(chan func())
	e.work = work
	go func() {
		for f := range work {
			f()
		}
	}()
	done := make(chan struct{})
	work <- func() { f(); close(done) }
	<-done
}

// Interrupt stops the running experiments, which then return their results so far to the
// cell, or else the interpreted code. A compiled call that does not return is given up.
func (e *gomacroEngine) Interrupt() {
	e.mu.Lock()
	ir, running, giveUp := e.ir, e.running, e.giveUp
	e.mu.Unlock()
	if running == nil {
		return
	}
	studies := session.Interrupt()
	if !studies {
		ir.Interrupt(os.Interrupt)
	}
	go e.stop(running, giveUp, studies)
}

// fail ends the cell with an error if it is still running.
func (e *gomacroEngine) fail(cell chan struct{}, err *Error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != cell || e.giveUp == nil {
		return false
	}
	e.failure = err
	e.ir.Interrupt(os.Interrupt)
	go e.stop(cell, e.giveUp, false)
	return true
}

// stop gives the cell up if it does not stop by itself.
func (e *gomacroEngine) stop(running, giveUp chan struct{}, studies bool) {
	select {
	case <-running:
		return
	case <-time.After(e.patience):
	}
	if studies && !session.Interrupt() { // they have stopped, and the cell goes on with what they have
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == running && e.giveUp == giveUp && giveUp != nil {
		e.giveUp = nil
		close(giveUp)
	}
}

type outcome struct {
	values []any
	err    error
}

func (e *gomacroEngine) Eval(src string) ([]any, error) {
	c, err := e.session.Check(src, cell.Gomacro)
	if err != nil {
		return nil, checkError(err)
	}
	e.mu.Lock()
	e.cells++
	name := fmt.Sprintf("cell-%d", e.cells)
	ir := e.ir
	e.funcs[name] = c.Funcs
	e.mu.Unlock()
	return e.interruptibly(ir, func() ([]any, error) { return e.run(ir, name, c) })
}

func (e *gomacroEngine) Call(f func()) error {
	e.mu.Lock()
	ir := e.ir
	e.mu.Unlock()
	_, err := e.interruptibly(ir, func() (_ []any, err error) {
		defer func() {
			if p := recover(); p == base.SigInterrupt {
				err = stopped()
			} else if p != nil {
				err = panicked("panic", p)
			}
		}()
		ir.PrepareEnv() // forgets an earlier interrupt
		f()
		return nil, nil
	})
	return err
}

func stopped() *Error {
	return &Error{Name: "interrupted", Reason: "the cell was stopped; its variables are kept"}
}

// interruptibly runs f on the goroutine of ir. After an interrupt it returns even if f
// does not.
func (e *gomacroEngine) interruptibly(ir *fast.Interp, f func() ([]any, error)) ([]any, error) {
	running, giveUp := make(chan struct{}), make(chan struct{})
	e.mu.Lock()
	e.running, e.giveUp, e.failure = running, giveUp, nil
	e.mu.Unlock()
	lastCell.Store(newStarted(e, running))
	result := make(chan outcome, 1)
	e.work <- func() {
		values, err := f()
		close(running)
		result <- outcome{values, err}
	}
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.running == running {
			e.running, e.giveUp = nil, nil
		}
	}()
	select {
	case r := <-result:
		if err := e.failed(); err != nil {
			return nil, err
		}
		return r.values, r.err
	case <-giveUp:
		e.leave(ir)
		if err := e.failed(); err != nil {
			return nil, err
		}
		return nil, &Error{Name: "interrupted", Reason: "the cell was stopped, but a compiled call in it goes on until it ends; the variables are kept"}
	}
}

// failed returns the error of a goroutine of the running cell.
func (e *gomacroEngine) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failure == nil { // not a nil error of type *Error
		return nil
	}
	return e.failure
}

// leave continues in a scope inside that of ir, whose goroutine is in a compiled call. The
// interpreted code behind that call does not run: it panics.
func (e *gomacroEngine) leave(ir *fast.Interp) {
	run := ir.PrepareEnv().Run // which clears the signals
	ir.Interrupt(os.Interrupt)
	stop := func(env *fast.Env) (fast.Stmt, *fast.Env) { panic(base.SigInterrupt) }
	for at := run.CurrEnv; at != nil; {
		code := make([]fast.Stmt, len(at.Code))
		for i := range code {
			code[i] = stop
		}
		at.Code = code
		if at.Caller != nil {
			at = at.Caller
		} else {
			at = at.Outer
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.work) // its goroutine ends with the call
	e.onGoroutine(func() {
		e.ir = fast.NewInnerInterp(ir, "main", "main")
		// The state of this goroutine, which the call of a function makes.
		e.ir.Eval("(func(x int) (y int) { y = x; return y })(1)")
		known := reflect.ValueOf(run.IrGlobals).Elem().FieldByName("gls")
		if own := known.MapIndex(reflect.ValueOf(gls.GoID())); own.IsValid() {
			e.ir.PrepareEnv().Run = (*fast.Run)(own.UnsafePointer())
		}
	})
}

// run runs a checked cell. It is called on the goroutine of ir.
func (e *gomacroEngine) run(ir *fast.Interp, name string, c *cell.Cell) (values []any, err error) {
	compiled := false
	var at *fast.Run
	defer func() {
		p := recover()
		var own *Error
		switch {
		case p == nil:
		case p == base.SigInterrupt:
			values, err = nil, stopped()
		case !compiled:
			values, err = nil, &Error{Name: "compile error", Reason: "the interpreter does not accept this: " + firstLine(fmt.Sprint(p))}
		default:
			if f, ok := p.(error); ok && errors.As(f, &own) { // of a call whose error the cell ignores
				err = own
			} else {
				err = panicked("panic", p)
			}
			values = nil
			failed := err.(*Error)
			if failed.Trace = e.calls(at, name, c, ir.Comp.Fileset.Position); len(failed.Trace) > 0 {
				failed.Reason += " (" + failed.Trace[0] + ")"
			}
		}
	}()
	if !e.proxies && slices.ContainsFunc(c.Funcs, func(f cell.Func) bool { return strings.Contains(f.Name, ".") }) {
		e.proxies = true
		loadProxies(ir)
	}
	// Lines in messages count from the top of the cell.
	ir.Comp.Line, ir.Comp.Filepath = 0, name
	nodes := ir.Comp.ParseBytes([]byte(c.Source))
	if len(nodes) == 0 {
		return nil, nil
	}
	form := ast2.AnyToAst(nodes, "cell")
	if form == nil {
		return nil, nil
	}
	expr := ir.CompileAst(form)
	c.Commit()
	compiled = true
	if expr == nil {
		return nil, nil
	}
	env := ir.PrepareEnv()
	if expr.Untyped() {
		expr.ConstTo(expr.DefaultType())
	}
	// RunExpr of gomacro would forget at a panic which function was called.
	at = env.Run
	at.CurrEnv = env
	first, all := expr.AsXV(fast.COptKeepUntyped)(env)
	at.CurrEnv = nil
	if c.Values == 0 {
		return nil, nil
	}
	for i, r := range basereflect.PackValues(first, all) {
		values = append(values, withMethod(ir, basereflect.ValueInterface(r), expr.Out(i)))
	}
	return values[:min(c.Values, len(values))], nil
}

// loadProxies makes values of types that cells declare convertible to the interfaces of
// packages that the cells have not imported.
func loadProxies(ir *fast.Interp) {
	paths := append(symbols.Linked(), "container/heap", "fmt", "image", "io", "sort")
	for i, p := range paths {
		if len(imports.Packages[p].Proxies) > 0 {
			ir.ImportPackage(fast.PackageName(fmt.Sprintf("fate__%d", i)), p)
		}
	}
}

// calls returns the place of a panic in the cells and the calls that led to it.
func (e *gomacroEngine) calls(run *fast.Run, name string, c *cell.Cell, position func(token.Pos) token.Position) (out []string) {
	const most = 20
	e.mu.Lock() // a call that was given up may panic while the next cell runs
	defer e.mu.Unlock()
	for env := run.CurrEnv; env != nil && len(out) < most; env = env.Caller {
		at, p := env, token.Position{Filename: name, Line: c.Last}
		for ; env.Caller == nil && env.Outer != nil; env = env.Outer { // of the function
		}
		if at.IP < len(at.DebugPos) {
			p = position(at.DebugPos[at.IP])
		}
		if env.Caller == nil && p.Filename != name { // the last expression, which has no place of its own
			p = token.Position{Filename: name, Line: c.Last}
		}
		what := "the cell"
		for _, f := range e.funcs[p.Filename] {
			if f.From <= p.Line && p.Line <= f.To {
				what = f.Name
			}
		}
		where := fmt.Sprintf("line %d", p.Line)
		if p.Filename != name {
			where += " of " + strings.Replace(p.Filename, "-", " ", 1)
		}
		out = append(out, where+", in "+what)
	}
	return out
}

func (e *gomacroEngine) Complete(code string, cursor int) Completion {
	return e.session.Complete(code, cursor)
}

func (e *gomacroEngine) Inspect(code string, cursor int) map[string]any {
	return inspected(e.session.Inspect(code, cursor))
}

func inspected(text string) map[string]any {
	if text == "" {
		return nil
	}
	return map[string]any{"text/plain": text}
}

// checkError returns the error of [cell.Session.Check] as that of a cell.
func checkError(err error) *Error {
	var list cell.Errors
	if !errors.As(err, &list) {
		return &Error{Name: "compile error", Reason: err.Error()}
	}
	return &Error{Name: list.Kind(), Reason: list.Error(), Trace: list.Marked()}
}

// newSession returns the session of an engine: with the package display and the function
// Display.
func newSession(show func(any) error) *cell.Session {
	s := cell.NewSession("display")
	s.Declare("Display", show)
	return s
}
