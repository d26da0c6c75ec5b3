package notebook

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// spawns are the starts of processes. The signal of a parent's death comes when
// the thread ends that started the child (golang.org/issue/27505): one thread,
// which lives as long as this process, starts them all.
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
