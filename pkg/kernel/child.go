package kernel

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/widget"
)

// child is the process in which cells run.
type child struct {
	mu      sync.Mutex
	worker  *notebook.Worker // nil if there is none yet, or no longer
	closed  bool             // the kernel ends
	busy    bool
	request request         // if busy, what runs
	session jupyter.Session // what has run in it
}

// live returns the process, which it starts if there is none.
func (k *kernel) live() (*notebook.Worker, error) {
	p := &k.process
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.worker != nil {
		select {
		case <-p.worker.Ended:
		default:
			return p.worker, nil
		}
	}
	w, err := notebook.StartWorker(k.show)
	if err != nil {
		return nil, err
	}
	p.worker, p.session = w, jupyter.Session{}
	if p.closed {
		w.Close()
	}
	go k.watch(w, time.Now())
	return w, nil
}

// watch starts another process when this one ends. If no cell ran then, what happened is
// shown below the last one.
func (k *kernel) watch(w *notebook.Worker, started time.Time) {
	<-w.Ended
	p := &k.process
	p.mu.Lock()
	busy, closed := p.busy, p.closed
	p.mu.Unlock()
	if closed {
		return
	}
	if !busy {
		k.outputs.printLast(k, strings.Join(w.Crash().Traceback, "\n")+"\n")
	}
	if busy || time.Since(started) > time.Second { // or else the next one could end as soon
		_, _ = k.live() // or else the next cell tries again and shows the error
	}
}

// run marks a request as running while do uses the process. An interrupt stops it from the
// beginning of do.
func (k *kernel) run(r request, do func(*notebook.Worker)) error {
	w, err := k.live()
	if err != nil {
		return err
	}
	p := &k.process
	mark := func(busy bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.busy, p.request = busy, r
	}
	mark(true)
	defer mark(false)
	w.Begin()
	do(w)
	return nil
}

// running returns the request that the process handles.
func (k *kernel) running() (request, bool) {
	k.process.mu.Lock()
	defer k.process.mu.Unlock()
	return k.process.request, k.process.busy
}

// current returns the process without starting one, or nil.
func (k *kernel) current() *notebook.Worker {
	k.process.mu.Lock()
	defer k.process.mu.Unlock()
	return k.process.worker
}

func (k *kernel) interrupt() {
	if w := k.current(); w != nil {
		w.Interrupt()
	}
}

func (k *kernel) close() {
	p := &k.process
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.worker != nil {
		p.worker.Close()
	}
}

func (k *kernel) complete(code string, cursor int) content {
	matches, types := []string{}, []content{}
	start, end := cursor, cursor
	if w, err := k.live(); err == nil {
		c := w.Complete(code, cursor)
		start, end = c.Start, c.End
		for _, m := range c.Matches {
			matches = append(matches, m.Text)
			types = append(types, content{"start": c.Start, "end": c.End, "text": m.Text, "type": m.Kind})
		}
	}
	return content{"matches": matches, "cursor_start": start, "cursor_end": end, "metadata": content{"_jupyter_types_experimental": types}}
}

func (k *kernel) inspect(code string, cursor int) content {
	if w, err := k.live(); err == nil {
		return w.Inspect(code, cursor)
	}
	return nil
}

func (k *kernel) comms(target string) map[string]string {
	if w, err := k.live(); err == nil {
		return w.Comms(target)
	}
	return nil
}

// message returns the message for the widgets in a request.
func message(r request) widget.Message {
	var c struct {
		ID     string          `json:"comm_id"`
		Target string          `json:"target_name"`
		Data   json.RawMessage `json:"data"`
	}
	_ = json.Unmarshal(r.Content, &c) // which has been checked
	return widget.Message{Type: r.Header.Type, ID: c.ID, Target: c.Target, Data: c.Data, Metadata: r.Metadata}
}

// moveTime is how long a front end waits with the next move of a control. A shorter one
// would stop experiments that have almost ended, and no value would show while a slider is
// dragged.
const moveTime = 100 * time.Millisecond

// comm hands a message to the widgets, and what they send back to the front ends. ipywidgets
// sends the next move of a control when the kernel is idle after the last one. So a move
// that takes long is idle for a moment, that the next one can stop its experiment.
func (k *kernel) comm(r request) {
	number := k.outputs.begin(&cell{request: r})
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-ended:
		case <-time.After(moveTime):
			k.status(r, "idle")
			k.status(r, "busy")
		}
	}()
	defer func() {
		close(ended)
		<-told
	}()
	_ = k.run(r, func(w *notebook.Worker) { w.Receive(number, message(r)) }) // without a process there are no widgets
}
