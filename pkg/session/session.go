// Package session is what a process decides for all studies that run in it: the store they
// keep their parts in, the shard they measure, who hears of their progress, and what
// interrupts them. A notebook's cells call Run of a study and nothing else; the kernel, the
// worker and the command configure the session around them.
package session

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Options are those of all studies of the process.
type Options struct {
	Store *trial.Store // nil for none
	Cache *trial.Store // asked for what Store lacks, and given what is measured; nil for none
	Shard trial.Shard
	// Progress hears of studies under way, a few times a second and once at the end.
	Progress func(trial.Progress)
	// Code identifies the code of the cells that ran so far, for parts that a closure of a
	// cell measures. Empty if nothing keeps count.
	Code string
}

// Done is what became of a study.
type Done struct {
	Study  string
	Report trial.Report
	Failed bool // a trial gave an error
}

var current = struct {
	sync.Mutex
	options Options
	cancel  map[*context.CancelFunc]bool
	done    []Done
	owed    bool           // a study was not complete
	counted string         // the code that count is of
	count   map[string]int // calls of Code by the name of the study
}{options: Options{Progress: defaultProgress()}, cancel: map[*context.CancelFunc]bool{}}

// Change changes the options of the studies that begin from now on.
func Change(change func(o *Options)) {
	current.Lock()
	defer current.Unlock()
	change(&current.options)
}

// Code returns what identifies a closure that measures in the study: the code of the cells
// that ran so far, and how many studies of that name they began. It is "" if nothing keeps
// count, and after a study was not complete: the closure may hold variables that the missing
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

// InShard reports whether studies measure a shard.
func InShard() bool {
	current.Lock()
	defer current.Unlock()
	return current.options.Shard.Of > 0
}

// Study is a study under way.
type Study struct {
	Context context.Context
	Options
	Failed bool // to be set before End if a trial gave an error
	name   string
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

// Trial returns the options for [trial.Run] on at most so many cores; 0 means all.
func (s *Study) Trial(workers int) trial.Options {
	return trial.Options{Workers: workers, Store: s.Store, Cache: s.Cache, Shard: s.Shard, Progress: s.Progress}
}

// End ends the study.
func (s *Study) End(report trial.Report) {
	s.end()
	current.Lock()
	defer current.Unlock()
	if s.Shard.Of > 0 {
		current.done = append(current.done, Done{s.name, report, s.Failed})
		current.owed = current.owed || report.Owed > 0
	}
}

// TakeDone returns the studies of a shard that ended since the last call.
func TakeDone() []Done {
	current.Lock()
	defer current.Unlock()
	out := current.done
	current.done = nil
	return out
}

// Interrupt stops every study that is running in this process within a moment, and reports
// whether there was one. Each returns what it has, marked as interrupted.
func Interrupt() bool {
	current.Lock()
	defer current.Unlock()
	for cancel := range current.cancel {
		(*cancel)()
	}
	return len(current.cancel) > 0
}

// defaultProgress is a bar on a terminal, a line that is rewritten in a Jupyter cell, and
// nothing elsewhere.
func defaultProgress() func(trial.Progress) {
	switch {
	case os.Getenv("JPY_PARENT_PID") != "": // set by Jupyter for its kernels
		return cellProgress
	case term.IsTerminal(int(os.Stderr.Fd())):
		return terminalProgress()
	}
	return nil
}

// cellProgress rewrites one line of a notebook cell and wipes it at the end, so
// that the committed output does not hold timings.
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
		_ = bar.Set(p.Done) // a terminal that went away does not end the study
		if p.Done == p.Total {
			_ = bar.Finish()
			bar = nil
		}
	}
}
