package ipynb

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg"
)

// named is a package-level name of a package, by its import path.
type named struct{ path, name string }

// mentioned collects the names of packages of this module in a node; imports holds the
// import paths by the name of the package.
func mentioned(n ast.Node, imports map[string]string, into map[named]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
				into[named{imports[x.Name], s.Sel.Name}] = true
			}
		}
		return true
	})
}

// ours adds the packages of this module that an import declaration imports.
func ours(d ast.Decl, imports map[string]string) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.IMPORT {
		return
	}
	for _, spec := range g.Specs {
		s := spec.(*ast.ImportSpec)
		p, _ := strconv.Unquote(s.Path.Value)
		if !strings.HasPrefix(p, pkg.Module+"/") {
			continue
		}
		name := path.Base(p)
		if s.Name != nil {
			name = s.Name.Name
		}
		imports[name] = p
	}
}

// usedInNotebooks returns the names that the code cells of the committed notebooks use, with
// a notebook of each.
func usedInNotebooks(t *testing.T) map[named]string {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d notebooks: %v", len(files), err)
	}
	out := map[named]string{}
	for _, file := range files {
		nb, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		imports, names := map[string]string{}, map[named]bool{}
		for _, c := range nb.Cells {
			if c.Kind != "code" {
				continue
			}
			chunks, err := Split(c.Source)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, chunk := range chunks {
				if chunk.Decl != nil {
					ours(chunk.Decl, imports)
				}
				for _, n := range chunk.Nodes() {
					mentioned(n, imports, names)
				}
			}
		}
		for n := range names {
			out[n] = filepath.Base(file)
		}
	}
	return out
}

// inExamples returns the names of a package that its examples mention: in their own names,
// as in ExampleTable_Along, or in their code.
func inExamples(t *testing.T, importPath string) map[named]bool {
	files, err := filepath.Glob(filepath.Join("../..", strings.TrimPrefix(importPath, pkg.Module+"/"), "example*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[named]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		imports := map[string]string{}
		for _, d := range f.Decls {
			ours(d, imports)
		}
		for _, e := range doc.Examples(f) {
			if e.Output == "" {
				t.Errorf("%s: Example%s has no output: it is compiled, but not run", file, e.Name)
			}
			name, _, _ := strings.Cut(e.Name, "_")
			out[named{importPath, name}] = true
			mentioned(e.Code, imports, out)
		}
	}
	return out
}

// Every name that a committed notebook uses is in an example of its package.
func TestNotebooksUseWhatExamplesShow(t *testing.T) {
	used := usedInNotebooks(t)
	if len(used) < 100 {
		t.Fatalf("the notebooks use %d names", len(used))
	}
	shown := map[string]map[named]bool{}
	for _, n := range slices.SortedFunc(maps.Keys(used), func(a, b named) int { return strings.Compare(a.path+"."+a.name, b.path+"."+b.name) }) {
		if shown[n.path] == nil {
			shown[n.path] = inExamples(t, n.path)
		}
		if !shown[n.path][n] {
			t.Errorf("%s.%s, used in %s, is in no example of its package", n.path, n.name, used[n])
		}
	}
}
