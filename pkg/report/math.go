package report

import (
	_ "embed"
	"fmt"
	"html"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// katex is KaTeX 0.16.22 (dist/katex.min.js of the npm package), which runs here and
// not in the reader's browser.
//
//go:embed katex/katex.min.js
var katex string

// typesetter converts LaTeX to MathML, which browsers render without a script.
type typesetter struct {
	vm   *goja.Runtime
	done map[string]string
}

func newTypesetter() (*typesetter, error) {
	vm := goja.New()
	_, err := vm.RunString(katex + `
function typeset(source, display) {
	return katex.renderToString(source, {output: "mathml", displayMode: display, trust: false, maxExpand: 500, maxSize: 50});
}`)
	if err != nil {
		return nil, fmt.Errorf("report: KaTeX: %w", err)
	}
	return &typesetter{vm, map[string]string{}}, nil
}

// patience is the time limit for one formula.
const patience = 5 * time.Second

// html returns the formula as MathML, or its source if KaTeX cannot parse it.
func (t *typesetter) html(source string, display bool) string {
	key := fmt.Sprint(display) + source
	out, ok := t.done[key]
	if !ok {
		out = t.typeset(source, display)
		t.done[key] = out
	}
	return out
}

func (t *typesetter) typeset(source string, display bool) string {
	timer := time.AfterFunc(patience, func() { t.vm.Interrupt("it takes too long") })
	defer t.vm.ClearInterrupt()
	defer timer.Stop()
	call, ok := goja.AssertFunction(t.vm.Get("typeset"))
	if ok {
		if v, err := call(goja.Undefined(), t.vm.ToValue(source), t.vm.ToValue(display)); err == nil {
			out := mathOnly.FindString(v.String())
			return letters.ReplaceAllStringFunc(annotation.ReplaceAllString(out, ""), unicodeLetter)
		}
	}
	return `<code class="unset">` + html.EscapeString(source) + `</code>`
}

var (
	mathOnly   = regexp.MustCompile(`(?s)<math.*</math>`)
	annotation = regexp.MustCompile(`(?s)</?semantics>|<annotation.*?</annotation>`)
	letters    = regexp.MustCompile(`<(m[ion]) mathvariant="(script|double-struck|bold|fraktur|sans-serif|monospace)">([^<]+)</m[ion]>`)
)

// alphabets are the first characters of the mathematical alphabets of Unicode: capital A,
// small a, and the digit 0 if there are digits.
var alphabets = map[string][3]rune{
	"script": {0x1D49C, 0x1D4B6, 0}, "double-struck": {0x1D538, 0x1D552, 0x1D7D8}, "bold": {0x1D400, 0x1D41A, 0x1D7CE},
	"fraktur": {0x1D504, 0x1D51E, 0}, "sans-serif": {0x1D5A0, 0x1D5BA, 0x1D7E2}, "monospace": {0x1D670, 0x1D68A, 0x1D7F6},
}

// holes are the letters that Unicode encodes outside the alphabets.
var holes = map[string]string{
	"scriptB": "ℬ", "scriptE": "ℰ", "scriptF": "ℱ", "scriptH": "ℋ", "scriptI": "ℐ", "scriptL": "ℒ", "scriptM": "ℳ", "scriptR": "ℛ",
	"scripte": "ℯ", "scriptg": "ℊ", "scripto": "ℴ", "frakturC": "ℭ", "frakturH": "ℌ", "frakturI": "ℑ", "frakturR": "ℜ", "frakturZ": "ℨ",
	"double-struckC": "ℂ", "double-struckH": "ℍ", "double-struckN": "ℕ", "double-struckP": "ℙ", "double-struckQ": "ℚ",
	"double-struckR": "ℝ", "double-struckZ": "ℤ",
}

// unicodeLetter replaces styled letters by the Unicode characters of their alphabet:
// browsers no longer support the attribute that KaTeX uses.
func unicodeLetter(element string) string {
	m := letters.FindStringSubmatch(element)
	first, out := alphabets[m[2]], ""
	for _, r := range m[3] {
		hole, ok := holes[m[2]+string(r)]
		switch {
		case ok:
			out += hole
		case r >= 'A' && r <= 'Z':
			out += string(first[0] + r - 'A')
		case r >= 'a' && r <= 'z':
			out += string(first[1] + r - 'a')
		case r >= '0' && r <= '9' && first[2] != 0:
			out += string(first[2] + r - '0')
		default:
			return element
		}
	}
	if m[1] == "mi" && utf8.RuneCountInString(out) == 1 {
		return `<mi mathvariant="normal">` + out + `</mi>`
	}
	return "<" + m[1] + ">" + out + "</" + m[1] + ">"
}
