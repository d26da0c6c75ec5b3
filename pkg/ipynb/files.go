package ipynb

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Files returns the relative paths of the files in or below dir, the folder of the
// notebook, that string literals in its code name. These are the files it may read.
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
