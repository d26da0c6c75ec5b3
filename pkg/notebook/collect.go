package notebook

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Bounds on what a run keeps of the output of one cell, and on a message of a worker.
const (
	maxText    = 1 << 20 // bytes of each stream
	maxOutputs = 1000
	maxData    = 64 << 20 // bytes of all outputs but text
	maxMessage = 128 << 20
	maxFigures = 1 << 30 // bytes of all figure files of a notebook
)

// collector adds outputs to those of a cell: it joins text as Jupyter does, and cuts what
// is beyond the bounds, with a line that says how much.
type collector struct {
	into    *[]Output
	text    strings.Builder // of the last output, where that is a stream
	open    bool
	printed map[string]int // bytes of each stream
	cut     map[string]int
	data    int
	dropped int
}

func (c *collector) add(o Output) {
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
		*c.into = append(*c.into, Output{Kind: "stream", Name: o.Name})
	}
	c.text.WriteString(o.Text)
}

// end gives the stream that is open its text.
func (c *collector) end() {
	if c.open {
		(*c.into)[len(*c.into)-1].Text = overwrite(c.text.String())
		c.text.Reset()
		c.open = false
	}
}

// close ends the outputs of the cell.
func (c *collector) close() {
	c.end()
	say := func(text string) { *c.into = append(*c.into, Output{Kind: "stream", Name: "stderr", Text: text}) }
	for _, name := range []string{"stdout", "stderr"} {
		if n := c.cut[name]; n > 0 {
			say(fmt.Sprintf("… %d more bytes of %s were cut: a cell keeps %d\n", n, name, maxText))
		}
	}
	if c.dropped > 0 {
		say(fmt.Sprintf("… %d more outputs were dropped: a cell keeps %d, and %d bytes\n", c.dropped, maxOutputs, maxData))
	}
}

// overwrite applies carriage returns: the last text on a line is what stays.
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
