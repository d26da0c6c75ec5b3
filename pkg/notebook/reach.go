package notebook

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// harmless are the packages of the standard library that only compute.
var harmless = []string{"bytes", "cmp", "errors", "fmt", "math", "math/big", "math/bits", "math/cmplx", "math/rand", "math/rand/v2",
	"regexp", "slices", "sort", "strconv", "strings", "text/tabwriter", "time", "unicode", "unicode/utf8"}

// Reach lists the packages that a notebook imports and that do more than compute and
// draw: they may read files, run programs or use a network. A cell that cannot be read
// counts as one.
func Reach(nb *Notebook) []string {
	allowed := append(Linked(), harmless...)
	var out []string
	for _, c := range nb.Cells {
		if c.Kind != "code" {
			continue
		}
		chunks, err := split(c.Source)
		if err != nil {
			out = append(out, "what cannot be read")
			continue
		}
		for _, ch := range chunks {
			paths, _ := ch.imports()
			for _, p := range paths {
				if !slices.Contains(allowed, p) {
					out = append(out, p)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Files lists the files in or below the folder of a notebook that strings in its code
// name: what it reads.
func Files(nb *Notebook, dir string) []string {
	var out []string
	for _, c := range nb.Cells {
		if c.Kind != "code" {
			continue
		}
		fset := token.NewFileSet()
		var s scanner.Scanner
		s.Init(fset.AddFile("", -1, len(c.Source)), []byte(c.Source), nil, 0)
		for {
			_, tok, lit := s.Scan()
			if tok == token.EOF {
				break
			}
			name, err := strconv.Unquote(lit)
			if tok != token.STRING || err != nil || !filepath.IsLocal(name) {
				continue
			}
			if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
				out = append(out, filepath.ToSlash(filepath.Clean(name)))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
