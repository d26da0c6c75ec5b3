package blas

import "golang.org/x/sys/cpu"

var (
	avx2 = &kernel{name: "AVX2", rows: 4, columns: 12, lanes: 4, transpose: avx2Transpose, arcs: avx2Arcs, relu: avx2ReLU, gate: avx2Gate, tile: [][]tileFunc{
		{avx2Tile1x1, avx2Tile1x2, avx2Tile1x3},
		{avx2Tile2x1, avx2Tile2x2, avx2Tile2x3},
		{avx2Tile3x1, avx2Tile3x2, avx2Tile3x3},
		{avx2Tile4x1, avx2Tile4x2, avx2Tile4x3},
	}}
	avx512 = &kernel{name: "AVX-512", rows: 8, columns: 24, lanes: 8, transpose: avx2Transpose, arcs: avx2Arcs, relu: avx2ReLU, gate: avx2Gate, tile: [][]tileFunc{
		{avx512Tile1x1, avx512Tile1x2, avx512Tile1x3},
		{avx512Tile2x1, avx512Tile2x2, avx512Tile2x3},
		{avx512Tile3x1, avx512Tile3x2, avx512Tile3x3},
		{avx512Tile4x1, avx512Tile4x2, avx512Tile4x3},
		{avx512Tile5x1, avx512Tile5x2, avx512Tile5x3},
		{avx512Tile6x1, avx512Tile6x2, avx512Tile6x3},
		{avx512Tile7x1, avx512Tile7x2, avx512Tile7x3},
		{avx512Tile8x1, avx512Tile8x2, avx512Tile8x3},
	}}
)

// kernels are those that this machine can use, the fastest last. Package cpu asks the
// processor and the operating system.
var kernels = func() []*kernel {
	out := []*kernel{portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		out = append(out, avx2)
		if cpu.X86.HasAVX512F {
			out = append(out, avx512)
		}
	}
	return out
}()

// active is the kernel that this machine uses.
var active = kernels[len(kernels)-1]
