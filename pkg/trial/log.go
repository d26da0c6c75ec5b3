package trial

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/features-are-fate/fate/pkg"
	"github.com/features-are-fate/fate/pkg/file"
)

// A log is a sequence of records. Each is written with one append, so processes of one
// machine can share a log. A truncated or corrupted record fails its checksum and is
// skipped, wherever it is in the log.
//
//	record: magic (4 bytes), length of value (4), key (32), value, CRC-32 of all before (4)

var (
	recordMagic = []byte("\xfaF9\n")
	// earlierMagic begins the records of an earlier encoding of values.
	earlierMagic = []byte("\xfaF8\n")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

const (
	recordHead  = 4 + 4 + sha256.Size
	recordTail  = 4
	recordLimit = 1 << 24 // bytes of a value
)

func appendRecord(b []byte, key Key, value []byte) []byte {
	start := len(b)
	b = append(b, recordMagic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(append(b, key[:]...), value...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// read stores the values of all valid records of b and, of a cache, returns these records. A
// folder can be large.
func (s *Store) read(b []byte) (whole []byte) {
	for len(b) > 0 {
		key, value, size := record(b)
		if size > 0 {
			s.values[key] = value
			if !s.folder {
				whole = append(whole, b[:size]...)
			}
			b = b[size:]
			continue
		}
		// Skip to the next magic number.
		next := bytes.Index(b[1:], recordMagic) + 1
		if next == 0 {
			next = len(b)
		}
		s.damaged += next
		b = b[next:]
	}
	return whole
}

// record returns the record at the beginning of b; its size is 0 if there is none.
func record(b []byte) (key Key, value []byte, size int) {
	if len(b) < recordHead+recordTail || !bytes.HasPrefix(b, recordMagic) {
		return key, nil, 0
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > recordLimit || n%8 != 0 || len(b) < recordHead+int(n)+recordTail {
		return key, nil, 0
	}
	end := recordHead + int(n)
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return key, nil, 0
	}
	return Key(b[8:recordHead]), b[recordHead:end], end + recordTail
}

// CacheStats describes a log of a cache.
type CacheStats struct {
	Path    string
	Current bool // of this version of the code
	Trials  int
	Bytes   int64
	Damaged int // bytes of damaged records
	// Foreign is the reason why the file is not a log or cannot be read; "" for a log.
	Foreign string
}

// cacheName is the file name of a log of a cache: a version of the code.
var cacheName = regexp.MustCompile(`^[0-9a-f]{16}\.trials$`)

// Caches describes the logs of a cache, in the order of their names. A folder that does
// not exist holds none.
func Caches(dir string) ([]CacheStats, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+logSuffix))
	if err != nil {
		return nil, fmt.Errorf("trial: the cache: %w", err)
	}
	var out []CacheStats
	for _, path := range paths {
		b, err := file.Read(path, maxLog)
		if err != nil {
			out = append(out, CacheStats{Path: path, Foreign: err.Error()})
			continue
		}
		if !cacheName.MatchString(filepath.Base(path)) || len(b) > 0 && !bytes.HasPrefix(b, recordMagic) && !bytes.HasPrefix(b, earlierMagic) {
			out = append(out, CacheStats{Path: path, Bytes: int64(len(b)), Foreign: "fate did not write it"})
			continue
		}
		s := &Store{values: map[Key][]byte{}}
		s.read(b)
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("trial: the cache: %w", err)
		}
		out = append(out, CacheStats{Path: path, Current: strings.HasPrefix(filepath.Base(path), pkg.Version()),
			Trials: len(s.values), Bytes: info.Size(), Damaged: s.damaged})
	}
	return out, nil
}
