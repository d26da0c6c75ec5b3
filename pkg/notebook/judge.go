package notebook

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"

	"github.com/features-are-fate/fate/pkg/symbols"
)

// Judge lists what an untrusted notebook names beyond computing and drawing (see
// [symbols.Untrusted]), each as "cell 3, line 2: os.Open". It goes by names alone, without
// types: a method is refused if it could be one that is not on the list.
func Judge(nb *Notebook) []string {
	j := &judge{allowed: symbols.Untrusted(), packages: map[string]map[string]bool{}, declared: map[string]bool{}, found: map[string]bool{}}
	var cells [][]chunk
	for i, c := range nb.Cells {
		var chunks []chunk
		if c.Kind == "code" {
			var err error
			if chunks, err = split(c.Source); err != nil {
				j.refuse(i, 0, "it is not Go: "+err.Error())
			}
		}
		cells = append(cells, chunks)
		for _, ch := range chunks {
			j.declare(i, ch)
		}
	}
	for i, chunks := range cells {
		for _, ch := range chunks {
			for _, n := range ch.nodes() {
				ast.Inspect(n, func(n ast.Node) bool { j.node(i, ch.line, n); return true })
			}
		}
	}
	return j.out
}

type judge struct {
	allowed  symbols.Allowed
	packages map[string]map[string]bool // import paths by the name that code gives them
	declared map[string]bool            // fields, methods, variables and functions of the notebook
	found    map[string]bool
	out      []string
}

func (j *judge) refuse(cell, line int, what string) {
	where := fmt.Sprintf("cell %d", cell+1)
	if line > 0 {
		where += fmt.Sprintf(", line %d", line)
	}
	if !j.found[what] {
		j.found[what] = true
		j.out = append(j.out, where+": "+what)
	}
}

// nodes are the parsed parts of a chunk.
func (c chunk) nodes() (out []ast.Node) {
	if c.decl != nil {
		out = append(out, c.decl)
	}
	for _, s := range c.stmt {
		out = append(out, s)
	}
	return out
}

// declare notes the imports and the declarations of a chunk.
func (j *judge) declare(cell int, c chunk) {
	paths, names := c.imports()
	for i, p := range paths {
		switch {
		case names[i] == "." || names[i] == "_":
			j.refuse(cell, c.line, fmt.Sprintf("import %s %q", names[i], p))
		case j.allowed.Members[p] == nil:
			j.refuse(cell, c.line, fmt.Sprintf("import %q", p))
		}
		if j.packages[names[i]] == nil {
			j.packages[names[i]] = map[string]bool{}
		}
		j.packages[names[i]][p] = true
	}
	note := func(ids ...*ast.Ident) {
		for _, id := range ids {
			j.declared[id.Name] = true
		}
	}
	for _, n := range c.nodes() {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.InterfaceType: // its methods may be those of any value
				return false
			case *ast.FuncDecl:
				note(n.Name)
			case *ast.TypeSpec:
				note(n.Name)
			case *ast.Field:
				note(n.Names...)
			case ast.Stmt:
				note(declares(n)...)
			}
			return true
		})
	}
}

// evaluators are functions of gomacro that run any code.
var evaluators = []string{"Eval", "EvalKeepUntyped", "EvalType", "Interp", "MacroExpand", "MacroExpand1", "MacroExpandCodeWalk", "Parse"}

func (j *judge) node(cell, line int, n ast.Node) {
	switch n := n.(type) {
	case *ast.UnaryExpr:
		if n.Op == token.TILDE {
			j.refuse(cell, line, "a macro (~)")
		}
	case *ast.Ident:
		if slices.Contains(evaluators, n.Name) && !j.declared[n.Name] {
			j.refuse(cell, line, n.Name)
		}
	case *ast.SelectorExpr:
		name := n.Sel.Name
		id, ok := n.X.(*ast.Ident)
		if ok && j.packages[id.Name] != nil {
			for _, p := range slices.Sorted(maps.Keys(j.packages[id.Name])) {
				if j.allowed.Members[p] != nil && !j.allowed.Members[p][name] {
					j.refuse(cell, line, id.Name+"."+name)
				}
			}
			if !j.declared[id.Name] {
				return
			}
		}
		if ok && id.Name == "display" && !j.declared["display"] { // of the engines; it shows
			return
		}
		// Also where a variable has the name of a package.
		if token.IsExported(name) && (j.allowed.Excluded[name] || !j.allowed.Names[name] && !j.declared[name]) {
			j.refuse(cell, line, "a method or field "+strconv.Quote(name))
		}
	}
}
