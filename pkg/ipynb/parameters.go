package ipynb

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg/suggest"
)

// SetParameters changes values in the cell tagged "parameters", whose lines assign
// literal numbers, strings or booleans (d := 500). values maps the name of a parameter
// to its new value; the quotes of a string may be left out. It is an error if the cell
// does not assign a name, or if a value is not of the kind of the old one. A value is
// never evaluated as code.
func SetParameters(nb *Notebook, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	for i := range nb.Cells {
		if nb.Cells[i].Kind == "code" && nb.Cells[i].Tagged("parameters") {
			source, err := setParameters(nb.Cells[i].Source, values)
			if err != nil {
				return err
			}
			nb.Cells[i].Source = source
			return nil
		}
	}
	return fmt.Errorf("the notebook has no cell tagged %q", "parameters")
}

func setParameters(source string, values map[string]string) (string, error) {
	var names []string
	seen := map[string]bool{}
	out, err := rewrite(source, func(name, old string) (string, error) {
		names = append(names, name)
		text, ok := values[name]
		if !ok {
			return old, nil
		}
		seen[name] = true
		literal, err := literalLike(old, text)
		if err != nil {
			return "", fmt.Errorf("parameter %s: %w", name, err)
		}
		return literal, nil
	})
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !seen[name] {
			return "", fmt.Errorf("no parameter %q; there are %s%s", name, strings.Join(names, ", "), suggest.Mean(name, names))
		}
	}
	return out, nil
}

// rewrite replaces the value of every assignment of a literal by what change returns.
func rewrite(source string, change func(name, old string) (string, error)) (string, error) {
	chunks, err := Split(source)
	if err != nil {
		return "", fmt.Errorf("parameters cell: %w", err)
	}
	var out strings.Builder
	rest := source
	for _, c := range chunks {
		name, value := assignment(c, token.DEFINE)
		if name == nil {
			continue
		}
		from, to := c.Range(value)
		text, err := change(name.Name, c.Source[from:to])
		if err != nil {
			return "", err
		}
		at := strings.Index(rest, c.Source)
		out.WriteString(rest[:at] + c.Source[:from] + text + c.Source[to:])
		rest = rest[at+len(c.Source):]
	}
	return out.String() + rest, nil
}

// assignment returns the two sides of a statement `name := value` or `name = value`, or nil.
func assignment(c Chunk, tok token.Token) (*ast.Ident, ast.Expr) {
	if len(c.Stmts) != 1 {
		return nil, nil
	}
	a, ok := c.Stmts[0].(*ast.AssignStmt)
	if !ok || a.Tok != tok || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
		return nil, nil
	}
	name, _ := a.Lhs[0].(*ast.Ident)
	return name, a.Rhs[0]
}

// injected returns the parameters after a cell of papermill, which assigns other values to
// some of them (seed = 3); ok is false for other cells.
func injected(source string, parameters map[string]string) (out map[string]string, ok bool) {
	chunks, err := Split(source)
	if err != nil || !strings.HasPrefix(source, "// Parameters\n") {
		return nil, false
	}
	out = maps.Clone(parameters)
	for _, c := range chunks {
		name, value := assignment(c, token.ASSIGN)
		if name == nil {
			return nil, false
		}
		if _, known := out[name.Name]; !known {
			return nil, false // a list, say, which is code
		}
		from, to := c.Range(value)
		out[name.Name] = plain(c.Source[from:to])
	}
	return out, true
}

// plain returns a literal in the form that SetParameters takes.
func plain(literal string) string {
	if s, err := strconv.Unquote(literal); err == nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(literal, "uint64("), ")")
}

// values returns the parameters that a cell assigns, in the form that SetParameters takes,
// and the source of the cell with each of these values replaced by _. Values that
// are not literal numbers, strings or booleans stay in the source.
func values(source string) (map[string]string, string) {
	out := map[string]string{}
	blank, err := rewrite(source, func(name, old string) (string, error) {
		text := plain(old)
		if _, err := literalLike(old, text); err != nil {
			return old, nil
		}
		out[name] = text
		return "_", nil
	})
	if err != nil {
		return nil, source // running the cell reports it
	}
	return out, blank
}

// literalLike returns text as a literal of the same kind as old.
func literalLike(old, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case old == "true" || old == "false":
		if _, err := strconv.ParseBool(text); err != nil {
			return "", fmt.Errorf("%q is not true or false", text)
		}
		return text, nil
	case strings.HasPrefix(old, `"`) || strings.HasPrefix(old, "`"):
		if s, err := strconv.Unquote(text); err == nil {
			text = s
		}
		return strconv.Quote(text), nil
	}
	number, unsigned := strings.CutPrefix(old, "uint64(")
	number = strings.TrimSuffix(number, ")")
	if _, err := strconv.ParseInt(number, 0, 64); err == nil {
		if _, err := strconv.ParseInt(text, 0, 64); err != nil {
			return "", fmt.Errorf("%q is not an integer", text)
		}
		if unsigned {
			return "uint64(" + text + ")", nil
		}
		return text, nil
	}
	if _, err := strconv.ParseFloat(old, 64); err != nil {
		return "", fmt.Errorf("its value %s is not a literal number, string or boolean: change the cell by hand", old)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", fmt.Errorf("%q is not a finite number", text)
	}
	if !strings.ContainsAny(text, ".eE") {
		text += ".0" // keeps the type float64
	}
	return text, nil
}

// Parameters returns the names that the parameters cell assigns.
func Parameters(nb *Notebook) []string {
	var out []string
	for _, c := range nb.Cells {
		if c.Kind != "code" || !c.Tagged("parameters") {
			continue
		}
		chunks, err := Split(c.Source)
		if err != nil {
			return nil // running the cell reports it
		}
		for _, ch := range chunks {
			if name, _ := assignment(ch, token.DEFINE); name != nil {
				out = append(out, name.Name)
			}
		}
		break
	}
	return out
}
