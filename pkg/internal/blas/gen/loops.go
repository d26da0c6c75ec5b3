package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// double returns a vector of x, for constants that the tables of package blas do not hold.
func double(x float64, t reg.GPVirtual) reg.VecVirtual {
	y := YMM()
	MOVQ(U64(math.Float64bits(x)), t)
	VMOVQ(t, y.AsX())
	VBROADCASTSD(y.AsX(), y)
	return y
}

// Predicates of VCMPPD.
const (
	greater         = 0x1e // false for NaN
	notLessNorEqual = 0x06 // true for NaN
)

// arcs writes portableArcs, step for step, for 4 entries at a time.
func arcs() {
	TEXT("avx2Arcs", NOSPLIT, "func(blocks int, inner []float64, norm float64, norms, sin, kernel []float64, table []float64)")
	Doc("avx2Arcs is portableArcs of 4·blocks entries.")
	gp := func(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }
	blocks, table := Load(Param("blocks"), GP64()), gp("table")
	inner, norms, sins, kernel := gp("inner"), gp("norms"), gp("sin"), gp("kernel")
	norm := YMM()
	VBROADCASTSD(NewParamAddr("norm", 32), norm)
	t := GP64()
	one, half, sign := double(1, t), double(0.5, t), double(math.Copysign(0, -1), t)
	at := 0
	next := func() Mem { // the next number of the table
		at += 8
		return Mem{Base: table, Disp: at - 8}
	}
	Label("block")
	// c = the clamped cosine, 0 where a norm is 0.
	n, c, mask, minus := YMM(), YMM(), YMM(), YMM()
	VMULPD(Mem{Base: norms}, norm, n)
	VMOVUPD(Mem{Base: inner}, c)
	VDIVPD(n, c, c)
	VMINPD(c, one, c) // NaN stays
	VORPD(sign, one, minus)
	VMAXPD(c, minus, c)
	zero := YMM()
	VXORPD(zero, zero, zero)
	VCMPPD(Imm(greater), zero, n, mask)
	VANDPD(mask, c, c)
	// sin = √(1 − c²).
	sin := YMM()
	VMOVAPD(c, sin)
	VFNMADD213PD(one, c, sin)
	VSQRTPD(sin, sin)
	VMOVUPD(sin, Mem{Base: sins})
	// z = (1−|c|)/2 and y = ∓2√z where |c| > 1/2, else c² and c.
	size, big, z, y, square := YMM(), YMM(), YMM(), YMM(), YMM()
	VANDNPD(c, sign, size)
	VCMPPD(Imm(greater), half, size, big)
	VSUBPD(size, one, z)
	VMULPD(half, z, z)
	VSQRTPD(z, y)
	VADDPD(y, y, y)
	VANDPD(sign, c, square) // the sign of −c
	VXORPD(sign, square, square)
	VORPD(square, y, y)
	VMULPD(c, c, square)
	VBLENDVPD(big, z, square, z)
	VBLENDVPD(big, y, c, y)
	p := YMM()
	VBROADCASTSD(next(), p)
	for range 11 {
		q := YMM()
		VBROADCASTSD(next(), q)
		VFMADD213PD(q, z, p)
	}
	// hi + lo is π where c > 1/2, 0 where c < −1/2, else π/2.
	hi, lo, other := YMM(), YMM(), YMM()
	for _, v := range []reg.VecVirtual{hi, lo} {
		VBROADCASTSD(next(), other)
		VBLENDVPD(c, zero, other, other)
		VBROADCASTSD(next(), v)
		VBLENDVPD(big, other, v, v)
	}
	VMULPD(z, y, z)
	VFMADD213PD(lo, z, p) // yz·P + lo
	VADDPD(p, y, p)
	VADDPD(p, hi, p)
	VMOVUPD(p, Mem{Base: inner})
	VFMADD213PD(sin, c, p)
	VMOVUPD(p, Mem{Base: kernel})
	for _, r := range []reg.GPVirtual{inner, norms, sins, kernel} {
		ADDQ(Imm(32), r)
	}
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// masks writes the loops of the ReLU.
func masks() {
	TEXT("avx2ReLU", NOSPLIT, "func(blocks int, x []float64)")
	Doc("avx2ReLU is portableReLU of 4·blocks entries.")
	blocks, x := Load(Param("blocks"), GP64()), Load(Param("x").Base(), GP64()).(reg.GPVirtual)
	zero := YMM()
	VXORPD(zero, zero, zero)
	Label("block")
	v, mask := YMM(), YMM()
	VMOVUPD(Mem{Base: x}, v)
	VCMPPD(Imm(notLessNorEqual), zero, v, mask)
	VANDPD(mask, v, v)
	VMOVUPD(v, Mem{Base: x})
	ADDQ(Imm(32), x)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()

	TEXT("avx2Gate", NOSPLIT, "func(blocks int, h []float64, c float64, sum []float64)")
	Doc("avx2Gate is portableGate of 4·blocks entries.")
	blocks, h := Load(Param("blocks"), GP64()), Load(Param("h").Base(), GP64()).(reg.GPVirtual)
	sum := Load(Param("sum").Base(), GP64()).(reg.GPVirtual)
	c := YMM()
	VBROADCASTSD(NewParamAddr("c", 32), c)
	one := double(1, GP64())
	zero = YMM()
	VXORPD(zero, zero, zero)
	Label("block")
	v, mask = YMM(), YMM()
	VMOVUPD(Mem{Base: h}, v)
	VCMPPD(Imm(notLessNorEqual), zero, v, mask)
	VANDPD(mask, v, v)
	VFMADD213PD(Mem{Base: sum}, c, v)
	VMOVUPD(v, Mem{Base: sum})
	VANDPD(mask, one, mask)
	VMOVUPD(mask, Mem{Base: h})
	ADDQ(Imm(32), h)
	ADDQ(Imm(32), sum)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
