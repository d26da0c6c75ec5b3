package score

import (
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The cost of each score at 400 rows of 128 features.
func BenchmarkScores(b *testing.B) {
	features, other := gaussian(400, 128, 1), gaussian(400, 128, 2)
	labels := mat.Col(nil, 0, gaussian(400, 1, 3))
	classes, err := Bins(labels, 2)
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range calls(features, labels, classes, other) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
