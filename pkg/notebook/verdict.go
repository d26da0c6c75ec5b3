package notebook

import (
	"encoding/base64"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// verdictOf returns the verdict of an executed notebook in the form in which figures embed
// it, or nil if there is none.
func verdictOf(nb *ipynb.Notebook) *figure.Verdict {
	rows, err := ipynb.Verdicts(nb)
	if err != nil || len(rows) == 0 {
		return nil
	}
	v := &figure.Verdict{Columns: verdict.Columns}
	for _, r := range rows {
		v.Rows = append(v.Rows, r.Text())
		if r.Agree {
			v.Agree++
		}
	}
	return v
}

// embedVerdict embeds the verdict of a run in its figures: those among the outputs,
// those that the run returns, and those that its cells saved to files.
func embedVerdict(nb *ipynb.Notebook, figures []ipynb.Figure, saved []string) error {
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
		if err != nil { // a later cell removed or replaced it
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
	return ipynb.EachPNG(nb, func(data map[string]any, b []byte) error {
		f, err := figure.Parse(b)
		if err != nil {
			return nil // not a figure of package plotting
		}
		if b, err = f.WithVerdict(v); err != nil {
			return err
		}
		data["image/png"] = base64.StdEncoding.EncodeToString(b)
		return nil
	})
}
