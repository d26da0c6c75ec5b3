package display

import "github.com/features-are-fate/fate/pkg/session"

// ClearOutput removes what the running cell has shown so far: at once, or with wait when
// the next output comes, so that it replaces the old one without a flicker.
func ClearOutput(wait bool) { session.Clear(wait) }
