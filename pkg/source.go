// Package pkg identifies the code below it that determines the numbers of an
// experiment.
package pkg

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// Module is the path of the module.
const Module = "github.com/features-are-fate/fate"

//go:embed divergence/*.go experiment/*.go internal/blas/*.go internal/blas/*.s internal/ode/*.go linear/*.go relu/*.go task/*.go theory/*.go
var source embed.FS

// presenting are files that draw, judge, keep and report numbers, and make none: a trial
// does not depend on them.
var presenting = func() map[string]bool {
	out := map[string]bool{"theory/index.go": true}
	for _, name := range []string{"along", "approach", "breakeven", "compare", "cost", "costlinear", "coststudents", "facts", "judge", "kinds", "lab", "limits",
		"plane", "record", "series", "studentjudge", "studentlaw", "table"} {
		out["experiment/"+name+".go"] = true
	}
	return out
}()

// Source is a hash of the code of these packages that makes numbers, without comments,
// formatting and tests, and of the version of gonum, the same in every program that is
// built of them. The assembly of all instruction sets is in it, and not which of them this
// machine uses.
var Source = sync.OnceValue(hash)

func hash() string {
	h := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "gonum.org/v1/gonum" {
				fmt.Fprintln(h, d.Path, d.Version)
			}
		}
	}
	// In lexical order. Reading what is embedded does not fail.
	_ = fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || presenting[path] {
			return err
		}
		b, err := source.ReadFile(path)
		fmt.Fprintln(h, path)
		if strings.HasSuffix(path, ".s") {
			h.Write(b)
		} else {
			writeCode(h, b)
		}
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Version is a hash of Source, the compiler and the architecture: runs of one version
// give the same numbers.
var Version = sync.OnceValue(func() string {
	h := sha256.New()
	fmt.Fprintln(h, Source(), runtime.Version(), runtime.GOARCH)
	return hex.EncodeToString(h.Sum(nil))[:16]
})

// writeCode writes the tokens of a Go file, a line each: comments but directives, and the
// semicolons that line ends stand for, are no code.
func writeCode(w io.Writer, src []byte) {
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile("", files.Base(), len(src)), src, nil, scanner.ScanComments)
	held := false // a semicolon or comma, which means nothing before a closing bracket
	var last token.Token
	for {
		_, t, text := s.Scan()
		switch {
		case t == token.EOF:
			return
		case t == token.COMMENT && !strings.HasPrefix(text, "//go:"):
			continue
		case t == token.SEMICOLON || t == token.COMMA:
			held, last = true, t
			continue
		}
		if held && t != token.RPAREN && t != token.RBRACE && t != token.RBRACK {
			fmt.Fprintln(w, last)
		}
		held = false
		fmt.Fprintf(w, "%s %q\n", t, text)
	}
}
