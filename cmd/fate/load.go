package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/bundle"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/suggest"
)

// loadJobs reads notebooks and sets their parameters, each given as name=value.
func loadJobs(paths, set []string) ([]*job, error) { return runFlags{set: set}.load(paths) }

// load reads the notebooks given as arguments and sets their parameters.
func (f runFlags) load(args []string) ([]*job, error) {
	values := map[string]string{}
	for _, s := range f.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %q: it must be name=value", s)
		}
		values[strings.TrimSpace(name)] = value
	}
	var jobs []*job
	used := map[string]bool{}
	names := outputNames{}
	for _, path := range args {
		var packed *bundle.Bundle
		var files []string
		var err error
		if isBundle(path) {
			files = make([]string, 1)
			packed, files[0], err = f.unpack(path)
		} else {
			files, err = find(path)
		}
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			j := &job{path: file, bundle: packed, name: strings.TrimSuffix(filepath.Base(file), ".ipynb"), trusted: packed == nil || f.trust}
			if other, again, err := names.take(j); err != nil {
				return nil, err
			} else if again {
				continue
			} else if other != "" {
				return nil, fmt.Errorf("%s and %s would be written to the same place: run them one at a time", other, file)
			}
			if j.committed, j.nb, err = readTwice(file); err != nil {
				if file == path {
					return nil, err
				}
				j.committed, j.nb = &ipynb.Notebook{}, nil // the other notebooks of the folder still run
				j.problems = []string{err.Error()}
				jobs = append(jobs, j)
				continue
			}
			mine := map[string]string{}
			for _, name := range ipynb.Parameters(j.nb) {
				if v, ok := values[name]; ok {
					mine[name], used[name] = v, true
				}
			}
			if len(mine) < len(values) && len(jobs)+len(files) > 1 {
				for _, name := range slices.Sorted(maps.Keys(values)) {
					if _, ok := mine[name]; !ok {
						fmt.Fprintf(stderr, "%s has no parameter %s: it runs unchanged\n", j.name, name)
					}
				}
			}
			if err := ipynb.SetParameters(j.nb, mine); err != nil {
				return nil, fmt.Errorf("%s: --set: %w", file, err)
			}
			jobs = append(jobs, j)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !used[name] {
			var there []string
			for _, j := range jobs {
				if j.nb != nil {
					there = append(there, ipynb.Parameters(j.nb)...)
				}
			}
			slices.Sort(there)
			return nil, fmt.Errorf("--set %s: no notebook has this parameter; the parameters are %s%s", name, strings.Join(slices.Compact(there), ", "), suggest.Mean(name, there))
		}
	}
	return jobs, nil
}

// find returns the notebooks at a path, in order.
func find(path string) ([]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w%s", err, meantNotebook(path))
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && filepath.Ext(p) == ".ipynb":
			out = append(out, p)
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no notebook (*.ipynb)", path)
	}
	return out, err
}

// meantNotebook suggests a notebook beside a path that does not exist, or one in the folder
// notebooks.
func meantNotebook(path string) string {
	var names []string
	there := map[string]string{}
	for _, dir := range []string{"notebooks", filepath.Dir(path)} {
		found, _ := filepath.Glob(filepath.Join(dir, "*.ipynb")) // of a bad pattern: none
		for _, p := range found {
			name := strings.TrimSuffix(filepath.Base(p), ".ipynb")
			names, there[name] = append(names, name), p
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	if p, ok := there[name]; ok {
		return fmt.Sprintf("; did you mean %s?", p)
	}
	if best := suggest.Nearest(name, names); best != "" {
		return fmt.Sprintf("; did you mean %s?", there[best])
	}
	return ""
}

// maxNotebook bounds the size of a notebook file, in bytes.
const maxNotebook = 256 << 20

// readTwice reads a file once and returns two copies of its notebook: one to keep and one
// to run.
func readTwice(path string) (kept, run *ipynb.Notebook, err error) {
	b, err := file.Read(path, maxNotebook)
	if err != nil {
		return nil, nil, err
	}
	if kept, err = ipynb.Parse(b); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	run, err = ipynb.Parse(b)
	return kept, run, err
}

// unchanged reports whether a file still holds the notebook that was read from it.
func unchanged(path string, read *ipynb.Notebook) (bool, error) {
	now, err := ipynb.Read(path)
	if err != nil {
		return false, err
	}
	a, err := read.Marshal()
	if err != nil {
		return false, err
	}
	b, err := now.Marshal()
	return bytes.Equal(a, b), err
}

// outputNames maps each name in the output folder of a run to the path of its notebook.
type outputNames map[string]string

// take claims the names of a job. other is the notebook that already has one of
// them; again reports whether it is the same file.
func (o outputNames) take(j *job) (other string, again bool, err error) {
	if strings.Trim(j.name, ".") == "" {
		return "", false, fmt.Errorf("%s: a notebook needs a name before .ipynb", j.path)
	}
	own := []string{j.name, j.name + ".ipynb"} // its figures, and itself
	for i, name := range own {
		if runtime.GOOS == "darwin" || runtime.GOOS == "windows" { // file names are case-insensitive
			own[i] = strings.ToLower(name)
		}
		if there, ok := o[own[i]]; ok {
			return there, sameFile(there, j.path), nil
		}
	}
	for _, name := range own {
		o[name] = j.path
	}
	return "", false, nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, yerr := os.Stat(b)
	return err == nil && yerr == nil && os.SameFile(x, y)
}
