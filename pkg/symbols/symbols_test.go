package symbols

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
			if os.Getenv("CI") == "" {
				t.Skip("takes a minute, and what changes a table changes docs.json or go.mod; CI checks it")
			}
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

func TestDocsAreCurrent(t *testing.T) {
	checkGenerated(t, "gendocs", "docs.json", docsJSON)
}

// The documentation of the standard library is that of one version of Go. Another one has
// other texts.
func TestStandardDocsAreCurrent(t *testing.T) {
	if now := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH; now != Standard() {
		t.Skipf("it was written by %s, this is %s", Standard(), now)
	}
	checkGenerated(t, "gendocs", "std.json.gz", standardGzip)
	if len(standardGzip) > 1<<20 {
		t.Errorf("%d bytes", len(standardGzip))
	}
}

// So is the list of what untrusted code may name: an addition to the API shows there, and
// is looked at.
func TestAllowedIsCurrent(t *testing.T) {
	checkGenerated(t, "genallowed", "allowed.txt", []byte(allowedText))
}

// The types through which declared types meet the interfaces of the linked packages.
func TestProxiesAreCurrent(t *testing.T) {
	now, err := os.ReadFile("proxies.go")
	if err != nil {
		t.Fatal(err)
	}
	checkGenerated(t, "genproxies", "proxies.go", now)
}

// checkGenerated compares a file that is embedded with what its command writes now.
func checkGenerated(t *testing.T, command, name string, embedded []byte) {
	tmp, err := os.MkdirTemp(".", "_current")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command("go", "run", "../"+command)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	now, err := os.ReadFile(filepath.Join(tmp, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(embedded, now) {
		t.Errorf("%s is not current: run go generate ./pkg/symbols", name)
	}
}
