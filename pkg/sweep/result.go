package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/features-are-fate/fate/pkg/experiment"
	"github.com/features-are-fate/fate/pkg/file"
)

// Result is a merged sweep, as its file holds it. Missing lists the cells that a partial
// result lacks. From Load and InShards it is never nil: if there is none, Err says why.
type Result struct {
	Sweep   Sweep  `json:"sweep"`
	Hash    string `json:"hash"`
	Module  string `json:"module"`
	Version string `json:"version"`
	Go      string `json:"go"`
	Arch    string `json:"arch"`
	Partial bool   `json:"partial"`
	Missing []int  `json:"missing,omitempty"`
	Cells   []Cell `json:"cells"`
	err     error
}

// Err returns why there is no result, or nil.
func (r *Result) Err() error { return r.err }

// Write writes the result to a file, whole or not at all.
func (r *Result) Write(path string) error {
	if r.err != nil {
		return r.err
	}
	return write(path, r)
}

// maxResult bounds the file of a result: a cell of all quantities takes about 1 kB.
const maxResult = 2 << 30

// Load reads the file that fate sweep merge wrote. A file that is damaged, or whose cells
// are not those of its sweep, is an error; one of another version of the code is not, and
// the result names it.
func Load(path string) *Result {
	b, err := file.Read(path, maxResult)
	if err != nil {
		return &Result{err: err}
	}
	r := &Result{}
	if err = file.Decode(b, r); err == nil {
		err = r.check()
	}
	if err != nil {
		return &Result{err: fmt.Errorf("%s is not the result of a sweep: %w", path, err)}
	}
	return r
}

// check compares the cells with those of the sweep.
func (r *Result) check() error {
	p, err := r.Sweep.Plan()
	switch {
	case err != nil:
		return err
	case p.Hash != r.Hash:
		return fmt.Errorf("its hash is %s, that of its sweep %s", r.Hash, p.Hash)
	case len(r.Cells)+len(r.Missing) != len(p.Cells) || r.Partial != (len(r.Missing) > 0):
		return fmt.Errorf("it has %d cells and lacks %d of %d", len(r.Cells), len(r.Missing), len(p.Cells))
	}
	var gaps []int
	next := 0
	for _, c := range r.Cells {
		if c.Index < next || c.Index >= len(p.Cells) || c.Setting != p.Cells[c.Index] || (c.End != nil) != (p.Sweep.kind() == Students) {
			return fmt.Errorf("its cell %d is not that of its sweep", c.Index)
		}
		for ; next < c.Index; next++ {
			gaps = append(gaps, next)
		}
		next++
	}
	for ; next < len(p.Cells); next++ {
		gaps = append(gaps, next)
	}
	if !slices.Equal(gaps, r.Missing) {
		return fmt.Errorf("it lacks the cells %s and names %s", List(gaps), List(r.Missing))
	}
	return nil
}

// Run returns the means of the cells as a run, with its points, lines and verdicts. Its
// cells are independent of each other; those of one setting differ in [experiment.Dimension]
// alone. A partial result counts as an interrupted run. It is of linear networks.
func (r *Result) Run() *experiment.Run {
	e := r.Sweep.experiment(experiment.Grid{})
	e.Seed = r.Sweep.Seed
	err := r.err
	if err == nil && r.Sweep.kind() != Linear {
		err = fmt.Errorf("the sweep is of %s: take Students", r.Sweep.kind())
	}
	var cells []experiment.Means
	for _, c := range r.Cells {
		cells = append(cells, experiment.Means{Setting: c.Setting.Linear, Trials: c.Trials, Values: c.Values})
	}
	return e.FromMeans(cells, r.Partial, err)
}

// Students returns the run of the i-th students of the grid, from 0: by d, teacher and
// width in rising order.
func (r *Result) Students(i int) *experiment.StudentsRun {
	all := r.Sweep.configurations()
	err := r.err
	switch {
	case err != nil:
	case r.Sweep.kind() != Students:
		err = fmt.Errorf("the sweep is of %s networks: take Run", r.Sweep.kind())
	case i < 0 || i >= len(all):
		err = fmt.Errorf("Students(%d): the sweep has %d of them, from 0", i, len(all))
	}
	if err != nil {
		return experiment.Students{}.FromEnds(nil, err)
	}
	var ends []experiment.StudentEnd
	for _, c := range r.Cells {
		if c.Setting.Student.of(all[i]) {
			ends = append(ends, *c.End)
		}
	}
	return all[i].FromEnds(ends, nil)
}

// InShards does in this process what a cluster does: it measures n shards, one after
// another, in a folder for the time being, merges them, and loads the merged file.
func (s Sweep) InShards(n int) *Result {
	fail := func(err error) *Result { return &Result{Sweep: s, err: err} }
	p, err := s.Plan()
	if err != nil {
		return fail(err)
	}
	dir, err := file.TempDir("sweep")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	for i := 1; i <= max(1, n); i++ {
		cells, err := p.Shard(i, n)
		if err != nil {
			return fail(err)
		}
		if err := p.Run(context.Background(), dir, cells, 0, func(int) {}); err != nil {
			return fail(err)
		}
	}
	merged, err := p.Merge(dir, false)
	if err != nil {
		return fail(err)
	}
	path := filepath.Join(dir, "result.json")
	if err := merged.Write(path); err != nil {
		return fail(err)
	}
	return Load(path)
}

// Same reports whether the files of two results are the same, byte for byte.
func (r *Result) Same(other *Result) (bool, error) {
	if err := errors.Join(r.err, other.err); err != nil {
		return false, err
	}
	a, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	b, err := json.Marshal(other)
	return bytes.Equal(a, b), err
}

// String says what was measured.
func (r *Result) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	out := fmt.Sprintf("sweep %s, ", r.Hash)
	if r.Sweep.kind() == Students {
		out += fmt.Sprintf("students: %d trainings, %d trials, seed %d", len(r.Cells), r.Sweep.Trials, r.Sweep.Seed)
	} else {
		out += r.Run().String()
	}
	if r.Partial {
		out += fmt.Sprintf("; partial: cells %s are missing", List(r.Missing))
	}
	return out
}

// SimpleRender shows the result in a notebook.
func (r *Result) SimpleRender() map[string]interface{} {
	return map[string]interface{}{"text/plain": r.String()}
}
