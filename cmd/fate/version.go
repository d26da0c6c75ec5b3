package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit, Go's version and the platform",
		Args:  cobra.NoArgs,
		Run:   func(*cobra.Command, []string) { fmt.Fprintln(stdout, "fate", version(debug.ReadBuildInfo())) },
	}
}

// version says what a program was built from. go run and go install leave out the commit.
func version(info *debug.BuildInfo, ok bool) string {
	module, commit := "(devel)", "unknown"
	if ok && info.Main.Version != "" {
		module = info.Main.Version
	}
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return fmt.Sprintf("%s, commit %s, %s, %s/%s", module, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
