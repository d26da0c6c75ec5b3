package cell

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
)

// bigConstant writes an integer constant beyond 64 bits that becomes a floating-point number
// as one: gomacro would drop its high bits.
func (k *checker) bigConstant(e ast.Expr) bool {
	tv := k.info.Types[e]
	if tv.Value == nil || !tv.IsValue() {
		return false
	}
	t, ok := tv.Type.Underlying().(*types.Basic)
	if !ok || t.Info()&types.IsFloat == 0 || t.Info()&types.IsUntyped != 0 {
		return false
	}
	whole := constant.ToInt(tv.Value)
	if whole.Kind() != constant.Int || constant.BitLen(whole) < 64 {
		return false
	}
	x, _ := constant.Float64Val(tv.Value)
	text := strconv.FormatFloat(x, 'e', -1, 64)
	name, ok := k.typeText(tv.Type)
	if !ok {
		return false
	}
	k.edits.replace(k.offset(e.Pos()), k.offset(e.End()), name+"("+text+")")
	return true
}
