package file

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// A pipe without a writer and an endless device do not block or exhaust memory.
func TestReadRefusesPipesAndDevices(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/tty"} {
		if _, err := Read(path, 10); err == nil {
			t.Errorf("%s is no error", path)
		}
	}
	if err := Write("/dev/null", nil); err == nil {
		t.Error("a device can be replaced")
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
