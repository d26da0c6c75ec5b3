//go:build !unix

package process

import "os"

// ParentPipe returns nil: children do not inherit files on this system.
func ParentPipe() *os.File { return nil }

// EndWithParent does nothing on this system.
func EndWithParent(*os.File, func()) {}

// EndOthers does nothing on this system.
func EndOthers() {}

// InterruptOthers does nothing on this system.
func InterruptOthers() {}
