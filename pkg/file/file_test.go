package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A file is replaced atomically; on failure the old file is kept and no temporary file left.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder", "a")
	for _, text := range []string{"one", "", "two"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := Read(path, 3); err != nil || string(b) != text {
			t.Errorf("%q, %v, want %q", b, err, text)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o444 != 0o444 {
		t.Errorf("others cannot read it: %v, %v", info.Mode(), err)
	}
	if err := Write(filepath.Join(path, "b"), nil); err == nil {
		t.Error("a file in a file is no error")
	}
	blocked := filepath.Join(dir, "blocked")
	if err := os.MkdirAll(filepath.Join(blocked, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(blocked, []byte("x")); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a folder that is in the way: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".fate-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadWithinBounds(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Write(path, []byte("four")); err != nil {
		t.Fatal(err)
	}
	for want, read := range map[string]func() ([]byte, error){
		"at most 3":             func() ([]byte, error) { return Read(path, 3) },
		"is not a regular file": func() ([]byte, error) { return Read(dir, 3) },
		"no such file":          func() ([]byte, error) { return Read(filepath.Join(dir, "b"), 3) },
	} {
		if _, err := read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// A link keeps pointing at its file, and a file its permissions.
func TestWriteKeepsLinksAndPermissions(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := Write(link, []byte("x")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode().IsRegular() {
		t.Error("the link is gone")
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 1 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Of several that create a file at once one succeeds, and its file stays; the others leave
// nothing.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "a")
	errs := make([]error, 20)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = Create(path, fmt.Appendf(nil, "%d", i)) })
	}
	all.Wait()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if first := string(b) == fmt.Sprint(i); first && err != nil || !first && !errors.Is(err, fs.ErrExist) {
			t.Errorf("process %d: %v; the file holds %s", i, err, b)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
