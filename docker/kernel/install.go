package kernel

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/features-are-fate/fate/pkg/file"
)

// Name is the name of the kernel in Jupyter and in the metadata of notebooks.
const Name = "fate"

//go:embed logo-32x32.png logo-64x64.png logo-svg.svg
var logos embed.FS

// Install builds the kernel and registers it below the folder kernels of a
// Jupyter data folder. It returns the folder of the kernel.
func Install(ctx context.Context, module, data string, log io.Writer) (string, error) {
	dir, err := filepath.Abs(Dir(data))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "gophernotes")
	// Build beside the old program first: a kernel may be running.
	if err := Build(ctx, module, program+".new", log); err != nil {
		return "", err
	}
	if err := os.Rename(program+".new", program); err != nil {
		return "", err
	}
	spec, err := json.MarshalIndent(map[string]any{
		"argv": []string{program, "{connection_file}"}, "display_name": "Go (fate)", "language": "go", "interrupt_mode": "signal",
	}, "", " ")
	if err != nil {
		return "", err
	}
	files := map[string][]byte{"kernel.json": append(spec, '\n')}
	for _, name := range []string{"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} {
		if files[name], err = logos.ReadFile(name); err != nil {
			return "", err
		}
	}
	for name, content := range files {
		if err := file.Write(filepath.Join(dir, name), content); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Remove removes the kernel from a Jupyter data folder.
func Remove(data string) error {
	dir := Dir(data)
	if _, err := os.Stat(filepath.Join(dir, "kernel.json")); err != nil {
		return fmt.Errorf("no kernel is installed in %s", dir)
	}
	for _, name := range []string{"kernel.json", "gophernotes", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(dir) // an error if it contains other files
}

// Dir returns the folder of the kernel in a Jupyter data folder.
func Dir(data string) string { return filepath.Join(data, "kernels", Name) }
