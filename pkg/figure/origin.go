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
	Widgets              map[string]string // values of controls of the cell, by label, in place of the first ones
	Key                  string            // of the cell in its kernel, also if no file has it; "" if there is none
}

// drawing is what the figures of a cell are drawn for, and lists them.
type drawing struct {
	origin  Origin
	widgets map[string]string // values of the controls under which figures are drawn now
	drawn   []any
	saved   []string
}

var here struct {
	sync.Mutex
	drawing
	runs int // of cells
}

// Begin sets the origin of the next figures and clears the lists of figures drawn and
// saved. A program outside a notebook need not call it.
func Begin(o Origin) {
	here.Lock()
	defer here.Unlock()
	here.drawing = drawing{origin: o}
	here.runs++
}

// Place is a place in a run of a cell.
type Place struct {
	Origin
	Run   int // of the cell, counted over all cells of the process
	drawn int // figures that the cell has drawn before
}

// Here returns the place of the running cell.
func Here() Place {
	here.Lock()
	defer here.Unlock()
	return Place{here.origin, here.runs, len(here.drawn)}
}

// Draw calls draw. The recipes of the figures that it draws carry the values of the
// controls that draw depends on, by label.
func Draw(widgets map[string]string, draw func()) {
	defer change(func(d *drawing) { d.widgets = nil })
	change(func(d *drawing) { d.widgets = widgets })
	draw()
}

// DrawAgain is [Draw] when the cell of the place has ended: the figures have the recipes of
// that cell, and are not among those of the cell that ran last.
func (p Place) DrawAgain(widgets map[string]string, draw func()) {
	var before drawing
	defer change(func(d *drawing) { *d = before })
	change(func(d *drawing) {
		before = *d
		*d = drawing{origin: p.Origin, widgets: widgets, drawn: make([]any, p.drawn)}
	})
	draw()
}

func change(f func(d *drawing)) {
	here.Lock()
	defer here.Unlock()
	f(&here.drawing)
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
	return Recipe{Notebook: o.Notebook, Cell: o.Cell, Figure: n, Code: o.Code, Parameters: o.Parameters, Widgets: here.widgets,
		Module: pkg.Module, Version: pkg.Source(), Go: runtime.Version(), Arch: runtime.GOARCH}
}
