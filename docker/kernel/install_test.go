package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The kernel beside the program is taken only if it is the one that was built with it.
func TestReleased(t *testing.T) {
	if _, err := Released(); !errors.Is(err, ErrNone) {
		t.Errorf("this test is not from a release: %v", err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(program), Executable(Beside, runtime.GOOS))
	defer os.Remove(beside)
	sum := sha256.Sum256([]byte("the kernel"))
	released = hex.EncodeToString(sum[:])
	defer func() { released = "" }()
	if _, err := Released(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is no file: %v", err)
	}
	for content, want := range map[string]string{"the kernel": "", "the kernel of another build": "was not released with this fate"} {
		if err := os.WriteFile(beside, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		got, err := Released()
		if want == "" && (err != nil || string(got) != content) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %q, %v", content, got, err)
		}
	}
}

// What is copied is a program, and a new one replaces it.
func TestInstallCopies(t *testing.T) {
	data := t.TempDir()
	for _, content := range []string{"one", "two"} {
		dir, err := Install(t.Context(), []byte(content), Build{}, data)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, program)
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	if err := Remove(data); err != nil {
		t.Error(err)
	}
}
