package symbols

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./gendocs

//go:embed docs.json
var docsJSON []byte

//go:embed std.json.gz
var standardGzip []byte

// Entry is the declaration and the documentation of a name.
type Entry struct{ Decl, Doc string }

// String returns both, as go doc prints them.
func (e Entry) String() string { return strings.TrimSpace(e.Decl + "\n\n" + e.Doc) }

// Synopsis returns the first sentence of the documentation.
func (e Entry) Synopsis() string { return new(doc.Package).Synopsis(e.Doc) }

// StandardDocs is the documentation of the standard library and the version of Go from which
// it was made.
type StandardDocs struct {
	Go    string
	Names map[string]Entry
}

var docs = sync.OnceValue(func() map[string]Entry {
	out := map[string]Entry{}
	if err := json.Unmarshal(docsJSON, &out); err != nil {
		panic("symbols: docs.json is damaged: " + err.Error()) // embedded by the build
	}
	return out
})

// standard is read only when a name is not one of ours.
var standard = sync.OnceValue(func() (out StandardDocs) {
	z, err := gzip.NewReader(bytes.NewReader(standardGzip))
	if err == nil {
		err = json.NewDecoder(z).Decode(&out)
	}
	if err != nil {
		panic("symbols: std.json.gz is damaged: " + err.Error()) // embedded by the build
	}
	return out
})

// Standard returns the version of Go and the system of whose standard library the
// documentation is.
func Standard() string { return standard().Go }

// Doc returns the declaration and documentation of a name of a linked package or of the
// standard library: an import path or its last element, and what stands behind it, as in
// "theory", "theory.Scale", "experiment.Table.Verdict" or "fmt.Println". ok is false for a
// name that is not known.
func Doc(name string) (text string, ok bool) {
	_, e, ok := Find(name)
	if !ok {
		return "", false
	}
	return e.String(), true
}

// Find is Doc, with the name behind its import path and its parts.
func Find(name string) (full string, e Entry, ok bool) {
	if full, e, ok = find(docs(), name); !ok {
		full, e, ok = find(standard().Names, name)
	}
	return full, e, ok
}

func find(all map[string]Entry, name string) (full string, e Entry, ok bool) {
	if e, ok = all[name]; ok {
		return name, e, true
	}
	first, rest, dotted := strings.Cut(name, ".")
	for _, p := range packages(all) {
		switch {
		case path.Base(p) != first:
		case !dotted:
			return p, all[p], true
		default:
			if e, ok = all[p+"."+rest]; ok {
				return p + "." + rest, e, true
			}
		}
	}
	return "", Entry{}, false
}

// packages returns the import paths, sorted.
func packages(all map[string]Entry) (out []string) {
	for p, e := range all {
		if strings.HasPrefix(e.Decl, "package ") {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// Packages returns the import paths of the linked packages and of the standard library.
func Packages() (linked, std []string) { return packages(docs()), packages(standard().Names) }

// TypeDoc is Doc of a name of the package with this import path.
func TypeDoc(importPath, name string) (text string, ok bool) {
	e, ok := entry(importPath, name)
	if !ok {
		return "", false
	}
	return e.String(), true
}

func entry(importPath, name string) (e Entry, ok bool) {
	if importPath == "display" { // as which cells have it
		importPath = Display
	}
	full := importPath + "." + name
	if e, ok = docs()[full]; !ok {
		e, ok = standard().Names[full]
	}
	return e, ok
}

// FieldDoc returns the declaration of a field of a struct type, or of a method of an
// interface, and the comment at it, or the documentation of the type if it has none.
func FieldDoc(importPath, typeName, field string) (text string, ok bool) {
	e, ok := entry(importPath, typeName)
	if !ok {
		return "", false
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+e.Decl, parser.ParseComments)
	if err != nil {
		return "", false
	}
	ast.Inspect(f, func(n ast.Node) bool {
		found, isField := n.(*ast.Field)
		if !isField || text != "" {
			return text == ""
		}
		typ := types.ExprString(found.Type)
		names := []string{strings.TrimLeft(typ[strings.LastIndexByte(typ, '.')+1:], "*")} // of an embedded type
		for i, id := range found.Names {
			names = append(names[:i], id.Name)
		}
		if slices.Contains(names, field) {
			decl := field + " " + typ
			if len(found.Names) == 0 {
				decl = typ
			}
			if m, ok := found.Type.(*ast.FuncType); ok && !m.Func.IsValid() { // a method of an interface
				decl = field + typ[len("func"):]
			}
			text = Entry{decl, strings.TrimSpace(cmp.Or(found.Doc.Text()+found.Comment.Text(), e.Doc))}.String()
		}
		return false // not the fields of its type
	})
	return text, text != ""
}
