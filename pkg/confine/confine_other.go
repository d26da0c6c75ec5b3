//go:build !linux

package confine

import (
	"fmt"
	"runtime"
)

// Supported returns an error: only Linux can confine a process.
func Supported() error { return fmt.Errorf("%s has no Landlock", runtime.GOOS) }

// To returns the error of [Supported].
func To(string) error { return Supported() }
