package confine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

const confinedVariable = "FATE_TEST_CONFINED"

// A confined process cannot make these system calls; an unconfined one can.
func TestConfinedCalls(t *testing.T) {
	calls := map[string]func() error{
		"limits of the parent": func() error {
			var old [2]uint64
			_, _, err := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(os.Getppid()), syscall.RLIMIT_FSIZE, 0, uintptr(unsafe.Pointer(&old)), 0, 0)
			return result(err)
		},
		"priority of the parent": func() error { return syscall.Setpriority(syscall.PRIO_PROCESS, os.Getppid(), 0) },
		"a signal to the parent": func() error { return syscall.Kill(os.Getppid(), 0) },
		"executable memory": func() error {
			_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
			return err
		},
		"memory made executable": func() error {
			m, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
			return errors.Join(err, syscall.Mprotect(m, syscall.PROT_READ|syscall.PROT_EXEC))
		},
		"a socket": func() error { _, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0); return err },
		"a file":   func() error { _, err := os.ReadFile("/etc/hostname"); return err },
	}
	switch role := os.Getenv(confinedVariable); role {
	case "yes", "no":
		if role == "yes" {
			if err := To(t.TempDir()); err != nil {
				t.Fatal(err)
			}
		}
		for what, call := range calls {
			if call() == nil {
				fmt.Println("allowed:", what)
			}
		}
		os.Exit(0) // the folder of the test cannot be removed
	}
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	for role, want := range map[string]int{"yes": 0, "no": len(calls)} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestConfinedCalls$")
		cmd.Env = append(os.Environ(), confinedVariable+"="+role)
		out, err := cmd.CombinedOutput()
		if n := strings.Count(string(out), "allowed:"); n != want || err != nil {
			t.Errorf("confined: %s: %d calls are allowed, want %d (%v)\n%s", role, n, want, err, out)
		}
	}
}

func result(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
