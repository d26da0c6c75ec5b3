package trial

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/features-are-fate/fate/pkg/file"
)

// A process that writes to a folder marks it with a file, for the status. Nothing else
// depends on it: two shards may measure the same unit.
//
//	.running-INDEX-of-SHARDS-HOST-PROCESS-NUMBER

const runningPrefix = ".running-"

var markName = regexp.MustCompile(`^\.running-([0-9]+)-of-([0-9]+)-([A-Za-z0-9._]*)-([0-9]+)-[0-9]+$`)

// stale is the time after its last sign of life at which a process no longer counts as
// running.
const stale = time.Minute

// mark marks a writing process in the folder until stop is called.
func mark(path string) (stop func()) {
	// Truncating an empty file changes no time under NFS 4, so the file holds the time.
	touch := func() { _ = os.WriteFile(path, []byte(time.Now().Format(time.RFC3339Nano)+"\n"), 0o644) } // a folder that cannot be written fails elsewhere
	touch()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(stale / 4)
		defer tick.Stop()
		for {
			select {
			case <-end:
				os.Remove(path)
				return
			case <-tick.C:
				touch()
			}
		}
	}()
	return func() { close(end); <-ended }
}

// runningMark is a mark in a folder.
type runningMark struct {
	shard   Shard
	host    string
	process int
	age     time.Duration
}

// ended reports whether the process of a mark has ended: it is one of this host that is gone,
// or gave no sign of life within the last minute.
func (m runningMark) ended() bool {
	return m.age >= stale || m.host == file.Host() && !file.Alive(m.process)
}

// marks calls f for each mark of a folder.
func marks(dir string, f func(path string, m runningMark)) error {
	paths, err := filepath.Glob(filepath.Join(dir, runningPrefix+"*"))
	if err != nil {
		return fmt.Errorf("trial: the store: %w", err)
	}
	for _, path := range paths {
		part := markName.FindStringSubmatch(filepath.Base(path))
		info, err := os.Lstat(path)
		if part == nil || err != nil || !info.Mode().IsRegular() { // not ours, or removed since
			continue
		}
		m := runningMark{host: part[3], age: time.Since(info.ModTime())}
		for to, text := range map[*int]string{&m.shard.Index: part[1], &m.shard.Of: part[2], &m.process: part[4]} {
			if *to, err = strconv.Atoi(text); err != nil {
				break
			}
		}
		if err == nil && m.shard.Validate() == nil {
			f(path, m)
		}
	}
	return nil
}

// running returns the shards whose processes run.
func running(dir string) (shards []Shard, err error) {
	err = marks(dir, func(_ string, m runningMark) {
		if !m.ended() {
			shards = append(shards, m.shard)
		}
	})
	return shards, err
}

// removeMarks removes marks. It ignores errors: a mark that stays is old within a minute.
func removeMarks(dir string, which func(m runningMark) bool) {
	_ = marks(dir, func(path string, m runningMark) {
		if which(m) {
			os.Remove(path)
		}
	})
}

// Unmark removes the marks that an ended process of this host left in a folder.
func Unmark(dir string, process int) {
	removeMarks(dir, func(m runningMark) bool { return m.host == file.Host() && m.process == process })
}
