//go:build !linux

package notebook

import (
	"fmt"
	"runtime"
)

func CanConfine() error { return fmt.Errorf("%s has no Landlock", runtime.GOOS) }

func confine(string) error { return CanConfine() }
