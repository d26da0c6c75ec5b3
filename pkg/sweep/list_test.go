package sweep

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// expand returns the indices of a list as sbatch reads it.
func expand(t *testing.T, list string) (out []int) {
	t.Helper()
	for part := range strings.SplitSeq(list, ",") {
		lo, hi, ok := strings.Cut(part, "-")
		if !ok {
			hi = lo
		}
		a, err1 := strconv.Atoi(lo)
		b, err2 := strconv.Atoi(hi)
		if err1 != nil || err2 != nil || a > b {
			t.Fatalf("part %q", part)
		}
		for i := a; i <= b; i++ {
			out = append(out, i)
		}
	}
	return out
}

func TestList(t *testing.T) {
	for want, in := range map[string][]int{"": nil, "3": {3}, "1-3,7,9-10": {1, 2, 3, 7, 9, 10}} {
		if got, exact := List(in); got != want || !exact {
			t.Errorf("%v: %q, %v", in, got, exact)
		}
	}
	// Every third of 1000, 334 ranges, becomes one; two far blocks of them stay two.
	var every, blocks []int
	for i := 1; i <= 1000; i += 3 {
		every = append(every, i)
		blocks = append(blocks, i, 100_000+i)
	}
	slices.Sort(blocks)
	for want, in := range map[string][]int{"1-1000": every, "1-1000,100001-101000": blocks} {
		if got, exact := List(in); got != want || exact {
			t.Errorf("%q, %v, want %q", got, exact, want)
		}
	}
	// At the limit the list is exact; one range above it has all indices and few others.
	var some []int
	for i := range maxList {
		some = append(some, (i+1)*(i+1))
	}
	if got, exact := List(some); !exact || !slices.Equal(expand(t, got), some) {
		t.Errorf("%q, %v", got, exact)
	}
	some = append(some, (maxList+1)*(maxList+1))
	got, exact := List(some)
	all := expand(t, got)
	for _, i := range some {
		if !slices.Contains(all, i) {
			t.Errorf("%d is not in %q", i, got)
		}
	}
	if exact || len(all) > len(some)+3 {
		t.Errorf("%d indices for %d, %v", len(all), len(some), exact)
	}
}

func TestBrief(t *testing.T) {
	in := []int{1, 2, 3, 7, 9, 10}
	for most, want := range map[int]string{1: "1-3, … to 10: 3 ranges", 2: "1-3, 7, … to 10: 3 ranges", 3: "1-3, 7, 9-10", 8: "1-3, 7, 9-10"} {
		if got := Brief(in, most); got != want {
			t.Errorf("at most %d: %q, want %q", most, got, want)
		}
	}
	if got := Brief(nil, 3); got != "" {
		t.Errorf("none: %q", got)
	}
}
