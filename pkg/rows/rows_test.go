package rows

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// file returns an array of NumPy.
func file(kind, order, shape string, data []byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", kind, order, shape)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(out, header...), data...)
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string, rows []int) *mat.Dense {
	t.Helper()
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := a.Dense(rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every type of number is read, in both byte orders.
func TestNumbers(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	for _, c := range []struct {
		kind string
		data []byte
		want float64
	}{
		{"<f8", le.AppendUint64(nil, math.Float64bits(-2.5)), -2.5}, {">f8", be.AppendUint64(nil, math.Float64bits(-2.5)), -2.5},
		{"<f4", le.AppendUint32(nil, math.Float32bits(0.5)), 0.5}, {">f4", be.AppendUint32(nil, math.Float32bits(0.5)), 0.5},
		{"<f2", le.AppendUint16(nil, 0xc100), -2.5}, {"<f2", le.AppendUint16(nil, 1), math.Ldexp(1, -24)}, {">f2", be.AppendUint16(nil, 0x7bff), 65504},
		{"<f2", le.AppendUint16(nil, 0xfc00), math.Inf(-1)},
		{"<i8", le.AppendUint64(nil, math.MaxUint64), -1}, {"<i4", le.AppendUint32(nil, math.MaxUint32-1), -2}, {">i2", be.AppendUint16(nil, 0xfffd), -3},
		{"|i1", []byte{0x80}, -128}, {"|u1", []byte{200}, 200}, {"<u2", le.AppendUint16(nil, 60000), 60000}, {"<u4", le.AppendUint32(nil, 4e9), 4e9},
		{"<u8", le.AppendUint64(nil, 7), 7}, {"|b1", []byte{1}, 1}, {"|b1", []byte{0}, 0},
	} {
		if got := read(t, write(t, "a.npy", file(c.kind, "False", "(1,)", c.data)), nil).At(0, 0); got != c.want {
			t.Errorf("%s % x: %v, want %v", c.kind, c.data, got, c.want)
		}
	}
	if got := read(t, write(t, "a.npy", file("<f2", "False", "(1,)", le.AppendUint16(nil, 0x7c01))), nil).At(0, 0); !math.IsNaN(got) {
		t.Errorf("NaN: %v", got)
	}
}

// Rows are chosen in any order and more than once, from files of both orders.
func TestRows(t *testing.T) {
	byRow, byColumn := []byte{1, 2, 3, 4, 5, 6}, []byte{1, 3, 5, 2, 4, 6}
	for order, data := range map[string][]byte{"False": byRow, "True": byColumn} {
		path := write(t, "a.npy", file("|u1", order, "(3, 2)", data))
		if got := read(t, path, nil); !mat.Equal(got, mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6})) {
			t.Errorf("%s: %v", order, mat.Formatted(got))
		}
		if got := read(t, path, []int{2, 0, 2}); !mat.Equal(got, mat.NewDense(3, 2, []float64{5, 6, 1, 2, 5, 6})) {
			t.Errorf("%s: %v", order, mat.Formatted(got))
		}
	}
}

func TestArchive(t *testing.T) {
	path := write(t, "a.npz", nil)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, v := range map[string]byte{"x.npy": 3, "y.npy": 4} {
		w, _ := z.Create(name)
		_, _ = w.Write(file("|u1", "False", "(1,)", []byte{v}))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := read(t, path+":y", nil).At(0, 0); got != 4 {
		t.Errorf("y = %v", got)
	}
	for _, name := range []string{path, path + ":z"} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), "it has ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for what, c := range map[string]struct {
		data []byte
		want string
	}{
		"an object":         {file("|O", "False", "(1,)", []byte{0}), "pickled objects are refused"},
		"complex numbers":   {file("<c8", "False", "(1,)", make([]byte, 8)), "must be f2"},
		"three dimensions":  {file("<f4", "False", "(1, 1, 1)", make([]byte, 4)), "a vector or a matrix"},
		"no rows":           {file("<f4", "False", "(0, 3)", nil), "a vector or a matrix"},
		"an overflow":       {file("<f4", "False", "(4611686018427387904, 8)", nil), "a vector or a matrix"},
		"another file":      {[]byte("PK\x03\x04 and so on"), "no array of NumPy"},
		"another version":   {[]byte("\x93NUMPY\x09\x00\x10\x00"), "version 9"},
		"a long header":     {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f"), "at most"},
		"a broken header":   {append([]byte("\x93NUMPY\x01\x00\x05\x00"), "{    "...), "must have descr"},
		"an empty type":     {file("", "False", "(1,)", nil), "must be f2"},
		"a structured type": {append([]byte("\x93NUMPY\x01\x00\x4d\x00"), fmt.Sprintf("%-77s", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")...), "must be f2"},
	} {
		if _, err := Open(write(t, "a.npy", c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	short, err := Open(write(t, "a.npy", file("<f4", "False", "(2, 2)", make([]byte, 12))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := short.Dense(nil); err == nil || !strings.Contains(err.Error(), "number 4 of 4") {
		t.Errorf("a short file: %v", err)
	}
	if _, err := short.Dense([]int{2}); err == nil {
		t.Error("a row beyond the end is accepted")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(file("<f2", "True", "(2, 3)", make([]byte, 12)))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Open(write(t, "a.npy", data))
		if err == nil && a.Rows*a.Cols < 1000 {
			_, _ = a.Dense(nil)
		}
	})
}

func TestCSV(t *testing.T) {
	path := write(t, "a.csv", []byte("\ufeffarea, price,kind\n1,2.5,cat\n\"3\",4e1,dog\n"))
	if got := read(t, path+":price,area", []int{1, 0}); !mat.Equal(got, mat.NewDense(2, 2, []float64{40, 3, 2.5, 1})) {
		t.Errorf("%v", mat.Formatted(got))
	}
	kinds, err := Open(path + ":kind")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := kinds.Text(); err != nil || strings.Join(text, " ") != "cat dog" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := kinds.Dense(nil); err == nil || !strings.Contains(err.Error(), `row 1, column kind is "cat"`) {
		t.Errorf("%v", err)
	}
	for what, c := range map[string]struct{ path, data, want string }{
		"no header":         {"a.csv", "1,2\n3,4\n", "the number 1: it must be a header"},
		"no rows":           {"a.csv", "a,b\n", "no rows below its header"},
		"another column":    {"a.csv:z", "a,b\n1,2\n", `no column "z": it has a, b`},
		"a row of one more": {"a.csv", "a,b\n1,2,3\n", "wrong number of fields"},
	} {
		file := write(t, "a.csv", []byte(c.data))
		if _, err := Open(strings.TrimSuffix(file, "a.csv") + c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

// Rows of a large file are read without the others: the file's size may be any.
func TestChosenRowsOfManyColumns(t *testing.T) {
	const rows, cols = 3, 1<<16 + 5
	data := make([]byte, rows*cols)
	for i := range data {
		data[i] = byte(i % 251)
	}
	for _, order := range []string{"False", "True"} {
		got := read(t, write(t, "a.npy", file("|u1", order, fmt.Sprintf("(%d, %d)", rows, cols), data)), []int{2, 0})
		for j := range cols {
			for i, row := range []int{2, 0} {
				at := row*cols + j
				if order == "True" {
					at = j*rows + row
				}
				if got.At(i, j) != float64(at%251) {
					t.Fatalf("fortran_order %s: entry %d, %d is %v, want %v", order, row, j, got.At(i, j), at%251)
				}
			}
		}
	}
}
