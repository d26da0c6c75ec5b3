//go:build unix

package process

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/internal/processtest"
)

// TestRole is run by the processes of the tests below.
func TestRole(t *testing.T) {
	sleep := func() {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Println("pids", os.Getpid(), cmd.Process.Pid)
		time.Sleep(time.Hour)
	}
	switch os.Getenv(processtest.RoleVariable) {
	case "":
		t.Skip("not started with a role")
	case "child":
		EndWithParent(ParentPipe(), func() {})
		sleep()
	case "parent":
		cmd := exec.Command(os.Args[0], "-test.run=^TestRole$")
		cmd.Env = append(os.Environ(), processtest.RoleVariable+"=child")
		cmd.Stdout = os.Stdout
		kill, err := Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer kill()
		time.Sleep(time.Hour)
	}
}

// A child, and the processes that it started, end with the parent, however that ends.
func TestChildrenEndWithTheirParent(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(sig) { // as by nohup, and then by the children too
			continue
		}
		cmd, pids := processtest.Play(t, "parent", func(cmd *exec.Cmd) error { return cmd.Start() })
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // by the signal
		processtest.Ended(t, sig.String(), 10*time.Second, pids...)
	}
}

// The pipe, each signal and kill end a child independently of each other.
func TestEndWithParent(t *testing.T) {
	for _, how := range []string{"pipe", "SIGTERM", "SIGHUP", "kill"} {
		if how == "SIGHUP" && signal.Ignored(syscall.SIGHUP) { // as by nohup
			continue
		}
		var ours *os.File
		var kill func()
		cmd, pids := processtest.Play(t, "child", func(cmd *exec.Cmd) (err error) {
			if how == "kill" {
				kill, err = Start(cmd)
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
		processtest.Ended(t, how, 10*time.Second, pids...)
		if ours != nil {
			ours.Close()
		}
	}
}
