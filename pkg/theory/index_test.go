package theory

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// declared returns the exported names of a package below pkg, methods as Type.Method, and
// for the variables that are made of a Result the string that is its name.
func declared(t *testing.T, pkg string) (names map[string]bool, results map[string]string) {
	t.Helper()
	names, results = map[string]bool{}, map[string]string{}
	files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("package %s: %v, %v", pkg, files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					of := d.Recv.List[0].Type
					if p, ok := of.(*ast.StarExpr); ok {
						of = p.X
					}
					name = fmt.Sprint(of) + "." + name
				}
				names[name] = d.Name.IsExported()
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = s.Name.IsExported()
					case *ast.ValueSpec:
						for i, id := range s.Names {
							names[id.Name] = id.IsExported()
							if d.Tok == token.VAR && id.IsExported() && i < len(s.Values) {
								if name := resultName(s.Values[i]); name != "" {
									results[id.Name] = name
								}
							}
						}
					}
				}
			}
		}
	}
	return names, results
}

// resultName is the Name in the composite literal of a Result.
func resultName(value ast.Expr) (name string) {
	ast.Inspect(value, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok && name == "" && fmt.Sprint(kv.Key) == "Name" {
			name = strings.Trim(kv.Value.(*ast.BasicLit).Value, `"`)
		}
		return true
	})
	return name
}

// Every name in the index is one of the code, every result of the code is in it, and so
// is every notebook that reproduces one.
func TestIndexIsComplete(t *testing.T) {
	packages := map[string]map[string]bool{}
	var results map[string]string
	packages["theory"], results = declared(t, "theory")
	indexed, notebooks := map[string]bool{}, map[string]bool{}
	for _, e := range All() {
		if e.Name == "" || e.Statement == "" || strings.Contains(e.Statement, "\n") || e.Formula == "" || len(e.Code) == 0 {
			t.Errorf("%s lacks a part", e.Name)
		}
		var want []string
		for _, code := range e.Code {
			pkg, name, _ := strings.Cut(code, ".")
			if packages[pkg] == nil {
				packages[pkg], _ = declared(t, pkg)
			}
			if !packages[pkg][name] {
				t.Errorf("%s: there is no %s", e.Name, code)
			}
			if n := results[name]; pkg == "theory" && n != "" {
				want, indexed[name] = append(want, n), true
			}
		}
		var got []string
		for _, r := range e.Results {
			got = append(got, r.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the results are %q, of the code %q", e.Name, got, want)
		}
		notebooks[e.Notebook] = true
		if _, err := os.Stat(filepath.Join("../../notebooks", e.Notebook)); err != nil {
			t.Error(err)
		}
	}
	if len(results) < 12 {
		t.Errorf("only the results %v were found in the code", results)
	}
	for name := range results {
		if !indexed[name] {
			t.Errorf("theory.%s is not in the index", name)
		}
	}
	for i := range 14 {
		files, err := filepath.Glob(fmt.Sprintf("../../notebooks/%02d_*.ipynb", i))
		if err != nil || len(files) != 1 || !notebooks[filepath.Base(files[0])] {
			t.Errorf("notebook %02d is not in the index: %v, %v", i, files, err)
		}
	}
}

func TestFind(t *testing.T) {
	for query, want := range map[string]string{
		"Theorem 3.9": "Theorem 3.9", "theorem  3.9": "Theorem 3.9", "3.9": "Theorem 3.9", "thm. 3.9": "Theorem 3.9",
		"eq. 15": "Theorem 3.9", "Eq 15": "Theorem 3.9", "equation 15": "Theorem 3.9", "FIGURE 2": "Theorem 3.9", "fig. 2": "Theorem 3.9",
		"3.3": "Lemma 3.3", "c.1": "Theorem C.1", "a.2": "Theorem A.2", "section 4": "Section 4", "joint LAW": "Joint law",
	} {
		if got := Find(query); len(got) != 1 || got[0].Name != want {
			t.Errorf("%q finds %v", query, got)
		}
	}
	for _, query := range []string{"", "15", "4", "theorem", "Theorem 3.10", "eq.", "3"} {
		if got := Find(query); len(got) != 0 {
			t.Errorf("%q finds %v", query, got)
		}
	}
}
