package notebook

import (
	"context"
	"errors"
	"slices"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// ShardReport lists the studies of a shard of a notebook.
type ShardReport struct {
	Studies []session.Done // those that the cells began, in order
	// Waiting tells that a notebook cell stopped because trials of other shards are missing.
	// This cell and later ones may have studies that no shard has begun.
	Waiting bool
}

// Sum adds up the units of the studies.
func (r *ShardReport) Sum() (out trial.Report) {
	for _, s := range r.Studies {
		out.Units += s.Report.Units
		out.Done += s.Report.Done
		out.Owed += s.Report.Owed
	}
	return out
}

// own are errors of a cell that do not depend on what other cells gave.
var own = []string{"syntax error", "import error", "refused by the yaegi engine"}

// last are errors of a cell after which no other one can run.
var last = []string{"timeout", "interrupted", "crash"}

// RunShard measures a shard of the studies of a notebook into o.Store. It runs every cell:
// those that need a study of which other shards measure a part fail, and the cells after
// them run all the same. Nothing is shown or drawn. The error joins those of the cells that
// failed before any study was incomplete, and those of trials.
func RunShard(ctx context.Context, nb *ipynb.Notebook, o Options, shard trial.Shard) (*ShardReport, error) {
	if o.Store == "" || shard == (trial.Shard{}) {
		return nil, errors.New("notebook: a shard needs a store")
	}
	o.shard, o.Formats = shard, nil
	out := &ShardReport{}
	owed := false
	var problems []error
	err := each(ctx, nb, o, func(_ int, failed *CellError, r reply) error {
		wrong := false // in the measurements of the cell themselves
		for _, s := range r.Studies {
			owed = owed || s.Report.Owed > 0
			wrong = wrong || s.Failed
		}
		out.Studies = append(out.Studies, r.Studies...)
		switch {
		case failed == nil:
		case slices.Contains(last, failed.Err.Name):
			return failed
		case !owed || wrong || slices.Contains(own, failed.Err.Name):
			problems = append(problems, failed)
		case !r.Owed:
			out.Waiting = true
		}
		return nil
	})
	return out, errors.Join(append(problems, err)...)
}
