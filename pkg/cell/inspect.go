package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/features-are-fate/fate/pkg/ipynb"
	"github.com/features-are-fate/fate/pkg/symbols"
)

// Inspect returns the declaration and the documentation of the name at the cursor, which
// counts characters, or of the function in whose arguments it stands; "" if there is none.
func (s *Session) Inspect(code string, cursor int) string {
	at := byteOffset(code, cursor)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, src := range []string{code, code + closing(code), code[:at] + closing(code[:at])} {
		chunks, err := ipynb.Split(src)
		if err != nil {
			continue
		}
		k := s.checker(src)
		k.check(chunks)
		if text := k.inspect(at); text != "" {
			return text
		}
	}
	return ""
}

func (k *checker) inspect(at int) string {
	var name *ast.Ident
	var call *ast.CallExpr
	var path string
	for _, p := range k.parts {
		if p.file == nil {
			continue
		}
		ast.Inspect(p.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case nil:
				return false
			case *ast.ImportSpec:
				if k.within(n, at) {
					path = importPath(n)
				}
			case *ast.Ident:
				if k.within(n, at) && n.Pos().IsValid() {
					name = n
				}
			case *ast.CallExpr: // the innermost
				if k.offset(n.Lparen) < at && at <= k.offset(n.Rparen) {
					call = n
				}
			}
			return true
		})
	}
	if path != "" {
		text, _ := symbols.Doc(path)
		return text
	}
	if name != nil {
		if text := k.describe(name); text != "" {
			return text
		}
	}
	if call != nil {
		switch f := call.Fun.(type) {
		case *ast.Ident:
			return k.describe(f)
		case *ast.SelectorExpr:
			return k.describe(f.Sel)
		}
	}
	return ""
}

func (k *checker) within(n ast.Node, at int) bool {
	return k.offset(n.Pos()) <= at && at <= k.offset(n.End())
}

// describe returns what is known of a name.
func (k *checker) describe(id *ast.Ident) string {
	obj := k.info.Uses[id]
	if obj == nil {
		obj = k.info.Defs[id]
	}
	if obj == nil {
		obj = k.lookup(id.Name)
	}
	if obj == nil {
		return ""
	}
	if p, ok := obj.(*types.PkgName); ok {
		text, _ := symbols.Doc(p.Imported().Path())
		return text
	}
	if text := k.documented(id, obj); text != "" {
		return text
	}
	text := types.ObjectString(obj, k.qualify)
	if ofSession(obj) || obj.Parent() == types.Universe || obj.Pkg() == nil {
		if t := typeDoc(obj.Type()); t != "" {
			text += "\n\n" + t
		}
	}
	return text
}

func (k *checker) qualify(p *types.Package) string {
	if p.Path() == sessionPath {
		return ""
	}
	return p.Name()
}

// documented returns the documentation of a name of a linked package.
func (k *checker) documented(id *ast.Ident, obj types.Object) string {
	if obj.Pkg() == nil || ofSession(obj) {
		return ""
	}
	path := obj.Pkg().Path()
	switch o := obj.(type) {
	case *types.Var:
		if owner := k.tables.owners[o]; owner != nil {
			text, ok := symbols.FieldDoc(owner.Pkg().Path(), owner.Name(), o.Name())
			if !ok {
				text, _ = symbols.TypeDoc(owner.Pkg().Path(), owner.Name())
			}
			return text
		}
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			if named, ok := unpointer(recv.Type()).(*types.Named); ok {
				text, _ := symbols.TypeDoc(path, named.Obj().Name()+"."+o.Name())
				return text
			}
			return ""
		}
	}
	if obj.Parent() != obj.Pkg().Scope() {
		return ""
	}
	text, _ := symbols.TypeDoc(path, obj.Name())
	return text
}

func unpointer(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// typeDoc returns the documentation of the type of a value.
func typeDoc(t types.Type) string {
	named, ok := unpointer(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !token.IsExported(named.Obj().Name()) {
		return ""
	}
	text, _ := symbols.TypeDoc(named.Obj().Pkg().Path(), named.Obj().Name())
	return strings.TrimSpace(text)
}
