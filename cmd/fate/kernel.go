package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/docker/kernel"
	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/spf13/cobra"
)

func kernelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Install or remove the Jupyter kernel",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.New("kernel: the subcommand must be install or remove (see fate kernel -h)")
		},
	}
	cmd.AddCommand(installCommand(), removeCommand())
	return cmd
}

// place is where a kernel is installed.
type place struct {
	user   bool
	prefix string
}

func (p *place) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.user, "user", false, "for this user (the default)")
	cmd.Flags().StringVar(&p.prefix, "prefix", "", "for the Python environment or system below this `folder`")
	cmd.MarkFlagsMutuallyExclusive("user", "prefix")
}

// data is the Jupyter data folder of the place.
func (p *place) data() string {
	if p.prefix != "" {
		return filepath.Join(p.prefix, "share", "jupyter")
	}
	return jupyter.UserDataDir()
}

func installCommand() *cobra.Command {
	var p place
	var dry bool
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Register the kernel with Jupyter",
		Long: `Install registers the kernel "Go (fate)" with Jupyter. The archive of a release has
the kernel beside fate, and install copies it if both are of the same build.

Otherwise install builds it with Go: gophernotes with the packages of this module,
gonum and gonum/plot linked in, from temporary copies of the modules that it edits.
It takes the sources from the clone of the repository in which it runs, or else
those of the version that go install built. It takes seconds where fate itself was
compiled, and two minutes elsewhere.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return install(cmd.Context(), p.data(), dry)
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would be done")
	return cmd
}

// install copies the released kernel, or builds it where there is none.
func install(ctx context.Context, data string, dry bool) error {
	ready, without := kernel.Released()
	var module string
	how := "copy the kernel of this release"
	if without != nil {
		var err error
		if module, err = moduleDir(ctx); err != nil {
			return fmt.Errorf("there is no kernel to copy (%w) and none can be built (%w): unpack the archive of a release again, or run this in a clone of the repository with Go", without, err)
		}
		if !errors.Is(without, kernel.ErrNone) {
			fmt.Fprintf(stderr, "there is no kernel to copy: %v\n", without)
		}
		how = "build the kernel from " + module
	}
	if dry {
		fmt.Fprintf(stdout, "would %s\nand write it to %s\n", how, kernel.Dir(data))
		return nil
	}
	start := time.Now()
	if without != nil {
		fmt.Fprintf(stderr, "building the kernel from %s\n", module)
	}
	dir, err := kernel.Install(ctx, ready, kernel.Build{Module: module, Log: os.Stderr}, data)
	if err != nil {
		return failure{err}
	}
	if without != nil {
		fmt.Fprintf(stderr, "done in %.0f s\n", time.Since(start).Seconds())
	}
	fmt.Fprintln(stdout, "installed", dir)
	return nil
}

func removeCommand() *cobra.Command {
	var p place
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Remove the kernel from Jupyter",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := kernel.Remove(p.data()); err != nil {
				return failure{err}
			}
			fmt.Fprintln(stdout, "removed", kernel.Dir(p.data()))
			return nil
		},
	}
	p.flags(cmd)
	return cmd
}

// moduleDir returns a folder with the sources of this module: the clone of the repository in
// which the command runs, or else those of the version that go install built, from the module
// cache.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command, which builds it, is not on the path")
	}
	if path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " "); err == nil && path == pkg.Module {
		return dir, nil
	}
	notHere := errors.New("this is not a clone of the repository, from which it is built")
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != pkg.Module || !strings.HasPrefix(info.Main.Version, "v") || strings.Contains(info.Main.Version, "+dirty") {
		return "", notHere
	}
	module := pkg.Module + "@" + info.Main.Version
	out, err = exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	var m struct{ Dir string }
	if wrong := json.Unmarshal(out, &m); err != nil || wrong != nil || m.Dir == "" {
		return "", fmt.Errorf("%w, and %s cannot be downloaded", notHere, module)
	}
	return m.Dir, nil
}

// labArgs returns the arguments of jupyter. As root JupyterLab does not start without being
// told to.
func labArgs(dir string, root bool) []string {
	if !root {
		return []string{"lab", dir}
	}
	fmt.Fprintln(stderr, "you are root: JupyterLab gets --allow-root, and a notebook may change every file of this machine")
	return []string{"lab", "--allow-root", dir}
}

// hasSliders reports whether JupyterLab can show controls: the extension is in one of the
// data folders of Jupyter. program is jupyter.
func hasSliders(ctx context.Context, program string) bool {
	out, err := exec.CommandContext(ctx, program, "--paths", "--json").Output()
	var paths struct{ Data []string }
	if err != nil || json.Unmarshal(out, &paths) != nil {
		return true // not known
	}
	return slices.ContainsFunc(paths.Data, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "labextensions", "@jupyter-widgets", "jupyterlab-manager"))
		return err == nil
	})
}

func labCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lab [DIR]",
		Short: "Open JupyterLab on the notebooks",
		Long: `Lab opens JupyterLab on a folder of notebooks (by default notebooks), and installs
the kernel first if it is missing.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "notebooks"
			if len(args) > 0 {
				dir = args[0]
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return fmt.Errorf("%s is not a folder", dir)
			}
			program, err := exec.LookPath("jupyter")
			if err == nil {
				err = exec.CommandContext(cmd.Context(), program, "lab", "--version").Run()
			}
			if err != nil {
				return failure{errors.New("JupyterLab is not installed (https://jupyter.org/install); fate run does not need it")}
			}
			if !jupyter.Installed(kernel.Name) {
				if err := install(cmd.Context(), jupyter.UserDataDir(), false); err != nil {
					return err
				}
			}
			if !hasSliders(cmd.Context(), program) {
				fmt.Fprintln(stderr, "this JupyterLab shows figures without their sliders: pip install jupyterlab_widgets adds them")
			}
			lab := exec.CommandContext(cmd.Context(), program, labArgs(dir, os.Geteuid() == 0)...)
			lab.Stdin, lab.Stdout, lab.Stderr = os.Stdin, os.Stdout, os.Stderr
			if err := lab.Run(); err != nil && cmd.Context().Err() == nil {
				return failure{fmt.Errorf("jupyter lab: %w", err)}
			}
			return nil
		},
	}
}
