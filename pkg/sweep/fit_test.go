package sweep

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// pretended is a fit of units that take pretended seconds.
func pretended(units, cores int, inner bool, seconds func(unit int) float64) Fit {
	of := func(s trial.Share) (sum float64) {
		for i := range s.Count {
			sum += seconds(s.Unit(i))
		}
		return sum
	}
	return Fit{Cores: cores, Of: of, Work: trial.Work{Units: units, Inner: inner,
		Title: func(unit int) string { return fmt.Sprint("unit ", unit) }}}
}

// A number of shards fits a limit, and one less does not; a unit that takes longer is an
// error, on all its cores where it uses them.
func TestFit(t *testing.T) {
	flat := func(int) float64 { return 10 }
	for _, c := range []struct {
		fit   Fit
		limit time.Duration
		want  int
	}{
		{pretended(100, 1, false, flat), 100 * time.Second, 10},
		{pretended(100, 1, false, flat), 99 * time.Second, 12}, // 11 have one of 10 units
		{pretended(100, 4, false, flat), 100 * time.Second, 3},
		{pretended(100, 1, false, flat), 10 * time.Second, 100},
		{pretended(100, 1, false, flat), time.Hour, 1},
		{pretended(100, 2, true, flat), 5 * time.Second, 100},
		{pretended(1, 1, false, flat), 10 * time.Second, 1},
		// One unit takes as long as all others.
		{pretended(100, 1, false, func(unit int) float64 { return map[bool]float64{true: 99, false: 1}[unit == 7] }), 100 * time.Second, 47},
	} {
		got, err := c.fit.Shards(c.limit)
		if err != nil || got != c.want {
			t.Errorf("%v: %d shards, want %d, %v", c.limit, got, c.want, err)
			continue
		}
		if s, err := c.fit.Longest(got); err != nil || s > c.limit.Seconds() {
			t.Errorf("%d shards take %v s, more than %v, %v", got, s, c.limit, err)
		}
	}
	if _, err := pretended(100, 4, false, flat).Shards(9 * time.Second); err == nil || !strings.Contains(err.Error(), "unit 0 takes about 10s by the estimate, and a shard at most 9s: a unit cannot be cut") {
		t.Error(err)
	}
	for limit, want := range map[time.Duration]int{time.Minute: 34, 20 * time.Second: 100, 15 * time.Second: 100} { // half of 15 s is less than a unit
		if n, err := pretended(100, 1, false, flat).Safe(limit); err != nil || n != want {
			t.Errorf("%v: %d shards, want %d, %v", limit, n, want, err)
		}
	}
	if _, err := pretended(100, 1, false, flat).Safe(9 * time.Second); err == nil {
		t.Error("a unit of 10 s fits 9")
	}
	if s, err := pretended(9, 4, false, flat).Longest(1); err != nil || s != 22.5 {
		t.Errorf("9 units of 10 s on 4 cores take %v s, %v", s, err)
	}
	if s, err := pretended(2, 4, false, flat).Longest(1); err != nil || s != 10 { // a unit takes one core
		t.Errorf("2 units of 10 s on 4 cores take %v s, %v", s, err)
	}
}

// A time beyond the range of time.Duration is formatted too.
func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{1e-3: "1ms", 90: "1m30s", 1e12: "3.2e+04 years"} {
		if got := Duration(seconds); got != want {
			t.Errorf("%v s: %s, want %s", seconds, got, want)
		}
	}
}
