package diagnose

import (
	"fmt"
	"slices"

	"github.com/features-are-fate/fate/pkg/theory"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// source names the law that the risks follow from.
const source = "Section 4, features of any covariance"

// Against compares T with a measured one at these numbers of labels, or at each that both
// have.
func (r *Result) Against(measured *Result, at ...int) *verdict.Verdict {
	var rows []verdict.Row
	for i, n := range r.N {
		for j, m := range measured.N {
			if n == m && (len(at) == 0 || slices.Contains(at, n)) {
				rows = append(rows, verdict.NewRow("transferability", source, fmt.Sprintf("%s n=%d", r.Title(), n),
					theory.Value{Value: r.T[i], StdErr: r.SE[i]}, theory.Value{Value: measured.T[j], StdErr: measured.SE[j]}, 0))
			}
		}
	}
	if rows == nil {
		return verdict.Failed(fmt.Errorf("diagnose: Against: no number of labels of %v is among %v and the measured %v", at, r.N, measured.N))
	}
	return verdict.Of(rows...)
}
