package notebook

import (
	"strings"
	"sync"

	"github.com/cosmos72/gomacro/base"
	"github.com/cosmos72/gomacro/fast"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// This file is what the gophernotes kernel calls, so that a cell means the same
// there and in the headless engine.

// ProgressID begins the display id of a progress line, which is not an output
// to keep.
const ProgressID = "fate-progress-"

var registerOnce sync.Once

// LinkPackages makes the linked packages importable in every gomacro interpreter
// of this process. It is called before the first is made.
func LinkPackages() { registerOnce.Do(symbols.RegisterGomacro) }

// KernelCells runs cells in the interpreter of a kernel.
type KernelCells struct{ engine gomacroEngine }

// NewKernelCells returns the cells of an interpreter.
func NewKernelCells(ir *fast.Interp) *KernelCells {
	ir.Comp.Options &^= base.OptShowPrompt | base.OptTrapPanic
	return &KernelCells{gomacroEngine{ir}}
}

// Eval runs a cell and returns what to show of its last expression. Its result
// is the Data of gophernotes.
func (k *KernelCells) Eval(code string) (struct{ Data, Metadata, Transient map[string]interface{} }, error) {
	values, err := k.engine.eval(code)
	if err == nil {
		err = failure(values)
	}
	if err != nil {
		return display{}, &CellError{Name: errorName(err), Reason: firstLine(err.Error())}
	}
	return render(values), nil
}

// Interrupt stops the interpreted code and the experiments that are running.
func (k *KernelCells) Interrupt() {
	k.engine.interrupt()
	experiment.Interrupt()
}

// KernelShow is what Display shows of a value.
func KernelShow(v any) (struct{ Data, Metadata, Transient map[string]interface{} }, error) {
	if err := failure([]any{v}); err != nil {
		return display{}, err
	}
	return render([]any{v}), nil
}

// Inspect returns the signature of the name at the cursor (in characters), by
// MIME type; nothing if the name is unknown.
func (k *KernelCells) Inspect(code string, cursor int) map[string]interface{} {
	name := nameAt([]rune(code), cursor)
	if name == "" {
		return nil
	}
	var text string
	func() {
		defer func() { _ = recover() }() // a name that does not compile has no signature
		e := k.engine.ir.Compile(name)
		if e != nil && e.Type != nil {
			text = name + " " + e.Type.String()
		}
	}()
	if text == "" {
		return nil
	}
	return map[string]interface{}{"text/plain": text}
}

// nameAt returns the qualified name around or left of the cursor.
func nameAt(code []rune, cursor int) string {
	part := func(r rune) bool {
		return r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	cursor = max(0, min(cursor, len(code)))
	if cursor > 0 && (cursor == len(code) || !part(code[cursor])) && code[cursor-1] == '(' {
		cursor--
	}
	first, last := cursor, cursor
	for first > 0 && part(code[first-1]) {
		first--
	}
	for last < len(code) && part(code[last]) && code[last] != '.' {
		last++
	}
	return strings.Trim(string(code[first:last]), ".")
}
