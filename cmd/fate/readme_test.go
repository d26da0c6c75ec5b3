package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// The README lists every notebook, with the verdict that is committed in it.
func TestReadmeVerdicts(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		nb, err := ipynb.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := ipynb.Verdicts(nb)
		if err != nil {
			t.Fatal(err)
		}
		agree := 0
		for _, r := range rows {
			if r.Agree {
				agree++
			}
		}
		name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
		head, want := fmt.Sprintf("| [%s](notebooks/%s.ipynb) |", name, name), fmt.Sprintf("| %d of %d agree |", agree, len(rows))
		found := false
		for line := range strings.Lines(string(readme)) {
			found = found || strings.HasPrefix(line, head) && strings.HasSuffix(strings.TrimSpace(line), want)
		}
		if !found {
			t.Errorf("README.md has no line %s … %s", head, want)
		}
	}
}
