package jupyter

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/trial"
)

// kernelName is the kernel that these tests need. They are skipped if it is not installed
// (.ci/run installs it).
const kernelName = "fate"

func needKernel(t *testing.T) {
	t.Helper()
	if !Installed(kernelName) {
		t.Skip("the kernel is not installed: fate kernel install")
	}
}

// cellIn runs a cell in a kernel and returns its outputs and its error as text. do is
// called with each report of progress.
func cellIn(c *Client, code string, do func()) (shown, failed string) {
	err := c.Run("", code, func(o ipynb.Output) {
		text, _ := o.Data["text/plain"].(string)
		shown += o.Text + text
	}, func(trial.Progress) {
		if do != nil {
			do()
		}
	})
	if err != nil {
		failed = err.Name + ": " + err.Text
	}
	return shown, failed
}

func TestKernelManners(t *testing.T) {
	needKernel(t)
	start := time.Now()
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
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
	expect("$ echo a", "a\n") // leaves no Go code
	expect("%cd .\n", "")

	// The import of a package that is not linked in fails.
	if _, failed := cellIn(c, `import "example.org/nothing"`, nil); !strings.Contains(failed, "not linked in") {
		t.Errorf("an unknown import: %q", failed)
	}

	// An interrupt stops an interpreted loop, repeatedly, and variables keep their
	// values.
	for range 3 {
		timer := time.AfterFunc(200*time.Millisecond, c.Interrupt)
		_, failed := cellIn(c, "for {\n}", nil)
		timer.Stop()
		if !strings.HasPrefix(failed, "interrupted") {
			t.Fatalf("an endless loop: %q", failed)
		}
	}
	c.Interrupt()                      // has no effect on an idle kernel,
	time.Sleep(200 * time.Millisecond) // after the signal has arrived
	expect("x + 1", "42")

	// A running experiment reports progress, and returns its results so far when it is
	// interrupted.
	progress := 0
	shown, failed := cellIn(c, `run := experiment.Experiment{
	Grid:   experiment.Grid{D: 100, Gamma: []float64{0.5}, Sigma: []float64{0.5}},
	Method: experiment.Train, Trials: 100000,
}.Run()
run`, func() {
		if progress++; progress == 2 {
			c.Interrupt()
		}
	})
	if failed != "" || progress < 2 || !strings.Contains(shown, "interrupted: ") {
		t.Errorf("an interrupted experiment shows %q (%s) after %d reports", shown, failed, progress)
	}
	expect("run.Cells[0].Trials() < 100000", "true")

	// Documentation of functions, and of methods of variables.
	for code, want := range map[string]string{"theory.Scale(": "r²·c^(2L/(L−1)) = a·c² + b", "run.Verdict": "func (t *Table) Verdict(", "x": "var x int"} {
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

	// The end of the kernel, which has its cells in a child, is detected at once.
	time.AfterFunc(200*time.Millisecond, c.Kill)
	if _, failed := cellIn(c, "for {\n}", nil); !strings.Contains(failed, "the kernel died") {
		t.Errorf("a dead kernel: %q", failed)
	}
}

func inspect(t *testing.T, c *Client, code string) string {
	t.Helper()
	var content struct {
		Data map[string]string `json:"data"`
	}
	ask(t, c, "inspect_request", code, &content)
	return content.Data["text/plain"]
}

// ask sends a request about the end of code and decodes the reply.
func ask(t *testing.T, c *Client, kind, code string, content any) {
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
