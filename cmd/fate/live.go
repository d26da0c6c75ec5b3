package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// live is the progress line of a run: a bar on a terminal, nothing elsewhere.
type live struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// cellUnits is the length of one cell in the units of the bar.
const cellUnits = 1000

func newLive() *live {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return &live{}
	}
	return &live{bar: progressbar.NewOptions(1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))}
}

func (l *live) show(name string, s notebook.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar == nil {
		return
	}
	text := fmt.Sprintf("%s  cell %d of %d", name, s.Cell, s.Cells)
	done := (s.Cell - 1) * cellUnits
	if p := s.Experiment; p.Total > 0 {
		text += fmt.Sprintf("  %d of %d trials", p.Done, p.Total)
		done += cellUnits * p.Done / p.Total
	}
	l.bar.ChangeMax(s.Cells * cellUnits)
	l.bar.Describe(text)
	_ = l.bar.Set(done) // a terminal that went away does not end the run
}

func (l *live) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar != nil {
		_ = l.bar.Clear()
	}
}
