package plotting

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A label is plain text with math between dollar signs, in a subset of LaTeX: letters
// (italic), Greek letters, sub- and superscripts, \mathrm, \mathcal and the symbols
// below. Unknown commands are errors.

// weight is the font face of a piece of a label.
type weight int

const (
	roman weight = iota
	italic
	symbol // the math font
)

// piece is a run of characters. dx is the space before it and rise its height above
// the baseline; both, and size, are in units of the label's font size.
type piece struct {
	text           string
	face           weight
	size, dx, rise float64
}

var greek = map[string]string{
	"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
	"zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
	"xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}

var symbols = map[string]string{
	"Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
	"infty": "∞", "pm": "±", "times": "×", "cdot": "·", "to": "→", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "propto": "∝",
	"|": "‖", "perp": "⊥", "sin": "sin", "cos": "cos", "log": "log", "exp": "exp",
	"%": "%", "$": "$", "{": "{", "}": "}", "_": "_",
}

const scriptSize, subDrop, superRise, relationSpace, thinSpace = 0.7, 0.22, 0.38, 0.24, 0.16

// parseLabel splits a label into pieces, which the fonts can write.
func parseLabel(s string) ([]piece, error) {
	out, err := parse(s)
	if err != nil {
		return nil, err
	}
	for _, p := range out {
		for _, r := range p.text {
			if _, _, ok := find(p.face, r); !ok {
				return nil, fmt.Errorf("plotting: label %q: the fonts of a figure lack %q", s, r)
			}
		}
	}
	return out, nil
}

// parse splits text with mathematics into pieces.
func parse(s string) ([]piece, error) {
	var out []piece
	for i, part := range strings.Split(strings.ReplaceAll(s, `\$`, "\x00"), "$") {
		part = strings.ReplaceAll(part, "\x00", `\$`)
		if i%2 == 0 {
			if part != "" {
				out = append(out, piece{text: strings.ReplaceAll(part, `\$`, "$"), size: 1})
			}
			continue
		}
		p := parser{src: part}
		if err := p.group(1, 0, false, 0); err != nil {
			return nil, fmt.Errorf("plotting: label %q: %w", s, err)
		}
		out = append(out, p.out...)
	}
	if strings.Count(strings.ReplaceAll(s, `\$`, ""), "$")%2 != 0 {
		return nil, fmt.Errorf("plotting: label %q: a $ is not closed", s)
	}
	return out, nil
}

type parser struct {
	src string
	out []piece
	gap float64 // space before the next piece
}

// maxNesting bounds the nesting of scripts.
const maxNesting = 4

// group parses to the closing brace, or to the end where closed is false.
func (p *parser) group(size, rise float64, closed bool, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("groups are nested more than %d deep", maxNesting)
	}
	var script struct { // the last script, if nothing stands after it
		kind  rune
		width float64
	}
	for first := true; p.src != ""; first = false {
		r, n := utf8.DecodeRuneInString(p.src)
		if r == '}' {
			if !closed {
				return fmt.Errorf("a } has no {")
			}
			p.src = p.src[n:]
			return nil
		}
		if r == '_' || r == '^' {
			p.src = p.src[n:]
			shift := -subDrop
			if r == '^' {
				shift = superRise
			}
			// A subscript and a superscript stand above one another.
			stacked := script.kind != 0 && script.kind != r
			space := p.gap // of a function such as sin stands after its scripts
			p.gap = 0
			if stacked {
				p.gap = -script.width
			}
			from := len(p.out)
			if err := p.argument(size*scriptSize, rise+shift*size, depth); err != nil {
				return err
			}
			width := widthOf(p.out[from:])
			if stacked {
				width += script.width // the gap before the pieces is part of their width
				p.gap += max(0, script.width-width) + space
				script.kind = 0
				continue
			}
			p.gap += space
			script.kind, script.width = r, width
			continue
		}
		script.kind = 0
		if err := p.atom(size, rise, first, depth); err != nil {
			return err
		}
	}
	if closed {
		return fmt.Errorf("a { is not closed")
	}
	return nil
}

// widthOf returns the width of pieces in units of the label's font size.
func widthOf(all []piece) (w float64) {
	for _, p := range all {
		w += p.dx
		for _, r := range p.text {
			_, advance := glyph(p.face, r)
			w += advance * p.size
		}
	}
	return w
}

// argument parses one atom or a group in braces.
func (p *parser) argument(size, rise float64, depth int) error {
	switch {
	case p.src == "":
		return fmt.Errorf("an index or argument is missing at the end")
	case p.src[0] == '{':
		p.src = p.src[1:]
		return p.group(size, rise, true, depth+1)
	case p.src[0] == '}' || p.src[0] == '_' || p.src[0] == '^':
		return fmt.Errorf("an index or argument is missing before %q", p.src[0])
	}
	return p.atom(size, rise, true, depth)
}

// atom parses one character, command or group.
func (p *parser) atom(size, rise float64, first bool, depth int) error {
	r, n := utf8.DecodeRuneInString(p.src)
	rest := p.src[n:]
	switch {
	case r == '{':
		p.src = rest
		return p.group(size, rise, true, depth+1)
	case r == '\\':
		return p.command(size, rise, depth)
	case unicode.IsSpace(r):
	case unicode.IsLetter(r):
		p.add(string(r), italic, size, rise, 0)
	case strings.ContainsRune("=<>≤≥≈≠→", r):
		p.add(string(r), roman, size, rise, relationSpace)
	case r == '-' || r == '−':
		space := relationSpace * 0.8
		if first { // a sign, not a difference
			space = 0
		}
		p.add("−", roman, size, rise, space)
	case r == '+' || r == '±' || r == '×':
		space := relationSpace * 0.8
		if first {
			space = 0
		}
		p.add(string(r), roman, size, rise, space)
	default:
		p.add(string(r), roman, size, rise, 0)
	}
	p.src = rest
	return nil
}

// command parses a backslash and the command after it.
func (p *parser) command(size, rise float64, depth int) error {
	n := 1
	for n < len(p.src) && (p.src[n] >= 'a' && p.src[n] <= 'z' || p.src[n] >= 'A' && p.src[n] <= 'Z') {
		n++
	}
	if n == 1 && len(p.src) > 1 { // a single character that is not a letter, as in \,
		_, w := utf8.DecodeRuneInString(p.src[1:])
		n += w
	}
	name := p.src[1:n]
	p.src = p.src[n:]
	switch {
	case name == ",":
		p.gap += thinSpace * size
	case name == "mathrm" || name == "text" || name == "mathcal":
		arg, err := p.braces()
		if err != nil {
			return fmt.Errorf(`\%s: %w`, name, err)
		}
		if name != "mathcal" {
			p.add(arg, roman, size, rise, 0)
			return nil
		}
		for _, r := range arg {
			if r < 'A' || r > 'Z' {
				return fmt.Errorf(`\mathcal takes capital letters, not %q`, r)
			}
			p.add(string(r), symbol, size, rise, 0) // script capitals are the letters of this font
		}
	case greek[name] != "":
		p.add(greek[name], italic, size, rise, 0)
	case symbols[name] != "":
		space := 0.0
		switch name {
		case "le", "ge", "ne", "approx", "to", "propto":
			space = relationSpace
		case "sin", "cos", "log", "exp":
			p.add(symbols[name], roman, size, rise, 0)
			p.gap = thinSpace * size
			return nil
		}
		p.add(symbols[name], roman, size, rise, space)
	default:
		return fmt.Errorf(`\%s is not supported`, name)
	}
	return nil
}

// braces returns the plain text of a group.
func (p *parser) braces() (string, error) {
	end := strings.IndexByte(p.src, '}')
	if p.src == "" || p.src[0] != '{' || end < 0 {
		return "", fmt.Errorf("needs {…} after it")
	}
	arg := p.src[1:end]
	if strings.ContainsAny(arg, `\{_^`) {
		return "", fmt.Errorf("takes plain text, not %q", arg)
	}
	p.src = p.src[end+1:]
	return arg, nil
}

func (p *parser) add(text string, face weight, size, rise, space float64) {
	p.out = append(p.out, piece{text: text, face: face, size: size, dx: p.gap + space*size, rise: rise})
	p.gap = space * size
}
