package notebook

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/confine"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
)

// A notebook runs in a worker: a second process of the same program, with an environment
// variable that names the engine. The two exchange lines of JSON on the standard input
// and output of the worker. Lines of the worker start with a mark, since libraries may
// print there too.

const (
	workerVariable  = "FATE_NOTEBOOK_WORKER"
	confineVariable = "FATE_NOTEBOOK_CONFINE"
	storeVariable   = "FATE_NOTEBOOK_STORE"
	shardVariable   = "FATE_NOTEBOOK_SHARD"
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

// nestingAround bounds the depth of a reply around the data of an output.
const nestingAround = 8

// reply is a message of a worker while it runs a cell and at its end.
type reply struct {
	Output   *ipynb.Output   `json:"output,omitempty"`
	Progress *trial.Progress `json:"progress,omitempty"`
	Figures  []ipynb.Figure  `json:"figures,omitempty"`
	Saved    []string        `json:"saved,omitempty"` // figure files
	Done     bool            `json:"done,omitempty"`
	Error    *ipynb.Output   `json:"error,omitempty"`   // of a cell that failed, with Done
	Studies  []session.Done  `json:"studies,omitempty"` // of a shard, with Done
	Owed     bool            `json:"owed,omitempty"`    // the value of the cell lacks trials of other shards
}

// ServeIfWorker does not return if [Run] started this process as a worker: it then runs
// cells. A program that calls Run must call it first thing in main.
func ServeIfWorker() {
	name := os.Getenv(workerVariable)
	if name == "" {
		return
	}
	// An interrupt from the terminal also reaches the parent, which then stops this process.
	signal.Ignore(os.Interrupt)
	// Processes that cells start must not become workers.
	os.Unsetenv(workerVariable)
	process.EndWithParent(process.ParentPipe())
	if os.Getenv(confineVariable) != "" {
		dir, err := os.Getwd()
		if err == nil {
			err = confine.To(dir)
		}
		if err != nil && confine.Supported() == nil { // if it is not supported, the parent has warned the user
			fmt.Fprintln(os.Stderr, "panic: the process cannot be confined:", err)
			os.Exit(1)
		}
	}
	engine.UseCache()
	store, err := useStore()
	if err != nil {
		fmt.Fprintln(os.Stderr, "panic:", err)
		os.Exit(1)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // data sets are short-lived: this is 1/8 faster and takes 1/4 more memory
	}
	err = errors.Join(serve(name, os.Stdin, os.Stdout), store.Close())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// useStore makes the experiments of this process keep their trials in the folder that the
// environment names, if any, and measure the shard that it names.
func useStore() (*trial.Store, error) {
	dir, text := os.Getenv(storeVariable), os.Getenv(shardVariable)
	os.Unsetenv(storeVariable)
	os.Unsetenv(shardVariable)
	if dir == "" {
		return nil, nil
	}
	var shard trial.Shard
	var err error
	if text != "" {
		if shard, err = trial.ParseShard(text); err != nil {
			return nil, err
		}
	}
	store, err := trial.OpenFolder(dir, shard)
	if err != nil {
		return nil, err
	}
	session.Change(func(o *session.Options) { o.Store, o.Shard = store, shard })
	return store, nil
}

type worker struct {
	mu  sync.Mutex
	out io.Writer
	cap *capture
}

func (w *worker) send(r reply) {
	line, err := json.Marshal(r)
	if err != nil {
		line, _ = json.Marshal(reply{Done: true, Error: ipynb.ErrorOutput("error", err.Error())})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// If the parent has ended, the input of this process ends too.
	_, _ = w.out.Write(slices.Concat([]byte("\n"), mark, line, []byte("\n")))
}

func serve(name string, in io.Reader, out io.Writer) error {
	w := &worker{out: out}
	session.Change(func(o *session.Options) { o.Progress = func(p trial.Progress) { w.send(reply{Progress: &p}) } })
	e, err := engine.New(name, w.show)
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
				e.Interrupt()
				session.Interrupt()
				continue
			}
			cells <- r
		}
	}()
	for cell := range cells {
		w.send(w.run(e, cell))
	}
	return nil
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

func (w *worker) run(e engine.Engine, cell request) reply {
	failed := func(err error) reply {
		e := engine.AsError(err)
		return reply{Done: true, Error: ipynb.ErrorOutput(e.Name, e.Reason)}
	}
	w.cap = &capture{emit: func(name, text string) {
		w.send(reply{Output: &ipynb.Output{Kind: "stream", Name: name, Text: text}})
	}}
	if err := w.cap.start(); err != nil {
		return failed(err)
	}
	figure.Begin(cell.Origin)
	session.Change(func(o *session.Options) { o.Code = codeOf(cell.Origin) })
	if session.InShard() {
		err := engine.Do(e, cell.Code)
		w.cap.stop()
		r := reply{Done: true}
		if err != nil {
			r = failed(err)
		}
		var owed *experiment.Owed
		r.Owed, r.Studies = errors.As(err, &owed), session.TakeDone()
		return r
	}
	d, err := engine.Run(e, cell.Code)
	w.cap.stop()
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

// codeOf returns what identifies the code that leads to the figures of an origin, with the
// values of the parameters and of the controls.
func codeOf(o figure.Origin) string {
	h := sha256.New()
	fmt.Fprintln(h, o.Code)
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		fmt.Fprintf(h, "%q = %q\n", name, o.Parameters[name])
	}
	for _, label := range slices.Sorted(maps.Keys(o.Widgets)) {
		fmt.Fprintf(h, "under %q = %q\n", label, o.Widgets[label])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
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

// copy joins text that arrives within a few milliseconds, so that a loop of prints does
// not send a message for each line.
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
	// If no pipe can be made, the text of this cell goes to the output of the worker,
	// where the parent ignores it for lack of the mark.
	_ = c.start()
}
