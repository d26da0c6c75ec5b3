//go:build unix

package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// ParentPipe returns the pipe that [EndWithParent] watches, or nil if the parent gave
// none. Processes that this process starts do not inherit it.
func ParentPipe() *os.File {
	value, ok := os.LookupEnv(parentVariable)
	if !ok {
		return nil
	}
	os.Unsetenv(parentVariable)
	fd, err := strconv.Atoi(value)
	if err == nil && fd > 2 {
		err = syscall.Fstat(fd, &syscall.Stat_t{})
	}
	if err != nil || fd <= 2 {
		fmt.Fprintf(os.Stderr, "%s is %q: want the number of an open file from 3\n", parentVariable, value)
		return nil
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), parentVariable)
}

// EndWithParent makes this process end, with its process group if it leads one, on
// SIGTERM, on SIGHUP, and at the end of file of the pipe, which may be nil. Before that it
// calls last, and waits for it for a second at most.
func EndWithParent(pipe *os.File, last func()) {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		signal.Notify(end, syscall.SIGHUP)
	}
	gone := make(chan error, 1)
	if pipe != nil {
		go func() {
			_, err := io.Copy(io.Discard, pipe)
			gone <- err
		}()
	}
	go func() {
		select {
		case <-end:
		case <-gone:
		}
		called := make(chan struct{})
		go func() { last(); close(called) }()
		select {
		case <-called:
		case <-time.After(time.Second): // such as a file on a server that does not answer
		}
		if leads() {
			_ = syscall.Kill(-os.Getpid(), syscall.SIGKILL) // including this process
		}
		os.Exit(1)
	}()
}

// EndOthers ends the other processes of the process group, if this process leads it.
func EndOthers() {
	if !leads() {
		return
	}
	signal.Ignore(syscall.SIGTERM)
	_ = syscall.Kill(-os.Getpid(), syscall.SIGTERM)
	for range 100 { // processes started meanwhile are found in the next round
		others := group()
		if len(others) == 0 {
			return
		}
		for _, pid := range others {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// InterruptOthers sends SIGINT to the process group, if this process leads it. This process
// must handle it.
func InterruptOthers() {
	if leads() {
		_ = syscall.Kill(-os.Getpid(), syscall.SIGINT)
	}
}

func leads() bool { return syscall.Getpgrp() == os.Getpid() }

// group returns the other live processes of the process group, on systems that list
// processes in /proc.
func group() (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it ended
		}
		// "pid (name) state parent group …", where the name may contain any characters.
		fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil || len(fields) < 3 || fields[0][0] == 'Z' || pid == os.Getpid() {
			continue
		}
		if string(fields[2]) == strconv.Itoa(os.Getpid()) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill() // if it does not lead the group yet, or no longer does
}
