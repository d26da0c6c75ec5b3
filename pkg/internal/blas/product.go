package blas

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Blocks: a strip of B, blockK×columns, stays in the first cache, and a block of A, blockM×blockK,
// in the second.
const (
	blockM = 96
	blockK = 256
	blockN = 1008
)

// tileFunc adds to C the products of panels of A, each `rows` rows by k, with a k×columns
// strip of B. Element (i, l) of a panel is a[i·ar + l·ac], and the next panel is ap further;
// rows of B and C are br and cr apart. Without load, C is taken to be 0.
type tileFunc func(panels, k int, a []float64, ap, ar, ac int, b []float64, br int, c []float64, cr int, load bool)

// kernel is the inner loop for one set of instructions.
type kernel struct {
	name          string
	rows, columns int
	lanes         int
	tile          [][]tileFunc // of 1+i rows and lanes·(1+j) columns
	// transpose copies 4 rows of 4·blocks entries, sr apart, to rows of 4, dr apart.
	transpose func(blocks int, src []float64, sr int, dst []float64, dr int)
	arcs      func(blocks int, inner []float64, norm float64, norms, sin, kernel []float64, table []float64)
	relu      func(blocks int, x []float64)
	gate      func(blocks int, h []float64, c float64, sum []float64)
}

// buffers are what a product packs its operands into.
type buffers struct {
	a, b []float64
	tile [8 * 24]float64
}

var pool = sync.Pool{New: func() any { return new(buffers) }}

func grown(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// block does rows [i0, i1) and columns [j0, j1) of C on one core.
func (p *product) block(kr *kernel, i0, i1, j0, j1 int) {
	switch p.triangle {
	case blas.Lower:
		j1 = min(j1, i1)
	case blas.Upper:
		j0 = max(j0, i0/kr.columns*kr.columns)
	}
	if i0 >= i1 || j0 >= j1 {
		return
	}
	buf := pool.Get().(*buffers)
	defer pool.Put(buf)
	for jc := j0; jc < j1; jc += blockN {
		nb := min(blockN, j1-jc)
		// What is used by few rows is not copied, and neither is what is used by few columns.
		packB := p.b.col != 1 || p.alpha != 1 || nb%kr.lanes != 0 || i1-i0 > 6*kr.rows
		packA := nb > 8*kr.columns
		for kc := 0; kc < p.k; kc += blockK {
			kb := min(blockK, p.k-kc)
			s := strips{p: p, kernel: kr, k: kb, load: p.add || kc > 0, tile: buf.tile[:]}
			b := view{p.b.data[kc*p.b.row+jc*p.b.col:], p.b.row, p.b.col}
			if packB {
				strips := (nb + kr.columns - 1) / kr.columns
				buf.b = grown(buf.b, strips*kr.columns*kb)
				kr.pack(buf.b, kr.columns, view{b.data, b.col, b.row}, nb, kb)
				if p.alpha != 1 {
					gonum.Implementation{}.Dscal(len(buf.b), p.alpha, buf.b, 1)
				}
				s.b, s.br, s.bp = buf.b, kr.columns, kr.columns*kb
			} else {
				s.b, s.br, s.bp = b.data, b.row, kr.columns
			}
			for ic := i0; ic < i1; ic += blockM {
				mb := min(blockM, i1-ic)
				a := view{p.a.data[ic*p.a.row+kc*p.a.col:], p.a.row, p.a.col}
				if packA {
					panels := (mb + kr.rows - 1) / kr.rows
					buf.a = grown(buf.a, panels*kr.rows*kb)
					kr.pack(buf.a, kr.rows, a, mb, kb)
					s.a, s.ar, s.ac, s.ap = buf.a, 1, kr.rows, kr.rows*kb
				} else {
					s.a, s.ar, s.ac, s.ap = a.data, a.row, a.col, kr.rows*a.row
				}
				for j := 0; j < nb; j += kr.columns {
					s.strip(ic, mb, jc+j, min(kr.columns, nb-j), s.b[j/kr.columns*s.bp:])
				}
			}
		}
	}
}

// pack copies the n×k matrix v to panels of `width` rows, each stored by columns. A last panel
// of fewer rows is filled with 0.
func (kr *kernel) pack(dst []float64, width int, v view, n, k int) {
	for i := 0; i < n; i += width {
		panel, h := dst[i*k:i*k+width*k], min(width, n-i)
		src := v.data[i*v.row:]
		if h < width {
			clear(panel)
		}
		if v.row == 1 {
			for l := range k {
				copy(panel[l*width:l*width+h], src[l*v.col:l*v.col+h])
			}
			continue
		}
		r := 0
		if blocks := k / 4; v.col == 1 && blocks > 0 && kr.transpose != nil {
			for ; r+4 <= h; r += 4 {
				kr.transpose(blocks, src[r*v.row:], v.row, panel[r:], width)
				for s := r; s < r+4; s++ {
					for l := 4 * blocks; l < k; l++ {
						panel[l*width+s] = src[s*v.row+l]
					}
				}
			}
		}
		for ; r < h; r++ {
			for l := range k {
				panel[l*width+r] = src[r*v.row+l*v.col]
			}
		}
	}
}

// strips holds what the strips of one block have in common.
type strips struct {
	p          *product
	kernel     *kernel
	k          int
	a          []float64
	ap, ar, ac int
	b          []float64
	br, bp     int
	load       bool
	tile       []float64
}

// strip does rows [i, i+h) and columns [j, j+w) of C, w at most the columns of a tile.
func (s *strips) strip(i, h, j, w int, b []float64) {
	kr, p := s.kernel, s.p
	vectors := (w + kr.lanes - 1) / kr.lanes
	full := w == vectors*kr.lanes
	for r := 0; r < h; {
		rows := min(kr.rows, h-r)
		in := p.inside(i+r, rows, j, w)
		a := s.a[r/kr.rows*s.ap:]
		switch {
		case in == outside:
			r += rows
		case in == whole && full:
			panels := 1
			for next := r + rows; rows == kr.rows && next+rows <= h && p.inside(i+next, rows, j, w) == whole; next += rows {
				panels++
			}
			kr.tile[rows-1][vectors-1](panels, s.k, a, s.ap, s.ar, s.ac, b, s.br, p.c[(i+r)*p.ldc+j:], p.ldc, s.load)
			r += panels * rows
		default: // what leaves C, or the triangle, goes through a tile of its own
			for t := range rows {
				if from, to := p.columns(i+r+t, j, w); s.load && from < to {
					copy(s.tile[t*kr.columns+from-j:], p.c[(i+r+t)*p.ldc+from:(i+r+t)*p.ldc+to])
				}
			}
			kr.tile[rows-1][vectors-1](1, s.k, a, s.ap, s.ar, s.ac, b, s.br, s.tile, kr.columns, s.load)
			for t := range rows {
				if from, to := p.columns(i+r+t, j, w); from < to {
					copy(p.c[(i+r+t)*p.ldc+from:(i+r+t)*p.ldc+to], s.tile[t*kr.columns+from-j:])
				}
			}
			r += rows
		}
	}
}

// columns returns those of row i from j to j+w that the product has.
func (p *product) columns(i, j, w int) (from, to int) {
	switch p.triangle {
	case blas.Lower:
		return j, min(j+w, i+1)
	case blas.Upper:
		return max(i, j), j + w
	}
	return j, j + w
}

const (
	whole = iota
	crossed
	outside
)

// inside says whether a tile is in the triangle of the product.
func (p *product) inside(i, rows, j, w int) int {
	if p.triangle == blas.Upper {
		i, rows, j, w = j, w, i, rows
	}
	switch {
	case p.triangle == 0 || j+w-1 <= i:
		return whole
	case j > i+rows-1:
		return outside
	}
	return crossed
}
