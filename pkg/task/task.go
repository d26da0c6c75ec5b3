// Package task holds a source task and a target task at a known angle, the
// Gaussian data drawn from them, and the random streams that all other packages
// draw from.
//
//	pair, err := task.NewPair(100, math.Pi/3, 0.2, task.Stream(1))
//	data, err := pair.Draw(40, task.Stream(2)) // 40 points of the target
//	risk := pair.Risk(pair.Source)             // 1: ‖βs − βt‖² at 60°
//
// A [Space] is the span of features of any kind, and says how much of a target lies
// outside it.
package task

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Pair is a source and a target regression task in D dimensions: y = βᵀx + ε
// with x ~ N(0, I) and ε ~ N(0, Sigma²). Source (βs) and Target (βt) are unit
// vectors of length D with overlap βs·βt = cos θ. The columns of Sources (D×k) are the
// source tasks, unit vectors: βs alone, or several, and then Source is the direction in
// their span that is closest to the target. Outside is the unit vector, orthogonal to all
// sources, for which βt = cos θ·βs + sin θ·Outside.
type Pair struct {
	D                       int
	Theta, Sigma            float64
	Source, Target, Outside []float64
	Sources                 *mat.Dense
}

// NewPair draws a pair at the angle theta (radians) in a uniformly random
// plane. It needs d ≥ 2, theta finite, sigma finite and ≥ 0.
func NewPair(d int, theta, sigma float64, rng *rand.Rand) (Pair, error) {
	return NewFamily(d, 1, theta, sigma, rng)
}

// NewFamily draws k source tasks in random directions and a target at the angle
// theta (radians) to the space they span. It needs 1 ≤ k < d, theta finite,
// sigma finite and ≥ 0.
func NewFamily(d, k int, theta, sigma float64, rng *rand.Rand) (Pair, error) {
	switch {
	case d < 2:
		return Pair{}, fmt.Errorf("task: d = %d: two tasks at an angle need at least 2 dimensions", d)
	case k < 1 || k >= d:
		return Pair{}, fmt.Errorf("task: k = %d: the number of source tasks lies between 1 and d − 1 = %d", k, d-1)
	}
	p := Pair{D: d, Source: make([]float64, d), Outside: unit(normals(d, rng)), Sources: mat.NewDense(d, k, nil)}
	for j := range k {
		source := normals(d, rng)
		floats.AddScaled(source, -floats.Dot(source, p.Outside), p.Outside)
		p.Sources.SetCol(j, unit(source))
		weight := 1.0
		if k > 1 {
			weight = rng.NormFloat64()
		}
		floats.AddScaled(p.Source, weight, source)
	}
	unit(p.Source)
	return p.At(theta, sigma)
}

// At returns the pair with the target turned to the angle theta (radians) in the
// same plane, and its label noise set to sigma. It needs theta finite, sigma finite
// and ≥ 0.
func (p Pair) At(theta, sigma float64) (Pair, error) {
	switch {
	case math.IsNaN(theta) || math.IsInf(theta, 0):
		return Pair{}, fmt.Errorf("task: theta = %v: the angle must be a finite number of radians", theta)
	case !(sigma >= 0) || math.IsInf(sigma, 0):
		return Pair{}, fmt.Errorf("task: sigma = %v: the noise level must be a finite number, 0 or above", sigma)
	}
	p.Theta, p.Sigma, p.Target = theta, sigma, make([]float64, p.D)
	floats.AddScaled(p.Target, math.Cos(theta), p.Source)
	floats.AddScaled(p.Target, math.Sin(theta), p.Outside)
	return p, nil
}

func unit(v []float64) []float64 {
	floats.Scale(1/floats.Norm(v, 2), v)
	return v
}

// Overlap returns βs·βt = cos θ.
func (p Pair) Overlap() float64 { return floats.Dot(p.Source, p.Target) }

// Risk returns ‖beta − βt‖², the excess risk of the predictor x ↦ betaᵀx on
// the target task.
func (p Pair) Risk(beta []float64) float64 {
	r := floats.Distance(beta, p.Target, 2)
	return r * r
}

// Data is a sample of a task: X is n×d, Y has length n.
type Data struct {
	X *mat.Dense
	Y []float64
}

// Draw returns n points of the target task; a longer draw from the same stream begins
// with the shorter one.
func (p Pair) Draw(n int, rng *rand.Rand) (Data, error) { return draw(p.Target, p.Sigma, n, rng) }

// DrawSource returns n points of the source task with label noise sigma.
func (p Pair) DrawSource(n int, sigma float64, rng *rand.Rand) (Data, error) {
	return draw(p.Source, sigma, n, rng)
}

func draw(beta []float64, sigma float64, n int, rng *rand.Rand) (Data, error) {
	switch {
	case n < 1:
		return Data{}, fmt.Errorf("task: n = %d: the number of points must be at least 1", n)
	case !(sigma >= 0) || math.IsInf(sigma, 0):
		return Data{}, fmt.Errorf("task: sigma = %v: the noise level must be a finite number, 0 or above", sigma)
	}
	x, noise := Sample(n, len(beta), rng)
	y := make([]float64, n)
	floats.AddScaledTo(y, mulVec(x, beta), sigma, noise)
	return Data{X: x, Y: y}, nil
}

func mulVec(x *mat.Dense, beta []float64) []float64 {
	var y mat.VecDense
	y.MulVec(x, mat.NewVecDense(len(beta), beta))
	return y.RawVector().Data
}

// Sample returns n points x ~ N(0, I_d), the rows of an n×d matrix, and a noise of
// variance 1 for each. It draws point by point: a longer sample from the same stream
// begins with the shorter one.
func Sample(n, d int, rng *rand.Rand) (x *mat.Dense, noise []float64) {
	points := make([]float64, n*d)
	noise = make([]float64, n)
	for i := range n {
		for j := range d {
			points[i*d+j] = rng.NormFloat64()
		}
		noise[i] = rng.NormFloat64()
	}
	return mat.NewDense(n, d, points), noise
}

// Normal returns n points x ~ N(0, I_d), the rows of an n×d matrix.
func Normal(n, d int, rng *rand.Rand) *mat.Dense { return mat.NewDense(n, d, normals(n*d, rng)) }

func normals(n int, rng *rand.Rand) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64()
	}
	return out
}

// Stream returns the random stream that belongs to seed and path. Different
// paths give independent streams, so work that is split by path gives the same
// numbers in any order and on any number of cores.
func Stream(seed uint64, path ...uint64) *rand.Rand {
	hi, lo := mix(seed), mix(^seed)
	for _, p := range path {
		hi = mix(hi ^ p)
		lo = mix(lo + p)
	}
	return rand.New(rand.NewPCG(hi, lo))
}

// Seed derives a seed from another one, the name of a study and a path in it, for
// functions that take a seed and not a stream. Different arguments give independent
// seeds. The seed + 1 would not be one: its trial k is trial k + 1 of seed.
func Seed(seed uint64, study string, path ...uint64) uint64 {
	h := fnv.New64a()
	h.Write([]byte(study)) // does not fail
	return Stream(seed, append([]uint64{h.Sum64()}, path...)...).Uint64()
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
