package display

var clear = func(wait bool) {}

// OnClear sets the function that [ClearOutput] calls. The process of the cells sets it.
func OnClear(f func(wait bool)) { clear = f }

// ClearOutput removes what the running cell has shown so far: at once, or with wait when
// the next output comes, so that it replaces the old one without a flicker.
func ClearOutput(wait bool) { clear(wait) }
