package engine

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/cosmos72/gomacro/base"
	"github.com/cosmos72/gomacro/gls"
)

// started is a cell that a gomacro engine runs or ran; nil for yaegi, where a goroutine that
// panics ends the process.
type started struct {
	engine *gomacroEngine
	ended  chan struct{}
	number int // see [Number]
}

var lastCell atomic.Pointer[started]

// outputs tells goroutines that cells have started where to print.
var outputs struct {
	sync.Mutex
	number int
	late   func(number int, text string)
	cells  map[uintptr]*started // of the goroutines that run
	some   atomic.Bool          // there are any
}

// Number gives the cell that runs next a number, with which late receives what its
// goroutines print while a later cell runs.
func Number(number int, late func(number int, text string)) {
	outputs.Lock()
	defer outputs.Unlock()
	outputs.number, outputs.late = number, late
}

func newStarted(e *gomacroEngine, ended chan struct{}) *started {
	outputs.Lock()
	defer outputs.Unlock()
	return &started{e, ended, outputs.number}
}

// begin makes the goroutine that calls it one of the cell, until the function that it
// returns is called. A goroutine of a goroutine belongs to the same cell.
func begin(s *started) func() {
	id := gls.GoID()
	outputs.Lock()
	defer outputs.Unlock()
	if outputs.cells == nil {
		outputs.cells = map[uintptr]*started{}
	}
	outputs.cells[id] = s
	outputs.some.Store(true)
	return func() {
		outputs.Lock()
		defer outputs.Unlock()
		delete(outputs.cells, id)
		outputs.some.Store(len(outputs.cells) > 0)
	}
}

// cellOfGoroutine returns the cell to which the goroutine that calls it belongs.
func cellOfGoroutine() *started {
	if outputs.some.Load() {
		outputs.Lock()
		defer outputs.Unlock()
		if s := outputs.cells[gls.GoID()]; s != nil {
			return s
		}
	}
	return lastCell.Load()
}

// panicked ends the cell of a goroutine with its panic, or prints that if the cell has
// ended.
func (s *started) panicked(p any) {
	switch {
	case s == nil:
		panic(p)
	case p == base.SigInterrupt:
	case !s.engine.fail(s.ended, &Error{Name: "panic", Reason: "in a goroutine: " + firstLine(fmt.Sprint(p))}):
		fmt.Fprintf(s.output(os.Stderr), "panic in a goroutine: %v\n", p)
	}
}

// output returns where a goroutine of the cell prints.
func (s *started) output(now io.Writer) io.Writer {
	outputs.Lock()
	defer outputs.Unlock()
	if s == nil || outputs.late == nil || s.number == outputs.number {
		return now
	}
	return lateText{s.number, outputs.late}
}

type lateText struct {
	number int
	late   func(int, string)
}

func (l lateText) Write(p []byte) (int, error) {
	l.late(l.number, string(p))
	return len(p), nil
}

// printing are the functions of package fmt that print, for goroutines of cells.
var printing = map[string]reflect.Value{
	"Print":   reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprint(stdout(), a...) }),
	"Println": reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprintln(stdout(), a...) }),
	"Printf":  reflect.ValueOf(func(format string, a ...any) (int, error) { return fmt.Fprintf(stdout(), format, a...) }),
}

func stdout() io.Writer {
	if !outputs.some.Load() {
		return os.Stdout
	}
	return cellOfGoroutine().output(os.Stdout)
}
