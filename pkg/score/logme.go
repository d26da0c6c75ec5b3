package score

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// LogME is the log of the maximum evidence of the labels per row (You, Liu, Wang and Long,
// "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021):
//
//	max over α, β > 0 of (1/n) log ∫ N(y; Fw, 1/β) N(w; 0, 1/α) dw,
//
// F the n×k features and y the n labels, neither centred nor scaled: the model has no
// intercept, and the value depends on the unit of the labels. Higher is better; between
// feature maps of the same rows only.
//
// With λ = α/β and the singular values s and left vectors u of F, the best β is known, and
// the evidence is −½[log 2πv(λ) + 1 + Σ log(1 + s²/λ)/n] with
// nv(λ) = ‖y‖² − Σ (uᵀy)²·s²/(s² + λ). This function finds the maximum over λ, where the
// authors' code (thuml/LogME) iterates a fixed point in α and β, at most 11 times and with
// 10⁻⁵ added to two denominators. Where labels and features are unrelated the maximum is at
// λ = ∞, and its limit is returned.
//
// It is an error if the labels are all equal, or a linear function of fewer than n features
// without error, whose evidence is infinite.
func LogME(features *mat.Dense, labels []float64) (float64, error) {
	if err := finite("labels", labels); err != nil {
		return 0, err
	}
	if err := varied(features, len(labels), "labels"); err != nil {
		return 0, err
	}
	return evidence(features, [][]float64{labels})
}

// LogMEClasses is the mean of [LogME] over the classes, the labels of a class being 1 in it
// and 0 outside, as in the authors' code. Classes without a row do not count.
func LogMEClasses(features *mat.Dense, classes []int) (float64, error) {
	of, err := labelled(features, classes)
	if err != nil {
		return 0, err
	}
	var labels [][]float64
	for _, members := range of {
		y := make([]float64, len(classes))
		for _, i := range members {
			y[i] = 1
		}
		labels = append(labels, y)
	}
	return evidence(features, labels)
}

// evidence returns the mean of the log of the maximum evidence per row over several labels.
func evidence(features *mat.Dense, labels [][]float64) (float64, error) {
	s, u, err := decompose(features)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, y := range labels {
		v, err := maxEvidence(s, u, y)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum / float64(len(labels)), nil
}

func maxEvidence(s []float64, u *mat.Dense, y []float64) (float64, error) {
	const exact = 1e-12 // of a norm: what rounding leaves of an exact fit
	n := float64(len(y))
	if floats.Max(y) == floats.Min(y) {
		return 0, fmt.Errorf("score: labels: all are %v: equal labels have no evidence", y[0])
	}
	unit := floats.Norm(y, math.Inf(1))
	y = slices.Clone(y)
	for i := range y {
		y[i] /= unit
	}
	inside := mat.NewVecDense(len(s), nil)
	inside.MulVec(u.T(), mat.NewVecDense(len(y), y))
	rest := mat.NewVecDense(len(y), nil)
	rest.MulVec(u, inside)
	rest.SubVec(mat.NewVecDense(len(y), y), rest)
	outside := mat.Dot(rest, rest)
	switch {
	case len(s) == len(y):
		outside = 0
	case math.Sqrt(outside) <= exact*floats.Norm(y, 2):
		return 0, fmt.Errorf("score: labels: they are a linear function of the features without error, and their evidence is infinite")
	}
	// In units of the largest s², l = log λ.
	at := func(l float64) float64 {
		v, logs := outside, 0.0
		for i, x := range inside.RawVector().Data {
			r := s[i] / s[0]
			keep := 1 / (1 + r*r*math.Exp(-l))
			v += x * x * keep
			logs -= math.Log(keep)
		}
		return -0.5 * (math.Log(2*math.Pi*v/n) + 1 + logs/n)
	}
	// The evidence can have several maxima, and two can be almost equal: golden section around
	// each of a grid. Beyond both ends it does not change: the least s² kept is above e⁻⁷¹ of
	// the largest.
	const from, to, step = -75.0, 50.0, 0.25
	most := math.Inf(-1)
	before, here := math.Inf(-1), at(from)
	for l := from; l <= to; l += step {
		after := at(l + step)
		if here >= before && here >= after {
			most = math.Max(most, math.Max(here, golden(at, l-step, l+step)))
		}
		before, here = here, after
	}
	return most - math.Log(unit), nil
}

// golden returns the maximum of a function with one maximum between two places.
func golden(at func(float64) float64, lo, hi float64) float64 {
	const ratio = 0.6180339887498949
	for range 60 {
		a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
		if at(a) < at(b) {
			lo = a
		} else {
			hi = b
		}
	}
	return at((lo + hi) / 2)
}
