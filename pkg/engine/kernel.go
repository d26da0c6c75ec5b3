package engine

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/cosmos72/gomacro/fast"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// Kernel runs cells in the interpreter of the gophernotes kernel as the engine Gomacro
// does, and completes and documents the names in them.
type Kernel struct{ gomacroEngine }

// NewKernel returns the kernel with an interpreter, whose experiments keep their trials
// in [CacheDir].
func NewKernel(ir *fast.Interp) *Kernel {
	plainGo(ir)
	symbols.RegisterDisplay()
	UseCache()
	return &Kernel{gomacroEngine{ir}}
}

// Interrupt stops the running experiment, which then returns its results so far to the
// cell. If none is running, it stops the interpreted code.
func (k *Kernel) Interrupt() {
	if !session.Interrupt() {
		k.gomacroEngine.Interrupt()
	}
}

func (k *gomacroEngine) Complete(code string, cursor int) Completion {
	all := []rune(code)
	cursor = max(0, min(cursor, len(all)))
	before := string(all[:cursor])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	_, matches, _ := k.ir.CompleteWords(line, len(line))
	start := cursor
	for start > 0 && (all[start-1] == '_' || unicode.IsLetter(all[start-1]) || unicode.IsDigit(all[start-1])) {
		start--
	}
	c := Completion{Start: start, End: cursor}
	for _, m := range matches {
		c.Matches = append(c.Matches, Match{Text: m})
	}
	return c
}

// Inspect returns the declaration and the documentation of the name at the cursor, whose
// position counts characters, keyed by MIME type; nil if the name is unknown.
func (k *gomacroEngine) Inspect(code string, cursor int) map[string]interface{} {
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

// describe returns the documentation of a variable of the cells, or of a method or field
// of one.
func (k *gomacroEngine) describe(name string) (text string, ok bool) {
	if i := strings.LastIndex(name, "."); i >= 0 {
		if t := k.typeOf(name[:i]); t != nil {
			if text, ok = symbols.TypeDoc(t.PkgPath(), t.Name()+name[i:]); ok {
				return text, true
			}
			return symbols.TypeDoc(t.PkgPath(), t.Name()) // a field is documented with its struct
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

// typeOf returns the type of an expression, or the element type if it is a pointer type,
// or nil. The expression is compiled but not evaluated.
func (k *gomacroEngine) typeOf(name string) (t reflect.Type) {
	defer func() {
		if recover() != nil {
			t = nil // it does not compile
		}
	}()
	e := k.ir.Compile(name)
	if e == nil || e.Type == nil {
		return nil
	}
	if t = e.Type.ReflectType(); t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// nameAt returns the qualified name at the cursor or before it.
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
