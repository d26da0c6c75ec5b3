package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/verdict"
)

// mayWrite returns an error if the output folder cannot be written, or if a file in the
// place of an output is not the output of an earlier run.
func (f runFlags) mayWrite(jobs []*job) error {
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return err
	}
	file.Clean(f.out)
	var names []string
	for _, j := range jobs {
		name := j.name + ".ipynb"
		for _, source := range jobs {
			if sameFile(filepath.Join(f.out, name), source.path) {
				return fmt.Errorf("the output %s would replace the notebook %s: choose another folder, or store the outputs in the notebook with --in-place", name, source.path)
			}
		}
		names = append(names, name)
	}
	return file.Output{Dir: f.out}.Check(names)
}

// write writes an executed notebook and its figures. After a failed run the figures
// of an earlier run are kept.
func (f runFlags) write(j *job, drawn []ipynb.Figure, failed bool) error {
	out := file.Output{Dir: f.out}
	b, err := j.nb.Marshal()
	if err != nil {
		return err
	}
	files := map[string][]byte{j.name + ".ipynb": b}
	earlier := false
	if failed {
		if earlier, err = out.Wrote(j.name); err != nil {
			return err
		}
	}
	prune := j.name
	if failed {
		prune = ""
	}
	if !earlier {
		images, err := ipynb.Images(j.nb)
		if err != nil {
			return err
		}
		for _, d := range append(images, drawn...) {
			files[j.name+"/"+d.Name()] = d.Data
		}
	}
	return out.Put(files, prune)
}

// print writes the line of a notebook.
func (j *job) print(v view) {
	if v.terminal() {
		v.notebook(painted{stdout}, j)
		return
	}
	agree, all := agreeing(j.verdicts)
	state := "ok    "
	if len(j.problems) > 0 {
		state = "FAILED"
	}
	fmt.Fprintf(stdout, "%s  %-28s %6.1f s   %d of %d verdicts agree\n", state, j.name, j.took.Seconds(), agree, all)
	j.printProblems()
}

func (j *job) printProblems() {
	const most = 8
	for i, p := range j.problems {
		if i == most {
			fmt.Fprintf(stdout, "        … and %d more\n", len(j.problems)-most)
			break
		}
		fmt.Fprintf(stdout, "        %s: %s\n", j.name, p)
	}
}

// summary prints the table of all verdicts, on a terminal only if it is asked for, and the
// last line.
func summary(jobs []*job, v view, verbose bool, took time.Duration) error {
	failed := 0
	var rows []verdict.Row
	for _, j := range jobs {
		rows = append(rows, j.verdicts...)
		if len(j.problems) > 0 {
			failed++
		}
	}
	switch {
	case len(rows) > 0 && v.terminal():
		if verbose {
			fmt.Fprintln(stdout)
			v.table(painted{stdout}, jobs)
		}
		v.last(painted{stdout}, rows, took)
	case len(rows) > 0:
		fmt.Fprintln(stdout)
		w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "notebook\t"+strings.Join(verdict.Columns, "\t"))
		for _, j := range jobs {
			short, _, _ := strings.Cut(j.name, "_")
			for _, v := range j.verdicts {
				fmt.Fprintln(w, short+"\t"+strings.Join(v.Text(), "\t"))
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(stdout, verdict.Summary(rows))
	}
	if failed > 0 {
		return failure{fmt.Errorf("%d of %d notebooks failed", failed, len(jobs))}
	}
	return nil
}

// mayReplace returns an error if there is a file of more than most bytes, or one that is not
// what a command writes there, by what it contains. flag chooses another file.
func mayReplace(out, what, flag string, most int64, is func(old []byte) bool) error {
	old, err := file.Read(out, most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !is(old) {
		return fmt.Errorf("%s exists and is not %s: move it away, or choose another file with %s", out, what, flag)
	}
	return nil
}
