package jupyter

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
)

// sessionVariable is the environment variable in which Jupyter Server gives a kernel the
// path of its notebook.
const sessionVariable = "JPY_SESSION_NAME"

// Session is what a kernel knows of its notebook: the file as it was last saved, and the
// cells that it ran. The zero value is ready for use.
type Session struct {
	name    string
	nb      *ipynb.Notebook
	read    time.Time
	history []ipynb.Executed
}

// Begin records that a cell runs, and returns the origin of the figures that it draws. id is
// empty if the front end does not send the id of the cell; then the same code is the same
// cell.
func (s *Session) Begin(id, source string) figure.Origin {
	o := s.origin(id, source)
	if o.Key = id; id == "" {
		o.Key = source
	}
	return o
}

func (s *Session) origin(id, source string) figure.Origin {
	name := path.Base(strings.ReplaceAll(os.Getenv(sessionVariable), `\`, "/"))
	info, err := os.Stat(name)
	if err != nil || !strings.HasSuffix(name, ".ipynb") {
		return figure.Origin{}
	}
	if s.nb == nil || s.name != name || info.ModTime() != s.read {
		nb, err := ipynb.Read(name)
		if err != nil {
			return figure.Origin{}
		}
		s.name, s.nb, s.read = name, nb, info.ModTime()
	}
	for i, c := range s.nb.Cells {
		if id == "" && c.Kind == "code" && c.Source == source {
			id = ipynb.CellID(s.nb, i)
		}
	}
	if id == "" { // the saved file does not have the cell
		id = fmt.Sprintf("unsaved-%d", len(s.history)+1)
	}
	s.history = append(slices.DeleteFunc(s.history, func(r ipynb.Executed) bool { return r.ID == id }), ipynb.Executed{ID: id, Source: source})
	return ipynb.LastOrigin(s.nb, s.name, s.history)
}
