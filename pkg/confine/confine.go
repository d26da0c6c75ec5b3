// Package confine restricts the current process to the files of one folder, by Landlock
// and seccomp on Linux, before it runs untrusted code.
//
//	if err := confine.To(dir); err != nil {
//		return err
//	}
//	// From here on the process reads and writes files in dir alone.
package confine
