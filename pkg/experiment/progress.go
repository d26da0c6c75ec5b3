package experiment

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is the state of a running experiment.
type Progress struct {
	Done, Total int
	Elapsed     time.Duration
}

// String is the line that a cell shows while an experiment runs.
func (p Progress) String() string {
	return fmt.Sprintf("%3d %%  %d of %d trials, %s", 100*p.Done/p.Total, p.Done, p.Total, p.Elapsed.Round(time.Second))
}

// every is the time between two reports: a few a second do not slow a front end.
const every = 250 * time.Millisecond

var report = struct {
	sync.Mutex
	f func(Progress)
}{f: defaultReport()}

// OnProgress makes f the receiver of progress reports, a few a second and one
// with Done == Total at the end; nil turns reports off. By default they are a
// bar on a terminal, a line that is rewritten in a Jupyter cell, and nothing
// elsewhere.
func OnProgress(f func(Progress)) {
	report.Lock()
	defer report.Unlock()
	report.f = f
}

func defaultReport() func(Progress) {
	switch {
	case os.Getenv("JPY_PARENT_PID") != "": // set by Jupyter for its kernels
		return cellReport
	case term.IsTerminal(int(os.Stderr.Fd())):
		return terminalReport()
	}
	return nil
}

// cellReport rewrites one line of a notebook cell and wipes it at the end, so
// that the committed output does not hold timings.
func cellReport(p Progress) {
	if p.Done == p.Total {
		fmt.Printf("\r%s\r", strings.Repeat(" ", 60))
		return
	}
	fmt.Printf("\r%v   ", p)
}

func terminalReport() func(Progress) {
	var bar *progressbar.ProgressBar
	return func(p Progress) {
		if bar == nil {
			bar = progressbar.NewOptions(p.Total, progressbar.OptionSetWriter(os.Stderr),
				progressbar.OptionSetDescription("trials"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set(p.Done) // a terminal that went away does not end the experiment
		if p.Done == p.Total {
			_ = bar.Finish()
			bar = nil
		}
	}
}

// meter counts finished trials and reports them from a goroutine of its own.
type meter struct {
	mu    sync.Mutex
	done  int
	total int
	start time.Time
	quit  chan struct{}
	wg    sync.WaitGroup
}

func startMeter(total int) *meter {
	m := &meter{total: total, start: time.Now(), quit: make(chan struct{})}
	m.wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.mu.Lock()
				done := m.done
				m.mu.Unlock()
				if done < total {
					m.send(done)
				}
			case <-m.quit:
				return
			}
		}
	})
	return m
}

func (m *meter) add(n int) {
	m.mu.Lock()
	m.done += n
	m.mu.Unlock()
}

func (m *meter) send(done int) {
	report.Lock()
	defer report.Unlock()
	if report.f != nil {
		report.f(Progress{Done: done, Total: m.total, Elapsed: time.Since(m.start)})
	}
}

// stop ends the reports, with a last one if any was due.
func (m *meter) stop() {
	close(m.quit)
	m.wg.Wait()
	if time.Since(m.start) >= every {
		m.send(m.total)
	}
}
