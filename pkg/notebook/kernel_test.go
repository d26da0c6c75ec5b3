package notebook

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/google/go-cmp/cmp"
)

// kernelName is the kernel that these tests need; where it is not installed they
// are skipped (.ci/run installs it).
const kernelName = "fate"

func needKernel(t *testing.T) {
	t.Helper()
	if !HasKernel(kernelName) {
		t.Skip("the kernel is not installed: fate kernel install")
	}
}

// Every output of every notebook is the same in the kernel, over the real
// protocol, in the embedded engine, in yaegi, and in the committed file.
func TestKernelAndEnginesAgree(t *testing.T) {
	needKernel(t)
	for _, file := range committed(t) {
		want, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, engine := range Engines {
			got, err := Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Run(t.Context(), got, Options{Engine: engine, Kernel: kernelName, Dir: filepath.Dir(file), Name: filepath.Base(file)}); err != nil {
				t.Errorf("%s: %s: %v", file, engine, err)
				continue
			}
			for _, d := range Differences(want, got) {
				t.Errorf("%s: %s: %s", file, engine, d)
			}
			if d := cmp.Diff(origins(t, want), origins(t, got)); d != "" {
				t.Errorf("%s: %s: the figures carry other recipes: %s", file, engine, d)
			}
		}
	}
}

// origins are the recipes of the figures of a notebook, without the versions.
func origins(t *testing.T, nb *Notebook) (out []figure.Recipe) {
	if err := eachPNG(nb, func(_ map[string]any, b []byte) error {
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

// cellIn runs a cell in a started kernel and returns its outputs as text, and
// its error as text. do is called with each reply.
func cellIn(c *kernelClient, code string, do func(reply)) (shown, failed string) {
	replies := make(chan reply)
	go c.run(code, replies)
	for r := range replies {
		if do != nil {
			do(r)
		}
		switch {
		case r.Done:
			if r.Error != nil {
				failed = r.Error.Name + ": " + r.Error.Text
			}
			return shown, failed
		case r.Output != nil && r.Output.Kind == "stream":
			shown += r.Output.Text
		case r.Output != nil:
			text, _ := r.Output.Data["text/plain"].(string)
			shown += text
		}
	}
	return shown, failed
}

func TestKernelManners(t *testing.T) {
	needKernel(t)
	start := time.Now()
	c, err := startKernel(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	t.Logf("kernel_info after %v", time.Since(start))
	start = time.Now()
	expect := func(code, want string) {
		t.Helper()
		if got, failed := cellIn(c, code, nil); got != want || failed != "" {
			t.Errorf("%q: got %q (%s), want %q", code, got, failed, want)
		}
	}
	expect("import (\n\"fmt\"\n\"github.com/features-are-fate/fate/pkg/experiment\"\n\"github.com/features-are-fate/fate/pkg/theory\"\n)", "")
	t.Logf("an import cell takes %v", time.Since(start))
	expect(`fmt.Println("a")`, "a\n") // no "2 <nil>"
	expect("x := 41", "")
	expect("Display(x)\nx + 1", "4142")
	expect("$ echo a", "a\n") // nothing is left for Go
	expect("%cd .\n", "")

	// A package that is not linked in is refused, with those that are.
	if _, failed := cellIn(c, `import "example.org/nothing"`, nil); !strings.Contains(failed, "not linked in") || !strings.Contains(failed, "fate/pkg/theory") {
		t.Errorf("an unknown import: %q", failed)
	}

	// An interrupt stops an interpreted loop, also between two that ended, and
	// the variables stay.
	for range 3 {
		timer := time.AfterFunc(200*time.Millisecond, c.interrupt)
		_, failed := cellIn(c, "for {\n}", nil)
		timer.Stop()
		if !strings.HasPrefix(failed, "interrupted") {
			t.Fatalf("an endless loop: %q", failed)
		}
	}
	c.interrupt()                      // of an idle kernel is nothing,
	time.Sleep(200 * time.Millisecond) // once the signal has arrived
	expect("x + 1", "42")

	// A running experiment reports progress, and when it is interrupted returns
	// what it has.
	progress := 0
	shown, failed := cellIn(c, `run := experiment.Experiment{
	Grid:   experiment.Grid{D: 100, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
	Method: experiment.Train, Trials: 100000,
}.Run()
run`, func(r reply) {
		if r.Progress != nil {
			if progress++; progress == 2 {
				c.interrupt()
			}
		}
	})
	if failed != "" || progress < 2 || !strings.Contains(shown, "interrupted: ") {
		t.Errorf("an interrupted experiment shows %q (%s) after %d reports", shown, failed, progress)
	}
	expect("len(run.Cells[0].Risks) < 100000", "true")

	// Documentation of functions, and of methods of variables.
	for code, want := range map[string]string{"theory.Scale(": "r²·c^(2L/(L−1)) = a·c² + b", "run.Verdict": "func (r *Run) Verdict(", "x": "x is a int"} {
		if got := inspect(t, c, code); !strings.Contains(got, want) {
			t.Errorf("help on %q: %q", code, got)
		}
	}
	if got := inspect(t, c, "nothing.At.All"); got != "" {
		t.Errorf("help on nothing: %q", got)
	}

	// Completion of our packages.
	var completion struct {
		Matches []string
		Start   int `json:"cursor_start"`
		End     int `json:"cursor_end"`
	}
	const code = "θ := 1 // an angle\ny := theory.Sc"
	ask(t, c, "complete_request", code, &completion)
	end := len([]rune(code))
	if !slices.Contains(completion.Matches, "Scratch") || completion.Start != end-2 || completion.End != end {
		t.Errorf("completion of theory.Sc: %+v", completion)
	}

	// Its death is seen at once.
	expect(`import "os"`, "")
	if _, failed := cellIn(c, "os.Exit(7)", nil); !strings.Contains(failed, "exit status 7") {
		t.Errorf("a dead kernel: %q", failed)
	}
}

func inspect(t *testing.T, c *kernelClient, code string) string {
	t.Helper()
	var content struct {
		Data map[string]string `json:"data"`
	}
	ask(t, c, "inspect_request", code, &content)
	return content.Data["text/plain"]
}

// ask sends a request about the end of code and decodes the reply.
func ask(t *testing.T, c *kernelClient, kind, code string, content any) {
	t.Helper()
	id, err := c.send(c.shell, kind, map[string]any{"code": code, "cursor_pos": len([]rune(code)), "detail_level": 0})
	if err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case m := <-c.messages:
			if m.channel != "shell" || m.Parent.ID != id {
				continue
			}
			if err := json.Unmarshal(m.Content, content); err != nil {
				t.Fatal(err)
			}
			return
		case <-c.exited:
			t.Fatal(c.dead())
		}
	}
}
