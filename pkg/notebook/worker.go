package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"

	"github.com/features-are-fate/fate/pkg/confine"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/process"
	"github.com/features-are-fate/fate/pkg/session"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/features-are-fate/fate/pkg/widget"
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

// request asks a worker to run a cell, to hand a message to the widgets, to interrupt what
// runs, or a question, which it answers at once.
type request struct {
	Number      int    `json:"number,omitempty"` // of the cell, message or question; its replies carry it
	Code        string `json:"code,omitempty"`
	Tracked     string `json:"tracked,omitempty"` // identifies the code for parts measured by a closure
	Origin      figure.Origin
	Formats     []string          `json:"formats,omitempty"` // of the figures to send
	Columns     int               `json:"columns,omitempty"`
	Expressions map[string]string `json:"expressions,omitempty"` // to evaluate after the cell, by name
	Comm        *widget.Message   `json:"comm,omitempty"`
	Expect      bool              `json:"expect,omitempty"` // Comm comes later
	Interrupt   bool              `json:"interrupt,omitempty"`
	Ask         string            `json:"ask,omitempty"` // "complete", "inspect" or "comms", of Code
	Cursor      int               `json:"cursor,omitempty"`
}

// nestingAround bounds the depth of a reply around the data of an output.
const nestingAround = 8

// reply is a message of a worker while it runs a cell and at its end. Number is that of
// the last cell if a goroutine prints after it has ended.
type reply struct {
	Number   int                     `json:"number,omitempty"`
	Output   *ipynb.Output           `json:"output,omitempty"`
	Progress *trial.Progress         `json:"progress,omitempty"`
	Comm     *widget.Message         `json:"comm,omitempty"`
	Stopping bool                    `json:"stopping,omitempty"` // an experiment heard the interrupt
	Answer   json.RawMessage         `json:"answer,omitempty"`
	Figures  []ipynb.Figure          `json:"figures,omitempty"`
	Saved    []string                `json:"saved,omitempty"` // figure files
	Done     bool                    `json:"done,omitempty"`
	Error    *ipynb.Output           `json:"error,omitempty"`   // of a cell that failed, with Done
	Trace    []string                `json:"trace,omitempty"`   // of the error
	Values   map[string]ipynb.Output `json:"values,omitempty"`  // of the expressions, with Done
	Studies  []session.Done          `json:"studies,omitempty"` // of a shard, with Done
	Owed     bool                    `json:"owed,omitempty"`    // the value of the cell lacks trials of other shards
}

// Special, if not nil, runs what is not Go in a cell and returns the rest; it panics if
// that fails. A kernel sets it before it calls [ServeIfWorker].
var Special func(code string) string

// ServeIfWorker does not return if [Run] started this process as a worker: it then runs
// cells. A program that calls Run must call it first thing in main.
func ServeIfWorker() {
	name := os.Getenv(workerVariable)
	if name == "" {
		return
	}
	// Interrupts come as requests. Not to ignore the signal matters to commands of cells,
	// which would inherit that.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	// Processes that cells start must not become workers.
	os.Unsetenv(workerVariable)
	var marked atomic.Pointer[trial.Store]
	process.EndWithParent(process.ParentPipe(), func() { marked.Load().Unmark() })
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
	marked.Store(store)
	debug.SetMaxStack(256 << 20) // endless recursion ends before the memory does
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // data sets are short-lived: this is 1/8 faster and takes 1/4 more memory
	}
	stderr := os.Stderr
	err = errors.Join(serve(name, os.Stdin, os.Stdout), store.Close())
	if err != nil {
		fmt.Fprintln(stderr, err)
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
