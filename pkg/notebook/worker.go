package notebook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
)

// A notebook runs in a worker: the same program again, with an environment
// variable that names the engine. The two talk in lines of JSON on the
// worker's standard input and output. Those of the worker carry a mark, since
// libraries print there too.

const (
	workerVariable  = "FATE_NOTEBOOK_WORKER"
	confineVariable = "FATE_NOTEBOOK_CONFINE"
)

var mark = []byte("\x1efate ")

// request asks a worker to run a cell, or to interrupt the one that runs.
type request struct {
	Code      string `json:"code,omitempty"`
	Origin    figure.Origin
	Formats   []string `json:"formats,omitempty"` // of the figures to send
	Columns   int      `json:"columns,omitempty"`
	Interrupt bool     `json:"interrupt,omitempty"`
}

// nestingAround is how deep a reply is nested around the data of an output.
const nestingAround = 8

// reply is what a worker says while and after it runs a cell.
type reply struct {
	Output   *Output              `json:"output,omitempty"`
	Progress *experiment.Progress `json:"progress,omitempty"`
	Figures  []Figure             `json:"figures,omitempty"`
	Saved    []string             `json:"saved,omitempty"` // figure files
	Done     bool                 `json:"done,omitempty"`
	Error    *Output              `json:"error,omitempty"` // of a cell that failed, with Done
}

// ServeIfWorker makes this process a worker and does not return, if it was
// started as one. A program that calls [Run] calls it first thing in main.
func ServeIfWorker() {
	name := os.Getenv(workerVariable)
	if name == "" {
		return
	}
	// An interrupt at the terminal is for the parent, which then stops us.
	signal.Ignore(os.Interrupt)
	// What cells start must not become workers.
	os.Unsetenv(workerVariable)
	EndWithParent(ParentPipe())
	if os.Getenv(confineVariable) != "" {
		dir, err := os.Getwd()
		if err == nil {
			err = confine(dir)
		}
		if err != nil && CanConfine() == nil { // the parent told the user where it cannot
			fmt.Fprintln(os.Stderr, "panic: the process cannot be confined:", err)
			os.Exit(1)
		}
	}
	useCache()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // an eighth faster at a quarter more memory: data sets come and go
	}
	if err := serve(name, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

type worker struct {
	mu  sync.Mutex
	out io.Writer
	cap *capture
}

func (w *worker) send(r reply) {
	line, err := json.Marshal(r)
	if err != nil {
		line, _ = json.Marshal(reply{Done: true, Error: errorOutput("error", err.Error())})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// A parent that is gone closes our input too.
	_, _ = w.out.Write(slices.Concat([]byte("\n"), mark, line, []byte("\n")))
}

func serve(name string, in io.Reader, out io.Writer) error {
	w := &worker{out: out}
	experiment.OnProgress(func(p experiment.Progress) { w.send(reply{Progress: &p}) })
	eng, err := newEngine(name, w.show)
	if err != nil {
		return err
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
			if r.Interrupt {
				eng.interrupt()
				experiment.Interrupt()
				continue
			}
			cells <- r
		}
	}()
	for cell := range cells {
		w.send(w.run(eng, cell))
	}
	return nil
}

// show is the Display function of cells.
func (w *worker) show(v any) error {
	d, err := KernelShow(v)
	if err != nil {
		return err
	}
	out, ok, err := displayOutput{"display_data", d}.output()
	if err != nil || !ok {
		return err
	}
	w.cap.flush() // text that was printed before stands before
	w.send(reply{Output: &out})
	return nil
}

func (w *worker) run(eng engine, cell request) reply {
	failed := func(err error) reply {
		return reply{Done: true, Error: errorOutput(errorName(err), firstLine(err.Error()))}
	}
	w.cap = &capture{emit: func(name, text string) {
		w.send(reply{Output: &Output{Kind: "stream", Name: name, Text: text}})
	}}
	if err := w.cap.start(); err != nil {
		return failed(err)
	}
	figure.Begin(cell.Origin)
	d, err := shownBy(eng, cell.Code)
	w.cap.stop()
	if err != nil {
		return failed(err)
	}
	out, ok, err := displayOutput{"execute_result", d}.output()
	if err != nil {
		return failed(err)
	}
	if ok {
		w.send(reply{Output: &out})
	}
	figures, err := drawn(cell.Formats, cell.Columns)
	if err != nil {
		return failed(err)
	}
	return reply{Done: true, Figures: figures, Saved: figure.Saved()}
}

// capture sends what is written to os.Stdout and os.Stderr to emit.
type capture struct {
	emit           func(name, text string)
	stdout, stderr *os.File
	pipes          [2]*os.File
	wg             sync.WaitGroup
}

func (c *capture) start() error {
	c.stdout, c.stderr = os.Stdout, os.Stderr
	for i, name := range []string{"stdout", "stderr"} {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		c.pipes[i] = w
		c.wg.Go(func() {
			defer r.Close()
			c.copy(name, r)
		})
	}
	os.Stdout, os.Stderr = c.pipes[0], c.pipes[1]
	return nil
}

// copy joins what comes within a moment, so that a loop of prints does not make
// a message a line.
func (c *capture) copy(name string, r io.Reader) {
	buf := make([]byte, 64<<10)
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 {
			text := bytes.ToValidUTF8(buf[:n], []byte("�"))
			c.emit(name, string(text))
			time.Sleep(5 * time.Millisecond)
		}
		if err != nil {
			return
		}
	}
}

func (c *capture) stop() {
	os.Stdout, os.Stderr = c.stdout, c.stderr
	for _, p := range c.pipes {
		p.Close()
	}
	c.wg.Wait()
}

func (c *capture) flush() {
	c.stop()
	// If no pipe is to be had, the text of this cell goes to the worker's own
	// output, which the parent does not take for messages.
	_ = c.start()
}
