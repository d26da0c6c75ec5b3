// Package process starts child processes that end with their parent, however the parent
// ends. The child takes part by a call of [EndWithParent].
//
// In the parent:
//
//	cmd := exec.Command("worker")
//	kill, err := process.Start(cmd)
//	if err != nil {
//		return err
//	}
//	defer kill()
//
// In the child, first thing in main:
//
//	process.EndWithParent(process.ParentPipe(), func() {})
package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// parentVariable is the environment variable that gives a child the file descriptor of
// the read end of a pipe, which reaches end of file when the parent has ended.
const parentVariable = "FATE_PARENT_PIPE"

// Start starts a process in a process group of its own, which ends with this process if
// it calls [EndWithParent]. kill ends the group, and may be called
// more than once.
func Start(cmd *exec.Cmd) (kill func(), err error) {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if runtime.GOOS != "windows" { // where ExtraFiles is not supported
		if cmd.Env == nil {
			cmd.Env = os.Environ()
		}
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", parentVariable, 3+len(cmd.ExtraFiles)))
		cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	}
	if err := spawn(cmd); err != nil {
		ours.Close()
		return nil, err
	}
	return func() {
		killGroup(cmd.Process)
		ours.Close()
	}, nil
}

var panicLine = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|runtime: out of memory.*)$`)

// Cause returns in one line why a process ended, from what it wrote to stderr and the
// error of its Wait.
func Cause(stderr *bytes.Buffer, exit error) string {
	if m := panicLine.FindString(stderr.String()); m != "" {
		return strings.TrimSuffix(m, " [recovered]")
	}
	if exit != nil {
		return exit.Error()
	}
	return "it ended"
}
