//go:build unix

package notebook

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runs reports whether a process is there and not a zombie, which has ended and
// waits for its parent.
func runs(pid int) bool {
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		return !strings.Contains(string(b), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

// ended fails the test if one of the processes still runs after a while.
func ended(t *testing.T, what string, within time.Duration, pids ...int) {
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

// sleeper is a cell that starts a process and shows its number.
const sleeper = "import (\n\"os/exec\"\n\"time\"\n)"
const sleeperStart = "sleeper := exec.Command(\"sleep\", \"1000\")\nstarted := sleeper.Start()\nsleeper.Process.Pid"

func startSleeper(t *testing.T, c *kernelClient) int {
	t.Helper()
	cellIn(c, sleeper, nil)
	shown, failed := cellIn(c, sleeperStart, nil)
	pid, err := strconv.Atoi(shown)
	if err != nil {
		t.Fatalf("%q (%s)", shown, failed)
	}
	return pid
}

// A shutdown_request ends a kernel within a second, busy or not, after a reply and
// with exit code 0, and what its cells started with it.
func TestKernelShutsDown(t *testing.T) {
	needKernel(t)
	for _, busy := range []string{"", "for {\n}", "time.Sleep(time.Hour)"} {
		for _, channel := range []string{"control", "shell"} {
			what := fmt.Sprintf("on %s, in the cell %q", channel, busy)
			c, err := startKernel(Options{Kernel: kernelName})
			if err != nil {
				t.Fatal(err)
			}
			defer c.stop()
			pid := startSleeper(t, c)
			if busy != "" {
				if _, err := c.send(c.shell, "execute_request", map[string]any{"code": busy}); err != nil {
					t.Fatal(err)
				}
				within(t, what, func() {
					for m := range c.messages {
						if m.Header.Type == "execute_input" && strings.Contains(string(m.Content), `"`+busy[:3]) {
							return
						}
					}
				})
			}
			socket := c.control
			if channel == "shell" {
				socket = c.shell
			}
			id, err := c.send(socket, "shutdown_request", map[string]any{"restart": true})
			if err != nil {
				t.Fatal(err)
			}
			start, replied := time.Now(), false
			for end := false; !end; {
				select {
				case m := <-c.messages:
					replied = replied || m.channel == channel && m.Parent.ID == id && m.Header.Type == "shutdown_reply" &&
						strings.Contains(string(m.Content), `"restart":true`)
				case <-c.exited:
					end = true
				case <-time.After(patience):
					t.Fatalf("%s: the kernel does not end", what)
				}
			}
			if took := time.Since(start); took > time.Second || c.cause != nil {
				t.Errorf("%s: the kernel ended after %v: %v", what, took, c.cause)
			}
			for timeout := time.After(time.Second); !replied; { // it came before the end, and is on its way
				select {
				case m := <-c.messages:
					replied = m.channel == channel && m.Parent.ID == id && m.Header.Type == "shutdown_reply"
				case <-timeout:
					t.Fatalf("%s: no shutdown_reply", what)
				}
			}
			ended(t, what, 10*time.Second, pid)
		}
	}
}

// A busy kernel answers what asks about it, and an interrupt_request stops its cell.
func TestKernelAnswersWhileBusy(t *testing.T) {
	needKernel(t)
	c, err := startKernel(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	cellIn(c, "x := 41", nil)
	id, err := c.send(c.shell, "execute_request", map[string]any{"code": "for {\n}"})
	if err != nil {
		t.Fatal(err)
	}
	var came []message // in any order over the channels
	next := func(parent, channel, kind string) (content string) {
		t.Helper()
		within(t, kind, func() {
			for i := 0; ; i++ {
				if i == len(came) {
					came = append(came, <-c.messages)
				}
				if m := came[i]; m.channel == channel && m.Parent.ID == parent && m.Header.Type == kind {
					content = string(m.Content)
					return
				}
			}
		})
		return content
	}
	next(id, "iopub", "execute_input")
	info, err := c.send(c.control, "kernel_info_request", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	next(info, "control", "kernel_info_reply")
	stop, err := c.send(c.control, "interrupt_request", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	next(stop, "control", "interrupt_reply")
	if got := next(id, "shell", "execute_reply"); !strings.Contains(got, "interrupted") {
		t.Errorf("the cell ends with %s", got)
	}
	if got, failed := cellIn(c, "x", nil); got != "41" {
		t.Errorf("x is %q (%s), want 41", got, failed)
	}
}

// Jupyter interrupts the whole group: a command stops, and the next cell runs.
func TestKernelInterruptsACommand(t *testing.T) {
	needKernel(t)
	c, err := startKernel(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	cellIn(c, "x := 41", nil)
	time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGINT) })
	within(t, "a command", func() {
		if _, failed := cellIn(c, "$ sleep 1000\nx = 42", nil); !strings.Contains(failed, "interrupt") {
			t.Errorf("the command ends with %q", failed)
		}
	})
	if got, failed := cellIn(c, "x", nil); got != "41" || failed != "" {
		t.Errorf("x is %q (%s), want 41", got, failed)
	}
}

const roleVariable = "FATE_TEST_ROLE"

// TestRole is no test but what the processes of the tests below do.
func TestRole(t *testing.T) {
	sleep := func() {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Println("pids", os.Getpid(), cmd.Process.Pid)
		time.Sleep(time.Hour)
	}
	switch os.Getenv(roleVariable) {
	case "":
		t.Skip("a role in other tests")
	case "child":
		EndWithParent(ParentPipe())
		sleep()
	case "parent":
		cmd := exec.Command(os.Args[0], "-test.run=^TestRole$")
		cmd.Env = append(os.Environ(), roleVariable+"=child")
		cmd.Stdout = os.Stdout
		kill, err := startChild(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer kill()
		time.Sleep(time.Hour)
	case "kernel":
		c, err := startKernel(Options{Kernel: kernelName})
		if err != nil {
			t.Fatal(err)
		}
		defer c.stop()
		pid := startSleeper(t, c)
		fmt.Println("pids", c.cmd.Process.Pid, pid)
		cellIn(c, "for {\n}", nil)
	}
}

// play starts a process in a role; pids are those that it names.
func play(t *testing.T, role string, start func(*exec.Cmd) error) (cmd *exec.Cmd, pids []int) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestRole$")
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
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
	within(t, role, func() {
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

// A child, and what it started, ends with its parent, however that ends; so do
// the cells of a kernel.
func TestChildrenEndWithTheirParent(t *testing.T) {
	roles := []string{"parent"}
	if HasKernel(kernelName) {
		roles = append(roles, "kernel")
	}
	for _, role := range roles {
		for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
			if signal.Ignored(sig) { // as by nohup, and then by our children too
				continue
			}
			cmd, pids := play(t, role, func(cmd *exec.Cmd) error { return cmd.Start() })
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // by the signal
			ended(t, fmt.Sprintf("%s, %v", role, sig), 10*time.Second, pids...)
		}
	}
}

// Each of what may end a child does so alone: the pipe, a signal, kill.
func TestEndWithParent(t *testing.T) {
	for _, how := range []string{"pipe", "SIGTERM", "SIGHUP", "kill"} {
		if how == "SIGHUP" && signal.Ignored(syscall.SIGHUP) { // as by nohup
			continue
		}
		var ours *os.File
		var kill func()
		cmd, pids := play(t, "child", func(cmd *exec.Cmd) (err error) {
			if how == "kill" {
				kill, err = startChild(cmd)
				return err
			}
			theirs, w, err := os.Pipe()
			if err != nil {
				return err
			}
			defer theirs.Close()
			ours = w
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.ExtraFiles, cmd.Env = []*os.File{theirs}, append(cmd.Env, parentVariable+"=3")
			return cmd.Start()
		})
		switch how {
		case "pipe":
			ours.Close()
		case "SIGTERM":
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case "SIGHUP":
			_ = cmd.Process.Signal(syscall.SIGHUP)
		case "kill":
			kill()
		}
		_ = cmd.Wait() // by the signal
		ended(t, how, 10*time.Second, pids...)
		if ours != nil {
			ours.Close()
		}
	}
}
