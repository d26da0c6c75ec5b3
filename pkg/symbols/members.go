package symbols

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/suggest"
)

// Members returns the names that belong to a package or to a type, which is given with its
// import path, in alphabetical order: those of a package, or the constants and variables, the
// constructors and the methods of a type.
func Members(full string) (names []string, entries []Entry) {
	all := docs()
	e, ok := all[full]
	if !ok {
		all = standard().Names
		e = all[full]
	}
	of, isType := full, strings.HasPrefix(e.Decl, "type ")
	var belongs *regexp.Regexp
	if isType {
		of = full[:strings.LastIndexByte(full, '.')]
		name := regexp.QuoteMeta(full[len(of)+1:])
		belongs = regexp.MustCompile(`^(?:(?:const|var) \w+ ` + name + `$|func \w+\((?:[^\n]*\))? \(?(?:\w+ )?\*?` + name + `\b)`)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rest, ok := strings.CutPrefix(name, of+".")
		if !ok {
			continue
		}
		if isType && (strings.HasPrefix(name, full+".") || belongs.MatchString(all[name].Decl)) || !isType && !strings.Contains(rest, ".") {
			names, entries = append(names, rest), append(entries, all[name])
		}
	}
	return names, entries
}

// Short returns a name as a cell writes it: without the folders of its import path.
func Short(full string) string { return path.Base(full[:pathEnd(full)]) + full[pathEnd(full):] }

// pathEnd returns where the import path of a name ends: at the first dot behind the last slash.
func pathEnd(full string) int {
	start := strings.LastIndexByte(full, '/') + 1
	if i := strings.IndexByte(full[start:], '.'); i >= 0 {
		return start + i
	}
	return len(full)
}

// Nearest returns up to three known names that a wrong one may stand for, the nearest first:
// at most a third of its letters are other ones. Capitals do not count, and a name without
// its package is found.
func Nearest(name string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	wrong := strings.ToLower(name)
	for rank, all := range []map[string]Entry{docs(), standard().Names} {
		for full := range all {
			short := Short(full)
			d := suggest.Distance(wrong, strings.ToLower(short))
			if _, rest, ok := strings.Cut(short, "."); ok && !strings.Contains(name, ".") {
				d = min(d, suggest.Distance(wrong, strings.ToLower(rest)))
			}
			if 3*d <= len(wrong) {
				found = append(found, candidate{short, 2*d + rank})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(a.distance-b.distance, len(a.name)-len(b.name), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range found[:min(3, len(found))] {
		if c.distance <= found[0].distance+2 { // one letter more
			out = append(out, c.name)
		}
	}
	return out
}
