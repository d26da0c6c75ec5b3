package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/features-are-fate/fate/pkg/bundle"
	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/spf13/cobra"
)

func bundleCommand() *cobra.Command {
	f := runFlags{engine: engine.Gomacro, formats: ipynb.FigureFormats}
	var out string
	var with []string
	cmd := &cobra.Command{
		Use:   "bundle NOTEBOOK",
		Short: "Pack a notebook with its figures and their numbers into a zip file",
		Long: `Bundle runs a notebook and writes a zip file for a collaborator: the notebook with its
outputs, the files of --with, its figures as PNG, SVG and PDF, their numbers as CSV,
their recipes, and a README with the command that reproduces it, fate run BUNDLE.zip.
That command compares the numbers of every figure.`,
		Example: "  fate bundle notebooks/04_linear_transfer.ipynb\n  fate bundle --set sigma=0.5 -o noisy.zip notebooks/04_linear_transfer.ipynb",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.bundle(cmd.Context(), args[0], out, with) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write (default NOTEBOOK.zip in the current folder)")
	cmd.Flags().StringArrayVar(&with, "with", nil, "also pack this `file`, a path relative to the notebook; may be repeated")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "change a value in the parameters cell, as `name=value`; may be repeated")
	cmd.Flags().IntVar(&f.columns, "columns", 0, "`width` of the figures in publication columns, 1 or 2; 0 keeps their own width")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "time limit for each cell, as a `duration` like 30s; 0 is none")
	cacheFlag(cmd, &f.cache)
	return cmd
}

func (f runFlags) bundle(ctx context.Context, path, out string, with []string) error {
	if filepath.Ext(path) != ".ipynb" {
		return fmt.Errorf("%s: a bundle is made from a notebook (*.ipynb)", path)
	}
	if err := f.checkColumns(); err != nil {
		return err
	}
	if f.timeout < 0 {
		return fmt.Errorf("--timeout %v: it must be 0 (none) or above", f.timeout)
	}
	jobs, err := f.load([]string{path})
	if err != nil {
		return err
	}
	if out == "" {
		out = jobs[0].name + ".zip"
	}
	if err := mayReplaceBundle(out); err != nil {
		return err
	}
	files := map[string][]byte{} // read before the run, so that a mistyped name fails early
	for _, name := range with {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("--with %s: it must be a relative path below the folder of the notebook", name)
		}
		files[filepath.ToSlash(filepath.Clean(name))], err = file.Read(filepath.Join(filepath.Dir(path), name), maxNotebook)
		if err != nil {
			return fmt.Errorf("--with: %w", err)
		}
	}
	if f.cache != "" {
		f.cache = usableCache(f.cache)
	}
	j, live := jobs[0], newLive(jobs)
	drawn, err := f.executeIn(ctx, j, live)
	live.clear()
	if err != nil {
		return failure{fmt.Errorf("%s: %w", path, err)}
	}
	b := bundle.Bundle{Name: j.name, Notebook: j.nb, Figures: drawn, Files: files}
	for _, name := range ipynb.Files(j.nb, filepath.Dir(path)) {
		if _, packed := b.Files[name]; !packed { // the code may be untrusted: no file is packed unasked
			fmt.Fprintf(stderr, "fate: %s is not packed, although the code names it: add it with --with %s\n", name, name)
		}
	}
	var z bytes.Buffer
	if err := b.Write(&z); err != nil {
		return err
	}
	if _, err := bundle.Parse(z.Bytes()); err != nil { // an unreadable bundle is not written
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := mayReplaceBundle(out); err != nil { // it may have appeared while the notebook ran
		return err
	}
	if err := file.Write(out, z.Bytes()); err != nil {
		return failure{err}
	}
	fmt.Fprintf(stdout, "%s: %d figures, %.1f MB\n", out, len(drawn)/len(ipynb.FigureFormats), float64(z.Len())/1e6)
	return nil
}

func isBundle(path string) bool { return filepath.Ext(path) == ".zip" }

// unpack reads a bundle, unpacks it to a temporary folder and returns the path of its
// notebook.
func (f runFlags) unpack(path string) (*bundle.Bundle, string, error) {
	b, err := bundle.Read(path)
	if err != nil {
		return nil, "", err
	}
	if found := engine.Judge(b.Notebook); len(found) > 0 && !f.trust {
		return nil, "", fmt.Errorf("%s: its code could do more than compute and draw (%s): read it, and run it with --trust", path, shorten(found))
	}
	dir, err := os.MkdirTemp(f.unpacked, "")
	if err != nil {
		return nil, "", err
	}
	file, err := b.Unpack(dir)
	return b, file, err
}

// shorten joins the first few findings.
func shorten(all []string) string {
	const most = 4
	if len(all) > most {
		return fmt.Sprintf("%s; and %d more", strings.Join(all[:most], "; "), len(all)-most)
	}
	return strings.Join(all, "; ")
}

// mayReplaceBundle returns an error if out exists and is not a bundle.
func mayReplaceBundle(out string) error {
	return mayReplace(out, "a bundle", "--out", maxNotebook, func(old []byte) bool {
		_, err := bundle.Parse(old)
		return err == nil
	})
}
