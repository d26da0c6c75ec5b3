package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every error can be planted in today's code, and every accepted survivor is a line of it.
func TestErrorsAreCurrent(t *testing.T) {
	t.Chdir("../../..")
	total := 0
	for _, name := range packages {
		changes, err := readErrors("errors", name)
		if err != nil {
			t.Error(err)
		}
		for _, c := range changes {
			if _, err := c.mutant(); err != nil {
				t.Error(err)
			}
			if c.why == "" {
				t.Errorf("%s: %q → %q does not say what is wrong", c.file, c.from, c.to)
			}
		}
		total += len(changes)
		accepted, err := readErrors("accepted", name)
		if err != nil {
			t.Error(err)
		}
		for _, c := range accepted {
			text, err := os.ReadFile(c.file)
			if err != nil || !strings.Contains(string(text), c.from) {
				t.Errorf("accepted/%s.txt: %s has no %q", name, c.file, c.from)
			}
			if c.why == "" {
				t.Errorf("accepted/%s.txt: %q → %q does not say why", name, c.from, c.to)
			}
		}
	}
	if total < 150 {
		t.Errorf("%d errors, want 150 or more", total)
	}
}

// A table takes the rows of a run and keeps those of other packages; the sum is of all.
func TestInsertKeepsOtherRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+begin+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, results := range []map[string]*tally{{"theory": {10, 8, 1}, "task": {4, 4, 0}}, {"task": {6, 5, 0}}} {
		if err := insert(path, results); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	want := "| `theory` | 10 | 8 | 1 | 80 % |\n| `task` | 6 | 5 | 0 | 83 % |\n| all | 16 | 13 | 1 | 81 % |\n" + end + "after\n"
	if err != nil || !strings.HasPrefix(string(text), "before\n"+begin) || !strings.HasSuffix(string(text), want) {
		t.Errorf("%v\n%s", err, text)
	}
}
