package notebook

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// parentVariable names the end of a pipe that a child inherits: it ends with us,
// however we end.
const parentVariable = "FATE_PARENT_PIPE"

// startChild starts a process in a group of its own that ends when this process
// does, if it calls [EndWithParent]. kill ends the group, and may be called again;
// a child whose kill is forgotten ends too.
func startChild(cmd *exec.Cmd) (kill func(), err error) {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if runtime.GOOS != "windows" { // which inherits no files
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
