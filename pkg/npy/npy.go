// Package npy reads matrices from files of NumPy, row by row, so that the rows that are
// wanted need to fit into memory and not the file. Files are untrusted: headers are bounded,
// and pickled objects, which are programs, are refused.
package npy

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Array is an array of one or two dimensions in a file. A vector is a matrix of one column.
type Array struct {
	Rows, Cols int

	open    func() (io.ReadCloser, error)
	start   int64 // of the numbers
	size    int   // of a number in bytes
	number  func([]byte) float64
	columns bool // the file holds one column after another
}

const (
	maxHeader  = 1 << 16
	maxEntries = 1 << 40 // of an array, so that sizes do not overflow
	maxMembers = 10_000  // of an archive
)

// Open opens an array: path is a .npy file, or a .npz archive, a colon, and the name of an
// array in it, as in "data.npz:features". The name may be missing if the archive has one
// array.
func Open(path string) (*Array, error) {
	file, name, _ := strings.Cut(path, ".npz:")
	if file != path {
		return inArchive(file+".npz", name)
	}
	if strings.HasSuffix(path, ".npz") {
		return inArchive(path, "")
	}
	a, err := newArray(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func inArchive(path, name string) (*Array, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer z.Close()
	if len(z.File) > maxMembers {
		return nil, fmt.Errorf("%s: %d members: at most %d are read", path, len(z.File), maxMembers)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	at := slices.Index(names, name)
	if at < 0 {
		return nil, fmt.Errorf("%s has no array %q: it has %s", path, name, strings.Join(names, ", "))
	}
	a, err := newArray(func() (io.ReadCloser, error) {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, err
		}
		if at >= len(z.File) {
			z.Close()
			return nil, errors.New("the archive has changed")
		}
		r, err := z.File[at].Open()
		if err != nil {
			z.Close()
			return nil, err
		}
		return member{r, z}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, name, err)
	}
	return a, nil
}

// member is an open member of an open archive.
type member struct {
	io.ReadCloser
	archive io.Closer
}

func (m member) Close() error { return errors.Join(m.ReadCloser.Close(), m.archive.Close()) }

// newArray reads the header of an array.
func newArray(open func() (io.ReadCloser, error)) (*Array, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var fixed [8]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil || string(fixed[:6]) != "\x93NUMPY" {
		return nil, errors.New("it is no array of NumPy")
	}
	width := 2
	switch fixed[6] {
	case 1:
	case 2, 3:
		width = 4
	default:
		return nil, fmt.Errorf("version %d of the format is not known", fixed[6])
	}
	var length [4]byte
	if _, err := io.ReadFull(r, length[:width]); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	n := int(binary.LittleEndian.Uint32(length[:]))
	if n > maxHeader {
		return nil, fmt.Errorf("its header has %d bytes: at most %d are read", n, maxHeader)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	a := &Array{open: open, start: int64(8 + width + n)}
	return a, a.parse(header)
}

var (
	typeOf  = regexp.MustCompile(`'descr': *('[^']*'|\[)`)
	orderOf = regexp.MustCompile(`'fortran_order': *(True|False)`)
	shapeOf = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
)

func (a *Array) parse(header []byte) error {
	kind, order, shape := typeOf.FindSubmatch(header), orderOf.FindSubmatch(header), shapeOf.FindSubmatch(header)
	if kind == nil || order == nil || shape == nil {
		return fmt.Errorf("its header is %.80q: it must have descr, fortran_order and shape", header)
	}
	a.columns = bytes.Equal(order[1], []byte("True"))
	if err := a.typed(strings.Trim(string(kind[1]), "'")); err != nil {
		return err
	}
	dims := []int{}
	for _, field := range strings.Split(string(shape[1]), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		d, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("its shape is (%s)", shape[1])
		}
		dims = append(dims, d)
	}
	if len(dims) == 1 {
		dims = append(dims, 1)
	}
	if len(dims) != 2 || dims[0] < 1 || dims[1] < 1 || dims[0] > maxEntries/dims[1] {
		return fmt.Errorf("its shape is (%s): it must be a vector or a matrix", shape[1])
	}
	a.Rows, a.Cols = dims[0], dims[1]
	return nil
}

// typed sets how a number is read.
func (a *Array) typed(kind string) error {
	bad := fmt.Errorf("its numbers are of type %q: they must be f2, f4, f8, integers or bool; pickled objects are refused", kind)
	order := binary.ByteOrder(binary.LittleEndian)
	switch {
	case strings.HasPrefix(kind, ">"):
		order = binary.BigEndian
	case kind == "" || !strings.ContainsRune("<|=", rune(kind[0])):
		return bad
	}
	numbers := map[string]func([]byte) float64{
		"b1": func(b []byte) float64 { return float64(min(b[0], 1)) },
		"i1": func(b []byte) float64 { return float64(int8(b[0])) },
		"u1": func(b []byte) float64 { return float64(b[0]) },
		"i2": func(b []byte) float64 { return float64(int16(order.Uint16(b))) },
		"u2": func(b []byte) float64 { return float64(order.Uint16(b)) },
		"i4": func(b []byte) float64 { return float64(int32(order.Uint32(b))) },
		"u4": func(b []byte) float64 { return float64(order.Uint32(b)) },
		"i8": func(b []byte) float64 { return float64(int64(order.Uint64(b))) },
		"u8": func(b []byte) float64 { return float64(order.Uint64(b)) },
		"f2": func(b []byte) float64 { return half(order.Uint16(b)) },
		"f4": func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) },
		"f8": func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) },
	}
	if a.number = numbers[kind[1:]]; a.number == nil {
		return bad
	}
	a.size = int(kind[2] - '0')
	return nil
}

// half returns the number of 16 bits, IEEE 754.
func half(b uint16) float64 {
	sign, exponent, fraction := 1.0, int(b>>10&31), float64(b&1023)/1024
	if b>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -14)
	case 31:
		if fraction == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1+fraction, exponent-15)
}

// Dense reads some of the rows, in their order; nil means all. It holds these rows in
// memory, not the file.
func (a *Array) Dense(rows []int) (*mat.Dense, error) {
	count := a.Rows
	if rows != nil {
		count = len(rows)
	}
	places := map[int][]int{} // of a row of the file in the result
	for i, r := range rows {
		if r < 0 || r >= a.Rows {
			return nil, fmt.Errorf("row %d: the array has %d rows", r, a.Rows)
		}
		places[r] = append(places[r], i)
	}
	if count == 0 {
		return nil, errors.New("no rows are chosen")
	}
	r, err := a.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<20)
	if _, err := io.CopyN(io.Discard, in, a.start); err != nil {
		return nil, err
	}
	out := mat.NewDense(count, a.Cols, nil)
	b := make([]byte, a.size)
	for i := range a.Rows * a.Cols {
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, fmt.Errorf("number %d of %d: %w", i+1, a.Rows*a.Cols, err)
		}
		row, col := i/a.Cols, i%a.Cols
		if a.columns {
			row, col = i%a.Rows, i/a.Rows
		}
		if rows == nil {
			out.Set(row, col, a.number(b))
			continue
		}
		for _, at := range places[row] {
			out.Set(at, col, a.number(b))
		}
	}
	return out, nil
}
