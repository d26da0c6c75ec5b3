// Package readme makes the table of notebooks in the README from the notebooks.
package readme

//go:generate go run ./genreadme

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

const head = "| notebook | result | verdict |\n|---|---|---|\n"

// Update returns the README with the table of the notebooks in a folder in the place of the
// one that it has: for each its name, the summary in its metadata, and its committed verdict.
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
	for _, file := range files {
		row, err := row(file)
		if err != nil {
			return nil, fmt.Errorf("readme: %s: %w", file, err)
		}
		out = append(out, row...)
	}
	return append(out, rest...), nil
}

func row(file string) (string, error) {
	nb, err := ipynb.Read(file)
	if err != nil {
		return "", err
	}
	fate, _ := nb.Metadata["fate"].(map[string]any)
	summary, _ := fate["summary"].(string)
	if summary == "" {
		return "", errors.New("the metadata of the notebook lack fate.summary, a line for the README")
	}
	rows, err := ipynb.Verdicts(nb)
	if err != nil {
		return "", err
	}
	agree := 0
	for _, r := range rows {
		if r.Agree {
			agree++
		}
	}
	name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
	return fmt.Sprintf("| [%s](notebooks/%s.ipynb) | %s | %d of %d agree |\n", name, name, summary, agree, len(rows)), nil
}
