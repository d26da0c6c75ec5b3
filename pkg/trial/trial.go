// Package trial does units of work on all cores and stores their results.
//
// A unit has parts that share its data: for a data set, the risks of all settings on it.
// Units do not depend on each other, so they run in any order, on any number of cores and in
// any number of processes. With a [Store] the parts outlive the process: a run reads the
// stored parts and measures the others.
//
//	report, err := trial.Run(ctx, work, trial.Options{Store: store}, func(unit, part int, values []float64) {
//		table[part][unit] = values[0]
//	})
package trial

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Work is a number of units. Its functions are called from several goroutines at a time.
type Work struct {
	Name  string // of the study, for messages and the status of a store
	Units int
	Parts func(unit int) int    // how many parts the unit has
	Title func(unit int) string // the unit in errors, as "trial 17"
	// Key returns a struct that determines the numbers of a part, together with Kind. It is
	// encoded as JSON. Nil for work that is not stored.
	Key  func(unit, part int) any
	Kind string
	// Check, if not nil, returns an error for a stored part that the work would not measure.
	Check func(unit, part int, values []float64) error
	// Measure measures the missing parts of a unit, in rising order, and calls done after
	// each.
	Measure func(ctx context.Context, unit int, missing []int, done func(part int, values []float64)) error
	// Cheap work is measured faster than it is read: it is not cached. A folder of shards
	// stores it.
	Cheap bool
	// Inner work uses all cores within a unit, so units run one after another.
	Inner bool
	// Trials returns the number of trials of a unit, for the progress; nil means 1.
	Trials func(unit int) int
}

// Options control how work is done. None of them changes a number.
type Options struct {
	Workers int    // cores; 0 means all
	Store   *Store // nil for none
	Cache   *Store // read where Store lacks a part, written with every part; nil for none
	// Known returns parts that are known and in no store.
	Known    func(unit, part int) (values []float64, ok bool)
	Shard    Shard
	Progress func(Progress)
}

// Shard is part Index of Of, from 1: the units Index, Index+Of, … of every study. Expensive
// units are adjacent, so all shards get some. The zero value is all units.
type Shard struct{ Index, Of int }

// has reports whether a unit is in the shard.
func (s Shard) has(unit, units int, first Key) bool {
	return s.Of == 0 || shardOf(unit, units, s.Of, first) == s.Index
}

// shardOf returns the shard of n, from 1, that measures a unit. Studies with fewer units
// than shards begin at different shards: otherwise the first shard would get a unit of
// each.
func shardOf(unit, units, n int, first Key) int {
	if units < n {
		unit += int(first[0])<<8 + int(first[1])
	}
	return unit%n + 1
}

// NoShard returns the shard without units: a run only reads what is stored.
func NoShard() Shard { return Shard{Index: -1, Of: 1} }

// MaxShards bounds the number of shards.
const MaxShards = 1_000_000

// ParseShard parses i/N, as in 3/100.
func ParseShard(text string) (Shard, error) {
	var s Shard
	if _, err := fmt.Sscanf(text, "%d/%d", &s.Index, &s.Of); err != nil || text != fmt.Sprintf("%d/%d", s.Index, s.Of) {
		return Shard{}, fmt.Errorf("shard %q: it must be i/N, as in 3/7", text)
	}
	return s, s.Validate()
}

// Validate returns an error for a shard that is not 1/N to N/N.
func (s Shard) Validate() error {
	if s != (Shard{}) && (s.Of < 1 || s.Index < 1 || s.Index > s.Of || s.Of > MaxShards) {
		return fmt.Errorf("shard %d/%d: it must be 1/N to N/N, with N at most %d", s.Index, s.Of, MaxShards)
	}
	return nil
}

// String writes the shard as i/N.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// Report counts the units of a run.
type Report struct {
	Units, Done int // all units, and the complete ones
	Owed        int // units of other shards that the store does not hold
	Interrupted bool
}

type innerOptions struct{}

// InnerOptions returns the options for the work within a unit of [Work.Inner], from the
// context of its Measure: all cores, and the progress.
func InnerOptions(ctx context.Context) Options {
	o, _ := ctx.Value(innerOptions{}).(Options)
	return o
}

// Key identifies a part.
type Key [sha256.Size]byte

// key returns the key of a part.
func (w *Work) key(unit, part int) (Key, error) {
	b, err := json.Marshal(w.Key(unit, part))
	if err != nil {
		return Key{}, fmt.Errorf("trial: the key of %s: %w", w.Title(unit), err)
	}
	return sha256.Sum256(append([]byte(w.Kind+"\n"), b...)), nil
}

// Run does all units, or those of a shard, and calls keep for each part, measured or
// stored, from several goroutines. It stops at the first error, which names the unit. When
// ctx ends, unfinished units are dropped and the report is marked as interrupted; that is
// not an error.
func Run(ctx context.Context, w Work, o Options, keep func(unit, part int, values []float64)) (Report, error) {
	if w.Trials == nil {
		w.Trials = func(int) int { return 1 }
	}
	total := 0
	for unit := range w.Units {
		total += w.Trials(unit)
	}
	progress := o.Progress
	if w.Inner { // the work within a unit reports
		progress = nil
		ctx = context.WithValue(ctx, innerOptions{}, Options{Workers: o.Workers, Progress: o.Progress})
	}
	r := runner{work: w, options: o, keep: keep, meter: startMeter(total, progress)}
	defer r.meter.stop()
	for _, store := range []*Store{o.Store, o.Cache} {
		if store != nil && w.Key != nil && (store.folder || !w.Cheap) {
			r.stores = append(r.stores, store)
		}
	}
	if o.Shard.Of > 0 && r.stores == nil && o.Known == nil {
		return Report{}, fmt.Errorf("trial: shard %v of %s: a shard needs a store", o.Shard, w.Name)
	}
	if r.stores != nil && w.Units > 0 {
		var err error
		if r.first, err = w.key(0, 0); err != nil {
			return Report{}, err
		}
		for _, store := range r.stores {
			if err := store.list(w); err != nil {
				return Report{}, err
			}
		}
	}
	err := r.run(ctx)
	for _, store := range r.stores {
		store.sync()
		if err == nil {
			err = store.failed()
		}
	}
	report := Report{Units: w.Units, Done: int(r.done.Load()), Owed: int(r.owed.Load())}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		report.Interrupted, err = true, nil
	}
	return report, err
}

type runner struct {
	work             Work
	options          Options
	keep             func(unit, part int, values []float64)
	meter            *meter
	stores           []*Store
	first            Key
	next, done, owed atomic.Int64
}

func (r *runner) run(ctx context.Context) error {
	workers := r.options.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if r.work.Inner {
		workers = 1
	}
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for {
				unit := int(r.next.Add(1)) - 1
				if unit >= r.work.Units || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := Recovered(func() error { return r.unit(ctx, unit) }); err != nil {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					return fmt.Errorf("%s: %w", r.work.Title(unit), err)
				}
				r.meter.add(r.work.Trials(unit))
			}
		})
	}
	return group.Wait()
}

// unit reads the stored parts of a unit and measures the others.
func (r *runner) unit(ctx context.Context, unit int) error {
	parts := r.work.Parts(unit)
	var keys []Key
	var missing []int
	for part := range parts {
		if r.options.Known != nil {
			if values, ok := r.options.Known(unit, part); ok {
				keys = append(keys, Key{}) // unused: the part is not stored
				r.keep(unit, part, values)
				continue
			}
		}
		if r.stores != nil {
			key, err := r.work.key(unit, part)
			if err != nil {
				return err
			}
			keys = append(keys, key)
			if values, ok := r.find(key); ok {
				if r.work.Check != nil {
					if err := r.work.Check(unit, part, values); err != nil {
						return err
					}
				}
				r.keep(unit, part, values)
				continue
			}
		}
		missing = append(missing, part)
	}
	if len(missing) == 0 {
		r.done.Add(1)
		return nil
	}
	if !r.options.Shard.has(unit, r.work.Units, r.first) {
		r.owed.Add(1)
		return nil
	}
	measured := 0
	err := r.work.Measure(ctx, unit, missing, func(part int, values []float64) {
		r.keep(unit, part, values)
		measured++
		for _, store := range r.stores {
			store.put(keys[part], values)
		}
	})
	if err == nil && measured < len(missing) {
		err = fmt.Errorf("%d of %d parts were measured", measured, len(missing))
	}
	if err == nil {
		r.done.Add(1)
		for _, store := range r.stores {
			err = errors.Join(err, store.failed())
		}
	}
	return err
}

// find reads a part from the stores. A part that only the cache holds is copied to the
// first store.
func (r *runner) find(key Key) ([]float64, bool) {
	for i, store := range r.stores {
		values, ok := store.get(key)
		if ok && i > 0 {
			r.stores[0].put(key, values)
		}
		if ok {
			return values, true
		}
	}
	return nil, false
}

// Recovered returns a panic of f as an error: in a goroutine it would end the
// process.
func Recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// Each calls f for 0 … n−1 on all cores and returns the first error.
func Each(n int, f func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error { return Recovered(func() error { return f(i) }) })
	}
	return group.Wait()
}
