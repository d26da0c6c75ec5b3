package notebook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
)

// Options of a run. Engine is one of Engines; Kernel is the name of the Jupyter
// kernel of the engine "kernel". Dir is the working directory of the cells.
// Timeout bounds each cell; 0 is no bound. Progress, if not nil, is called when
// a cell starts and while its experiments run. Cache is the folder in which
// experiments keep their trials; empty is none.
//
// Name is the file name of the notebook, which the recipes of its figures have. Formats
// (some of Formats) are those in which Run also returns each figure, at the width of
// Columns columns of a publication, or 0; the engine "kernel" has none. Last, if not 0,
// is the last cell to run, from 1.
//
// Confine takes from the cells, on Linux, all files outside Dir, all programs, networks
// and other processes; Cache is not used. The engine "kernel" cannot be confined.
type Options struct {
	Confine  bool
	Engine   string
	Kernel   string
	Dir      string
	Cache    string
	Timeout  time.Duration
	Progress func(State)
	Name     string
	Formats  []string
	Columns  int
	Last     int
}

// cacheVariable names the cache folder of a process that runs cells, or is noCache.
const (
	cacheVariable = "FATE_CACHE"
	noCache       = "off"
)

func (o Options) cache() string {
	if o.Cache == "" || o.Confine { // trials of untrusted code could be wrong on purpose
		return noCache
	}
	return o.Cache
}

// CacheDir returns the folder for trials that FATE_CACHE names, by default one in the
// user's folder for caches; "" if that variable is "off" or there is no such folder.
func CacheDir() string {
	switch dir := os.Getenv(cacheVariable); dir {
	case noCache:
		return ""
	case "":
		user, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(user, "fate")
	default:
		return dir
	}
}

// useCache makes the cells of this process use CacheDir. Without it they only take
// longer.
func useCache() {
	if _, err := experiment.UseCache(CacheDir()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// State is where a run stands: code cell Cell of Cells (from 1) and the
// progress of its experiment, if one runs.
type State struct {
	Cell, Cells int
	Experiment  experiment.Progress
}

// CellError says which cell of a notebook failed, and how. Cell counts all
// cells, from 1; a kernel, which does not know it, has 0.
type CellError struct {
	Cell   int
	Name   string // "compile error", "panic", "timeout", …
	Reason string
}

func (e *CellError) Error() string {
	var where, what string
	if e.Cell > 0 {
		where = fmt.Sprintf("cell %d: ", e.Cell)
	}
	if e.Name != "error" {
		what = e.Name + ": "
	}
	return where + what + e.Reason
}

// Run executes the code cells of the notebook in order and puts their outputs
// in place of those that were there. It stops at the first cell that fails, or
// when ctx ends, with a *CellError; the outputs up to there are in the notebook. Every
// figure that comes back, in the outputs too, carries the verdict of the whole run.
func Run(ctx context.Context, nb *Notebook, o Options) ([]Figure, error) {
	figures, saved, err := run(ctx, nb, o)
	return figures, errors.Join(err, giveVerdict(nb, figures, saved))
}

func run(ctx context.Context, nb *Notebook, o Options) (figures []Figure, saved []string, err error) {
	for i := range nb.Cells {
		if nb.Cells[i].Kind == "code" {
			nb.Cells[i].Outputs, nb.Cells[i].Count = nil, 0
		}
	}
	code := CodeCells(nb)
	var c session
	if o.Engine == Kernel {
		c, err = startKernel(o)
	} else {
		c, err = startWorker(o)
	}
	if err != nil {
		return nil, nil, err
	}
	defer c.stop()
	count, drawn := 0, 0
	at := newTrail(nb, o.Name)
	for i := range nb.Cells {
		if o.Last > 0 && i >= o.Last {
			break
		}
		cell := &nb.Cells[i]
		if cell.Kind != "code" || strings.TrimSpace(cell.Source) == "" {
			continue
		}
		count++
		cell.Count = count
		state := State{Cell: count, Cells: code}
		if o.Progress != nil {
			o.Progress(state)
		}
		c.at(at.next(i))
		failed, last := execute(ctx, c, cell, o.Timeout, func(p experiment.Progress) {
			if o.Progress != nil {
				state.Experiment = p
				o.Progress(state)
			}
		})
		if failed != nil {
			cell.Outputs = append(cell.Outputs, *failed)
			return figures, saved, &CellError{Cell: i + 1, Name: failed.Name, Reason: failed.Text}
		}
		if !o.Confine { // what the process of untrusted code says is not to be written to
			saved = append(saved, last.Saved...)
		}
		for _, f := range last.Figures {
			if drawn += len(f.Data); drawn > maxFigures {
				return figures, saved, &CellError{Cell: i + 1, Name: "error", Reason: fmt.Sprintf("the figures of the notebook take more than %d bytes", maxFigures)}
			}
			if slices.Contains(o.Formats, f.Format) { // part of a file name
				f.Cell = i + 1
				figures = append(figures, f)
			}
		}
	}
	return figures, saved, nil
}

// CodeCells counts the cells that a run executes.
func CodeCells(nb *Notebook) (n int) {
	for _, c := range nb.Cells {
		if c.Kind == "code" && strings.TrimSpace(c.Source) != "" {
			n++
		}
	}
	return n
}

// session is a process that runs cells.
type session interface {
	// at says where the figures of the next cell are drawn.
	at(figure.Origin)
	// run runs a cell and sends what it says, the last with Done.
	run(code string, replies chan<- reply)
	interrupt()
	kill()
	stop()
}

func errorOutput(name, text string) *Output {
	return &Output{Kind: "error", Name: name, Text: text, Traceback: []string{name + ": " + text}}
}

// grace is what an interrupted cell has to stop by itself, before its process
// is killed.
const grace = 2 * time.Second

// execute runs one cell and returns its error as an output, or nil, and the last reply.
func execute(ctx context.Context, s session, cell *Cell, timeout time.Duration, progress func(experiment.Progress)) (*Output, reply) {
	replies := make(chan reply)
	go s.run(cell.Source, replies)
	// However this ends, run must be able to send its last reply.
	done := false
	defer func() {
		if !done {
			s.kill()
			for r := range replies {
				if r.Done {
					return
				}
			}
		}
	}()
	var limit <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		limit = t.C
	}
	late := false
	shown := collector{into: &cell.Outputs}
	defer shown.close()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return errorOutput("timeout", context.Cause(ctx).Error()), reply{}
			}
			return errorOutput("interrupted", "the run was stopped"), reply{}
		case r := <-replies:
			switch {
			case r.Output != nil:
				shown.add(*r.Output)
			case r.Progress != nil:
				progress(*r.Progress)
			case r.Done && late:
				done = true
				return errorOutput("timeout", fmt.Sprintf("the cell did not end within %v", timeout)), reply{}
			case r.Done:
				done = true
				return r.Error, r
			}
		case <-limit:
			if late { // it did not heed the interrupt
				s.kill()
				limit = nil
				continue
			}
			late = true
			limit = time.After(grace)
			s.interrupt()
		}
	}
}

var panicLine = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*|runtime: out of memory.*)$`)

// causeOf says in one line why a process died.
func causeOf(stderr *bytes.Buffer, exit error) string {
	if m := panicLine.FindString(stderr.String()); m != "" {
		return strings.TrimSuffix(m, " [recovered]")
	}
	if exit != nil {
		return exit.Error()
	}
	return "it ended"
}

// Verdicts returns the rows of all verdicts among the outputs.
func Verdicts(nb *Notebook) ([]experiment.Row, error) {
	var out []experiment.Row
	for i, c := range nb.Cells {
		for _, o := range c.Outputs {
			raw, ok := o.Data[experiment.VerdictMIME].(json.RawMessage)
			if !ok {
				continue
			}
			var rows []experiment.Row
			if err := json.Unmarshal(raw, &rows); err != nil {
				return nil, fmt.Errorf("cell %d: verdict: %w", i+1, err)
			}
			if len(rows) == 0 {
				return nil, fmt.Errorf("cell %d: the verdict has no row", i+1)
			}
			out = append(out, rows...)
		}
	}
	return out, nil
}
