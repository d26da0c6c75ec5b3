// Package property makes the property tests of a package, which import it for its
// effect, the same in every run of CI and with every planted error (see mutate): rapid draws
// from a fixed seed and keeps no case of a failure, which would fail every run after it.
package property

import (
	"flag"
	"os"

	_ "pgregory.net/rapid" // which defines the flags
)

func init() {
	if os.Getenv("CI") == "" && os.Getenv("FATE_MUTANT") == "" {
		return
	}
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err) // rapid has another flag now
		}
	}
}
