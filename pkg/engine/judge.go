package engine

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// Judge lists the names in the code of an untrusted notebook that do more than compute and
// draw (see [symbols.Untrusted]), each in the form "cell 3, line 2: os.Open". It looks at
// names only, not at types: a method is refused unless its name is on the list, whatever
// its receiver.
func Judge(nb *ipynb.Notebook) []string {
	j := &judge{allowed: symbols.Untrusted(), packages: map[string]map[string]bool{}, declared: map[string]bool{}, found: map[string]bool{}}
	var cells [][]ipynb.Chunk
	for i, c := range nb.Cells {
		var chunks []ipynb.Chunk
		if c.Kind == "code" {
			var err error
			if chunks, err = ipynb.Split(c.Source); err != nil {
				j.refuse(i, 0, "it does not parse as Go: "+err.Error())
			}
		}
		cells = append(cells, chunks)
		for _, ch := range chunks {
			j.declare(i, ch)
		}
	}
	for i, chunks := range cells {
		for _, ch := range chunks {
			for _, n := range ch.Nodes() {
				ast.Inspect(n, func(n ast.Node) bool { j.node(i, ch.Line, n); return true })
			}
		}
	}
	return j.out
}

type judge struct {
	allowed  symbols.Allowed
	packages map[string]map[string]bool // import paths, keyed by the names under which they are imported
	declared map[string]bool            // names of fields, methods, types, variables and functions
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

// declare records the imports and the declarations of a chunk.
func (j *judge) declare(cell int, c ipynb.Chunk) {
	paths, names := c.Imports()
	for i, p := range paths {
		switch {
		case names[i] == "." || names[i] == "_":
			j.refuse(cell, c.Line, fmt.Sprintf("import %s %q", names[i], p))
		case j.allowed.Members[p] == nil:
			j.refuse(cell, c.Line, fmt.Sprintf("import %q", p))
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
	for _, n := range c.Nodes() {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.InterfaceType: // its methods may belong to any value
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

// evaluators are the functions of gomacro that evaluate strings.
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
		if ok && id.Name == "display" && !j.declared["display"] { // cells have it without an import
			if !j.allowed.Members[symbols.Display][name] {
				j.refuse(cell, line, "display."+name)
			}
			return
		}
		// This applies also if a variable has the name of a package.
		if token.IsExported(name) && (j.allowed.Excluded[name] || !j.allowed.Names[name] && !j.declared[name]) {
			j.refuse(cell, line, "a method or field "+strconv.Quote(name))
		}
	}
}
