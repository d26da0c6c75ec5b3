package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/spf13/cobra"
)

func sweepCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Measure a grid in shards, on any number of machines",
		Long: `A sweep is a JSON file with a method (law, solve or train), the number of trials, a seed
and a grid:

  {"method": "solve", "trials": 200, "seed": 1,
   "grid": {"d": [100, 200, 400], "gamma": [0.5, 1.5], "theta": [0.785], "sigma": [0.2]}}

Its cells have a fixed order, and each has its own seed. Any shard can run anywhere,
at any time and more than once: the merged result has the same bytes.`,
	}
	cmd.AddCommand(sweepPlanCommand(), sweepRunCommand(), sweepStatusCommand(), sweepMergeCommand(), sweepSlurmCommand(), sweepKubernetesCommand())
	return cmd
}

func sweepPlanCommand() *cobra.Command {
	var shards int
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print the number of cells, the estimated time, and the contents of each shard",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := sweep.Read(args[0])
			if err != nil {
				return err
			}
			if _, err := p.Shard(1, shards); err != nil {
				return fmt.Errorf("--shards %d: it must be at least 1 and at most %d", shards, sweep.MaxShards)
			}
			const budget = 2 * time.Second
			e, err := p.Estimate(budget)
			if err != nil {
				return err
			}
			all, err := p.Shard(1, 1)
			if err != nil {
				return err
			}
			trials := fmt.Sprintf("× %d trials", p.Sweep.Trials)
			if p.Sweep.Experiment == sweep.Students {
				trials = fmt.Sprintf("of %d trials", p.Sweep.Trials)
			}
			fmt.Fprintf(stdout, "sweep %s: %d cells %s (%s), about %s on one core (%d timed)\n",
				p.Hash, len(p.Cells), trials, p.Sweep.Method, duration(e.Of(all)), e.Measured)
			w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "shard\tcells\tfirst\tlast\ttime on one core")
			for i := 1; i <= shards; i++ {
				cells, err := p.Shard(i, shards)
				if err != nil {
					return err
				}
				first, last := "none", ""
				if len(cells) > 0 {
					first, last = p.Cells[cells[0]].String(), p.Cells[cells[len(cells)-1]].String()
				}
				fmt.Fprintf(w, "%d/%d\t%d\t%s\t%s\t%s\n", i, shards, len(cells), first, last, duration(e.Of(cells)))
			}
			return w.Flush()
		},
	}
	cmd.Flags().IntVar(&shards, "shards", 1, "`number` of shards")
	return cmd
}

// duration formats seconds, also those beyond the 292 years of a time.Duration.
func duration(seconds float64) string {
	const year = 365.25 * 24 * 3600
	if seconds > 100*year {
		return fmt.Sprintf("%.2g years", seconds/year)
	}
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d > time.Minute:
		d = d.Round(time.Second)
	case d > time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(10 * time.Microsecond)
	}
	return d.String()
}

func sweepRunCommand() *cobra.Command {
	var shard, out string
	var workers, shards int
	cmd := &cobra.Command{
		Use:   "run FILE --shard i/N --out DIR",
		Short: "Measure the missing cells of a shard",
		Long: `Run measures the cells of shard i of N that the folder lacks, and writes each when it is
done. After SIGTERM or an interrupt it discards the unfinished cells and exits with 1;
the same command resumes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := sweep.Read(args[0])
			if err != nil {
				return err
			}
			if shard == "" {
				if shard, err = shardOfTask(shards); err != nil {
					return err
				}
			}
			var i, n int
			if _, err := fmt.Sscanf(shard, "%d/%d", &i, &n); err != nil || shard != fmt.Sprintf("%d/%d", i, n) {
				return fmt.Errorf("--shard %q: it must be i/N, as in 3/7", shard)
			}
			cells, err := p.Shard(i, n)
			if err != nil {
				return err
			}
			if out == "" {
				return errors.New("--out is missing: the folder of the sweep")
			}
			if workers < 0 || workers > sweep.MaxCores {
				return fmt.Errorf("--workers %d: it must be 0 (all cores) or above, and at most %d", workers, sweep.MaxCores)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM)
			defer stop()
			done := 0
			err = p.Run(ctx, out, cells, workers, func(int) { done++ })
			fmt.Fprintf(stdout, "shard %s: %d of %d cells are done\n", shard, done, len(cells))
			if errors.Is(err, context.Canceled) {
				err = errors.New("stopped: the same command resumes")
			}
			if err != nil {
				return failure{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&shard, "shard", "", "`shard` to measure, as i/N (default 1/1, all cells)")
	cmd.Flags().IntVar(&shards, "shards", 1, "`number` N of shards; a task of an array measures the shard of its index")
	cmd.MarkFlagsMutuallyExclusive("shard", "shards")
	cmd.Flags().StringVar(&out, "out", "", "`folder` of the sweep")
	cmd.Flags().IntVar(&workers, "workers", 0, "`number` of cores; 0 is all")
	return cmd
}

func sweepStatusCommand() *cobra.Command {
	var shards int
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Print which cells are done, running, missing or damaged",
		Long: `Status prints the number of cells in each state and their indices. Given the number
of shards, it also prints the shards to run again, in the form that sbatch --array takes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if shards < 0 || shards > sweep.MaxShards {
				return fmt.Errorf("--shards %d: it must be at least 1 and at most %d", shards, sweep.MaxShards)
			}
			p, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			s, err := p.Status(args[0])
			if err != nil {
				return failure{err}
			}
			w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "state\tcells\tindices")
			for _, row := range []struct {
				name  string
				cells []int
			}{{"done", s.Done}, {"running", s.Running}, {"missing", s.Missing}, {"damaged", s.Damaged}, {"of other code", s.Other}} {
				fmt.Fprintf(w, "%s\t%d\t%s\n", row.name, len(row.cells), sweep.List(row.cells))
			}
			again := slices.Concat(s.Missing, s.Damaged)
			if err := w.Flush(); err != nil || shards == 0 || len(again) == 0 {
				return err
			}
			submit, err := p.ShardsOf(again, shards)
			if err != nil {
				return err
			}
			fmt.Fprintf(stdout, "shards to run again: %s\n", sweep.List(submit))
			return nil
		},
	}
	cmd.Flags().IntVar(&shards, "shards", 0, "`number` of shards of the sweep")
	return cmd
}

func sweepMergeCommand() *cobra.Command {
	var out string
	var partial bool
	cmd := &cobra.Command{
		Use:   "merge DIR",
		Short: "Merge the cells of a sweep into one file",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			r, err := p.Merge(args[0], partial)
			if err != nil {
				return failure{fmt.Errorf("%s: %w", args[0], err)}
			}
			if out == "" {
				out = filepath.Join(args[0], "result.json")
			}
			if err := r.Write(out); err != nil {
				return failure{err}
			}
			state := ""
			if r.Partial {
				state = fmt.Sprintf("; partial: cells %s are missing", sweep.List(r.Missing))
			}
			fmt.Fprintf(stdout, "%s: %d cells%s\n", out, len(r.Cells), state)
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write (default result.json in the folder)")
	cmd.Flags().BoolVar(&partial, "partial", false, "merge the available cells and mark the result as partial")
	return cmd
}
