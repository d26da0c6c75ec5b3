package jupyter

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
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
	folder  map[string]*ipynb.Notebook // see search
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
	session, named := os.LookupEnv(sessionVariable)
	name := path.Base(strings.ReplaceAll(session, `\`, "/"))
	if !named {
		name = s.search(source)
	}
	if !named || strings.HasPrefix(id, "vscode-notebook-cell:") {
		id = "" // it would not be that of the file
	}
	if !s.open(name) {
		s.history = append(s.history, ipynb.Executed{Source: source})
		return figure.Origin{}
	}
	for k, r := range s.history { // what ran before the notebook was known
		if r.ID == "" {
			s.history[k].ID = s.id(r.Source, k)
		}
	}
	if id == "" {
		id = s.id(source, len(s.history))
	}
	s.history = append(slices.DeleteFunc(s.history, func(r ipynb.Executed) bool { return r.ID == id }), ipynb.Executed{ID: id, Source: source})
	if !named && strings.HasPrefix(id, unsaved) {
		return figure.Origin{} // it may be a cell of another notebook
	}
	return ipynb.LastOrigin(s.nb, s.name, s.history)
}

// open reads a notebook of the working folder, unless it is the one that is known.
func (s *Session) open(name string) bool {
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

const unsaved = "unsaved-"

// id returns the id of the cell with this source, or another one if the saved file does not
// have it.
func (s *Session) id(source string, number int) string {
	if i := cellWith(s.nb, source); i >= 0 {
		return ipynb.CellID(s.nb, i)
	}
	return fmt.Sprintf("%s%d", unsaved, number+1)
}

func cellWith(nb *ipynb.Notebook, source string) int {
	return slices.IndexFunc(nb.Cells, func(c ipynb.Cell) bool { return c.Kind == "code" && c.Source == source })
}

// search returns the notebook in the working folder that has the cells that ran so far, for
// nbclient and others, which do not name it; empty if there are several. A cell that none
// of them has, such as one that papermill adds, tells nothing.
func (s *Session) search(source string) string {
	if s.folder == nil {
		s.folder = map[string]*ipynb.Notebook{}
		names, _ := filepath.Glob("*.ipynb") // the pattern is right
		// nbconvert writes the result beside the notebook.
		names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, ".nbconvert.ipynb") })
		if size(names) > searchLimit {
			names = nil
		}
		for _, name := range names {
			if nb, err := ipynb.Read(name); err == nil {
				s.folder[name] = nb
			}
		}
	}
	having := maps.Clone(s.folder)
	maps.DeleteFunc(having, func(_ string, nb *ipynb.Notebook) bool { return cellWith(nb, source) < 0 })
	if len(having) > 0 {
		s.folder = having
	}
	if len(s.folder) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(s.folder))[0]
}

// searchLimit is the number of bytes of notebooks that search reads: about a second.
const searchLimit = 64 << 20

func size(names []string) (out int64) {
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			out += info.Size()
		}
	}
	return out
}

// Controlled returns the outputs of the saved notebook that were shown under controls, by
// the ids of their models. The front end must have named the notebook.
func (s *Session) Controlled() map[string]ipynb.Output {
	out := map[string]ipynb.Output{}
	name := path.Base(strings.ReplaceAll(os.Getenv(sessionVariable), `\`, "/"))
	if !s.open(name) {
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
