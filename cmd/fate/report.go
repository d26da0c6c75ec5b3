package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/cmd/fate/internal/explore"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/report"
	"github.com/spf13/cobra"
)

func reportCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "report [NOTEBOOK|DIR]...",
		Short: "Write executed notebooks as one HTML page",
		Long: `Report writes executed notebooks (by default those in the folder notebooks) as one
self-contained HTML page, without network or scripts: how to read it, a table of results
and verdicts, and every notebook, in which a figure of the paper stands beside ours. In a
clone of the repository the page also has the manual, and the explorer (fate explore) is
written beside it as explore.html, to which the figures of theory link. It does not execute
notebooks; fate run does, and writes them to out.`,
		Example: "  fate report\n  fate run --set pace=paper notebooks && fate report out",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"notebooks"}
			}
			return writeReport(cmd.Context(), args, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "out/report.html", "`file` to write")
	return cmd
}

func writeReport(ctx context.Context, paths []string, out string) error {
	sources, err := reportSources(paths)
	if err != nil {
		return err
	}
	if err := mayReplaceReport(out); err != nil {
		return err
	}
	r := report.Report{Sources: sources}
	module, alone := moduleDir(ctx)
	explorer := filepath.Join(filepath.Dir(out), "explore.html")
	if alone == nil {
		if err := addManual(&r, module); err != nil {
			return err
		}
		if err := mayReplaceExplorer(explorer); err != nil {
			return err
		}
		r.Explorer, r.State = filepath.Base(explorer), shownAt
	}
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		return err
	}
	if err := file.Write(out, page.Bytes()); err != nil {
		return failure{err}
	}
	fmt.Fprintf(stdout, "%s: %d notebooks, %.1f MB\n", out, len(sources), float64(page.Len())/1e6)
	if alone != nil {
		fmt.Fprintln(stderr, "the report has no explorer and no manual:", alone)
		return nil
	}
	var moves bytes.Buffer
	if err := explore.Write(ctx, &moves, module, explore.Initial); err != nil {
		return failure{err}
	}
	if err := file.Write(explorer, moves.Bytes()); err != nil {
		return failure{err}
	}
	fmt.Fprintf(stdout, "%s: the explorer, %.1f MB\n", explorer, float64(moves.Len())/1e6)
	return nil
}

// shownAt returns the part of the explorer's address at which it shows a figure.
func shownAt(recipe figure.Recipe) string {
	s, ok := explore.Shown(recipe)
	if !ok {
		return ""
	}
	return explore.Fragment(s)
}

// addManual adds the manual of the repository.
func addManual(r *report.Report, module string) error {
	paths, err := filepath.Glob(filepath.Join(module, "docs", "*.md"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		text, err := file.Read(path, 1<<20)
		if err != nil {
			return err
		}
		r.Manual = append(r.Manual, report.Page{Path: path, Text: string(text)})
	}
	return nil
}

// reportSources reads the notebooks of a report.
func reportSources(paths []string) (sources []report.Source, err error) {
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err != nil {
			return nil, err
		} else if info.IsDir() {
			// Not its subfolders: out may also hold the notebooks of other runs.
			if files, err = filepath.Glob(filepath.Join(path, "*.ipynb")); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("%s holds no notebook (*.ipynb)", path)
			}
		}
		for _, file := range files {
			nb, err := ipynb.Read(file)
			if err != nil {
				return nil, err
			}
			same := func(s report.Source) bool { return filepath.Base(s.Path) == filepath.Base(file) }
			if i := slices.IndexFunc(sources, same); i >= 0 {
				return nil, fmt.Errorf("%s and %s would be the same section of the report", sources[i].Path, file)
			}
			sources = append(sources, report.Source{Path: file, Notebook: nb})
		}
	}
	return sources, nil
}

func figurePaperCommand() *cobra.Command {
	f := runFlags{engine: engine.Gomacro, formats: ipynb.FigureFormats}
	var folder string
	cmd := &cobra.Command{
		Use:   "paper",
		Short: "Draw the figures of the paper again, at its sizes",
		Long: `Paper runs the notebooks that draw a figure of the paper again, at the paper's sizes
(pace=paper), and writes each figure as PNG, SVG and PDF, and report.html, which
describes the paper's figure beside each.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.paper(cmd.Context(), folder) },
	}
	cmd.Flags().StringVar(&folder, "notebooks", "notebooks", "`folder` of the notebooks")
	cmd.Flags().StringVar(&f.out, "out", "out/paper", "`folder` to write to")
	cmd.Flags().IntVar(&f.columns, "columns", 2, "`width` of the figures in publication columns, 1 or 2; 0 keeps their own width")
	cmd.Flags().StringArrayVar(&f.set, "set", []string{"pace=paper"}, "change a value in the parameters cells, as `name=value`; may be repeated")
	cacheFlag(cmd, &f.cache)
	return cmd
}

func (f runFlags) paper(ctx context.Context, folder string) error {
	all, err := find(folder)
	if err != nil {
		return err
	}
	var files, executed []string
	for _, file := range all {
		nb, err := ipynb.Read(file)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(nb.Cells, func(c ipynb.Cell) bool { name, _ := c.Paper(); return name != "" }) {
			files = append(files, file)
			executed = append(executed, filepath.Join(f.out, filepath.Base(file)))
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("no notebook in %s draws a figure of the paper (named in the metadata of a cell)", folder)
	}
	ran := f.run(ctx, files)
	var failed failure
	if ran != nil && !errors.As(ran, &failed) {
		return ran
	}
	for _, file := range executed {
		if err := namePaperFigures(file, f.out); err != nil {
			return err
		}
	}
	return errors.Join(writeReport(ctx, executed, filepath.Join(f.out, "report.html")), ran)
}

// namePaperFigures copies the figures of the paper to files named after the paper's figures.
func namePaperFigures(executed, out string) error {
	nb, err := ipynb.Read(executed)
	if err != nil {
		return err
	}
	folder := strings.TrimSuffix(executed, ".ipynb")
	for i, c := range nb.Cells {
		paper, _ := c.Paper()
		if paper == "" {
			continue
		}
		for _, format := range ipynb.FigureFormats {
			from := ipynb.Figure{Cell: i + 1, Index: 1, Format: format}
			data, err := file.Read(filepath.Join(folder, from.Name()), maxNotebook)
			if err != nil {
				return err
			}
			name := fileName(paper) + "." + format
			if err := (file.Output{Dir: out}).Put(map[string][]byte{name: data}, ""); err != nil {
				return failure{err}
			}
			if format == "pdf" {
				fmt.Fprintln(stdout, filepath.Join(out, name))
			}
		}
	}
	return nil
}

// fileName turns a title into lower-case letters, digits and dashes.
func fileName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}), "-")
}

// mayReplaceReport returns an error if out exists and is not a report.
func mayReplaceReport(out string) error {
	return mayReplace(out, "a report", "-o", 1<<30, func(old []byte) bool {
		return bytes.Contains(old, []byte("<title>Features are fate: "))
	})
}
