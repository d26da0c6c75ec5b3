// Command gendocs writes the declaration and documentation of every exported name of the
// linked packages, for help where there is no source: docs.json, and std.json.gz for the
// standard library.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/cosmos72/gomacro/imports"
	"github.com/features-are-fate/fate/pkg/symbols"
	"github.com/traefik/yaegi/stdlib"
)

func main() {
	log.SetFlags(0)
	var linked, standard []string
	for key := range symbols.Symbols {
		linked = append(linked, path.Dir(key))
	}
	for p := range imports.Packages {
		first, _, _ := strings.Cut(p, "/")
		if !strings.Contains(first, ".") && first != "syscall" { // which differs between systems
			standard = append(standard, p)
		}
	}
	ours, std := collect(linked, everything), collect(standard, imported)
	data, err := json.MarshalIndent(ours, "", "")
	if err == nil {
		err = os.WriteFile("docs.json", append(data, '\n'), 0o644)
	}
	var packed bytes.Buffer
	if err == nil {
		err = pack(&packed, symbols.StandardDocs{Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Names: std})
	}
	if err == nil {
		err = os.WriteFile("std.json.gz", packed.Bytes(), 0o644)
	}
	if err != nil {
		log.Fatal("gendocs: ", err)
	}
}

func pack(w *bytes.Buffer, v any) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return err
	}
	return z.Close()
}

func everything(_, _ string) bool { return true }

// imported reports whether a name of the standard library can be used in a cell: the engines
// know no generic ones.
func imported(importPath, name string) bool {
	p := imports.Packages[importPath]
	_, untyped := p.Untypeds[name]
	if p.Binds[name].IsValid() || p.Types[name] != nil || untyped {
		return true
	}
	table := stdlib.Symbols[importPath+"/"+path.Base(importPath)]
	return table[name].IsValid() && !strings.HasPrefix(name, "_")
}

// collect returns the documentation of packages.
func collect(packages []string, keep func(importPath, name string) bool) map[string]symbols.Entry {
	slices.Sort(packages)
	cmd := exec.Command("go", append([]string{"list", "-f", "{{.ImportPath}} {{.Dir}} {{join .GoFiles \" \"}} {{join .CgoFiles \" \"}}"}, packages...)...)
	cmd.Stderr = os.Stderr
	list, err := cmd.Output()
	if err != nil {
		log.Fatal("gendocs: go list: ", err)
	}
	out := map[string]symbols.Entry{}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if err := document(f[0], f[1], f[2:], keep, out); err != nil {
			log.Fatalf("gendocs: %s: %v", f[0], err)
		}
	}
	link(out)
	return out
}

// document adds the names of one package: path.Name and path.Type.Method.
func document(importPath, dir string, names []string, keep func(importPath, name string) bool, out map[string]symbols.Entry) error {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, importPath)
	if err != nil {
		return err
	}
	form := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}
	add := func(name string, decl ast.Node, text string) {
		if first, _, _ := strings.Cut(name, "."); !keep(importPath, first) {
			return
		}
		var b bytes.Buffer
		if f, ok := decl.(*ast.FuncDecl); ok {
			short := *f
			short.Doc, short.Body = nil, nil
			decl = &short
		}
		if err := form.Fprint(&b, fset, decl); err != nil {
			log.Fatal(err)
		}
		out[importPath+"."+name] = symbols.Entry{Decl: b.String(), Doc: strings.TrimSpace(text)}
	}
	funcs := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			add(prefix+f.Name, f.Decl, f.Doc)
		}
	}
	values := func(list []*doc.Value, typ string) {
		for _, v := range list {
			for _, s := range v.Decl.Specs {
				spec := s.(*ast.ValueSpec)
				text := spec.Doc.Text() + spec.Comment.Text()
				if text == "" {
					text = v.Doc
				}
				for _, id := range spec.Names {
					if id.IsExported() && keep(importPath, id.Name) {
						decl := strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Decl.Tok, id.Name, typ))
						out[importPath+"."+id.Name] = symbols.Entry{Decl: decl, Doc: strings.TrimSpace(text)}
					}
				}
			}
		}
	}
	out[importPath] = symbols.Entry{Decl: "package " + p.Name, Doc: strings.TrimSpace(p.Doc)}
	funcs("", p.Funcs)
	values(p.Consts, "")
	values(p.Vars, "")
	for _, t := range p.Types {
		decl := *t.Decl
		decl.Doc = nil
		add(t.Name, &decl, t.Doc)
		funcs("", t.Funcs)
		funcs(t.Name+".", t.Methods)
		values(t.Consts, t.Name)
		values(t.Vars, t.Name)
	}
	return nil
}
