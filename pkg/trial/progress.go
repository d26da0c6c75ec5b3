package trial

import (
	"fmt"
	"sync"
	"time"
)

// Progress is the state of running work: finished and all trials.
type Progress struct {
	Done, Total int
	Elapsed     time.Duration
}

// String returns the line that a notebook cell shows during a run.
func (p Progress) String() string {
	return fmt.Sprintf("%3d %%  %d of %d trials, %s", 100*p.Done/p.Total, p.Done, p.Total, p.Elapsed.Round(time.Second))
}

// every is the time between two reports, long enough not to slow a front end.
const every = 250 * time.Millisecond

// meter counts finished units and reports them from a goroutine of its own.
type meter struct {
	mu    sync.Mutex
	done  int
	total int
	start time.Time
	to    func(Progress)
	quit  chan struct{}
	wg    sync.WaitGroup
}

func startMeter(total int, to func(Progress)) *meter {
	m := &meter{total: total, start: time.Now(), to: to, quit: make(chan struct{})}
	if to == nil {
		return m
	}
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
	m.to(Progress{Done: done, Total: m.total, Elapsed: time.Since(m.start)})
}

// stop ends the reports, with a last one if there was time for any.
func (m *meter) stop() {
	close(m.quit)
	m.wg.Wait()
	if m.to != nil && time.Since(m.start) >= every {
		m.send(m.total)
	}
}
