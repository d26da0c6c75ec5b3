package main

import (
	"os"
	"syscall"
)

// largest returns the memory of the largest of a process and its children.
func largest(p *os.ProcessState) (kilobytes float64, ok bool) {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return float64(usage.Maxrss), true
}
