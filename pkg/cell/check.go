package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
)

// The check of one cell.

// checker checks one cell.
type checker struct {
	*Session
	src      string
	fset     *token.FileSet
	info     *types.Info
	places   []place // of the parsed chunks, in the order of their positions
	parts    []part
	names    map[string]types.Object // declared by the cell
	held     map[string]bool
	declared map[string]int // the position of the chunk that declares a function or a type
	values   int
	funcs    []Func
	errors   Errors
	pending  []types.Error
	edits    edits

	called   map[*ast.SelectorExpr]bool // methods that are called where they are named
	deferred map[*ast.CallExpr]bool     // calls of methods in defer statements
	standing map[ast.Expr]bool          // expressions that stand alone
}

// place tells where the text of a parsed file stands in the cell.
type place struct {
	from, to token.Pos
	offset   int // in the cell, of from
}

// part is a chunk as it is parsed into a file of its own.
type part struct {
	ipynb.Chunk
	file *ast.File
}

func (s *Session) checker(src string) *checker {
	return &checker{Session: s, src: src, fset: token.NewFileSet(), names: map[string]types.Object{}, held: map[string]bool{}, declared: map[string]int{},
		called: map[*ast.SelectorExpr]bool{}, deferred: map[*ast.CallExpr]bool{}, standing: map[ast.Expr]bool{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, Implicits: map[ast.Node]types.Object{}}}
}

// parse parses a chunk into a file. A chunk that is known to be broken gives what can be
// understood of it.
func (k *checker) parse(c ipynb.Chunk) part {
	prefix, suffix := head, ""
	if c.Decl == nil {
		prefix, suffix = head+body, "\n}"
	}
	base := k.fset.Base()
	f, _ := parser.ParseFile(k.fset, "", prefix+c.Source+suffix, parser.SkipObjectResolution)
	from := token.Pos(base + len(prefix))
	k.places = append(k.places, place{from, from + token.Pos(len(c.Source)), c.Offset})
	return part{c, f}
}

// offset returns the offset in the cell of a position.
func (k *checker) offset(pos token.Pos) int {
	for _, p := range k.places {
		if pos >= p.from && pos <= p.to {
			return p.offset + int(pos-p.from)
		}
	}
	return len(k.src)
}

func (p part) statement() ast.Stmt {
	if f := p.function(); p.Decl == nil && f != nil && f.Body != nil && len(f.Body.List) == 1 {
		return f.Body.List[0]
	}
	return nil
}

func (p part) function() *ast.FuncDecl {
	if p.file == nil || len(p.file.Decls) == 0 {
		return nil
	}
	f, _ := p.file.Decls[len(p.file.Decls)-1].(*ast.FuncDecl)
	return f
}

// check checks the chunks of a cell: its imports, then its types with the signatures of
// their methods, the signatures of its functions, and the rest in order.
func (k *checker) check(chunks []ipynb.Chunk) {
	for _, c := range chunks {
		k.parts = append(k.parts, k.parse(c))
	}
	var typed []ast.Decl
	for i, p := range k.parts {
		if p.Is(token.IMPORT) {
			k.imports(p)
		}
		if p.Is(token.TYPE) {
			typed = append(typed, p.file.Decls...)
			for _, s := range p.file.Decls[0].(*ast.GenDecl).Specs {
				k.declared[s.(*ast.TypeSpec).Name.Name] = i
			}
		}
	}
	for _, p := range k.parts {
		if f := p.function(); p.Decl != nil && f != nil && f.Recv != nil && k.isDeclared(receiver(f)) {
			typed = append(typed, bare(f))
		}
	}
	k.harvest(k.file(typed...).Scope())
	for i, p := range k.parts {
		if f := p.function(); p.Decl != nil && f != nil {
			k.signature(f, i)
		}
	}
	for i, p := range k.parts {
		f := p.function()
		switch {
		case p.Is(token.IMPORT) || p.Is(token.TYPE) || f == nil:
		case p.Decl != nil:
			k.file(plain(f))
			k.funcs = append(k.funcs, Func{funcName(f), p.Line, p.Line + strings.Count(p.Source, "\n")})
		case k.outside(p.statement()):
		default:
			k.file(f)
			k.harvest(k.info.Scopes[f.Type])
			if i == len(k.parts)-1 {
				k.values = k.valuesOf(p.statement())
			}
		}
	}
}

func (k *checker) isDeclared(name string) bool {
	_, ok := k.declared[name]
	return ok
}

// imports adds the packages of an import declaration.
func (k *checker) imports(p part) {
	for _, s := range p.file.Imports {
		pkg, err := k.tables.Import(importPath(s))
		if err != nil {
			k.fail(s.Path.Pos(), s.Path.End(), err.Error())
			continue
		}
		name := pkg.Name()
		if s.Name != nil {
			name = s.Name.Name
		}
		switch name {
		case "_":
			continue
		case ".":
			k.fail(s.Pos(), s.End(), "an import with a dot is not supported in a cell")
			continue
		}
		k.names[name] = types.NewPkgName(token.NoPos, nil, name, pkg)
	}
}

// signature declares a function of the cell, so that earlier functions can call it, or a
// method of a type of an earlier cell.
func (k *checker) signature(f *ast.FuncDecl, at int) {
	name := f.Name.Name
	if f.Recv == nil {
		if _, again := k.declared[name]; again && name != "_" {
			k.fail(f.Name.Pos(), f.Name.End(), name+" redeclared in this cell")
			return
		}
		k.declared[name] = at
		if f.Type.TypeParams == nil {
			k.harvest(k.file(bare(f)).Scope())
		}
		return
	}
	base := receiver(f)
	if k.isDeclared(base) {
		return
	}
	obj := k.lookup(base)
	if obj == nil && base != "" {
		return // the check of its body says so
	}
	named, ok := (*types.Named)(nil), false
	if name, is := obj.(*types.TypeName); is && ofSession(name) {
		named, ok = name.Type().(*types.Named)
	}
	if !ok {
		k.fail(f.Recv.Pos(), f.Recv.End(), "cannot define new methods on non-local type "+k.text(f.Recv.List[0].Type))
		return
	}
	p := k.file(plain(bare(f)))
	sig, ok := p.Scope().Lookup(plainName(f)).(*types.Func)
	if !ok {
		return
	}
	whole := sig.Signature()
	var in []*types.Var
	for i := 1; i < whole.Params().Len(); i++ {
		in = append(in, whole.Params().At(i))
	}
	named.AddMethod(types.NewFunc(f.Name.Pos(), obj.Pkg(), name,
		types.NewSignatureType(whole.Params().At(0), nil, nil, types.NewTuple(in...), whole.Results(), whole.Variadic())))
}

// sessionPath is the import path of what cells declare.
const sessionPath = "cell"

// ofSession reports whether a cell has declared an object.
func ofSession(o types.Object) bool { return o.Pkg() != nil && o.Pkg().Path() == sessionPath }

// lookup returns what a name means at the top level of the cell.
func (k *checker) lookup(name string) types.Object {
	if obj := k.names[name]; obj != nil {
		return obj
	}
	if obj := k.Session.names[name]; obj != nil {
		return obj
	}
	return types.Universe.Lookup(name)
}

// file type-checks declarations as a file of a package that holds the names of the
// session that they mention. It is the same package each time, since unexported fields
// belong to it, but with a new scope, since a scope forgets nothing.
func (k *checker) file(decls ...ast.Decl) *types.Package {
	pkg := k.pkg
	*pkg = *types.NewPackage(sessionPath, "cell")
	if len(decls) == 0 {
		return pkg
	}
	own := map[string]bool{}
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				own[d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					own[t.Name.Name] = true
				}
			}
		}
	}
	for _, d := range decls {
		ast.Inspect(d, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || own[id.Name] || pkg.Scope().Lookup(id.Name) != nil {
				return true
			}
			obj := k.names[id.Name]
			if obj == nil {
				obj = k.Session.names[id.Name]
			}
			if p, ok := obj.(*types.PkgName); ok { // which must belong to the package that is checked
				obj = types.NewPkgName(token.NoPos, pkg, p.Name(), p.Imported())
			}
			if obj != nil {
				pkg.Scope().Insert(obj)
			}
			return true
		})
	}
	conf := types.Config{Importer: k.tables, Error: k.collect}
	file := &ast.File{Name: ast.NewIdent("cell"), Decls: decls, Package: decls[0].Pos(), FileStart: decls[0].Pos(), FileEnd: decls[len(decls)-1].End()}
	_ = types.NewChecker(&conf, k.fset, pkg, k.info).Files([]*ast.File{file}) // the errors are collected
	k.report()
	return pkg
}

// harvest makes what a scope declares names of the cell.
func (k *checker) harvest(scope *types.Scope) {
	if scope == nil {
		return
	}
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		if obj.Pos() == token.NoPos || k.names[name] == obj || k.Session.names[name] == obj || !ofSession(obj) {
			continue
		}
		if v, ok := obj.(*types.Var); ok && v.Parent() != nil && v.Parent().Parent() != nil {
			obj = types.NewVar(v.Pos(), v.Pkg(), name, v.Type()) // of a function: here it is of the session
		}
		k.names[name] = obj
	}
}

// valuesOf returns the number of values of the last statement.
func (k *checker) valuesOf(s ast.Stmt) int {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return 0
	}
	switch t := k.info.Types[e.X]; typ := t.Type.(type) {
	case nil:
		return 0
	case *types.Tuple:
		return typ.Len()
	default:
		if t.IsVoid() {
			return 0
		}
		return 1
	}
}
