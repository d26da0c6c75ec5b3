package ipynb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/figure"
)

// CellID returns the id by which recipes name cell i (from 0): that of the cell, or one
// made of its position in notebooks before nbformat 4.5, whose cells have no ids.
func CellID(nb *Notebook, i int) string {
	if id := nb.Cells[i].ID; id != "" {
		return id
	}
	return fmt.Sprintf("cell-%d", i+1)
}

// Executed is a cell that was run: its id and the source that it had.
type Executed struct{ ID, Source string }

// LastOrigin returns the origin of figures that the last cell of a history draws. The
// hash of the code covers the cells that were run up to there, each in its last run and
// in the order of these last runs, but not cells below the last one. If the cells ran
// from the top, the hash is that of the code in the file (see [Origins]); if they ran in
// another order, or were edited, it is another one.
func LastOrigin(nb *Notebook, name string, history []Executed) figure.Origin {
	place := map[string]int{}
	for i := range nb.Cells {
		place[CellID(nb, i)] = i
	}
	last := history[len(history)-1].ID
	o := figure.Origin{Notebook: name, Cell: last}
	h := sha256.New()
	for k, r := range history {
		i, known := place[r.ID]
		if known && i > place[last] || slices.ContainsFunc(history[k+1:], func(later Executed) bool { return later.ID == r.ID }) {
			continue
		}
		source := r.Source
		if known && nb.Cells[i].Tagged("parameters") {
			o.Parameters, source = values(source)
		} else if set, ok := injected(source, o.Parameters); ok {
			o.Parameters = set
			continue
		}
		fmt.Fprintf(h, "%d\n%s\n", len(source), source)
	}
	o.Code = hex.EncodeToString(h.Sum(nil)[:8])
	return o
}

// Origins gives the origins of figures in a notebook whose cells run from the top. It
// extends one hash from cell to cell, so that a notebook takes linear time.
type Origins struct {
	nb   *Notebook
	name string
	hash hash.Hash
	upTo int // number of cells in the hash
	set  map[string]string
}

// NewOrigins returns the origins of figures in the notebook with the given file name.
func NewOrigins(nb *Notebook, name string) *Origins {
	return &Origins{nb: nb, name: name, hash: sha256.New()}
}

// At returns the origin of figures that cell i (from 0) draws. Calls must not go back to
// an earlier cell.
func (o *Origins) At(i int) figure.Origin {
	for ; o.upTo <= i; o.upTo++ {
		c := o.nb.Cells[o.upTo]
		if c.Kind != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		source := c.Source
		if c.Tagged("parameters") {
			o.set, source = values(source)
		} else if set, ok := injected(source, o.set); ok {
			o.set = set
			continue
		}
		fmt.Fprintf(o.hash, "%d\n%s\n", len(source), source)
	}
	return figure.Origin{Notebook: o.name, Cell: CellID(o.nb, i), Parameters: o.set, Code: hex.EncodeToString(o.hash.Sum(nil)[:8])}
}

// CodeAt returns the position (from 0) of the code cell with an id, and the hash that
// recipes have of the code that leads to its figures; ok is false if there is no such
// cell.
func CodeAt(nb *Notebook, id string) (code string, at int, ok bool) {
	for i, c := range nb.Cells {
		if CellID(nb, i) == id && c.Kind == "code" && strings.TrimSpace(c.Source) != "" {
			return NewOrigins(nb, "").At(i).Code, i, true
		}
	}
	return "", 0, false
}
