package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/features-are-fate/fate/docker/kernel"
	"github.com/features-are-fate/fate/pkg/bundle"
	"github.com/features-are-fate/fate/pkg/confine"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/verdict"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

type runFlags struct {
	out, engine string
	set         []string
	jobs        int
	timeout     time.Duration // for a cell
	total       time.Duration // for a notebook
	check       bool
	inPlace     bool
	record      bool
	cache       string
	noCache     bool
	store       string // folder of trials, an absolute path
	shardText   string // of --shard
	shards      int
	shard       trial.Shard
	formats     []string // of figures, beside the PNG in the outputs
	columns     int
	trust       bool
	verbose     bool
	unpacked    string // folder of the bundles
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [NOTEBOOK|DIR|BUNDLE.zip]...",
		Short: "Execute notebooks and print their verdicts",
		Long: `Run executes notebooks (by default those in the folder notebooks) and writes
the executed notebooks and their figures to the folder --out. It prints a line for
each notebook, and into a file or a pipe, or with --verbose, a table of all verdicts.
For a bundle (see fate bundle) it also
compares the numbers of the figures with those in the bundle.

With --store, experiments read trials from a folder and store new ones in it. With
--shard i/N as well, they measure only the i-th of N parts of the missing trials:
every notebook cell runs, even after one that fails because other parts are missing,
and nothing is drawn, judged or written to --out. When all shards have run, on any
machines that see the folder, a run without --shard does the rest. A cell may then
take any time, unless --timeout is given. Both need an interpreter;
--store excludes --check, and --shard also --record, --in-place and --format. A
bundle needs --trust, since a confined process writes no folder.

The exit code is 1 if a cell fails, a verdict disagrees or --check finds a
difference, and 2 if the command line or a notebook is invalid. That of a shard is 0
when its part is measured.`,
		Example: `  fate run notebooks
  fate run --set pace=paper notebooks/04_linear_transfer.ipynb
  fate run --engine yaegi --check notebooks
  fate run --store DIR --shard 3/100 --set pace=paper notebooks/04_linear_transfer.ipynb`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.sharded() && !cmd.Flags().Changed("timeout") {
				f.timeout = 0
			}
			return f.run(cmd.Context(), args)
		},
	}
	cmd.Flags().StringVar(&f.out, "out", "out", "`folder` for executed notebooks and figures")
	cmd.Flags().StringVar(&f.engine, "engine", engine.Gomacro, "`interpreter`: "+strings.Join(notebook.Engines, ", ")+" (an installed one)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "change a value in the parameters cell, as `name=value`; may be repeated")
	cmd.Flags().IntVar(&f.jobs, "jobs", 0, "`number` of notebooks run side by side; 0 is one per core, at most 4, and 1 with --record or in a kernel")
	cmd.Flags().DurationVar(&f.timeout, "timeout", time.Hour, "time limit for each cell, as a `duration` like 30s; 0 is none")
	cmd.Flags().DurationVar(&f.total, "notebook-timeout", 0, "time limit for each notebook, as a `duration`; 0 is none")
	cmd.Flags().BoolVar(&f.check, "check", false, "fail if an output differs from the committed one")
	cmd.Flags().BoolVar(&f.inPlace, "in-place", false, "also store the outputs in the notebooks themselves")
	cmd.Flags().StringSliceVar(&f.formats, "format", nil, "also write the figures as `files` of these formats: png, svg, pdf")
	cmd.Flags().BoolVar(&f.trust, "trust", false, "run the code of a bundle unconfined, even if it does more than compute and draw")
	cmd.Flags().IntVar(&f.columns, "columns", 0, "`width` of these files in publication columns, 1 or 2; 0 keeps their own width")
	cmd.Flags().BoolVar(&f.verbose, "verbose", false, "print the table of all verdicts on a terminal too; a file or a pipe gets it anyway")
	cacheFlag(cmd, &f.cache)
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "measure every trial again, as --check does")
	cmd.Flags().StringVar(&f.store, "store", "", "`folder` in which trials are found and kept")
	cmd.Flags().StringVar(&f.shardText, "shard", "", "measure only part `i/N` of what the store lacks")
	cmd.Flags().IntVar(&f.shards, "shards", 0, "the same for a task of an array, whose index is i: the `number` N")
	cmd.MarkFlagsMutuallyExclusive("shard", "shards")
	cmd.Flags().BoolVar(&f.record, "record", false, "add the verdicts of this run with --set to the notebooks, as text")
	return cmd
}

// maxJobs bounds the number of processes of a run.
const maxJobs = 1000

// job is one notebook of a run.
type job struct {
	path, name    string
	bundle        *bundle.Bundle // its bundle, or nil
	committed, nb *ipynb.Notebook
	trusted       bool
	verdicts      []verdict.Row
	measured      *notebook.ShardReport // of a shard
	took          time.Duration
	problems      []string // why it failed, a line each
}

func (f runFlags) run(ctx context.Context, args []string) error {
	if err := f.checkColumns(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(notebook.Engines, f.engine):
		return fmt.Errorf("--engine %q: it must be one of %s", f.engine, strings.Join(notebook.Engines, ", "))
	case slices.ContainsFunc(args, isBundle) && (f.inPlace || f.record || f.engine == notebook.Kernel):
		return errors.New("a bundle runs in an interpreter and is not changed: it excludes --engine kernel, --in-place and --record")
	case f.columns > 0 && len(f.formats) == 0:
		return errors.New("--columns needs --format: it is the width of the files that --format writes")
	case len(f.formats) > 0 && f.engine == notebook.Kernel:
		return errors.New("--format needs an interpreter: a kernel shows only PNG")
	case f.jobs < 0 || f.jobs > maxJobs:
		return fmt.Errorf("--jobs %d: it must be from 1 to %d, or 0 for one per core", f.jobs, maxJobs)
	case f.timeout < 0:
		return fmt.Errorf("--timeout %v: it must be 0 (none) or above", f.timeout)
	case f.total < 0:
		return fmt.Errorf("--notebook-timeout %v: it must be 0 (none) or above", f.total)
	case f.check && (len(f.set) > 0 || f.inPlace):
		return errors.New("--check compares with the committed outputs: it excludes --set and --in-place")
	case f.record && (len(f.set) == 0 || f.inPlace):
		return errors.New("--record adds the verdicts of other parameters to the committed outputs: it needs --set and excludes --in-place")
	}
	if err := f.checkStore(args); err != nil {
		return err
	}
	for _, format := range f.formats {
		if !slices.Contains(ipynb.FigureFormats, format) {
			return fmt.Errorf("--format %q: it must be one of %s", format, strings.Join(ipynb.FigureFormats, ", "))
		}
	}
	if len(args) == 0 {
		args = []string{"notebooks"}
	}
	if slices.ContainsFunc(args, isBundle) {
		var err error
		if f.unpacked, err = file.TempDir("bundle"); err != nil {
			return err
		}
		defer os.RemoveAll(f.unpacked)
	}
	jobs, err := f.load(args)
	if err != nil {
		return err
	}
	if !f.sharded() {
		if err := f.mayWrite(jobs); err != nil {
			return fmt.Errorf("--out %s: %w", f.out, err)
		}
	}
	if f.store != "" {
		if f.store, err = filepath.Abs(f.store); err == nil { // notebooks run in folders of their own
			err = trial.MakeFolder(f.store)
		}
		if err != nil {
			return failure{err}
		}
	}
	if f.noCache || f.check {
		f.cache = ""
	}
	if f.cache != "" {
		f.cache = usableCache(f.cache)
	}
	look, start := viewOf(os.Stdout), time.Now()
	live := newLive(jobs)
	var mu sync.Mutex // of done, and keeps the lines of a notebook together
	done, printed := make([]bool, len(jobs)), 0
	group := new(errgroup.Group)
	group.SetLimit(f.sideBySide())
	for i, j := range jobs {
		group.Go(func() error {
			f.execute(ctx, j, live)
			live.finish(j)
			mu.Lock()
			defer mu.Unlock()
			done[i] = true
			for ; printed < len(jobs) && done[printed]; printed++ { // in the order of the arguments
				live.clear()
				if f.sharded() {
					jobs[printed].printShard(f.shard)
				} else {
					jobs[printed].print(look)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	live.clear()
	return summary(jobs, look, f.verbose, time.Since(start))
}

// execute runs one notebook and writes its outputs, even after a failure.
// sideBySide is the number of notebooks that run at a time. The time that a record states is
// that of one.
func (f runFlags) sideBySide() int {
	switch {
	case f.jobs > 0:
		return f.jobs
	case f.record || f.engine == notebook.Kernel:
		return 1
	}
	return min(runtime.GOMAXPROCS(0), 4)
}

func (f runFlags) execute(ctx context.Context, j *job, live *live) {
	if j.nb == nil { // it could not be read
		return
	}
	start := time.Now()
	if f.total > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.total, fmt.Errorf("the notebook did not end within %v", f.total))
		defer cancel()
	}
	fail := func(err error) {
		if err != nil {
			j.problems = append(j.problems, strings.Split(err.Error(), "\n")...)
		}
	}
	if f.sharded() {
		options, err := f.options(j, live)
		if err == nil {
			j.measured, err = notebook.RunShard(ctx, j.nb, options, f.shard)
		}
		fail(err)
		j.took = time.Since(start)
		return
	}
	drawn, err := f.executeIn(ctx, j, live)
	j.took = time.Since(start)
	fail(err)
	fail(f.write(j, drawn, err != nil))
	var verr error
	j.verdicts, verr = ipynb.Verdicts(j.nb)
	fail(verr)
	for _, v := range j.verdicts {
		if !v.Agree {
			what := "verdict disagrees"
			switch v.Claim {
			case "≠":
				what = "verdict does not refute"
			case ">", "<":
				what = "verdict is not clearly " + v.Claim + " its bound"
			}
			j.problems = append(j.problems, fmt.Sprintf("%s: %s at %s (z = %+.2f)", what, v.Result, v.Setting, v.Z))
		}
	}
	if err == nil && len(f.set) == 0 && j.bundle != nil {
		j.problems = append(j.problems, j.bundle.Differences(drawn)...)
	}
	if f.check && err == nil {
		j.problems = append(j.problems, ipynb.Differences(j.committed, j.nb)...)
	}
	if err != nil || !f.inPlace && !f.record {
		return
	}
	switch same, err := unchanged(j.path, j.committed); {
	case err != nil:
		fail(err)
		return
	case !same:
		fail(fmt.Errorf("%s changed during the run and is not overwritten", j.path))
		return
	}
	if f.inPlace {
		fail(j.nb.Write(j.path))
	}
	if f.record {
		set := "--set " + strings.Join(f.set, " --set ")
		how := fmt.Sprintf("Written by `fate run --record %s`, not by hand: %.0f s on %d cores (%s/%s, %s).",
			set, j.took.Seconds(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
		if rerr := ipynb.Record(j.committed, j.nb, "With `"+strings.Join(f.set, "`, `")+"`", how); rerr != nil {
			fail(rerr)
		} else {
			fail(j.committed.Write(j.path))
		}
	}
}

func (f runFlags) checkColumns() error {
	if f.columns < 0 || f.columns > 2 {
		return fmt.Errorf("--columns %d: it must be 1 or 2, or 0 for the width of the figure itself", f.columns)
	}
	return nil
}

// executeIn runs the cells of a notebook in its folder.
func (f runFlags) executeIn(ctx context.Context, j *job, live *live) ([]ipynb.Figure, error) {
	options, err := f.options(j, live)
	if err != nil {
		return nil, err
	}
	return notebook.Run(ctx, j.nb, options)
}

func (f runFlags) options(j *job, live *live) (notebook.Options, error) {
	dir, err := filepath.Abs(filepath.Dir(j.path))
	if err != nil {
		return notebook.Options{}, err
	}
	if j.bundle != nil && !slices.Contains(f.formats, "png") {
		f.formats = append(slices.Clone(f.formats), "png") // to compare
	}
	if !j.trusted {
		if err := confine.Supported(); err != nil {
			fmt.Fprintf(stderr, "fate: %s: %v: only the names in its code were checked\n", j.name, err)
		}
	}
	return notebook.Options{Confine: !j.trusted, Engine: f.engine, Kernel: kernel.Name, Dir: dir, Cache: f.cache, Store: f.store, Timeout: f.timeout,
		Name: filepath.Base(j.path), Formats: f.formats, Columns: f.columns,
		Progress: func(s notebook.State) { live.show(j, s) }}, nil
}
