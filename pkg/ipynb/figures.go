package ipynb

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Figure is a figure file of a run. Cell is the position of its cell among all cells and
// Index its position among the figures of that cell, both from 1.
type Figure struct {
	Cell   int
	Index  int    `json:"index"`
	Format string `json:"format"`
	Data   []byte `json:"data"`
}

// Name returns the name of the file: cell-04-1.png is the first figure of cell 4.
func (f Figure) Name() string { return fmt.Sprintf("cell-%02d-%d.%s", f.Cell, f.Index, f.Format) }

// FigureFormats are the formats in which a run can write figures.
var FigureFormats = []string{"png", "svg", "pdf"}

// EachPNG calls f for every output that has a PNG image, with the data of the output and
// the decoded image, until f returns an error.
func EachPNG(nb *Notebook, f func(data map[string]any, image []byte) error) error {
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			s, ok := o.Data["image/png"].(string)
			if !ok {
				continue
			}
			b, err := decodeImage("image/png", s)
			if err == nil {
				err = f(o.Data, b)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Images returns the images among the outputs of the notebook as PNG, JPEG, SVG and PDF
// files.
func Images(nb *Notebook) ([]Figure, error) {
	var out []Figure
	for i, c := range nb.Cells {
		k := 0
		for _, o := range c.Outputs {
			for _, f := range []struct{ mime, format string }{{"image/png", "png"}, {"image/jpeg", "jpg"}, {"image/svg+xml", "svg"}, {"application/pdf", "pdf"}} {
				s, ok := o.Data[f.mime].(string)
				if !ok {
					continue
				}
				data, err := decodeImage(f.mime, s)
				if err != nil {
					return out, fmt.Errorf("cell %d: %s: %w", i+1, f.mime, err)
				}
				k++
				out = append(out, Figure{Cell: i + 1, Index: k, Format: f.format, Data: data})
			}
		}
	}
	return out, nil
}

func decodeImage(mime, s string) ([]byte, error) {
	if mime == "image/svg+xml" {
		return []byte(s), nil
	}
	return base64.StdEncoding.DecodeString(strings.TrimSpace(s))
}
