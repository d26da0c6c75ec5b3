// Package file reads files within bounds and writes them whole.
package file

import (
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
	if err := save(f, data, path); err != nil {
		os.Remove(f.Name()) // the error to report is that before
		return err
	}
	return nil
}

// save writes the data to f and f to path, and returns the first error alone, which is
// one line.
func save(f *os.File, data []byte, path string) error {
	_, err := f.Write(data)
	for _, next := range []func() error{f.Sync, func() error { return f.Chmod(0o644) }} {
		if err == nil {
			err = next()
		}
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
