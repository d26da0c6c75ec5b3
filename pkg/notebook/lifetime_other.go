//go:build !unix

package notebook

import "os"

// ParentPipe returns nil: no files are inherited here.
func ParentPipe() *os.File { return nil }

// EndWithParent does nothing here.
func EndWithParent(*os.File) {}

// EndOthers does nothing here.
func EndOthers() {}
