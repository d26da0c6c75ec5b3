package main

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/features-are-fate/fate/pkg/trial"
)

// The progress line of two concurrent notebooks fits the terminal, does not exceed 100 %
// and never decreases.
func TestProgressLine(t *testing.T) {
	var jobs []*job
	for _, cells := range []int{13, 7} {
		nb := &ipynb.Notebook{}
		for range cells {
			nb.Cells = append(nb.Cells, ipynb.Cell{Kind: "code", Source: "1"}, ipynb.Cell{Kind: "code"})
		}
		jobs = append(jobs, &job{name: "a_\x1b[31m_long_name_of_a_notebook_that_takes_much_room", nb: nb})
	}
	var out bytes.Buffer
	l := liveOn(&out, 80, jobs)
	for cell := 1; cell <= 13; cell++ {
		for _, j := range jobs {
			if n := ipynb.CodeCells(j.nb); cell <= n {
				l.show(j, notebook.State{Cell: cell, Cells: n, Experiment: trial.Progress{Done: 1200, Total: 1000}})
			}
		}
	}
	for _, j := range jobs {
		l.finish(j)
	}
	last := 0
	for _, line := range strings.Split(out.String(), "\r") {
		if n := utf8.RuneCountInString(line); n > 80 || strings.Contains(line, "\x1b[31m") {
			t.Errorf("a line of %d characters: %q", n, line)
		}
		if m := regexp.MustCompile(`(\d+)%`).FindStringSubmatch(line); m != nil {
			p, err := strconv.Atoi(m[1])
			if err != nil || p < last || p > 100 {
				t.Errorf("%d %% after %d %%, %v", p, last, err)
			}
			last = p
		}
	}
	if last == 0 {
		t.Errorf("no progress in %q", out.String())
	}
}
