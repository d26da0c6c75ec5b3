// Package file reads files within bounds and writes them whole.
package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Read reads a file of at most the given number of bytes.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s has %d bytes: at most %d are read", path, info.Size(), most)
	}
	return os.ReadFile(path)
}

// Write replaces a file in one step, so that nobody reads half of it, and makes its
// folder where there is none.
func Write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".write-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = errors.Join(os.Chmod(f.Name(), 0o644), os.Rename(f.Name(), path))
	}
	if err != nil {
		os.Remove(f.Name()) // the first error is the one to report
	}
	return err
}
