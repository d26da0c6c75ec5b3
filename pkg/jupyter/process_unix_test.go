//go:build unix

package jupyter

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/internal/processtest"
)

// sleeper and sleeperStart are cells that start a process and show its process id.
const sleeper = "import (\n\"os/exec\"\n\"time\"\n)"
const sleeperStart = "sleeper := exec.Command(\"sleep\", \"1000\")\nstarted := sleeper.Start()\nsleeper.Process.Pid"

func startSleeper(t *testing.T, c *Client) int {
	t.Helper()
	cellIn(c, sleeper, nil)
	shown, failed := cellIn(c, sleeperStart, nil)
	pid, err := strconv.Atoi(shown)
	if err != nil {
		t.Fatalf("%q (%s)", shown, failed)
	}
	return pid
}

// A shutdown_request ends a kernel, busy or not, and the processes that its cells started:
// within a second, after a reply, and with exit code 0.
func TestKernelShutsDown(t *testing.T) {
	needKernel(t)
	for _, busy := range []string{"", "for {\n}", "time.Sleep(time.Hour)"} {
		for _, channel := range []string{"control", "shell"} {
			what := fmt.Sprintf("on %s, in the cell %q", channel, busy)
			c, err := Start(Options{Kernel: kernelName})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Stop()
			pid := startSleeper(t, c)
			if busy != "" {
				if _, err := c.send(c.shell, "execute_request", map[string]any{"code": busy}); err != nil {
					t.Fatal(err)
				}
				processtest.Within(t, what, func() {
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
				case <-time.After(processtest.Patience):
					t.Fatalf("%s: the kernel does not end", what)
				}
			}
			if took := time.Since(start); took > time.Second || c.cause != nil {
				t.Errorf("%s: the kernel ended after %v: %v", what, took, c.cause)
			}
			for timeout := time.After(time.Second); !replied; { // it was sent before the end and may not have arrived
				select {
				case m := <-c.messages:
					replied = m.channel == channel && m.Parent.ID == id && m.Header.Type == "shutdown_reply"
				case <-timeout:
					t.Fatalf("%s: no shutdown_reply", what)
				}
			}
			processtest.Ended(t, what, 10*time.Second, pid)
		}
	}
}

// A busy kernel answers a kernel_info_request, and an interrupt_request stops its cell.
func TestKernelAnswersWhileBusy(t *testing.T) {
	needKernel(t)
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	cellIn(c, "x := 41", nil)
	id, err := c.send(c.shell, "execute_request", map[string]any{"code": "for {\n}"})
	if err != nil {
		t.Fatal(err)
	}
	var came []message // the order across channels is undefined
	next := func(parent, channel, kind string) (content string) {
		t.Helper()
		processtest.Within(t, kind, func() {
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
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	cellIn(c, "x := 41", nil)
	time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGINT) })
	processtest.Within(t, "a command", func() {
		if _, failed := cellIn(c, "$ sleep 1000\nx = 42", nil); !strings.Contains(failed, "interrupt") {
			t.Errorf("the command ends with %q", failed)
		}
	})
	if got, failed := cellIn(c, "x", nil); got != "41" || failed != "" {
		t.Errorf("x is %q (%s), want 41", got, failed)
	}
}

// TestRole is run by the process of TestKernelEndsWithItsParent: the parent of a kernel.
func TestRole(t *testing.T) {
	if os.Getenv(processtest.RoleVariable) == "" {
		t.Skip("not started with a role")
	}
	c, err := Start(Options{Kernel: kernelName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	pid := startSleeper(t, c)
	fmt.Println("pids", c.cmd.Process.Pid, pid)
	cellIn(c, "for {\n}", nil)
}

// A kernel, and the processes that its cells started, end with the parent of the kernel,
// however that ends.
func TestKernelEndsWithItsParent(t *testing.T) {
	needKernel(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) { // as by nohup, and then by the children too
			continue
		}
		cmd, pids := processtest.Play(t, "kernel", func(cmd *exec.Cmd) error { return cmd.Start() })
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // by the signal
		processtest.Ended(t, sig.String(), 10*time.Second, pids...)
	}
}
