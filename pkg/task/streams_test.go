package task

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// The published outputs of SplitMix64 for two seeds: each is the finaliser of the seed plus a
// multiple of the golden ratio.
func TestMixIsSplitMix64(t *testing.T) {
	const golden = 0x9e3779b97f4a7c15
	for seed, want := range map[uint64][]uint64{
		0:       {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f},
		1234567: {6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821},
	} {
		for i, w := range want {
			if got := mix(seed + uint64(i)*golden); got != w {
				t.Errorf("output %d of the seed %d: %#x, published %#x", i, seed, got, w)
			}
		}
	}
}

// The numbers of a stream never change: records of earlier runs were drawn from them. Both
// halves of the state depend on the seed and on every step of the path.
func TestStreamsStayTheSame(t *testing.T) {
	hi, lo := mix(mix(mix(1)^2)^3), mix(mix(mix(^uint64(1))+2)+3)
	if got, want := Stream(1, 2, 3).Uint64(), rand.NewPCG(hi, lo).Uint64(); got != want {
		t.Errorf("the stream of seed 1 and path 2, 3 begins with %d, before with %d", got, want)
	}
	h := fnv.New64a()
	h.Write([]byte("study"))
	if got, want := Seed(1, "study", 2), Stream(1, h.Sum64(), 2).Uint64(); got != want {
		t.Errorf("the seed of a study is %d, before %d", got, want)
	}
	for name, c := range map[string]struct{ got, want uint64 }{
		"a stream": {Stream(7, 0, 1).Uint64(), 3001387748800694102}, "a seed": {Seed(7, "relu", 1), 3486140649419480023},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d, in earlier versions %d", name, c.got, c.want)
		}
	}
}

// Streams of neighbouring seeds, paths and studies are independent: their first numbers have
// no correlation, within its own error of 1/√n.
func TestNeighboursAreIndependent(t *testing.T) {
	const n = 20000
	first := func(of func(i uint64) *rand.Rand) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = of(uint64(i)).NormFloat64()
		}
		return out
	}
	base := first(func(i uint64) *rand.Rand { return Stream(1, i) })
	for name, other := range map[string]func(i uint64) *rand.Rand{
		"the next trial":  func(i uint64) *rand.Rand { return Stream(1, i+1) },
		"the next seed":   func(i uint64) *rand.Rand { return Stream(2, i) },
		"seed and path":   func(i uint64) *rand.Rand { return Stream(i, 1) },
		"a deeper path":   func(i uint64) *rand.Rand { return Stream(1, i, 0) },
		"the empty path":  func(i uint64) *rand.Rand { return Stream(i) },
		"a study's seed":  func(i uint64) *rand.Rand { return Stream(Seed(1, "a", i)) },
		"another study's": func(i uint64) *rand.Rand { return Stream(Seed(i, "b")) },
	} {
		if z := stat.Correlation(base, first(other), nil) * math.Sqrt(n); math.Abs(z) > 4 {
			t.Errorf("%s: the correlation has z = %.2f", name, z)
		}
	}
}
