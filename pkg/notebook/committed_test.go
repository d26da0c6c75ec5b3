package notebook

import (
	"fmt"
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func committed(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d notebooks: %v", len(files), err)
	}
	return files
}

// Every notebook gives in the second interpreter what is committed, which
// `fate run --check` holds to the first.
func TestNotebooksAgreeInBothEngines(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every notebook")
	}
	for _, file := range committed(t) {
		want, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), got, Options{Engine: Yaegi, Dir: filepath.Dir(file), Timeout: 10 * time.Minute}); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, d := range Differences(want, got) {
			t.Errorf("%s: %s", file, d)
		}
		verdicts, err := Verdicts(got)
		if err != nil || len(verdicts) == 0 {
			t.Errorf("%s: %d verdicts, %v", file, len(verdicts), err)
		}
		for _, v := range verdicts {
			if !v.Agree {
				t.Errorf("%s: %s at %s disagrees", file, v.Result, v.Setting)
			}
		}
	}
}

// A recorded run is of the code that the notebook has now.
func TestRecordsAreCurrent(t *testing.T) {
	for _, file := range committed(t) {
		nb, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		switch recorded, stale := StaleRecord(nb); {
		case !recorded:
			t.Errorf("%s has no record of pace=paper: fate run --record --set pace=paper %s", file, file)
		case stale:
			t.Errorf("%s has changed since its record: fate run --record --set pace=paper %s", file, file)
		}
	}
}

// The cells of every notebook are Go that the compiler accepts (gomacro takes
// some that it does not): wrapped into one program, they vet.
func TestNotebooksAreGo(t *testing.T) {
	dir, err := os.MkdirTemp(".", "_program") // in the module, for its imports
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	args := []string{"vet"}
	for i, file := range committed(t) {
		nb, err := Read(file)
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

func asProgram(nb *Notebook) (string, error) {
	var imports, decls, body strings.Builder
	for _, cell := range nb.Cells {
		if cell.Kind != "code" {
			continue
		}
		chunks, err := split(cell.Source)
		if err != nil {
			return "", err
		}
		for i, c := range chunks {
			paths, _ := c.imports()
			_, isCall := c.expr().(*ast.CallExpr)
			switch {
			case paths != nil:
				fmt.Fprintln(&imports, c.src)
			case c.decl != nil:
				fmt.Fprintln(&decls, c.src)
			case i == len(chunks)-1 && c.expr() != nil && !isCall:
				fmt.Fprintln(&body, "_ =", c.src)
			default:
				fmt.Fprintln(&body, c.src)
				for _, id := range declares(c.stmt[0]) {
					fmt.Fprintln(&body, "_ =", id.Name)
				}
			}
		}
	}
	return "package main\n" + imports.String() + decls.String() + "func main() {\n" + body.String() + "}\n", nil
}
