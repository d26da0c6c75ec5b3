package notebook

import (
	"encoding/base64"
	"fmt"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/plotting"
)

// Figure is a figure that a run drew, as a file of one format. Index is its place among
// the figures of its cell, from 1; Cell counts all cells, from 1.
type Figure struct {
	Cell   int
	Index  int    `json:"index"`
	Format string `json:"format"`
	Data   []byte `json:"data"`
}

// Name is the name of its file: the cell, its place there, and the format.
func (f Figure) Name() string { return fmt.Sprintf("cell-%02d-%d.%s", f.Cell, f.Index, f.Format) }

// Formats are those of figure files.
var Formats = []string{"png", "svg", "pdf"}

// drawn returns the figures of the cell that just ran, in each of the formats; columns
// is the width of a publication, or 0.
func drawn(formats []string, columns int) (out []Figure, err error) {
	if len(formats) == 0 {
		return nil, nil
	}
	for i, d := range figure.Drawn() {
		f, ok := d.(*plotting.Figure)
		if !ok || f.Err() != nil {
			continue
		}
		if columns > 0 {
			f = f.Columns(columns)
		}
		for _, format := range formats {
			var data []byte
			switch format {
			case "png":
				data, err = f.PNG()
			case "svg":
				data, err = f.SVG()
			case "pdf":
				data, err = f.PDF()
			}
			if err != nil {
				return nil, err
			}
			out = append(out, Figure{Index: i + 1, Format: format, Data: data})
		}
	}
	return out, nil
}

// verdictOf is the verdict of an executed notebook as its figures carry it, nil if it
// has none.
func verdictOf(nb *Notebook) *figure.Verdict {
	rows, err := Verdicts(nb)
	if err != nil || len(rows) == 0 {
		return nil
	}
	v := &figure.Verdict{Columns: experiment.Columns}
	for _, r := range rows {
		v.Rows = append(v.Rows, r.Text())
		if r.Agree {
			v.Agree++
		}
	}
	return v
}

// giveVerdict puts the verdict of a run into its figures, and into those that its cells
// saved to files.
func giveVerdict(nb *Notebook, figures []Figure, saved []string) error {
	v := verdictOf(nb)
	if v == nil {
		return nil
	}
	for i := range figures {
		f, err := figure.Parse(figures[i].Data)
		if err == nil {
			figures[i].Data, err = f.WithVerdict(v)
		}
		if err != nil {
			return err
		}
	}
	for _, path := range saved {
		f, err := figure.Read(path)
		if err != nil { // a later cell took it away or wrote something else there
			continue
		}
		b, err := f.WithVerdict(v)
		if err == nil {
			err = file.Write(path, b)
		}
		if err != nil {
			return err
		}
	}
	return eachPNG(nb, func(data map[string]any, b []byte) error {
		f, err := figure.Parse(b)
		if err != nil {
			return nil // a picture that is none of ours
		}
		if b, err = f.WithVerdict(v); err != nil {
			return err
		}
		data["image/png"] = base64.StdEncoding.EncodeToString(b)
		return nil
	})
}

// eachPNG calls f with the data of every output that is a PNG, and the picture.
func eachPNG(nb *Notebook, f func(data map[string]any, picture []byte) error) error {
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

// Images returns the images among the outputs, as PNG, JPEG, SVG or PDF files.
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
