package notebook

import (
	"os"
	"path/filepath"
	"runtime"
)

// UserDataDir is the folder in which Jupyter keeps what belongs to the user.
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

// KernelDirs lists the folders in which Jupyter looks for kernels: those of
// JUPYTER_PATH, of the user, and of the system.
func KernelDirs() []string {
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
