package engine

import (
	"github.com/cosmos72/gomacro/fast"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// Kernel runs cells for the gophernotes kernel as the engine Gomacro does.
type Kernel struct{ *gomacroEngine }

// NewKernel returns the kernel, whose experiments keep their trials in [CacheDir].
func NewKernel(*fast.Interp) *Kernel {
	symbols.RegisterDisplay() // gophernotes has registered its own
	UseCache()
	return &Kernel{newGomacro(func(any) error { return nil })}
}
