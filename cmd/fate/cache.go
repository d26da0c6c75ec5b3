package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/features-are-fate/fate/pkg/engine"
	"github.com/features-are-fate/fate/pkg/trial"
	"github.com/spf13/cobra"
)

func cacheFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "cache", engine.CacheDir(), "`folder` of the cache of trials")
}

func cacheCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Show the cache of trials",
		Long: `Cache shows the files of the cache of trials, one for each version of the code. A
trial is stored under a hash of everything that determines it; a run reuses stored
trials and resumes where another run stopped. The folder can be deleted at any time.
The environment variable FATE_CACHE names another folder; "off" turns the cache off.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return showCache(dir) },
	}
	cacheFlag(cmd, &dir)
	var old bool
	clear := &cobra.Command{
		Use:   "clear",
		Short: "Delete the cached trials",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return clearCache(dir, old) },
	}
	cacheFlag(clear, &dir)
	clear.Flags().BoolVar(&old, "old", false, "delete only trials of other versions of the code")
	cmd.AddCommand(clear)
	return cmd
}

// caches lists the files of the cache folder.
func caches(dir string) ([]trial.CacheStats, error) {
	if dir == "" {
		return nil, errors.New("there is no cache folder: choose one with --cache")
	}
	return trial.Caches(dir)
}

func showCache(dir string) error {
	files, err := caches(dir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		fmt.Fprintf(stdout, "%s holds no trials\n", dir)
		return nil
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "file\ttrials\tMB\tdamaged bytes\tversion of the code")
	for _, f := range files {
		version := "other"
		switch {
		case f.Foreign != "":
			version = "none: " + f.Foreign
		case f.Current:
			version = "this"
		}
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%d\t%s\n", f.Path, f.Trials, float64(f.Bytes)/1e6, f.Damaged, version)
	}
	return w.Flush()
}

func clearCache(dir string, old bool) error {
	files, err := caches(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Foreign != "" {
			fmt.Fprintf(stdout, "left %s: %s\n", f.Path, f.Foreign)
			continue
		}
		if old && f.Current {
			continue
		}
		if err := os.Remove(f.Path); err != nil {
			return failure{err}
		}
		fmt.Fprintln(stdout, "removed", f.Path)
	}
	return nil
}

// usableCache returns the absolute path of a cache folder, or "" if it cannot be used. It
// reports an unusable or damaged cache on standard error.
func usableCache(dir string) string {
	dir, err := filepath.Abs(dir) // notebooks run in folders of their own
	var store *trial.Store
	if err == nil {
		store, err = trial.OpenCache(dir)
	}
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		fmt.Fprintf(stderr, "fate: running without a cache: %v\n", err)
		return ""
	}
	if store.Damaged() > 0 {
		fmt.Fprintf(stderr, "fate: %s: %d bytes are damaged; their trials are measured again\n", store.Path(), store.Damaged())
	}
	return dir
}
