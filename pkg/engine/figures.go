package engine

import (
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/plotting"
)

// Figures returns the figures that the last cell drew, each in all of the formats. They
// are columns columns of a publication wide, or have their own width if columns is 0.
func Figures(formats []string, columns int) (out []ipynb.Figure, err error) {
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
			out = append(out, ipynb.Figure{Index: i + 1, Format: format, Data: data})
		}
	}
	return out, nil
}
