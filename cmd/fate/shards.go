package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/trial"
)

func (f runFlags) sharded() bool { return f.shardText != "" || f.shards > 0 }

// checkStore checks the options of a store and reads that of the shard.
func (f *runFlags) checkStore(args []string) error {
	switch {
	case f.shards < 0 || f.shards > trial.MaxShards:
		return fmt.Errorf("--shards %d: it must be at least 1 and at most %d", f.shards, trial.MaxShards)
	case f.sharded() && f.store == "":
		return errors.New("--shard needs --store: the folder that the shards fill")
	case f.sharded() && (f.check || f.record || f.inPlace || len(f.formats) > 0):
		return errors.New("a shard draws and judges nothing: it excludes --check, --record, --in-place and --format")
	case f.store == "":
		return nil
	case f.check:
		return errors.New("--check measures every trial again: it excludes --store")
	case f.engine == notebook.Kernel:
		return fmt.Errorf("--store needs an interpreter: --engine %s or %s", engine.Gomacro, engine.Yaegi)
	case slices.ContainsFunc(args, isBundle) && !f.trust:
		return errors.New("--store: the code of a bundle is confined and writes no folder: read it, and run it with --trust")
	}
	text := f.shardText
	if f.shards > 0 {
		var err error
		if text, err = shardOfTask(f.shards); err != nil {
			return err
		}
	}
	if text == "" {
		return nil
	}
	var err error
	if f.shard, err = trial.ParseShard(text); err != nil {
		return fmt.Errorf("--shard: %w", err)
	}
	return nil
}

// printShard prints what a shard of a notebook measured.
func (j *job) printShard(shard trial.Shard) {
	if r := j.measured; r != nil {
		sum := r.Sum()
		fmt.Fprintf(stdout, "%s  shard %v: %s, %d of %d units are there, %d are those of other shards\n", j.name, shard, studies(len(r.Studies)), sum.Done, sum.Units, sum.Owed)
		if r.Waiting {
			fmt.Fprintf(stdout, "        %s: a notebook cell stopped because these units are missing: when all shards have run, run the shards again for the studies that need their results\n", j.name)
		}
	}
	j.printProblems()
}

func studies(n int) string {
	if n == 1 {
		return "1 study"
	}
	return fmt.Sprintf("%d studies", n)
}
