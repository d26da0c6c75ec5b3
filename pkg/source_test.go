package pkg

import (
	"bytes"
	"testing"
)

// Comments and formatting are no code; an operator, a constant and a directive are.
func TestCode(t *testing.T) {
	code := func(src string) string {
		var b bytes.Buffer
		writeCode(&b, []byte(src))
		return b.String()
	}
	const src = "package a\n\nfunc f(x int) int { return g(x, 2) + 1 }\n"
	for _, same := range []string{
		"// Package a.\npackage a\n\n// f adds.\nfunc f(x int) int {\n\treturn g(\n\t\tx,\n\t\t2, // two\n\t) + 1\n}\n",
		"package a; func f(x int) int { /* so */ return g(x,2)+1 }",
	} {
		if code(same) != code(src) {
			t.Errorf("%q is not %q", code(same), code(src))
		}
	}
	for _, other := range []string{
		"package a\n\nfunc f(x int) int { return g(x, 2) - 1 }\n",
		"package a\n\nfunc f(x int) int { return g(x, 3) + 1 }\n",
		"package a\n\nfunc f(x int) int { return g(x + 2) + 1 }\n",
		"//go:build linux\npackage a\n\nfunc f(x int) int { return g(x, 2) + 1 }\n",
	} {
		if code(other) == code(src) {
			t.Errorf("%q is the same code", other)
		}
	}
}

func BenchmarkSource(b *testing.B) {
	for b.Loop() {
		if len(hash()) != 16 {
			b.Fatal("no hash")
		}
	}
}
