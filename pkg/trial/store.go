package trial

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
)

// Store keeps the values of parts by key, in append-only logs. There are two kinds. A cache
// has a log for each version of the code, which all processes of a machine share. A folder
// has a log for each process, and shards on any machines write to it.
type Store struct {
	mu       sync.Mutex
	values   map[Key][]byte
	log      *os.File // nil for a store that is only read
	path     string   // of the log
	folder   bool
	dir      string
	unsynced bool  // records were written since the last sync
	damaged  int   // bytes of damaged records
	err      error // the first error of writing
	full     sync.Once
	unmark   func()
}

const logSuffix = ".trials"

// maxLog bounds a log, which is read into memory.
const maxLog = 8 << 30

// OpenCache opens the log of this version of the code in a folder, and removes damaged
// records from it.
func OpenCache(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("trial: the cache: %w", err)
	}
	s := &Store{dir: dir, path: filepath.Join(dir, pkg.Version()+logSuffix), values: map[Key][]byte{}}
	b, err := file.Read(s.path, maxLog)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("trial: the cache: %w", err)
	}
	if whole := s.read(b); s.damaged > 0 {
		// Another process that has the file open continues with the old one: its records
		// are lost to the cache, and nothing else.
		if err := file.Write(s.path, whole); err != nil {
			return nil, fmt.Errorf("trial: the cache: %w", err)
		}
	}
	if s.log, err = os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666); err != nil {
		return nil, fmt.Errorf("trial: the cache: %w", err)
	}
	return s, nil
}

// manifest identifies the code that filled a folder.
type manifest struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Go      string `json:"go"`
	Arch    string `json:"arch"`
}

func thisCode() manifest {
	return manifest{pkg.Module, pkg.Source(), runtime.Version(), runtime.GOARCH}
}

const manifestName = "store.json"

// maxManifest bounds the small files of a folder.
const maxManifest = 64 << 20

// OpenFolder opens a folder of logs, creates it if there is none, and adds a log for the
// shard. It is an error if the folder was filled by other code, another compiler or another
// architecture: a store never mixes the numbers of two versions.
func OpenFolder(dir string, shard Shard) (*Store, error) {
	if err := MakeFolder(dir); err != nil {
		return nil, err
	}
	s, err := readFolder(dir)
	if err != nil {
		return nil, err
	}
	writer := fmt.Sprintf("%d-of-%d-%s-%d", max(1, shard.Index), max(1, shard.Of), file.Host(), os.Getpid())
	for n := 0; ; n++ { // every writer has its own log, even within a process
		s.path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", writer, n, logSuffix))
		s.log, err = os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("trial: the store: %w", err)
	}
	removeMarks(dir, func(m runningMark) bool { return m.ended() })
	s.unmark = sync.OnceFunc(mark(filepath.Join(dir, runningPrefix+strings.TrimSuffix(filepath.Base(s.path), logSuffix))))
	return s, nil
}

// MakeFolder creates a folder for logs if there is none. It is an error if another program
// filled it.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("trial: the store: %w", err)
	}
	return checkManifest(dir, true)
}

// IsFolder reports whether a folder is one of logs.
func IsFolder(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestName))
	return err == nil
}

// ReadFolder opens a folder of logs for reading.
func ReadFolder(dir string) (*Store, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("trial: the store: %w", err)
	}
	if err := checkManifest(dir, false); err != nil {
		return nil, err
	}
	return readFolder(dir)
}

func checkManifest(dir string, create bool) error {
	path := filepath.Join(dir, manifestName)
	b, err := file.Read(path, maxManifest)
	if errors.Is(err, fs.ErrNotExist) && create {
		b, err := json.Marshal(thisCode())
		if err != nil {
			return err
		}
		if err = file.Create(path, append(b, '\n')); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return checkManifest(dir, false) // another process was faster
	}
	if err != nil {
		return fmt.Errorf("trial: the store: %w", err)
	}
	var there manifest
	if err := file.Decode(b, &there); err != nil {
		return fmt.Errorf("trial: %s: invalid manifest of a store: %w", path, err)
	}
	here := thisCode()
	for _, v := range []struct{ what, here, there string }{{"module", here.Module, there.Module}, {"version", here.Version, there.Version},
		{"Go version", here.Go, there.Go}, {"architecture", here.Arch, there.Arch}} {
		if v.here != v.there {
			return fmt.Errorf("trial: %s was filled by another program: its %s is %s, here it is %s: use an empty folder", dir, v.what, v.there, v.here)
		}
	}
	return nil
}

func readFolder(dir string) (*Store, error) {
	s := &Store{dir: dir, folder: true, values: map[Key][]byte{}}
	logs, err := filepath.Glob(filepath.Join(dir, "*"+logSuffix))
	if err != nil {
		return nil, fmt.Errorf("trial: the store: %w", err)
	}
	for _, path := range logs {
		b, err := file.Read(path, maxLog)
		if errors.Is(err, fs.ErrNotExist) { // an empty one that its process removed
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("trial: the store: %w", err)
		}
		s.read(b) // the last record may be incomplete: its process is writing it
	}
	return s, nil
}

// Close closes the log. An empty log of a folder is removed.
func (s *Store) Close() error {
	if s == nil || s.log == nil {
		return nil
	}
	err := s.log.Close()
	s.log = nil
	s.Unmark()
	if info, statErr := os.Stat(s.path); s.folder && statErr == nil && info.Size() == 0 {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// Unmark says in a folder that this process no longer measures. A process that is about to
// end without Close calls it.
func (s *Store) Unmark() {
	if s != nil && s.unmark != nil {
		s.unmark()
	}
}

// Damaged returns the number of damaged bytes. Damaged records are found, skipped and
// measured again.
func (s *Store) Damaged() int { return s.damaged }

// Path returns the path of the log that the store writes.
func (s *Store) Path() string { return s.path }

// Len returns the number of parts in the store.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.values)
}

func (s *Store) get(key Key) ([]float64, bool) {
	s.mu.Lock()
	b, ok := s.values[key]
	s.mu.Unlock()
	if !ok {
		return nil, false
	}
	values := make([]float64, len(b)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return values, true
}

func (s *Store) put(key Key, values []float64) {
	b := make([]byte, 0, 8*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b) <= recordLimit {
		s.values[key], s.unsynced = b, true
		if _, err := s.log.Write(appendRecord(nil, key, b)); err != nil && s.err == nil {
			s.err = err
		}
	}
}

// sync waits until the records of a folder are stored: a network file system may tell only
// now that it has lost the log or is full. The store keeps the error.
func (s *Store) sync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.folder || !s.unsynced || s.log == nil {
		return
	}
	s.unsynced = false
	s.err = cmp.Or(s.err, s.log.Sync())
}

// failed returns the error of writing to a folder, whose parts would be lost. An error of
// writing to a cache costs only time and is printed once.
func (s *Store) failed() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	err := s.err
	s.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case s.folder:
		return fmt.Errorf("trial: the store: %w", err)
	}
	s.full.Do(func() {
		fmt.Fprintf(os.Stderr, "trial: the cache cannot be written, the run continues without it: %v\n", err)
	})
	return nil
}
