package divergence

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Transport returns the exact optimal-transport distance between two samples of
// the same size, rows of a and b, with the ground metric ‖v − w‖_p for p = 1 or 2:
// the least mean distance over all pairings. As an estimate of the Wasserstein-1
// distance of the two laws it is far too large in high dimension, where two
// samples of one law are far apart.
func Transport(a, b *mat.Dense, p float64) (float64, error) {
	n, d := a.Dims()
	m, e := b.Dims()
	switch {
	case n != m || d != e:
		return 0, fmt.Errorf("divergence: samples of %d×%d and %d×%d: they must have the same size", n, d, m, e)
	case p != 1 && p != 2:
		return 0, fmt.Errorf("divergence: p = %v: the ground metric is of p = 1 or 2", p)
	}
	cost := mat.NewDense(n, n, nil)
	for i := range n {
		row := cost.RawRowView(i)
		for j := range row {
			row[j] = floats.Distance(a.RawRowView(i), b.RawRowView(j), p)
		}
	}
	sum := 0.0
	for i, j := range assign(cost) {
		sum += cost.At(i, j)
	}
	return sum / float64(n), nil
}

// assign returns the column of each row in the pairing of least total cost, by
// shortest augmenting paths with potentials (Jonker and Volgenant 1987), in O(n³).
func assign(cost *mat.Dense) []int {
	n, _ := cost.Dims()
	u, v := make([]float64, n), make([]float64, n) // potentials of rows and columns
	rowOf, colOf := make([]int, n), make([]int, n)
	for i := range n {
		rowOf[i], colOf[i] = -1, -1
	}
	shortest, via, done := make([]float64, n), make([]int, n), make([]bool, n)
	for start := range n {
		// Dijkstra from the free row to the nearest free column.
		for j := range n {
			shortest[j], done[j] = math.Inf(1), false
		}
		i, length, sink := start, 0.0, -1
		for sink < 0 {
			row := cost.RawRowView(i)
			next := -1
			for j := range n {
				if done[j] {
					continue
				}
				if r := length + row[j] - u[i] - v[j]; r < shortest[j] {
					shortest[j], via[j] = r, i
				}
				if next < 0 || shortest[j] < shortest[next] {
					next = j
				}
			}
			length, done[next] = shortest[next], true
			if rowOf[next] < 0 {
				sink = next
			} else {
				i = rowOf[next]
			}
		}
		u[start] += length
		for j := range n {
			if done[j] && j != sink {
				u[rowOf[j]] += length - shortest[j]
				v[j] -= length - shortest[j]
			}
		}
		for j := sink; ; {
			i := via[j]
			rowOf[j] = i
			j, colOf[i] = colOf[i], j
			if i == start {
				break
			}
		}
	}
	return colOf
}
