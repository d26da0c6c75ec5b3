package jupyter

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// UserDataDir returns the folder for the Jupyter data of the user.
func UserDataDir() string {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter")
	case "windows":
		return filepath.Join(os.Getenv("APPDATA"), "jupyter")
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter")
	}
	return filepath.Join(home, ".local", "share", "jupyter")
}

// kernelDirs returns the folders in which Jupyter looks for kernels: those in
// JUPYTER_PATH, of the user, of the virtual environment, and of the system.
func kernelDirs() []string {
	var out []string
	for _, p := range filepath.SplitList(os.Getenv("JUPYTER_PATH")) {
		out = append(out, filepath.Join(p, "kernels"))
	}
	out = append(out, filepath.Join(UserDataDir(), "kernels"))
	if prefix := os.Getenv("VIRTUAL_ENV"); prefix != "" {
		out = append(out, filepath.Join(prefix, "share", "jupyter", "kernels"))
	}
	return append(out, "/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels")
}

// command returns the command line of the kernel installed under a name.
func command(name string) ([]string, error) {
	for _, dir := range kernelDirs() {
		data, err := os.ReadFile(filepath.Join(dir, name, "kernel.json"))
		if err != nil {
			continue
		}
		var spec struct {
			Argv []string `json:"argv"`
		}
		if err := json.Unmarshal(data, &spec); err != nil || len(spec.Argv) == 0 {
			return nil, fmt.Errorf("%s is damaged: install the kernel again", filepath.Join(dir, name, "kernel.json"))
		}
		return spec.Argv, nil
	}
	return nil, fmt.Errorf("no Jupyter kernel %q is installed: run fate kernel install", name)
}

// Installed reports whether a kernel is installed under a name.
func Installed(name string) bool {
	_, err := command(name)
	return err == nil
}
