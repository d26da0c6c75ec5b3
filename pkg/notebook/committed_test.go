package notebook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/google/go-cmp/cmp"
)

func committed(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d notebooks: %v", len(files), err)
	}
	return files
}

// runAs runs a committed notebook, and its outputs, recipes and verdicts are the committed ones.
func runAs(t *testing.T, file string, o Options) {
	t.Helper()
	want, err := ipynb.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ipynb.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Name, o.Timeout = filepath.Dir(file), filepath.Base(file), 10*time.Minute
	if _, err := Run(t.Context(), got, o); err != nil {
		t.Fatal(err)
	}
	for _, d := range ipynb.Differences(want, got) {
		t.Error(d)
	}
	if d := cmp.Diff(origins(t, want), origins(t, got)); d != "" {
		t.Errorf("the figures carry other recipes: %s", d)
	}
	verdicts, err := ipynb.Verdicts(got)
	if err != nil || len(verdicts) == 0 {
		t.Errorf("%d verdicts, %v", len(verdicts), err)
	}
	for _, v := range verdicts {
		if !v.Agree {
			t.Errorf("%s at %s disagrees", v.Result, v.Setting)
		}
	}
}

// Every notebook has the committed outputs in yaegi too; 09, which takes longest, in CI.
// `fate run --check` compares them with those in gomacro.
func TestNotebooksAgreeInBothEngines(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every notebook")
	}
	for _, file := range committed(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ipynb"), func(t *testing.T) {
			if strings.Contains(file, "09_") && os.Getenv("CI") == "" {
				t.Skip("takes half a minute: set CI")
			}
			t.Parallel()
			runAs(t, file, Options{Engine: engine.Yaegi})
		})
	}
	runAs(t, "../../notebooks/00_start_here.ipynb", Options{Engine: engine.Gomacro})
}

// kernelName is the kernel that this test needs. It is skipped if that is not installed
// (.ci/run installs it).
const kernelName = "fate"

// Every output of every notebook is the committed one in the installed kernel.
func TestKernelAgrees(t *testing.T) {
	if !jupyter.Installed(kernelName) {
		t.Skip("the kernel is not installed: fate kernel install")
	}
	for _, file := range committed(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ipynb"), func(t *testing.T) {
			t.Parallel()
			runAs(t, file, Options{Engine: Kernel, Kernel: kernelName})
		})
	}
}

// origins returns the recipes of the figures of a notebook, without versions.
func origins(t *testing.T, nb *ipynb.Notebook) (out []figure.Recipe) {
	if err := ipynb.EachPNG(nb, func(_ map[string]any, b []byte) error {
		f, err := figure.Parse(b)
		if err != nil {
			return err
		}
		r := f.Recipe
		r.Module, r.Version, r.Go, r.Arch, r.Data = "", "", "", "", ""
		r.Verdict.Rows = nil
		out = append(out, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
