// Gen writes the assembly of package blas: go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set with its tile: rows×vectors sums are in registers.
type isa struct {
	name          string
	bytes         int // of a vector
	rows, vectors int
	vector        func() reg.VecVirtual
}

func main() {
	ConstraintExpr("amd64")
	for _, s := range []isa{
		{"avx2", 32, 4, 3, func() reg.VecVirtual { return YMM() }},
		{"avx512", 64, 8, 3, func() reg.VecVirtual { return ZMM() }},
	} {
		for rows := 1; rows <= s.rows; rows++ {
			for vectors := 1; vectors <= s.vectors; vectors++ {
				s.tile(rows, vectors)
			}
		}
	}
	transpose()
	arcs()
	masks()
	Generate()
}

// tile writes a function that adds products of a rows×k by a k×(vectors·lanes) matrix to C,
// one after another down the rows of A and C. The sum of an element stays in one lane and runs
// over k in order, each step one fused multiply-add: the number of lanes does not change it.
func (s isa) tile(rows, vectors int) {
	TEXT(fmt.Sprintf("%sTile%dx%d", s.name, rows, vectors), NOSPLIT,
		"func(panels, k int, a []float64, ap, ar, ac int, b []float64, br int, c []float64, cr int, load bool)")
	Doc(fmt.Sprintf("%sTile%dx%d is a tileFunc of %d rows and %d columns.", s.name, rows, vectors, rows, vectors*s.bytes/8))
	load := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	stride := func(name string) reg.GPVirtual {
		r := load(name)
		SHLQ(Imm(3), r)
		return r
	}
	times := func(r reg.GPVirtual, n int) reg.GPVirtual {
		out := GP64()
		IMUL3Q(Imm(uint64(n)), r, out)
		return out
	}
	base := func(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }
	k, a, b, c := load("k"), base("a"), base("b"), base("c")
	ap, ar, ac, br, cr := stride("ap"), stride("ar"), stride("ac"), stride("br"), stride("cr")
	loads, err := Param("load").Resolve()
	if err != nil {
		panic(err)
	}
	panels, err := Param("panels").Resolve()
	if err != nil {
		panic(err)
	}
	// Row r of A is at a + r·ar.
	at := make([]Mem, 8)
	at[0] = Mem{Base: a}
	at[1], at[2], at[4] = at[0].Idx(ar, 1), at[0].Idx(ar, 2), at[0].Idx(ar, 4)
	if rows > 3 {
		triple := times(ar, 3)
		at[3], at[6] = at[0].Idx(triple, 1), at[0].Idx(triple, 2)
	}
	if rows > 5 {
		at[5] = at[0].Idx(times(ar, 5), 1)
	}
	if rows > 7 {
		at[7] = at[0].Idx(times(ar, 7), 1)
	}
	// A and B are walked by their pointers; these take them back.
	t := GP64()
	MOVQ(k, t)
	IMULQ(ac, t)
	SUBQ(t, ap)
	back := AllocLocal(8)
	MOVQ(k, t)
	IMULQ(br, t)
	MOVQ(t, back)

	sum := make([][]reg.VecVirtual, rows)
	for r := range sum {
		for range vectors {
			sum[r] = append(sum[r], s.vector())
		}
	}
	Label("panel")
	CMPB(loads.Addr, Imm(0))
	JE(LabelRef("zero"))
	row := GP64()
	MOVQ(c, row)
	for r := range rows {
		for v := range vectors {
			VMOVUPD(Mem{Base: row, Disp: v * s.bytes}, sum[r][v])
		}
		if r < rows-1 {
			ADDQ(cr, row)
		}
	}
	JMP(LabelRef("start"))
	Label("zero")
	for r := range rows {
		for v := range vectors {
			if s.bytes == 64 {
				VPXORQ(sum[r][v], sum[r][v], sum[r][v])
			} else {
				VXORPD(sum[r][v], sum[r][v], sum[r][v])
			}
		}
	}
	Label("start")
	left := GP64()
	MOVQ(k, left)
	Label("step")
	right := make([]reg.VecVirtual, vectors)
	for v := range right {
		right[v] = s.vector()
		VMOVUPD(Mem{Base: b, Disp: v * s.bytes}, right[v])
	}
	for r := range rows {
		x := s.vector()
		VBROADCASTSD(at[r], x)
		for v := range vectors {
			VFMADD231PD(right[v], x, sum[r][v])
		}
	}
	ADDQ(ac, a)
	ADDQ(br, b)
	DECQ(left)
	JNZ(LabelRef("step"))
	for r := range rows {
		for v := range vectors {
			VMOVUPD(sum[r][v], Mem{Base: c, Disp: v * s.bytes})
		}
		ADDQ(cr, c)
	}
	ADDQ(ap, a)
	SUBQ(back, b)
	DECQ(panels.Addr)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// transpose writes a function that copies 4 rows into 4 columns.
func transpose() {
	TEXT("avx2Transpose", NOSPLIT, "func(blocks int, src []float64, sr int, dst []float64, dr int)")
	Doc("avx2Transpose copies 4 rows of 4·blocks entries at src, sr apart, into rows of 4 at dst, dr apart.")
	blocks, src, dst := Load(Param("blocks"), GP64()), Load(Param("src").Base(), GP64()), Load(Param("dst").Base(), GP64())
	sr, dr := Load(Param("sr"), GP64()), Load(Param("dr"), GP64())
	SHLQ(Imm(3), sr)
	SHLQ(Imm(3), dr)
	sr3, dr3 := GP64(), GP64()
	IMUL3Q(Imm(3), sr, sr3)
	IMUL3Q(Imm(3), dr, dr3)
	Label("block")
	var in, pair, out [4]reg.VecVirtual
	from, to := Mem{Base: src}, Mem{Base: dst}
	for i, m := range []Mem{from, from.Idx(sr, 1), from.Idx(sr, 2), from.Idx(sr3, 1)} {
		in[i] = YMM()
		VMOVUPD(m, in[i])
	}
	for i := range pair {
		pair[i], out[i] = YMM(), YMM()
	}
	VUNPCKLPD(in[1], in[0], pair[0]) // 00 10 02 12
	VUNPCKHPD(in[1], in[0], pair[1]) // 01 11 03 13
	VUNPCKLPD(in[3], in[2], pair[2]) // 20 30 22 32
	VUNPCKHPD(in[3], in[2], pair[3]) // 21 31 23 33
	VPERM2F128(Imm(0x20), pair[2], pair[0], out[0])
	VPERM2F128(Imm(0x20), pair[3], pair[1], out[1])
	VPERM2F128(Imm(0x31), pair[2], pair[0], out[2])
	VPERM2F128(Imm(0x31), pair[3], pair[1], out[3])
	for i, m := range []Mem{to, to.Idx(dr, 1), to.Idx(dr, 2), to.Idx(dr3, 1)} {
		VMOVUPD(out[i], m)
	}
	ADDQ(Imm(32), src)
	LEAQ(to.Idx(dr, 4), dst)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
