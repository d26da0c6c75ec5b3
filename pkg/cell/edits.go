package cell

import (
	"cmp"
	"slices"
	"strings"
)

// edit replaces the text between two offsets.
type edit struct {
	from, to int
	text     string
}

type edits []edit

func (e *edits) insert(at int, text string) { *e = append(*e, edit{at, at, text}) }

// insertFirst inserts text before what else is inserted there.
func (e *edits) insertFirst(at int, text string) { *e = append(edits{{at, at, text}}, *e...) }

func (e *edits) replace(from, to int, text string) { *e = append(*e, edit{from, to, text}) }

// wrap inserts text before and behind a node. The text behind it comes before that of the
// nodes around it, which have been wrapped earlier.
func (e *edits) wrap(from, to int, open, end string) {
	e.insert(from, open)
	e.insertFirst(to, end)
}

// apply returns src with the edits. Those at one offset are made in the order in which they
// were added. Those in a text that another one replaces are dropped.
func (e edits) apply(src string) string {
	slices.SortStableFunc(e, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	at := 0
	for _, x := range e {
		if x.from < at {
			continue
		}
		out.WriteString(src[at:x.from])
		out.WriteString(x.text)
		// The lines of the cell stay its lines.
		out.WriteString(strings.Repeat("\n", strings.Count(src[x.from:x.to], "\n")))
		at = x.to
	}
	out.WriteString(src[at:])
	return out.String()
}
