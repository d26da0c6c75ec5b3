package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
)

// The cache keeps the result of every trial under a hash of all that determines it,
// in one file for each version of the code. A record is written with one append, so
// processes can share the file; a record that is cut off or changed fails its checksum
// and is left out, wherever it stands.
//
//	record: magic (4 bytes), length of value (4), key (32), value, CRC-32 of all before (4)

var (
	recordMagic = []byte("\xfaF8\n")
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
)

const (
	recordHead  = 4 + 4 + sha256.Size
	recordTail  = 4
	recordLimit = 1 << 24 // bytes of a value
)

type cache struct {
	file    *os.File
	values  map[[sha256.Size]byte][]byte
	damaged int       // bytes that belong to no whole record
	full    sync.Once // says that a record could not be written
}

var store struct {
	sync.Mutex
	*cache
}

// CacheStats says what a file of the cache holds.
type CacheStats struct {
	Path    string
	Current bool // of this version of the code
	Trials  int
	Bytes   int64
	Damaged int // bytes of records that are cut off or changed
	// Foreign says why the file is none of ours, or cannot be read; "" for a cache.
	Foreign string
}

// UseCache makes experiments take trials that were done before from a folder, and
// keep new ones there; "" ends that. Damaged records are taken out of the file; the
// number of their bytes is in what it returns.
func UseCache(dir string) (CacheStats, error) {
	store.Lock()
	defer store.Unlock()
	if store.cache != nil {
		store.file.Close()
		store.cache = nil
	}
	if dir == "" {
		return CacheStats{}, nil
	}
	path := filepath.Join(dir, pkg.Version()+cacheSuffix)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return CacheStats{}, fmt.Errorf("experiment: the cache: %w", err)
	}
	c, err := openCache(path)
	if err != nil {
		return CacheStats{}, err
	}
	store.cache = c
	return c.stats(path)
}

const cacheSuffix = ".trials"

// cacheName is the name of a file of the cache: a version of the code.
var cacheName = regexp.MustCompile(`^[0-9a-f]{16}\.trials$`)

// maxCache bounds the file of a cache, which is read into memory.
const maxCache = 8 << 30

func openCache(path string) (*cache, error) {
	b, err := file.Read(path, maxCache)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("experiment: the cache: %w", err)
	}
	c := &cache{values: map[[sha256.Size]byte][]byte{}}
	if whole := c.read(b); c.damaged > 0 {
		// Another process that has the file open goes on in the old one: what it
		// keeps is lost to the cache, and no more.
		if err := file.Write(path, whole); err != nil {
			return nil, fmt.Errorf("experiment: the cache: %w", err)
		}
	}
	if c.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666); err != nil {
		return nil, fmt.Errorf("experiment: the cache: %w", err)
	}
	return c, nil
}

// read takes in all whole records of b and returns them.
func (c *cache) read(b []byte) (whole []byte) {
	for len(b) > 0 {
		key, value, size := record(b)
		if size > 0 {
			c.values[key] = value
			whole = append(whole, b[:size]...)
			b = b[size:]
			continue
		}
		// On to what may be the next record.
		next := bytes.Index(b[1:], recordMagic) + 1
		if next == 0 {
			next = len(b)
		}
		c.damaged += next
		b = b[next:]
	}
	return whole
}

// record returns the record that b begins with, of size 0 if there is none.
func record(b []byte) (key [sha256.Size]byte, value []byte, size int) {
	if len(b) < recordHead+recordTail || !bytes.HasPrefix(b, recordMagic) {
		return key, nil, 0
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > recordLimit || len(b) < recordHead+int(n)+recordTail {
		return key, nil, 0
	}
	end := recordHead + int(n)
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return key, nil, 0
	}
	return [sha256.Size]byte(b[8:recordHead]), b[recordHead:end], end + recordTail
}

func (c *cache) stats(path string) (CacheStats, error) {
	info, err := os.Stat(path)
	if err != nil {
		return CacheStats{}, fmt.Errorf("experiment: the cache: %w", err)
	}
	return CacheStats{Path: path, Current: strings.HasPrefix(filepath.Base(path), pkg.Version()),
		Trials: len(c.values), Bytes: info.Size(), Damaged: c.damaged}, nil
}

// Caches describes the files of a cache folder, in the order of their names. A folder
// that is not there holds none.
func Caches(dir string) ([]CacheStats, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+cacheSuffix))
	if err != nil {
		return nil, fmt.Errorf("experiment: the cache: %w", err)
	}
	var out []CacheStats
	for _, path := range paths {
		b, err := file.Read(path, maxCache)
		if err != nil {
			out = append(out, CacheStats{Path: path, Foreign: err.Error()})
			continue
		}
		if !cacheName.MatchString(filepath.Base(path)) || len(b) > 0 && !bytes.HasPrefix(b, recordMagic) {
			out = append(out, CacheStats{Path: path, Bytes: int64(len(b)), Foreign: "fate did not write it"})
			continue
		}
		c := &cache{values: map[[sha256.Size]byte][]byte{}}
		c.read(b)
		s, err := c.stats(path)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// cached returns the value of a trial from the cache, or computes it and keeps it. The
// key is a struct of everything that determines the value; what names the kind of
// trial. Without a cache it computes.
func cached[T any](what string, key any, compute func() (T, error)) (T, error) {
	store.Lock()
	c := store.cache
	store.Unlock()
	if c == nil {
		return compute()
	}
	b, err := json.Marshal(key)
	if err != nil {
		var none T
		return none, fmt.Errorf("experiment: the key of a %s: %w", what, err)
	}
	hash := sha256.Sum256(append([]byte(what+"\n"), b...))
	store.Lock()
	raw, ok := c.values[hash]
	store.Unlock()
	if ok {
		var v T
		if gob.NewDecoder(bytes.NewReader(raw)).Decode(&v) == nil {
			return v, nil
		}
	}
	v, err := compute()
	if err != nil {
		return v, err
	}
	if err := c.keep(hash, v); err != nil {
		c.full.Do(func() {
			fmt.Fprintf(os.Stderr, "experiment: the cache takes no more, the run goes on without it: %v\n", err)
		})
	}
	return v, nil
}

func (c *cache) keep(key [sha256.Size]byte, v any) error {
	var value bytes.Buffer
	if err := gob.NewEncoder(&value).Encode(v); err != nil {
		return fmt.Errorf("experiment: the cache: %w", err)
	}
	if value.Len() > recordLimit {
		return nil
	}
	b := append([]byte(nil), recordMagic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(value.Len()))
	b = append(append(b, key[:]...), value.Bytes()...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	store.Lock()
	defer store.Unlock()
	c.values[key] = value.Bytes()
	_, err := c.file.Write(b)
	return err
}
