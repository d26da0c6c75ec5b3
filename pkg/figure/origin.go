package figure

import (
	"path/filepath"
	"runtime"
	"sync"

	"github.com/features-are-fate/fate/pkg"
)

// Origin is the notebook cell in which the figures of this process are drawn, with the
// parts of their recipes that are known before the cell runs.
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

// Begin sets the origin of the next figures and clears the lists of figures drawn and
// saved. A program outside a notebook need not call it.
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

// NoteSaved records the path of a file to which a figure was saved.
func NoteSaved(path string) error {
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

// Saved returns the paths recorded by NoteSaved since Begin.
func Saved() []string {
	here.Lock()
	defer here.Unlock()
	return here.saved
}

// Add records a drawn figure and returns its recipe without the fields that depend on its
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
