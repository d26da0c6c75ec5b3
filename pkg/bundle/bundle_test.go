package bundle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/plotting"
)

type line struct{ y float64 }

func (line) Len() int { return 1 }
func (l line) Curve(int) (string, []float64, []float64, []float64) {
	return "", []float64{1, 2}, []float64{0, l.y}, nil
}
func (line) Err() error { return nil }

// drawn returns figure 1 of cell 1 of book.ipynb.
func drawn(t testing.TB, y float64) ipynb.Figure {
	figure.Begin(figure.Origin{Notebook: "book.ipynb", Cell: "c0", Code: "0123456789abcdef"})
	defer figure.Begin(figure.Origin{})
	b, err := plotting.Draw(plotting.Slices{Lines: line{y}}).PNG()
	if err != nil {
		t.Fatal(err)
	}
	return ipynb.Figure{Cell: 1, Index: 1, Format: "png", Data: b}
}

func example(t testing.TB) Bundle {
	return Bundle{Name: "book", Notebook: &ipynb.Notebook{Minor: 5, Cells: []ipynb.Cell{{ID: "c0", Kind: "code", Source: "1"}}},
		Figures: []ipynb.Figure{drawn(t, 1)}, Files: map[string][]byte{"data/x.json": []byte("{}")}}
}

func TestWriteAndRead(t *testing.T) {
	var files [2]bytes.Buffer
	for i := range files {
		if err := example(t).Write(&files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("two bundles of the same notebook differ")
	}
	b, err := Parse(files[0].Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "book" || len(b.Figures) != 1 || string(b.Files["data/x.json"]) != "{}" {
		t.Errorf("%+v", b)
	}
	dir := t.TempDir()
	path, err := b.Unpack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ipynb.Read(path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "x.json")); err != nil {
		t.Error(err)
	}
	if d := b.Differences([]ipynb.Figure{drawn(t, 1)}); len(d) != 0 {
		t.Error(d)
	}
	if d := b.Differences([]ipynb.Figure{drawn(t, 2)}); len(d) != 1 || !strings.Contains(d[0], "y of point 2: 2, in the file 1") {
		t.Error(d)
	}
	if d := b.Differences(nil); len(d) != 1 {
		t.Error(d)
	}
}

// packed returns a zip of files, given as name and content in turn.
func packed(t testing.TB, files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		if strings.HasPrefix(files[i+1], "->") {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, files[i+1])
	}
	z.Close()
	return b.Bytes()
}

const page = `{"nbformat":4,"cells":[]}`

const book = `{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[]}`

func TestBundlesFromAnywhereAreRefused(t *testing.T) {
	many := []string{}
	for i := range 600 {
		many = append(many, fmt.Sprint("data/", i), "")
	}
	other := string(drawn(t, 1).Data)
	for want, file := range map[string][]byte{
		"it is not a bundle: zip":                   []byte("hello"),
		"it contains no notebook":                   packed(t, "README.md", "hello"),
		"must be a relative path":                   packed(t, "book.ipynb", book, "../x", ""),
		"a file \"/etc/passwd\"":                    packed(t, "book.ipynb", book, "/etc/passwd", ""),
		"a file \"data//x\"":                        packed(t, "book.ipynb", book, "data//x", ""),
		"a file \"data/../../x\"":                   packed(t, "book.ipynb", book, "data/../../x", ""),
		`a file "data\\x"`:                          packed(t, "book.ipynb", book, `data\x`, ""),
		"is not a regular file":                     packed(t, "book.ipynb", book, "data/link", "->/etc/passwd"),
		"twice":                                     packed(t, "book.ipynb", book, "data/a", "", "data/A", ""),
		"one notebook":                              packed(t, "book.ipynb", book, "more.ipynb", book),
		"at the top level":                          packed(t, "book.ipynb", book, "sub/more.ipynb", book),
		"not a notebook":                            packed(t, "book.ipynb", "hello"),
		"a bundle has at most":                      packed(t, many...),
		"unpacks to more than":                      packed(t, "book.ipynb", book, "data/zeros", strings.Repeat("\x00", maxEntry+1)),
		"invalid name of a figure":                  packed(t, "book.ipynb", book, "figures/x.png", ""),
		"not a PNG, SVG or PDF":                     packed(t, "book.ipynb", book, "figures/cell-01-1.png", "hello"),
		`belongs to notebook "book.ipynb", not to `: packed(t, "tome.ipynb", book, "figures/cell-01-1.png", other),
	} {
		if _, err := Parse(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// inside returns a check that a parsed zip is unpacked inside its folder.
func inside(f *testing.F) func(*testing.T, []byte) {
	dir := f.TempDir() // shared: creating and removing one costs more than parsing
	inner := filepath.Join(dir, "a", "b")
	unpacked := map[string]bool{} // the written paths depend only on the names
	return func(t *testing.T, file []byte) {
		b, err := Parse(file)
		if err != nil {
			return
		}
		names := strings.Join(append(sortedKeys(b.Files), b.Name), "\n")
		if unpacked[names] {
			return
		}
		unpacked[names] = true
		if err := os.MkdirAll(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		_, _ = b.Unpack(inner) // a name may be too long, or a file and a folder at once
		for _, folder := range []string{dir, filepath.Join(dir, "a")} {
			if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
				t.Errorf("%s holds %v, %v", folder, left, err)
			}
		}
		if err := os.RemoveAll(inner); err != nil {
			t.Fatal(err)
		}
	}
}

// No zip writes outside the folder. The seeds are short and without a picture (pkg/figure
// fuzzes those), because the fuzzer minimises each interesting input in n²/2 executions,
// which it does not count: for a figure of 24 kB it did nothing else.
func FuzzParse(f *testing.F) {
	f.Add(packed(f, "a.ipynb", page, "b", ""))
	f.Fuzz(inside(f))
}

// The same with valid checksums; invalid ones stop nearly all inputs of FuzzParse.
func FuzzEntry(f *testing.F) {
	f.Add("data/a", "b", uint32(0o644))
	f.Add("a.ipynb", page, uint32(0o644))
	f.Add("figures/cell-01-1.png", "\x89PNG\r\n\x1a\n", uint32(0o644))
	f.Add("link", "/", uint32(os.ModeSymlink|0o777))
	check := inside(f)
	f.Fuzz(func(t *testing.T, name, content string, mode uint32) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, e := range [][2]string{{"b.ipynb", page}, {name, content}} {
			h := &zip.FileHeader{Name: e[0]}
			if e[0] == name {
				h.SetMode(os.FileMode(mode))
			} else if strings.HasSuffix(name, ".ipynb") {
				continue // a bundle has one notebook
			}
			if w, err := z.CreateHeader(h); err == nil {
				_, _ = io.WriteString(w, e[1]) // an error if the name is that of a folder
			}
		}
		z.Close()
		check(t, b.Bytes())
	})
}
