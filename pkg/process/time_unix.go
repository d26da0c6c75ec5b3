//go:build unix

package process

import (
	"syscall"
	"time"
)

// Time returns the time that this process has spent on all cores.
func Time() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for a wrong argument only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
