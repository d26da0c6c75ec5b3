package kernel

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/jupyter"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/trial"
)

// maxPrinted is the number of bytes of text that a cell may print.
const maxPrinted = 8 << 20

// barAfter is how long an experiment runs before its progress is shown.
const barAfter = 300 * time.Millisecond

// outputs publishes what cells show. A goroutine may print after its cell has ended, so
// the cells are kept for a while.
type outputs struct {
	mu     sync.Mutex
	count  int // of cells in the history
	number int // of cells and of messages of widgets
	last   *cell
	cells  map[int]*cell
}

// cell is a running cell or one that has ended, or a message that widgets handle.
type cell struct {
	request request
	silent  bool
	count   int
	ended   bool
	printed int
	cut     int // bytes that were printed beyond maxPrinted
	result  any // the text of its result, or nil
	// The progress line has a display id while it is shown. What the cell has shown so far
	// is then shown again, since a line alone cannot be removed.
	bar   string
	shown []output
	clear bool // a clear_output waits for the next output
}

type output struct {
	kind    string
	content content
}

// begin returns the number of a new cell.
func (o *outputs) begin(c *cell) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.number++
	o.cells[o.number] = c
	delete(o.cells, o.number-most)
	if c.request.Header.Type == "execute_request" {
		o.last = c
	}
	return o.number
}

// end ends the outputs of a cell and returns the text of its result, or nil.
func (o *outputs) end(k *kernel, c *cell) any {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.closeBar(k)
	if c.clear {
		k.publish(c.request, ipynb.ClearKind, content{"wait": false}, nil)
	}
	if c.cut > 0 {
		c.publish(k, "stream", content{"name": "stderr", "text": fmt.Sprintf("\n%d bytes more are not shown: a cell may print %d\n", c.cut, maxPrinted)})
	}
	c.ended, c.clear, c.shown = true, false, nil
	return c.result
}

// printLast prints below the last cell that ran.
func (o *outputs) printLast(k *kernel, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		o.last.publish(k, "stream", content{"name": "stderr", "text": text})
	}
}

// show publishes what the process of the cells shows.
func (k *kernel) show(s notebook.Shown) {
	if s.Comm != nil {
		m := k.withSaved(*s.Comm)
		s.Comm = &m
	}
	o := &k.outputs
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.cells[s.Number]
	if c == nil {
		c = o.last // it printed very late
	}
	switch {
	case c == nil: // before the first cell
	case s.Comm != nil:
		about := content{"comm_id": s.Comm.ID, "data": s.Comm.Data}
		if len(s.Comm.Data) == 0 {
			about["data"] = content{}
		}
		if s.Comm.Type == "comm_open" {
			about["target_name"] = s.Comm.Target
		}
		k.publish(c.request, s.Comm.Type, about, s.Comm.Metadata)
	case c.silent:
	case s.Progress != nil:
		c.progress(k, *s.Progress)
	case s.Output != nil:
		c.output(k, *s.Output)
	}
}

func (c *cell) output(k *kernel, o ipynb.Output) {
	switch o.Kind {
	case "stream":
		if room := maxPrinted - c.printed; len(o.Text) > room {
			c.cut += len(o.Text) - room
			o.Text = strings.ToValidUTF8(o.Text[:room], "")
		}
		c.printed += len(o.Text)
		if o.Text != "" {
			c.publish(k, "stream", content{"name": o.Name, "text": o.Text})
		}
	case ipynb.ClearKind:
		c.bar, c.shown = "", nil
		k.publish(c.request, ipynb.ClearKind, content{"wait": o.Name == "wait"}, nil)
	case "execute_result":
		c.closeBar(k)
		c.result = o.Data["text/plain"]
		c.publish(k, "execute_result", content{"execution_count": c.count, "data": o.Data, "metadata": some(o.Metadata)})
	default:
		c.publish(k, "display_data", content{"data": o.Data, "metadata": some(o.Metadata), "transient": content{}})
	}
}

func (c *cell) publish(k *kernel, kind string, about content) {
	c.clear = false
	if !c.ended {
		c.shown = append(c.shown, output{kind, about})
	}
	k.publish(c.request, kind, about, nil)
}

// progress updates the progress line below the running cell, or removes it at the end.
func (c *cell) progress(k *kernel, p trial.Progress) {
	if p.Done >= p.Total {
		c.closeBar(k)
		return
	}
	if c.ended || p.Elapsed < barAfter {
		return
	}
	kind := "update_display_data"
	if c.bar == "" {
		kind, c.bar, c.clear = "display_data", jupyter.ProgressID+rand.Text(), false
	}
	k.publish(c.request, kind, content{"data": content{"text/plain": p.String()}, "metadata": content{}, "transient": content{"display_id": c.bar}}, nil)
}

// closeBar removes the progress line, so that no empty output is left of it: what else the
// cell has shown replaces it, or what the cell shows next does.
func (c *cell) closeBar(k *kernel) {
	if c.bar == "" {
		return
	}
	c.bar, c.clear = "", true
	k.publish(c.request, ipynb.ClearKind, content{"wait": true}, nil)
	for _, o := range c.shown {
		c.clear = false
		k.publish(c.request, o.kind, o.content, nil)
	}
}
