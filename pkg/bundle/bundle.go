// Package bundle packs an executed notebook with its figures, their numbers and its data
// files into one zip file, and reads untrusted ones.
package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/file"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// Bundle is a notebook with its figures. Name is its file name without .ipynb; Files are
// the files it reads, keyed by relative path.
type Bundle struct {
	Name     string
	Notebook *ipynb.Notebook
	Figures  []ipynb.Figure // as files; their numbers are taken from the PNGs
	Files    map[string][]byte
}

// Folders and files in a bundle.
const (
	figures = "figures/" // the pictures
	numbers = "numbers/" // their numbers, as CSV
	recipes = "recipe.json"
	readme  = "README.md"
)

// Bounds on an untrusted bundle.
const (
	maxFile  = 64 << 20
	maxEntry = 32 << 20
	maxAll   = 128 << 20
	maxFiles = 500
)

// Write writes the bundle. Equal bundles have equal bytes.
func (b Bundle) Write(w io.Writer) error {
	z := zip.NewWriter(w)
	add := func(name string, data []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	}
	nb, err := b.Notebook.Marshal()
	if err != nil {
		return err
	}
	all := []figure.Recipe{}
	var csv []ipynb.Figure
	for _, f := range b.Figures {
		if f.Format != "png" {
			continue
		}
		file, err := figure.Parse(f.Data)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, file.Recipe)
		if file.Data == nil {
			continue
		}
		var text bytes.Buffer
		if err := file.Data.WriteCSV(&text); err != nil {
			return err
		}
		csv = append(csv, ipynb.Figure{Cell: f.Cell, Index: f.Index, Format: "csv", Data: text.Bytes()})
	}
	recipe, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	err = errors.Join(add(readme, []byte(b.readme(all))), add(b.Name+".ipynb", nb), add(recipes, append(recipe, '\n')))
	for _, f := range b.Figures {
		err = errors.Join(err, add(figures+f.Name(), f.Data))
	}
	for _, f := range csv {
		err = errors.Join(err, add(numbers+f.Name(), f.Data))
	}
	for _, name := range sortedKeys(b.Files) {
		err = errors.Join(err, add(name, b.Files[name]))
	}
	return errors.Join(err, z.Close())
}

func (b Bundle) readme(all []figure.Recipe) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n", b.Name)
	if len(all) > 0 && all[0].Verdict != nil {
		v := all[0].Verdict
		fmt.Fprintf(&out, "%d figures; %d of %d verdicts agree.\n\n", len(all), v.Agree, len(v.Rows))
	}
	fmt.Fprintf(&out, "In a clone of %s, with Go and nothing else,\n\n    go run ./cmd/fate run %s.zip\n\nruns it again and compares the numbers of every figure with those in this bundle.\n\n", "https://"+pkg.Module, b.Name)
	if len(all) > 0 {
		r := all[0]
		fmt.Fprintf(&out, "The figures were drawn by version %s of the module, built with %s for %s.\n\n", r.Version, r.Go, r.Arch)
	}
	fmt.Fprintf(&out, "- `%s.ipynb`: the notebook, with its outputs\n- `%s`: its figures as PNG, SVG and PDF, each with its recipe embedded\n- `%s`: the numbers that they show, as CSV\n- `%s`: the recipes\n", b.Name, figures, numbers, recipes)
	for _, name := range sortedKeys(b.Files) {
		fmt.Fprintf(&out, "- `%s`: a file that the notebook reads\n", name)
	}
	return out.String()
}

func sortedKeys(m map[string][]byte) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

var (
	notebookName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,100}\.ipynb$`)
	fileName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]{0,200}$`)
	figureName   = regexp.MustCompile(`^cell-(\d{2,4})-(\d{1,3})\.(png|svg|pdf)$`)
)

// Read reads a bundle and refuses everything that [Bundle.Write] would not write: other
// names, links, too many or too large files, and figures without a recipe or with that of
// another notebook. It does not check the code of the notebook.
func Read(name string) (*Bundle, error) {
	data, err := file.Read(name, maxFile)
	if err != nil {
		return nil, err
	}
	b, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// Parse is Read for the bytes of a file.
func Parse(data []byte) (*Bundle, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("it is not a bundle: %w", err)
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("it contains %d files: a bundle has at most %d", len(z.File), maxFiles)
	}
	b := &Bundle{Files: map[string][]byte{}}
	seen := map[string]bool{}
	total := 0
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		switch {
		case f.Mode().IsDir() && filepath.IsLocal(name):
			continue // created with its files
		case !fileName.MatchString(name) || !filepath.IsLocal(name) || path.Clean(name) != name:
			return nil, fmt.Errorf("it contains a file %.80q: the name must be a relative path in plain letters", name)
		case !f.Mode().IsRegular():
			return nil, fmt.Errorf("%s in it is not a regular file", name)
		case seen[strings.ToLower(name)]:
			return nil, fmt.Errorf("it contains %s twice", name)
		}
		seen[strings.ToLower(name)] = true
		content, err := content(f)
		if err != nil {
			return nil, fmt.Errorf("%s in it: %w", name, err)
		}
		if total += len(content); total > maxAll {
			return nil, fmt.Errorf("it unpacks to more than %d bytes", maxAll)
		}
		if err := b.take(name, content); err != nil {
			return nil, fmt.Errorf("%s in it: %w", name, err)
		}
	}
	if b.Notebook == nil {
		return nil, errors.New("it is not a bundle: it contains no notebook")
	}
	for _, f := range b.Figures {
		if file, err := figure.Parse(f.Data); err != nil {
			return nil, fmt.Errorf("%s in it: %w", f.Name(), err)
		} else if file.Recipe.Notebook != b.Name+".ipynb" {
			return nil, fmt.Errorf("%s in it belongs to notebook %q, not to %s", f.Name(), file.Recipe.Notebook, b.Name)
		}
	}
	return b, nil
}

func content(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, maxEntry+1))
	if err == nil && len(out) > maxEntry {
		err = fmt.Errorf("it unpacks to more than %d bytes", maxEntry)
	}
	return out, err
}

// take adds a file of the zip to the bundle.
func (b *Bundle) take(name string, content []byte) (err error) {
	switch {
	case notebookName.MatchString(name):
		if b.Notebook != nil {
			return errors.New("a bundle has one notebook")
		}
		b.Name = strings.TrimSuffix(name, ".ipynb")
		b.Notebook, err = ipynb.Parse(content)
		return err
	case name == readme, name == recipes, strings.HasPrefix(name, numbers):
		return nil // derived from the figures
	case strings.HasPrefix(name, figures):
		m := figureName.FindStringSubmatch(strings.TrimPrefix(name, figures))
		if m == nil {
			return errors.New("invalid name of a figure")
		}
		f := ipynb.Figure{Format: m[3], Data: content}
		f.Cell, _ = strconv.Atoi(m[1]) // at most four digits
		f.Index, _ = strconv.Atoi(m[2])
		b.Figures = append(b.Figures, f)
		return nil
	case path.Ext(name) == ".ipynb":
		return errors.New("a notebook must be at the top level of a bundle")
	}
	b.Files[name] = content
	return nil
}

// Unpack writes the notebook and its data files to a folder and returns the path of the
// notebook.
func (b *Bundle) Unpack(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	for _, name := range sortedKeys(b.Files) {
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := root.WriteFile(name, b.Files[name], 0o644); err != nil {
			return "", err
		}
	}
	out := filepath.Join(dir, b.Name+".ipynb")
	return out, b.Notebook.Write(out)
}

// Differences compares redrawn figures with those of the bundle and returns one line for
// each that differs.
func (b *Bundle) Differences(again []ipynb.Figure) []string {
	var out []string
	for _, f := range b.Figures {
		if f.Format != "png" {
			continue
		}
		i := slices.IndexFunc(again, func(g ipynb.Figure) bool { return g.Name() == f.Name() })
		if i < 0 {
			out = append(out, f.Name()+" was not drawn again")
			continue
		}
		was, err := figure.Parse(f.Data)
		now, nerr := figure.Parse(again[i].Data)
		if err := errors.Join(err, nerr); err != nil {
			out = append(out, fmt.Sprintf("%s: %v", f.Name(), err))
		} else if err := figure.Same(was, now); err != nil {
			out = append(out, fmt.Sprintf("%s: %v", f.Name(), err))
		}
	}
	return out
}
