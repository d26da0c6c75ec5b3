package theory

import (
	"math"
	"math/rand/v2"
)

// mat3 is a matrix of at most 3×3 on the stack. gonum's matrices live on the
// heap, which a draw that is repeated 10⁶ times cannot afford.
type mat3 [3][3]float64

// gaussianFactor returns R with RᵀR distributed as GᵀG, G a k×3 matrix of
// independent standard normals: Bartlett's upper-triangular factor for k ≥ 3,
// G itself for k < 3.
func gaussianFactor(rng *rand.Rand, k int) (r mat3) {
	for i := range min(k, 3) {
		j := 0
		if k >= 3 {
			r[i][i] = math.Sqrt(chiSquared(rng, k-i))
			j = i + 1
		}
		for ; j < 3; j++ {
			r[i][j] = rng.NormFloat64()
		}
	}
	return r
}

// gram returns rᵀr.
func gram(r mat3) (g mat3) {
	for i := range 3 {
		for j := range 3 {
			g[i][j] = dot(r, r, i, j)
		}
	}
	return g
}

// cholesky returns L with LLᵀ = s for the leading m×m block.
func cholesky(s mat3, m int) (l mat3) {
	for j := range m {
		for i := j; i < m; i++ {
			v := s[i][j]
			for k := range j {
				v -= l[i][k] * l[j][k]
			}
			if i == j {
				l[j][j] = math.Sqrt(v)
			} else {
				l[i][j] = v / l[j][j]
			}
		}
	}
	return l
}

// solveLower returns l⁻¹b for a lower-triangular m×m block l.
func solveLower(l, b mat3, m int) (x mat3) {
	for i := range m {
		for j := range 3 {
			v := b[i][j]
			for k := range i {
				v -= l[i][k] * x[k][j]
			}
			x[i][j] = v / l[i][i]
		}
	}
	return x
}

func transpose(a mat3) (t mat3) {
	for i := range 3 {
		for j := range 3 {
			t[i][j] = a[j][i]
		}
	}
	return t
}

func mul(a, b mat3) (c mat3) {
	for i := range 3 {
		for j := range 3 {
			c[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j] + a[i][2]*b[2][j]
		}
	}
	return c
}

// dot is column i of a times column j of b.
func dot(a, b mat3, i, j int) float64 {
	return a[0][i]*b[0][j] + a[1][i]*b[1][j] + a[2][i]*b[2][j]
}
