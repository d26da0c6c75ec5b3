package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An archive has the files with their permissions, and the same bytes at any time and for
// any times of the files.
func TestPack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fate")
	if err := os.WriteFile(path, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []entry{{name: "fate", path: path, program: true}, {name: "README.md", data: []byte("text")}}
	at := time.Unix(1e9, 0).UTC()
	for _, asZip := range []bool{false, true} {
		one, err := pack("fate_1", files, at, asZip)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if two, err := pack("fate_1", files, at, asZip); err != nil || !bytes.Equal(one, two) {
			t.Errorf("zip %v: other bytes for the same files, %v", asZip, err)
		}
		if got, want := contents(t, one, asZip), "fate_1/fate -rwxr-xr-x program, fate_1/README.md -rw-r--r-- text"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func contents(t *testing.T, archive []byte, asZip bool) string {
	var out []string
	add := func(name string, mode os.FileMode, r io.Reader) {
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, name+" "+mode.String()+" "+string(data))
	}
	if asZip {
		z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode(), r)
		}
		return strings.Join(out, ", ")
	}
	g, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if err == io.EOF {
			return strings.Join(out, ", ")
		} else if err != nil {
			t.Fatal(err)
		}
		add(h.Name, os.FileMode(h.Mode), r)
	}
}

// Licences are found by their names and in folders of licences; a module without one is an
// error.
func TestNotices(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": "code", "sub/LICENSE": "not of this module"} {
		write(t, filepath.Join(dir, name), text)
	}
	var out bytes.Buffer
	if err := addNotices(&out, "m@v1", dir); err == nil || !strings.Contains(err.Error(), "m@v1 has no licence") {
		t.Errorf("no licence is no error: %v", err)
	}
	write(t, filepath.Join(dir, "License.md"), "all rights")
	write(t, filepath.Join(dir, "licenses", "ftl.txt"), "a choice")
	if err := addNotices(&out, "m@v1", dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"m@v1, License.md\n", "all rights", "a choice"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %s", want, &out)
		}
	}
	if strings.Contains(out.String(), "not of this") || strings.Contains(out.String(), "code") {
		t.Errorf("too much: %s", &out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Only an earlier release is replaced.
func TestClear(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "SHA256SUMS"), "")
	write(t, filepath.Join(dir, "fate_1_linux_amd64.tar.gz"), "")
	if err := clear(dir); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "thesis.tex"), "")
	if err := clear(dir); err == nil || !strings.Contains(err.Error(), "has thesis.tex") {
		t.Errorf("a folder of the user's is cleared: %v", err)
	}
	if err := release(t.Context(), dir, []string{"plan9/amd64"}); err == nil || !strings.Contains(err.Error(), `"plan9/amd64": it must be one of`) {
		t.Error(err)
	}
}
