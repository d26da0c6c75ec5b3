package ipynb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/verdict"
)

// recordTag is the tag and the id of the cell that Record writes.
const recordTag = "record"

// Record writes the results of a run with other parameters to a Markdown cell of nb: the
// heading, a sentence on how and where it ran, the one-line results of its cells, and the
// rows of its verdicts. The cell replaces an earlier record, or else precedes the section
// "What to try". Its metadata holds the hash of the code that ran (see [StaleRecord]).
func Record(nb, executed *Notebook, heading, how string) error {
	rows, err := Verdicts(executed)
	if err != nil {
		return err
	}
	agree := 0
	for _, r := range rows {
		if r.Agree {
			agree++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s %d of %d verdicts agree.\n\n", heading, how, agree, len(rows))
	for _, c := range executed.Cells {
		for _, o := range c.Outputs {
			if text, ok := o.Data["text/plain"].(string); ok && len(o.Data) == 1 && !strings.Contains(text, "\n") {
				fmt.Fprintf(&b, "- %s\n", text)
			}
		}
	}
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintln(&b)
	line(slices.Clone(verdict.Columns))
	line(slices.Repeat([]string{"---"}, len(verdict.Columns)))
	for _, r := range rows {
		line(r.Text())
	}
	cell := Cell{ID: recordTag, Kind: "markdown", Source: strings.TrimSuffix(b.String(), "\n"),
		Metadata: map[string]any{"tags": []any{recordTag}, "fate": map[string]any{"code": codeHash(nb)}}}
	if i := slices.IndexFunc(nb.Cells, func(c Cell) bool { return c.Tagged(recordTag) }); i >= 0 {
		nb.Cells[i] = cell
		return nil
	}
	i := slices.IndexFunc(nb.Cells, func(c Cell) bool { return strings.HasPrefix(c.Source, "## What to try") })
	if i < 0 {
		i = len(nb.Cells)
	}
	nb.Cells = slices.Insert(nb.Cells, i, cell)
	return nil
}

// StaleRecord reports whether the notebook has a record, and whether its code has changed
// since the recorded run.
func StaleRecord(nb *Notebook) (recorded, stale bool) {
	for _, c := range nb.Cells {
		if c.Tagged(recordTag) {
			fate, _ := c.Metadata["fate"].(map[string]any)
			return true, fate["code"] != codeHash(nb)
		}
	}
	return false, false
}

// codeHash returns a hash of the code of a notebook.
func codeHash(nb *Notebook) string {
	h := sha256.New()
	for _, c := range nb.Cells {
		if c.Kind == "code" {
			fmt.Fprintf(h, "%d\n%s\n", len(c.Source), c.Source)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
