//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/bundle"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"golang.org/x/sync/errgroup"
)

// Kills at random times of a run with figures, a record, a report and a bundle damage no
// file and remove none.
func TestKillsDamageNoFile(t *testing.T) {
	kills := 12
	if os.Getenv("CI") != "" {
		kills = 200
	}
	dir, fate := t.TempDir(), command(t)
	nb := &ipynb.Notebook{Minor: 5}
	for i, source := range []string{"import (\n\"github.com/features-are-fate/fate/pkg/experiment\"\n\"github.com/features-are-fate/fate/pkg/theory\"\n\"github.com/features-are-fate/fate/plotting\"\n)",
		"d := 20", `run := experiment.Experiment{Grid: experiment.Grid{D: d, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.3}}, Method: experiment.Law, Trials: 100}.Run()
plotting.Draw(plotting.Slices{X: "x", Y: "y", Lines: run.Theory(theory.Scratch, experiment.Gamma, experiment.None)})`, "run.Verdict(theory.Scratch)"} {
		c := ipynb.Cell{ID: string(rune('a' + i)), Kind: "code", Source: source}
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
	start := func(k int) *exec.Cmd {
		cmd := exec.Command(fate, commands[k%len(commands)]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "FATE_CACHE="+in("cache"))
		return cmd
	}
	var longest time.Duration
	for k := range commands {
		began := time.Now()
		if out, err := start(k).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", commands[k], err, out)
		}
		longest = max(longest, time.Since(began))
	}
	whole := func(what string) {
		t.Helper()
		for _, name := range []string{"book.ipynb", "out/book.ipynb", "other/book.ipynb"} {
			if b, err := ipynb.Read(in(name)); err != nil || len(b.Cells) < len(nb.Cells) {
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
		cmd := start(k)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.Float64() * float64(longest)))
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		whole("after a kill of " + commands[k%len(commands)][0])
	}
	for k := range commands {
		if out, err := start(k).CombinedOutput(); err != nil {
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

// command returns a path under which the test binary acts as the fate command.
func command(t *testing.T) string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fate := filepath.Join(t.TempDir(), "fate") // the test is the command under this name
	if err := os.Symlink(exe, fate); err != nil {
		t.Skip(err)
	}
	return fate
}

func write(t *testing.T, path string, cells ...string) {
	t.Helper()
	nb := &ipynb.Notebook{Minor: 5}
	for i, source := range cells {
		nb.Cells = append(nb.Cells, ipynb.Cell{ID: fmt.Sprint("c", i), Kind: "code", Source: source})
	}
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
}

// The end of a run also ends its worker and the processes of its cells, whatever the
// signal, and a shard leaves no mark.
func TestNothingOutlivesARun(t *testing.T) {
	fate := command(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) { // as by nohup, and then by the command too
			continue
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "book.ipynb"), "import (\n\"os\"\n\"os/exec\"\n\"fmt\"\n)",
			"c := exec.Command(\"sleep\", \"1000\")\nc.Start()\nos.WriteFile(\"pids\", []byte(fmt.Sprintf(\"%d %d \", os.Getpid(), c.Process.Pid)), 0644)\nfor {\n}")
		cmd := exec.Command(fate, "run", "--store", "store", "--shard", "1/2", "book.ipynb")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "FATE_CACHE=off")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var pids [2]int
		until(t, "the cell runs", func() bool {
			b, _ := os.ReadFile(filepath.Join(dir, "pids"))
			n, _ := fmt.Sscan(string(b), &pids[0], &pids[1])
			return n == 2
		})
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // by the signal
		for _, pid := range pids {
			until(t, fmt.Sprintf("%v ends process %d", sig, pid), func() bool {
				b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
				return err != nil && syscall.Kill(pid, 0) != nil || bytes.Contains(b, []byte(") Z "))
			})
		}
		until(t, fmt.Sprintf("after %v no process is marked as running", sig), func() bool {
			left, err := filepath.Glob(filepath.Join(dir, "store", ".running-*"))
			return err == nil && len(left) == 0
		})
		if sig != syscall.SIGKILL && cmd.ProcessState.ExitCode() != exitFailed {
			t.Errorf("%v: exit code %d", sig, cmd.ProcessState.ExitCode())
		}
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Concurrent runs of one notebook share the output folder: each succeeds, and every file
// in the folder is from one of them.
func TestRunsShareAnOutputFolder(t *testing.T) {
	fate, dir := command(t), t.TempDir()
	write(t, filepath.Join(dir, "book.ipynb"), "import (\n\"github.com/features-are-fate/fate/pkg/experiment\"\n\"github.com/features-are-fate/fate/pkg/theory\"\n\"github.com/features-are-fate/fate/plotting\"\n)",
		`run := experiment.Experiment{Grid: experiment.Grid{D: 20, Gamma: []float64{0.5, 1.5}, Sigma: []float64{0.3}}, Method: experiment.Law, Trials: 100}.Run()
plotting.Draw(plotting.Slices{X: "x", Y: "y", Lines: run.Theory(theory.Scratch, experiment.Gamma, experiment.None)})`)
	for range 3 {
		var group errgroup.Group
		for range 4 {
			group.Go(func() error {
				cmd := exec.Command(fate, "run", "--format", "svg", "book.ipynb")
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "FATE_CACHE=off")
				if out, err := cmd.CombinedOutput(); err != nil {
					return fmt.Errorf("%w\n%s", err, out)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"cell-02-1.png", "cell-02-1.svg"} {
			if _, err := figure.Read(filepath.Join(dir, "out", "book", name)); err != nil {
				t.Error(err)
			}
		}
	}
}
