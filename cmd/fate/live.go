package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// live is the progress line of a run: a bar on a terminal, nothing elsewhere.
type live struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	width int
	done  map[*job]int // in cellUnits
}

// cellUnits is the length of one cell in the units of the bar.
const cellUnits = 1000

// barWidth is the width of the bar next to its text.
const barWidth = 24

func newLive(jobs []*job) *live {
	terminal := int(os.Stderr.Fd())
	if !term.IsTerminal(terminal) {
		return &live{}
	}
	width, _, err := term.GetSize(terminal)
	if err != nil {
		width = 80
	}
	return liveOn(os.Stderr, width, jobs)
}

// liveOn is newLive on a terminal of a given width.
func liveOn(w io.Writer, width int, jobs []*job) *live {
	cells := 0
	for _, j := range jobs {
		if j.nb != nil {
			cells += ipynb.CodeCells(j.nb)
		}
	}
	const percent = 10 // with the brackets
	return &live{width: max(10, width-barWidth-percent), done: map[*job]int{}, bar: progressbar.NewOptions(max(1, cells*cellUnits),
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))}
}

func (l *live) show(j *job, s notebook.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar == nil {
		return
	}
	text := fmt.Sprintf("%s  cell %d of %d", printable(j.name), s.Cell, s.Cells)
	l.done[j] = (s.Cell - 1) * cellUnits
	if p := s.Experiment; p.Total > 0 {
		text += fmt.Sprintf("  %d of %d trials", p.Done, p.Total)
		l.done[j] += cellUnits * min(p.Done, p.Total) / p.Total
	}
	if runes := []rune(text); len(runes) > l.width { // a longer line would wrap and leave rows behind
		text = string(runes[:l.width-1]) + "…"
	}
	all := 0
	for _, n := range l.done {
		all += n
	}
	l.bar.Describe(text)
	_ = l.bar.Set(all) // a closed terminal does not end the run
}

// finish counts a job as done.
func (l *live) finish(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar != nil && j.nb != nil {
		l.done[j] = ipynb.CodeCells(j.nb) * cellUnits
	}
}

func (l *live) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bar != nil {
		_ = l.bar.Clear()
	}
}
