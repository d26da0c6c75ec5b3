package sweep

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg"
)

// Status is what a folder holds of a sweep: the indices of its cells, by state.
type Status struct {
	Done, Running, Missing, Damaged []int
	Other                           []int // of another sweep, code, compiler or architecture
}

// Status reads every cell of the folder.
func (p *Plan) Status(dir string) (Status, error) {
	var s Status
	if _, err := os.Stat(dir); err != nil {
		return s, err
	}
	for cell := range p.Cells {
		switch _, is, err := p.read(dir, cell); is {
		case done:
			s.Done = append(s.Done, cell)
		case missing:
			if info, err := os.Stat(running(dir, cell)); err == nil && time.Since(info.ModTime()) < stale {
				s.Running = append(s.Running, cell)
			} else {
				s.Missing = append(s.Missing, cell)
			}
		case damaged:
			s.Damaged = append(s.Damaged, cell)
		case another:
			s.Other = append(s.Other, cell)
		default:
			return s, err
		}
	}
	return s, nil
}

// List writes indices as sbatch --array takes them: 1-3,7,9-12.
func List(indices []int) string {
	var out []string
	for i := 0; i < len(indices); {
		j := i
		for j+1 < len(indices) && indices[j+1] == indices[j]+1 {
			j++
		}
		text := strconv.Itoa(indices[i])
		if j > i {
			text += "-" + strconv.Itoa(indices[j])
		}
		out = append(out, text)
		i = j + 1
	}
	return strings.Join(out, ",")
}

// Merge reads the cells of a folder. A cell that is missing or damaged is an error unless
// partial is set, which marks the result; one of another sweep, code, compiler or
// architecture always is. The result is the same whoever measured the cells, in which
// order and in how many shards.
func (p *Plan) Merge(dir string, partial bool) (*Result, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	r := &Result{Sweep: p.Sweep, Hash: p.Hash, Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
	var first error
	for cell := range p.Cells {
		switch c, is, err := p.read(dir, cell); is {
		case done:
			r.Cells = append(r.Cells, c)
		case missing, damaged:
			r.Missing = append(r.Missing, cell)
			if first == nil {
				first = err
			}
		default:
			return nil, err
		}
	}
	if len(r.Missing) > 0 && !partial {
		return nil, fmt.Errorf("%w; %d of %d cells are missing or damaged: run them, or merge what there is with --partial", first, len(r.Missing), len(p.Cells))
	}
	if len(r.Cells) == 0 {
		return nil, fmt.Errorf("%s holds no cell of this sweep", dir)
	}
	r.Partial = len(r.Missing) > 0
	return r, nil
}
