//go:build !unix

package notebook

import (
	"os"
	"os/exec"
)

func spawn(cmd *exec.Cmd) error { return cmd.Start() }

func killGroup(p *os.Process) { p.Kill() }
