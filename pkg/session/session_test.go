package session

import (
	"errors"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// An interrupt ends the context of every study that is under way, and of no other.
func TestInterrupt(t *testing.T) {
	if Interrupt() {
		t.Error("there is a study to interrupt before one has begun")
	}
	a, b := Begin("a"), Begin("b")
	b.End(trial.Report{})
	if !Interrupt() {
		t.Error("a study under way is not interrupted")
	}
	select {
	case <-a.Context.Done():
	case <-time.After(time.Minute):
		t.Error("the context goes on after an interrupt")
	}
	a.End(trial.Report{Interrupted: true})
	c := Begin("c")
	defer c.End(trial.Report{})
	if c.Context.Err() != nil {
		t.Error("a study after the interrupt is interrupted")
	}
}

// Options hold for the studies that begin after they changed; of a shard it is kept what
// became of each study.
func TestOptions(t *testing.T) {
	defer Change(func(o *Options) { *o = Options{Progress: o.Progress} })
	before := Begin("before")
	Change(func(o *Options) { o.Shard, o.Code = trial.Shard{Index: 2, Of: 3}, "x" })
	after := Begin("after")
	if before.Shard.Of != 0 || after.Trial(4).Shard != (trial.Shard{Index: 2, Of: 3}) || after.Trial(4).Workers != 4 || Code("m") != "x 1" || Code("m") != "x 2" || !InShard() {
		t.Errorf("%+v, %+v", before.Options, after.Options)
	}
	before.End(trial.Report{Units: 1})
	after.End(trial.Report{Units: 2, Owed: 1})
	if code := Code("m"); code != "" {
		t.Errorf("after a study that others owe, a closure is known as %q", code)
	}
	if done := TakeDone(); len(done) != 1 || done[0].Study != "after" || done[0].Report.Owed != 1 {
		t.Errorf("%+v", done)
	}
	if len(TakeDone()) != 0 {
		t.Error("a study is reported twice")
	}
}

// Each study of a cell has a code of its own, the same in every process that runs the cell.
// After a study of a shard was not complete there is none.
func TestCodeOfStudies(t *testing.T) {
	current.owed = false // another test may have left it
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

// The error of a study is kept until a cell asks for it, and taken once.
func TestFailedStudies(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	Fail(a)
	Fail(b)
	Heard(a)
	Heard(nil)
	if err := TakeFailed(); err != b {
		t.Errorf("%v, want b", err)
	}
	if err := TakeFailed(); err != nil {
		t.Errorf("%v is taken twice", err)
	}
}
