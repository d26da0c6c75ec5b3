//go:build !unix

package process

import "time"

var began = time.Now()

// Time returns the time since this process began: that of its cores is not known on this
// system.
func Time() time.Duration { return time.Since(began) }
