package pkg

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// floors gives each package its floor. A package imports packages of its own floor or of
// lower ones. Packages in pkg/internal without an entry are on floor 0.
var floors = map[string]int{
	"pkg": 0, "pkg/file": 0, "pkg/suggest": 0, "pkg/rows": 0, "pkg/process": 0, "pkg/confine": 0, "pkg/internal/blas": 0,
	"pkg/theory": 1, "pkg/task": 1, "pkg/internal/ode": 1,
	"pkg/linear": 2, "pkg/relu": 2, "pkg/divergence": 2, "pkg/verdict": 2, "pkg/predict": 2,
	"pkg/trial": 3, "pkg/session": 3, "pkg/diagnose": 3, "pkg/score": 3,
	"pkg/experiment": 4, "pkg/figure": 4, "plotting": 4,
	"pkg/sweep": 5, "pkg/display": 5, "pkg/ipynb": 5, "pkg/symbols": 5, "pkg/widget": 5,
	"pkg/cell": 6, "pkg/engine": 6, "pkg/jupyter": 6,
	"pkg/notebook": 7, "pkg/kernel": 7, "pkg/report": 7, "pkg/bundle": 7,
	"bench": 8, "bench/diagnose": 8, "bench/plan": 8, "cmd/fate": 8, "docker/kernel": 8, "cmd/release": 8, "pkg/internal/mutate": 8, "pkg/internal/blas/gen": 8, "pkg/symbols/gendocs": 8, "pkg/symbols/genallowed": 8, "pkg/symbols/genproxies": 8,
	"cmd/fate/internal/explore": 8, "cmd/fate/internal/explore/model": 8, "cmd/fate/internal/explore/wasm": 8, "cmd/fate/internal/readme": 8, "cmd/fate/internal/readme/genreadme": 8,
}

func floor(name string) (int, bool) {
	n, ok := floors[name]
	return n, ok || strings.HasPrefix(name, "pkg/internal/")
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	// go test repeats a cached result unless a folder that the test itself opened changed.
	for _, dir := range []string{"bench", "cmd", "docker", "pkg", "plotting"} {
		if err := filepath.WalkDir("../"+dir, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir, cmd.Stderr = "..", t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestNoPackageImportsAHigherFloor(t *testing.T) {
	for _, line := range goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		paths := strings.Fields(line)
		name := strings.TrimPrefix(paths[0], Module+"/")
		n, ok := floor(name)
		if !ok {
			t.Errorf("%s has no floor", name)
			continue
		}
		for _, path := range paths[1:] {
			imported, ours := strings.CutPrefix(path, Module+"/")
			if m, _ := floor(imported); ours && m > n {
				t.Errorf("%s (floor %d) imports %s (floor %d)", name, n, imported, m)
			}
		}
	}
}

// Packages that only read notebooks link no interpreter, no ZeroMQ, no symbol tables and no experiments.
func TestReadersLinkNoInterpreter(t *testing.T) {
	for _, name := range []string{"pkg/ipynb", "pkg/report", "pkg/bundle"} {
		for _, path := range goList(t, "-deps", "./"+name) {
			for _, refused := range []string{"gomacro", "yaegi", "zmq4", Module + "/pkg/symbols", Module + "/pkg/experiment"} {
				if strings.Contains(path, refused) {
					t.Errorf("%s links %s", name, path)
				}
			}
		}
	}
}
