// Package score holds the scores of transferability that are in use beside the diagnosis of
// pkg/diagnose: [LogME], [HScore], [NLEEP] and [TransRate] of features with the labels of a
// target, and the distances [MMD], [Frechet] and [SlicedWasserstein] between a sample of the
// source and one of the target. [All] says what each can and cannot tell.
//
//	evidence, err := score.LogME(features, labels) // higher ranks first
//	classes, err := score.Bins(labels, 4)
//	h, err := score.HScore(features, classes)
//
// Features are N×k matrices with one row an example. H-score, N-LEEP and TransRate are
// defined for classes only: [Bins] cuts real labels into classes at their quantiles. A
// function returns an error, and no number, for matrices and labels of different lengths,
// entries that are not finite, constant features, a single class, and a class of one row. A
// few hundred rows are meant: time grows as N·k·min(N, k). Of larger data draw some.
package score

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Score describes a score: its source, and in one sentence what it can and cannot say.
type Score struct{ Name, Cites, Says string }

// All describes the scores of this package. A score ranks feature maps; none says whether to
// transfer, nor up to how many labels. The distances see no labels.
var All = []Score{
	{"LogME", "You, Liu, Wang and Long 2021",
		"Ranks features by the evidence of a Bayesian linear model of the labels at these rows; it has no training from scratch to compare with, so no value of it says whether to transfer."},
	{"H-score", "Bao, Li, Huang, Zhang, Zheng, Zamir and Guibas 2019",
		"Ranks features by the share of their variance that lies between classes; it grows with the number of features, and with as many as there are rows it is the number of classes less one for any labels."},
	{"N-LEEP", "Li, Jia, Sang, Zhu, Green, Wang and Gong 2021",
		"Ranks features by how well a Gaussian mixture of them predicts the classes of the same rows; few rows for each component overfit, and the start of the mixture moves it."},
	{"TransRate", "Huang, Huang, Rong, Yang and Wei 2022",
		"Ranks features by the length of code that knowing the class saves; it counts every direction of the features alike, depends on the precision of the code, and is blind to two classes that mirror each other."},
	{"MMD", "Gretton, Borgwardt, Rasch, Schölkopf and Smola 2012",
		"Tells how far the two samples are apart for a kernel of one bandwidth; it sees no labels, so it cannot say whether what differs matters to the target."},
	{"Fréchet", "Dowson and Landau 1982; Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter 2017",
		"Tells how far the means and covariances of the two samples are apart; it sees no labels, grows with the unit of the features, and is too large where rows are few."},
	{"Sliced Wasserstein-1", "Rabin, Peyré, Delon and Bernot 2012; Bonneel, Rabin, Peyré and Pfister 2015",
		"Tells how far the two samples are apart along random directions; it sees no labels, and a difference in few directions of many hardly moves it."},
}

// Bins cuts real labels into classes 0, 1, … at their quantiles, so that the classes are
// equally large up to one row. Equal labels stay in one class, so ties make classes of
// different sizes. Labels with at most this many distinct values get a class for each value.
// It is an error if bins < 2, or if ties leave fewer classes than bins or a class of one row.
func Bins(labels []float64, bins int) ([]int, error) {
	if err := finite("labels", labels); err != nil {
		return nil, err
	}
	n := len(labels)
	if bins < 2 || bins > n/2 {
		return nil, fmt.Errorf("score: bins = %d: it must be from 2 to %d, half of the labels", bins, n/2)
	}
	sorted := slices.Clone(labels)
	slices.Sort(sorted)
	cuts := slices.Compact(slices.Clone(sorted)) // the least label of each class
	if len(cuts) > bins {
		cuts = []float64{sorted[0]}
		for j := 1; j < bins; j++ {
			at := j * n / bins
			lo, _ := slices.BinarySearch(sorted, sorted[at])
			hi := lo
			for hi < n && sorted[hi] == sorted[at] {
				hi++
			}
			if (lo == 0 || at-lo > hi-at) && hi < n { // the nearer end of a run of equal labels
				lo = hi
			}
			cuts = append(cuts, sorted[lo])
		}
		if cuts = slices.Compact(cuts); len(cuts) < bins {
			return nil, fmt.Errorf("score: bins = %d: the labels have too many equal values; they cut into %d classes", bins, len(cuts))
		}
	}
	classes := make([]int, n)
	for i, y := range labels {
		at, found := slices.BinarySearch(cuts, y)
		if !found {
			at--
		}
		classes[i] = at
	}
	_, err := groups(classes, n)
	return classes, err
}

func finite(name string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("score: %s: number %d is %v: it must be finite", name, i, v)
		}
	}
	return nil
}

// matrix checks a matrix of at least 2 rows. Squares and sums of its entries must not overflow.
func matrix(name string, m *mat.Dense) error {
	const largest = 1e100
	if m == nil || m.IsEmpty() {
		return fmt.Errorf("score: %s: the matrix is missing", name)
	}
	n, k := m.Dims()
	if n < 2 {
		return fmt.Errorf("score: %s has %d row: at least 2 are needed", name, n)
	}
	for i := range n {
		for j, v := range m.RawRowView(i) {
			if !(math.Abs(v) <= largest) {
				return fmt.Errorf("score: %s: row %d, column %d of %d is %v: it must be a number of at most %g", name, i, j, k, v, largest)
			}
		}
	}
	return nil
}

// varied checks features and that they are not constant.
func varied(features *mat.Dense, rows int, of string) error {
	if err := matrix("features", features); err != nil {
		return err
	}
	n, _ := features.Dims()
	if n != rows {
		return fmt.Errorf("score: features has %d rows, %s has %d", n, of, rows)
	}
	first := features.RawRowView(0)
	for i := range n {
		if !slices.Equal(first, features.RawRowView(i)) {
			return nil
		}
	}
	return fmt.Errorf("score: features: all %d rows are equal: constant features carry no score", n)
}

// groups returns the rows of each class, in the order of the classes.
func groups(classes []int, rows int) ([][]int, error) {
	of := map[int][]int{}
	for i, c := range classes {
		of[c] = append(of[c], i)
	}
	names := make([]int, 0, len(of))
	for c, members := range of {
		if len(members) < 2 {
			return nil, fmt.Errorf("score: classes: class %d has one row of %d: each class needs at least 2", c, rows)
		}
		names = append(names, c)
	}
	if len(names) < 2 {
		return nil, fmt.Errorf("score: classes: %d class in %d rows: at least 2 are needed", len(names), rows)
	}
	slices.Sort(names)
	out := make([][]int, len(names))
	for i, c := range names {
		out[i] = of[c]
	}
	return out, nil
}

// labelled checks features with classes and returns the rows of each class.
func labelled(features *mat.Dense, classes []int) ([][]int, error) {
	if err := varied(features, len(classes), "classes"); err != nil {
		return nil, err
	}
	return groups(classes, len(classes))
}

// centred returns a copy with columns of mean 0.
func centred(m *mat.Dense) *mat.Dense {
	n, k := m.Dims()
	mean := means(m)
	out := mat.NewDense(n, k, nil)
	out.Apply(func(_, j int, v float64) float64 { return v - mean[j] }, m)
	return out
}

// means returns the means of the columns. That of a constant column is exact, so that no
// direction is left of it.
func means(m *mat.Dense) []float64 {
	n, _ := m.Dims()
	out := mat.Row(nil, 0, m)
	for j := range out {
		first, sum := out[j], 0.0
		for i := range n {
			sum += m.At(i, j) - first
		}
		out[j] += sum / float64(n)
	}
	return out
}

var errSVD = errors.New("score: the singular values of a matrix did not converge")

// decompose returns the singular values above rounding and their left singular vectors.
func decompose(m *mat.Dense) ([]float64, *mat.Dense, error) {
	const epsilon = 0x1p-52
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDThinU) {
		return nil, nil, errSVD
	}
	n, k := m.Dims()
	values := svd.Values(nil)
	rank := 0
	for rank < len(values) && values[rank] > epsilon*float64(max(n, k))*values[0] {
		rank++
	}
	if rank == 0 { // no entry is above 0
		return nil, nil, errSVD
	}
	var u mat.Dense
	svd.UTo(&u)
	return values[:rank], u.Slice(0, n, 0, rank).(*mat.Dense), nil
}
