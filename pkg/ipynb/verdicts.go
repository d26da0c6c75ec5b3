package ipynb

import (
	"encoding/json"
	"fmt"

	"github.com/features-are-fate/fate/pkg/verdict"
)

// Verdicts returns the rows of all verdicts among the outputs of the notebook.
func Verdicts(nb *Notebook) ([]verdict.Row, error) {
	var out []verdict.Row
	for i, c := range nb.Cells {
		for _, o := range c.Outputs {
			raw, ok := o.Data[verdict.MIME].(json.RawMessage)
			if !ok {
				continue
			}
			var rows []verdict.Row
			if err := json.Unmarshal(raw, &rows); err != nil {
				return nil, fmt.Errorf("cell %d: verdict: %w", i+1, err)
			}
			if len(rows) == 0 {
				return nil, fmt.Errorf("cell %d: the verdict has no row", i+1)
			}
			out = append(out, rows...)
		}
	}
	return out, nil
}
