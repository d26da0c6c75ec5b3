package kernel

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/features-are-fate/fate/pkg/file"
)

// Name is the name of the kernel in Jupyter and in the metadata of notebooks.
const Name = "fate"

//go:embed logo-32x32.png logo-64x64.png logo-svg.svg
var logos embed.FS

// Beside is the name of the kernel beside the command in a release.
const Beside = "fate-kernel"

// released is the SHA-256 of the kernel that was built with this program. A release sets it.
var released string

// ErrNone says that this program was not released with a kernel.
var ErrNone = errors.New("this fate is not from an archive of a release")

// Released returns the kernel beside this program if it is the one that was built with it.
// Any other has no part in what this version does.
func Released() ([]byte, error) {
	if released == "" {
		return nil, ErrNone
	}
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err != nil {
		return nil, err
	}
	path := filepath.Join(filepath.Dir(program), Executable(Beside, runtime.GOOS))
	const most = 1 << 30
	data, err := file.Read(path, most)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != released {
		return nil, fmt.Errorf("%s was not released with this fate", path)
	}
	return data, nil
}

// Executable returns the name of a program's file on a system.
func Executable(name, system string) string {
	if system == "windows" {
		return name + ".exe"
	}
	return name
}

var program = Executable("gophernotes", runtime.GOOS)

// Install registers the kernel below the folder kernels of a Jupyter data folder: the
// released one, or if that is nil, one that it builds. It returns the folder of the kernel.
func Install(ctx context.Context, ready []byte, b Build, data string) (string, error) {
	dir, err := filepath.Abs(Dir(data))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(dir, program)
	// Write beside the old program first: a kernel may be running.
	if ready != nil {
		err = os.WriteFile(program+".new", ready, 0o755)
	} else {
		err = b.Kernel(ctx, program+".new")
	}
	if err != nil {
		return "", err
	}
	if err := os.Rename(program+".new", program); err != nil {
		return "", err
	}
	interrupt := "signal"
	if runtime.GOOS == "windows" { // which has none
		interrupt = "message"
	}
	spec, err := json.MarshalIndent(map[string]any{
		"argv": []string{program, "{connection_file}"}, "display_name": "Go (fate)", "language": "go", "interrupt_mode": interrupt,
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
	for _, name := range []string{"kernel.json", program, "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(dir) // an error if it contains other files
}

// Dir returns the folder of the kernel in a Jupyter data folder.
func Dir(data string) string { return filepath.Join(data, "kernels", Name) }
