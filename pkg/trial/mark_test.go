package trial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/features-are-fate/fate/pkg/file"
)

// A process that writes gives a sign of life at least four times a minute, until it ends.
func TestMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".running-1-of-2-here")
	synctest.Test(t, func(t *testing.T) {
		stop := mark(path)
		for range 3 {
			// An empty file stays as old as it is when it is truncated under NFS.
			if b, err := os.ReadFile(path); err != nil || len(b) == 0 || os.Remove(path) != nil {
				t.Errorf("no sign of life: %q, %v", b, err)
			}
			time.Sleep(15*time.Second + time.Millisecond)
			synctest.Wait()
		}
		stop()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("it stays: %v", err)
		}
	})
}

// A mark counts while its process runs: one of this host that has ended does not, however
// young its mark, and neither does a name or a shard that is none.
func TestMarksOfEndedProcesses(t *testing.T) {
	dir := t.TempDir()
	gone := exec.Command("go", "version")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	ended, alive, away := gone.Process.Pid, os.Getpid(), 1<<22
	marks := map[string]bool{
		fmt.Sprintf("1-of-7-%s-%d-0", file.Host(), ended): false,
		fmt.Sprintf("2-of-7-%s-%d-0", file.Host(), alive): true,
		fmt.Sprintf("3-of-7-away-%d-0", away):             true,
		fmt.Sprintf("0-of-7-away-%d-0", away):             false,
		fmt.Sprintf("9-of-7-away-%d-0", away):             false,
		"4-of-7-away":                                     false,
		"5-of-7-away-1-0.bak":                             false,
		"99999999999999999999-of-7-away-1-0":              false,
	}
	for name := range marks {
		if err := os.WriteFile(filepath.Join(dir, runningPrefix+name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shards, err := running(dir)
	slices.SortFunc(shards, func(a, b Shard) int { return a.Index - b.Index })
	if err != nil || !slices.Equal(shards, []Shard{{2, 7}, {3, 7}}) {
		t.Errorf("%v, %v", shards, err)
	}
	// The next process to write removes it, and leaves what is not its own.
	store := folder(t, dir, Shard{6, 7})
	if _, err := os.Stat(filepath.Join(dir, runningPrefix+fmt.Sprintf("1-of-7-%s-%d-0", file.Host(), ended))); !os.IsNotExist(err) {
		t.Errorf("the mark of an ended process stays: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, runningPrefix+"*")); len(left) != len(marks) { // one is gone, one is new
		t.Errorf("%v", left)
	}
	store.Unmark()
	store.Unmark()
	store.Close()
	Unmark(dir, away) // of another host
	Unmark(dir, alive)
	if left, _ := filepath.Glob(filepath.Join(dir, runningPrefix+"*")); len(left) != len(marks)-2 || strings.Contains(fmt.Sprint(left), fmt.Sprint("-", alive, "-")) {
		t.Errorf("%v", left)
	}
}

// A log that cannot be stored, as a network file system may tell only at the end, fails the
// run that filled it.
func TestLostLogIsAnError(t *testing.T) {
	dir := t.TempDir()
	store := folder(t, dir, Shard{})
	w := squares(new(atomic.Int64))
	read, write, err := os.Pipe() // takes what is written and cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	store.log.Close()
	if store.log, err = os.Open(filepath.Join(dir, manifestName)); err != nil { // can be synced and not written
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), w, Options{Store: store}, func(int, int, []float64) {}); err == nil || !strings.Contains(err.Error(), "trial: the store: write") {
		t.Errorf("a log that takes nothing: %v", err)
	}
	store.log.Close()
	store = folder(t, t.TempDir(), Shard{})
	store.log.Close()
	store.log = write
	if _, err := Run(t.Context(), w, Options{Store: store}, func(int, int, []float64) {}); err == nil || !strings.Contains(err.Error(), "trial: the store: sync") {
		t.Errorf("a lost log: %v", err)
	}
}
