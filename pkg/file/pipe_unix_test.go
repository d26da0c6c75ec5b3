//go:build unix

package file

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe without a writer and an endless device do not block or exhaust memory.
func TestReadRefusesPipesAndDevices(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/tty"} {
		if _, err := Read(path, 10); err == nil {
			t.Errorf("%s is no error", path)
		}
	}
	if err := Write("/dev/null", nil); err == nil {
		t.Error("a device can be replaced")
	}
}

// A pipe in place of the lock does not block a run.
func TestLockIsNoPipe(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, 1)
	lock := filepath.Join(dir, lockFile)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(lock, 0o644); err != nil {
		t.Skip(err)
	}
	if err := (Output{dir}).Put(run(2), ""); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe in place of the lock: %v", err)
	}
}
