// Command gendocs writes docs.json: the signature and documentation of every
// exported name of the linked packages, for help where there is no source.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"log"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/symbols"
)

func main() {
	log.SetFlags(0)
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(symbols.Symbols)) {
		if err := document(path.Dir(key), out); err != nil {
			log.Fatalf("gendocs: %s: %v", path.Dir(key), err)
		}
	}
	data, err := json.MarshalIndent(out, "", "")
	if err == nil {
		err = os.WriteFile("docs.json", append(data, '\n'), 0o644)
	}
	if err != nil {
		log.Fatal("gendocs: ", err)
	}
}

// document adds the names of one package: path.Name and path.Type.Method.
func document(importPath string, out map[string]string) error {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}\n{{join .GoFiles \"\\n\"}}", importPath).Output()
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(dir)), "\n")
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range lines[1:] {
		f, err := parser.ParseFile(fset, filepath.Join(lines[0], name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, importPath)
	if err != nil {
		return err
	}
	add := func(name string, decl ast.Node, text string) {
		var b bytes.Buffer
		if f, ok := decl.(*ast.FuncDecl); ok {
			short := *f
			short.Doc, short.Body = nil, nil
			decl = &short
		}
		if err := printer.Fprint(&b, fset, decl); err != nil {
			log.Fatal(err)
		}
		out[importPath+"."+name] = strings.TrimSpace(b.String() + "\n\n" + text)
	}
	funcs := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			add(prefix+f.Name, f.Decl, f.Doc)
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, s := range v.Decl.Specs {
				spec := s.(*ast.ValueSpec)
				text := spec.Doc.Text() + spec.Comment.Text()
				if text == "" {
					text = v.Doc
				}
				for _, id := range spec.Names {
					if id.IsExported() {
						out[importPath+"."+id.Name] = strings.TrimSpace(fmt.Sprintf("%s %s\n\n%s", v.Decl.Tok, id.Name, text))
					}
				}
			}
		}
	}
	out[importPath] = "package " + p.Name + "\n\n" + strings.TrimSpace(p.Doc)
	funcs("", p.Funcs)
	values(p.Consts)
	values(p.Vars)
	for _, t := range p.Types {
		decl := *t.Decl
		decl.Doc = nil
		add(t.Name, &decl, t.Doc)
		funcs("", t.Funcs)
		funcs(t.Name+".", t.Methods)
		values(t.Consts)
		values(t.Vars)
	}
	return nil
}
