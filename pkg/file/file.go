// Package file reads files within bounds, writes them atomically, and manages output
// folders.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read reads a regular file of at most the given number of bytes. A pipe or a device is
// an error, and so is a file that grows beyond the limit while it is read. One that another
// machine replaces on a network file system is read again.
func Read(path string, most int64) (b []byte, err error) {
	for range 3 {
		if b, err = readOnce(path, most); !errors.Is(err, syscall.ESTALE) {
			break
		}
	}
	return b, err
}

func readOnce(path string, most int64) ([]byte, error) {
	// Opening a pipe for reading waits for a writer unless told not to.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s has %d bytes: at most %d are read", path, info.Size(), most)
	}
	b := make([]byte, 0, info.Size()+1)
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		case int64(len(b)) > most:
			return nil, fmt.Errorf("%s grew beyond %d bytes while it was read", path, most)
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// Write replaces a file atomically: no reader sees a partial file, and a full disk or a
// kill leaves the old one intact. It creates missing folders, keeps the permissions of the
// old file, and follows symbolic links.
func Write(path string, data []byte) error { return write(path, data, false) }

// Create is Write for a new file. Of several processes that create one, on any machines, one
// succeeds, and the others get an error that is fs.ErrExist.
func Create(path string, data []byte) error { return write(path, data, true) }

func write(path string, data []byte, create bool) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	cleanOnce(filepath.Dir(path))
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	if err := writeIn(root, filepath.Base(path), data, create); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// step is called before each change on disk; tests end the process there.
var step = func() {}

// writeIn is Write, or Create, for a name below root, from which no link escapes. Its errors
// are one line, without the path.
func writeIn(root *os.Root, name string, data []byte, create bool) error {
	mode := fs.FileMode(0o644)
	switch info, err := root.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return cause(err)
	case create:
		return fs.ErrExist
	case !info.Mode().IsRegular():
		return errors.New("the existing entry is not a regular file")
	default:
		mode = info.Mode().Perm()
	}
	temporary := filepath.Join(filepath.Dir(name), own("write"))
	step()
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return cause(err)
	}
	step()
	_, err = f.Write(data)
	for _, next := range []func() error{f.Sync, func() error { return f.Chmod(mode) }} {
		if err == nil {
			err = next()
		}
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	step()
	if err == nil && create {
		// A rename replaces what another machine has just made; a link does not. A file system
		// without links gets the rename.
		if err = root.Link(temporary, name); err == nil || errors.Is(err, fs.ErrExist) {
			_ = root.Remove(temporary) // if it stays, Clean removes it
			return cause(err)
		}
		err = nil
	}
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary) // the earlier error is reported
	}
	return cause(err)
}

// cause removes the path, that of the temporary file, from an error.
func cause(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
