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
			want, err := ipynb.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ipynb.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Run(t.Context(), got, Options{Engine: engine.Yaegi, Dir: filepath.Dir(file), Timeout: 10 * time.Minute}); err != nil {
				t.Fatal(err)
			}
			for _, d := range ipynb.Differences(want, got) {
				t.Error(d)
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
		})
	}
}

// kernelName is the kernel that this test needs. It is skipped if that is not installed
// (.ci/run installs it).
const kernelName = "fate"

// Every output of every notebook is the same in the installed kernel, in gomacro, in
// yaegi, and in the committed file.
func TestKernelAndEnginesAgree(t *testing.T) {
	if !jupyter.Installed(kernelName) {
		t.Skip("the kernel is not installed: fate kernel install")
	}
	for _, file := range committed(t) {
		want, err := ipynb.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range Engines {
			got, err := ipynb.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Run(t.Context(), got, Options{Engine: name, Kernel: kernelName, Dir: filepath.Dir(file), Name: filepath.Base(file)}); err != nil {
				t.Errorf("%s: %s: %v", file, name, err)
				continue
			}
			for _, d := range ipynb.Differences(want, got) {
				t.Errorf("%s: %s: %s", file, name, d)
			}
			if d := cmp.Diff(origins(t, want), origins(t, got)); d != "" {
				t.Errorf("%s: %s: the figures carry other recipes: %s", file, name, d)
			}
		}
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
