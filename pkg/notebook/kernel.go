package notebook

import (
	"reflect"
	"strings"
	"sync"
	"unicode"

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
type KernelCells struct {
	engine gomacroEngine
	file   kernelFile
}

// NewKernelCells returns the cells of an interpreter.
func NewKernelCells(ir *fast.Interp) *KernelCells {
	plainGo(ir)
	useCache()
	return &KernelCells{engine: gomacroEngine{ir}}
}

// Eval runs a cell and returns what to show of its last expression. Its result
// is the Data of gophernotes. id is that of the cell, where the front end tells it.
func (k *KernelCells) Eval(id, code string) (struct{ Data, Metadata, Transient map[string]interface{} }, error) {
	k.file.begin(id, code)
	d, err := shownBy(&k.engine, code)
	if err != nil {
		return display{}, &CellError{Name: errorName(err), Reason: firstLine(err.Error())}
	}
	return d, nil
}

// Interrupt stops the experiment that is running, which then returns what it has
// to the cell, or else the interpreted code.
func (k *KernelCells) Interrupt() {
	if !experiment.Interrupt() {
		k.engine.interrupt()
	}
}

// KernelShow is what Display shows of a value.
func KernelShow(v any) (struct{ Data, Metadata, Transient map[string]interface{} }, error) {
	if err := failure([]any{v}); err != nil {
		return display{}, err
	}
	return render([]any{v}), nil
}

// Complete returns the names that continue the one before the cursor, and where
// that begins, both counted in characters.
func (k *KernelCells) Complete(code string, cursor int) (start int, matches []string) {
	all := []rune(code)
	cursor = max(0, min(cursor, len(all)))
	before := string(all[:cursor])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	_, matches, _ = k.engine.ir.CompleteWords(line, len(line))
	if matches == nil {
		matches = []string{} // null is not a list
	}
	start = cursor
	for start > 0 && (all[start-1] == '_' || unicode.IsLetter(all[start-1]) || unicode.IsDigit(all[start-1])) {
		start--
	}
	return start, matches
}

// Inspect returns the declaration and documentation of the name at the cursor
// (in characters), by MIME type; nothing if the name is unknown.
func (k *KernelCells) Inspect(code string, cursor int) map[string]interface{} {
	name := nameAt([]rune(code), cursor)
	text, ok := symbols.Doc(name)
	if !ok {
		text, ok = k.describe(name)
	}
	if name == "" || !ok {
		return nil
	}
	return map[string]interface{}{"text/plain": text}
}

// describe documents a variable of the cells, or a method or field of one.
func (k *KernelCells) describe(name string) (text string, ok bool) {
	if i := strings.LastIndex(name, "."); i >= 0 {
		if t := k.typeOf(name[:i]); t != nil {
			if text, ok = symbols.TypeDoc(t.PkgPath(), t.Name()+name[i:]); ok {
				return text, true
			}
			return symbols.TypeDoc(t.PkgPath(), t.Name()) // a field: the struct names it
		}
		return "", false
	}
	t := k.typeOf(name)
	if t == nil {
		return "", false
	}
	text = name + " is a " + t.String()
	if about, ok := symbols.TypeDoc(t.PkgPath(), t.Name()); ok {
		text += "\n\n" + about
	}
	return text, true
}

// typeOf returns the type of a name, without the pointer, or nil. The name is
// compiled and not run.
func (k *KernelCells) typeOf(name string) (t reflect.Type) {
	defer func() {
		if recover() != nil {
			t = nil // it does not compile
		}
	}()
	e := k.engine.ir.Compile(name)
	if e == nil || e.Type == nil {
		return nil
	}
	if t = e.Type.ReflectType(); t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
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
