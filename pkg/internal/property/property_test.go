package property

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every package whose tests draw with rapid imports this one.
func TestEveryPackageImportsIt(t *testing.T) {
	const root = "../../.."
	type uses struct{ rapid, property bool }
	packages := map[string]uses{}
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		u := packages[filepath.Dir(path)]
		u.rapid = u.rapid || strings.Contains(string(b), "\t\"pgregory.net/rapid\"\n")
		u.property = u.property || strings.Contains(string(b), "\t_ \"github.com/features-are-fate/fate/pkg/internal/property\"\n")
		packages[filepath.Dir(path)] = u
		return err
	}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for dir, u := range packages {
		if u.rapid {
			found++
		}
		if u.rapid != u.property {
			t.Errorf("%s: rapid %v, property %v", dir, u.rapid, u.property)
		}
	}
	if found == 0 {
		t.Error("no package uses rapid")
	}
}

// In CI the flags are set before any test begins, and elsewhere they are not.
func TestFlags(t *testing.T) {
	if os.Getenv("FLAGS") != "" {
		t.Logf("seed %s, nofailfile %s", flag.Lookup("rapid.seed").Value, flag.Lookup("rapid.nofailfile").Value)
		return
	}
	for ci, want := range map[string]string{"true": "seed 1, nofailfile true", "": "seed 0, nofailfile false"} {
		cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestFlags$")
		cmd.Env = append(os.Environ(), "FLAGS=1", "CI="+ci)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("CI=%q: want %q, got %s, %v", ci, want, out, err)
		}
	}
}
