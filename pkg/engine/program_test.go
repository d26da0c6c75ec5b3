package engine

import (
	"fmt"
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// The cells of every notebook, put into one program, pass go vet. gomacro accepts code
// that the compiler rejects.
func TestNotebooksAreGo(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d notebooks: %v", len(files), err)
	}
	dir, err := os.MkdirTemp(".", "_program") // in the module, so that its imports resolve
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	args := []string{"vet"}
	for i, file := range files {
		nb, err := ipynb.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		program, err := asProgram(nb)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "main.go"), []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "./"+path)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func asProgram(nb *ipynb.Notebook) (string, error) {
	var imports, decls, body strings.Builder
	for _, cell := range nb.Cells {
		if cell.Kind != "code" {
			continue
		}
		chunks, err := ipynb.Split(cell.Source)
		if err != nil {
			return "", err
		}
		for i, c := range chunks {
			paths, _ := c.Imports()
			_, isCall := c.Expr().(*ast.CallExpr)
			switch {
			case paths != nil:
				fmt.Fprintln(&imports, c.Source)
			case c.Decl != nil:
				fmt.Fprintln(&decls, c.Source)
			case i == len(chunks)-1 && c.Expr() != nil && !isCall:
				fmt.Fprintln(&body, "_ =", c.Source)
			default:
				fmt.Fprintln(&body, c.Source)
				if _, ok := c.Stmts[0].(*ast.RangeStmt); ok {
					continue // its variables end with it
				}
				for _, id := range declares(c.Stmts[0]) {
					fmt.Fprintln(&body, "_ =", id.Name)
				}
			}
		}
	}
	return "package main\n" + imports.String() + decls.String() + "func main() {\n" + body.String() + "}\n", nil
}
