// Package task holds a source task and a target task at a known angle, the
// Gaussian data drawn from them, and the random streams that everything else
// draws from.
package task

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Pair is a source and a target regression task in D dimensions: y = βᵀx + ε
// with x ~ N(0, I) and ε ~ N(0, Sigma²). Source (βs) and Target (βt) are unit
// vectors of length D with overlap βs·βt = cos θ.
type Pair struct {
	D              int
	Theta, Sigma   float64
	Source, Target []float64
}

// NewPair draws a pair at the angle theta (radians) in a uniformly random
// plane. It needs d ≥ 2, theta finite, sigma finite and ≥ 0.
func NewPair(d int, theta, sigma float64, rng *rand.Rand) (Pair, error) {
	switch {
	case d < 2:
		return Pair{}, fmt.Errorf("task: d = %d: the dimension must be at least 2", d)
	case math.IsNaN(theta) || math.IsInf(theta, 0):
		return Pair{}, fmt.Errorf("task: theta = %v: the angle must be a finite number of radians", theta)
	case !(sigma >= 0) || math.IsInf(sigma, 0):
		return Pair{}, fmt.Errorf("task: sigma = %v: the noise level must be a finite number, 0 or above", sigma)
	}
	source, other := normals(d, rng), normals(d, rng)
	floats.Scale(1/floats.Norm(source, 2), source)
	floats.AddScaled(other, -floats.Dot(source, other), source)
	floats.Scale(1/floats.Norm(other, 2), other)
	target := make([]float64, d)
	floats.AddScaled(target, math.Cos(theta), source)
	floats.AddScaled(target, math.Sin(theta), other)
	return Pair{D: d, Theta: theta, Sigma: sigma, Source: source, Target: target}, nil
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

// Draw returns n points of the target task.
func (p Pair) Draw(n int, rng *rand.Rand) (Data, error) {
	if n < 1 {
		return Data{}, fmt.Errorf("task: n = %d: the number of points must be at least 1", n)
	}
	x := mat.NewDense(n, p.D, normals(n*p.D, rng))
	var y mat.VecDense
	y.MulVec(x, mat.NewVecDense(p.D, p.Target))
	for i := range n {
		y.RawVector().Data[i] += p.Sigma * rng.NormFloat64()
	}
	return Data{X: x, Y: y.RawVector().Data}, nil
}

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

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
