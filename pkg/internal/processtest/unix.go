//go:build unix

package processtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runs reports whether a process exists and is not a zombie, which has ended but was not
// waited for.
func runs(pid int) bool {
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		return !strings.Contains(string(b), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

// Ended fails the test if one of the processes still runs after a time.
func Ended(t *testing.T, what string, within time.Duration, pids ...int) {
	t.Helper()
	deadline := time.Now().Add(within)
	for _, pid := range pids {
		for runs(pid) {
			if time.Now().After(deadline) {
				t.Errorf("%s: process %d still runs after %v", what, pid, within)
				_ = syscall.Kill(pid, syscall.SIGKILL)
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// RoleVariable is the environment variable that gives the role of a process to TestRole, a
// test of the calling package that is skipped without it.
const RoleVariable = "FATE_TEST_ROLE"

// Play starts TestRole of the calling package as a process with a role and returns the two
// process ids that it prints as "pids 1 2".
func Play(t *testing.T, role string, start func(*exec.Cmd) error) (cmd *exec.Cmd, pids []int) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestRole$")
	cmd.Env = append(os.Environ(), RoleVariable+"="+role)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, os.Stderr
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { r.Close() })
	Within(t, role, func() {
		in := bufio.NewScanner(r)
		for in.Scan() {
			var a, b int
			if n, _ := fmt.Sscanf(in.Text(), "pids %d %d", &a, &b); n == 2 {
				pids = []int{a, b}
				return
			}
		}
	})
	if len(pids) == 0 {
		t.Fatalf("%s: it ended", role)
	}
	return cmd, pids
}
