package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg"
)

// entry is a file of an archive: its data, or the path of a file with them.
type entry struct {
	name, path string
	data       []byte
	program    bool
}

// pack writes files into an archive, in a folder. All that an archive notes of a file but its
// name, its data and whether it is a program is the same on every machine.
func pack(folder string, files []entry, at time.Time, asZip bool) ([]byte, error) {
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	tarred, zipped := tar.NewWriter(compressed), zip.NewWriter(&out)
	for _, f := range files {
		data := f.data
		if f.path != "" {
			if data, err = os.ReadFile(f.path); err != nil {
				return nil, err
			}
		}
		mode := fs.FileMode(0o644)
		if f.program {
			mode = 0o755
		}
		name := folder + "/" + f.name
		var w io.Writer = tarred
		if asZip {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
			h.SetMode(mode)
			w, err = zipped.CreateHeader(h)
		} else {
			err = tarred.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: int64(mode), ModTime: at})
		}
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			return nil, err
		}
	}
	if asZip {
		err = zipped.Close()
	} else if err = tarred.Close(); err == nil {
		err = compressed.Close()
	}
	return out.Bytes(), err
}

var isNotice = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|copyright|patents|authors|ofl)`)

// notices returns the licences of Go and of all modules in the programs, and the version of
// the first program.
func (r run) notices(ctx context.Context, programs ...string) (text []byte, version string, err error) {
	modules := map[string]bool{}
	for i, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		if i == 0 {
			version = info.Main.Version
		}
		for _, d := range append(info.Deps, &info.Main) {
			if d.Path != pkg.Module {
				modules[d.Path+"@"+d.Version] = true
			}
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "fate contains Go and the modules below, each under the licence that follows its name.\nThe source of a module is at https://pkg.go.dev/ followed by its name; docker/kernel/build.go\nof fate has the changes to those that fate changes.\n")
	root, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, "", err
	}
	if err := addNotices(&out, "Go", root); err != nil {
		return nil, "", err
	}
	if err := addNotices(&out, "Fonts of STIX", filepath.Join(r.source, "plotting", "fonts")); err != nil {
		return nil, "", err
	}
	for _, m := range slices.Sorted(maps.Keys(modules)) {
		text, err := output(ctx, "go", "mod", "download", "-json", m)
		if err != nil {
			return nil, "", err
		}
		var at struct{ Dir string }
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			return nil, "", err
		}
		if err := addNotices(&out, m, at.Dir); err != nil {
			return nil, "", err
		}
	}
	return out.Bytes(), version, nil
}

// addNotices adds the licences in a folder: a release without them is none.
func addNotices(out *bytes.Buffer, name, dir string) error {
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == dir:
			return err
		case d.IsDir() && !strings.EqualFold(d.Name(), "licenses"):
			return fs.SkipDir
		case d.IsDir() || !isNotice.MatchString(d.Name()) && filepath.Dir(path) == dir:
			return nil
		}
		text, err := os.ReadFile(path)
		found = true
		line := strings.Repeat("=", 80)
		fmt.Fprintf(out, "\n%s\n%s, %s\n%s\n\n%s\n", line, name, d.Name(), line, bytes.TrimSpace(text))
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%s has no licence in %s", name, dir)
	}
	return err
}
