//go:build unix

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/bundle"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/notebook"
)

// Kills at random times of a run with figures, a record, a report and a bundle: no file is
// damaged, and none is missing that was there before.
func TestKillsDamageNoFile(t *testing.T) {
	kills := 12
	if os.Getenv("CI") != "" {
		kills = 200
	}
	dir := t.TempDir()
	fate := filepath.Join(dir, "bin", "fate") // the test is the command under this name
	if err := os.Mkdir(filepath.Dir(fate), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable(t), fate); err != nil {
		t.Skip(err)
	}
	nb := &notebook.Notebook{Minor: 5}
	for i, source := range []string{"import (\n\"github.com/features-are-fate/fate/pkg/experiment\"\n\"github.com/features-are-fate/fate/pkg/theory\"\n\"github.com/features-are-fate/fate/plotting\"\n)",
		"d := 20", `run := experiment.Experiment{Grid: experiment.Grid{D: d, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.3}}, Method: experiment.Law, Trials: 100}.Run()
plotting.Draw(plotting.Slices{X: "x", Y: "y", Lines: run.Theory(theory.Scratch, experiment.Gamma, experiment.None)})`, "run.Verdict(theory.Scratch)"} {
		c := notebook.Cell{ID: string(rune('a' + i)), Kind: "code", Source: source}
		if i == 1 {
			c.Metadata = map[string]any{"tags": []any{"parameters"}}
		}
		nb.Cells = append(nb.Cells, c)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := nb.Write(in("book.ipynb")); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"run", "--format", "svg,pdf", "book.ipynb"},
		{"run", "--record", "--set", "d=24", "--out", "other", "book.ipynb"},
		{"report", "-o", "report.html", "out/book.ipynb"},
		{"bundle", "book.ipynb"},
	}
	command := func(k int) *exec.Cmd {
		cmd := exec.Command(fate, commands[k%len(commands)]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "FATE_CACHE="+in("cache"))
		return cmd
	}
	var longest time.Duration
	for k := range commands {
		start := time.Now()
		if out, err := command(k).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", commands[k], err, out)
		}
		longest = max(longest, time.Since(start))
	}
	whole := func(what string) {
		t.Helper()
		for _, name := range []string{"book.ipynb", "out/book.ipynb", "other/book.ipynb"} {
			if b, err := notebook.Read(in(name)); err != nil || len(b.Cells) < len(nb.Cells) {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
		for _, name := range []string{"out/book/cell-03-1.png", "out/book/cell-03-1.svg", "out/book/cell-03-1.pdf", "other/book/cell-03-1.png"} {
			if _, err := figure.Read(in(name)); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := bundle.Read(in("book.zip")); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if b, err := os.ReadFile(in("report.html")); err != nil || !bytes.HasSuffix(bytes.TrimSpace(b), []byte("</html>")) {
			t.Errorf("%s: the report is cut off: %v", what, err)
		}
	}
	whole("before any kill")
	rng := rand.New(rand.NewPCG(1, 2))
	for k := range kills {
		cmd := command(k)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Float64() * float64(longest)))
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		whole("after a kill of " + commands[k%len(commands)][0])
	}
	for k := range commands {
		if out, err := command(k).CombinedOutput(); err != nil {
			t.Errorf("%v after the kills: %v\n%s", commands[k], err, out)
		}
	}
	whole("after a run without a kill")
	for _, folder := range []string{"", "out", "out/book", "other"} {
		if left, _ := filepath.Glob(in(filepath.Join(folder, ".fate-*"))); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func executable(t *testing.T) string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}
