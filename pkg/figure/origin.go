package figure

import (
	"path/filepath"
	"runtime"
	"sync"

	"github.com/features-are-fate/fate/pkg"
)

// Origin is where the figures of this process are drawn: a cell of a notebook, with
// the parts of its recipes that are known before it runs.
type Origin struct {
	Notebook, Cell, Code string
	Parameters           map[string]string
}

var here struct {
	sync.Mutex
	origin Origin
	drawn  []any
	saved  []string
}

// Begin says where the next figures are drawn, and forgets those drawn before. A
// program that is no notebook need not call it.
func Begin(o Origin) {
	here.Lock()
	defer here.Unlock()
	here.origin, here.drawn, here.saved = o, nil, nil
}

// Drawn returns the figures drawn since Begin.
func Drawn() []any {
	here.Lock()
	defer here.Unlock()
	return here.drawn
}

// Save notes the path of a file that a figure was saved to.
func Save(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	here.Lock()
	defer here.Unlock()
	if here.origin.Cell != "" {
		here.saved = append(here.saved, path)
	}
	return nil
}

// Saved returns the paths noted since Begin.
func Saved() []string {
	here.Lock()
	defer here.Unlock()
	return here.saved
}

// Add notes a figure that is drawn and returns its recipe, up to what depends on its
// data.
func Add(d any) Recipe {
	here.Lock()
	defer here.Unlock()
	o := here.origin
	n := 1 // of a program
	if o.Cell != "" {
		here.drawn = append(here.drawn, d)
		n = len(here.drawn)
	}
	return Recipe{Notebook: o.Notebook, Cell: o.Cell, Figure: n, Code: o.Code, Parameters: o.Parameters,
		Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
}
