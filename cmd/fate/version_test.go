package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	released := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}}
	for want, got := range map[string]string{
		"v1.2.3, commit abc, go":      version(released, true),
		"v1.2.3, commit unknown, go":  version(&debug.BuildInfo{Main: released.Main}, true),
		"(devel), commit unknown, go": version(nil, false),
	} {
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
