// Command fate runs the notebooks of the toolkit without Jupyter and evaluates
// the closed forms of the theory.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/suggest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes.
const (
	exitFailed = 1 // a cell failed, a verdict disagrees, or outputs differ
	exitUsage  = 2
)

// failure is an error with the exit code exitFailed: the request was valid, but its
// outcome was bad.
type failure struct{ error }

func main() {
	notebook.ServeIfWorker()
	os.Exit(run(os.Args[1:]))
}

// rootCommand is the command with all its subcommands.
func rootCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fate",
		Short: "Transfer learning in high-dimensional regression, theorem by theorem",
		Long: `fate reproduces the results of "Features are fate: a theory of transfer
learning in high-dimensional regression" (Tahir, Ganguli, Rotskoff, ICML 2025).`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	cmd.AddCommand(runCommand(), predictCommand(), exploreCommand(), docCommand(), kernelCommand(), labCommand(), cacheCommand(), figureCommand(), reportCommand(), bundleCommand(), sweepCommand(), diagnoseCommand(), initCommand(), versionCommand())
	refuseUnknown(cmd)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if !errors.As(err, &unknown) {
			return err
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return fmt.Errorf("%w%s", err, suggest.Mean("--"+unknown.GetSpecifiedName(), names))
	})
	return cmd
}

func run(args []string) int {
	cmd := rootCommand()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	err := cmd.ExecuteContext(ctx)
	if err == nil && stdout.err != nil {
		err = failure{fmt.Errorf("standard output: %w", stdout.err)}
	}
	var failed failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		if failed.error != nil {
			fmt.Fprintln(stderr, "fate:", err)
		}
		return exitFailed
	}
	fmt.Fprintln(stderr, "fate:", err)
	return exitUsage
}

// refuseUnknown makes command groups refuse unknown subcommands; cobra alone prints its
// help and exits with 0.
func refuseUnknown(cmd *cobra.Command) {
	if !cmd.HasSubCommands() {
		return
	}
	var names []string
	for _, c := range cmd.Commands() {
		refuseUnknown(c)
		names = append(names, c.Name())
	}
	run := cmd.RunE
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
			return fmt.Errorf("unknown command %q for %q (%s -h lists them)%s", args[0], cmd.CommandPath(), cmd.CommandPath(), suggest.Mean(args[0], names))
		case run == nil:
			return cmd.Help()
		}
		return run(cmd, args)
	}
}

// checkTimeout refuses a negative time limit.
func checkTimeout(name string, limit time.Duration) error {
	if limit < 0 {
		return fmt.Errorf("--%s %v: it must be 0 (none) or above", name, limit)
	}
	return nil
}

func (f failure) Error() string {
	if f.error == nil {
		return ""
	}
	return f.error.Error()
}

// within returns when f does or when ctx ends: neither a large product of matrices nor a
// long list can be stopped, but the process can end.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return failure{errors.New("interrupted")}
	}
}
