package pkg

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// Comments and formatting are no code; an operator, a constant and a directive are.
func TestCode(t *testing.T) {
	code := func(src string) string {
		var b bytes.Buffer
		writeCode(&b, []byte(src))
		return b.String()
	}
	const src = "package a\n\nfunc f(x int) int { return g(x, 2) + 1 }\n"
	for _, same := range []string{
		"// Package a.\npackage a\n\n// f adds.\nfunc f(x int) int {\n\treturn g(\n\t\tx,\n\t\t2, // two\n\t) + 1\n}\n",
		"package a; func f(x int) int { /* so */ return g(x,2)+1 }",
	} {
		if code(same) != code(src) {
			t.Errorf("%q is not %q", code(same), code(src))
		}
	}
	for _, other := range []string{
		"package a\n\nfunc f(x int) int { return g(x, 2) - 1 }\n",
		"package a\n\nfunc f(x int) int { return g(x, 3) + 1 }\n",
		"package a\n\nfunc f(x int) int { return g(x + 2) + 1 }\n",
		"//go:build linux\npackage a\n\nfunc f(x int) int { return g(x, 2) + 1 }\n",
	} {
		if code(other) == code(src) {
			t.Errorf("%q is the same code", other)
		}
	}
}

// What makes trials uses of the files that are left out of the hash only what bounds its
// input, keeps a trial, or reports: none of these makes a number of a trial.
func TestLeftOutFilesMakeNoNumbers(t *testing.T) {
	presents := strings.Fields("Kind kind checkAlpha checkMatrix checkPace checkTrials finiteStep maxAlpha maxEntries maxNeurons maxWorkers " +
		"Table Cell means failed cost Series Plane curve origin")
	declared, files := map[string]string{}, map[string]*ast.File{}
	paths, err := fs.Glob(source, "*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		b, err := source.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if files[path], err = parser.ParseFile(token.NewFileSet(), path, b, 0); err != nil {
			t.Fatal(err)
		}
		if !presenting[path] {
			continue
		}
		in, _, _ := strings.Cut(path, "/") // the package
		for _, d := range files[path].Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					declared[in+"."+d.Name.Name] = path
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						declared[in+"."+s.Name.Name] = path
					case *ast.ValueSpec:
						for _, n := range s.Names {
							declared[in+"."+n.Name] = path
						}
					}
				}
			}
		}
	}
	for path := range presenting {
		if files[path] == nil {
			t.Errorf("%s is left out of the hash and not there", path)
		}
	}
	for path, f := range files {
		if presenting[path] || strings.HasSuffix(path, "_test.go") {
			continue
		}
		in, _, _ := strings.Cut(path, "/")
		members := map[*ast.Ident]bool{} // of something else, by the same name
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				members[n.Sel] = true
			case *ast.FuncDecl:
				members[n.Name] = n.Recv != nil
			case *ast.Ident:
				if from := declared[in+"."+n.Name]; from != "" && !members[n] && !slices.Contains(presents, n.Name) {
					t.Errorf("%s uses %s of %s, which is left out of the hash", path, n.Name, from)
				}
			}
			return true
		})
	}
}

func BenchmarkSource(b *testing.B) {
	for b.Loop() {
		if len(hash()) != 16 {
			b.Fatal("no hash")
		}
	}
}
