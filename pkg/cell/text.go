package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
	"strings"
)

// Calls of builtin functions and of package fmt, and constants.

// foldedCall replaces min or max of constants by its value.
func (k *checker) foldedCall(c *ast.CallExpr) bool {
	id, ok := c.Fun.(*ast.Ident)
	tv := k.info.Types[c]
	if !ok || tv.Value == nil || id.Name != "min" && id.Name != "max" {
		return false
	}
	if _, ok := k.info.Uses[id].(*types.Builtin); !ok {
		return false
	}
	text := tv.Value.ExactString()
	if tv.Value.Kind() == constant.Float {
		x, _ := constant.Float64Val(tv.Value)
		text = strconv.FormatFloat(x, 'g', -1, 64)
	}
	if t, ok := k.typeText(types.Default(tv.Type)); ok {
		text = fmt.Sprintf("%s(%s)", t, text)
	}
	k.edits.replace(k.offset(c.Pos()), k.offset(c.End()), text)
	return true
}

// builtin rewrites min, max and clear.
func (k *checker) builtin(c *ast.CallExpr) {
	id, ok := c.Fun.(*ast.Ident)
	if !ok {
		return
	}
	if _, ok := k.info.Uses[id].(*types.Builtin); !ok {
		return
	}
	from, to := k.offset(id.Pos()), k.offset(id.End())
	switch id.Name {
	case "new": // of a value, since Go 1.26
		if len(c.Args) == 1 && !k.info.Types[c.Args[0]].IsType() {
			text, ok := k.typeText(types.Default(k.info.TypeOf(c.Args[0])))
			if !ok {
				k.refuse(c, fmt.Sprintf("new of the type %s, whose package the cell does not import", k.info.TypeOf(c.Args[0])))
				return
			}
			k.edits.replace(from, to, fmt.Sprintf("(func(x__ %s) *%s { return &x__ })", text, text))
		}
	case "copy": // gomacro does not give its value
		if !k.standing[c] {
			k.edits.replace(from, to, Support+".Copy")
		}
	case "clear":
		k.edits.replace(from, to, Support+".Clear")
	case "min", "max":
		tv := k.info.Types[c]
		if tv.Value != nil {
			return
		}
		name, t := map[string]string{"min": "Min", "max": "Max"}[id.Name], types.Default(tv.Type)
		if b, ok := types.Unalias(t).(*types.Basic); ok {
			for _, have := range []types.BasicKind{types.Float64, types.Int, types.String} {
				if b.Kind() == have {
					k.edits.replace(from, to, Support+"."+name+strings.ToUpper(b.Name()[:1])+b.Name()[1:])
					return
				}
			}
		}
		text, ok := k.typeText(t)
		if !ok {
			k.refuse(c, fmt.Sprintf("%s of the type %s, whose package the cell does not import", id.Name, tv.Type))
			return
		}
		op := map[string]string{"min": "<", "max": ">"}[id.Name]
		// A NaN stays: x != x holds for it alone.
		k.edits.replace(from, to, fmt.Sprintf("(func(xs__ ...%s) %s { m__ := xs__[0]; for _, x__ := range xs__ { if x__ %s m__ || x__ != x__ { m__ = x__ } }; return m__ })", text, text, op))
	}
}

// printed hands the values that a call of package fmt prints, and whose type a cell gave a
// method String or Error, to the interpreter as values with that method: it would print
// what is below the type.
func (k *checker) printed(c *ast.CallExpr) {
	if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "Display" && k.info.Uses[id] == k.Session.names["Display"] && len(c.Args) == 1 {
		k.asText(c.Args[0])
	}
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || c.Ellipsis.IsValid() {
		return
	}
	f, ok := k.info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" || !f.Signature().Variadic() {
		return
	}
	for _, a := range c.Args[min(f.Signature().Params().Len()-1, len(c.Args)):] {
		k.asText(a)
	}
}

// asText makes a value of its text and itself, if a cell has declared its type with a
// method String or Error, or if it is an error.
func (k *checker) asText(e ast.Expr) bool {
	t := k.info.TypeOf(e)
	how := k.textMethod(t)
	if how == "" {
		return false
	}
	open, end := Support+".Error(", ")"
	if !types.IsInterface(t) && how != "Error" {
		name, ok := k.typeText(t)
		if !ok {
			return false
		}
		open, end = fmt.Sprintf("(func(v__ %s) interface{} { return %s.Text(v__, v__.%s()) })((%s)(", name, Support, how, name), "))"
	}
	k.edits.wrap(k.offset(e.Pos()), k.offset(e.End()), open, end)
	return true
}

// textMethod returns the method String or Error of a type that a cell has declared, or
// "Error" for the interface error, whose value may have such a type.
func (k *checker) textMethod(t types.Type) string {
	if t == nil {
		return ""
	}
	if types.Identical(t, types.Universe.Lookup("error").Type()) {
		return "Error"
	}
	named, ok := unpointer(t).(*types.Named)
	if !ok || !ofSession(named.Obj()) {
		return ""
	}
	for _, name := range []string{"Error", "String"} {
		m, _, _ := types.LookupFieldOrMethod(t, false, k.pkg, name)
		if f, ok := m.(*types.Func); ok && f.Signature().Params().Len() == 0 && f.Signature().Results().Len() == 1 &&
			types.Identical(f.Signature().Results().At(0).Type(), types.Typ[types.String]) {
			return name
		}
	}
	return ""
}

// constant converts an untyped string constant whose type is named.
func (k *checker) constant(e ast.Expr) {
	tv, ok := k.info.Types[e]
	if !ok || tv.Value == nil || !tv.IsValue() {
		return
	}
	switch e.(type) {
	case *ast.BasicLit, *ast.Ident:
	default:
		return
	}
	named, ok := types.Unalias(tv.Type).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || ofSession(named.Obj()) {
		return
	}
	if b, ok := named.Underlying().(*types.Basic); !ok || b.Info()&types.IsString == 0 {
		return
	}
	if id, ok := e.(*ast.Ident); ok {
		c, ok := k.info.Uses[id].(*types.Const)
		if !ok {
			return
		}
		if b, ok := c.Type().(*types.Basic); !ok || b.Info()&types.IsUntyped == 0 {
			return
		}
	}
	t, ok := k.typeText(named)
	if !ok {
		k.refuse(e, fmt.Sprintf("a constant of the type %s, whose package the cell does not import", tv.Type))
		return
	}
	k.edits.wrap(k.offset(e.Pos()), k.offset(e.End()), t+"(string(", "))")
}
