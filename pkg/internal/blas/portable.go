package blas

import "math"

// portable needs no instructions of its own: math.FMA is one instruction on most machines,
// and slow and right on the others.
var portable = &kernel{name: "portable", rows: 2, columns: 4, lanes: 4, tile: [][]tileFunc{{tile1x4}, {tile2x4}}}

func tile1x4(panels, k int, a []float64, ap, ar, ac int, b []float64, br int, c []float64, cr int, load bool) {
	for p := range panels {
		var s0, s1, s2, s3 float64
		row := c[p*cr : p*cr+4 : p*cr+4]
		if load {
			s0, s1, s2, s3 = row[0], row[1], row[2], row[3]
		}
		for l := range k {
			x, y := a[p*ap+l*ac], b[l*br:l*br+4:l*br+4]
			s0, s1, s2, s3 = math.FMA(x, y[0], s0), math.FMA(x, y[1], s1), math.FMA(x, y[2], s2), math.FMA(x, y[3], s3)
		}
		row[0], row[1], row[2], row[3] = s0, s1, s2, s3
	}
}

func tile2x4(panels, k int, a []float64, ap, ar, ac int, b []float64, br int, c []float64, cr int, load bool) {
	for p := range panels {
		var s0, s1, s2, s3, t0, t1, t2, t3 float64
		top, low := c[2*p*cr:2*p*cr+4:2*p*cr+4], c[(2*p+1)*cr:(2*p+1)*cr+4:(2*p+1)*cr+4]
		if load {
			s0, s1, s2, s3 = top[0], top[1], top[2], top[3]
			t0, t1, t2, t3 = low[0], low[1], low[2], low[3]
		}
		for l := range k {
			x, z, y := a[p*ap+l*ac], a[p*ap+l*ac+ar], b[l*br:l*br+4:l*br+4]
			s0, s1, s2, s3 = math.FMA(x, y[0], s0), math.FMA(x, y[1], s1), math.FMA(x, y[2], s2), math.FMA(x, y[3], s3)
			t0, t1, t2, t3 = math.FMA(z, y[0], t0), math.FMA(z, y[1], t1), math.FMA(z, y[2], t2), math.FMA(z, y[3], t3)
		}
		top[0], top[1], top[2], top[3] = s0, s1, s2, s3
		low[0], low[1], low[2], low[3] = t0, t1, t2, t3
	}
}
