package kernel

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// The copies hold gomacro only for Windows, where it would compile a file that cannot be
// compiled there.
func TestWindows(t *testing.T) {
	for system, want := range map[string]bool{"windows": false, "linux": true} {
		b := Build{Module: "../..", OS: system, Log: io.Discard}
		mod, done, err := b.modules(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		var files bytes.Buffer
		if err := b.run(t.Context(), &files, "list", "-modfile="+mod, "-f", "{{.Dir}} {{.GoFiles}}", gomacro+"/imports"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(files.String(), " log_syslog.go "); got != want {
			t.Errorf("%s compiles log_syslog.go: %v", system, got)
		}
		if copied := !strings.Contains(files.String(), "@"); copied == want {
			t.Errorf("%s: gomacro is in %s", system, files.String()[:80])
		}
	}
}
