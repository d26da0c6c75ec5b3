package ipynb

import (
	"encoding/json"
	"fmt"

	"github.com/features-are-fate/fate/pkg/experiment"
)

// Verdicts returns the rows of all verdicts among the outputs of the notebook.
func Verdicts(nb *Notebook) ([]experiment.Row, error) {
	var out []experiment.Row
	for i, c := range nb.Cells {
		for _, o := range c.Outputs {
			raw, ok := o.Data[experiment.VerdictMIME].(json.RawMessage)
			if !ok {
				continue
			}
			var rows []experiment.Row
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
