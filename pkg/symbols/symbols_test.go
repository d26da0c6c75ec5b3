package symbols

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tables are what their go:generate lines make of the packages as they are
// now.
func TestTablesAreCurrent(t *testing.T) {
	f, err := os.Open("symbols.go")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		command, ok := strings.CutPrefix(sc.Text(), "//go:generate go tool yaegi extract -name symbols ")
		if !ok {
			continue
		}
		t.Run(strings.Fields(command)[0], func(t *testing.T) {
			t.Parallel()
			checkTables(t, strings.Fields(command))
		})
	}
}

func checkTables(t *testing.T, packages []string) {
	// yaegi writes to its working directory, which must be in the module.
	tmp, err := os.MkdirTemp(".", "_current")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command("go", append([]string{"tool", "yaegi", "extract", "-name", "symbols"}, packages...)...)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	made, err := filepath.Glob(filepath.Join(tmp, "*.go"))
	if err != nil || len(made) == 0 {
		t.Fatalf("yaegi extract made nothing: %v", err)
	}
	for _, m := range made {
		want, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(m))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not current: run go generate ./pkg/symbols (%v)", filepath.Base(m), err)
		}
	}
}
