package main

import (
	"fmt"
	"os"
	"strings"
)

// A change is an entry of a file in errors or accepted: a file, the text that is replaced, and
// its replacement, on one line each. why is the comment above it.
type change struct{ file, from, to, why string }

// readErrors reads entries of three lines:
//
//	pkg/theory/source.go
//	-r2 = 1 + v*d/(n-d-1)
//	+r2 = 1 + v*d/(n-d)
//
// Lines that begin with # say why, and empty lines separate entries.
func readErrors(folder, name string) (out []change, err error) {
	path := "pkg/internal/mutate/" + folder + "/" + name + ".txt"
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i, entry := range strings.Split(string(text), "\n\n") {
		var c change
		for line := range strings.SplitSeq(strings.Trim(entry, "\n"), "\n") {
			switch {
			case strings.HasPrefix(line, "#"):
				c.why += strings.TrimPrefix(line, "#")
			case strings.HasPrefix(line, "-"):
				c.from = line[1:]
			case strings.HasPrefix(line, "+"):
				c.to = line[1:]
			case line != "":
				c.file = line
			}
		}
		if c == (change{why: c.why}) {
			continue
		}
		if c.file == "" || c.from == "" || c.from == c.to {
			return nil, fmt.Errorf("%s: entry %d: it needs a file, a line with - and a line with +", path, i+1)
		}
		out = append(out, c)
	}
	return out, nil
}

// planted returns the scientific errors of one package.
func planted(name string) (out []mutant, err error) {
	changes, err := readErrors("errors", name)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		m, err := c.mutant()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (c change) mutant() (mutant, error) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return mutant{}, err
	}
	if n := strings.Count(string(text), c.from); n != 1 {
		return mutant{}, fmt.Errorf("%s: %q is there %d times, not once", c.file, c.from, n)
	}
	return mutant{file: c.file, from: c.from, to: c.to, source: []byte(strings.Replace(string(text), c.from, c.to, 1))}, nil
}

// isAccepted reports whether accepted names the error.
func isAccepted(m mutant, accepted []change) bool {
	for _, c := range accepted {
		if c.file == m.file && c.from == m.from && c.to == m.to {
			return true
		}
	}
	return false
}
