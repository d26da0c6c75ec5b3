package sweep

import (
	"fmt"
	"math"
	"time"

	"github.com/features-are-fate/fate/pkg/trial"
)

// Fit tells how long shards take on a number of cores each.
type Fit struct {
	Work  trial.Work
	Of    func(units trial.Share) (seconds float64) // on one core, such as Of of an estimate
	Cores int
}

// unit returns the longest unit and its seconds. Of very many it looks at a sample.
func (f Fit) unit() (longest int, seconds float64) {
	const most = 10_000
	n := min(f.Work.Units, most)
	for i := range n {
		unit := int(int64(i) * int64(f.Work.Units) / int64(n))
		if s := f.Of(trial.Share{First: unit, Step: 1, Count: 1}); s > seconds {
			longest, seconds = unit, s
		}
	}
	if f.Work.Inner { // it uses all cores
		seconds /= float64(f.Cores)
	}
	return longest, seconds
}

// Longest returns the seconds of the longest of a number of shards. Of very many it looks at
// a sample.
func (f Fit) Longest(shards int) (seconds float64, err error) {
	const most = 100
	_, seconds = f.unit()
	n := min(shards, most)
	for i := range n {
		share, err := f.Work.Share(trial.Shard{Index: 1 + int(int64(i)*int64(shards)/int64(n)), Of: shards})
		if err != nil {
			return 0, err
		}
		seconds = math.Max(seconds, f.Of(share)/float64(f.Cores))
	}
	return seconds, nil
}

// Safe returns a number of shards that each take half of a limit, as estimates can be too
// low, or fit it if a unit takes more than half.
func (f Fit) Safe(limit time.Duration) (int, error) {
	if n, err := f.Shards(limit / 2); err == nil {
		return n, nil
	}
	return f.Shards(limit)
}

// Shards returns a number of shards that each take at most some time. It is an error if a
// unit takes longer, which cannot be cut.
func (f Fit) Shards(limit time.Duration) (int, error) {
	if unit, seconds := f.unit(); seconds > limit.Seconds() {
		return 0, fmt.Errorf("%s takes about %s by the estimate, and a shard at most %s: a unit cannot be cut", f.Work.Title(unit), Duration(seconds), Duration(limit.Seconds()))
	}
	all := f.Of(trial.Share{Step: 1, Count: f.Work.Units})
	n := max(1, int(math.Ceil(math.Min(all/float64(f.Cores)/limit.Seconds(), trial.MaxShards))))
	for most := min(f.Work.Units, trial.MaxShards); n < most; {
		seconds, err := f.Longest(n)
		if err != nil {
			return 0, err
		}
		if seconds <= limit.Seconds() {
			return n, nil
		}
		n = max(n+1, int(float64(n)*math.Min(seconds/limit.Seconds(), 2)))
	}
	return min(n, max(1, f.Work.Units), trial.MaxShards), nil
}

// Duration formats seconds, also those beyond the 292 years of a time.Duration.
func Duration(seconds float64) string {
	const year = 365.25 * 24 * 3600
	if seconds > 100*year {
		return fmt.Sprintf("%.2g years", seconds/year)
	}
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d > time.Minute:
		d = d.Round(time.Second)
	case d > time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(10 * time.Microsecond)
	}
	return d.String()
}
