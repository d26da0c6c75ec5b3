package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/docker/kernel"
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
		Short: "Build the kernel and register it with Jupyter",
		Long: `Install builds gophernotes with the packages of this module, gonum and gonum/plot
linked in, from temporary copies of two modules, and registers it with
Jupyter as the kernel "Go (fate)". Run it in a clone of the repository. It
takes seconds where fate itself was compiled, and two minutes elsewhere.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			module, err := moduleDir(cmd.Context())
			if err != nil {
				return err
			}
			if dry {
				fmt.Fprintf(stdout, "would build the kernel from %s\nand write it to %s\n", module, kernel.Dir(p.data()))
				return nil
			}
			return install(cmd.Context(), module, p.data())
		},
	}
	p.flags(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would be done")
	return cmd
}

func install(ctx context.Context, module, data string) error {
	fmt.Fprintf(stderr, "building the kernel from %s\n", module)
	start := time.Now()
	dir, err := kernel.Install(ctx, module, data, os.Stderr)
	if err != nil {
		return failure{err}
	}
	fmt.Fprintf(stderr, "done in %.0f s\n", time.Since(start).Seconds())
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

// moduleDir returns the folder of the checkout of the repository.
func moduleDir(ctx context.Context) (string, error) {
	const module = "github.com/features-are-fate/fate"
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command, which builds it, is not on the path")
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || path != module {
		return "", errors.New("this is not a clone of the repository, from which it is built")
	}
	return dir, nil
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
				module, err := moduleDir(cmd.Context())
				if err != nil {
					return err
				}
				if err := install(cmd.Context(), module, jupyter.UserDataDir()); err != nil {
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
