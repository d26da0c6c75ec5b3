package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/file"
	"github.com/spf13/cobra"
)

//go:embed newcomer
var newcomer embed.FS

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Write a folder with a first notebook, a sweep and a README",
		Long: `Init writes a new folder, or fills an empty one, with a notebook that answers a
question with your own numbers, a sweep and a README that says how to run them. It
needs no clone of the repository.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return begin(args[0]) },
	}
}

func begin(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file: choose a new folder or an empty one", dir)
	}
	switch there, err := os.ReadDir(dir); {
	case len(there) > 0:
		return fmt.Errorf("%s is not empty (it has %s): choose a new folder or an empty one", dir, there[0].Name())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	from, err := fs.Sub(newcomer, "newcomer")
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		data, err := fs.ReadFile(from, e.Name())
		if err == nil {
			err = file.Write(filepath.Join(dir, e.Name()), data)
		}
		if err != nil {
			return failure{err}
		}
		fmt.Fprintln(stdout, filepath.Join(dir, e.Name()))
	}
	return nil
}
