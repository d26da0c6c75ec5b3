// Package session holds the options that all studies of a process share: the store of their
// parts, the shard to measure, the receiver of progress reports, and the interrupt. Notebook
// cells only call Run of a study; the kernel, the worker and the command set the options.
package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Options are the options of all studies of the process.
type Options struct {
	Store *trial.Store // nil for none
	Cache *trial.Store // read where Store lacks a part, written with every part; nil for none
	Shard trial.Shard
	// Progress receives the state of running studies, a few times a second and at the end.
	Progress func(trial.Progress)
	// Code identifies the code of the notebook cells that have run, for parts measured by a
	// closure. It is empty if the code is not tracked.
	Code string
	// Parameters are the values of the parameters of the notebook, for parts that are stored
	// under a key of the user.
	Parameters map[string]string
	// Clear removes what the running cell has shown; nil where outputs cannot be removed.
	Clear func(wait bool)
}

// Clear removes what the running cell has shown so far, with wait when its next output
// comes.
func Clear(wait bool) {
	current.Lock()
	clear := current.options.Clear
	current.Unlock()
	if clear != nil {
		clear(wait)
	}
}

// Done is the outcome of a study in a shard.
type Done struct {
	Study  string
	Report trial.Report
	Failed bool // a trial failed
}

var current = struct {
	sync.Mutex
	options Options
	cancel  map[*context.CancelFunc]bool
	done    []Done
	failed  []error        // of studies, of which nobody has heard
	owed    bool           // a study was not complete
	counted string         // the code that count is of
	count   map[string]int // calls of Code by the name of the study
}{options: Options{Progress: defaultProgress()}, cancel: map[*context.CancelFunc]bool{}}

// Change changes the options of studies that begin later.
func Change(change func(o *Options)) {
	current.Lock()
	defer current.Unlock()
	change(&current.options)
}

// Code identifies a closure that measures in the study, by the code of the notebook cells
// that have run and the number of studies of that name in them. It is "" if the code is not
// tracked, and after an incomplete study: the closure may hold variables that the missing
// trials would have changed.
func Code(study string) string {
	current.Lock()
	defer current.Unlock()
	code := current.options.Code
	if code == "" || current.owed {
		return ""
	}
	if current.counted != code {
		current.counted, current.count = code, map[string]int{}
	}
	current.count[study]++
	return fmt.Sprintf("%s %d", code, current.count[study])
}

// Parameters returns the values of the parameters of the notebook.
func Parameters() map[string]string {
	current.Lock()
	defer current.Unlock()
	return current.options.Parameters
}

// Incomplete reports whether a study of this shard misses units that other shards measure, so
// that what a cell made of its results is not what one process makes.
func Incomplete() bool {
	current.Lock()
	defer current.Unlock()
	return current.owed
}

// InShard reports whether the process measures a shard.
func InShard() bool {
	current.Lock()
	defer current.Unlock()
	return current.options.Shard.Of > 0
}

// Study is a running study.
type Study struct {
	Context context.Context
	Options
	Failed bool // to be set before End if a trial failed
	name   string
	began  bool // its trials; a study that waits for others ends without them
	end    func()
}

// Begin begins a study. [Study.End] must be called.
func Begin(name string) *Study {
	ctx, cancel := context.WithCancel(context.Background())
	current.Lock()
	defer current.Unlock()
	key := &cancel
	current.cancel[key] = true
	return &Study{Context: ctx, Options: current.options, name: name, end: func() {
		current.Lock()
		defer current.Unlock()
		delete(current.cancel, key)
		cancel()
	}}
}

// Trial returns the options for [trial.Run] on at most workers cores; 0 means all.
func (s *Study) Trial(workers int) trial.Options {
	s.began = true
	return trial.Options{Workers: workers, Store: s.Store, Cache: s.Cache, Shard: s.Shard, Progress: s.Progress}
}

// End ends the study.
func (s *Study) End(report trial.Report) {
	s.end()
	if s.Store != nil && !s.began && report.Owed > 0 {
		s.Store.Wait(s.name, report.Units)
	}
	current.Lock()
	defer current.Unlock()
	if s.Shard.Of > 0 {
		current.done = append(current.done, Done{s.name, report, s.Failed})
		current.owed = current.owed || report.Owed > 0
	}
}

// Fail remembers the error of a study of the running cell until somebody hears of it.
func Fail(err error) {
	current.Lock()
	defer current.Unlock()
	current.failed = append(current.failed, err)
}

// Heard forgets the error of a study that a cell has asked for.
func Heard(err error) {
	current.Lock()
	defer current.Unlock()
	current.failed = slices.DeleteFunc(current.failed, func(e error) bool { return errors.Is(err, e) })
}

// TakeFailed returns the first error of a study that nobody has heard of, or nil, and forgets
// them all.
func TakeFailed() error {
	current.Lock()
	defer current.Unlock()
	failed := current.failed
	current.failed = nil
	if len(failed) == 0 {
		return nil
	}
	return failed[0]
}

// TakeDone returns the studies of a shard that have ended since the last call.
func TakeDone() []Done {
	current.Lock()
	defer current.Unlock()
	out := current.done
	current.done = nil
	return out
}

// Interrupt stops all running studies of the process at once and reports whether there were
// any. Their tables hold the finished trials and are marked as interrupted.
func Interrupt() bool {
	current.Lock()
	defer current.Unlock()
	for cancel := range current.cancel {
		(*cancel)()
	}
	return len(current.cancel) > 0
}

// defaultProgress returns a progress bar on a terminal, a line that is rewritten in a
// Jupyter cell, and nil elsewhere.
func defaultProgress() func(trial.Progress) {
	switch {
	case os.Getenv("JPY_PARENT_PID") != "": // set by Jupyter for its kernels
		return cellProgress
	case term.IsTerminal(int(os.Stderr.Fd())):
		return terminalProgress()
	}
	return nil
}

// cellProgress rewrites one line of a notebook cell and erases it at the end, so that the
// committed output holds no timings.
func cellProgress(p trial.Progress) {
	if p.Done == p.Total {
		fmt.Printf("\r%s\r", strings.Repeat(" ", 60))
		return
	}
	fmt.Printf("\r%v   ", p)
}

func terminalProgress() func(trial.Progress) {
	var mu sync.Mutex
	var bar *progressbar.ProgressBar
	return func(p trial.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if bar == nil {
			bar = progressbar.NewOptions(p.Total, progressbar.OptionSetWriter(os.Stderr),
				progressbar.OptionSetDescription("trials"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set(p.Done) // a closed terminal does not end the study
		if p.Done == p.Total {
			_ = bar.Finish()
			bar = nil
		}
	}
}
