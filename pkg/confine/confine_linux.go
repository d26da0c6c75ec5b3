package confine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// refusedCalls are the system calls that a confined process cannot make: those that start
// programs, reach a network or another process, or change files in ways that Landlock
// does not control.
var refusedCalls = strings.Fields(`
	execve execveat fork vfork ptrace process_vm_readv process_vm_writev
	socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg
	kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd setsid setpgid
	chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat
	setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr mknod mknodat
	mount umount2 pivot_root chroot unshare setns bpf keyctl add_key request_key
	io_uring_setup io_uring_enter io_uring_register userfaultfd perf_event_open
	setpriority ioprio_set sched_setaffinity sched_setscheduler sched_setparam sched_setattr migrate_pages move_pages process_madvise
	shmget shmat shmctl msgctl msgsnd msgrcv semctl semop semtimedop mq_unlink kcmp process_mrelease msgget semget mq_open open_by_handle_at init_module finit_module kexec_load reboot`)

// readWrite are the access rights to the folder of a confined process: files and folders
// may be read, written, made and removed, but not executed, and devices and sockets not
// made.
const readWrite = ll.AccessFSReadFile | ll.AccessFSReadDir | ll.AccessFSWriteFile | ll.AccessFSTruncate |
	ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSRemoveFile | ll.AccessFSRemoveDir

// Supported returns nil if this system can confine a process, or else an error that says
// what it lacks.
func Supported() error {
	if version, err := ll.LandlockGetABIVersion(); err != nil || version < 1 {
		return fmt.Errorf("this kernel has no Landlock")
	}
	if !seccomp.Supported() {
		return fmt.Errorf("this kernel has no seccomp filters")
	}
	return nil
}

// To denies this process, irrevocably, access to files outside dir (except data on time
// zones), to programs, to networks and to other processes.
func To(dir string) error {
	if err := Supported(); err != nil {
		return err
	}
	err := landlock.V8.BestEffort().Restrict(
		landlock.PathAccess(readWrite, dir),
		landlock.ROFiles("/etc/localtime").IgnoreIfMissing(), // read by package time
		landlock.RODirs("/usr/share/zoneinfo").IgnoreIfMissing(),
	)
	if err != nil {
		return err
	}
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(slices.Clone(refusedCalls), func(name string) bool {
		_, there := info.SyscallNames[name]
		return !there // this architecture does not have the call
	})
	argument := func(call string, which uint32, is seccomp.Operation, value uint64) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: call, Conditions: seccomp.ArgumentConditions{{Argument: which, Operation: is, Value: value}}}
	}
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: names, NamesWithCondtions: []seccomp.NameWithConditions{
			argument("tgkill", 0, seccomp.NotEqual, uint64(os.Getpid())), // the Go scheduler sends signals to its own threads
			argument("prlimit64", 0, seccomp.NotEqual, 0),                // limits of other processes
			argument("mmap", 2, seccomp.BitsSet, syscall.PROT_EXEC),      // machine code could make the system calls of another architecture
			argument("mprotect", 2, seccomp.BitsSet, syscall.PROT_EXEC),
			argument("pkey_mprotect", 2, seccomp.BitsSet, syscall.PROT_EXEC),
		}}},
	}})
}
