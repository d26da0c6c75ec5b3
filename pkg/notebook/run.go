// Package notebook executes notebooks. Each runs in a process of its own, so that a cell
// that crashes or does not end affects nothing else, and untrusted code can be confined.
//
//	func main() {
//		notebook.ServeIfWorker() // the process of a notebook is this program
//		nb, err := ipynb.Read("analysis.ipynb")
//		…
//		_, err = notebook.Run(ctx, nb, notebook.Options{Engine: engine.Gomacro})
//		…
//	}
package notebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/trial"
)

// Kernel is the name of the engine that runs cells in an installed Jupyter kernel.
const Kernel = "kernel"

// Engines are the names that [Options] may have as Engine.
var Engines = []string{engine.Gomacro, engine.Yaegi, Kernel}

// Options of a run. Engine is one of [Engines]; Kernel is the name of the installed
// Jupyter kernel for the engine [Kernel]. Dir is the working directory of the cells.
// Timeout bounds each cell; 0 means no bound. Progress, if not nil, is called when a cell
// starts and while its experiments run. Cache is the folder in which experiments keep
// their trials; empty means none.
//
// Name is the file name of the notebook, which goes into the recipes of its figures. Run
// also returns each figure in Formats, some of [ipynb.FigureFormats], at a width of
// Columns columns of a publication, or its own width if that is 0; the engine [Kernel]
// returns none. Last, if not 0, is the last cell to run, from 1; Widgets are values of
// controls in it, by label, in place of their first values.
//
// Store is the folder, an absolute path, in which experiments find trials, and in which
// they keep those that they measure; empty means none. The engine [Kernel] has none, nor
// has a confined process.
//
// Confine denies the cells, on Linux, access to files outside Dir, to programs, to
// networks and to other processes; Cache is not used. The engine [Kernel] cannot be
// confined.
type Options struct {
	Confine  bool
	Engine   string
	Kernel   string
	Dir      string
	Cache    string
	Store    string
	Timeout  time.Duration
	Progress func(State)
	Name     string
	Formats  []string
	Columns  int
	Last     int
	Widgets  map[string]string
	shard    trial.Shard
}

func (o Options) cache() string {
	if o.Cache == "" || o.Confine { // untrusted code could store wrong trials
		return engine.NoCache
	}
	return o.Cache
}

// State is the state of a run: the running code cell, the Cell-th (from 1) of Cells, and
// the progress of its experiment, if one runs.
type State struct {
	Cell, Cells int
	Experiment  trial.Progress
}

// CellError is the error of a cell. Cell counts all cells, from 1.
type CellError struct {
	Cell int
	Err  *engine.Error
}

func (e *CellError) Error() string { return fmt.Sprintf("cell %d: %v", e.Cell, e.Err) }

func (e *CellError) Unwrap() error { return e.Err }

// Run executes the code cells of the notebook in order and replaces their outputs. It
// stops with a [*CellError] at the first cell that fails, or when ctx ends; the outputs up
// to there are in the notebook. The verdict of the whole run is embedded in all figures,
// both those that Run returns and those among the outputs.
func Run(ctx context.Context, nb *ipynb.Notebook, o Options) ([]ipynb.Figure, error) {
	var figures []ipynb.Figure
	var saved []string
	drawn := 0
	err := each(ctx, nb, o, func(i int, failed *CellError, last reply) error {
		if failed != nil {
			return failed
		}
		if !o.Confine { // an untrusted process must not name files to write to
			saved = append(saved, last.Saved...)
		}
		for _, f := range last.Figures {
			if drawn += len(f.Data); drawn > maxFigures {
				return &CellError{i + 1, &engine.Error{Name: "error", Reason: fmt.Sprintf("the figures of the notebook take more than %d bytes", maxFigures)}}
			}
			if slices.Contains(o.Formats, f.Format) { // which becomes part of a file name
				f.Cell = i + 1
				figures = append(figures, f)
			}
		}
		return nil
	})
	return figures, errors.Join(err, embedVerdict(nb, figures, saved))
}

// each runs the code cells and calls after for each of them, with its error, if it
// failed, and its last reply. It stops at the first error of after.
func each(ctx context.Context, nb *ipynb.Notebook, o Options, after func(i int, failed *CellError, last reply) error) error {
	if o.Store != "" && (o.Confine || o.Engine == Kernel) {
		return errors.New("notebook: a store needs an interpreter in a process that is not confined")
	}
	for i := range nb.Cells {
		if nb.Cells[i].Kind == "code" {
			nb.Cells[i].Outputs, nb.Cells[i].Count = nil, 0
		}
	}
	code := ipynb.CodeCells(nb)
	var c runner
	var err error
	if o.Engine == Kernel {
		c, err = startKernel(o)
	} else {
		c, err = startWorker(o)
	}
	if err != nil {
		return err
	}
	defer c.stop()
	count := 0
	at := ipynb.NewOrigins(nb, o.Name)
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
		origin := at.At(i)
		if i+1 == o.Last {
			origin.Widgets = o.Widgets
		}
		c.at(origin)
		output, last := execute(ctx, c, cell, o.Timeout, func(p trial.Progress) {
			if o.Progress != nil {
				state.Experiment = p
				o.Progress(state)
			}
		})
		var failed *CellError
		if output != nil {
			cell.Outputs = append(cell.Outputs, *output)
			failed = &CellError{i + 1, &engine.Error{Name: output.Name, Reason: output.Text}}
		}
		if err := after(i, failed, last); err != nil {
			return err
		}
	}
	return nil
}

// runner is a process that runs cells.
type runner interface {
	// at sets the origin of the figures of the next cell.
	at(figure.Origin)
	// run runs a cell and sends its replies; the last one has Done.
	run(code string, replies chan<- reply)
	interrupt()
	kill()
	stop()
}

// grace is the time that an interrupted cell has to stop before its process is killed.
const grace = 2 * time.Second

// execute runs one cell and returns its error as an output, or nil, and the last reply.
func execute(ctx context.Context, s runner, cell *ipynb.Cell, timeout time.Duration, progress func(trial.Progress)) (*ipynb.Output, reply) {
	replies := make(chan reply)
	go s.run(cell.Source, replies)
	// However this function returns, run must be able to send its last reply.
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
				return ipynb.ErrorOutput("timeout", context.Cause(ctx).Error()), reply{}
			}
			return ipynb.ErrorOutput("interrupted", "the run was stopped"), reply{}
		case r := <-replies:
			switch {
			case r.Output != nil:
				shown.add(*r.Output)
			case r.Progress != nil:
				progress(*r.Progress)
			case r.Done && late:
				done = true
				return ipynb.ErrorOutput("timeout", fmt.Sprintf("the cell did not end within %v", timeout)), reply{}
			case r.Done:
				done = true
				return r.Error, r
			}
		case <-limit:
			if late { // it did not stop when interrupted
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
