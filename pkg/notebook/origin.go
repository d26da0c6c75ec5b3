package notebook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/features-are-fate/fate/pkg/figure"
)

// CellID is the id of cell i as recipes have it: its own, or its place where the
// notebook is older than ids.
func CellID(nb *Notebook, i int) string {
	if id := nb.Cells[i].ID; id != "" {
		return id
	}
	return fmt.Sprintf("cell-%d", i+1)
}

// ran is a cell that was run.
type ran struct{ id, source string }

// originOf says where the figures of the last cell of a history are drawn. The code is
// that of the cells that led there: each as it ran last, in the order in which they ran
// last, without those that stand below. A notebook that runs from its top has the code
// that the file has; cells run in another order, or edited, have another one.
func originOf(nb *Notebook, name string, history []ran) figure.Origin {
	place := map[string]int{}
	for i := range nb.Cells {
		place[CellID(nb, i)] = i
	}
	last := history[len(history)-1].id
	o := figure.Origin{Notebook: name, Cell: last}
	h := sha256.New()
	for k, r := range history {
		i, known := place[r.id]
		if known && i > place[last] || slices.ContainsFunc(history[k+1:], func(later ran) bool { return later.id == r.id }) {
			continue
		}
		source := r.source
		if known && nb.Cells[i].Tagged("parameters") {
			o.Parameters, source = values(source)
		}
		fmt.Fprintf(h, "%d\n%s\n", len(source), source)
	}
	o.Code = hex.EncodeToString(h.Sum(nil)[:8])
	return o
}

// trail gives the origins of the cells of a notebook that runs from its top. It goes
// on from the hash of the cells before, so that a notebook takes linear time.
type trail struct {
	nb   *Notebook
	name string
	hash hash.Hash
	upTo int // cells that are in the hash
	set  map[string]string
}

func newTrail(nb *Notebook, name string) *trail {
	return &trail{nb: nb, name: name, hash: sha256.New()}
}

// next is originOf cell i, which is not before that of the call before.
func (o *trail) next(i int) figure.Origin {
	for ; o.upTo <= i; o.upTo++ {
		c := o.nb.Cells[o.upTo]
		if c.Kind != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		source := c.Source
		if c.Tagged("parameters") {
			o.set, source = values(source)
		}
		fmt.Fprintf(o.hash, "%d\n%s\n", len(source), source)
	}
	return figure.Origin{Notebook: o.name, Cell: CellID(o.nb, i), Parameters: o.set, Code: hex.EncodeToString(o.hash.Sum(nil)[:8])}
}

// CodeAt returns the hash of the code that leads to the figures of a cell, as recipes
// have it; ok is false if there is no such code cell.
func CodeAt(nb *Notebook, id string) (code string, at int, ok bool) {
	for i, c := range nb.Cells {
		if CellID(nb, i) == id && c.Kind == "code" && strings.TrimSpace(c.Source) != "" {
			return newTrail(nb, "").next(i).Code, i, true
		}
	}
	return "", 0, false
}

// sessionVariable holds the path of the notebook of a kernel, by Jupyter Server.
const sessionVariable = "JPY_SESSION_NAME"

// kernelFile is what a kernel knows of its notebook: the file as it was saved, and the
// cells that were run.
type kernelFile struct {
	name    string
	nb      *Notebook
	read    time.Time
	history []ran
}

// begin notes a cell that is run and says where its figures are drawn. id may be empty.
func (f *kernelFile) begin(id, source string) {
	name := path.Base(strings.ReplaceAll(os.Getenv(sessionVariable), `\`, "/"))
	info, err := os.Stat(name)
	if err != nil || !strings.HasSuffix(name, ".ipynb") {
		figure.Begin(figure.Origin{})
		return
	}
	if f.nb == nil || f.name != name || info.ModTime() != f.read {
		nb, err := Read(name)
		if err != nil {
			figure.Begin(figure.Origin{})
			return
		}
		f.name, f.nb, f.read = name, nb, info.ModTime()
	}
	for i, c := range f.nb.Cells {
		if id == "" && c.Kind == "code" && c.Source == source {
			id = CellID(f.nb, i)
		}
	}
	if id == "" { // a cell that the file does not have
		id = fmt.Sprintf("unsaved-%d", len(f.history)+1)
	}
	f.history = append(slices.DeleteFunc(f.history, func(r ran) bool { return r.id == id }), ran{id, source})
	figure.Begin(originOf(f.nb, f.name, f.history))
}
