package blas

import "math"

// table are the numbers of Arcs: asin s = s + s³P(s²) for s ≤ 1/2, with P the polynomial of
// degree 11 of the smallest relative error, 1.6·10⁻¹⁷, highest power first (by Remez), then π,
// π/2, and what their roundings leave.
var table = [...]float64{
	0.03174867474964242, -0.015970931202077775, 0.019356009526512584, 0.0065955613696774785,
	0.012152305385430164, 0.013888046769899005, 0.01735939044061139, 0.02237178140994688,
	0.03038195802341137, 0.04464285686006806, 0.07500000000289848, 0.16666666666665672,
	math.Pi, math.Pi / 2, 0x1.1a62633145c07p-53, 0x1.1a62633145c07p-54,
}

// Arcs computes a row of an arc-cosine kernel. For each inner product of two vectors, of the
// norms `norm` and norms[j], φ the angle between them, it writes π−φ in place of the inner
// product, sin φ, and kernel = sin φ + (π−φ) cos φ. For a zero vector φ is π/2. The relative
// error of π−φ and of sin φ as functions of the quotient is at most 3·10⁻¹⁶.
func Arcs(inner []float64, norm float64, norms, sin, kernel []float64) {
	done := 0
	if active.arcs != nil {
		if blocks := len(inner) / 4; blocks > 0 {
			active.arcs(blocks, inner, norm, norms, sin, kernel, table[:])
			done = 4 * blocks
		}
		if rest := len(inner) - done; rest > 0 {
			var in, n, s, k [4]float64
			copy(in[:], inner[done:])
			copy(n[:], norms[done:])
			active.arcs(1, in[:], norm, n[:], s[:], k[:], table[:])
			copy(inner[done:], in[:rest])
			copy(sin[done:], s[:rest])
			copy(kernel[done:], k[:rest])
		}
		return
	}
	portableArcs(inner, norm, norms, sin, kernel)
}

func portableArcs(inner []float64, norm float64, norms, sin, kernel []float64) {
	for j, p := range inner {
		c := 0.0
		if n := norm * norms[j]; n > 0 {
			c = p / n
			if c > 1 {
				c = 1
			}
			if c < -1 {
				c = -1
			}
		}
		s := math.Sqrt(math.FMA(-c, c, 1))
		// π−φ is π/2 + asin c, and from half the angle where that is more accurate.
		y, z, hi, lo := c, c*c, table[13], table[15]
		if math.Abs(c) > 0.5 {
			z = (1 - math.Abs(c)) * 0.5
			y, hi, lo = math.Copysign(2*math.Sqrt(z), -c), 0, 0
			if c > 0 {
				hi, lo = table[12], table[14]
			}
		}
		q := table[0]
		for _, a := range table[1:12] {
			q = math.FMA(q, z, a)
		}
		// The parentheses and conversions keep a compiler from fusing more.
		t := hi + (y + math.FMA(q, float64(y*z), lo))
		inner[j], sin[j], kernel[j] = t, s, math.FMA(t, c, s)
	}
}

// ReLU replaces the negative entries of x by 0.
func ReLU(x []float64) {
	done := 0
	if blocks := len(x) / 4; active.relu != nil && blocks > 0 {
		active.relu(blocks, x)
		done = 4 * blocks
	}
	portableReLU(x[done:])
}

func portableReLU(x []float64) {
	for i, v := range x {
		if v <= 0 {
			x[i] = 0
		}
	}
}

// Gate adds c·relu(h[i]) to sum[i] and replaces h[i] by its derivative, 1 where h[i] > 0,
// else 0.
func Gate(h []float64, c float64, sum []float64) {
	done := 0
	if blocks := len(h) / 4; active.gate != nil && blocks > 0 {
		active.gate(blocks, h, c, sum)
		done = 4 * blocks
	}
	portableGate(h[done:], c, sum[done:])
}

func portableGate(h []float64, c float64, sum []float64) {
	for i, v := range h {
		h[i] = 1
		if v <= 0 {
			h[i], v = 0, 0
		}
		sum[i] = math.FMA(c, v, sum[i])
	}
}
