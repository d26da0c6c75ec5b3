// Package readme makes the parts of the README that the notebooks decide: the count of
// verdicts, the sizes under the figure, and the table of notebooks.
package readme

//go:generate go run ./genreadme

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

const head = "| notebook | result | verdict |\n|---|---|---|\n"

// The figure of the README is drawn by this cell, from the run of the cell before it.
const (
	figureNotebook = "06_fine_tuning.ipynb"
	figureCell     = "60a71022"
)

// Update returns the README with the parts that the notebooks in a folder decide. The table
// has the name of each, the summary in its metadata, and its committed verdict.
func Update(readme []byte, folder string) ([]byte, error) {
	before, rest, ok := bytes.Cut(readme, []byte(head))
	if !ok {
		return nil, errors.New("readme: the README has no table of notebooks")
	}
	for bytes.HasPrefix(rest, []byte("|")) {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil {
		return nil, err
	}
	out := append(bytes.Clone(before), head...)
	agree, of := 0, 0
	for _, file := range files {
		row, a, n, err := row(file)
		if err != nil {
			return nil, fmt.Errorf("readme: %s: %w", file, err)
		}
		out = append(out, row...)
		agree, of = agree+a, of+n
	}
	sizes, err := sizes(filepath.Join(folder, figureNotebook))
	if err != nil {
		return nil, fmt.Errorf("readme: %s: %w", figureNotebook, err)
	}
	out = append(out, rest...)
	if out, err = between(out, "count", fmt.Sprintf("**%d of %d verdicts agree**", agree, of)); err != nil {
		return nil, err
	}
	return between(out, "sizes", sizes)
}

// between replaces what stands between the comments of a name.
func between(readme []byte, name, text string) ([]byte, error) {
	open, end := "<!-- "+name+" -->", "<!-- /"+name+" -->"
	before, rest, ok := strings.Cut(string(readme), open)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return nil, fmt.Errorf("readme: the README has no %s … %s", open, end)
	}
	return []byte(before + open + text + end + after), nil
}

var sizesOf = regexp.MustCompile(`× (\d+) trials at d = (\d+)`)

// sizes returns the dimension and the trials of the figure.
func sizes(file string) (string, error) {
	nb, err := ipynb.Read(file)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(nb.Cells, func(c ipynb.Cell) bool { return c.ID == figureCell })
	if i < 1 {
		return "", fmt.Errorf("it has no cell %s, which draws the figure of the README", figureCell)
	}
	for _, o := range nb.Cells[i-1].Outputs {
		text, _ := o.Data["text/plain"].(string)
		if m := sizesOf.FindStringSubmatch(text); m != nil {
			return fmt.Sprintf("d = %s, %s trials", m[2], m[1]), nil
		}
	}
	return "", fmt.Errorf("the cell before %s says no dimension and trials", figureCell)
}

func row(file string) (text string, agree, of int, err error) {
	nb, err := ipynb.Read(file)
	if err != nil {
		return "", 0, 0, err
	}
	fate, _ := nb.Metadata["fate"].(map[string]any)
	summary, _ := fate["summary"].(string)
	if summary == "" {
		return "", 0, 0, errors.New("the metadata of the notebook lack fate.summary, a line for the README")
	}
	rows, err := ipynb.Verdicts(nb)
	if err != nil {
		return "", 0, 0, err
	}
	for _, r := range rows {
		if r.Agree {
			agree++
		}
	}
	name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
	return fmt.Sprintf("| [%s](notebooks/%s.ipynb) | %s | %d of %d agree |\n", name, name, summary, agree, len(rows)), agree, len(rows), nil
}
