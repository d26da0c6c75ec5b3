package session

import (
	"testing"

	"github.com/features-are-fate/fate/pkg/trial"
)

// Each study of a cell has a code of its own, the same in every process that runs the cell.
// After a study of a shard was not complete there is none.
func TestCode(t *testing.T) {
	t.Cleanup(func() {
		Change(func(o *Options) { o.Code, o.Shard = "", trial.Shard{} })
		current.owed = false
		TakeDone()
	})
	if Code("a") != "" {
		t.Error("there is a code that nothing counts")
	}
	seen := map[string]bool{}
	for _, cell := range []string{"x", "y"} {
		Change(func(o *Options) { o.Code = cell })
		for range 2 {
			seen[Code("a")] = true
		}
	}
	Change(func(o *Options) { o.Code, o.Shard = "x", trial.Shard{Index: 1, Of: 2} })
	if again := Code("a"); !seen[again] || len(seen) != 4 {
		t.Errorf("%q, %v", again, seen)
	}
	Begin("b").End(trial.Report{Units: 3, Done: 2, Owed: 1})
	if Code("a") != "" {
		t.Error("a closure is kept that may hold what was not complete")
	}
	if done := TakeDone(); len(done) != 1 || done[0].Study != "b" || TakeDone() != nil {
		t.Errorf("%v", done)
	}
}
