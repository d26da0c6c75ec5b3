package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/spf13/cobra"
)

func exploreCommand() *cobra.Command {
	var out, baseline string
	s := explore.Initial
	cmd := &cobra.Command{
		Use:   "explore",
		Short: "Write the theory as one HTML page that moves",
		Long: `Explore writes one self-contained HTML page in which the theory is computed while you
drag: the phase diagrams, the risks, the law of the gain on one data set, the effect of
depth, and the distances between the data sets. It needs no network and opens from disk.
Without -o it writes out/explore.html and opens it. The flags say where the page starts.
Run it in a clone of the repository: the page is built from its packages.`,
		Example: "  fate explore\n  fate explore -o explorer.html --theta 60 --sigma 0.5 --depth 4",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if baseline != "plain" && baseline != "tuned" {
				return fmt.Errorf("--baseline %s: it must be plain or tuned", baseline)
			}
			s.Tuned = baseline == "tuned"
			if _, err := s.Setting(); err != nil {
				return err
			}
			path := out
			if path == "" {
				path = filepath.Join("out", "explore.html")
			}
			module, err := moduleDir(cmd.Context())
			if err != nil {
				return err
			}
			if err := mayReplaceExplorer(path); err != nil {
				return err
			}
			var page bytes.Buffer
			if err := explore.Write(cmd.Context(), &page, module, s); err != nil {
				return failure{err}
			}
			if err := file.Write(path, page.Bytes()); err != nil {
				return failure{err}
			}
			fmt.Fprintf(stdout, "%s: %.2f MB\n", path, float64(page.Len())/1e6)
			if out == "" {
				open(cmd.Context(), path)
			}
			return nil
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&out, "out", "o", "", "`file` to write")
	fl.Float64Var(&s.Gamma, "gamma", s.Gamma, "target points per dimension, `n/d`")
	fl.Float64Var(&s.Theta, "theta", s.Theta, "angle between source and target in `degrees`")
	fl.Float64Var(&s.Sigma, "sigma", s.Sigma, "standard deviation of the label `noise`")
	fl.IntVar(&s.Depth, "depth", s.Depth, "`number` of layers")
	fl.IntVar(&s.D, "d", s.D, "input `dimension`")
	fl.Float64Var(&s.Lambda, "lambda", s.Lambda, "`ridge` of linear transfer")
	fl.IntVar(&s.Features, "k", s.Features, "`number` of source tasks")
	fl.Float64Var(&s.Source, "source", s.Source, "source points per dimension, `n_s/d`; 0 is unlimited")
	fl.StringVar(&baseline, "baseline", "plain", "scratch `as` it is (plain), or with the best weight decay (tuned)")
	return cmd
}

// open shows a page in the browser. A machine without one has the path.
func open(ctx context.Context, path string) {
	name, args := "xdg-open", []string{path}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", path}
	}
	if err := exec.CommandContext(ctx, name, args...).Run(); err != nil {
		fmt.Fprintf(stderr, "no browser could be opened (%v): open the file yourself\n", err)
	}
}

// mayReplaceExplorer returns an error if out exists and is not an explorer.
func mayReplaceExplorer(out string) error {
	return mayReplace(out, "an explorer", "-o", 1<<30, func(old []byte) bool { return bytes.Contains(old, []byte(explore.Title)) })
}
