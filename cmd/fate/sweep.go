package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/spf13/cobra"
)

func sweepCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Measure a study in shards, on any number of machines",
		Long: `A sweep is a JSON file with the kind of study and its fields: for the risks of linear
networks a method (law, solve or train), the number of trials, a seed and a grid:

  {"method": "solve", "trials": 200, "seed": 1,
   "grid": {"d": [100, 200, 400], "gamma": [0.5, 1.5], "theta": [0.785], "sigma": [0.2]}}

Its units have a fixed order. Any shard can run anywhere, at any time and more than
once: the merged result has the same bytes. The studies of a notebook run in shards
without such a file: see fate run --shard.`,
	}
	cmd.AddCommand(sweepPlanCommand(), sweepRunCommand(), sweepStatusCommand(), sweepMergeCommand(), sweepSlurmCommand(), sweepKubernetesCommand())
	return cmd
}

// notNotebook refuses a notebook where the file or the folder of a sweep is wanted, and says
// what does the same for it.
func notNotebook(path string) error {
	if !isNotebook(path) {
		return nil
	}
	return fmt.Errorf("%s is a notebook, not the file of a sweep: measure a shard of its studies with fate run --store DIR --shard i/N %s, or all with fate sweep slurm or k8s; fate sweep status DIR tells what is done, and fate run --store DIR %s draws and judges", path, path, path)
}

func sweepRunCommand() *cobra.Command {
	var shard, out string
	var workers, shards int
	cmd := &cobra.Command{
		Use:   "run FILE --shard i/N --out DIR",
		Short: "Measure the units of a shard that are not yet in the folder",
		Long: `Run measures the units of shard i of N and keeps each part in the folder as it is done.
After SIGTERM or an interrupt it drops the unit in progress and exits with 1; the same
command resumes the shard.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notNotebook(args[0]); err != nil {
				return err
			}
			p, err := sweep.Read(args[0])
			if err != nil {
				return err
			}
			s, err := parseShard(shard, shards)
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
			r, err := p.Run(ctx, out, s, workers)
			if err != nil {
				return failure{err}
			}
			fmt.Fprintf(stdout, "shard %s: %d of %d units are there, %d are those of other shards\n", s, r.Done, r.Units, r.Owed)
			if r.Interrupted {
				return failure{errors.New("interrupted; the same command resumes the shard")}
			}
			return nil
		},
	}
	shardFlags(cmd, &shard, &shards)
	cmd.Flags().StringVar(&out, "out", "", "`folder` of the sweep")
	cmd.Flags().IntVar(&workers, "workers", 0, "`number` of cores; 0 is all")
	return cmd
}

// shardFlags are those that choose a shard, here or in an array of a scheduler.
func shardFlags(cmd *cobra.Command, shard *string, shards *int) {
	cmd.Flags().StringVar(shard, "shard", "", "measure shard `i/N` (by default all, 1/1)")
	cmd.Flags().IntVar(shards, "shards", 1, "`number` N of shards, of which a task of an array measures that of its index")
	cmd.MarkFlagsMutuallyExclusive("shard", "shards")
}

// parseShard reads --shard, or takes the shard of a task of an array.
func parseShard(shard string, shards int) (trial.Shard, error) {
	if shard == "" {
		var err error
		if shard, err = shardOfTask(shards); err != nil {
			return trial.Shard{}, err
		}
	}
	s, err := trial.ParseShard(shard)
	if err != nil {
		return s, fmt.Errorf("--shard: %w", err)
	}
	return s, nil
}

// briefly is the number of ranges of indices that a line shows.
const briefly = 8

func sweepStatusCommand() *cobra.Command {
	var shards int
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Print which units are done, running or missing in a folder of shards",
		Long: `Status prints, for each study of a sweep or of notebooks that ran in the folder, the
number of units in each state and their indices. A unit is running if it is one of a
shard whose process gave a sign within the last minute. With --shards it also prints
which shards to run again, in the form that sbatch --array takes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if shards < 0 || shards > trial.MaxShards {
				return fmt.Errorf("--shards %d: it must be at least 1 and at most %d", shards, trial.MaxShards)
			}
			if err := notNotebook(args[0]); err != nil {
				return err
			}
			all, err := trial.StatusOf(args[0])
			if err != nil {
				return failure{err}
			}
			w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "study\tstate\tunits\tindices")
			var again []int
			for _, s := range all {
				if s.Waiting > 0 {
					fmt.Fprintf(w, "%s\twaiting\t%d\tall, until the studies before it are complete: then run all shards again\n", s.Study, s.Waiting)
					continue
				}
				for i, state := range [][]int{s.Done, s.Running, s.Missing} {
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", s.Study, [...]string{"done", "running", "missing"}[i], len(state), sweep.Brief(state, briefly))
				}
				if shards > 0 {
					of, err := s.ShardsOf(s.Missing, shards)
					if err != nil {
						return err
					}
					again = append(again, of...)
				}
			}
			if err := w.Flush(); err != nil || len(again) == 0 {
				return err
			}
			slices.Sort(again)
			list, exact := sweep.List(slices.Compact(again))
			fmt.Fprintf(stdout, "shards to run again: %s\n", list)
			if !exact {
				fmt.Fprintln(stdout, "some of these are done, to keep the list short: they end at once")
			}
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
		Short: "Write the results of a sweep to one file",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := notNotebook(args[0]); err != nil {
				return err
			}
			p, err := sweep.Open(args[0])
			if errors.Is(err, fs.ErrNotExist) && trial.IsFolder(args[0]) {
				err = fmt.Errorf("%s holds the trials of notebooks, not of a sweep: fate run --store %s NOTEBOOK draws and judges", args[0], args[0])
			}
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
			if len(r.Missing) > 0 {
				state = fmt.Sprintf("; partial: units %s are missing", sweep.Brief(r.Missing, briefly))
			}
			fmt.Fprintf(stdout, "%s: %d units%s\n", out, len(r.Units)-len(r.Missing), state)
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write (by default result.json in the folder)")
	cmd.Flags().BoolVar(&partial, "partial", false, "merge the results that exist, and mark them as partial")
	return cmd
}
