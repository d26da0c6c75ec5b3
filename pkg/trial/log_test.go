package trial

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/features-are-fate/fate/pkg"
)

func cache(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := OpenCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Every value comes back from the disk to its last bit, and so does a part without values.
func TestStoreKeepsEveryBit(t *testing.T) {
	parts := map[Key][]float64{
		{1}: {math.Pi, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, math.MaxFloat64, math.Nextafter(1, 2)},
		{2}: {}, {3}: {math.NaN()}, {1, 2}: {math.Copysign(0, -1)},
	}
	for name, open := range map[string]func(dir string) *Store{
		"cache":  func(dir string) *Store { return cache(t, dir) },
		"folder": func(dir string) *Store { return folder(t, dir, Shard{}) },
	} {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		first := open(dir)
		for key, values := range parts {
			first.put(key, values)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Errorf("%s: closed twice: %v", name, err)
		}
		for _, s := range []*Store{first, open(dir)} {
			if s.Len() != len(parts) || s.Damaged() != 0 {
				t.Errorf("%s: %d parts, %d damaged bytes", name, s.Len(), s.Damaged())
			}
			for key, want := range parts {
				got, ok := s.get(key)
				if !ok || !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
			if _, ok := s.get(Key{9}); ok {
				t.Errorf("%s holds a part that nobody put there", name)
			}
		}
		info, err := os.Stat(first.Path())
		if err != nil || info.Mode().Perm()&0o777 != 0o666&^umask(t) {
			t.Errorf("%s: mode %v of the log, %v", name, info.Mode(), err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o777&^umask(t) {
			t.Errorf("%s: mode %v of the folder, %v", name, info.Mode(), err)
		}
	}
}

// umask returns the permissions that this process does not give.
func umask(t *testing.T) os.FileMode {
	dir := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	return 0o777 &^ info.Mode().Perm()
}

// The largest value that a log takes, of 16 MiB, is read again; a larger one, and one that is
// not of whole numbers, are not.
func TestLargestRecord(t *testing.T) {
	const most = 1 << 24
	for size, ok := range map[int]bool{most: true, most + 8: false, 12: false, 16: true} {
		s := &Store{values: map[Key][]byte{}}
		b := appendRecord(nil, Key{1}, make([]byte, size))
		if whole := s.read(b); (len(whole) == len(b)) != ok || (len(s.values[Key{1}]) == size) != ok || (s.damaged == 0) != ok {
			t.Errorf("%d of %d bytes", len(whole), len(b))
		}
	}
	store := folder(t, t.TempDir(), Shard{})
	store.put(Key{1}, make([]float64, most/8+1))
	if store.Len() != 0 {
		t.Error("a value above the limit is stored")
	}
	store.put(Key{1}, make([]float64, most/8))
	if store.Len() != 1 {
		t.Error("a value at the limit is not stored")
	}
}

// A log of three records: one changed byte loses the record that it is in, and a cut those
// that it cuts off. All other bytes are whole, and every damaged one is counted.
func TestEveryByteIsChecked(t *testing.T) {
	var records [][]byte
	for i := range 3 {
		records = append(records, appendRecord(nil, Key{byte(i)}, bytes.Repeat([]byte{byte(7 + i)}, 8*i)))
	}
	log := bytes.Join(records, nil)
	check := func(what string, b []byte, lost ...int) {
		t.Helper()
		s := &Store{values: map[Key][]byte{}}
		whole, left := s.read(b), 0
		for i, r := range records {
			if slices.Contains(lost, i) {
				continue
			}
			left += len(r)
			if v, ok := s.values[Key{byte(i)}]; !ok || len(v) != 8*i {
				t.Errorf("%s: record %d is lost", what, i)
			}
		}
		if len(s.values) != 3-len(lost) || s.damaged != len(b)-left || len(whole) != left {
			t.Errorf("%s: %d records, %d damaged bytes and %d whole of %d", what, len(s.values), s.damaged, len(whole), len(b))
		}
	}
	at := 0
	for i, r := range records {
		for k := range r {
			b := bytes.Clone(log)
			b[at+k] ^= 0x40
			check("changed", b, i)
		}
		for k := range r {
			check("cut", log[:at+k], []int{0, 1, 2}[i:]...)
		}
		at += len(r)
	}
	check("whole", log)
	check("a byte more", append(bytes.Clone(log), 0))
	// A record of the earlier encoding, with its checksum, is no record of this one.
	earlier := append(append(bytes.Clone(earlierMagic), records[1][4:recordHead]...), 1, 2, 3, 4, 5, 6, 7, 8)
	earlier = binary.LittleEndian.AppendUint32(earlier, crc32.Checksum(earlier, castagnoli))
	check("an earlier record", append(earlier, bytes.Join([][]byte{records[0], records[2]}, nil)...), 1)
	check("bytes before", append([]byte("F9\n\xfaF8\nx"), log...))
}

// The cache is one log of this version; two processes append to it, and what is damaged is cut
// out when it is opened again.
func TestCache(t *testing.T) {
	dir := t.TempDir()
	a, b := cache(t, dir), cache(t, dir)
	a.put(Key{1}, []float64{1})
	b.put(Key{2}, []float64{2, 3})
	if a.Path() != b.Path() || filepath.Base(a.Path()) != pkg.Version()+".trials" {
		t.Errorf("%s and %s", a.Path(), b.Path())
	}
	a.Close()
	b.Close()
	for _, garbage := range []string{"x", "garbage"} {
		f, err := os.OpenFile(a.Path(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(garbage)
		f.Close()
		c := cache(t, dir)
		if v, ok := c.get(Key{2}); c.Len() != 2 || c.Damaged() != len(garbage) || !ok || !slices.Equal(v, []float64{2, 3}) {
			t.Errorf("%d parts, %d damaged bytes, %v", c.Len(), c.Damaged(), v)
		}
		c.Close()
		if d := cache(t, dir); d.Damaged() != 0 || d.Len() != 2 {
			t.Errorf("the damage of %q stays: %d bytes, %d parts", garbage, d.Damaged(), d.Len())
		}
	}
	if info, err := os.Stat(a.Path()); err != nil || info.Size() == 0 {
		t.Error("a cache that is closed loses its log", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCache(file); err == nil {
		t.Error("a cache in a file is no error")
	}
	odd := t.TempDir()
	if err := os.Mkdir(filepath.Join(odd, pkg.Version()+".trials"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCache(odd); err == nil {
		t.Error("a log that is a folder is no error")
	}
}

// The list of a cache tells the log of this version, those of others, and what is no log.
func TestCaches(t *testing.T) {
	dir := t.TempDir()
	s := cache(t, dir)
	s.put(Key{1}, []float64{1})
	s.put(Key{2}, nil)
	s.Close()
	log, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"0000000000000001.trials": append(bytes.Clone(log), "cut"...),
		"0000000000000002.trials": append([]byte("\xfaF8\nearlier"), log...),
		"0000000000000003.trials": nil,
		"0000000000000004.trials": []byte("hello"),
		"0000000000000006.trials": []byte("x"),
		"notes.trials":            log,
		"notes.txt":               []byte("x"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "0000000000000005.trials"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := Caches(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(len(log))
	want := map[string]CacheStats{
		filepath.Base(s.Path()):   {Current: true, Trials: 2, Bytes: n},
		"0000000000000001.trials": {Trials: 2, Bytes: n + 3, Damaged: 3},
		"0000000000000002.trials": {Trials: 2, Bytes: n + 11, Damaged: 11},
		"0000000000000003.trials": {},
		"0000000000000004.trials": {Bytes: 5, Foreign: "fate did not write it"},
		"0000000000000006.trials": {Bytes: 1, Foreign: "fate did not write it"},
		"0000000000000005.trials": {Foreign: "not a regular file"},
		"notes.trials":            {Bytes: n, Foreign: "fate did not write it"},
	}
	if len(got) != len(want) {
		t.Errorf("%d logs, want %d", len(got), len(want))
	}
	for _, g := range got {
		w := want[filepath.Base(g.Path)]
		w.Path = g.Path
		if w.Foreign != "" && strings.Contains(g.Foreign, w.Foreign) {
			w.Foreign = g.Foreign
		}
		if g != w {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
	if none, err := Caches(filepath.Join(dir, "none")); err != nil || len(none) != 0 {
		t.Errorf("no folder: %v, %v", none, err)
	}
}
