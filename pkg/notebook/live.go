package notebook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/widget"
)

// Worker is a process that runs the cells of a kernel, one at a time. Questions are
// answered while a cell runs.
type Worker struct {
	Ended chan struct{} // closed when the process has ended

	client *client
	show   func(Shown)
	mu     sync.Mutex
	waits  map[int]chan reply // by the number of the request
	asked  int
	state  int32 // idle; preparing until the request is sent; running; or stopped before
	// unheard is when an interrupt was sent to which the running cell has not reacted.
	unheard time.Time
	reason  string // why this process ended the worker
}

// Live is a cell to run. Number, from 1, identifies it in what it shows.
type Live struct {
	Number      int
	Code        string
	Origin      figure.Origin
	Expressions map[string]string // to evaluate after it, by name
}

// Shown is an output of a cell, the progress of its experiment, or a message of a widget.
// Number is that of the cell, of the message that a widget handles, or of the last cell.
type Shown struct {
	Number   int
	Output   *ipynb.Output
	Progress *trial.Progress
	Comm     *widget.Message
}

// Result is the end of a cell: its error, or nil, and the values of the expressions.
type Result struct {
	Failed *ipynb.Output
	Values map[string]ipynb.Output
}

// StartWorker starts a worker. show is called with what it shows, in order, and not after
// Ended is closed.
func StartWorker(show func(Shown)) (*Worker, error) {
	c, err := startWorker(Options{Engine: engine.Gomacro, Cache: engine.CacheDir()})
	if err != nil {
		return nil, err
	}
	w := &Worker{Ended: make(chan struct{}), client: c, show: show, waits: map[int]chan reply{}}
	go w.receive()
	return w, nil
}

func (w *Worker) receive() {
	defer close(w.Ended)
	for r := range w.client.replies {
		switch {
		case r.Stopping:
			w.mu.Lock()
			w.unheard = time.Time{}
			w.mu.Unlock()
		case r.Done || r.Answer != nil:
			w.mu.Lock()
			wait := w.waits[r.Number]
			delete(w.waits, r.Number)
			w.mu.Unlock()
			if wait != nil {
				wait <- r
			}
		default:
			w.show(Shown{r.Number, r.Output, r.Progress, r.Comm})
		}
	}
	w.client.kill() // the processes that its cells started
}

// do sends a request and returns its last reply; ok is false if the process has ended.
func (w *Worker) do(r request) (last reply, ok bool) {
	wait := make(chan reply, 1)
	w.mu.Lock()
	if r.Ask != "" {
		w.asked++
		r.Number = unreadable - w.asked
	} else if w.state == stopped {
		w.mu.Unlock()
		return failed(&engine.Error{Name: "interrupted", Reason: "the cell was stopped before it ran"}), true
	} else {
		w.state = running
	}
	w.waits[r.Number] = wait
	_ = w.client.send(r) // before any interrupt; if it fails, the process is ending
	w.mu.Unlock()
	select {
	case last = <-wait:
		return last, true
	case <-w.Ended:
	}
	select { // both may have happened
	case last = <-wait:
		return last, true
	default:
		return last, false
	}
}

// Begin must be called before [Worker.Run] and [Worker.Receive]. An interrupt after it
// stops what they will run.
func (w *Worker) Begin() { w.set(preparing) }

func (w *Worker) set(state int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state, w.unheard = state, time.Time{}
}

// Run runs a cell.
func (w *Worker) Run(cell Live) Result {
	defer w.set(idle)
	r, ok := w.do(request{Number: cell.Number, Code: cell.Code, Origin: cell.Origin, Expressions: cell.Expressions})
	if !ok {
		return Result{Failed: w.Crash()}
	}
	if r.Error != nil && len(r.Trace) > 0 {
		if strings.HasPrefix(r.Trace[0], r.Error.Text) { // the trace says it with more detail
			r.Trace[0] = r.Error.Name + ": " + r.Trace[0]
			r.Error.Traceback = nil
		}
		r.Error.Traceback = append(r.Error.Traceback, r.Trace...)
	}
	return Result{r.Error, r.Values}
}

// Expect announces a message that [Worker.Receive] gets later, when what runs has ended.
func (w *Worker) Expect(m widget.Message) {
	_ = w.client.send(request{Comm: &m, Expect: true}) // if that fails, the process is ending
}

// Receive hands a message of the front end to the widgets.
func (w *Worker) Receive(number int, m widget.Message) {
	defer w.set(idle)
	w.do(request{Number: number, Comm: &m})
}

func (w *Worker) ask(kind, code string, cursor int, answer any) {
	r, _ := w.do(request{Ask: kind, Code: code, Cursor: cursor})
	_ = json.Unmarshal(r.Answer, answer) // without a process there is none
}

// Complete returns what may stand at the cursor.
func (w *Worker) Complete(code string, cursor int) (c engine.Completion) {
	w.ask("complete", code, cursor, &c)
	return c
}

// Inspect returns the documentation of the name at the cursor, by MIME type.
func (w *Worker) Inspect(code string, cursor int) (data map[string]any) {
	w.ask("inspect", code, cursor, &data)
	return data
}

// Comms returns the ids of the open comms, with their target names.
func (w *Worker) Comms(target string) (comms map[string]string) {
	w.ask("comms", target, 0, &comms)
	return comms
}

// Interrupt stops what runs. If that has not reacted within two seconds to an earlier
// interrupt, Interrupt ends the process.
func (w *Worker) Interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.state == preparing:
		w.state = stopped
	case w.state != running:
	case w.unheard.IsZero():
		w.unheard = time.Now()
		go w.client.interrupt() // which could wait for the process
	case time.Since(w.unheard) > grace:
		w.reason = fmt.Sprintf("it did not stop within %v of an interrupt", grace)
		w.client.kill()
	}
}

// Close ends the process and those that its cells started.
func (w *Worker) Close() {
	w.client.kill()
	<-w.Ended
}

// maxTrace is the number of lines of the trace of a crash that an error shows.
const maxTrace = 20

// Crash returns the end of the process as the error of a cell. Ended must be closed.
func (w *Worker) Crash() *ipynb.Output {
	written := w.client.stderr.kept.String()
	cause := process.Cause(&w.client.stderr.kept, w.client.exited)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason != "" {
		written, cause = "", w.reason
	} else if strings.HasSuffix(cause, "signal: killed") {
		cause += ", as the system does when memory is used up"
	}
	out := ipynb.ErrorOutput("crash", "the process of the cells ended, and the variables are lost: "+cause)
	if i := strings.Index(written, cause); i >= 0 {
		lines := strings.Split(strings.TrimSpace(written[i:]), "\n")
		out.Traceback = slices.Concat(out.Traceback, lines[:min(len(lines), maxTrace)])
	}
	return out
}
