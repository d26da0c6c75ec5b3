package notebook

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// Bounds on the outputs that a run keeps of one cell, on a message of a worker, and on
// the figures of a notebook.
const (
	maxText    = 1 << 20 // bytes of each stream
	maxOutputs = 1000
	maxData    = 64 << 20 // bytes of all outputs except streams
	maxMessage = 128 << 20
	maxFigures = 1 << 30 // bytes of all figure files
)

// collector appends outputs to those of a cell. It joins consecutive text of a stream, as
// Jupyter does, and cuts what exceeds the bounds, with a line that says how much.
type collector struct {
	into    *[]ipynb.Output
	text    strings.Builder // of the last output, if that is an open stream
	open    bool
	printed map[string]int // bytes of each stream
	cut     map[string]int
	data    int
	dropped int
	clear   bool // before the next output
}

func (c *collector) add(o ipynb.Output) {
	if o.Kind == ipynb.ClearKind && o.Name == "wait" {
		c.clear = true
		return
	}
	if o.Kind == ipynb.ClearKind || c.clear {
		c.end()
		*c.into = nil
		*c = collector{into: c.into}
	}
	if o.Kind == ipynb.ClearKind {
		return
	}
	if o.Kind != "stream" {
		c.end()
		size := 0
		for _, v := range o.Data {
			switch v := v.(type) {
			case string:
				size += len(v)
			case json.RawMessage:
				size += len(v)
			}
		}
		if len(*c.into) >= maxOutputs || c.data+size > maxData {
			c.dropped++
			return
		}
		c.data += size
		*c.into = append(*c.into, o)
		return
	}
	if c.printed == nil {
		c.printed, c.cut = map[string]int{}, map[string]int{}
	}
	if room := maxText - c.printed[o.Name]; len(o.Text) > room {
		c.cut[o.Name] += len(o.Text) - room
		o.Text = strings.ToValidUTF8(o.Text[:room], "")
	}
	c.printed[o.Name] += len(o.Text)
	if o.Text == "" {
		return
	}
	n := len(*c.into)
	if !c.open || (*c.into)[n-1].Name != o.Name {
		c.end()
		if n >= maxOutputs {
			c.cut[o.Name] += len(o.Text)
			return
		}
		c.open = true
		*c.into = append(*c.into, ipynb.Output{Kind: "stream", Name: o.Name})
	}
	c.text.WriteString(o.Text)
}

// end stores the text of the open stream.
func (c *collector) end() {
	if c.open {
		(*c.into)[len(*c.into)-1].Text = overwrite(c.text.String())
		c.text.Reset()
		c.open = false
	}
}

// close ends the outputs of the cell and reports what was cut.
func (c *collector) close() {
	c.end()
	say := func(text string) { *c.into = append(*c.into, ipynb.Output{Kind: "stream", Name: "stderr", Text: text}) }
	for _, name := range []string{"stdout", "stderr"} {
		if n := c.cut[name]; n > 0 {
			say(fmt.Sprintf("… %d more bytes of %s were cut: a cell keeps %d\n", n, name, maxText))
		}
	}
	if c.dropped > 0 {
		say(fmt.Sprintf("… %d more outputs were dropped: a cell keeps %d, and %d bytes\n", c.dropped, maxOutputs, maxData))
	}
}

// overwrite applies carriage returns: of each line the text after the last one remains.
func overwrite(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	all := strings.Split(s, "\n")
	for i, line := range all {
		line = strings.TrimRight(line, "\r")
		if j := strings.LastIndex(line, "\r"); j >= 0 {
			line = line[j+1:]
		}
		all[i] = line
	}
	return strings.Join(all, "\n")
}
