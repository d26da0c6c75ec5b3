package cell

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// Completion is what may replace the characters from Start to End of a cell.
type Completion struct {
	Start, End int
	Matches    []Match
}

// Match is one completion: its text and what it is, such as "field" or "function".
type Match struct{ Text, Kind string }

// cursorMark follows the name at the cursor when an unfinished cell is parsed.
const cursorMark = "cursor__"

// Complete returns what may stand at the cursor, which counts characters. In each list
// what has the type that is wanted there comes first.
func (s *Session) Complete(code string, cursor int) Completion {
	at := byteOffset(code, cursor)
	start := at
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:start])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		start -= n
	}
	out := Completion{Start: utf8.RuneCountInString(code[:start]), End: utf8.RuneCountInString(code[:at])}
	if from, paths, ok := importPaths(code, at); ok {
		out.Start = utf8.RuneCountInString(code[:from])
		out.Matches = paths
		return out
	}
	if inText(code, at) {
		return out
	}
	prefix := code[start:at]
	s.mu.Lock()
	defer s.mu.Unlock()
	k, id := s.understand(code, start, at)
	if k == nil {
		return out
	}
	c := k.context(id)
	for _, o := range c.objects {
		if !strings.HasPrefix(strings.ToLower(o.Name()), strings.ToLower(prefix)) || strings.Contains(o.Name(), "__") || strings.Contains(o.Name(), plainMark) {
			continue
		}
		out.Matches = append(out.Matches, Match{c.before[o] + o.Name(), kindOf(o)})
	}
	if c.free && prefix != "" {
		for t := token.BREAK; t <= token.VAR; t++ {
			if strings.HasPrefix(t.String(), prefix) {
				out.Matches = append(out.Matches, Match{t.String(), "keyword"})
			}
		}
	}
	return out
}

func byteOffset(code string, cursor int) int {
	for i := range code {
		if cursor == 0 {
			return i
		}
		cursor--
	}
	return len(code)
}

// understand parses and checks an unfinished cell, with a mark behind the name at the
// cursor, and returns the marked name.
func (s *Session) understand(code string, start, at int) (*checker, *ast.Ident) {
	before, after := code[:at]+cursorMark, code[at:]
	line, _, _ := strings.Cut(after, "\n")
	whole := code[start:at] + cursorMark
	for _, src := range []string{before + after, before + "," + after, before + closing(before) + after, before + closing(before), before + line + closing(before+line)} {
		chunks, err := ipynb.Split(src)
		if err != nil {
			continue
		}
		k := s.checker(src)
		k.check(chunks)
		for _, p := range k.parts {
			var found *ast.Ident
			if p.file != nil {
				ast.Inspect(p.file, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && id.Name == whole {
						found = id
					}
					return true
				})
			}
			if found != nil {
				return k, found
			}
		}
	}
	return nil, nil
}

// closing returns the brackets that close those open at the end of src.
func closing(src string) string {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(src)), []byte(src), nil, 0)
	var open []string
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			slices.Reverse(open)
			return strings.Join(open, "")
		case token.LPAREN:
			open = append(open, ")")
		case token.LBRACK:
			open = append(open, "]")
		case token.LBRACE:
			open = append(open, "}")
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
}

// inText reports whether the end of code[:at] stands in a string or a comment.
func inText(code string, at int) bool {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(code))
	s.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		from := file.Offset(pos)
		switch {
		case tok == token.EOF || from >= at:
			return false
		case tok == token.STRING || tok == token.CHAR:
			if at < from+len(lit) {
				return true
			}
		case tok == token.COMMENT:
			if at <= from+len(lit) {
				return true
			}
		}
	}
}

// importPaths returns the packages whose path begins with the text of an import before
// the cursor, and where that text starts.
func importPaths(code string, at int) (from int, out []Match, ok bool) {
	line := code[strings.LastIndexByte(code[:at], '\n')+1 : at]
	quote := strings.LastIndexByte(line, '"')
	if quote < 0 || strings.Count(line, `"`)%2 == 0 {
		return 0, nil, false
	}
	lead := strings.TrimSpace(line[:quote])
	block := strings.LastIndex(code[:at], "import (")
	inBlock := block >= 0 && !strings.Contains(code[block:at], ")")
	if !strings.HasPrefix(lead, "import") && !inBlock {
		return 0, nil, false
	}
	prefix := line[quote+1:]
	for _, path := range slices.Sorted(maps.Keys(imports.Packages)) {
		if strings.HasPrefix(path, prefix) && path != Support && !strings.HasPrefix(path, "github.com/cosmos72") {
			out = append(out, Match{path, "module"})
		}
	}
	// A part of a path finds the packages too.
	if len(out) == 0 && prefix != "" {
		for _, path := range slices.Sorted(maps.Keys(imports.Packages)) {
			if strings.Contains(path, prefix) && !strings.HasPrefix(path, "github.com/cosmos72") {
				out = append(out, Match{path, "module"})
			}
		}
	}
	return at - len(prefix), out, true
}
