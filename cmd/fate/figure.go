package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/notebook"
	"github.com/spf13/cobra"
)

func figureCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "figure",
		Short: "Show the recipe and the numbers of a figure, or draw it again",
		Long: `A figure drawn by fate, as PNG, SVG or PDF, carries its recipe (notebook, cell,
parameters, seed, versions, verdict) and the numbers that it shows.`,
	}
	cmd.AddCommand(figureShowCommand(), figureRerunCommand(), figurePaperCommand())
	return cmd
}

func figureShowCommand() *cobra.Command {
	var data bool
	cmd := &cobra.Command{
		Use:     "show FILE",
		Short:   "Print the recipe and the verdict of a figure",
		Example: "  fate figure show figure.pdf\n  fate figure show --data figure.png > figure.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := figure.Read(args[0])
			if err != nil {
				return err
			}
			if !data {
				return showFigure(f)
			}
			if f.Data == nil {
				return failure{fmt.Errorf("%s: its numbers were too large to embed: fate figure rerun computes them again", args[0])}
			}
			return f.Data.WriteCSV(stdout)
		},
	}
	cmd.Flags().BoolVar(&data, "data", false, "print the numbers of the figure as CSV instead")
	return cmd
}

func showFigure(f *figure.File) error {
	r := f.Recipe
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	if r.Notebook == "" {
		line("drawn by", "a program, or a cell of an unsaved notebook")
	} else {
		line("notebook", "%s", r.Notebook)
		line("cell", "%s, figure %d", r.Cell, r.Figure)
		line("code", "%s", r.Code)
	}
	if r.Description != "" {
		line("shows", "%s", r.Description)
	}
	line("parameters", "%s", orNone(assignments(r.Parameters)))
	if len(r.Widgets) > 0 {
		line("controls", "%s", assignments(r.Widgets))
	}
	line("measured by", "%s", orNone(strings.Join(r.Methods, ", ")))
	line("seed", "%s", orNone(strings.Trim(fmt.Sprint(r.Seeds), "[]")))
	line("module", "%s, version %s", r.Module, r.Version)
	line("built with", "%s for %s", r.Go, r.Arch)
	if f.Data == nil {
		line("data", "%s (too large to embed)", r.Data)
	} else {
		line("data", "%s, in this file", r.Data)
		for i, p := range f.Data.Panels {
			line(fmt.Sprintf("panel %d", i+1), "%s: %s; x: %s; y: %s", p.Kind, orNone(p.Title), p.X, p.Y)
		}
	}
	if r.Verdict == nil {
		line("verdict", "none: a notebook cell saved the figure before its notebook reached a verdict")
		return w.Flush()
	}
	line("verdict", "%d of %d agree", r.Verdict.Agree, len(r.Verdict.Rows))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(stdout)
	for _, row := range slices.Concat([][]string{r.Verdict.Columns}, r.Verdict.Rows) {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

func assignments(values map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, name+" = "+values[name])
	}
	return strings.Join(out, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func figureRerunCommand() *cobra.Command {
	var folder string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "rerun FILE",
		Short: "Draw a figure again and compare its numbers",
		Long: fmt.Sprintf(`Rerun runs the notebook of a figure up to its cell, with the parameters of its recipe
and the values of its controls, and compares the new numbers with those in the file.
The notebook is taken from the folder --notebooks; nothing in the file is run as code.

On the architecture that drew the figure the numbers must be equal; on another one
they may differ by %g of the largest number of their curve or map. If they differ, it
prints the largest difference and exits with 1; if the file is invalid, with 2.`, figure.Tolerance),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTimeout("timeout", timeout); err != nil {
				return err
			}
			return rerunFigure(cmd.Context(), args[0], folder, timeout)
		},
	}
	cmd.Flags().StringVar(&folder, "notebooks", "notebooks", "`folder` of the notebooks")
	cmd.Flags().DurationVar(&timeout, "timeout", time.Hour, "time limit for each cell, as a `duration` like 30s; 0 is none")
	return cmd
}

// recipeNotebook reads the notebook of a recipe and sets its parameters.
func recipeNotebook(r figure.Recipe, folder string) (nb *ipynb.Notebook, at int, sameCode bool, err error) {
	if r.Notebook == "" {
		return nil, 0, false, errors.New("its recipe names no notebook: it was drawn by a program or by a cell of an unsaved notebook")
	}
	// The name has no folder, but a symbolic link could lead out of ours.
	path := filepath.Join(folder, r.Notebook)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, false, fmt.Errorf("it was drawn by %s, which is not in the folder %s: choose another one with --notebooks", r.Notebook, folder)
	case err != nil:
		return nil, 0, false, err
	case !info.Mode().IsRegular():
		return nil, 0, false, fmt.Errorf("%s is not a regular file", path)
	}
	if nb, err = ipynb.Read(path); err != nil {
		return nil, 0, false, err
	}
	if err := ipynb.SetParameters(nb, r.Parameters); err != nil {
		return nil, 0, false, fmt.Errorf("%s: %w", path, err)
	}
	code, at, ok := ipynb.CodeAt(nb, r.Cell)
	if !ok {
		return nil, 0, false, fmt.Errorf("%s has no code cell %s, which drew the figure", path, r.Cell)
	}
	return nb, at, code == r.Code, nil
}

func rerunFigure(ctx context.Context, path, folder string, timeout time.Duration) error {
	f, err := figure.Read(path)
	if err != nil {
		return err
	}
	r := f.Recipe
	refused := func(err error) error { return fmt.Errorf("%s: %w", path, err) }
	nb, at, sameCode, err := recipeNotebook(r, folder)
	if err != nil {
		return refused(err)
	}
	dir, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	j := &job{name: r.Notebook, nb: nb}
	live := newLive([]*job{j})
	figures, err := notebook.Run(ctx, nb, notebook.Options{Engine: engine.Gomacro, Dir: dir, Timeout: timeout, Name: r.Notebook,
		Formats: []string{"png"}, Last: at + 1, Widgets: r.Widgets, Progress: func(s notebook.State) { live.show(j, s) }})
	live.clear()
	if err != nil {
		return failure{refused(err)}
	}
	i := slices.IndexFunc(figures, func(g ipynb.Figure) bool { return g.Cell == at+1 && g.Index == r.Figure })
	if i < 0 {
		return failure{refused(fmt.Errorf("cell %s of %s draws no figure %d", r.Cell, r.Notebook, r.Figure))}
	}
	again, err := figure.Parse(figures[i].Data)
	if err != nil {
		return failure{refused(err)}
	}
	note := ""
	if !sameCode {
		note = fmt.Sprintf("; the code up to its cell in %s is not that of the recipe: it was changed, or cells ran in another order", r.Notebook)
	} else if again.Recipe.Version != r.Version {
		note = fmt.Sprintf("; version %s of the module drew it, this is %s", r.Version, again.Recipe.Version)
	}
	if err := figure.Same(f, again); err != nil {
		return failure{fmt.Errorf("%s%s", refused(err), note)}
	}
	fmt.Fprintf(stdout, "%s: the same%s\n", path, note)
	return nil
}
