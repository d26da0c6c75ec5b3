package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// swaps gives each operator another one that compiles in most places.
var swaps = map[token.Token]string{
	token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*",
	token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">",
	token.EQL: "!=", token.NEQ: "==", token.LAND: "||", token.LOR: "&&",
	token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*=",
}

// calls gives each function another one of the same type.
var calls = map[string]string{
	"math.Sin": "math.Cos", "math.Cos": "math.Sin", "math.Max": "math.Min", "math.Min": "math.Max",
	"math.Sqrt": "", "math.Abs": "", "math.Log": "math.Log2", "math.Exp": "math.Exp2", "min": "max", "max": "min",
	"math.Hypot": "math.Max", "math.Ceil": "math.Floor", "math.Round": "math.Floor", "math.Floor": "math.Ceil",
}

// operatorMutants returns every change of one operator, constant, condition or function in
// the files of a package that hold code of ours and are not tests.
func operatorMutants(name string) (out []mutant, err error) {
	files, err := filepath.Glob("pkg/" + name + "/*.go")
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(path, "_test.go") || bytes.HasPrefix(text, []byte("// Code generated")) {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, 0)
		if err != nil {
			return nil, err
		}
		at := func(p token.Pos) int { return fset.Position(p).Offset }
		plant := func(from, to token.Pos, with string) {
			a, b := at(from), at(to)
			source := string(text[:a]) + with + string(text[b:])
			first := strings.LastIndexByte(string(text[:a]), '\n') + 1
			last := b + strings.IndexByte(string(text[b:])+"\n", '\n')
			line := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\n", " ")) }
			out = append(out, mutant{file: filepath.ToSlash(path), from: line(string(text[first:last])),
				to: line(string(text[first:a]) + with + string(text[b:last])), source: []byte(source)})
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.CallExpr:
				if !call(n, text, at, plant) {
					return false
				}
			case *ast.BinaryExpr:
				if with, ok := swaps[n.Op]; ok && !isString(n.X) && !isString(n.Y) {
					plant(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), with)
				}
				if n.Op == token.ADD || n.Op == token.SUB || n.Op == token.MUL || n.Op == token.QUO {
					plant(n.X.End(), n.Y.End(), "") // the second term dropped
				}
			case *ast.AssignStmt:
				if with, ok := swaps[n.Tok]; ok {
					plant(n.TokPos, n.TokPos+token.Pos(len(n.Tok.String())), with)
				}
			case *ast.UnaryExpr:
				if n.Op == token.SUB || n.Op == token.NOT {
					plant(n.OpPos, n.OpPos+1, "")
				}
			case *ast.BasicLit:
				number(n, plant)
			}
			return true
		})
	}
	return out, nil
}

// call replaces a function, and reports whether the arguments hold science: an error's text does not.
func call(n *ast.CallExpr, text []byte, at func(token.Pos) int, plant func(from, to token.Pos, with string)) bool {
	name := string(text[at(n.Fun.Pos()):at(n.Fun.End())])
	if with, ok := calls[name]; ok && (with != "" || len(n.Args) == 1) {
		plant(n.Fun.Pos(), n.Fun.End(), with)
	}
	switch name {
	case "math.Inf", "math.IsInf": // the sign alone counts
		if sign, ok := n.Args[len(n.Args)-1].(*ast.BasicLit); ok {
			plant(sign.Pos(), sign.End(), map[string]string{"0": "-1", "1": "-1"}[sign.Value])
		}
		return false
	case "fmt.Errorf", "errors.New", "panic", "tabwriter.NewWriter", "make":
		return false
	}
	return true
}

func number(n *ast.BasicLit, plant func(from, to token.Pos, with string)) {
	with := ""
	if i, err := strconv.ParseInt(n.Value, 0, 64); n.Kind == token.INT && err == nil {
		with = strconv.FormatInt(i+1, 10)
	} else if x, err := strconv.ParseFloat(n.Value, 64); n.Kind == token.FLOAT && err == nil {
		with = strconv.FormatFloat(x*1.5, 'g', -1, 64)
	}
	if with != "" {
		plant(n.Pos(), n.End(), with)
	}
}

func isString(e ast.Expr) bool {
	l, ok := e.(*ast.BasicLit)
	return ok && l.Kind == token.STRING
}
