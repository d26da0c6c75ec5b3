package divergence

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Ground is the cost of moving one point to another.
type Ground string

// The ground costs: ‖v − w‖₁ and ‖v − w‖₂, whose optimal transport is the
// Wasserstein-1 distance for that metric, and ‖v − w‖₂², whose optimal transport
// is the square of the Wasserstein-2 distance.
const (
	L1        Ground = "l1"
	L2        Ground = "l2"
	SquaredL2 Ground = "squared l2"
)

// costs returns the cost between every row of a and every row of b.
func costs(a, b *mat.Dense, ground Ground) (*mat.Dense, error) {
	n, d := a.Dims()
	m, e := b.Dims()
	switch {
	case n != m || d != e:
		return nil, fmt.Errorf("divergence: samples of %d×%d and %d×%d: they must have the same size", n, d, m, e)
	case n > maxEntries/n:
		return nil, fmt.Errorf("divergence: n = %d: the cost matrix of a transport has n² entries, at most %d", n, maxEntries)
	case ground != L1 && ground != L2 && ground != SquaredL2:
		return nil, fmt.Errorf("divergence: ground = %q: it is one of %q, %q, %q", ground, L1, L2, SquaredL2)
	}
	cost := mat.NewDense(n, n, nil)
	for i := range n {
		row := cost.RawRowView(i)
		for j := range row {
			x, y := a.RawRowView(i), b.RawRowView(j)
			switch ground {
			case L1:
				row[j] = floats.Distance(x, y, 1)
			case L2:
				row[j] = floats.Distance(x, y, 2)
			default:
				r := floats.Distance(x, y, 2)
				row[j] = r * r
			}
		}
	}
	return cost, nil
}

// Transport returns the exact optimal-transport cost between two samples of the
// same size, the rows of a and b: the least mean cost over all pairings. As an
// estimate of the distance between the two laws it is far too large in high dimension,
// where even two samples of the same law are far apart.
func Transport(a, b *mat.Dense, ground Ground) (float64, error) {
	cost, err := costs(a, b, ground)
	if err != nil {
		return 0, err
	}
	n, _ := cost.Dims()
	sum := 0.0
	for i, j := range assign(cost) {
		sum += cost.At(i, j)
	}
	return sum / float64(n), nil
}

// Entropic returns the cost of the entropy-regularised transport plan, the one that
// minimises its cost minus epsilon (> 0) times the mean of all costs times its entropy,
// by Sinkhorn's iteration. It is never below [Transport] and comes close to it for a small
// epsilon, which takes longer.
func Entropic(a, b *mat.Dense, ground Ground, epsilon float64) (float64, error) {
	const tolerance, most = 1e-6, 100_000
	if !(epsilon > 0) || math.IsInf(epsilon, 0) {
		return 0, fmt.Errorf("divergence: epsilon = %v: the regularisation must be a finite number above 0", epsilon)
	}
	cost, err := costs(a, b, ground)
	if err != nil {
		return 0, err
	}
	n, _ := cost.Dims()
	mean := mat.Sum(cost) / float64(n*n)
	if mean == 0 {
		return 0, nil
	}
	eps := epsilon * mean
	// Potentials f and g of the plan exp((f_i + g_j − c_ij)/ε)/n², in logarithms.
	f, g, work := make([]float64, n), make([]float64, n), make([]float64, n)
	balance := func(dst, other []float64, at func(i, j int) float64) (change float64) {
		for i := range n {
			for j := range n {
				work[j] = (other[j] - at(i, j)) / eps
			}
			next := -eps * (floats.LogSumExp(work) - math.Log(float64(n)))
			change = math.Max(change, math.Abs(next-dst[i]))
			dst[i] = next
		}
		return change
	}
	for range most {
		balance(f, g, cost.At)
		if balance(g, f, func(i, j int) float64 { return cost.At(j, i) }) <= tolerance*eps {
			total := 0.0
			for i := range n {
				for j := range n {
					total += cost.At(i, j) * math.Exp((f[i]+g[j]-cost.At(i, j))/eps)
				}
			}
			return total / float64(n*n), nil
		}
	}
	return 0, fmt.Errorf("divergence: epsilon = %v: Sinkhorn's iteration did not converge in %d rounds; take a larger one", epsilon, most)
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
