package notebook

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

// refusedCalls are the system calls that a confined worker does not have: those that start
// programs, reach a network or another process, and those that change files in ways
// that Landlock does not see.
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

// readWrite is all that files in the folder of a worker are for: not what makes them
// programs, devices or sockets.
const readWrite = ll.AccessFSReadFile | ll.AccessFSReadDir | ll.AccessFSWriteFile | ll.AccessFSTruncate |
	ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSRemoveFile | ll.AccessFSRemoveDir

// CanConfine says why this system cannot confine a process, or nil.
func CanConfine() error {
	if version, err := ll.LandlockGetABIVersion(); err != nil || version < 1 {
		return fmt.Errorf("this kernel has no Landlock")
	}
	if !seccomp.Supported() {
		return fmt.Errorf("this kernel has no seccomp filters")
	}
	return nil
}

// confine takes from this process, for good, all files but those below dir, all
// programs, networks and other processes.
func confine(dir string) error {
	if err := CanConfine(); err != nil {
		return err
	}
	err := landlock.V8.BestEffort().Restrict(
		landlock.PathAccess(readWrite, dir),
		landlock.ROFiles("/etc/localtime").IgnoreIfMissing(), // of package time
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
		return !there // this architecture never had it
	})
	argument := func(call string, which uint32, is seccomp.Operation, value uint64) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: call, Conditions: seccomp.ArgumentConditions{{Argument: which, Operation: is, Value: value}}}
	}
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: names, NamesWithCondtions: []seccomp.NameWithConditions{
			argument("tgkill", 0, seccomp.NotEqual, uint64(os.Getpid())), // the scheduler of Go signals its own threads
			argument("prlimit64", 0, seccomp.NotEqual, 0),                // limits of others
			argument("mmap", 2, seccomp.BitsSet, syscall.PROT_EXEC),      // code of its own could use calls of another architecture
			argument("mprotect", 2, seccomp.BitsSet, syscall.PROT_EXEC),
			argument("pkey_mprotect", 2, seccomp.BitsSet, syscall.PROT_EXEC),
		}}},
	}})
}
