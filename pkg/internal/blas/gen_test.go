package blas

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The assembly is what its generator writes.
func TestGenerated(t *testing.T) {
	if os.Getenv("CI") == "" {
		t.Skip("the generator is compiled for it where CI is set")
	}
	source, err := os.ReadFile("blas.go")
	if err != nil {
		t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(source), "//go:generate ")
	command, _, _ = strings.Cut(command, "\n")
	dir := t.TempDir()
	args := strings.Fields(command)
	var files []string
	for i, a := range args {
		if a == "-out" || a == "-stubs" {
			files = append(files, args[i+1])
		}
	}
	// Its first line holds the arguments, so that the names must be the same.
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "main"), "./gen")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd = exec.Command(filepath.Join(dir, "main"), args[3:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range files {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ = bytes.Cut(want, []byte("\n"))
		_, have, _ = bytes.Cut(have, []byte("\n"))
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what the generator writes: go generate ./pkg/internal/blas", name)
		}
	}
}
