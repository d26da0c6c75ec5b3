package trial

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/features-are-fate/fate/pkg/file"
)

// listing is a file that describes a study in a folder. It holds the keys of all parts, so
// that the status of the study can be computed without the study.
type listing struct {
	Study string
	First Key
	Parts []int  // of each unit
	Keys  []byte // the first bytes of the keys of all parts
}

// prefix is how many bytes of a key a listing holds.
const prefix = 8

const listingPrefix = "study-"

// list writes the listing of a study into a folder, if it is not there.
func (s *Store) list(w Work) error {
	if !s.folder {
		return nil
	}
	first, err := w.key(0, 0)
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, fmt.Sprintf("%s%s-%d.json", listingPrefix, hex.EncodeToString(first[:prefix]), w.Units))
	if _, err := file.Read(path, maxManifest); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l := listing{Study: w.Name, First: first}
	for unit := range w.Units {
		l.Parts = append(l.Parts, w.Parts(unit))
		for part := range w.Parts(unit) {
			key, err := w.key(unit, part)
			if err != nil {
				return err
			}
			l.Keys = append(l.Keys, key[:prefix]...)
		}
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return file.Write(path, append(b, '\n'))
}

// waiting is a file that names a study which no shard has begun, because it may use the
// results of studies that are incomplete.
type waiting struct {
	Study string
	Units int
}

const waitingPrefix = "waiting-"

// Wait notes in a folder that a study waits for others, for the status of the folder. The
// store keeps an error.
func (s *Store) Wait(study string, units int) {
	if !s.folder {
		return
	}
	b, err := json.Marshal(waiting{study, units})
	if err == nil {
		sum := sha256.Sum256(b)
		err = file.Write(filepath.Join(s.dir, waitingPrefix+hex.EncodeToString(sum[:prefix])+".json"), append(b, '\n'))
	}
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = cmp.Or(s.err, err)
	}
}

// Register makes a folder a store and lists a study in it, so that its status is known
// before the first shard has run.
func Register(dir string, w Work) error {
	s, err := OpenFolder(dir, Shard{})
	if err != nil {
		return err
	}
	return errors.Join(s.list(w), s.Close())
}

// Share is the units First, First + Step, … of a shard, Count of them.
type Share struct{ First, Step, Count int }

// Unit returns the i-th unit of the share, from 0.
func (s Share) Unit(i int) int { return s.First + i*s.Step }

// Share returns the units of a shard without making a list of them.
func (w Work) Share(s Shard) (Share, error) {
	if s.Of == 0 {
		return Share{0, 1, w.Units}, nil
	}
	var first Key
	if w.Units > 0 && w.Key != nil {
		var err error
		if first, err = w.key(0, 0); err != nil {
			return Share{}, err
		}
	}
	if s.Index < 1 || w.Units == 0 {
		return Share{}, nil
	}
	start := (s.Index - shardOf(0, w.Units, s.Of, first) + s.Of) % s.Of
	if start >= w.Units {
		return Share{}, nil
	}
	return Share{start, s.Of, (w.Units-1-start)/s.Of + 1}, nil
}

// Status lists the units of a study, numbered from 0, by their state in a folder.
type Status struct {
	Study                  string
	Done, Running, Missing []int // running: missing, in a shard whose process is alive
	Waiting                int   // the units of a study that begins when those before it are complete
	first                  Key
}

// StatusOf returns the status of every study in a folder, in the order of their names.
func StatusOf(dir string) ([]Status, error) {
	s, err := ReadFolder(dir)
	if err != nil {
		return nil, err
	}
	alive, err := running(dir)
	if err != nil {
		return nil, err
	}
	have := map[[prefix]byte]bool{}
	for key := range s.values {
		have[[prefix]byte(key[:prefix])] = true
	}
	paths, err := filepath.Glob(filepath.Join(dir, listingPrefix+"*.json"))
	if err != nil {
		return nil, err
	}
	var out []Status
	for _, path := range paths {
		b, err := file.Read(path, maxManifest)
		if err != nil {
			return nil, err
		}
		var l listing
		if err := file.Decode(b, &l); err != nil {
			return nil, fmt.Errorf("trial: %s: invalid listing of a study: %w", path, err)
		}
		status, err := l.status(have, alive)
		if err != nil {
			return nil, fmt.Errorf("trial: %s: %w", path, err)
		}
		out = append(out, status)
	}
	if paths, err = filepath.Glob(filepath.Join(dir, waitingPrefix+"*.json")); err != nil {
		return nil, err
	}
	for _, path := range paths {
		b, err := file.Read(path, maxManifest)
		if err != nil {
			return nil, err
		}
		var w waiting
		if err := file.Decode(b, &w); err != nil {
			return nil, fmt.Errorf("trial: %s: invalid note of a study that waits: %w", path, err)
		}
		begun := func(s Status) bool { return s.Study == w.Study && len(s.Done)+len(s.Running)+len(s.Missing) == w.Units }
		if !slices.ContainsFunc(out, begun) {
			out = append(out, Status{Study: w.Study, Waiting: w.Units})
		}
	}
	slices.SortStableFunc(out, func(a, b Status) int { return strings.Compare(a.Study, b.Study) })
	return out, nil
}

func (l listing) status(have map[[prefix]byte]bool, alive []Shard) (Status, error) {
	out := Status{Study: l.Study, first: l.First}
	keys := l.Keys
	for unit, parts := range l.Parts {
		if parts < 0 || len(keys)/prefix < parts {
			return out, errors.New("invalid listing of a study")
		}
		done := true
		for range parts {
			done = done && have[[prefix]byte(keys[:prefix])]
			keys = keys[prefix:]
		}
		switch {
		case done:
			out.Done = append(out.Done, unit)
		case slices.ContainsFunc(alive, func(s Shard) bool { return s.has(unit, len(l.Parts), l.First) }):
			out.Running = append(out.Running, unit)
		default:
			out.Missing = append(out.Missing, unit)
		}
	}
	return out, nil
}

func (s Status) units() int { return len(s.Done) + len(s.Running) + len(s.Missing) }

// ShardsOf returns the shards, of n, that measure any of the units, in rising order.
func (s Status) ShardsOf(units []int, n int) ([]int, error) {
	if n < 1 || n > MaxShards {
		return nil, fmt.Errorf("shards %d: there must be at least 1 and at most %d", n, MaxShards)
	}
	var out []int
	for _, unit := range units {
		out = append(out, shardOf(unit, s.units(), n, s.first))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
