package jupyter

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/figure"
	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/widget"
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
	if !s.load() {
		return figure.Origin{}
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

// load reads the notebook if it was saved since it was read. It reports whether there is
// one.
func (s *Session) load() bool {
	name := path.Base(strings.ReplaceAll(os.Getenv(sessionVariable), `\`, "/"))
	info, err := os.Stat(name)
	if err != nil || !strings.HasSuffix(name, ".ipynb") {
		return false
	}
	if s.nb == nil || s.name != name || info.ModTime() != s.read {
		nb, err := ipynb.Read(name)
		if err != nil {
			return false
		}
		s.name, s.nb, s.read = name, nb, info.ModTime()
	}
	return true
}

// Controlled returns the outputs of the saved notebook that were shown under controls, by
// the ids of their models.
func (s *Session) Controlled() map[string]ipynb.Output {
	out := map[string]ipynb.Output{}
	if !s.load() {
		return out
	}
	for _, c := range s.nb.Cells {
		for _, o := range c.Outputs {
			var view struct {
				ID string `json:"model_id"`
			}
			if raw, ok := o.Data[widget.ViewType].(json.RawMessage); ok && json.Unmarshal(raw, &view) == nil && view.ID != "" {
				out[view.ID] = o
			}
		}
	}
	return out
}
