package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/widget"
)

type worker struct {
	mu     sync.Mutex
	out    io.Writer
	engine engine.Engine
	cap    *capture
	number atomic.Int64 // of the request that runs, or of the last cell
	state  atomic.Int32
}

// The states of a worker, in order. An interrupt before a cell runs stops it too.
const (
	idle = iota
	preparing
	stopped
	running
)

// send sends a reply. An output that cannot be sent becomes a line that says so.
func (w *worker) send(r reply) {
	if r.Number == 0 {
		r.Number = int(w.number.Load())
	}
	line, err := json.Marshal(r)
	if err == nil && len(line) > maxMessage-1024 {
		err = fmt.Errorf("%d bytes: at most %d can be sent", len(line), maxMessage)
	}
	if err != nil {
		err = fmt.Errorf("an output cannot be shown: %w", err)
		if r.Done {
			r = reply{Number: r.Number, Done: true, Error: ipynb.ErrorOutput("error", err.Error())}
		} else {
			r = reply{Number: r.Number, Output: &ipynb.Output{Kind: "stream", Name: "stderr", Text: err.Error() + "\n"}}
		}
		line, _ = json.Marshal(r) // has only text
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// If the parent has ended, the input of this process ends too.
	_, _ = w.out.Write(slices.Concat([]byte("\n"), mark, line, []byte("\n")))
}

func serve(name string, in io.Reader, out io.Writer) (err error) {
	w := &worker{out: out}
	if w.engine, err = engine.New(name, w.show); err != nil {
		return err
	}
	w.cap, err = newCapture(func(name, text string) {
		w.send(reply{Output: &ipynb.Output{Kind: "stream", Name: name, Text: text}})
	})
	if err != nil {
		return err
	}
	log.SetOutput(os.Stderr)
	// Cells have no input: that of this process is the parent's. A confined process cannot
	// open the device.
	os.Stdin, _ = os.Open(os.DevNull)
	session.Change(func(o *session.Options) { o.Progress = func(p trial.Progress) { w.send(reply{Progress: &p}) } })
	session.Change(func(o *session.Options) { o.Clear = w.clear })
	if Special != nil { // a front end is there
		widget.Connect(func(m widget.Message) { w.send(reply{Comm: &m}) }, func(v any) (map[string]any, error) {
			d, err := engine.Show(v)
			return d.Data, err
		})
	}
	cells := make(chan request)
	go func() {
		defer close(cells)
		dec := json.NewDecoder(in)
		for {
			var r request
			if dec.Decode(&r) != nil {
				return
			}
			switch {
			case r.Interrupt:
				w.interrupt()
			case r.Ask != "":
				w.send(reply{Number: r.Number, Answer: w.answer(r)})
			case r.Expect:
				widget.Expect(*r.Comm)
			default:
				w.state.Store(preparing)
				cells <- r
			}
		}
	}()
	for r := range cells {
		last := w.number.Swap(int64(r.Number))
		if r.Comm == nil {
			engine.Number(r.Number, w.late)
		}
		done := w.handle(r)
		w.state.Store(idle)
		done.Number = r.Number
		w.send(done)
		if r.Comm != nil { // what is printed later belongs to a cell
			w.number.Store(last)
		}
	}
	return nil
}

// interrupt stops the running cell and its commands, or its experiments, which then return
// their results so far.
func (w *worker) interrupt() {
	if w.state.CompareAndSwap(preparing, stopped) || w.state.Load() != running {
		return
	}
	process.InterruptOthers()
	w.engine.Interrupt()
	if session.Interrupt() {
		w.send(reply{Stopping: true})
	}
}

// answer answers a question, also while a cell runs.
func (w *worker) answer(r request) (out json.RawMessage) {
	out = json.RawMessage("null")
	defer func() { _ = recover() }() // no answer is lost, and no variable
	var v any
	switch r.Ask {
	case "complete":
		v = w.engine.Complete(r.Code, r.Cursor)
	case "inspect":
		v = w.engine.Inspect(r.Code, r.Cursor)
	case "comms":
		v = widget.Comms(r.Code)
	}
	if b, err := json.Marshal(v); err == nil {
		out = b
	}
	return out
}

// show is the Display function of cells.
func (w *worker) show(v any) error {
	d, err := engine.Show(v)
	if err != nil {
		return err
	}
	out, ok, err := engine.Output("display_data", d)
	if err != nil || !ok || session.InShard() {
		return err
	}
	w.cap.flush() // text printed earlier comes first
	w.send(reply{Output: &out})
	return nil
}

// late sends what a goroutine prints that an earlier cell has started.
func (w *worker) late(number int, text string) {
	w.send(reply{Number: number, Output: &ipynb.Output{Kind: "stream", Name: "stdout", Text: text}})
}

// clear is the ClearOutput function of cells.
func (w *worker) clear(wait bool) {
	w.cap.flush()
	w.send(reply{Output: ipynb.ClearOutput(wait)})
}

// handle runs a cell, or hands a message to the widgets, and returns the last reply.
func (w *worker) handle(r request) reply {
	if err := w.cap.restore(); err != nil {
		return failed(err)
	}
	if !w.state.CompareAndSwap(preparing, running) {
		return failed(&engine.Error{Name: "interrupted", Reason: "the cell was stopped before it ran"})
	}
	if r.Comm != nil {
		if err := w.engine.Call(func() { widget.Receive(*r.Comm) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		w.cap.flush()
		return reply{Done: true}
	}
	done := w.run(r)
	if done.Error == nil && len(r.Expressions) > 0 {
		done.Values = map[string]ipynb.Output{}
		for name, code := range r.Expressions {
			done.Values[name] = w.value(code)
		}
	}
	w.cap.flush()
	return done
}

func failed(err error) reply {
	e := engine.AsError(err)
	return reply{Done: true, Error: ipynb.ErrorOutput(e.Name, e.Reason), Trace: e.Trace}
}

// special runs what is not Go in a cell and returns the rest.
func special(code string) (rest string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &engine.Error{Name: "command", Reason: fmt.Sprint(p)}
		}
	}()
	return Special(code), nil
}

func (w *worker) run(cell request) reply {
	figure.Begin(cell.Origin)
	_ = session.TakeFailed() // of a slider, which showed it
	session.Change(func(o *session.Options) { o.Code, o.Parameters = cell.Tracked, cell.Origin.Parameters })
	if Special != nil {
		var err error
		if cell.Code, err = special(cell.Code); err != nil {
			return failed(err)
		}
	}
	if session.InShard() {
		err := engine.Do(w.engine, cell.Code)
		if unheard := session.TakeFailed(); err == nil {
			err = unheard
		}
		r := reply{Done: true}
		if err != nil {
			r = failed(err)
		}
		var owed *experiment.Owed
		r.Owed, r.Studies = errors.As(err, &owed), session.TakeDone()
		return r
	}
	d, err := engine.Run(w.engine, cell.Code)
	w.cap.flush()
	if unheard := session.TakeFailed(); err == nil { // _ = run must not pass for a success
		err = unheard
	}
	if err != nil {
		return failed(err)
	}
	out, ok, err := engine.Output("execute_result", d)
	if err != nil {
		return failed(err)
	}
	if ok {
		w.send(reply{Output: &out})
	}
	figures, err := engine.Figures(cell.Formats, cell.Columns)
	if err != nil {
		return failed(err)
	}
	return reply{Done: true, Figures: figures, Saved: figure.Saved()}
}

// value evaluates an expression of a front end after a cell.
func (w *worker) value(code string) ipynb.Output {
	d, err := engine.Run(w.engine, code)
	if err == nil {
		var out ipynb.Output
		if out, _, err = engine.Output("execute_result", d); err == nil {
			return out
		}
	}
	return *failed(err).Error
}
