// Package ipynb reads and writes Jupyter notebook files (nbformat 4). It runs nothing:
// it gives access to the cells, parameters, outputs, figures and verdicts of a notebook,
// and compares two executed notebooks.
//
//	nb, err := ipynb.Read("analysis.ipynb")
//	if err != nil {
//		return err
//	}
//	if err := ipynb.SetParameters(nb, map[string]string{"d": "500"}); err != nil {
//		return err
//	}
//	return nb.Write("analysis-500.ipynb")
package ipynb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/features-are-fate/fate/pkg/file"
)

// Notebook is the content of an .ipynb file. Metadata is kept as it was read.
type Notebook struct {
	Cells    []Cell
	Metadata map[string]any
	Minor    int // nbformat_minor
}

// Cell is one cell. Kind is "code", "markdown" or "raw".
type Cell struct {
	ID          string
	Kind        string
	Source      string
	Metadata    map[string]any
	Attachments json.RawMessage
	Outputs     []Output
	Count       int // execution count, 0 if the cell was not run
}

// Output is one output of a code cell. Kind is "stream" (with Name and Text),
// "display_data" or "execute_result" (with Data and Metadata, by MIME type), or
// "error" (with Name, Text and Traceback). While a cell runs there is also [ClearOutput].
type Output struct {
	Kind      string         `json:"kind"`
	Name      string         `json:"name,omitempty"`
	Text      string         `json:"text,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
	Metadata  map[string]any `json:"metadata,omitempty"`
	Traceback []string       `json:"traceback,omitempty"`
}

// ErrorOutput returns the output of a cell that failed.
func ErrorOutput(name, text string) *Output {
	return &Output{Kind: "error", Name: name, Text: text, Traceback: []string{name + ": " + text}}
}

// ClearKind is the kind of what [ClearOutput] returns.
const ClearKind = "clear_output"

// ClearOutput returns what a running cell sends to remove its outputs so far: at once, or
// when the next one comes. It is not in a file.
func ClearOutput(wait bool) *Output {
	o := &Output{Kind: ClearKind}
	if wait {
		o.Name = "wait"
	}
	return o
}

// UnmarshalJSON keeps data of a JSON type in its encoded form, so that numbers keep all
// their digits.
func (o *Output) UnmarshalJSON(b []byte) error {
	type plain Output
	var raw struct {
		plain
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*o = Output(raw.plain)
	data, err := mimeBundle(raw.Data)
	o.Data = data
	return err
}

// mimeBundle decodes the data of an output, keyed by MIME type: JSON stays encoded, all
// other data are strings.
func mimeBundle(raw map[string]json.RawMessage) (map[string]any, error) {
	if raw == nil {
		return nil, nil
	}
	out := map[string]any{}
	for mime, v := range raw {
		if IsJSON(mime) {
			out[mime] = v
			continue
		}
		var s text
		if err := json.Unmarshal(v, &s); err != nil {
			return nil, fmt.Errorf("output of type %s: %w", mime, err)
		}
		out[mime] = string(s)
	}
	return out, nil
}

// Tagged reports whether the cell has a tag.
func (c Cell) Tagged(tag string) bool {
	tags, _ := c.Metadata["tags"].([]any)
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}

// CodeCells returns the number of cells that a run executes: code cells that are not blank.
func CodeCells(nb *Notebook) (n int) {
	for _, c := range nb.Cells {
		if c.Kind == "code" && strings.TrimSpace(c.Source) != "" {
			n++
		}
	}
	return n
}

// text is a string that nbformat allows to be a list of lines.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var lines []string
	if err := json.Unmarshal(b, &lines); err == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

func lines(s string) []string { return strings.SplitAfter(s, "\n")[:countLines(s)] }

func countLines(s string) int {
	n := strings.Count(s, "\n")
	if !strings.HasSuffix(s, "\n") && s != "" {
		n++
	}
	return n
}

type rawCell struct {
	ID          string          `json:"id"`
	Kind        string          `json:"cell_type"`
	Source      text            `json:"source"`
	Metadata    map[string]any  `json:"metadata"`
	Attachments json.RawMessage `json:"attachments"`
	Outputs     []rawOutput     `json:"outputs"`
	Count       *int            `json:"execution_count"`
}

type rawOutput struct {
	Kind      string                     `json:"output_type"`
	Name      string                     `json:"name"`
	Text      text                       `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Metadata  map[string]any             `json:"metadata"`
	EName     string                     `json:"ename"`
	EValue    string                     `json:"evalue"`
	Traceback []string                   `json:"traceback"`
}

// Read reads a notebook file. A file that is not JSON, or not of nbformat 4, is an error.
// The error names the file.
func Read(path string) (*Notebook, error) {
	data, err := file.Read(path, maxNotebook)
	if err != nil {
		return nil, err
	}
	nb, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nb, nil
}

const maxNotebook = 256 << 20 // bytes of a file

// MaxNesting is the maximum depth to which the JSON of a notebook, and that of an output,
// may be nested.
const MaxNesting = 64

// Parse parses the content of a notebook file.
func Parse(data []byte) (*Notebook, error) {
	if err := file.CheckNesting(data, MaxNesting); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	var raw struct {
		Format   *int           `json:"nbformat"`
		Minor    int            `json:"nbformat_minor"`
		Metadata map[string]any `json:"metadata"`
		Cells    []rawCell      `json:"cells"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	switch {
	case raw.Format == nil:
		return nil, fmt.Errorf("not a notebook: it has no nbformat")
	case *raw.Format != 4:
		return nil, fmt.Errorf("nbformat %d is not supported: it must be 4 (convert it with Jupyter)", *raw.Format)
	}
	nb := &Notebook{Metadata: raw.Metadata, Minor: raw.Minor}
	for i, c := range raw.Cells {
		if c.Kind != "code" && c.Kind != "markdown" && c.Kind != "raw" {
			return nil, fmt.Errorf("cell %d: cell_type %q is not code, markdown or raw", i+1, c.Kind)
		}
		cell := Cell{ID: c.ID, Kind: c.Kind, Source: string(c.Source), Metadata: c.Metadata, Attachments: c.Attachments}
		if c.Count != nil {
			cell.Count = *c.Count
		}
		for _, o := range c.Outputs {
			out := Output{Kind: o.Kind, Name: o.Name, Text: string(o.Text), Metadata: o.Metadata, Traceback: o.Traceback}
			if o.Kind == "error" {
				out.Name, out.Text = o.EName, o.EValue
			}
			var err error
			if out.Data, err = mimeBundle(o.Data); err != nil {
				return nil, fmt.Errorf("cell %d: %w", i+1, err)
			}
			cell.Outputs = append(cell.Outputs, out)
		}
		nb.Cells = append(nb.Cells, cell)
	}
	return nb, nil
}

// IsJSON reports whether a notebook holds data of a MIME type as JSON rather than as a
// string.
func IsJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// Marshal encodes the notebook as Jupyter does: keys in alphabetical order, one
// space of indentation, text as lists of lines.
func (nb *Notebook) Marshal() ([]byte, error) {
	cells := make([]map[string]any, len(nb.Cells))
	for i, c := range nb.Cells {
		m := map[string]any{"cell_type": c.Kind, "metadata": orEmpty(c.Metadata), "source": lines(c.Source)}
		if c.ID != "" {
			m["id"] = c.ID
		}
		if c.Attachments != nil {
			m["attachments"] = c.Attachments
		}
		if c.Kind == "code" {
			m["execution_count"] = nil
			if c.Count > 0 {
				m["execution_count"] = c.Count
			}
			outputs := []map[string]any{}
			for _, o := range c.Outputs {
				outputs = append(outputs, o.marshal(c.Count))
			}
			m["outputs"] = outputs
		}
		cells[i] = m
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(map[string]any{"cells": cells, "metadata": orEmpty(nb.Metadata), "nbformat": 4, "nbformat_minor": nb.Minor})
	return b.Bytes(), err
}

func (o Output) marshal(count int) map[string]any {
	m := map[string]any{"output_type": o.Kind}
	switch o.Kind {
	case "stream":
		m["name"], m["text"] = o.Name, lines(o.Text)
	case "error":
		m["ename"], m["evalue"] = o.Name, o.Text
		m["traceback"] = append([]string{}, o.Traceback...)
	default:
		data := map[string]any{}
		for mime, v := range o.Data {
			if s, ok := v.(string); ok && !IsJSON(mime) && !strings.HasPrefix(mime, "image/png") {
				v = lines(s)
			}
			data[mime] = v
		}
		m["data"], m["metadata"] = data, orEmpty(o.Metadata)
		if o.Kind == "execute_result" {
			m["execution_count"] = count
		}
	}
	return m
}

// Write writes the notebook to a file atomically.
func (nb *Notebook) Write(path string) error {
	data, err := nb.Marshal()
	if err != nil {
		return err
	}
	return file.Write(path, data)
}

// Paper returns the name of the figure of the paper that a cell reproduces and a
// description of what that figure shows: the strings "paper" and "shows" under "fate" in
// the metadata of the cell. Both are empty if it reproduces none.
func (c Cell) Paper() (figure, shows string) {
	fate, _ := c.Metadata["fate"].(map[string]any)
	figure, _ = fate["paper"].(string)
	shows, _ = fate["shows"].(string)
	return figure, shows
}
