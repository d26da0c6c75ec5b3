package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/sweep"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/spf13/cobra"
)

func sweepPlanCommand() *cobra.Command {
	var shards, cores int
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print the number of units, an estimate of the time, and the units of each shard",
		Long: `Plan prints an estimate of the time that the study takes, by timings of some of its units
or of smaller ones on this machine, and the units of each shard. With --time it makes as
many shards as finish in half of it, if a unit does.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case shards < 1 || shards > trial.MaxShards:
				return fmt.Errorf("--shards %d: it must be at least 1 and at most %d", shards, trial.MaxShards)
			case cores < 1 || cores > sweep.MaxCores:
				return fmt.Errorf("--cores %d: it must be at least 1 and at most %d", cores, sweep.MaxCores)
			case limit < 0:
				return fmt.Errorf("--time %v: it must be above 0", limit)
			}
			if err := notNotebook(args[0]); err != nil {
				return err
			}
			return within(cmd.Context(), func() error { return printPlan(args[0], shards, cores, limit) })
		},
	}
	cmd.Flags().IntVar(&shards, "shards", 1, "`number` of shards")
	cmd.Flags().DurationVar(&limit, "time", 0, "time `limit` of a shard, which decides their number")
	cmd.Flags().IntVar(&cores, "cores", 1, "`number` of cores of a shard")
	cmd.MarkFlagsMutuallyExclusive("shards", "time")
	return cmd
}

// patience is the time after which a study has no estimate.
const patience = 30 * time.Second

var errNoEstimate = fmt.Errorf("no estimate of the time within %v", patience)

// estimateOf estimates the times of a sweep.
func estimateOf(p *sweep.Plan) (e *experiment.Estimate, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var got *experiment.Estimate
	err = within(ctx, func() (err error) {
		got, err = p.Estimate(sweep.Budget)
		return err
	})
	if ctx.Err() != nil {
		return nil, errNoEstimate
	}
	return got, err
}

func printPlan(path string, shards, cores int, limit time.Duration) error {
	p, err := sweep.Read(path)
	if err != nil {
		return err
	}
	e, err := estimateOf(p)
	timed, time := errNoEstimate.Error(), func(trial.Share) string { return "unknown" }
	switch {
	case err == nil:
		time = func(s trial.Share) string { return sweep.Duration(e.Of(s)) }
		timed = fmt.Sprintf("about %s on one core (%d timed)", time(trial.Share{Step: 1, Count: p.Work().Units}), e.Measured)
		if limit > 0 {
			if shards, err = (sweep.Fit{Work: p.Work(), Of: e.Of, Cores: cores}).Safe(limit); err != nil {
				return err
			}
		}
	case !errors.Is(err, errNoEstimate) || limit > 0:
		return err
	}
	work := p.Work()
	fmt.Fprintf(stdout, "sweep %s: %s, %d units, %s\n", p.Hash, work.Name, work.Units, timed)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "shard\tunits\tfirst\tlast\ttime on one core")
	for i := 1; i <= shards; i++ {
		units, err := work.Share(trial.Shard{Index: i, Of: shards})
		if err != nil {
			return err
		}
		first, last := "none", ""
		if units.Count > 0 {
			first, last = work.Title(units.First), work.Title(units.Unit(units.Count-1))
		}
		fmt.Fprintf(w, "%d/%d\t%d\t%s\t%s\t%s\n", i, shards, units.Count, first, last, time(units))
	}
	return w.Flush()
}

// setShards sets the number of shards of a job by [fitShards]; 0 that the user asked for stays, which
// is an error elsewhere.
func setShards(cmd *cobra.Command, path string, shards *int, cores int, limit time.Duration) error {
	if *shards <= 0 && cmd.Flags().Changed("shards") {
		return nil
	}
	return within(cmd.Context(), func() (err error) {
		*shards, err = fitShards(path, *shards, cores, limit-sweep.Grace*time.Second)
		return err
	})
}

// fitShards returns the number of shards of a job: that of the user, if each finishes within
// its limit by the estimate, or as many as finish in half of it. The times of a notebook's
// studies are not known before it runs.
func fitShards(path string, shards, cores int, limit time.Duration) (int, error) {
	if cores < 1 || limit <= 0 || shards > trial.MaxShards || isNotebook(path) { // which is an error elsewhere
		return shards, nil
	}
	p, err := sweep.Read(path)
	if err != nil {
		return 0, err
	}
	e, err := estimateOf(p)
	if errors.Is(err, errNoEstimate) && shards > 0 {
		fmt.Fprintln(stderr, "the estimate took too long: whether a shard fits its limit is not known")
		return shards, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%w: choose --shards, or --estimate=false", err)
	}
	fit := sweep.Fit{Work: p.Work(), Of: e.Of, Cores: cores}
	asked := shards
	if shards == 0 {
		if shards, err = fit.Safe(limit); err != nil {
			return 0, fmt.Errorf("%w: raise --time", err)
		}
	}
	seconds, err := fit.Longest(shards)
	if asked == 0 && err == nil {
		fmt.Fprintf(stderr, "--shards %d: the longest takes about %s of its %v by the estimate\n", shards, sweep.Duration(seconds), limit)
	}
	if err != nil || seconds <= limit.Seconds() {
		return shards, err
	}
	need, err := fit.Shards(limit)
	if err != nil {
		return 0, fmt.Errorf("%w: raise --time, or trust no estimate with --estimate=false", err)
	}
	return 0, fmt.Errorf("--shards %d: a shard takes about %s by the estimate, more than its %v: take at least %d shards, raise --time, or trust no estimate with --estimate=false", shards, sweep.Duration(seconds), limit, need)
}
