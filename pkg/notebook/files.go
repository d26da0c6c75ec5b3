package notebook

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

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
