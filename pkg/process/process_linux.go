package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// spawns takes functions to run on one thread, which lives as long as this process and
// starts all children: Linux sends a child its Pdeathsig when the thread that started it
// ends (golang.org/issue/27505).
var spawns = sync.OnceValue(func() chan<- func() {
	c := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range c {
			do()
		}
	}()
	return c
})

func spawn(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	spawns() <- func() { started <- cmd.Start() }
	return <-started
}
