package main

import (
	"os"
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
