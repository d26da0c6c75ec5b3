package engine

import "github.com/cosmos72/gomacro/fast"

// Kernel runs cells for the gophernotes kernel as the engine Gomacro does.
type Kernel struct{ *gomacroEngine }

// NewKernel returns the kernel, whose experiments keep their trials in [CacheDir].
func NewKernel(*fast.Interp) *Kernel {
	UseCache()
	return &Kernel{newGomacro(func(any) error { return nil })}
}
