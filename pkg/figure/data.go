package figure

import (
	"bytes"
	"compress/zlib"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Data are the numbers that a figure shows, panel by panel.
type Data struct {
	Panels []Panel `json:"panels"`
}

// Panel is what one panel shows: curves, a map of values, or a map with curves on it.
// Labels are plain text with math between dollar signs.
type Panel struct {
	Kind   string  `json:"kind"`
	Title  string  `json:"title,omitempty"`
	X      string  `json:"x"`
	Y      string  `json:"y"`
	Z      string  `json:"z,omitempty"`
	Curves []Curve `json:"curves,omitempty"`
	Grid   *Grid   `json:"grid,omitempty"`
}

// Curve is a line or a set of points. Err holds their standard errors, or is nil. Method is
// the method by which points were measured, under the name that it has in older files.
type Curve struct {
	Role   string  `json:"role"` // line, dashed, points, histogram, boundary, guide
	Label  string  `json:"label,omitempty"`
	Method string  `json:"tier,omitempty"`
	X      Numbers `json:"x"`
	Y      Numbers `json:"y"`
	Err    Numbers `json:"err,omitempty"`
}

// Grid is a map: Z[i][j] at Y[i], X[j].
type Grid struct {
	Method string    `json:"tier,omitempty"`
	X      Numbers   `json:"x"`
	Y      Numbers   `json:"y"`
	Z      []Numbers `json:"z"`
}

// Numbers are floats that keep their last bit in JSON; NaN and infinities are strings.
type Numbers []float64

// MarshalJSON implements json.Marshaler.
func (n Numbers) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for i, v := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			out = strconv.AppendQuote(out, strconv.FormatFloat(v, 'g', -1, 64))
			continue
		}
		out = strconv.AppendFloat(out, v, 'g', -1, 64)
	}
	return append(out, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Numbers) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*n = make(Numbers, len(raw))
	for i, r := range raw {
		switch s := string(r); s {
		case `"NaN"`:
			(*n)[i] = math.NaN()
		case `"+Inf"`, `"-Inf"`:
			(*n)[i] = math.Inf(map[byte]int{'+': 1, '-': -1}[s[1]])
		default:
			if err := json.Unmarshal(r, &(*n)[i]); err != nil || s == "null" {
				return fmt.Errorf("%s is not a number", brief(s))
			}
		}
	}
	return nil
}

// check returns an error if the data are inconsistent.
func (d Data) check() error {
	if len(d.Panels) == 0 {
		return errors.New("there is no panel")
	}
	for i, p := range d.Panels {
		texts := []string{p.Kind, p.Title, p.X, p.Y, p.Z}
		for _, c := range p.Curves {
			texts = append(texts, c.Role, c.Label, c.Method)
			if len(c.X) != len(c.Y) || c.Err != nil && len(c.Err) != len(c.X) {
				return fmt.Errorf("panel %d: a curve has %d x, %d y and %d error values", i+1, len(c.X), len(c.Y), len(c.Err))
			}
		}
		if g := p.Grid; g != nil {
			texts = append(texts, g.Method)
			if len(g.Z) != len(g.Y) {
				return fmt.Errorf("panel %d: a map has %d rows on an axis of %d", i+1, len(g.Z), len(g.Y))
			}
			for _, row := range g.Z {
				if len(row) != len(g.X) {
					return fmt.Errorf("panel %d: a map has a row of %d values on an axis of %d", i+1, len(row), len(g.X))
				}
			}
		}
		for _, text := range texts {
			if !shown(text) {
				return fmt.Errorf("panel %d: the label %s is not plain text", i+1, brief(text))
			}
		}
	}
	return nil
}

// WriteCSV writes the numbers to the last bit, one row per point. The columns are the
// panel (from 1), the kind (line, dashed, points, histogram, boundary, guide, map), the label, the method
// of measurement, x, y, the standard error of y, and z of a map.
func (d Data) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	rows := [][]string{{"panel", "kind", "label", "method", "x", "y", "stderr", "z"}}
	for i, p := range d.Panels {
		panel := strconv.Itoa(i + 1)
		for _, c := range p.Curves {
			for k := range c.X {
				row := []string{panel, c.Role, c.Label, c.Method, number(c.X[k]), number(c.Y[k]), "", ""}
				if c.Err != nil {
					row[6] = number(c.Err[k])
				}
				rows = append(rows, row)
			}
		}
		if g := p.Grid; g != nil {
			for k, y := range g.Y {
				for j, x := range g.X {
					rows = append(rows, []string{panel, "map", p.Z, g.Method, number(x), number(y), "", number(g.Z[k][j])})
				}
			}
		}
	}
	return out.WriteAll(rows)
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	return out.Bytes()
}

func decompress(b []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err == nil && len(out) > maxUnpacked {
		err = fmt.Errorf("they unpack to more than %d bytes", maxUnpacked)
	}
	return out, err
}
