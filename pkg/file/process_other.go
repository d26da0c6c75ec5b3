//go:build !unix

package file

import "io/fs"

// alive says yes where processes cannot be asked: their files stay.
func alive(int) bool { return true }

func mine(fs.FileInfo) bool { return true }
